//! The room that a sound in the making takes, kept by each thread, so that speaking asks the allocator for its file
//! alone.

use std::cell::RefCell;

use super::{
    Speech,
    bank::SAMPLE_RATE_HZ,
    stretch::{Frames, Manner},
    tape,
    vectors::{self, Task},
    wav,
};

/// A second of silence, from the end of a sound to its beginning where it is said again.
static PAUSE: [i16; SAMPLE_RATE_HZ as usize] = [0; SAMPLE_RATE_HZ as usize];

/// What one sound is made in. Every part is empty or overwritten before use.
#[derive(Default)]
pub(crate) struct Studio {
    /// The whole sound so far. A full-scale sample is 1.
    pub(crate) mix: Vec<f32>,
    /// The frames of what is stretched, be it a clip or the whole sound.
    pub(crate) frames: Frames,
    /// A clip or the whole sound at another length.
    pub(crate) stretched: Vec<i16>,
    /// A clip as it is heard, before it goes into the mix.
    pub(crate) played: Vec<f32>,
    /// The same while it is coloured.
    pub(crate) coloured: Vec<f32>,
    /// The speech, in whole numbers, of which a slower copy is to be made.
    speech: Vec<i16>,
    /// The whole sound, likewise.
    sound: Vec<i16>,
}

impl Studio {
    /// Makes a sound in this thread's studio, and writes it to a file as this speech is to be written.
    pub(crate) fn record(speech: &Speech, make: impl FnOnce(&mut Self) -> &[i16]) -> Vec<u8> {
        thread_local!(static STUDIO: RefCell<Studio> = RefCell::default());
        STUDIO.with_borrow_mut(|studio| {
            studio.mix.clear();
            let sound = make(studio);
            let runs: &[&[i16]] = if speech.is_repeated { &[sound, &PAUSE, sound] } else { &[sound] };
            wav::write(runs, speech.format)
        })
    }

    /// What has been mixed.
    pub(crate) fn sound(&mut self) -> &[i16] {
        quantise_all(&self.mix, &mut self.sound);
        &self.sound
    }

    /// Keeps what has been mixed, for [`Studio::slow_speech`].
    pub(crate) fn keep_speech(&mut self) {
        quantise_all(&self.mix, &mut self.speech);
    }

    /// What has been mixed, so many times as long.
    pub(crate) fn slow_sound(&mut self, ratio: f32) -> &[i16] {
        quantise_all(&self.mix, &mut self.sound);
        self.frames.find(&self.sound, ratio, Manner::SOUND);
        self.frames.lay_out(&self.sound, &mut self.stretched);
        &self.stretched
    }

    /// What was kept, slowed down as [`Studio::slow_sound`] slows down what has been mixed since.
    pub(crate) fn slow_speech(&mut self, ratio: f32) -> &[i16] {
        self.slow_sound(ratio);
        self.frames.lay_out(&self.speech, &mut self.stretched);
        &self.stretched
    }

    /// Adds what was played to the mix, from a sample on, which may lie beyond its end.
    pub(crate) fn lay_down(&mut self, start: usize, gain: f32) {
        self.extend_to(start + self.played.len());
        tape::lay_down(&mut self.mix[start..], &self.played, gain);
    }

    /// Makes the mix at least so many samples long.
    pub(crate) fn extend_to(&mut self, length: usize) {
        if self.mix.len() < length {
            self.mix.resize(length, 0.0);
        }
    }
}

pub(crate) fn samples_in(secs: f32) -> usize {
    (secs * SAMPLE_RATE_HZ as f32) as usize
}

/// Up to here a sample is left as it is.
const KNEE: f32 = 0.75;
/// What even the loudest sample stays below.
const CEILING: f32 = 0.98;

/// The 16-bit sample: as it is up to the knee, and bent towards the ceiling, which it never reaches, beyond.
fn quantise(sample: f32) -> i16 {
    const ROOM: f32 = CEILING - KNEE;
    let size = sample.abs();
    let over = (size - KNEE).max(0.0) / ROOM;
    let bent = size.min(KNEE) + ROOM * (over / (1.0 + over));
    round(bent.copysign(sample))
}

#[inline(always)]
fn round(sample: f32) -> i16 {
    // Adding 1.5 × 2²³ rounds to a whole number and leaves it in the low bits: vector instructions do it, as they do
    // not do Rust's checked conversion.
    const ROUND: f32 = 12_582_912.0;
    (sample * 32_767.0 + ROUND).to_bits() as i16
}

fn quantise_all(mix: &[f32], samples: &mut Vec<i16>) {
    samples.resize(mix.len(), 0);
    vectors::wide(Quantisation { mix, samples });
}

struct Quantisation<'a> {
    mix: &'a [f32],
    samples: &'a mut [i16],
}

impl Task for Quantisation<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        quantise_plainly(self.mix, self.samples);
    }
}

#[inline(always)]
fn quantise_plainly(mix: &[f32], samples: &mut [i16]) {
    const RUN: usize = 64;
    for (samples, mix) in samples.chunks_mut(RUN).zip(mix.chunks(RUN)) {
        // Few runs are loud enough to be bent.
        let is_loud = mix.iter().fold(false, |is_loud, sample| is_loud | (sample.abs() > KNEE));
        let pairs = samples.iter_mut().zip(mix);
        if is_loud {
            pairs.for_each(|(sample, &mixed)| *sample = quantise(mixed));
        } else {
            for (sample, &mixed) in pairs {
                *sample = round(mixed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_sample_clips_and_a_louder_one_stays_louder() {
        assert_eq!([quantise(0.0), quantise(0.5), quantise(-0.5)], [0, 16_384, -16_384]);
        let sizes: Vec<i16> = (0..400_u16).map(|step| quantise(f32::from(step) / 50.0)).collect();
        assert!(sizes.is_sorted() && sizes[399] < 32_200 && quantise(-8.0) == -sizes[398].max(quantise(8.0)));
    }

    #[test]
    fn what_is_laid_down_is_added_and_makes_the_mix_longer() {
        let mut studio = Studio { played: vec![1.0, 2.0], ..Studio::default() };
        studio.lay_down(1, 1.0);
        studio.lay_down(2, -0.5);
        assert_eq!(studio.mix, [0.0, 1.0, 1.5, -1.0]);
    }
}
