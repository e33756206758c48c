//! The listening test at `/demo/listen`: sounds to type, and how many were understood.
//!
//! For developers, so it is served on loopback addresses only, and not to a proxy. A test is a number from which its sounds follow; no key,
//! app or secret is behind them. What was typed is scored, shown and logged, and kept nowhere.

mod texts;

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

use axum::{
    extract::{RawQuery, Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use haechi_captcha::{Alphabet, Answer, Language, Seed, Speech, normalise, sound};
use maud::{DOCTYPE, Markup, html};

use self::texts::Texts;
use super::language_of;
use crate::{
    domain::{metrics::Call, refusal::Refusal, service::Service},
    http::{media::in_range, parameters::Parameters, request::read_body, routes::Routes},
};

/// Sounds in a test.
const SOUNDS: u64 = 10;
/// Characters in each.
const LENGTH: u8 = 5;
/// Tests are numbers below this one.
const TESTS: u64 = 1 << 48;

pub(super) fn with_routes(routes: Routes<Arc<Service>>) -> Routes<Arc<Service>> {
    routes.page(Call::Other, "/demo/listen", get(ask).post(judge)).page(Call::Other, "/demo/listen/sound", get(speak))
}

/// One test in one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Test {
    language: Language,
    number: u64,
}

impl Test {
    fn random(language: Language) -> Result<Self, Refusal> {
        let number = getrandom::u64().map_err(|_| Refusal::Internal)? % TESTS;
        Ok(Self { language, number })
    }

    /// The seeds of the answer and of the sound.
    fn seeds(self, sound: u64) -> [Seed; 2] {
        let number = self.number * SOUNDS + sound;
        [Seed::from_number(number), Seed::from_number(number | 1 << 63)]
    }

    fn answer(self, sound: u64) -> Answer {
        Answer::derive(&self.seeds(sound)[0], Alphabet::Standard, LENGTH)
    }

    fn wav(self, sound: u64) -> Vec<u8> {
        sound::speak(&self.answer(sound), &self.seeds(sound)[1], &Speech::new(self.language))
    }

    fn score(self, typed: impl Fn(u64) -> String) -> Score {
        Score { rows: (0..SOUNDS).map(|sound| Row::new(&self.answer(sound), &typed(sound))).collect() }
    }
}

/// What was said and what was typed.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    said: String,
    typed: String,
}

impl Row {
    fn new(answer: &Answer, typed: &str) -> Self {
        Self { said: answer.as_str().to_owned(), typed: normalise(typed) }
    }

    fn is_right(&self) -> bool {
        self.said == self.typed
    }

    /// Characters that were understood: all but those that must be changed, added or removed to make one of the other.
    fn understood(&self) -> usize {
        self.said.len().saturating_sub(strsim::levenshtein(&self.said, &self.typed))
    }

    /// Which character was taken for which, where nothing was left out or added.
    fn confusions(&self) -> impl Iterator<Item = (char, char)> {
        let is_whole = self.said.chars().count() == self.typed.chars().count();
        self.said.chars().zip(self.typed.chars()).filter(move |(said, typed)| is_whole && said != typed)
    }
}

/// A test that was taken.
struct Score {
    rows: Vec<Row>,
}

impl Score {
    fn right(&self) -> usize {
        self.rows.iter().filter(|row| row.is_right()).count()
    }

    fn understood(&self) -> usize {
        self.rows.iter().map(Row::understood).sum()
    }

    fn characters(&self) -> usize {
        self.rows.iter().map(|row| row.said.len()).sum()
    }

    /// Such as `J as K (2), 9 as Y`; empty if nothing was confused.
    fn confusions(&self) -> String {
        let mut counts = BTreeMap::new();
        for pair in self.rows.iter().flat_map(Row::confusions) {
            *counts.entry(pair).or_insert(0) += 1;
        }
        let mut text = String::new();
        for ((said, typed), count) in counts {
            let comma = if text.is_empty() { "" } else { ", " };
            // Writing to a string cannot fail.
            let _ = write!(text, "{comma}{said} → {typed}");
            if count > 1 {
                let _ = write!(text, " ({count})");
            }
        }
        text
    }
}

