//! What the console says, in each of its languages.
//!
//! `{}` in a text stands for what [`fill`] puts there.

mod english;
mod korean;

use haechi_captcha::{Algorithm, Alphabet, Language};

use super::done::Done;
use crate::domain::{
    admin::{Action, AdminError, Role, Scope},
    apps::{AppError, Policy, Setting},
    counters::Demanded,
    demand::Reason,
    statistics::Span,
};

/// The console's texts in one language.
pub(super) struct Texts {
    // The frame.
    pub(super) skip: &'static str,
    pub(super) navigation: &'static str,
    pub(super) language: &'static str,
    pub(super) times_are_utc: &'static str,
    pub(super) pages: &'static str,
    pub(super) previous: &'static str,
    pub(super) next: &'static str,
    pub(super) page_of: &'static str,
    pub(super) cancel: &'static str,
    pub(super) yes: &'static str,
    pub(super) no: &'static str,
    pub(super) problem: &'static str,
    pub(super) please_correct: &'static str,
    pub(super) not_possible: &'static str,
    pub(super) back_to_overview: &'static str,
    pub(super) no_such_page: &'static str,
    pub(super) bad_form: &'static str,
    pub(super) internal: &'static str,
    // Signing in.
    pub(super) sign_in: &'static str,
    pub(super) sign_out: &'static str,
    pub(super) name: &'static str,
    pub(super) password: &'static str,
    pub(super) password_hint: &'static str,
    pub(super) awaits_first: &'static str,
    pub(super) first_title: &'static str,
    pub(super) first_task: &'static str,
    pub(super) first_make: &'static str,
    pub(super) plain_refused: &'static str,
    pub(super) plain_remedy: &'static str,
    pub(super) plain_proxy: &'static str,
    pub(super) plain_local: &'static str,
    pub(super) change_password: &'static str,
    pub(super) change_password_task: &'static str,
    pub(super) old_password: &'static str,
    pub(super) new_password: &'static str,
    pub(super) new_password_again: &'static str,
    pub(super) passwords_differ: &'static str,
    pub(super) wrong_password: &'static str,
    // Apps.
    pub(super) apps: &'static str,
    pub(super) new_app: &'static str,
    pub(super) find_app: &'static str,
    pub(super) find: &'static str,
    pub(super) apps_found: &'static str,
    pub(super) as_of: &'static str,
    pub(super) no_apps: &'static str,
    pub(super) nothing_found: &'static str,
    pub(super) last_day: &'static str,
    pub(super) state: &'static str,
    pub(super) enabled: &'static str,
    pub(super) disabled: &'static str,
    pub(super) declared: &'static str,
    pub(super) test_app: &'static str,
    pub(super) app_pages: &'static str,
    pub(super) statistics: &'static str,
    pub(super) settings: &'static str,
    pub(super) integration: &'static str,
    // Statistics.
    pub(super) span: &'static str,
    pub(super) from_to: &'static str,
    pub(super) figures: &'static str,
    pub(super) course: &'static str,
    pub(super) issued: &'static str,
    pub(super) passed: &'static str,
    pub(super) wrong: &'static str,
    pub(super) pass_rate: &'static str,
    pub(super) unanswered: &'static str,
    pub(super) sound_share: &'static str,
    pub(super) median: &'static str,
    pub(super) p90: &'static str,
    pub(super) limited: &'static str,
    pub(super) tokens_made: &'static str,
    pub(super) unredeemed: &'static str,
    pub(super) before: &'static str,
    pub(super) points: &'static str,
    pub(super) figures_meaning: &'static str,
    pub(super) counts_chart: &'static str,
    pub(super) counts_description: &'static str,
    pub(super) rate_description: &'static str,
    pub(super) times_chart: &'static str,
    pub(super) times_description: &'static str,
    pub(super) as_table: &'static str,
    pub(super) download_csv: &'static str,
    pub(super) refresh: &'static str,
    pub(super) marks: &'static str,
    pub(super) no_marks: &'static str,
    pub(super) work_stands_still: &'static str,
    pub(super) marks_advice: &'static str,
    pub(super) all_rules: &'static str,
    pub(super) fast_answers: &'static str,
    pub(super) pass_rate_changed: &'static str,
    pub(super) time_changed: &'static str,
    pub(super) unanswered_grew: &'static str,
    pub(super) wrong_solutions: &'static str,
    pub(super) work_undone: &'static str,
    // Work, and what the rule demands.
    pub(super) work: &'static str,
    pub(super) no_work: &'static str,
    pub(super) works: &'static str,
    pub(super) works_done: &'static str,
    pub(super) done_share: &'static str,
    pub(super) works_undone: &'static str,
    pub(super) wrong_works: &'static str,
    pub(super) longer_works: &'static str,
    pub(super) unredeemed_for_work: &'static str,
    pub(super) work_meaning: &'static str,
    pub(super) works_chart: &'static str,
    pub(super) works_description: &'static str,
    pub(super) rule: &'static str,
    pub(super) rule_meaning: &'static str,
    pub(super) policy_now: &'static str,
    pub(super) rule_now: &'static str,
    pub(super) not_known_yet: &'static str,
    pub(super) reason: fn(Reason) -> &'static str,
    pub(super) no_demands: &'static str,
    pub(super) would_be: &'static str,
    pub(super) level: &'static str,
    pub(super) without_word: &'static str,
    pub(super) with_word: &'static str,
    pub(super) of_all: &'static str,
    pub(super) begun: &'static str,
    pub(super) raised: &'static str,
    pub(super) demands_chart: &'static str,
    pub(super) demands_description: &'static str,
    pub(super) really_asked: &'static str,
    pub(super) asked_word: &'static str,
    pub(super) asked_both: &'static str,
    pub(super) asked_work: &'static str,
    // Settings.
    pub(super) save: &'static str,
    pub(super) made: &'static str,
    pub(super) declared_note: &'static str,
    pub(super) between: &'static str,
    pub(super) light: &'static str,
    pub(super) dark: &'static str,
    pub(super) preview: &'static str,
    pub(super) preview_task: &'static str,
    pub(super) another_sample: &'static str,
    pub(super) pictures: &'static str,
    pub(super) sounds: &'static str,
    pub(super) picture_caption: &'static str,
    pub(super) app_name_hint: &'static str,
    pub(super) make_app: &'static str,
    pub(super) app_made: &'static str,
    // Managing.
    pub(super) rotate: &'static str,
    pub(super) rotated: &'static str,
    pub(super) rotate_task: &'static str,
    pub(super) grace: &'static str,
    pub(super) grace_hint: &'static str,
    pub(super) grace_until: &'static str,
    pub(super) end_grace: &'static str,
    pub(super) appkey_once: &'static str,
    pub(super) site_key: &'static str,
    pub(super) site_key_task: &'static str,
    pub(super) make_secret: &'static str,
    pub(super) make_secret_task: &'static str,
    pub(super) rotate_secret: &'static str,
    pub(super) rotate_secret_task: &'static str,
    pub(super) secret_rotated: &'static str,
    pub(super) secret_grace: &'static str,
    pub(super) secret_grace_until: &'static str,
    pub(super) end_secret_grace: &'static str,
    pub(super) secret_once: &'static str,
    pub(super) disable: &'static str,
    pub(super) disable_task: &'static str,
    pub(super) enable: &'static str,
    pub(super) enable_task: &'static str,
    pub(super) remove: &'static str,
    pub(super) remove_that: &'static str,
    pub(super) remove_app: &'static str,
    pub(super) remove_task: &'static str,
    pub(super) remove_question: &'static str,
    pub(super) really_remove: &'static str,
    // Integration.
    pub(super) widget: &'static str,
    pub(super) widget_tags: &'static str,
    pub(super) widget_request: &'static str,
    pub(super) widget_policy: &'static str,
    pub(super) any_host: &'static str,
    pub(super) these_hosts: &'static str,
    pub(super) altcha: &'static str,
    pub(super) altcha_task: &'static str,
    pub(super) altcha_key: &'static str,
    pub(super) altcha_key_task: &'static str,
    pub(super) altcha_key_of: &'static str,
    pub(super) without_widget: &'static str,
    pub(super) copy: &'static str,
    pub(super) copied: &'static str,
    pub(super) integration_task: &'static str,
    pub(super) integration_address: &'static str,
    pub(super) examples: &'static str,
    // Examples of pages, which have words for visitors.
    pub(super) widget_example: &'static str,
    pub(super) altcha_example: &'static str,
    pub(super) form_example: &'static str,
    pub(super) html_note: &'static str,
    // The audit log.
    pub(super) audit_log: &'static str,
    pub(super) audit_task: &'static str,
    pub(super) time: &'static str,
    pub(super) who: &'static str,
    pub(super) by_user: &'static str,
    pub(super) by_token: &'static str,
    pub(super) by_command: &'static str,
    pub(super) old_ends: &'static str,
    pub(super) wrong_to_sign_in: &'static str,
    pub(super) wrong_for_a_change: &'static str,
    pub(super) action: &'static str,
    pub(super) subject: &'static str,
    pub(super) detail: &'static str,
    pub(super) no_entries: &'static str,
    pub(super) newest: &'static str,
    pub(super) older: &'static str,
    // Tokens and users.
    pub(super) access: &'static str,
    pub(super) tokens: &'static str,
    pub(super) tokens_task: &'static str,
    pub(super) no_tokens: &'static str,
    pub(super) scopes: &'static str,
    pub(super) choose_scope: &'static str,
    pub(super) ends: &'static str,
    pub(super) lifetime: &'static str,
    pub(super) days: &'static str,
    pub(super) new_token: &'static str,
    pub(super) make_token: &'static str,
    pub(super) token_made: &'static str,
    pub(super) token_once: &'static str,
    pub(super) token_use: &'static str,
    pub(super) users: &'static str,
    pub(super) users_task: &'static str,
    pub(super) role: &'static str,
    pub(super) role_hint: &'static str,
    pub(super) new_user: &'static str,
    pub(super) make_user: &'static str,
    // Lists.
    pub(super) span_name: fn(Span) -> &'static str,
    /// The rules by which something is marked, in the order of [`Mark`](crate::domain::statistics::Mark).
    pub(super) rules: [&'static str; 6],
    /// The levels of work, from 0.
    pub(super) levels: [&'static str; Demanded::LEVELS],
    pub(super) alphabet: fn(Alphabet) -> &'static str,
    pub(super) policy: fn(Policy) -> &'static str,
    pub(super) algorithm: fn(Algorithm) -> &'static str,
    /// The difficulties, from 1.
    pub(super) difficulties: [&'static str; 5],
    /// Names of the grace periods, in the order of `GRACES_SECS`.
    pub(super) graces: [&'static str; 4],
    /// What each scope allows.
    pub(super) scope_meaning: fn(Scope) -> &'static str,
    pub(super) role_name: fn(Role) -> &'static str,
    /// The label of a setting, and a hint.
    pub(super) no_hostnames: &'static str,
    pub(super) no_networks: &'static str,
    pub(super) setting: fn(Setting) -> (&'static str, &'static str),
    /// What is said after something was done.
    pub(super) done: fn(Done) -> &'static str,
    /// What the actions of the audit log are called.
    pub(super) action_name: fn(Action) -> &'static str,
    errors: Errors,
}

/// Why something is not done.
struct Errors {
    forbidden: &'static str,
    sign_in_failed: &'static str,
    bad_code: &'static str,
    too_many_attempts: &'static str,
    not_found: &'static str,
    taken: &'static str,
    last_administrator: &'static str,
    name: &'static str,
    password: &'static str,
    invalid: &'static str,
    declared: &'static str,
    full: &'static str,
    no_number_left: &'static str,
    conflict: &'static str,
    storage: &'static str,
}

impl Texts {
    /// Korean, and English for every other language.
    pub(super) fn of(language: Language) -> &'static Self {
        if language == Language::Ko { &korean::TEXTS } else { &english::TEXTS }
    }

    pub(super) fn error(&self, error: &AdminError) -> String {
        let errors = &self.errors;
        match error {
            AdminError::Forbidden(_) => errors.forbidden.to_owned(),
            AdminError::SignInFailed => errors.sign_in_failed.to_owned(),
            AdminError::BadCode => errors.bad_code.to_owned(),
            AdminError::TooManyAttempts { retry_after_secs } => {
                fill(errors.too_many_attempts, &[&retry_after_secs.to_string()])
            }
            AdminError::NotFound { name, .. } => fill(errors.not_found, &[name]),
            AdminError::Taken { name, .. } => fill(errors.taken, &[name]),
            AdminError::Invalid { name: "name", .. } => errors.name.to_owned(),
            AdminError::Invalid { name: "password", .. } => errors.password.to_owned(),
            AdminError::Invalid { name, reason } => fill(errors.invalid, &[&format!("{name}, {reason}")]),
            AdminError::LastAdministrator => errors.last_administrator.to_owned(),
            AdminError::App(error) => self.app_error(error),
            AdminError::Full { .. } => errors.full.to_owned(),
            AdminError::Store(_) | AdminError::Random(_) => errors.storage.to_owned(),
        }
    }

    fn app_error(&self, error: &AppError) -> String {
        let errors = &self.errors;
        match error {
            AppError::Name(_) => errors.name.to_owned(),
            AppError::NameTaken(name) => fill(errors.taken, &[name]),
            AppError::NoSuchApp(name) => fill(errors.not_found, &[name]),
            AppError::Declared(_) => errors.declared.to_owned(),
            AppError::Setting(setting) => fill(errors.invalid, &[&setting.to_string()]),
            AppError::Full => errors.full.to_owned(),
            AppError::NoNumberLeft => errors.no_number_left.to_owned(),
            AppError::Conflict => errors.conflict.to_owned(),
            AppError::Random(_) | AppError::Storage(_) => errors.storage.to_owned(),
        }
    }
}

/// A text with these in the places of its `{}`, in order.
pub(super) fn fill(text: &str, values: &[&str]) -> String {
    let mut filled = String::new();
    let mut values = values.iter();
    for (at, part) in text.split("{}").enumerate() {
        if at > 0 {
            filled.push_str(values.next().unwrap_or(&""));
        }
        filled.push_str(part);
    }
    filled
}
