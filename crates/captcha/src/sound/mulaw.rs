//! Sound in eight bits a sample.
//!
//! µ-law of ITU-T G.711 (11/1988): after 33 is added to its magnitude of 14 bits, a sample is a sign, a segment (its
//! power of two) and one of sixteen steps of that segment. So it is a floating-point number with three bits of exponent
//! and four of mantissa, which are read off one that has more of both: vector instructions do that, as they do not do a
//! search for the segment. The standard is for telephones, at 8 kHz; nothing in it depends on the rate.

/// The standard's 33, for magnitudes of 16 bits.
const BIAS: u16 = 33 << 2;
/// The loudest magnitude that has a code.
const LOUDEST: u16 = 0x7fff - BIAS;

/// The code of a sample.
pub(crate) fn encode(sample: i16) -> u8 {
    // Of an f32: bits of mantissa below the four that are kept, and the exponent of the first segment.
    const DROPPED: u32 = 19;
    const FIRST_SEGMENT: u32 = 127 + 7;
    let biased = sample.unsigned_abs().min(LOUDEST) + BIAS;
    let segment_and_step = (f32::from(biased).to_bits() >> DROPPED) - (FIRST_SEGMENT << 4);
    let sign = if sample < 0 { 0x80 } else { 0 };
    // Lines carried all of it turned over.
    !(sign | segment_and_step as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a code stands for: the middle of its step.
    fn decode(code: u8) -> i32 {
        let code = i32::from(!code);
        let (segment, step) = (code >> 4 & 7, code & 15);
        let size = (((step << 3) + i32::from(BIAS)) << segment) - i32::from(BIAS);
        if code < 0x80 { size } else { -size }
    }

    /// Tables 2a and 2b of the standard, whose values are of 14 bits: where segments end, and the code from there on.
    #[test]
    fn codes_are_those_of_the_standard() {
        for (value, code) in [
            (0, 0b1111_1111),
            (1, 0b1111_1110),
            (3, 0b1111_1101),
            (31, 0b1110_1111),
            (95, 0b1101_1111),
            (223, 0b1100_1111),
            (479, 0b1011_1111),
            (991, 0b1010_1111),
            (2015, 0b1001_1111),
            (4063, 0b1000_1111),
            (7903, 0b1000_0000),
            (8158, 0b1000_0000),
        ] {
            assert_eq!(encode(4 * value), code, "{value}");
            assert_eq!(encode(-4 * value), if value == 0 { code } else { code & 0x7f }, "-{value}");
        }
    }

    #[test]
    fn no_sample_is_further_from_its_code_than_half_a_step() {
        for sample in i16::MIN..=i16::MAX {
            let decoded = decode(encode(sample));
            let size = i32::from(sample.unsigned_abs().min(LOUDEST));
            // A step is a sixteenth of its segment, whose start is a power of two.
            let half_step = (size + i32::from(BIAS)).ilog2() - 5;
            let error = (decoded.abs() - size).abs();
            assert!(error <= 1 << half_step, "{sample} becomes {decoded}");
            assert!(decoded == 0 || decoded.signum() == i32::from(sample.signum()), "{sample} becomes {decoded}");
        }
    }
}
