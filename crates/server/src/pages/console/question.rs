//! What is asked before something is done that cannot be undone, or that a site may stand still for.

use axum::{http::StatusCode, response::Response};
use maud::{Markup, html};

use super::{
    once::once,
    page::{Page, Part},
    texts::Texts,
    visitor::Visitor,
};
use crate::domain::apps::AppView;

/// What is asked before something is done that a site may stand still for.
pub(super) struct Question<'a> {
    pub(super) title: String,
    /// What follows from it.
    pub(super) consequences: Vec<String>,
    /// The last part of the form's address.
    pub(super) action: &'a str,
    pub(super) hidden: Vec<(&'static str, String)>,
    pub(super) button: &'a str,
    /// Whether a site stands still by it at once.
    pub(super) takes_down: bool,
}

impl Question<'_> {
    pub(super) fn ask(&self, visitor: &Visitor, app: &AppView, status: StatusCode) -> Response {
        let content = self.page(app, visitor.texts());
        Page::of(visitor, &self.title, &content).in_part(Part::Overview).reply(status)
    }

    pub(super) fn page(&self, app: &AppView, texts: &Texts) -> Markup {
        html! {
            div.narrow {
                h1 { (self.title) }
                @for consequence in &self.consequences { p { (consequence) } }
                form.row method="post" action={ "/console/apps/" (app.number) "/" (self.action) } {
                    (once())
                    @for (name, value) in &self.hidden { input type="hidden" name=(name) value=(value); }
                    button.danger[self.takes_down].main[!self.takes_down] { (self.button) }
                    a.button href={ "/console/apps/" (app.number) "/settings" } { (texts.cancel) }
                }
            }
        }
    }
}

/// A button that has to be looked for before it can be pressed: what it is for, and what is then pressed.
pub(super) fn removal(action: &str, label: &str, summary: &str, hidden: &Markup, button: &str) -> Markup {
    html! {
        details.removal {
            summary aria-label=(label) { (summary) }
            form method="post" action=(action) {
                (once())
                (hidden)
                button.danger { (button) }
            }
        }
    }
}
