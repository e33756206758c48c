//! Text CAPTCHAs as pure functions.
//!
//! A challenge is a [`Key`]: 128 bits that read as a random UUID and carry, sealed under a [`Secret`], who issued it
//! and when. The answer, the picture and the sound all follow from the secret and the key, so nothing is stored
//! between issuing a challenge and judging its answer.
//!
//! The library does no IO, reads no clock and holds no random state: the time, the secret and the nonce are arguments.
//! What it cannot do by itself is remember that a key was used; that is the caller's ledger.
//!
//! ```
//! use haechi_captcha::{Claims, Judgement, Keyring, Language, Look, Secret, Shape, Speech};
//!
//! let keyring = Keyring::new(&Secret::from_bytes([7; 32]));
//! let key = keyring.issue(&Claims { issued_at: 1_800_000_000, app: 1, shape: Shape::word(5), ..Claims::default() });
//!
//! let word = keyring.open_word(&key).expect("this keyring sealed it");
//! let gif: Vec<u8> = word.draw(&Look::default());
//! let wav: Vec<u8> = word.speak(&Speech::new(Language::Ko));
//! assert_eq!(word.judge("who knows"), Judgement::Wrong);
//! # assert!(gif.starts_with(b"GIF89a") && wav.starts_with(b"RIFF"));
//! ```

mod answer;
mod challenge;
mod error;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod hangul;
pub mod image;
mod key;
mod notice;
mod offensive;
mod secret;
mod seed;
pub mod sound;
mod token;
mod typed;
mod word;
mod work;

pub use answer::{Alphabet, Answer};
pub use challenge::{Challenge, Judgement, Keyring};
pub use error::Error;
pub use image::{Colour, Difficulty, Look, PictureFormat, Scale, Theme};
pub use key::{Claims, EPOCH, Key, Nonce, Shape};
pub use notice::Notice;
pub use secret::Secret;
pub use seed::{Seed, Stream};
pub use sound::{Format, Language, Pace, Speech};
pub use token::{Means, Pass, Token};
pub use typed::normalise;
pub use word::Word;
pub use work::{Algorithm, Puzzle, SmallPuzzles, Solution, Terms, Work};
