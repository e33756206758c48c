//! The OpenAPI document as a page: every call with its parameters, bodies and replies, and every schema.
//!
//! It reads the document as what it is served as, JSON, so that nothing can be in the one and not in the other.

use maud::{DOCTYPE, Markup, html};
use serde_json::{Map, Value};

/// What a schema may say of a value beside its type, with what the page says of it.
const BOUNDS: [(&str, &str); 9] = [
    ("format", ""),
    ("minimum", "from"),
    ("maximum", "to"),
    ("minLength", "characters from"),
    ("maxLength", "characters to"),
    ("minItems", "items from"),
    ("maxItems", "items to"),
    ("pattern", "like"),
    ("default", "default"),
];
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
const SCHEMAS: &str = "#/components/schemas/";

pub(super) fn render(document: &utoipa::openapi::OpenApi) -> Markup {
    // It is a tree of texts, numbers and lists.
    let document = serde_json::to_value(document).expect("the document can be written as JSON");
    let calls: Vec<Call<'_>> = members(&document["paths"]).flat_map(|(path, item)| calls_of(path, item)).collect();
    let schemas = || members(&document["components"]["schemas"]);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "API – haechi" }
                link rel="stylesheet" href="page.css";
            }
            body {
                a.skip href="#main" { "To the calls" }
                header {
                    h1 { "The API of " (text(&document["info"]["title"])) " " (text(&document["info"]["version"])) }
                    (prose(&document["info"]["description"]))
                    p { "The same for programs: " a href="/openapi.json" { "openapi.json" } }
                }
                nav aria-label="Contents" {
                    @for tag in tags(&document, &calls) {
                        h2 { (tag) }
                        ul { @for call in calls.iter().filter(|call| call.tag() == tag) { li { (call.link()) } } }
                    }
                    h2 { "Schemas" }
                    ul { @for (name, _) in schemas() { li { (schema_link(name)) } } }
                }
                main #main tabindex="-1" {
                    @for tag in tags(&document, &calls) {
                        section {
                            h2 { (tag) }
                            @for known in list(&document["tags"]).filter(|known| known["name"] == tag) {
                                (prose(&known["description"]))
                            }
                            @for call in calls.iter().filter(|call| call.tag() == tag) { (call.render()) }
                        }
                    }
                    section {
                        h2 { "Schemas" }
                        @for (name, schema) in schemas() { (schema_section(name, schema)) }
                    }
                }
            }
        }
    }
}

/// One call: a method of a path.
struct Call<'a> {
    path: &'a str,
    method: &'static str,
    operation: &'a Value,
    /// What all methods of the path take.
    shared_parameters: &'a Value,
}

fn calls_of<'a>(path: &'a str, item: &'a Value) -> impl Iterator<Item = Call<'a>> {
    METHODS.into_iter().filter_map(move |method| {
        let operation = item.get(method)?;
        Some(Call { path, method, operation, shared_parameters: &item["parameters"] })
    })
}

