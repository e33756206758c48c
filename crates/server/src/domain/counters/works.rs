//! What is counted of work, of what browsers are asked for, and of what the rule demands of them.

use std::ops::AddAssign;

use haechi_captcha::Shape;
use serde::{Deserialize, Serialize};

use super::share;
use crate::domain::demand::Demand;

/// Work that was asked for alone. Work beside a word is the word's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Works {
    /// Works issued.
    pub issued: u64,
    /// Works of these that were done.
    pub done: u64,
    /// Works among those done that were of the highest level, which is that of work chosen instead of a word.
    pub longest_done: u64,
    /// Works of those issued that are past their time and were not done.
    pub undone: u64,
    /// Solutions that were none, of work alone or beside a word.
    pub wrong: u64,
    /// Longer works that people chose instead of a word.
    pub instead: u64,
}

impl Works {
    /// Works done among those that were done or are past their time, from 0 to 1, if there were any.
    #[must_use]
    pub fn done_share(&self) -> Option<f64> {
        share(self.done, self.done + self.undone)
    }

    /// Words that were left for longer work, at the least: what was chosen and not done proves nobody.
    #[must_use]
    pub fn done_instead(&self) -> u64 {
        self.instead.min(self.longest_done)
    }
}

impl AddAssign<&Self> for Works {
    fn add_assign(&mut self, more: &Self) {
        self.issued += more.issued;
        self.done += more.done;
        self.longest_done += more.longest_done;
        self.undone += more.undone;
        self.wrong += more.wrong;
        self.instead += more.instead;
    }
}

/// What a browser is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A word alone.
    Word,
    /// A word, with work beside it.
    Both,
    /// Work alone.
    Work,
    /// Longer work, which somebody chose instead of a word.
    LongerWork,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Word, Self::Both, Self::Work, Self::LongerWork];

    /// Its name in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Word => "word",
            Self::Both => "both",
            Self::Work => "work",
            Self::LongerWork => "longer_work",
        }
    }
}

/// How many browsers were asked for what by their app's policy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// A word alone.
    pub word: u64,
    /// A word, with work beside it.
    pub both: u64,
    /// Work alone.
    pub work: u64,
}

impl Asked {
    /// All of them.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.word + self.both + self.work
    }
}

impl AddAssign<&Self> for Asked {
    fn add_assign(&mut self, more: &Self) {
        self.word += more.word;
        self.both += more.both;
        self.work += more.work;
    }
}

/// How often the rule demanded what of a browser.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Demanded {
    /// No word, by the level of the work.
    pub without_word: [u64; Self::LEVELS],
    /// A word, by the level of the work beside it.
    pub with_word: [u64; Self::LEVELS],
}

impl Demanded {
    /// How many levels there are.
    pub const LEVELS: usize = *Shape::LEVELS.end() as usize + 1;
    /// How many different demands there are.
    pub(super) const PLACES: usize = 2 * Self::LEVELS;

    /// All demands.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.without_word.iter().sum::<u64>() + self.words()
    }

    /// Demands with a word.
    #[must_use]
    pub fn words(&self) -> u64 {
        self.with_word.iter().sum()
    }

    /// Demands of this level, with a word or without.
    #[must_use]
    pub fn of_level(&self, level: usize) -> u64 {
        [&self.without_word, &self.with_word].into_iter().filter_map(|levels| levels.get(level)).sum()
    }

    /// Demands with a word among all, from 0 to 1, if there were any.
    #[must_use]
    pub fn word_share(&self) -> Option<f64> {
        share(self.words(), self.total())
    }

    /// Where a demand is counted: first those without a word.
    pub(super) fn place(demand: &Demand) -> usize {
        usize::from(demand.level).min(Self::LEVELS - 1) + if demand.word { Self::LEVELS } else { 0 }
    }

    pub(super) fn of_places(places: [u64; Self::PLACES]) -> Self {
        let mut demanded = Self::default();
        demanded.places_mut().zip(places).for_each(|(place, count)| *place = count);
        demanded
    }

    pub(super) fn places_mut(&mut self) -> impl Iterator<Item = &mut u64> {
        self.without_word.iter_mut().chain(&mut self.with_word)
    }
}

impl AddAssign<&Self> for Demanded {
    fn add_assign(&mut self, more: &Self) {
        for (count, more) in self.places_mut().zip(more.without_word.into_iter().chain(more.with_word)) {
            *count += more;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demands_are_told_apart_by_word_and_level() {
        let mut places = [0; Demanded::PLACES];
        for (word, level) in [(false, 0), (false, 0), (false, 3), (true, 0), (true, 1), (true, 9)] {
            places[Demanded::place(&Demand { word, level, ..Demand::default() })] += 1;
        }
        let mut demanded = Demanded::of_places(places);
        assert_eq!((demanded.without_word, demanded.with_word), ([2, 0, 0, 1], [1, 1, 0, 1]));
        let once = demanded;
        demanded += &once;
        assert_eq!((demanded.total(), demanded.words(), demanded.word_share()), (12, 6, Some(0.5)));
        assert_eq!([0, 1, 2, 3, 4].map(|level| demanded.of_level(level)), [6, 2, 0, 4, 0]);
        assert_eq!(Demanded::default().word_share(), None);
    }

    #[test]
    fn the_share_of_works_done_leaves_out_what_can_still_be_done() {
        let works = Works { issued: 100, done: 30, undone: 10, ..Works::default() };
        assert_eq!((works.done_share(), Works::default().done_share()), (Some(0.75), None));
    }

    #[test]
    fn of_longer_works_that_were_chosen_only_those_done_count() {
        let done_instead = |instead, longest_done| Works { instead, longest_done, ..Works::default() }.done_instead();
        assert_eq!([done_instead(5, 3), done_instead(3, 5), done_instead(0, 9)], [3, 3, 0]);
    }
}
