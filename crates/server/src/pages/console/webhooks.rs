//! Notifications: the addresses that are told of marks, and what became of that.

use std::sync::Arc;

use axum::{
    extract::{Path, RawQuery, State},
    http::StatusCode,
    response::Response,
};
use maud::{Markup, html};

use super::{
    Console,
    done::Done,
    explain::see_other,
    fault::Fault,
    form::{Field, Fields, Form, Input},
    format,
    once::once,
    page::{Page, Part, notice},
    question::removal,
    shown_once::{copying, secret},
    table::{Column, Rows},
    texts::{Texts, fill},
    visitor::Visitor,
};
use crate::{
    clock::unix_now,
    domain::admin::{DeliveryState, DeliveryView, Scope, WebhookView},
};

/// What the page shows.
pub(super) struct Notifications {
    pub(super) webhooks: Vec<WebhookView>,
    pub(super) deliveries: Vec<DeliveryView>,
    pub(super) fields: Fields,
}

pub(super) async fn show(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let notice = notice(query.as_deref(), visitor.texts());
    reply(&console, &visitor, Fields::new("webhook"), &notice).await
}

async fn reply(console: &Console, visitor: &Visitor, fields: Fields, notice: &Markup) -> Result<Response, Fault> {
    visitor.must(Scope::AccessWrite)?;
    let actor = visitor.actor.clone();
    let asked =
        console.ask(move |administration| Ok((administration.webhooks(&actor)?, administration.deliveries(&actor)?)));
    let (webhooks, deliveries) = asked.await?;
    let shown = Notifications { webhooks, deliveries, fields };
    let content = page(visitor, &shown, notice);
    Ok(shown.fields.respond(Page::of(visitor, visitor.texts().webhooks, &content).in_part(Part::Webhooks)))
}

pub(super) async fn create(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    form: Form,
) -> Result<Response, Fault> {
    visitor.must(Scope::AccessWrite)?;
    let mut fields = form.fields("webhook", &["url"])?;
    let (actor, url, now) = (visitor.actor.clone(), fields.value("url").to_owned(), unix_now());
    match console.ask(move |administration| administration.create_webhook(&actor, &url, now)).await {
        Ok(issued) => {
            let content = secret_page(&issued.view, &issued.secret, visitor.texts());
            let page = Page::of(&visitor, visitor.texts().webhook_made, &content).in_part(Part::Webhooks);
            Ok(page.shown_once().reply(StatusCode::OK))
        }
        Err(fault) => {
            fields.explain(fault, visitor.texts())?;
            reply(&console, &visitor, fields, &html! {}).await
        }
    }
}

pub(super) async fn test(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    visitor.must(Scope::AccessWrite)?;
    let (actor, now) = (visitor.actor, unix_now());
    console.ask(move |administration| administration.test_webhook(&actor, &id, now)).await?;
    Ok(see_other(&Done::TestQueued.said_at("/console/webhooks")))
}

pub(super) async fn remove(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    visitor.must(Scope::AccessWrite)?;
    let (actor, now) = (visitor.actor, unix_now());
    console.ask(move |administration| administration.remove_webhook(&actor, &id, now)).await?;
    Ok(see_other(&Done::WebhookRemoved.said_at("/console/webhooks")))
}

pub(super) fn page(visitor: &Visitor, shown: &Notifications, notice: &Markup) -> Markup {
    let texts = visitor.texts();
    let address = Field { name: "url", label: texts.address, hint: texts.address_hint, input: Input::Address };
    html! {
        h1 { (texts.webhooks) }
        (notice)
        p.quiet { (texts.webhooks_task) }
        @if shown.webhooks.is_empty() { p.card { (texts.no_webhooks) } }
        @else { (webhooks(visitor, &shown.webhooks)) }
        section {
            h2 { (texts.new_webhook) }
            (shown.fields.summary(texts))
            form.card method="post" action="/console/webhooks" {
                (once())
                (address.render(&shown.fields))
                button.main { (texts.make_webhook) }
            }
        }
        @if !shown.webhooks.is_empty() || !shown.deliveries.is_empty() {
            section #deliveries data-live {
                h2 { (texts.deliveries) }
                @if shown.deliveries.is_empty() { p.card { (texts.no_deliveries) } }
                @else { (deliveries(visitor, shown)) }
            }
        }
    }
}

fn webhooks(visitor: &Visitor, webhooks: &[WebhookView]) -> Markup {
    let texts = visitor.texts();
    let columns = [
        Column(texts.address, Column::TITLE),
        Column(texts.made, "moment"),
        Column(texts.send_test, Column::ACTION),
        Column(texts.remove, Column::ACTION),
    ];
    let row = |webhook: &WebhookView| {
        let address = format!("/console/webhooks/{}", webhook.id);
        let label = fill(texts.remove_that, &[&webhook.url]);
        vec![
            html! { (webhook.url) br; code.quiet { (webhook.id) } },
            format::time(visitor.reader.language, webhook.created_at),
            html! {
                form method="post" action={ (address) "/test" } {
                    (once())
                    button aria-label=(fill(texts.test_that, &[&webhook.url])) { (texts.send_test) }
                }
            },
            removal(&format!("{address}/remove"), &label, texts.remove, &html! {}, texts.really_remove),
        ]
    };
    Rows { label: texts.webhooks, caption: None, columns: &columns }.render(webhooks.iter().map(row))
}

fn deliveries(visitor: &Visitor, shown: &Notifications) -> Markup {
    let (texts, language) = (visitor.texts(), visitor.reader.language);
    let columns = [
        Column(texts.time, "moment"),
        Column(texts.event, ""),
        Column(texts.app, "name"),
        Column(texts.address, "name"),
        Column(texts.outcome, "long"),
    ];
    let row = |delivery: &DeliveryView| {
        let webhook = shown.webhooks.iter().find(|webhook| webhook.id == delivery.webhook);
        vec![
            format::time(language, delivery.created_at),
            html! { ((texts.event_name)(&delivery.event).unwrap_or(&delivery.event)) },
            html! { (delivery.app.as_deref().unwrap_or(format::NONE)) },
            // What is removed since has no other name.
            html! { @if let Some(webhook) = webhook { (webhook.url) } @else { code { (delivery.webhook) } } },
            outcome(visitor, delivery),
        ]
    };
    Rows { label: texts.deliveries, caption: None, columns: &columns }.render(shown.deliveries.iter().map(row))
}

/// How a delivery stands, in words.
fn outcome(visitor: &Visitor, delivery: &DeliveryView) -> Markup {
    let (texts, language) = (visitor.texts(), visitor.reader.language);
    let is_bad = delivery.state != DeliveryState::Delivered && delivery.attempts > 0;
    html! {
        span.badge.warn[is_bad] { ((texts.delivery_state)(delivery.state)) }
        @if let Some(status) = delivery.status { " HTTP " (status) }
        @if let Some(problem) = &delivery.problem { " " ((texts.delivery_problem)(problem).unwrap_or(problem)) }
        @if delivery.attempts > 0 { " · " (fill(texts.attempts_made, &[&delivery.attempts.to_string()])) }
        @if let Some(next) = delivery.next_at.filter(|_| delivery.attempts > 0) {
            " · " (texts.next_attempt) " " (format::time(language, next))
        }
    }
}

fn secret_page(webhook: &WebhookView, key: &str, texts: &Texts) -> Markup {
    html! {
        h1 { (texts.webhook_made) }
        p { code { (webhook.url) } }
        p { (texts.webhook_once) }
        (secret(texts.factor_key, key))
        p { a.button.main href="/console/webhooks" { (texts.webhooks) } }
        (copying(texts))
    }
}
