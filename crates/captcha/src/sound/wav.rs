//! Writing WAV files, as in Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0" (1991).

use super::bank::SAMPLE_RATE_HZ;

/// Bytes before the first sample.
pub(crate) const HEADER_SIZE: usize = 44;
const SAMPLE_SIZE: usize = 2;

/// A file of 16-bit mono samples, with exact sizes: some browsers play nothing else.
pub(crate) fn write(samples: &[i16]) -> Vec<u8> {
    let data_size = samples.len() * SAMPLE_SIZE;
    let mut wav = vec![0; HEADER_SIZE + data_size];
    wav[..HEADER_SIZE].copy_from_slice(&header(data_size as u32));
    let (slots, _) = wav[HEADER_SIZE..].as_chunks_mut();
    for (slot, sample) in slots.iter_mut().zip(samples) {
        *slot = sample.to_le_bytes();
    }
    wav
}

fn header(data_size: u32) -> [u8; HEADER_SIZE] {
    const FORMAT_SIZE: u32 = 16;
    const PCM: u16 = 1;
    const MONO: u16 = 1;
    let rest_size = data_size + HEADER_SIZE as u32 - 8;
    let bytes_per_sec = SAMPLE_RATE_HZ * SAMPLE_SIZE as u32;
    let mut header = [0; HEADER_SIZE];
    let mut filled = 0;
    let mut put = |bytes: &[u8]| {
        header[filled..filled + bytes.len()].copy_from_slice(bytes);
        filled += bytes.len();
    };
    put(b"RIFF");
    put(&rest_size.to_le_bytes());
    put(b"WAVEfmt ");
    put(&FORMAT_SIZE.to_le_bytes());
    put(&PCM.to_le_bytes());
    put(&MONO.to_le_bytes());
    put(&SAMPLE_RATE_HZ.to_le_bytes());
    put(&bytes_per_sec.to_le_bytes());
    put(&(SAMPLE_SIZE as u16).to_le_bytes());
    put(&(8 * SAMPLE_SIZE as u16).to_le_bytes());
    put(b"data");
    put(&data_size.to_le_bytes());
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_library_reads_what_is_written() {
        let samples = [0, 1, -1, i16::MAX, i16::MIN];
        let wav = write(&samples);
        assert_eq!(wav.len(), HEADER_SIZE + 10);
        let mut reader = hound::WavReader::new(&wav[..]).unwrap();
        let spec = reader.spec();
        assert_eq!((spec.channels, spec.sample_rate, spec.bits_per_sample), (1, 16_000, 16));
        assert!(reader.samples::<i16>().map(Result::unwrap).eq(samples));
        assert_eq!(wav[4..8], (wav.len() as u32 - 8).to_le_bytes());
    }
}
