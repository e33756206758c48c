//! Numbers, times and shares as readers of a language write them.

use haechi_captcha::Language;
use maud::{Markup, html};

use crate::calendar::{Moment, rfc3339};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// What stands where there is no figure.
pub(super) const NONE: &str = "–";

/// 1234567 as 1,234,567, which Korean and English write alike.
pub(super) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// 0.1234 as 12.3%.
pub(super) fn share(share: Option<f64>) -> String {
    share.map_or_else(|| NONE.to_owned(), |share| format!("{:.1}%", share * 100.0))
}

/// Seconds, with a tenth.
pub(super) fn secs(language: Language, secs: Option<f64>) -> String {
    let Some(secs) = secs else { return NONE.to_owned() };
    match language {
        Language::Ko => format!("{secs:.1}초"),
        _ => format!("{secs:.1} s"),
    }
}

/// A date and a time of day.
pub(super) fn moment(language: Language, unix_secs: u64) -> String {
    let Moment { hour, minute, .. } = Moment::from_unix(unix_secs);
    match language {
        Language::Ko => format!("{} {hour:02}:{minute:02}", date(language, unix_secs)),
        _ => format!("{}, {hour:02}:{minute:02}", date(language, unix_secs)),
    }
}

pub(super) fn date(language: Language, unix_secs: u64) -> String {
    let Moment { year, month, day, .. } = Moment::from_unix(unix_secs);
    match language {
        Language::Ko => format!("{year}. {month}. {day}."),
        _ => format!("{day} {} {year}", MONTHS[month as usize - 1]),
    }
}

/// A date without its year.
pub(super) fn day(language: Language, unix_secs: u64) -> String {
    let Moment { month, day, .. } = Moment::from_unix(unix_secs);
    match language {
        Language::Ko => format!("{month}. {day}."),
        _ => format!("{day} {}", MONTHS[month as usize - 1]),
    }
}

pub(super) fn time_of_day(unix_secs: u64) -> String {
    let Moment { hour, minute, .. } = Moment::from_unix(unix_secs);
    format!("{hour:02}:{minute:02}")
}

/// A date and a time of day that programs can read too.
pub(super) fn time(language: Language, unix_secs: u64) -> Markup {
    html! { time datetime=(rfc3339(unix_secs)) { (moment(language, unix_secs)) } }
}

/// A text with this time in the place of its `{}`.
pub(super) fn with_time(text: &str, language: Language, unix_secs: u64) -> Markup {
    let (before, after) = text.split_once("{}").unwrap_or((text, ""));
    html! { (before) (time(language, unix_secs)) (after) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_in_the_readers_form() {
        let grouped = [0, 999, 1_000, 1_234_567].map(number);
        assert_eq!(grouped, ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([share(Some(0.1234)), share(Some(1.0)), share(None)], ["12.3%", "100.0%", "–"]);
        assert_eq!(secs(Language::Ko, Some(3.44)), "3.4초");
        assert_eq!(secs(Language::En, Some(3.44)), "3.4 s");
        assert_eq!(moment(Language::Ko, 1_704_067_199), "2023. 12. 31. 23:59");
        assert_eq!(moment(Language::En, 1_704_067_199), "31 Dec 2023, 23:59");
        assert_eq!([day(Language::Ko, 0), day(Language::En, 0), time_of_day(3_600)], ["1. 1.", "1 Jan", "01:00"]);
    }
}
