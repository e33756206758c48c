//! Grain: a share of the picture's cells, each a few pixels, is darker or lighter than what is drawn there.
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

/// Least shift of a cell that is shifted, in tones.
const LEAST_SHIFT: f32 = 2.0;
/// What is added to every shift, so that it is not below 0.
const LIFT: u8 = INK;
/// Most cells, and most pixels, that lie side by side.
const MOST_CELLS: usize = *Look::WIDTHS.end() as usize + 1;
const MOST_PIXELS: usize = *Look::WIDTHS.end() as usize * 3;

/// The grain of a picture, from top to bottom.
pub(crate) struct Grain {
    stream: Stream,
    /// How far a cell is shifted, in tones.
    shift: u8,
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
    /// How the pixels of a row are shifted, with [`LIFT`] added.
    shifts: [u8; MOST_PIXELS],
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
            shift,
            share,
            side: side * f32::from(look.scale().factor()),
            columns: (f32::from(look.width()) / side) as usize + 1,
            cells: 0,
            row: 0,
            next: 0,
            shifts: [LIFT; MOST_PIXELS],
        })
    }

    /// Shifts the tones of the next row.
    pub(crate) fn shift(&mut self, tones: &mut [u8]) {
        if self.row == self.next {
            self.begin_cells();
        }
        self.row += 1;
        for (tone, shift) in tones.iter_mut().zip(&self.shifts) {
            *tone = (*tone + shift).saturating_sub(LIFT).min(INK);
        }
    }

    /// Draws the next row of cells.
    fn begin_cells(&mut self) {
        self.cells += 1;
        self.next = usize::from((f32::from(self.cells) * self.side) as u16);
        let mut chances = [0; MOST_CELLS];
        let chances = &mut chances[..self.columns];
        self.stream.fill(chances);
        self.shifts.fill(LIFT);
        let mut column = 0.0;
        for &chance in &*chances {
            if let Some(shift) = self.shift_by(chance) {
                let [start, end] = [column, column + 1.0].map(|column| usize::from((column * self.side) as u16));
                self.shifts[start.min(MOST_PIXELS)..end.min(MOST_PIXELS)].fill(shift);
            }
            column += 1.0;
        }
    }

    /// The shift that a random byte stands for, with [`LIFT`] added.
    fn shift_by(&self, chance: u8) -> Option<u8> {
        match chance {
            chance if chance < self.share => Some(LIFT - self.shift),
            chance if !chance < self.share => Some(LIFT + self.shift),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scale;

    const MIDDLE: u8 = 4;

    /// How far the grain shifts each pixel of a ground in the middle between the darkest and the lightest tone.
    fn shifts(tones: f32, side: f32, look: &Look) -> Vec<Vec<i32>> {
        let style = Style { grain_tones: tones, grain_size: side, ..Style::STANDARD };
        let mut grain = Grain::new(&Seed::from_number(1), &style, look).unwrap();
        let factor = usize::from(look.scale().factor());
        let mut row = || {
            let mut row = vec![MIDDLE; usize::from(look.width()) * factor];
            grain.shift(&mut row);
            row.iter().map(|&tone| i32::from(tone) - i32::from(MIDDLE)).collect()
        };
        (0..usize::from(look.height()) * factor).map(|_| row()).collect()
    }

    #[test]
    fn pixels_differ_on_the_whole_as_a_style_says() {
        let look = Look::new(480, 160).unwrap();
        for tones in [0.5, 0.8, 1.0, 1.5, 2.0, 2.4, 3.0] {
            let shifts = shifts(tones, 2.0, &look).concat();
            let mean = shifts.iter().sum::<i32>() as f32 / shifts.len() as f32;
            let square = shifts.iter().map(|shift| (shift * shift) as f32).sum::<f32>() / shifts.len() as f32;
            assert!((square.sqrt() - tones).abs() < 0.05 * tones + 0.01, "{tones}: {}", square.sqrt());
            assert!(mean.abs() < 0.05 * tones, "{tones}: {mean}");
        }
    }

    #[test]
    fn the_grain_is_the_same_at_every_scale() {
        for side in [1.0, 2.0, 5.0, 0.0, f32::NAN] {
            let coarse = shifts(1.0, side, &Look::default());
            for (scale, factor) in [(Scale::Two, 2), (Scale::Three, 3)] {
                let fine = shifts(1.0, side, &Look::default().with_scale(scale));
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
