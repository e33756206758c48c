//! From what an engine says to a clip of the bank: one rate, no silence around it, one loudness.

use haechi_captcha::sound::bank::SAMPLE_RATE_HZ;

/// How clips are made alike.
pub(crate) struct Dressing {
    /// Quietest level that still counts as speech, against the loudest frame.
    pub(crate) silence_db: f64,
    /// Kept before the first and after the last frame of speech.
    pub(crate) margin_secs: (f64, f64),
    /// Length of the fades at both ends.
    pub(crate) fade_secs: (f64, f64),
    /// Level of the loud half of the frames, against full scale.
    pub(crate) level_db: f64,
    /// Samples up to here are left as they are; those beyond are bent towards the ceiling.
    pub(crate) knee: f64,
    /// What no sample goes beyond.
    pub(crate) ceiling: f64,
}

pub(crate) const DRESSING: Dressing = Dressing {
    silence_db: -42.0,
    margin_secs: (0.012, 0.02),
    fade_secs: (0.006, 0.016),
    level_db: -19.0,
    knee: 0.4,
    ceiling: 0.7,
};

const FRAME_SECS: f64 = 0.005;

/// Makes a clip of what an engine said.
pub(crate) fn dress(samples: &[f64], rate_hz: u32, dressing: &Dressing) -> Vec<i16> {
    let samples = resample(&without_drift(samples, rate_hz), rate_hz);
    let mut clip = trim(&samples, dressing).to_vec();
    let gain = amplitude(dressing.level_db) / speech_level(&clip).max(1e-6);
    fade(&mut clip, dressing);
    clip.iter().map(|sample| (bend(sample * gain, dressing) * 32_767.0).round() as i16).collect()
}

/// Root mean square of the louder half of the frames: pauses and faint consonants do not count.
pub(crate) fn speech_level(samples: &[f64]) -> f64 {
    let mut powers: Vec<f64> = samples.chunks(frame()).map(power).collect();
    powers.sort_by(f64::total_cmp);
    let loud = &powers[powers.len() / 2..];
    (loud.iter().sum::<f64>() / loud.len().max(1) as f64).sqrt()
}

pub(crate) fn decibels(amplitude: f64) -> f64 {
    20.0 * amplitude.max(1e-9).log10()
}

fn amplitude(decibels: f64) -> f64 {
    10.0_f64.powf(decibels / 20.0)
}

fn frame() -> usize {
    samples_in(FRAME_SECS)
}

fn samples_in(secs: f64) -> usize {
    (secs * f64::from(SAMPLE_RATE_HZ)) as usize
}

fn power(frame: &[f64]) -> f64 {
    frame.iter().map(|sample| sample * sample).sum::<f64>() / frame.len().max(1) as f64
}

/// Takes out what lies below the voice: a high-pass of the first order at 40 Hz. A constant taken off the whole would
/// turn the silence after a lopsided voice into a hum.
fn without_drift(samples: &[f64], rate_hz: u32) -> Vec<f64> {
    const CUTOFF_HZ: f64 = 40.0;
    let share = (-2.0 * std::f64::consts::PI * CUTOFF_HZ / f64::from(rate_hz)).exp();
    let (mut before, mut output) = (0.0, 0.0);
    let block = |&sample: &f64| {
        output = share * (output + sample - before);
        before = sample;
        output
    };
    samples.iter().map(block).collect()
}

/// Bends the few peaks of a sharp voice, so that it can be as loud as the others.
fn bend(sample: f64, dressing: &Dressing) -> f64 {
    let room = dressing.ceiling - dressing.knee;
    let over = (sample.abs() - dressing.knee).max(0.0) / room;
    sample.signum() * (sample.abs().min(dressing.knee) + room * over / (1.0 + over))
}

