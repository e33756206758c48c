//! Which of our languages a reader prefers.

use axum::http::{HeaderMap, header};
use haechi_captcha::Language;

use super::lists::elements;

/// The language that `Accept-Language` prefers among ours, if it names any (RFC 9110, section 12.5.4).
///
/// Written here because the published parser sorts by a quality that may be NaN, which makes the sort panic.
pub(crate) fn preferred(headers: &HeaderMap) -> Option<Language> {
    preferred_among(&Language::ALL, headers)
}

/// The language that `Accept-Language` prefers among these, if it names any.
pub(crate) fn preferred_among(languages: &[Language], headers: &HeaderMap) -> Option<Language> {
    let candidates = elements(headers, header::ACCEPT_LANGUAGE).filter_map(candidate);
    let candidates = candidates.filter(|(language, _)| languages.contains(language));
    // Of equal qualities the first counts, and `max_by_key` would take the last.
    candidates.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(language, _)| language)
}

/// A language and its quality in thousandths, unless the quality is 0.
fn candidate(range: &str) -> Option<(Language, u16)> {
    let mut parts = range.split(';').map(str::trim);
    let language = parts.next()?.parse().ok()?;
    let quality = parts.find_map(|part| part.strip_prefix("q="));
    let quality = quality.map_or(Some(1.0), |text| text.parse::<f32>().ok())?;
    let thousandths = (quality.clamp(0.0, 1.0) * 1000.0) as u16;
    (thousandths > 0).then_some((language, thousandths))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn check(accept_language: &str, expected: Option<Language>) {
        let headers =
            HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, HeaderValue::from_str(accept_language).unwrap())]);
        assert_eq!(preferred(&headers), expected, "{accept_language}");
    }

    #[test]
    fn the_best_of_ours_is_taken() {
        check("ko-KR,ko;q=0.9,en;q=0.8", Some(Language::Ko));
        check("fr, ja;q=0.4, en;q=0.5", Some(Language::En));
        check("zh-Hant-TW", Some(Language::Zh));
        check("en, ko", Some(Language::En));
        check("ja;q=0", None);
        check("*", None);
        check("", None);
        check("en;q=nan, ko;q=inf, ja;q=-1, ;;q=, zh;q=x", Some(Language::Ko));
    }

    #[test]
    fn a_page_in_some_languages_takes_the_best_of_those() {
        let value = HeaderValue::from_static("ja, ko;q=0.5, en;q=0.1");
        let headers = HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, value)]);
        assert_eq!(preferred_among(&[Language::En, Language::Ko], &headers), Some(Language::Ko));
        assert_eq!(preferred_among(&[Language::Zh], &headers), None);
    }
}
