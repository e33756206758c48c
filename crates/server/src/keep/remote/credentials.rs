//! Who we are to a server of Redis, or to a sentinel.

use ::redis::RedisConnectionInfo;

pub(super) fn with_credentials(
    mut settings: RedisConnectionInfo,
    user: Option<&String>,
    password: Option<&String>,
) -> RedisConnectionInfo {
    if let Some(user) = user {
        settings = settings.set_username(user);
    }
    if let Some(password) = password {
        settings = settings.set_password(password);
    }
    settings
}
