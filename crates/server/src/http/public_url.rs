//! The address at which the public reaches this server, for what people copy into their sites.

use std::{fmt, str::FromStr, sync::Arc};

use serde::Deserialize;
use url::Url;

/// An address such as `https://captcha.example.org` or `https://example.org/captcha-svc`, with no slash at its end.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct PublicUrl {
    whole: Arc<str>,
    origin_length: usize,
}

/// Text that is no such address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an address such as https://captcha.example.org: http or https, a host, and nothing behind a path")]
pub struct PublicUrlError;

impl PublicUrl {
    /// All of it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.whole
    }

    /// Scheme, host and port, as a Content-Security-Policy has them.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.whole[..self.origin_length]
    }
}

impl FromStr for PublicUrl {
    type Err = PublicUrlError;

    fn from_str(text: &str) -> Result<Self, PublicUrlError> {
        let url = Url::parse(text).map_err(|_| PublicUrlError)?;
        let has_rest = url.query().is_some() || url.fragment().is_some();
        let names_somebody = !url.username().is_empty() || url.password().is_some();
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() || has_rest || names_somebody {
            return Err(PublicUrlError);
        }
        let origin = url.origin().ascii_serialization();
        let whole = format!("{origin}{}", url.path().trim_end_matches('/'));
        Ok(Self { origin_length: origin.len(), whole: whole.into() })
    }
}

impl TryFrom<String> for PublicUrl {
    type Error = PublicUrlError;

    fn try_from(text: String) -> Result<Self, PublicUrlError> {
        text.parse()
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_an_origin_and_perhaps_a_path() {
        for (text, whole, origin) in [
            ("https://captcha.example.org", "https://captcha.example.org", "https://captcha.example.org"),
            ("HTTPS://Captcha.example.org:443/", "https://captcha.example.org", "https://captcha.example.org"),
            ("http://[::1]:8080/below/it/", "http://[::1]:8080/below/it", "http://[::1]:8080"),
        ] {
            let url: PublicUrl = text.parse().unwrap();
            assert_eq!((url.as_str(), url.origin()), (whole, origin), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_of_a_site_is_refused() {
        let wrong = [
            "",
            "captcha.example.org",
            "ftp://example.org",
            "https://",
            "https://a@example.org",
            "https://a.org/?b",
            "https://a.org/#b",
        ];
        for text in wrong {
            assert_eq!(text.parse::<PublicUrl>(), Err(PublicUrlError), "{text}");
        }
    }
}
