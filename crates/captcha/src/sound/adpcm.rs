//! Sound in four bits a sample.
//!
//! IMA ADPCM ("Recommended Practices for Enhancing Digital Audio Compatibility in Multimedia Systems", Interactive
//! Multimedia Association, 1992): each sample is coded as its difference from the one before, in steps whose size
//! follows the signal. We differ in the packing: a clip is one run that starts from silence, low nibble first, and
//! carries no block headers, since nobody seeks in it.

/// The size of a step by its index (table of the standard).
const STEPS: [i32; 89] = [
    7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88, 97, 107,
    118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658, 724, 796, 876, 963,
    1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894,
    6484, 7132, 7845, 8630, 9493, 10442, 11487, 12635, 13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794,
    32767,
];

/// How a code of this size (without its sign) moves the index (table of the standard).
const INDEX_CHANGES: [i32; 8] = [-1, -1, -1, -1, 2, 4, 6, 8];

/// What decoder and encoder both know before a sample.
#[derive(Default)]
struct Predictor {
    sample: i32,
    index: i32,
}

impl Predictor {
    fn step(&self) -> i32 {
        STEPS[self.index as usize]
    }

    /// Takes in a code and gives the sample that it stands for.
    fn advance(&mut self, code: u8) -> i16 {
        let step = self.step();
        let size = i32::from(code & 7);
        // The standard's sum of shifted steps, which differs from (2 × size + 1) × step / 8 by its rounding.
        let mut difference = step >> 3;
        for (bit, shift) in [(4, 0), (2, 1), (1, 2)] {
            if size & bit != 0 {
                difference += step >> shift;
            }
        }
        let signed = if code & 8 == 0 { difference } else { -difference };
        self.sample = (self.sample + signed).clamp(i32::from(i16::MIN), i32::from(i16::MAX));
        self.index = (self.index + INDEX_CHANGES[size as usize]).clamp(0, STEPS.len() as i32 - 1);
        self.sample as i16
    }

    /// The code whose sample comes nearest below the wanted one.
    fn code_for(&self, wanted: i16) -> u8 {
        let difference = i32::from(wanted) - self.sample;
        let sign = if difference < 0 { 8 } else { 0 };
        let size = (difference.abs() * 4 / self.step()).min(7);
        sign | size as u8
    }
}

/// Bytes that so many samples take.
pub(crate) const fn encoded_size(samples: usize) -> usize {
    samples.div_ceil(2)
}

/// Decodes the first `samples` of a clip.
///
/// There are as many as the bytes hold if that is less.
pub(crate) fn decode(bytes: &[u8], samples: usize) -> Vec<i16> {
    let mut predictor = Predictor::default();
    let codes = bytes.iter().flat_map(|byte| [byte & 15, byte >> 4]);
    codes.take(samples).map(|code| predictor.advance(code)).collect()
}

/// Encodes a clip.
pub(crate) fn encode(samples: &[i16]) -> Vec<u8> {
    let mut predictor = Predictor::default();
    let mut code = |wanted: i16| {
        let code = predictor.code_for(wanted);
        predictor.advance(code);
        code
    };
    samples.chunks(2).map(|pair| code(pair[0]) | code(pair.get(1).copied().unwrap_or(0)) << 4).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A tone that sweeps through the speech band, without libm: a triangle of falling period.
    fn sweep() -> Vec<i16> {
        let mut phase = 0_u32;
        (0..8000_u32)
            .map(|time| {
                phase = phase.wrapping_add(40_000_000 + time * 40_000);
                (((phase as i32) >> 16).abs() - 16_384) as i16 / 2
            })
            .collect()
    }

    #[test]
    fn what_is_decoded_is_near_what_was_encoded() {
        let original = sweep();
        let decoded = decode(&encode(&original), original.len());
        let power = |samples: &mut dyn Iterator<Item = i64>| samples.map(|sample| sample * sample).sum::<i64>();
        let signal = power(&mut original.iter().map(|&sample| i64::from(sample)));
        let error = power(&mut original.iter().zip(&decoded).map(|(&a, &b)| i64::from(a) - i64::from(b)));
        assert!(signal > 100 * error, "the error is within -20 dB: {signal} against {error}");
    }

    #[test]
    fn silence_stays_silence() {
        assert!(decode(&encode(&[0; 101]), 101).iter().all(|sample| sample.abs() <= 1));
    }

    proptest! {
        #[test]
        fn any_bytes_decode_to_the_samples_asked_for(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert_eq!(decode(&bytes, bytes.len() * 2).len(), bytes.len() * 2);
        }

        #[test]
        fn any_samples_encode_to_half_as_many_bytes(samples in prop::collection::vec(any::<i16>(), 0..300)) {
            let bytes = encode(&samples);
            prop_assert_eq!(bytes.len(), encoded_size(samples.len()));
            prop_assert_eq!(decode(&bytes, samples.len()).len(), samples.len());
        }
    }
}
