//! Compressing tones as GIF does: Lempel, Ziv and Welch's method with codes of growing length (GIF89a, appendix F).
//!
//! With eight tones the dictionary is a tree whose nodes have eight branches: a table, which needs neither hashing nor
//! searching. The bytes are those that `weezl` 0.2 writes, in a third to a quarter of its time, and compressing would
//! otherwise be the larger part of drawing a picture.

use super::palette::TONES;

/// Codes are at most 12 bits long, so the dictionary is full at this many.
const FULL: usize = 1 << 12;

/// Pictures of no more pixels than this are walked tone by tone: their runs are too short for more to pay.
const SMALL: usize = 40_000;

/// Runs up to this length are known at once.
const MOST_KNOWN: usize = 512;

/// Bits that a pixel's tone takes.
pub(crate) const TONE_BITS: u8 = 3;
const _: () = assert!(1 << TONE_BITS == TONES);

/// The code that empties the dictionary. The one after it ends the data, and the next is the first free one.
const CLEAR: u16 = 1 << TONE_BITS;
const END: u16 = CLEAR + 1;
const FIRST_FREE: u16 = CLEAR + 2;

/// Where a code's branches begin in the dictionary; the code itself is an eighth of it. 0, the place of a tone's code
/// that is nobody's branch, stands for none.
type Node = u16;

/// What compressing needs room for, kept from picture to picture.
pub(crate) struct Compressor {
    /// For each code and each tone, the node of the two together. Codes need half of this: with a place for each value
    /// of a node, none has to be checked.
    dictionary: Box<[Node; 1 << Node::BITS]>,
    runs: Runs,
    writer: BitWriter,
}

/// The codes of runs, of one tone over and over. Most codes begin with one, which need not be walked tone by tone.
struct Runs {
    /// For each tone, the nodes of once the tone, twice, and so on.
    nodes: Box<[[Node; MOST_KNOWN]; TONES]>,
    /// How many there are.
    lengths: [usize; TONES],
}

impl Default for Compressor {
    fn default() -> Self {
        let dictionary = vec![0; 1 << Node::BITS].try_into().expect("the dictionary has a place for each node");
        let runs = Runs { nodes: Box::new([[0; MOST_KNOWN]; TONES]), lengths: [0; TONES] };
        Self { dictionary, runs, writer: BitWriter::default() }
    }
}

impl Compressor {
    /// Compresses tones, each below [`TONES`], of which there is at least one.
    pub(crate) fn compress(&mut self, tones: &[u8]) -> &[u8] {
        let Self { dictionary, runs, writer } = self;
        writer.clear();
        dictionary[..usize::from(node(FIRST_FREE))].fill(0);
        runs.clear();
        let mut free = FIRST_FREE;
        let mut code_bits = u32::from(TONE_BITS) + 1;
        writer.write(CLEAR, code_bits);

        assert!(!tones.is_empty(), "a picture has pixels");
        let has_long_runs = tones.len() > SMALL;
        let mut at = 0;
        loop {
            let (known, length) =
                if has_long_runs { runs.longest(&tones[at..]) } else { (node(u16::from(tones[at])), 1) };
            at += length;
            // Each tone waits for the one before, so not even a number is converted on the way.
            let mut here = usize::from(known);
            let missing = loop {
                let Some(&tone) = tones.get(at) else { break None };
                let next = dictionary[here | usize::from(tone)];
                if next == 0 {
                    break Some(tone);
                }
                here = usize::from(next);
                at += 1;
            };
            let Some(tone) = missing else {
                writer.write(code(here), code_bits);
                writer.write(END, bits_after(free, code_bits));
                return writer.finish();
            };
            dictionary[here | usize::from(tone)] = node(free);
            writer.write(code(here), code_bits);
            if usize::from(free) == FULL {
                // The reader has just added its last code; both begin anew.
                writer.write(CLEAR, code_bits);
                dictionary[..usize::from(node(FIRST_FREE))].fill(0);
                runs.clear();
                free = FIRST_FREE;
                code_bits = u32::from(TONE_BITS) + 1;
            } else {
                dictionary[usize::from(node(free))..][..TONES].fill(0);
                runs.add(here, tone, node(free));
                code_bits = bits_after(free, code_bits);
                free += 1;
            }
        }
    }
}

