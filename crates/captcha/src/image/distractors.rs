//! Distractors: bent strokes that are no letter, close to the letters and as wide, as bright and as filled as theirs.
//!
//! To whatever looks for strokes they are letters; a person sees at once that they are none, since no letter or digit of
//! an answer is a single bent stroke. They never touch a letter or each other, which would make another letter of it, and
//! bend gently, since a ring would be an O. What they take from solvers they take by how near they are: those that lie
//! farther from the letters than a stroke is wide are easily told from them.

use super::{
    clearance::{AROUND, Clearance},
    fill::{LINE_INSIDE, LINE_OUTSIDE},
    geometry::{Outline, Point},
    layout::{Part, Word, rotation},
    style::Style,
};
use crate::{Seed, Stream};

/// How often a place is looked for before a distractor is left out.
const TRIES: usize = 14;
/// Letters that have distractors of their own. Those of longer words are smaller, and have enough beside them.
const MOST_LETTERS: usize = 5;
/// Distance from one point of a spine to the next, in caps.
const STEP_CAPS: f32 = 0.075;
/// Most points of one half of a spine.
const MOST_STEPS: usize = 40;

/// What distractors are made with.
#[derive(Default)]
pub(crate) struct Distractors {
    clearance: Clearance,
    spine: Vec<Stance>,
    pub(crate) outline: Outline,
}

/// A point of a spine, and the direction in which it goes on: a vector of length 1.
#[derive(Clone, Copy)]
struct Stance {
    at: Point,
    heading: Point,
}

/// How one distractor is to be. Lengths are in cells of the clearance.
struct Wish {
    /// Half the width of its stroke, and the ground that is kept free around it.
    half_width: f32,
    gap: f32,
    /// Width of the line along its edge, if it is hollow.
    line: Option<f32>,
    /// Steps along its spine, how long they are, and the turn of each, as cosine and sine.
    steps: usize,
    step: f32,
    /// Steps that must be free beyond either end.
    beyond: usize,
    turn: (f32, f32),
    /// Whether it bends the other way from its middle on.
    is_wave: bool,
}

impl Distractors {
    /// Makes the distractors of a word.
    pub(crate) fn make(
        &mut self,
        word: &Word,
        letters: usize,
        seed: &Seed,
        style: &Style,
        frame: (f32, f32),
    ) -> &Outline {
        self.outline.clear();
        let mut stream = Part::Distractors.stream(seed);
        let per_letter = stream.uniform(style.distractors_per_letter.start, style.distractors_per_letter.end);
        let count = (per_letter * letters.min(MOST_LETTERS) as f32 + 0.5) as usize;
        if count == 0 {
            return &self.outline;
        }
        self.clearance.make(&word.outline, word.cap, frame);
        let scale = 1.0 / self.clearance.cell();
        for _ in 0..count {
            let wish = Wish::new(word.cap * scale, style, &mut stream);
            if (0..TRIES).any(|_| self.find_room(&wish, word, style, frame, &mut stream)) {
                self.draw(&wish);
            }
        }
        &self.outline
    }

    /// Looks for a place in one spot. Says whether there is one; its spine is then found.
    fn find_room(&mut self, wish: &Wish, word: &Word, style: &Style, frame: (f32, f32), stream: &mut Stream) -> bool {
        let scale = 1.0 / self.clearance.cell();
        let start = if stream.uniform(0.0, 1.0) < style.distractors_near {
            beside_a_letter(wish, word, scale, stream)
        } else {
            let at = Point::new(stream.uniform(0.0, frame.0), stream.uniform(0.0, frame.1)).scaled(scale);
            Stance { at, heading: direction(stream) }
        };
        if !self.is_free(&start, wish) {
            return false;
        }
        let forth = stream.below(wish.steps as u32 + 1) as usize;
        self.spine.clear();
        self.grow(start, wish, wish.steps - forth, true);
        self.spine.reverse();
        for stance in &mut self.spine {
            stance.heading = stance.heading.scaled(-1.0);
        }
        self.spine.push(start);
        self.grow(start, wish, forth, false);
        2 * self.spine.len() > wish.steps
    }