/// A new test.
async fn ask(RawQuery(query): RawQuery, headers: HeaderMap) -> Result<Markup, Refusal> {
    let test = Test::random(language_of(query.as_deref(), &headers))?;
    let texts = Texts::of(test.language);
    Ok(page(
        test.language,
        &html! {
            p.task { (texts.task) }
            ul { @for advice in texts.advice { li { (advice) } } }
            form.card.listening method="post" action={ "/demo/listen?lang=" (test.language.tag()) } autocomplete="off" {
                input type="hidden" name="test" value=(test.number);
                @for sound in 0..SOUNDS { (question(test, sound, texts)) }
                div.entry { button #check type="submit" { (texts.submit) } }
            }
        },
    ))
}

fn question(test: Test, sound: u64, texts: &Texts) -> Markup {
    let name = format!("typed{sound}");
    html! {
        label for=(name) { (texts.sound) " " (sound + 1) }
        audio controls preload="none" aria-label={ (texts.sound) " " (sound + 1) }
            src={ "/demo/listen/sound?lang=" (test.language.tag()) "&test=" (test.number) "&sound=" (sound) } {}
        input.typed id=(name) name=(name) type="text" maxlength="32" autocomplete="off" autocapitalize="characters"
            autocorrect="off" spellcheck="false";
    }
}

/// How much was understood.
async fn judge(RawQuery(query): RawQuery, request: Request) -> Result<Markup, Refusal> {
    let language = language_of(query.as_deref(), request.headers());
    let body = read_body(request).await?;
    let form = Parameters::new(std::str::from_utf8(&body).map_err(|_| Refusal::Parameter)?);
    let field = |name: &str| form.single(&[name]).ok().flatten().unwrap_or_default();
    let number = field("test").parse().ok().filter(|&number| number < TESTS).ok_or(Refusal::Parameter)?;
    let test = Test { language, number };
    let score = test.score(|sound| field(&format!("typed{sound}")).into_owned());
    tracing::info!(
        language = language.tag(),
        test = number,
        sounds = SOUNDS,
        right = score.right(),
        characters = score.characters(),
        understood = score.understood(),
        confused = score.confusions(),
        "a listening test was scored"
    );
    Ok(page(language, &outcome(&score, language)))
}

fn outcome(score: &Score, language: Language) -> Markup {
    let texts = Texts::of(language);
    html! {
        div.card {
            p #result role="status" data-kind="new" {
                span {
                    (texts.right) ": " (score.right()) "/" (score.rows.len()) ". "
                    (texts.characters) ": " (score.understood()) "/" (score.characters()) "."
                }
            }
            table {
                thead { tr { th scope="col" { (texts.said) } th scope="col" { (texts.typed) } th scope="col" { (texts.verdict) } } }
                tbody {
                    @for row in &score.rows {
                        tr { td { (row.said) } td { (row.typed) } td { @if row.is_right() { "✓" } @else { "✕" } } }
                    }
                }
            }
            @let confusions = score.confusions();
            @if !confusions.is_empty() { p { (texts.confused) ": " (confusions) } }
            p { a href={ "/demo/listen?lang=" (language.tag()) } { (texts.again) } }
        }
    }
}

fn page(language: Language, content: &Markup) -> Markup {
    let texts = Texts::of(language);
    html! {
        (DOCTYPE)
        html lang=(language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (texts.heading) " – haechi" }
                link rel="icon" href="/demo/haechi.svg" type="image/svg+xml";
                link rel="stylesheet" href="/demo/page.css";
            }
            body {
                header {
                    p.brand { img src="/demo/haechi.svg" alt="" width="36" height="36"; "haechi" }
                    nav aria-label=(texts.languages) {
                        @for other in Language::ALL {
                            a href={ "/demo/listen?lang=" (other.tag()) } lang=(other.tag()) hreflang=(other.tag())
                                aria-current=[(other == language).then_some("page")] { (super::texts::name(other)) }
                        }
                    }
                }
                main { h1 { (texts.heading) } (content) }
            }
        }
    }
}

/// One of a test's sounds.
async fn speak(State(service): State<Arc<Service>>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let query = query.unwrap_or_default();
    let number = |name: &str, end| {
        let text = Parameters::new(&query).single(&[name]).ok().flatten()?;
        text.parse().ok().filter(|&number: &u64| number < end)
    };
    let (Some(test), Some(sound)) = (number("test", TESTS), number("sound", SOUNDS)) else {
        return Refusal::Http(StatusCode::NOT_FOUND).into_response();
    };
    let test = Test { language: language_of(Some(&query), &headers), number: test };
    match service.render(move || test.wav(sound)).await {
        Ok(wav) => in_range(wav, &headers),
        Err(refusal) => refusal.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEST: Test = Test { language: Language::En, number: 7 };

    fn row(said: &str, typed: &str) -> Row {
        Row::new(&said.parse().unwrap(), typed)
    }

    #[test]
    fn what_was_typed_counts_as_in_a_challenge() {
        assert!(row("KXW47", "k x w-4 7").is_right());
        assert!(!row("KXW47", "kxw4").is_right());
    }

    #[test]
    fn characters_count_where_they_were_understood() {
        assert_eq!(row("KXW47", "kxw47").understood(), 5);
        assert_eq!(row("KXW47", "jxw47").understood(), 4);
        assert_eq!(row("KXW47", "xw47").understood(), 4);
        assert_eq!(row("KXW47", "").understood(), 0);
        assert_eq!(row("KXW47", "a very long answer").understood(), 0);
    }

    #[test]
    fn a_score_tells_rates_and_confusions() {
        let score = TEST.score(|sound| match sound {
            0..8 => TEST.answer(sound).as_str().to_lowercase(),
            8 => TEST.answer(8).as_str().replace(|first| TEST.answer(8).as_str().starts_with(first), "0"),
            _ => String::new(),
        });
        assert_eq!((score.right(), score.characters()), (8, 50));
        assert!((40..45).contains(&score.understood()), "{}", score.understood());
        assert!(score.confusions().contains(" → 0"), "{}", score.confusions());
    }

    #[test]
    fn tests_and_sounds_differ() {
        let other = Test { number: 8, ..TEST };
        assert_ne!(TEST.answer(0).as_str(), TEST.answer(1).as_str());
        assert_ne!(TEST.answer(0).as_str(), other.answer(0).as_str());
        assert_ne!(TEST.wav(0), other.wav(0));
    }
}
