//! Forms: what was typed, what is wrong with it, and how both are shown.

use std::collections::BTreeMap;

use axum::{
    extract::{FromRequest, Request},
    http::{StatusCode, header},
    response::Response,
};
use encoding_rs::UTF_8;
use maud::{Markup, html};

use super::{fault::Fault, page::Page, texts::Texts};
use crate::{
    domain::{admin::AdminError, apps::AppError, refusal::Refusal},
    http::{parameters::Parameters, request::read_body},
};

/// The body of a form that was sent.
pub(super) struct Form(Parameters<'static>);

impl<State: Sync> FromRequest<State> for Form {
    type Rejection = Fault;

    async fn from_request(request: Request, _: &State) -> Result<Self, Fault> {
        let body = read_body(request).await?;
        Ok(Self(Parameters::of_form(&body, UTF_8).map_err(Refusal::from)?.into_owned()))
    }
}

impl Form {
    /// What was typed into this field, or nothing.
    pub(super) fn text(&self, name: &str) -> Result<String, Fault> {
        // How long it may be is each field's to say; all together are bounded as a body is.
        let value = self.0.single_of_any_length(&[name]).map_err(Refusal::from)?;
        Ok(value.unwrap_or_default().to_owned())
    }

    /// What was typed into these fields of the form of this name.
    pub(super) fn fields(&self, form: &'static str, names: &[&'static str]) -> Result<Fields, Fault> {
        let mut fields = Fields::new(form);
        for name in names {
            fields.values.insert(name, self.text(name)?);
        }
        Ok(fields)
    }
}

/// The fields of a form, with what stands in them and what is wrong with that.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields {
    /// Keeps the ids of two forms on one page apart.
    form: &'static str,
    values: BTreeMap<&'static str, String>,
    problems: BTreeMap<&'static str, String>,
    problem: Option<String>,
    /// Seconds after which it is worth trying again, if it was tried too often.
    retry_after_secs: Option<u64>,
}

impl Fields {
    pub(super) fn new(form: &'static str) -> Self {
        Self { form, ..Self::default() }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.values.insert(name, value.into());
        self
    }