/// The groups of calls: first those that the document describes, in its order.
fn tags<'a>(document: &'a Value, calls: &[Call<'a>]) -> Vec<&'a str> {
    let described = list(&document["tags"]).map(|tag| text(&tag["name"]));
    let mut tags = Vec::new();
    for tag in described.chain(calls.iter().map(Call::tag)) {
        if !tags.contains(&tag) && calls.iter().any(|call| call.tag() == tag) {
            tags.push(tag);
        }
    }
    tags
}

impl<'a> Call<'a> {
    fn tag(&self) -> &'a str {
        self.operation["tags"][0].as_str().unwrap_or("Calls")
    }

    /// The name of its place on the page.
    fn place(&self) -> String {
        let words = self.path.split(|c: char| !c.is_alphanumeric() && c != '.').filter(|word| !word.is_empty());
        std::iter::once(self.method).chain(words).collect::<Vec<_>>().join("-")
    }

    fn link(&self) -> Markup {
        html! { a href={ "#" (self.place()) } { b { (self.method.to_uppercase()) } " " (self.path) } }
    }

    fn render(&self) -> Markup {
        let parameters = || list(self.shared_parameters).chain(list(&self.operation["parameters"]));
        html! {
            article id=(self.place()) aria-labelledby={ (self.place()) "-title" } {
                h3 id={ (self.place()) "-title" } { (self.link()) }
                (prose(&self.operation["summary"]))
                (prose(&self.operation["description"]))
                @if list(&self.operation["security"]).next().is_some() { p { "Needs a token." } }
                @if parameters().next().is_some() {
                    h4 { "Parameters" }
                    dl { @for parameter in parameters() { (member(text(&parameter["name"]), parameter)) } }
                }
                @if let Some(body) = self.operation.get("requestBody") {
                    h4 { "Body" @if body["required"] != true { " (may be left out)" } }
                    (prose(&body["description"]))
                    (contents(body))
                }
                h4 { "Replies" }
                dl {
                    @for (status, reply) in members(&self.operation["responses"]) {
                        dt { code { (status) } }
                        dd { (prose(&reply["description"])) (contents(reply)) (headers(reply)) }
                    }
                }
            }
        }
    }
}

/// A parameter or a header: what it is, and what it is for.
fn member(name: &str, member: &Value) -> Markup {
    html! {
        dt {
            code { (name) } " "
            span.kind {
                @if let Some(place) = member["in"].as_str() { "in the " (place) ", " }
                @if member["required"] != true { "may be left out, " }
                (kind(&member["schema"]))
            }
        }
        dd { (prose(&member["description"])) (example(member)) (example(&member["schema"])) }
    }
}

/// The types and schemas of what a body may be.
fn contents(body: &Value) -> Markup {
    html! {
        @for (media_type, content) in members(&body["content"]) {
            p { code { (media_type) } @if let Some(schema) = content.get("schema") { ": " (kind(schema)) } }
            (example(content))
        }
    }
}

fn headers(reply: &Value) -> Markup {
    html! {
        @for (name, header) in members(&reply["headers"]) {
            p { "Header " code { (name) } ": " (kind(&header["schema"])) }
            (prose(&header["description"]))
        }
    }
}

fn schema_section(name: &str, schema: &Value) -> Markup {
    html! {
        article id={ "schema-" (name) } aria-labelledby={ "schema-" (name) "-title" } {
            h3 id={ "schema-" (name) "-title" } { (schema_link(name)) }
            (prose(&schema["description"]))
            (properties(schema))
            @if schema.get("properties").is_none() { p { (kind(schema)) } }
            (example(schema))
        }
    }
}

/// The members of an object.
fn properties(schema: &Value) -> Markup {
    let is_required = |name: &str| list(&schema["required"]).any(|required| required == name);
    html! {
        @if schema.get("properties").is_some() {
            dl {
                @for (name, property) in members(&schema["properties"]) {
                    dt {
                        code { (name) } " "
                        span.kind { @if !is_required(name) { "may be left out, " } (kind(property)) }
                    }
                    dd { (prose(&property["description"])) (example(property)) }
                }
            }
        }
    }
}

fn schema_link(name: &str) -> Markup {
    html! { a href={ "#schema-" (name) } { (name) } }
}

/// The type of a value, with its bounds.
fn kind(schema: &Value) -> Markup {
    let several = |name: &str| schema.get(name).is_some();
    html! {
        @if let Some(name) = schema["$ref"].as_str() {
            (schema_link(name.trim_start_matches(SCHEMAS)))
        } @else if several("oneOf") || several("anyOf") {
            (joined(list(&schema["oneOf"]).chain(list(&schema["anyOf"])), " or "))
        } @else if several("allOf") {
            (joined(list(&schema["allOf"]), " with "))
        } @else if schema.get("enum").is_some() {
            @for (at, value) in list(&schema["enum"]).enumerate() {
                @if at > 0 { ", " }
                code { (plain(value)) }
            }
        } @else if schema["type"] == "array" {
            "list of " (kind(&schema["items"]))
        } @else {
            (type_names(&schema["type"]))
            @for (name, words) in BOUNDS {
                @if let Some(value) = schema.get(name).filter(|value| !value.is_null()) {
                    ", " (words) @if !words.is_empty() { " " } (plain(value))
                }
            }
        }
        @if several("allOf") || several("oneOf") || several("anyOf") {
            @for part in ["allOf", "oneOf", "anyOf"].into_iter().flat_map(|name| list(&schema[name])) { (properties(part)) }
        }
    }
}

