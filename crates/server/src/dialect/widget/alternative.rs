//! What the widget's button says that has longer work asked for instead of a word, so that people know how long it takes
//! before they press it.

use std::sync::LazyLock;

use haechi_captcha::{Algorithm, Language};
use serde_json::value::{RawValue, to_raw_value};

/// Seconds that the longer work takes at most on a usual computer, and on an old phone.
struct Wait {
    usual: u32,
    old_phone: u32,
}

type Offer = (Language, Algorithm, Box<RawValue>);

/// What the button says, in this language, where work is computed in this way: a string of JSON, which is made once.
pub(super) fn offer(language: Language, algorithm: Algorithm) -> &'static RawValue {
    static OFFERS: LazyLock<Vec<Offer>> = LazyLock::new(|| {
        let all = Language::ALL.into_iter().flat_map(|language| Algorithm::ALL.map(|algorithm| (language, algorithm)));
        let json = |text: String| to_raw_value(&text).expect("a text is JSON");
        all.map(|(language, algorithm)| (language, algorithm, json(text(language, &wait(algorithm))))).collect()
    });
    let offered = OFFERS.iter().find(|(in_language, by, _)| (*in_language, *by) == (language, algorithm));
    offered.map(|(.., text)| text.as_ref()).expect("there is a text for each")
}

fn text(language: Language, Wait { usual, old_phone }: &Wait) -> String {
    match language {
        Language::Ko => format!("읽거나 들을 수 없어요. 대신 약 {usual}초(오래된 휴대폰은 {old_phone}초) 기다릴게요"),
        Language::En => {
            format!("I cannot read or hear this: wait about {usual} seconds instead, {old_phone} on an old phone")
        }
        Language::Ja => {
            format!("読むことも聞くこともできません。代わりに約 {usual} 秒（古いスマホは {old_phone} 秒）待ちます")
        }
        Language::Zh => format!("我看不清也听不清，改为等待约 {usual} 秒（旧手机约 {old_phone} 秒）"),
    }
}

/// As measured with one worker for the puzzles of the highest level that took longest: on one processor of a server, and
/// on a sixth of it, which stands for a phone of five years ago (docs/strength.md). Most wait for half as long, and those
/// with more processors for less.
const fn wait(algorithm: Algorithm) -> Wait {
    match algorithm {
        Algorithm::Pbkdf2 => Wait { usual: 2, old_phone: 15 },
        Algorithm::Sha256 | Algorithm::Scrypt => Wait { usual: 3, old_phone: 20 },
    }
}

#[cfg(test)]
mod tests {
    use haechi_captcha::Shape;

    use super::*;
    use crate::domain::apps::{AppSettings, Asking};

    const MEASURED: &str = include_str!("../../../../../docs/strength.md");

    /// Seconds of the table "How long a person waits for it", of the puzzle that took longest.
    fn measured(algorithm: Algorithm) -> [f64; 2] {
        let by = if algorithm == Algorithm::Pbkdf2 { "WebCrypto" } else { "plain code" };
        let beginning = format!("| {algorithm} | {by} | {} |", Shape::LEVELS.end());
        let row = MEASURED.lines().find(|line| line.starts_with(&beginning)).expect("it was measured");
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        [cells[7], cells[10]].map(|secs| secs.parse().unwrap())
    }

    #[test]
    fn people_are_told_what_was_measured() {
        let instead = AppSettings::default().asks_instead();
        assert_eq!(instead, Some(Asking { word: false, work: Some(*Shape::LEVELS.end()) }), "the measured level");
        for algorithm in Algorithm::ALL {
            let Wait { usual, old_phone } = wait(algorithm);
            for (told, measured) in [usual, old_phone].map(f64::from).into_iter().zip(measured(algorithm)) {
                assert!(
                    (measured..measured * 1.25).contains(&told),
                    "{algorithm}: {told} s are told, {measured} measured"
                );
            }
        }
    }

    #[test]
    fn the_button_says_how_long_it_takes() {
        let said = Language::ALL.map(|language| offer(language, Algorithm::Pbkdf2).get());
        assert!(said.iter().all(|text| text.contains('2') && text.contains("15")), "{said:?}");
        assert_eq!(
            offer(Language::En, Algorithm::Scrypt).get(),
            "\"I cannot read or hear this: wait about 3 seconds instead, 20 on an old phone\""
        );
    }
}
