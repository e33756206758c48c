//! What the fuzz targets share: what a picture is asked for, and how it is read back.

use arbitrary::{Arbitrary, Unstructured};
use haechi_captcha::{Answer, Difficulty, Error, Look, Scale, Seed, Theme};

/// What a caller may ask for, whether or not there is such a picture. Numbers lie in their ranges or not far beyond.
#[derive(Debug, Arbitrary)]
pub struct Request {
    seed: [u8; 32],
    #[arbitrary(with = characters)]
    answer: String,
    #[arbitrary(with = |bytes: &mut Unstructured<'_>| bytes.int_in_range(0..=600))]
    width: u16,
    #[arbitrary(with = |bytes: &mut Unstructured<'_>| bytes.int_in_range(0..=200))]
    height: u16,
    #[arbitrary(with = |bytes: &mut Unstructured<'_>| bytes.int_in_range(0..=4))]
    scale: u8,
    is_dark: bool,
    #[arbitrary(with = |bytes: &mut Unstructured<'_>| bytes.int_in_range(0..=6))]
    difficulty: u8,
}

/// What a picture is drawn from.
pub struct Order {
    /// What it shows.
    pub answer: Answer,
    /// What it follows from.
    pub seed: Seed,
    /// How it is to look.
    pub look: Look,
}

impl Request {
    /// The order, once every number has been refused for which it is out of its range, and only for that.
    pub fn check(&self) -> Option<Order> {
        let fits = Look::WIDTHS.contains(&self.width) && Look::HEIGHTS.contains(&self.height);
        let look = checked(Look::new(self.width, self.height), fits, Error::PictureSize);
        let scale = checked(Scale::try_from(self.scale), (1..=3).contains(&self.scale), Error::Scale);
        let has_level = Difficulty::LEVELS.contains(&self.difficulty);
        let difficulty = checked(Difficulty::try_from(self.difficulty), has_level, Error::Difficulty);
        let has_length = (1..=Answer::MAX_LENGTH).contains(&self.answer.len());
        let answer = checked(self.answer.parse(), has_length, Error::MalformedAnswer);
        Some(self.order(answer?, look?.with_scale(scale?).with_difficulty(difficulty?)))
    }

    /// The order with every number brought into its range, so that none is in vain.
    pub fn fit(&self) -> Order {
        let within = |number: u16, (low, high): (u16, u16)| low + number % (high - low + 1);
        let width = within(self.width, Look::WIDTHS.into_inner());
        let height = within(self.height, Look::HEIGHTS.into_inner());
        let scale = Scale::try_from(self.scale % 3 + 1).expect("a scale is 1 to 3");
        let answer = if self.answer.is_empty() { "8" } else { &self.answer };
        let answer = answer[..answer.len().min(Answer::MAX_LENGTH)].parse().expect("these are characters of an answer");
        self.order(answer, Look::new(width, height).expect("both are in their ranges").with_scale(scale))
    }

    fn order(&self, answer: Answer, look: Look) -> Order {
        let theme = if self.is_dark { Theme::Dark } else { Theme::Light };
        Order { answer, seed: Seed::from_bytes(self.seed), look: look.with_theme(theme) }
    }
}

/// What was asked for, if it fits; else the error must be the one that says why not.
fn checked<T>(result: Result<T, Error>, fits: bool, expected: Error) -> Option<T> {
    match result {
        Ok(value) => {
            assert!(fits, "{expected} was not refused");
            Some(value)
        }
        Err(error) => {
            assert!(!fits && error == expected, "{error}");
            None
        }
    }
}

/// Up to ten of the characters that answers are made of, which is two too many.
fn characters(bytes: &mut Unstructured<'_>) -> arbitrary::Result<String> {
    let length = bytes.int_in_range(0..=10)?;
    let characters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    (0..length).map(|_| Ok(char::from(*bytes.choose(characters)?))).collect()
}

/// Reads a picture back: one frame in the size that was asked for, in a file no larger than its pixels explain.
pub fn check_file(file: &[u8], look: &Look) {
    let mut options = gif::DecodeOptions::new();
    options.check_frame_consistency(true);
    options.check_lzw_end_code(true);
    let mut decoder = options.read_info(file).expect("a picture begins with its size and palette");
    let (width, height) = (look.width() * look.scale().factor(), look.height() * look.scale().factor());
    let frame = decoder.read_next_frame().expect("a frame is well formed").expect("a picture has a frame");
    assert_eq!((frame.width, frame.height), (width, height));
    assert_eq!(frame.buffer.len(), usize::from(width) * usize::from(height));
    // Noise takes hardly more bits than a tone has, and each full block of it one byte more.
    assert!(file.len() < frame.buffer.len() / 2 + 200, "{} bytes", file.len());
    // The library does not get past some frames if it has insisted on the code that ends them, so it is not asked.
    assert!(file.ends_with(&[0, b';']), "the one frame ends the file");
}
