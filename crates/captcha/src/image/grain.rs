//! Grain: a share of the picture's cells, each a few pixels, is darker or lighter than what is drawn there.
//!
//! A cell is pulled part of the way to ink or to paper. So what is already near is moved less, and on the wash, where
//! letters stand out least, grain hides no more of them than on paper.
//!
//! A picture's bytes tell, for each cell, whether it is shifted and whether up or down. What that costs grows with the
//! number of cells that are shifted and not with how far, so a few strong ones cost less than many faint ones that
//! differ as much from the drawing on the whole.

use super::{
    Look,
    layout::Part,
    palette::{INK, PAPER},
    style::Style,
};
use crate::{Seed, Stream};

/// Least shift of paper or ink in a cell that is shifted, in tones.
const LEAST_SHIFT: f32 = 2.0;
/// A tone's part of the way from paper to ink, in parts of 256.
const TONE_PART: i16 = (256 + INK as i16 / 2) / INK as i16;
/// Most cells, and most pixels, that lie side by side.
const MOST_CELLS: usize = *Look::WIDTHS.end() as usize + 1;
const MOST_PIXELS: usize = *Look::WIDTHS.end() as usize * 3;

/// The grain of a picture, from top to bottom.
pub(crate) struct Grain {
    stream: Stream,
    /// How far a cell is pulled, in parts of 256 of its way.
    pull: i16,
    /// Of 256 cells, as many are shifted down, and as many up.
    share: u8,
    /// Side of a cell, in image pixels.
    side: f32,
    /// Cells in a row.
    columns: usize,
    /// Rows of cells and rows of pixels so far, and the row of pixels at which the next cells begin.
    cells: u16,
    row: usize,
    next: usize,
    /// Which cell each pixel of a row is in.
    cell_of: [u16; MOST_PIXELS],
    /// How far each pixel of a row is pulled: above 0 to ink, below 0 to paper.
    pulls: [i16; MOST_PIXELS],
}

impl Grain {
    /// The grain of a picture in a style, if that has any. It is the same at every scale.
    pub(crate) fn new(seed: &Seed, style: &Style, look: &Look) -> Option<Self> {
        // How many cells of a shift differ as much, on the whole, as if all were shifted by the style's tones.
        let tones = style.grain_tones.min(f32::from(INK - PAPER));
        let shift = tones.max(LEAST_SHIFT) as u8;
        let shift = shift + u8::from(f32::from(shift) < tones);
        let part = tones / f32::from(shift);
        let share = (128.0 * part * part + 0.5) as u8;
        // Without this, a style could ask for more cells than there are pixels.
        let side = style.grain_size.max(1.0);
        (style.grain_tones > 0.0 && share > 0).then(|| Self {
            stream: Part::Grain.stream(seed),
            pull: i16::from(shift) * TONE_PART,
            share,
            side: side * f32::from(look.scale().factor()),
            columns: (f32::from(look.width()) / side) as usize + 1,
            cells: 0,
            row: 0,
            next: 0,
            cell_of: cells_of_pixels(side * f32::from(look.scale().factor())),
            pulls: [0; MOST_PIXELS],
        })
    }

    /// Shifts the tones of the next row.
    pub(crate) fn shift(&mut self, tones: &mut [u8]) {
        if self.row == self.next {
            self.begin_cells(tones.len());
        }
        self.row += 1;
        for (tone, &pull) in tones.iter_mut().zip(&self.pulls) {
            *tone = pulled(*tone, pull);
        }
    }

    /// Draws the next row of cells, for so many pixels.
    fn begin_cells(&mut self, width: usize) {
        self.cells += 1;
        self.next = usize::from((f32::from(self.cells) * self.side) as u16);
        let mut chances = [0; MOST_CELLS];
        self.stream.fill(&mut chances[..self.columns]);
        for (pull, &cell) in self.pulls.iter_mut().zip(&self.cell_of).take(width) {
            let chance = chances[usize::from(cell)];
            // Without a branch, since no processor would guess it.
            *pull = self.pull * (i16::from(!chance < self.share) - i16::from(chance < self.share));
        }
    }
}

/// A tone that is pulled so far.
fn pulled(tone: u8, pull: i16) -> u8 {
    let tone = i16::from(tone);
    let rise = pull.max(0) * i16::from(INK) - pull.abs() * tone;
    (tone + ((rise + 128) >> 8)) as u8
}

