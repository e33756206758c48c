//! What is said when, by which voice and how: drawn first, so that the noise moves none of it.

use super::{
    bank::{SAMPLE_RATE_HZ, Voice, Word},
    stretch::stretch,
    style::Style,
    tape::{Clip, Speed},
};
use crate::{Answer, Stream};

/// One thing that is said.
pub(crate) struct Utterance<'a> {
    pub(crate) clip: Clip<'a>,
    /// The sample of the sound at which it begins.
    pub(crate) start: usize,
}

/// Everything that is said, in order.
pub(crate) struct Score<'a> {
    pub(crate) utterances: Vec<Utterance<'a>>,
    /// Samples in all.
    pub(crate) length: usize,
}

impl<'a> Score<'a> {
    /// An answer after its lead-in, each character by another voice than the one before.
    pub(crate) fn challenge(answer: &Answer, voices: &'a [Voice], style: &Style, stream: &mut Stream) -> Self {
        let openers: Vec<&Voice> = voices.iter().filter(|voice| voice.can_open()).collect();
        let lead_in = lead_in_word(answer);
        let mut composer = Composer::new(style, stream);
        let opener = *composer.stream.pick(&openers);
        composer.open(opener.word(lead_in).unwrap_or_default());
        let mut order: Vec<&Voice> = voices.iter().collect();
        composer.stream.shuffle(&mut order);
        for (voice, &character) in order.iter().cycle().zip(answer.characters()) {
            composer.say(voice.character(character));
        }
        composer.finish()
    }

    /// An answer after the word "test", all by one voice.
    pub(crate) fn test(answer: &Answer, voices: &'a [Voice], style: &Style, stream: &mut Stream) -> Self {
        let mut composer = Composer::new(style, stream);
        if let Some(voice) = voices.iter().find(|voice| voice.can_open()) {
            composer.open(voice.word(Word::Test).unwrap_or_default());
            for &character in answer.characters() {
                composer.say(voice.character(character));
            }
        }
        composer.finish()
    }
}

fn lead_in_word(answer: &Answer) -> Word {
    let counted = Word::LeadIn(answer.characters().len() as u8);
    if Word::LEAD_INS.contains(&counted) { counted } else { Word::LeadIn(0) }
}

/// A score in the making.
struct Composer<'a, 's> {
    style: &'s Style,
    stream: &'s mut Stream,
    utterances: Vec<Utterance<'a>>,
    /// The end of what was said last.
    end: usize,
    /// The earliest start of what is said next.
    next: usize,
}

impl<'a, 's> Composer<'a, 's> {
    fn new(style: &'s Style, stream: &'s mut Stream) -> Self {
        Self { style, stream, utterances: Vec::new(), end: 0, next: samples_in(style.head_secs) }
    }

    fn draw(&mut self, ends: (f32, f32)) -> f32 {
        self.stream.uniform(ends.0, ends.1)
    }

    fn open(&mut self, samples: &'a [i16]) {
        let pitch = self.draw(self.style.lead_in_pitch);
        self.place(Clip::borrowed(samples, Speed::steady(pitch), 1.0));
        self.next = self.end + samples_in(self.draw(self.style.lead_in_pause_secs));
    }

    fn say(&mut self, samples: &'a [i16]) {
        let style = self.style;
        let (ratio, pitch, glide) = (self.draw(style.stretch), self.draw(style.pitch), self.draw(style.glide));
        let gain = self.draw(style.speech_gain);
        let speed = Speed::gliding(pitch, pitch * glide);
        let start = self.next;
        self.place(Clip::owned(stretch(samples, ratio), speed, gain));
        let period = samples_in(self.draw(style.period_secs));
        self.next = (start + period).max(self.end + samples_in(style.shortest_gap_secs));
    }

    fn place(&mut self, clip: Clip<'a>) {
        self.end = self.next + clip.length();
        self.utterances.push(Utterance { clip, start: self.next });
    }

    fn finish(self) -> Score<'a> {
        Score { length: self.end + samples_in(self.style.tail_secs), utterances: self.utterances }
    }
}

pub(crate) fn samples_in(secs: f32) -> usize {
    (secs * SAMPLE_RATE_HZ as f32) as usize
}
