//! What the audit log has entries of.

crate::codes::codes! {
    /// Something that was done, as the audit log calls it.
    pub(crate) enum Action {
        AppCreated = "app.created",
        AppChanged = "app.changed",
        AppEnabled = "app.enabled",
        AppDisabled = "app.disabled",
        AppRotated = "app.rotated",
        AppGraceEnded = "app.grace_ended",
        AppSecretRotated = "app.secret_rotated",
        AppSecretGraceEnded = "app.secret_grace_ended",
        AppAltchaKeyShown = "app.altcha_key_shown",
        AppRemoved = "app.removed",
        TokenCreated = "token.created",
        TokenRemoved = "token.removed",
        UserCreated = "user.created",
        UserRemoved = "user.removed",
        UserPasswordChanged = "user.password_changed",
        UserSignedIn = "user.signed_in",
        UserSignedOut = "user.signed_out",
        UserRefused = "user.refused",
        UserFactorEnabled = "user.second_factor_enabled",
        UserFactorDisabled = "user.second_factor_disabled",
        UserFactorReset = "user.second_factor_reset",
        UserRecoveryCodeUsed = "user.recovery_code_used",
        InvitationCreated = "invitation.created",
        InvitationRevoked = "invitation.revoked",
        InvitationAccepted = "invitation.accepted",
        WebhookCreated = "webhook.created",
        WebhookRemoved = "webhook.removed",
        WebhookTested = "webhook.tested",
    }
}