impl Runs {
    fn clear(&mut self) {
        for (tone, nodes) in (0..).zip(self.nodes.iter_mut()) {
            nodes[0] = node(tone);
        }
        self.lengths = [1; TONES];
    }

    /// The node of the longest run that tones begin with, as far as it is known, and its length.
    fn longest(&self, tones: &[u8]) -> (Node, usize) {
        let tone = usize::from(tones[0]) % TONES;
        let length = run_length(&tones[..tones.len().min(self.lengths[tone])]);
        (self.nodes[tone][length - 1], length)
    }

    /// Takes in the node that a tone leads to, if the two are a run.
    fn add(&mut self, from: usize, tone: u8, to: Node) {
        let tone = usize::from(tone) % TONES;
        let length = self.lengths[tone];
        if length < MOST_KNOWN && usize::from(self.nodes[tone][length - 1]) == from {
            self.nodes[tone][length] = to;
            self.lengths[tone] += 1;
        }
    }
}

/// How many tones are as the first, one after another.
fn run_length(tones: &[u8]) -> usize {
    let all = u64::from_ne_bytes([tones[0]; 8]);
    let (eights, rest) = tones.as_chunks();
    let mut length = 0;
    for eight in eights {
        let differing = u64::from_le_bytes(*eight) ^ all;
        if differing != 0 {
            return length + differing.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    length + rest.iter().take_while(|tone| **tone == tones[0]).count()
}

/// Where the branches of a code begin.
const fn node(code: u16) -> Node {
    code << TONE_BITS
}

/// The code whose branches begin here.
const fn code(node: usize) -> u16 {
    (node >> TONE_BITS) as u16
}

/// The length of the next code once the reader knows this one: the reader is one code behind the writer, and codes grow
/// as soon as the next one that it may add would not fit.
fn bits_after(free: u16, code_bits: u32) -> u32 {
    let grows = free.is_power_of_two() && usize::from(free) < FULL;
    if grows { free.trailing_zeros() + 1 } else { code_bits }
}

/// Packs codes into bytes, the lowest bits first.
#[derive(Default)]
struct BitWriter {
    bytes: Vec<u8>,
    waiting: u64,
    waiting_bits: u32,
}

impl BitWriter {
    fn clear(&mut self) {
        self.bytes.clear();
        (self.waiting, self.waiting_bits) = (0, 0);
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

    fn finish(&mut self) -> &[u8] {
        let length = self.waiting_bits.div_ceil(8) as usize;
        self.bytes.extend_from_slice(&self.waiting.to_le_bytes()[..length]);
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use weezl::{BitOrder, decode::Decoder};

    use super::*;

    fn check(tones: &[u8]) {
        let read = Decoder::new(BitOrder::Lsb, TONE_BITS).decode(Compressor::default().compress(tones)).unwrap();
        assert!(read == tones, "{} tones", tones.len());
    }

    #[test]
    fn one_tone_alone_is_read_back() {
        (1..400).for_each(|length| check(&vec![5; length]));
    }

    #[test]
    fn one_tone_over_and_over_is_read_back_in_large_pictures() {
        [SMALL + 1, 200_000].into_iter().for_each(|length| check(&vec![5; length]));
    }

    proptest! {
        /// Large pictures are compressed run by run.
        #[test]
        fn runs_are_read_back(runs in proptest::collection::vec((0..8_u8, 1..900_usize), 100..500)) {
            let runs = runs.into_iter().flat_map(|(tone, length)| std::iter::repeat_n(tone, length));
            let tones: Vec<u8> = runs.chain(std::iter::repeat_n(3, SMALL)).collect();
            check(&tones);
        }

        /// Noise fills the dictionary every 12,000 tones or so.
        #[test]
        fn noise_is_read_back_when_the_dictionary_is_full(tones in proptest::collection::vec(0..8_u8, 9_000..40_000)) {
            check(&tones);
        }
    }
}
