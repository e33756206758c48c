//! From a score to a file: speech, what lies behind it, and the sum held within its bounds.

use super::{
    babble,
    bank::Voice,
    noise,
    score::{Score, samples_in},
    style, wav,
};
use crate::Seed;

/// What lies behind the speech.
pub(crate) struct Background<'a> {
    pub(crate) voices: &'a [Voice],
    pub(crate) seed: &'a Seed,
    pub(crate) style: &'a style::Background,
}

/// The seed's streams for the background. The speech has stream 0.
const BABBLE_STREAM: u64 = 1;
const NOISE_STREAM: u64 = 2;

/// Plays a score into a WAV file.
pub(crate) fn play(score: &Score<'_>, background: Option<&Background<'_>>) -> Vec<u8> {
    let mut mix = vec![0.0; score.length];
    if let Some(background) = background {
        add_background(&mut mix, background);
    }
    for utterance in &score.utterances {
        utterance.clip.add_to(&mut mix[utterance.start..]);
    }
    wav::write(mix.iter().map(|&sample| quantise(sample)))
}

fn add_background(mix: &mut [f32], background: &Background<'_>) {
    let Background { voices, seed, style } = background;
    babble::add(mix, voices, &mut seed.substream(BABBLE_STREAM), style);
    noise::add(mix, &mut seed.substream(NOISE_STREAM), style);
    fade_ends(mix, samples_in(style.fade_secs));
}

fn fade_ends(mix: &mut [f32], length: usize) {
    let gain = |index: usize| index as f32 / length as f32;
    for (index, sample) in mix.iter_mut().take(length).enumerate() {
        *sample *= gain(index);
    }
    for (index, sample) in mix.iter_mut().rev().take(length).enumerate() {
        *sample *= gain(index);
    }
}

/// Up to here a sample is left as it is.
const KNEE: f32 = 0.75;
/// What even the loudest sample stays below.
const CEILING: f32 = 0.98;

/// The 16-bit sample: as it is up to the knee, and bent towards the ceiling, which it never reaches, beyond.
fn quantise(sample: f32) -> i16 {
    const ROOM: f32 = CEILING - KNEE;
    // Adding 1.5 × 2²³ rounds to a whole number and leaves it in the low bits: vector instructions do it, as they do
    // not do Rust's checked conversion.
    const ROUND: f32 = 12_582_912.0;
    let size = sample.abs();
    let over = (size - KNEE).max(0.0) / ROOM;
    let bent = size.min(KNEE) + ROOM * (over / (1.0 + over));
    (bent.copysign(sample) * 32_767.0 + ROUND).to_bits() as i16
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
    fn the_ends_of_the_background_are_silent() {
        let mut mix = vec![1.0; 100];
        fade_ends(&mut mix, 10);
        assert_eq!((mix[0], mix[5], mix[50], mix[99]), (0.0, 0.5, 1.0, 0.0));
    }
}
