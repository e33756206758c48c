//! What was done, in addresses and in texts.

crate::codes::codes! {
    /// Something that was done, said once on the page that comes next.
    pub(super) enum Done {
        SignedOut = "signed-out",
        Password = "password",
        Settings = "settings",
        GraceEnded = "grace-ended",
        SecretGraceEnded = "secret-grace-ended",
        Enabled = "enabled",
        Disabled = "disabled",
        AppRemoved = "app-removed",
        TokenRemoved = "token-removed",
        UserMade = "user-made",
        UserRemoved = "user-removed",
        FactorDisabled = "second-factor-off",
        FactorReset = "second-factor-reset",
        InvitationRevoked = "invitation-revoked",
        WebhookRemoved = "webhook-removed",
        TestQueued = "test-queued",
    }
}

impl Done {
    /// The address of a page that says so.
    pub(super) fn said_at(self, path: &str) -> String {
        format!("{path}?done={}", self.code())
    }
}
