//! An app as it lies in the database or in Redis: JSON under its number.
//!
//! Others than this program can write there, so what is read is checked as what is typed is: of a wrong setting a
//! request would make more than an app may have.

use crate::{
    domain::apps::{App, AppName, STORED_NUMBERS},
    keep::store::StoreError,
};

/// Reads the app that lies under this number.
///
/// # Errors
/// [`StoreError::Format`] for anything but an app that this program could have stored there.
pub(crate) fn decode(number: u32, json: &[u8]) -> Result<App, StoreError> {
    let app: App = serde_json::from_slice(json).map_err(unreadable)?;
    if app.number != number || !(1..STORED_NUMBERS).contains(&number) || app.declared {
        return Err(unreadable(format_args!("it has the number {} and lies under {number}", app.number)));
    }
    app.name.parse::<AppName>().map_err(unreadable)?;
    Ok(app)
}

/// An app as [`decode`] reads it.
pub(crate) fn encode(app: &App) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(app).map_err(unreadable)
}

fn unreadable(error: impl std::fmt::Display) -> StoreError {
    StoreError::Format { cause: format!("an app's record is not readable: {error}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::apps::{AppKey, AppSecret, Previous};

    fn check(change: impl FnOnce(&mut App), expected: Option<&str>) {
        let mut app = App { created_at: Some(1_000), ..App::new(1, "shop", AppKey::from_bytes([0; 32]).hash()) };
        change(&mut app);
        let found = decode(1, &encode(&app).unwrap());
        match expected {
            None => assert_eq!(found.unwrap(), app),
            Some(cause) => assert!(found.unwrap_err().to_string().contains(cause), "{cause}"),
        }
    }

    #[test]
    fn a_record_that_nobody_here_could_have_stored_is_refused() {
        check(|_| {}, None);
        check(|app| app.settings.width = 9, Some("width is 120 to 480, not 9"));
        check(|app| app.name = "adm\u{456}n".to_owned(), None);
        check(|app| app.name = "a/b".to_owned(), Some("an app's name"));
        check(|app| app.number = 2, Some("it has the number 2 and lies under 1"));
        check(|app| app.declared = true, Some("it has the number 1"));
        assert!(matches!(decode(1, b"{"), Err(StoreError::Format { .. })));
        let record = String::from_utf8(encode(&App::new(1, "shop", AppKey::from_bytes([0; 32]).hash())).unwrap());
        let pink = decode(1, record.unwrap().replace("\"light\"", "\"pink\"").as_bytes()).unwrap_err().to_string();
        assert!(pink.contains("theme is light or dark, not \"pink\""), "{pink}");
    }

    #[test]
    fn a_record_has_every_name_and_no_secret_one() {
        let secret = AppSecret::from_bytes([1; 20]);
        check(
            |app| {
                app.site_key = Some(app.site_key());
                app.secret_sha256 = Some(secret.hash());
                app.previous_secret = Some(Previous { sha256: secret.hash(), until: 2_000 });
            },
            None,
        );
    }
}
