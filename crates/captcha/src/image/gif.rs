//! Writing a GIF file (GIF89a, 1990) of one frame.

use super::{
    Colour,
    lzw::{Compressor, TONE_BITS},
    palette::TONES,
};

/// Largest block of compressed data.
const BLOCK_LENGTH: usize = 255;

/// Tones of pixels, row by row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pixels<'a> {
    pub(crate) width: u16,
    pub(crate) height: u16,
    pub(crate) tones: &'a [u8],
}

/// The file that shows these pixels in these colours.
pub(crate) fn encode(pixels: Pixels<'_>, colours: &[Colour; TONES], compressor: &mut Compressor) -> Vec<u8> {
    let compressed = compressor.compress(pixels.tones);

    let mut file = Vec::with_capacity(compressed.len() + compressed.len() / BLOCK_LENGTH + 64);
    file.extend_from_slice(b"GIF89a");
    // The screen: its size, a global colour table of 2^(bits) colours, no background colour, square pixels.
    push_size(&mut file, pixels);
    file.extend([0x80 | (TONE_BITS - 1) << 4 | (TONE_BITS - 1), 0, 0]);
    file.extend(colours.iter().flat_map(|colour| colour.channels));
    // The one image: at the top left, as large as the screen, with the global colours and not interlaced.
    file.extend([b',', 0, 0, 0, 0]);
    push_size(&mut file, pixels);
    file.extend([0, TONE_BITS]);
    for block in compressed.chunks(BLOCK_LENGTH) {
        file.push(block.len() as u8);
        file.extend_from_slice(block);
    }
    file.extend([0, b';']);
    file
}

fn push_size(file: &mut Vec<u8>, pixels: Pixels<'_>) {
    file.extend(pixels.width.to_le_bytes());
    file.extend(pixels.height.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a picture back with a library that insists on the code that ends the data.
    fn check(tones: &[u8], compressor: &mut Compressor) {
        let pixels = Pixels { width: tones.len() as u16, height: 1, tones };
        let file = encode(pixels, &[Colour::new([1, 2, 3]); TONES], compressor);
        let mut options = gif::DecodeOptions::new();
        options.check_lzw_end_code(true);
        let mut decoder = options.read_info(file.as_slice()).unwrap();
        let frame = decoder.read_next_frame().unwrap().unwrap();
        assert!(*frame.buffer == *tones, "{} tones", pixels.width);
    }

    #[test]
    fn every_length_is_read_back_to_its_end() {
        let tones: Vec<u8> = (0..2_000_u32).map(|index| ((index * index * 31) >> 4) as u8 % 8).collect();
        // One that has compressed other tones before gives the same bytes.
        let mut compressor = Compressor::default();
        (1..tones.len()).for_each(|length| check(&tones[..length], &mut compressor));
        (1..2_000).for_each(|length| check(&vec![5; length], &mut compressor));
    }
}
