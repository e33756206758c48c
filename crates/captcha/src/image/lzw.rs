//! Compressing tones as GIF does: Lempel, Ziv and Welch's method with codes of growing length (GIF89a, appendix F).
//!
//! With eight tones the dictionary is a tree whose nodes have eight branches: a table, which needs neither hashing nor
//! searching. The bytes are those that `weezl` 0.2 writes, in a third to a quarter of its time, and compressing would
//! otherwise be the larger part of drawing a picture.

use super::palette::TONES;

/// Codes are at most 12 bits long, so the dictionary is full at this many.
const FULL: usize = 1 << 12;

/// Bits that a pixel's tone takes.
pub(crate) const TONE_BITS: u8 = 3;
const _: () = assert!(1 << TONE_BITS == TONES);

/// The code that empties the dictionary. The one after it ends the data, and the next is the first free one.
const CLEAR: u16 = 1 << TONE_BITS;
const END: u16 = CLEAR + 1;
const FIRST_FREE: u16 = CLEAR + 2;

/// For each code, the codes of what it stands for with one more tone; 0, which is nobody's branch, for none.
type Branches = [u16; TONES];

/// Compresses tones, each below [`TONES`], of which there is at least one.
pub(crate) fn compress(tones: &[u8]) -> Vec<u8> {
    let mut writer = BitWriter::with_capacity(tones.len() / 4);
    let mut dictionary = vec![Branches::default(); FULL];
    let mut free = FIRST_FREE;
    let mut code_bits = u32::from(TONE_BITS) + 1;
    writer.write(CLEAR, code_bits);

    let (&first, rest) = tones.split_first().expect("a picture has pixels");
    let mut code = u16::from(first);
    for &tone in rest {
        let branch = &mut dictionary[usize::from(code) % FULL][usize::from(tone) % TONES];
        if *branch != 0 {
            code = *branch;
            continue;
        }
        *branch = free;
        writer.write(code, code_bits);
        code = u16::from(tone);
        if usize::from(free) == FULL {
            // The reader has just added its last code; both begin anew.
            writer.write(CLEAR, code_bits);
            dictionary[..usize::from(FIRST_FREE)].fill(Branches::default());
            free = FIRST_FREE;
            code_bits = u32::from(TONE_BITS) + 1;
        } else {
            dictionary[usize::from(free)] = Branches::default();
            code_bits = bits_after(free, code_bits);
            free += 1;
        }
    }
    writer.write(code, code_bits);
    writer.write(END, bits_after(free, code_bits));
    writer.finish()
}

/// The length of the next code once the reader knows this one: the reader is one code behind the writer, and codes grow
/// as soon as the next one that it may add would not fit.
fn bits_after(free: u16, code_bits: u32) -> u32 {
    let grows = free.is_power_of_two() && usize::from(free) < FULL;
    if grows { free.trailing_zeros() + 1 } else { code_bits }
}

/// Packs codes into bytes, the lowest bits first.
struct BitWriter {
    bytes: Vec<u8>,
    waiting: u64,
    waiting_bits: u32,
}

impl BitWriter {
    fn with_capacity(capacity: usize) -> Self {
        Self { bytes: Vec::with_capacity(capacity), waiting: 0, waiting_bits: 0 }
    }

    fn write(&mut self, code: u16, bits: u32) {
        self.waiting |= u64::from(code) << self.waiting_bits;
        self.waiting_bits += bits;
        if self.waiting_bits >= 32 {
            self.bytes.extend_from_slice(&(self.waiting as u32).to_le_bytes());
            self.waiting >>= 32;
            self.waiting_bits -= 32;
        }
    }

    fn finish(mut self) -> Vec<u8> {
        let length = self.waiting_bits.div_ceil(8) as usize;
        self.bytes.extend_from_slice(&self.waiting.to_le_bytes()[..length]);
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use weezl::{BitOrder, decode::Decoder};

    use super::*;

    fn check(tones: &[u8]) {
        let read = Decoder::new(BitOrder::Lsb, TONE_BITS).decode(&compress(tones)).unwrap();
        assert!(read == tones, "{} tones", tones.len());
    }

    #[test]
    fn one_tone_alone_is_read_back() {
        (1..400).for_each(|length| check(&vec![5; length]));
    }

    proptest! {
        /// Noise fills the dictionary every 12,000 tones or so.
        #[test]
        fn noise_is_read_back_when_the_dictionary_is_full(tones in proptest::collection::vec(0..8_u8, 9_000..40_000)) {
            check(&tones);
        }
    }
}