    /// Adds to the spine from a stance on, as far as there is room.
    fn grow(&mut self, from: Stance, wish: &Wish, steps: usize, is_back: bool) {
        let (cosine, sine) = wish.turn;
        // Who goes back along a bend bends to the other side.
        let sine = if is_back && !wish.is_wave { -sine } else { sine };
        let mut stance = if is_back { Stance { heading: from.heading.scaled(-1.0), ..from } } else { from };
        let first = self.spine.len();
        for _ in 0..steps + wish.beyond {
            let Point { x, y } = stance.heading;
            let heading = Point::new(cosine * x - sine * y, sine * x + cosine * y);
            stance = Stance { at: stance.at.moved(heading.scaled(wish.step)), heading };
            if !self.is_free(&stance, wish) {
                break;
            }
            self.spine.push(stance);
        }
        self.spine.truncate(first.max(self.spine.len().saturating_sub(wish.beyond)));
    }

    /// Whether the stroke has room across at a stance.
    fn is_free(&self, stance: &Stance, wish: &Wish) -> bool {
        let reach = wish.half_width + wish.gap - AROUND;
        let side = stance.side();
        // So close together that no tip of a letter lies between two of them.
        [1.0, -1.0, 0.0, 0.66, -0.66, 0.33, -0.33]
            .into_iter()
            .all(|part| self.clearance.is_free(stance.at.moved(side.scaled(part * reach))))
    }

    /// Draws a stroke along the spine, and takes its room.
    fn draw(&mut self, wish: &Wish) {
        let Self { spine, outline, clearance } = self;
        let cell = clearance.cell();
        outline.add_stroke(spine, cell, wish.half_width, 0.0);
        if let Some(line) = wish.line {
            outline.add_stroke(spine, cell, wish.half_width - line, line);
        }
        let middles = spine.iter().step_by(2).chain(spine.last());
        clearance.take(middles.map(|stance| stance.at), wish.half_width + wish.gap);
    }
}

impl Outline {
    /// Adds a stroke of this half width along a spine, both in cells, whose ends are drawn in by so much.
    fn add_stroke(&mut self, spine: &[Stance], cell: f32, half_width: f32, shorter: f32) {
        let last = spine.len() - 1;
        // Every other point will do, since a stroke bends gently.
        let corners = (0..last).step_by(2).chain([last]);
        let corner = |index: usize, side: f32| {
            let stance = &spine[index];
            let along = if index == 0 {
                shorter
            } else if index == last {
                -shorter
            } else {
                0.0
            };
            stance.at.moved(stance.heading.scaled(along)).moved(stance.side().scaled(side * half_width)).scaled(cell)
        };
        corners.clone().for_each(|index| self.push(corner(index, 1.0)));
        corners.rev().for_each(|index| self.push(corner(index, -1.0)));
        self.close();
    }
}

impl Stance {
    /// The direction to its left or right.
    fn side(&self) -> Point {
        Point::new(-self.heading.y, self.heading.x)
    }
}

impl Wish {
    fn new(cap: f32, style: &Style, stream: &mut Stream) -> Self {
        let width = stream.uniform(style.distractor_width_caps.start, style.distractor_width_caps.end);
        let length = stream.uniform(style.distractor_length_caps.start, style.distractor_length_caps.end);
        let bend = style.distractor_bend_degrees * stream.uniform(0.4, 1.0);
        let bend = if stream.chance(128) { bend } else { -bend };
        let steps = ((length / STEP_CAPS) as usize).clamp(2, MOST_STEPS);
        let shares = &style.fills;
        let is_hollow = stream.uniform(0.0, shares.solid + shares.hollow) >= shares.solid;
        // As a hollow letter's, its line reaches beyond the edge that it follows.
        let half_width = 0.5 * width + if is_hollow { LINE_OUTSIDE } else { 0.0 };
        Self {
            half_width: half_width * cap,
            gap: style.distractor_gap_caps * cap,
            line: is_hollow.then_some((LINE_OUTSIDE + LINE_INSIDE) * cap),
            steps,
            step: STEP_CAPS * cap,
            beyond: (style.distractor_end_gap_caps / STEP_CAPS + 0.5) as usize,
            turn: rotation(bend / steps as f32),
            is_wave: stream.chance(80),
        }
    }
}

/// A stance just beside a side of a letter, about along it.
fn beside_a_letter(wish: &Wish, word: &Word, scale: f32, stream: &mut Stream) -> Stance {
    let corners = word.outline.points();
    let index = stream.below(corners.len() as u32) as usize;
    let (from, to) = (corners[index], corners[(index + 1) % corners.len()]);
    let along = Point::new(to.x - from.x, to.y - from.y);
    let length = (along.x * along.x + along.y * along.y).sqrt();
    let along = if length > 0.0 { along.scaled(1.0 / length) } else { direction(stream) };
    let (cosine, sine) = rotation(stream.uniform(-40.0, 40.0));
    let heading = Point::new(cosine * along.x - sine * along.y, sine * along.x + cosine * along.y);
    let away = wish.half_width + wish.gap + wish.step * stream.uniform(0.0, 1.0);
    let away = if stream.chance(128) { away } else { -away };
    let at = from.towards(to, 0.5).scaled(scale).moved(Point::new(-along.y, along.x).scaled(away));
    Stance { at, heading }
}

