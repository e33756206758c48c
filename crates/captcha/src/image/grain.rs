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
    palette::{INK, PAPER, TONES},
    style::Style,
};
use crate::{Seed, Stream};

/// Least shift of paper or ink in a cell that is shifted, in tones.
const LEAST_SHIFT: f32 = 2.0;
/// A tone's part of the way from paper to ink, in parts of 256.
const TONE_PART: i16 = (256 + INK as i16 / 2) / INK as i16;
/// The grain of a picture.
pub(crate) struct Grain {
    stream: Stream,
    /// How far a cell is pulled, in parts of 256 of its way.
    pull: i16,
    /// Of 256 cells, as many are shifted.
    share: u8,
    /// Side of a cell, in image pixels.
    side: usize,
    /// Cells in a row.
    columns: usize,
}

impl Grain {
    /// The grain of a picture in a style, if that has any. It is the same at every scale.
    pub(crate) fn new(seed: &Seed, style: &Style, look: &Look) -> Option<Self> {
        // How many cells of a shift differ as much, on the whole, as if all were shifted by the style's tones.
        let tones = style.grain_tones.min(f32::from(INK - PAPER));
        let shift = tones.max(LEAST_SHIFT) as u8;
        let shift = shift + u8::from(f32::from(shift) < tones);
        let part = tones / f32::from(shift);
        let share = (256.0 * part * part + 0.5) as u8;
        // Without this, a style could ask for more cells than there are pixels.
        let side = style.grain_size.max(1.0) as usize;
        (style.grain_tones > 0.0 && share > 0).then(|| Self {
            stream: Part::Grain.stream(seed),
            pull: i16::from(shift) * TONE_PART,
            share,
            side: side * usize::from(look.scale().factor()),
            columns: usize::from(look.width()).div_ceil(side),
        })
    }

    /// Shifts the tones of a picture whose rows are so wide.
    pub(crate) fn strew(&mut self, tones: &mut [u8], width: usize) {
        let pulls = [self.pull, -self.pull].map(pulled_tones);
        for rows in tones.chunks_mut(width * self.side) {
            for first in (0..self.columns).step_by(64) {
                let mut shifted = cells_of_share(self.share, &mut self.stream);
                let up = self.stream.bits64();
                while shifted != 0 {
                    let place = shifted.trailing_zeros();
                    shifted &= shifted - 1;
                    let pulls = &pulls[(up >> place & 1) as usize];
                    let left = ((first + place as usize) * self.side).min(width);
                    let right = (left + self.side).min(width);
                    for row in rows.chunks_exact_mut(width) {
                        for tone in &mut row[left..right] {
                            *tone = pulls[usize::from(*tone) % TONES];
                        }
                    }
                }
            }
        }
    }
}

/// Sixty-four cells, each of which is there with a chance of `share` in 256.
///
/// A cell's random byte is below the share if, at the first bit in which they differ, the share's is set. All cells'
/// bytes are drawn bit by bit, from the lowest on; those below the share's last bit that is set decide nothing.
fn cells_of_share(share: u8, stream: &mut Stream) -> u64 {
    let mut below = 0;
    for bit in share.trailing_zeros()..u8::BITS {
        let random = stream.bits64();
        below = if share >> bit & 1 == 1 { below | !random } else { below & !random };
    }
    below
}

/// What each tone becomes that is pulled so far: above 0 to ink, below 0 to paper.
fn pulled_tones(pull: i16) -> [u8; TONES] {
    std::array::from_fn(|tone| pulled(tone as u8, pull))
}

/// A tone that is pulled so far.
fn pulled(tone: u8, pull: i16) -> u8 {
    let tone = i16::from(tone);
    let rise = pull.max(0) * i16::from(INK) - pull.abs() * tone;
    (tone + ((rise + 128) >> 8)) as u8
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
        let (width, height) = (usize::from(look.width()) * factor, usize::from(look.height()) * factor);
        let mut tones = vec![ground; width * height];
        grain.strew(&mut tones, width);
        let shift = |tone: &u8| i32::from(*tone) - i32::from(ground);
        tones.chunks(width).map(|row| row.iter().map(shift).collect()).collect()
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
        grain(90.0).unwrap().strew(&mut row, 240);
        assert!(row.iter().all(|tone| [PAPER, INK].contains(tone)));
        assert!([0.0, -1.0, f32::NAN].into_iter().all(|tones| grain(tones).is_none()));
    }
}
