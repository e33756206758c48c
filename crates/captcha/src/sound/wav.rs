//! Writing WAV files, as in Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0" (1991), and
//! "New Multimedia Data Types and Data Techniques" (1994), which says what else a file has whose samples are not plain.

use std::str::FromStr;

use super::{bank::SAMPLE_RATE_HZ, mulaw};
use crate::Error;

/// How the samples of a WAV file are written. They are the same samples in either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Format {
    /// Linear PCM of 16 bits.
    #[default]
    Pcm,
    /// µ-law of ITU-T G.711 in 8 bits: half the bytes. Browsers and telephones play it.
    Mulaw,
}

impl Format {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Pcm, Self::Mulaw];

    /// Its name, which [`Format::from_str`] reads.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcm => "pcm",
            Self::Mulaw => "mulaw",
        }
    }

    /// `wFormatTag`.
    const fn tag(self) -> u16 {
        match self {
            Self::Pcm => 1,
            Self::Mulaw => 7,
        }
    }

    const fn sample_size(self) -> usize {
        match self {
            Self::Pcm => 2,
            Self::Mulaw => 1,
        }
    }

    /// Bytes before the first sample.
    pub(crate) const fn header_size(self) -> usize {
        match self {
            Self::Pcm => 44,
            // Two bytes that say that nothing more is said of the format, and how many samples there are.
            Self::Mulaw => 44 + 2 + 12,
        }
    }
}

impl FromStr for Format {
    type Err = Error;

    /// Reads `pcm` or `mulaw`.
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|format| format.name() == text).ok_or(Error::Format)
    }
}

/// A file of mono samples, which are given in runs, with exact sizes: some browsers play nothing else.
///
/// It has an even number of bytes, and in µ-law one more silent sample if need be. The specification would have a byte
/// behind the samples that counts as none of them, and WebKitGTK 2.50 plays no file that ends so.
pub(crate) fn write(runs: &[&[i16]], format: Format) -> Vec<u8> {
    let samples: usize = runs.iter().map(|run| run.len()).sum();
    let data_size = (samples * format.sample_size()).next_multiple_of(2);
    let mut wav = vec![0; format.header_size() + data_size];
    let (header, mut data) = wav.split_at_mut(format.header_size());
    write_header(header, format, data_size as u32);
    for run in runs {
        let (slots, behind) = data.split_at_mut(run.len() * format.sample_size());
        write_samples(slots, run, format);
        data = behind;
    }
    write_samples(data, &[0], format);
    wav
}

fn write_header(header: &mut [u8], format: Format, data_size: u32) {
    const MONO: u16 = 1;
    let rest_size = data_size + format.header_size() as u32 - 8;
    let sample_size = format.sample_size() as u16;
    let format_size: u32 = if format == Format::Pcm { 16 } else { 18 };
    let mut filled = 0;
    let mut put = |bytes: &[u8]| {
        header[filled..filled + bytes.len()].copy_from_slice(bytes);
        filled += bytes.len();
    };
    put(b"RIFF");
    put(&rest_size.to_le_bytes());
    put(b"WAVEfmt ");
    put(&format_size.to_le_bytes());
    put(&format.tag().to_le_bytes());
    put(&MONO.to_le_bytes());
    put(&SAMPLE_RATE_HZ.to_le_bytes());
    put(&(SAMPLE_RATE_HZ * u32::from(sample_size)).to_le_bytes());
    put(&sample_size.to_le_bytes());
    put(&(8 * sample_size).to_le_bytes());
    if format != Format::Pcm {
        put(&[0; 2]);
        put(b"fact");
        put(&4_u32.to_le_bytes());
        put(&(data_size / u32::from(sample_size)).to_le_bytes());
    }
    put(b"data");
    put(&data_size.to_le_bytes());
}

fn write_samples(slots: &mut [u8], samples: &[i16], format: Format) {
    match format {
        Format::Pcm => {
            for (slot, sample) in slots.as_chunks_mut().0.iter_mut().zip(samples) {
                *slot = sample.to_le_bytes();
            }
        }
        Format::Mulaw => slots.iter_mut().zip(samples).for_each(|(slot, &sample)| *slot = mulaw::encode(sample)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_library_reads_what_is_written() {
        let samples = [0, 1, -1, i16::MAX, i16::MIN];
        let wav = write(&[&samples], Format::Pcm);
        assert_eq!(wav.len(), Format::Pcm.header_size() + 10);
        let mut reader = hound::WavReader::new(&wav[..]).unwrap();
        let spec = reader.spec();
        assert_eq!((spec.channels, spec.sample_rate, spec.bits_per_sample), (1, 16_000, 16));
        assert!(reader.samples::<i16>().map(Result::unwrap).eq(samples));
        assert_eq!(wav[4..8], (wav.len() as u32 - 8).to_le_bytes());
    }

    /// By chunks: the format with an empty extension, the number of samples, and the samples, which a silent one makes even.
    #[test]
    fn a_file_of_mulaw_has_all_that_the_specification_asks_for() {
        let wav = write(&[&[0, 4], &[-4]], Format::Mulaw);
        let parts = [
            &b"RIFF\x36\0\0\0WAVE"[..],
            b"fmt \x12\0\0\0\x07\0\x01\0\x80\x3e\0\0\x80\x3e\0\0\x01\0\x08\0\0\0",
            b"fact\x04\0\0\0\x04\0\0\0",
            b"data\x04\0\0\0\xff\xfe\x7e\xff",
        ];
        assert_eq!(wav, parts.concat());
        assert_eq!(write(&[&[0, 4, -4, 0]], Format::Mulaw), wav);
    }

    #[test]
    fn runs_follow_each_other_in_one_file() {
        for format in Format::ALL {
            assert_eq!(write(&[&[1, 2, 3], &[], &[4, 500]], format), write(&[&[1, 2, 3, 4, 500]], format));
            assert_eq!(write(&[], format).len(), format.header_size());
        }
    }

    #[test]
    fn formats_have_names() {
        assert!(Format::ALL.into_iter().all(|format| format.name().parse() == Ok(format)));
        assert_eq!("MP3".parse::<Format>(), Err(Error::Format));
    }
}
