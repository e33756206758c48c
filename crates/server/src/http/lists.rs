//! Headers that are lists (RFC 9110, section 5.6.1).

use axum::http::{HeaderMap, HeaderName};

/// The most elements of a list that are looked at, empty ones included. A browser's lists have a dozen.
pub(crate) const MAX_ELEMENTS: usize = 64;

/// The elements of a list, from all headers of this name.
pub(crate) fn elements(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).take(MAX_ELEMENTS).map(str::trim_ascii)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, header};

    use super::*;

    #[test]
    fn a_list_has_the_elements_of_all_its_headers_up_to_a_bound() {
        let of = |values: &[&str]| {
            let values = values.iter().map(|value| (header::ACCEPT, HeaderValue::from_str(value).unwrap()));
            elements(&values.collect(), header::ACCEPT).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(of(&["a, b;q=1 ,", "c"]), ["a", "b;q=1", "", "c"]);
        assert_eq!(of(&[&format!("{}z", "a,".repeat(63))]).last().map(String::as_str), Some("z"));
        assert_eq!(of(&[&format!("{}z", "a,".repeat(64))]), ["a"; 64]);
    }
}
