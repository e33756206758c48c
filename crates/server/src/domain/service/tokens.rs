//! Tokens: what a page gets for a passed challenge, and its site redeems.

use std::sync::{Arc, atomic::Ordering};

use haechi_captcha::{Challenge, Pass, Token};

use super::{Judged, Service, enabled};
use crate::domain::{
    apps::{AppKey, AppSecret, LiveApp, SiteKey},
    ledger::{Attempt, Decision, Ruling, Spend, request_name},
    lifetime::{REDEEMABLE_SECS, RETRY_SECS},
    refusal::{ParameterFault, Refusal},
    token::{Audience, Proof, Redemption, Wish},
};

impl Service {
    /// The app whose pages have this site key.
    ///
    /// # Errors
    /// [`Refusal::AppKey`] if there is none, or it is disabled.
    pub fn app_of_site(&self, site_key: &str) -> Result<Arc<LiveApp>, Refusal> {
        let site_key: SiteKey = site_key.parse().map_err(|_| Refusal::AppKey)?;
        let live = enabled(self.apps.current().by_site_key(&site_key))?;
        self.will_redeem();
        Ok(live)
    }

    /// Checks that a page of this host may show the app's challenges.
    ///
    /// # Errors
    /// [`Refusal::Host`] if the app names hosts, and this is none of them.
    pub fn check_host(&self, live: &LiveApp, host: &str) -> Result<(), Refusal> {
        if live.app.settings.hostnames.admit(host) { Ok(()) } else { Err(Refusal::Host) }
    }

    /// The app whose site has this secret. Its appkey does as well.
    ///
    /// # Errors
    /// [`Refusal::AppKey`] if there is none, or it is disabled.
    pub fn app_of_secret(&self, secret: &str, now: u64) -> Result<Arc<LiveApp>, Refusal> {
        if AppKey::parse(secret).is_some() {
            return self.app(secret, now);
        }
        let secret = AppSecret::parse(secret).ok_or(Refusal::AppKey)?;
        let apps = self.apps.current();
        enabled(apps.by_secret(&secret).or_else(|| apps.by_previous_secret(&secret, now)))
    }

    /// From here on redemptions may come, for as long as which the ledger must remember their challenges.
    fn will_redeem(&self) {
        self.gives_tokens.store(true, Ordering::Relaxed);
    }

    /// The token for a challenge that has just been passed.
    ///
    /// # Errors
    /// [`Refusal::Parameter`] if what it is to say is too long for a token.
    pub fn token(&self, live: &LiveApp, challenge: &Challenge, judged: &Judged, wish: Wish) -> Result<Token, Refusal> {
        let Wish { audience, means, hostname, action, data } = wish;
        let passed_at = judged.issued_at + judged.after_secs;
        let pass = Pass { passed_at, means, audience: audience as u8, hostname, action, data };
        let token = challenge.token(&pass).map_err(|_| ParameterFault::TooLong)?;
        self.will_redeem();
        if !judged.is_repeated {
            live.counters.count_token(passed_at, means);
        }
        Ok(token)
    }

    /// Redeems a token of this app, once; the same request gets the same verdict again.
    ///
    /// # Errors
    /// [`Refusal::Undecided`] or [`Refusal::Overloaded`] if the ledger could not decide, or not in time, in which case
    /// nobody has been told that the token is good.
    pub async fn redeem(
        &self,
        live: &LiveApp,
        token: &str,
        request: Option<&str>,
        now: u64,
    ) -> Result<Redemption, Refusal> {
        // Another token is another request, whatever it is called.
        let request = request.map(|name| request_name(&[name, token]));
        let opened = token.parse::<Token>().ok().and_then(|token| self.keyring.load().open_token(&token));
        let Some((challenge, pass)) = opened.filter(|(challenge, _)| challenge.claims().app == live.app.number) else {
            return Ok(Redemption::Unknown);
        };
        let Some(audience) = Audience::ALL.get(usize::from(pass.audience)).copied() else {
            return Ok(Redemption::Unknown);
        };
        let ends_at = pass.passed_at + audience.life_secs();
        let is_late = now >= ends_at;
        if now >= ends_at + if request.is_some() { RETRY_SECS } else { 0 } {
            return Ok(Redemption::Late);
        }
        let issued_at = challenge.claims().issued_at;
        // However often the challenge's answer came again, no token of it outlives this.
        let until = live.expires_at(issued_at) + REDEEMABLE_SECS;
        let spend = Spend { key: challenge.redemption(), issued_at, until };
        // Past its time it passes only as the request that redeemed it in time and comes again.
        let attempt = Attempt { is_right: !is_late, attempts_allowed: 1, request };
        let Ruling { decision, is_repeated } = self.decided(self.ledger.decide(&spend, &attempt, now)).await?;
        Ok(match decision {
            Decision::Passed => {
                if !is_repeated {
                    live.counters.count_redeemed(pass.passed_at, pass.means);
                }
                Redemption::Redeemed(Box::new(Proof { issued_at, audience, pass }))
            }
            _ if is_late => Redemption::Late,
            Decision::Wrong { .. } | Decision::Spent => Redemption::Spent,
        })
    }
}