/// Changes the rate with a windowed sinc (Hann, 32 zero crossings to each side), cut off at 95 % of the lower band.
fn resample(samples: &[f64], rate_hz: u32) -> Vec<f64> {
    const CROSSINGS: f64 = 32.0;
    if rate_hz == SAMPLE_RATE_HZ {
        return samples.to_vec();
    }
    let ratio = f64::from(rate_hz) / f64::from(SAMPLE_RATE_HZ);
    let cutoff = 0.95 / ratio.max(1.0);
    let reach = CROSSINGS / cutoff;
    let length = (samples.len() as f64 / ratio) as usize;
    let value = |time: f64| {
        let first = (time - reach).ceil().max(0.0) as usize;
        let last = ((time + reach).floor() as usize).min(samples.len() - 1);
        let tap = |index: usize| {
            let offset = time - index as f64;
            let window = 0.5 + 0.5 * (std::f64::consts::PI * offset / reach).cos();
            samples[index] * cutoff * sinc(cutoff * offset) * window
        };
        (first..=last).map(tap).sum::<f64>()
    };
    (0..length).map(|index| value(index as f64 * ratio)).collect()
}

fn sinc(x: f64) -> f64 {
    let angle = std::f64::consts::PI * x;
    if angle.abs() < 1e-9 { 1.0 } else { angle.sin() / angle }
}

fn trim<'a>(samples: &'a [f64], dressing: &Dressing) -> &'a [f64] {
    let powers: Vec<f64> = samples.chunks(frame()).map(power).collect();
    let loudest = powers.iter().copied().fold(0.0, f64::max);
    let threshold = loudest * 10.0_f64.powf(dressing.silence_db / 10.0);
    let first = powers.iter().position(|&power| power > threshold).unwrap_or(0);
    let last = powers.iter().rposition(|&power| power > threshold).unwrap_or(0);
    let start = (first * frame()).saturating_sub(samples_in(dressing.margin_secs.0));
    let end = ((last + 1) * frame() + samples_in(dressing.margin_secs.1)).min(samples.len());
    &samples[start.min(end)..end]
}

fn fade(clip: &mut [f64], dressing: &Dressing) {
    let (rise, fall) = (samples_in(dressing.fade_secs.0), samples_in(dressing.fade_secs.1));
    for (index, sample) in clip.iter_mut().take(rise).enumerate() {
        *sample *= index as f64 / rise as f64;
    }
    for (index, sample) in clip.iter_mut().rev().take(fall).enumerate() {
        *sample *= index as f64 / fall as f64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(rate_hz: u32, secs: f64) -> Vec<f64> {
        let turn = std::f64::consts::TAU * 440.0 / f64::from(rate_hz);
        (0..(secs * f64::from(rate_hz)) as usize).map(|time| 0.2 * (turn * time as f64).sin()).collect()
    }

    #[test]
    fn a_tone_keeps_its_length_and_shape_at_another_rate() {
        let (from, to) = (tone(22_050, 0.5), tone(SAMPLE_RATE_HZ, 0.5));
        let resampled = resample(&from, 22_050);
        assert_eq!(resampled.len(), to.len());
        let middle = 1000..7000;
        let error =
            resampled[middle.clone()].iter().zip(&to[middle]).fold(0.0_f64, |worst, (a, b)| worst.max((a - b).abs()));
        assert!(error < 0.002, "{error}");
    }

    #[test]
    fn a_lopsided_voice_leaves_silence_silent() {
        let lopsided: Vec<f64> = tone(16_000, 0.5).iter().map(|sample| sample.max(0.0)).collect();
        let clip = dress(&[&lopsided[..], &[0.0; 8000]].concat(), 16_000, &DRESSING);
        assert!(clip.len() < 9000, "{} samples", clip.len());
    }

    #[test]
    fn peaks_are_bent_and_nothing_else() {
        assert_eq!(bend(-0.39, &DRESSING), -0.39);
        assert!(bend(0.5, &DRESSING) > bend(0.45, &DRESSING) && bend(50.0, &DRESSING) < DRESSING.ceiling);
    }

    #[test]
    fn silence_goes_and_the_level_is_met() {
        let silence = vec![0.0; 8000];
        let clip = dress(&[&silence[..], &tone(16_000, 0.5), &silence].concat(), 16_000, &DRESSING);
        let secs = clip.len() as f64 / 16_000.0;
        assert!((0.5..0.55).contains(&secs), "{secs}");
        let samples: Vec<f64> = clip.iter().map(|&sample| f64::from(sample) / 32_768.0).collect();
        assert!((decibels(speech_level(&samples)) - DRESSING.level_db).abs() < 0.5);
    }
}
