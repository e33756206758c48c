//! An app as it lies in the database or in Redis: JSON under its number.
//!
//! Others than this program can write there, so what is read is checked as what is typed is: of a wrong setting a
//! request would make a panic, or more than an app may have.

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
    app.settings.check().map_err(unreadable)?;
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
    use crate::domain::apps::{AppKey, AppSettings};

    fn check(change: impl FnOnce(&mut App), expected: Option<&str>) {
        let mut app = App {
            number: 1,
            name: "shop".to_owned(),
            appkey_sha256: AppKey::from_bytes([0; 32]).hash(),
            previous_appkey: None,
            enabled: true,
            declared: false,
            created_at: Some(1_000),
            settings: AppSettings::default(),
        };
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
        check(|app| app.settings.theme = "pink".to_owned(), Some("theme is light or dark"));
        check(|app| app.name = "a/b".to_owned(), Some("an app's name"));
        check(|app| app.number = 2, Some("it has the number 2 and lies under 1"));
        check(|app| app.declared = true, Some("it has the number 1"));
        assert!(matches!(decode(1, b"{"), Err(StoreError::Format { .. })));
    }
}
