//! Two tones that open a sound of digits: the spoken lead-ins of the bank announce letters and digits.

use std::sync::OnceLock;

use super::bank::SAMPLE_RATE_HZ;

/// A tone: twice the cosine and the sine of the angle from one sample to the next. A sine wave follows from them by
/// multiplications and subtractions alone, which are the same on every processor.
struct Tone {
    twice_cosine: f32,
    sine: f32,
}

/// C5 and G5, 523 and 784 Hz: rising, as a question does.
const TONES: [Tone; 2] =
    [Tone { twice_cosine: 1.957_926, sine: 0.204_039 }, Tone { twice_cosine: 1.905_958, sine: 0.303_036 }];
/// Samples of a tone, of the silence behind it, and of the fade at both of its ends.
const LENGTH: usize = SAMPLE_RATE_HZ as usize * 22 / 100;
const PAUSE: usize = SAMPLE_RATE_HZ as usize * 6 / 100;
const FADE: usize = SAMPLE_RATE_HZ as usize * 2 / 100;
/// How loud a tone is: about as loud as speech, whose peaks are higher.
const PEAK: f32 = 6_000.0;

/// The clip of both.
pub(crate) fn rising() -> &'static [i16] {
    static CLIP: OnceLock<Vec<i16>> = OnceLock::new();
    CLIP.get_or_init(|| TONES.iter().flat_map(Tone::samples).collect())
}

impl Tone {
    fn samples(&self) -> Vec<i16> {
        let (mut last, mut next) = (0.0_f32, self.sine);
        let mut samples = Vec::with_capacity(LENGTH + PAUSE);
        for index in 0..LENGTH {
            let from_end = index.min(LENGTH - 1 - index).min(FADE);
            samples.push((last * PEAK * from_end as f32 / FADE as f32) as i16);
            (last, next) = (next, self.twice_cosine * next - last);
        }
        samples.resize(LENGTH + PAUSE, 0);
        samples
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often a second a wave rises through zero.
    fn frequency(samples: &[i16]) -> usize {
        let rises = samples.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count();
        rises * SAMPLE_RATE_HZ as usize / samples.len()
    }

    #[test]
    fn two_tones_rise_and_fade_at_their_ends() {
        let clip = rising();
        assert_eq!(clip.len(), 2 * (LENGTH + PAUSE));
        let [low, high] = [0, LENGTH + PAUSE].map(|start| &clip[start..start + LENGTH]);
        assert!(frequency(low).abs_diff(523) < 10 && frequency(high).abs_diff(784) < 10);
        for tone in [low, high] {
            assert!(tone[..8].iter().chain(&tone[LENGTH - 8..]).all(|sample| sample.abs() < 200));
            let peak = tone.iter().map(|sample| sample.unsigned_abs()).max();
            assert!(peak.is_some_and(|peak| (5_500..6_200).contains(&peak)), "{peak:?}");
        }
    }
}