/// Several types in a row. An object that has no name has its members below the row.
fn joined<'a>(schemas: impl Iterator<Item = &'a Value>, between: &str) -> Markup {
    html! { @for (at, schema) in schemas.enumerate() { @if at > 0 { (between) } (kind(schema)) } }
}

fn type_names(names: &Value) -> String {
    match names {
        Value::Array(names) => names.iter().map(plain).collect::<Vec<_>>().join(" or "),
        Value::String(name) => name.clone(),
        _ => "anything".to_owned(),
    }
}

fn example(holder: &Value) -> Markup {
    html! {
        @if let Some(example) = holder.get("example") {
            @if example.is_object() || example.is_array() {
                pre tabindex="0" aria-label="Example" { (serde_json::to_string_pretty(example).unwrap_or_default()) }
            } @else {
                p { "Example: " code { (plain(example)) } }
            }
        }
    }
}

/// A description: paragraphs, in which code stands between backticks.
fn prose(description: &Value) -> Markup {
    html! {
        @for paragraph in text(description).split("\n\n").filter(|paragraph| !paragraph.is_empty()) {
            p {
                @for (at, part) in paragraph.split('`').enumerate() {
                    @if at % 2 == 1 { code { (part) } } @else { (part) }
                }
            }
        }
    }
}

/// A value without the quotes of a text.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter).map(|(name, value)| (name.as_str(), value))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::dialect::docs::openapi;

    fn attributes(page: &str, start: &str) -> BTreeSet<String> {
        page.split(start).skip(1).filter_map(|part| part.split('"').next()).map(str::to_owned).collect()
    }

    #[test]
    fn every_call_and_every_schema_has_a_place_and_every_link_one() {
        let document = serde_json::to_value(openapi()).unwrap();
        let page = render(&openapi()).into_string();
        let places = attributes(&page, " id=\"");
        let calls: Vec<_> = members(&document["paths"]).flat_map(|(path, item)| calls_of(path, item)).collect();
        assert!(calls.len() > 20);
        for call in &calls {
            assert!(places.contains(&call.place()), "{}", call.place());
        }
        assert_eq!(calls.iter().map(Call::place).collect::<BTreeSet<_>>().len(), calls.len());
        for (name, _) in members(&document["components"]["schemas"]) {
            assert!(places.contains(&format!("schema-{name}")), "{name}");
        }
        for link in attributes(&page, "href=\"#") {
            assert!(places.contains(&link), "{link}");
        }
    }

    #[test]
    fn nothing_runs_and_nothing_is_styled_inline() {
        let page = render(&openapi()).into_string();
        for absent in ["<script", " style=", " onclick", "javascript:", "<style"] {
            assert!(!page.contains(absent), "{absent}");
        }
    }

    #[test]
    fn a_type_is_said_with_its_bounds() {
        let said = |schema: Value| kind(&schema).into_string();
        let number = serde_json::json!({"type": ["integer", "null"], "minimum": 1, "maximum": 5});
        assert_eq!(said(number), "integer or null, from 1, to 5");
        let list = serde_json::json!({"type": "array", "items": {"$ref": "#/components/schemas/Scope"}});
        assert_eq!(said(list), "list of <a href=\"#schema-Scope\">Scope</a>");
        assert_eq!(said(serde_json::json!({"enum": ["a", "b"]})), "<code>a</code>, <code>b</code>");
    }
}