/// The cell that each pixel of a row is in, where cells have this side.
fn cells_of_pixels(side: f32) -> [u16; MOST_PIXELS] {
    let (mut cell, mut next) = (0, usize::from(side as u16));
    std::array::from_fn(|pixel| {
        if pixel == next && usize::from(cell) < MOST_CELLS - 1 {
            cell += 1;
            next = usize::from((f32::from(cell + 1) * side) as u16);
        }
        cell
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Scale, image::palette::WASH};

    /// How far the grain shifts each pixel of a ground of one tone.
    fn shifts(ground: u8, tones: f32, side: f32, look: &Look) -> Vec<Vec<i32>> {
        let style = Style { grain_tones: tones, grain_size: side, ..Style::STANDARD };
        let mut grain = Grain::new(&Seed::from_number(1), &style, look).unwrap();
        let factor = usize::from(look.scale().factor());
        let mut row = || {
            let mut row = vec![ground; usize::from(look.width()) * factor];
            grain.shift(&mut row);
            row.iter().map(|&tone| i32::from(tone) - i32::from(ground)).collect()
        };
        (0..usize::from(look.height()) * factor).map(|_| row()).collect()
    }

    fn mean_square(shifts: &[i32]) -> f32 {
        shifts.iter().map(|shift| (shift * shift) as f32).sum::<f32>() / shifts.len() as f32
    }

    #[test]
    fn paper_and_ink_differ_on_the_whole_as_a_style_says() {
        let look = Look::new(480, 160).unwrap();
        for tones in [0.5, 0.8, 1.0, 1.5, 2.0, 2.4, 3.0] {
            // Half of the cells that are pulled pull ink to ink, or paper to paper.
            let [paper, ink] = [PAPER, INK].map(|ground| mean_square(&shifts(ground, tones, 2.0, &look).concat()));
            let found = (paper + ink).sqrt();
            assert!((found - tones).abs() < 0.05 * tones + 0.01, "{tones}: {found}");
            assert!((paper - ink).abs() < 0.15 * (paper + ink), "{tones}: {paper} and {ink}");
        }
    }

    #[test]
    fn the_wash_is_shifted_half_as_far() {
        let [paper, wash] = [PAPER, WASH].map(|ground| shifts(ground, 1.0, 2.0, &Look::default()).concat());
        assert_eq!((wash.iter().min(), wash.iter().max()), (Some(&-1), Some(&1)));
        assert_eq!((paper.iter().min(), paper.iter().max()), (Some(&0), Some(&2)));
    }

    #[test]
    fn every_tone_is_pulled_evenly_either_way() {
        for strength in 0..=i16::from(INK) {
            for tone in PAPER..=INK {
                for (sign, target) in [(-1, PAPER), (1, INK)] {
                    let part = f32::from(strength) / f32::from(INK);
                    let exact = f32::from(tone) + part * (f32::from(target) - f32::from(tone));
                    let found = f32::from(pulled(tone, sign * strength * TONE_PART));
                    assert!((found - exact).abs() < 0.6, "{strength} {tone} {target}");
                }
            }
        }
    }

    #[test]
    fn the_grain_is_the_same_at_every_scale() {
        for side in [1.0, 2.0, 5.0, 0.0, f32::NAN] {
            let coarse = shifts(WASH, 1.0, side, &Look::default());
            for (scale, factor) in [(Scale::Two, 2), (Scale::Three, 3)] {
                let fine = shifts(WASH, 1.0, side, &Look::default().with_scale(scale));
                assert!(
                    (0..fine.len())
                        .all(|y| { (0..fine[y].len()).all(|x| fine[y][x] == coarse[y / factor][x / factor]) })
                );
            }
        }
    }

    #[test]
    fn tones_stay_in_their_range_and_a_style_may_have_no_grain() {
        let grain = |grain_tones| {
            let style = Style { grain_tones, ..Style::STANDARD };
            Grain::new(&Seed::from_number(2), &style, &Look::default())
        };
        let mut row = [0, INK].repeat(120);
        grain(90.0).unwrap().shift(&mut row);
        assert!(row.iter().all(|tone| [PAPER, INK].contains(tone)));
        assert!([0.0, -1.0, f32::NAN].into_iter().all(|tones| grain(tones).is_none()));
    }
}