    pub(super) fn value(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    /// Says what is wrong with a field.
    pub(super) fn object(&mut self, name: &'static str, problem: impl Into<String>) {
        self.problems.entry(name).or_insert(problem.into());
    }

    /// Says what is wrong with the form as a whole.
    pub(super) fn object_to_all(&mut self, problem: impl Into<String>) {
        self.problem = Some(problem.into());
    }

    pub(super) fn has_problems(&self) -> bool {
        self.problem.is_some() || !self.problems.is_empty()
    }

    pub(super) fn is_wrong(&self, name: &str) -> bool {
        self.problems.contains_key(name)
    }

    /// The page that this form stands on, with the status that says what became of it.
    pub(super) fn respond(&self, page: Page<'_>) -> Response {
        let page = page.with_problems(self.has_problems());
        let Some(secs) = self.retry_after_secs else { return page.respond() };
        let mut response = page.reply(StatusCode::TOO_MANY_REQUESTS);
        response.headers_mut().insert(header::RETRY_AFTER, secs.into());
        response
    }

    /// Ties a refusal to the field that it is about, if whoever typed can mend it; else it is a fault.
    pub(super) fn explain(&mut self, fault: Fault, texts: &Texts) -> Result<(), Fault> {
        let Fault::Admin(error) = fault else { return Err(fault) };
        let field = match &error {
            AdminError::App(AppError::Name(_) | AppError::NameTaken(_)) | AdminError::Taken { .. } => "name",
            AdminError::App(AppError::Setting(error)) => error.setting.name(),
            AdminError::Invalid { name, .. } => name,
            AdminError::LastAdministrator
            | AdminError::Full { .. }
            | AdminError::BadCode
            | AdminError::WrongCode
            | AdminError::BadInvitation
            | AdminError::SignInFailed
            | AdminError::TooManyAttempts { .. }
            | AdminError::App(AppError::Full | AppError::NoNumberLeft | AppError::Declared(_) | AppError::Conflict) => {
                ""
            }
            _ => return Err(Fault::Admin(error)),
        };
        let problem = texts.error(&error);
        if let AdminError::TooManyAttempts { retry_after_secs } = error {
            self.retry_after_secs = Some(retry_after_secs);
        }
        match self.values.keys().find(|name| **name == field).copied() {
            Some(name) => self.object(name, problem),
            None => self.object_to_all(problem),
        }
        Ok(())
    }

    fn id(&self, name: &str) -> String {
        format!("{}-{name}", self.form)
    }

    fn is_first_problem(&self, name: &str) -> bool {
        self.problem.is_none() && self.problems.keys().next().is_some_and(|first| *first == name)
    }

    /// What is wrong, above the form.
    pub(super) fn summary(&self, texts: &Texts) -> Markup {
        html! {
            @if self.has_problems() {
                div.problems role="alert" tabindex="-1" autofocus[self.problem.is_some()] {
                    p { strong { (self.problem.as_deref().unwrap_or(texts.please_correct)) } }
                    @if !self.problems.is_empty() {
                        ul {
                            @for (name, problem) in &self.problems {
                                li { a href={ "#" (self.id(name)) } { (problem) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What a field takes.
pub(super) enum Input<'a> {
    Text {
        autocomplete: &'a str,
    },
    /// A code, with or without spaces.
    Code,
    /// Text, or none.
    Optional,
    /// The address of something.
    Address,
    /// Names with spaces between them, or none.
    Names,
    /// A colour such as `#0b6e4f`, or none.
    Colour,
    Password {
        autocomplete: &'a str,
    },
    Number {
        min: u32,
        max: u32,
    },
    /// Values with what they are called.
    Choice(Vec<(String, String)>),
    Check,
}

/// A field with its label.
pub(super) struct Field<'a> {
    pub(super) name: &'static str,
    pub(super) label: &'a str,
    pub(super) hint: &'a str,
    pub(super) input: Input<'a>,
}

impl Field<'_> {
    pub(super) fn render(&self, fields: &Fields) -> Markup {
        let id = fields.id(self.name);
        let problem = fields.problems.get(self.name);
        let label = html! { label for=(id) { (self.label) } };
        let is_check = matches!(self.input, Input::Check);
        html! {
            div.field.check[is_check] {
                @if !is_check { (label) }
                (self.control(fields, &id, problem.is_some()))
                @if is_check { (label) }
                @if !self.hint.is_empty() { p.hint id={ (id) "-hint" } { (self.hint) } }
                @if let Some(problem) = problem { p.wrong id={ (id) "-problem" } { (problem) } }
            }
        }
    }

    fn control(&self, fields: &Fields, id: &str, is_wrong: bool) -> Markup {
        let value = fields.value(self.name);
        let hint = (!self.hint.is_empty()).then(|| format!("{id}-hint"));
        let problem = is_wrong.then(|| format!("{id}-problem"));
        let described: Vec<String> = hint.into_iter().chain(problem).collect();
        let described = (!described.is_empty()).then(|| described.join(" "));
        let invalid = is_wrong.then_some("true");
        let focus = fields.is_first_problem(self.name);
        match &self.input {
            Input::Text { autocomplete } => html! {
                input id=(id) name=(self.name) type="text" value=(value) maxlength="256" required autocomplete=(autocomplete)
                    autocapitalize="none" spellcheck="false" aria-describedby=[described] aria-invalid=[invalid]
                    autofocus[focus];
            },
            Input::Code => html! {
                input id=(id) name=(self.name) type="text" maxlength="64" required autocomplete="one-time-code"
                    autocapitalize="none" spellcheck="false" aria-describedby=[described] aria-invalid=[invalid]
                    autofocus[focus];
            },
            Input::Optional => html! {
                input id=(id) name=(self.name) type="text" value=(value) maxlength="256" autocomplete="off"
                    autocapitalize="none" spellcheck="false" aria-describedby=[described] aria-invalid=[invalid]
                    autofocus[focus];
            },
            Input::Address => html! {
                input id=(id) name=(self.name) type="url" value=(value) maxlength="2000" required autocomplete="off"
                    spellcheck="false" aria-describedby=[described] aria-invalid=[invalid] autofocus[focus];
            },
            Input::Names => html! {
                input id=(id) name=(self.name) type="text" value=(value) maxlength="8000" autocomplete="off"
                    autocapitalize="none" spellcheck="false" aria-describedby=[described] aria-invalid=[invalid]
                    autofocus[focus];
            },
            Input::Colour => html! {
                input id=(id) name=(self.name) type="text" value=(value) maxlength="7" pattern="#[0-9A-Fa-f]{6}"
                    autocomplete="off" autocapitalize="none" spellcheck="false" aria-describedby=[described]
                    aria-invalid=[invalid] autofocus[focus] data-colour=(self.label);
            },
            // A password is never sent back.
            Input::Password { autocomplete } => html! {
                input id=(id) name=(self.name) type="password" maxlength="64" required autocomplete=(autocomplete)
                    aria-describedby=[described] aria-invalid=[invalid] autofocus[focus];
            },
            Input::Number { min, max } => html! {
                input id=(id) name=(self.name) type="number" value=(value) min=(min) max=(max) required inputmode="numeric"
                    aria-describedby=[described] aria-invalid=[invalid] autofocus[focus];
            },
            Input::Choice(choices) => html! {
                select id=(id) name=(self.name) aria-describedby=[described] aria-invalid=[invalid] autofocus[focus] {
                    @for (choice, name) in choices { option value=(choice) selected[choice == value] { (name) } }
                }
            },
            Input::Check => html! {
                input id=(id) name=(self.name) type="checkbox" value="true" checked[value == "true"]
                    aria-describedby=[described] aria-invalid=[invalid] autofocus[focus];
            },
        }
    }
}