/// A vector of length 1 in any direction.
fn direction(stream: &mut Stream) -> Point {
    loop {
        let (x, y) = (stream.uniform(-1.0, 1.0), stream.uniform(-1.0, 1.0));
        let square = x * x + y * y;
        if (0.01..=1.0).contains(&square) {
            return Point::new(x, y).scaled(1.0 / square.sqrt());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Alphabet, Answer,
        image::{
            Difficulty,
            layout::Desk,
            raster::{COVERED, LANES, Raster},
        },
    };

    /// The frame of these tests, in pixels of a fifth of a CSS pixel.
    const FRAME: (f32, f32) = (240.0, 80.0);
    const FINE: f32 = 5.0;

    /// Which pixels an outline covers at least in part.
    fn covered(outline: &Outline) -> Vec<Vec<bool>> {
        let (width, height) = ((FRAME.0 * FINE) as usize, (FRAME.1 * FINE) as usize);
        let mut raster = Raster::new(width, height);
        outline.lines().for_each(|(from, to)| raster.add_line(from.scaled(FINE), to.scaled(FINE)));
        let mut rows = vec![vec![false; width]; height.next_multiple_of(LANES)];
        for (strip, columns) in raster.strips().enumerate() {
            for (x, column) in columns.take(width).enumerate() {
                for (lane, coverage) in column.to_array().into_iter().enumerate() {
                    rows[strip * LANES + lane][x] = coverage.abs() > COVERED / 8;
                }
            }
        }
        rows
    }

    /// The least distance between two sets of pixels, in CSS pixels, looked for up to three.
    fn distance(one: &[Vec<bool>], other: &[Vec<bool>]) -> f32 {
        let reach = 3 * FINE as isize;
        let mut least = reach * reach;
        for (y, row) in one.iter().enumerate() {
            for x in (0..row.len()).filter(|&x| row[x]) {
                for down in -reach..=reach {
                    let Some(near) = y.checked_add_signed(down).and_then(|y| other.get(y)) else { continue };
                    let found = (-reach..=reach).filter(|across| {
                        x.checked_add_signed(*across).and_then(|x| near.get(x)).is_some_and(|is_covered| *is_covered)
                    });
                    least = least.min(found.map(|across| across * across + down * down).min().unwrap_or(least));
                }
            }
        }
        (least as f32).sqrt() / FINE
    }

    #[test]
    fn distractors_are_near_the_letters_and_touch_none() {
        let (mut desk, mut distractors) = (Desk::default(), Distractors::default());
        let (mut drawn, mut near) = (0, 0);
        for number in 0..24 {
            let style = Style::of(Difficulty::try_from((number % 3 + 3) as u8).unwrap());
            let seed = Seed::from_number(number);
            let answer = Answer::derive(&seed, Alphabet::Standard, 5);
            let word = desk.set(&answer, &seed, &style, FRAME);
            let letters = covered(&word.outline);
            let outline = distractors.make(word, 5, &seed, &style, FRAME);
            let distance = distance(&covered(outline), &letters);
            let gap = style.distractor_gap_caps * word.cap;
            // Between the points of a stroke that are looked at, a corner may come nearer than the gap.
            assert!(distance > 0.25 * gap, "{number}: {distance} of {gap}");
            drawn += outline.lines().count();
            near += usize::from(distance < gap + 1.0);
        }
        assert!(drawn > 24 * 60 && near > 20, "{drawn} lines, {near} near");
    }

    #[test]
    fn a_style_without_distractors_has_none_and_they_are_the_same_whatever_was_drawn_before() {
        let (mut desk, mut used, style) = (Desk::default(), Distractors::default(), Style::STANDARD);
        let none = Style { distractors_per_letter: 0.0..0.0, ..style.clone() };
        for number in 0..20 {
            let seed = Seed::from_number(number);
            let word = desk.set(&"HK4RW".parse().unwrap(), &seed, &style, FRAME);
            assert_eq!(used.make(word, 5, &seed, &none, FRAME).lines().count(), 0);
            let mut fresh = Distractors::default();
            let expected = fresh.make(word, 5, &seed, &style, FRAME);
            assert!(used.make(word, 5, &seed, &style, FRAME).lines().eq(expected.lines()), "{number}");
        }
    }
}
