//! Writing a JPEG file (ITU-T T.81) of one frame, for those whose sites save pictures under names that end in `.jpg`.
//!
//! It is made of the pixels that a GIF would have. What the two differ in follows from those pixels, so that whoever has
//! both knows no more than whoever has the GIF.

use jpeg_encoder::{Encoder, ImageBuffer, JpegColorType, SamplingFactor, rgb_to_ycbcr};

use super::{Colour, gif::Pixels, palette::TONES};

/// How much is kept of the pixels, of 100: see docs/naver.md for what others keep.
const QUALITY: u8 = 85;

/// The file that shows these pixels in these colours.
pub(crate) fn encode(pixels: Pixels<'_>, colours: &[Colour; TONES]) -> Vec<u8> {
    let mut file = Vec::with_capacity(pixels.tones.len() / 2);
    let mut encoder = Encoder::new(&mut file, QUALITY);
    // Its colours differ mostly in lightness, so that half of the pixels each way do for the rest.
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    let colours = colours.map(|Colour { channels: [red, green, blue] }| rgb_to_ycbcr(red, green, blue));
    encoder.encode_image(Painted { pixels, colours }).expect("a picture has a size, and memory takes all bytes");
    file
}

/// Pixels with the colours of their tones, in YCbCr.
struct Painted<'a> {
    pixels: Pixels<'a>,
    colours: [(u8, u8, u8); TONES],
}

impl ImageBuffer for Painted<'_> {
    fn get_jpeg_color_type(&self) -> JpegColorType {
        JpegColorType::Ycbcr
    }

    fn width(&self) -> u16 {
        self.pixels.width
    }

    fn height(&self) -> u16 {
        self.pixels.height
    }

    fn fill_buffers(&self, row: u16, [luma, blue, red, _]: &mut [Vec<u8>; 4]) {
        let width = usize::from(self.pixels.width);
        let tones = &self.pixels.tones[usize::from(row) * width..][..width];
        for tone in tones {
            let (y, cb, cr) = self.colours[usize::from(*tone) % TONES];
            luma.push(y);
            blue.push(cb);
            red.push(cr);
        }
    }
}
