//! The alert rules and the dashboard in `deploy/` ask for what `/metrics` shows.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde_json::Value;

use crate::server::TestServer;

fn deployed(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    fs::read_to_string(root.join("deploy").join(name)).unwrap()
}

fn is_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// The metrics that a text names, each with the labels that it asks for.
///
/// What is between quotes, as labels' values and sentences are, does not count.
fn named_in(text: &str) -> Vec<(String, Vec<String>)> {
    let text: String = text.split('"').step_by(2).collect();
    let starts = text.match_indices("haechi_").map(|(start, _)| start);
    let starts = starts.filter(|&start| !text[..start].ends_with(is_name));
    let metric = |start: usize| {
        let rest = &text[start..];
        let end = rest.find(|letter| !is_name(letter)).unwrap_or(rest.len());
        let selector =
            rest[end..].strip_prefix('{').and_then(|selector| selector.split('}').next()).unwrap_or_default();
        let labels = selector.split(',').filter_map(|pair| pair.split(['=', '!']).next());
        let labels = labels.map(str::trim).filter(|label| !label.is_empty()).map(str::to_owned);
        (rest[..end].to_owned(), labels.collect())
    };
    starts.map(metric).collect()
}

/// What a server shows after one of each call: every metric with its labels.
fn shown() -> BTreeMap<String, BTreeSet<String>> {
    let server = TestServer::with_args(&["--media-per-minute", "2"]);
    let key = server.issue(server.appkey());
    server.get(&format!("/captcha/v1.0/keys/{key}/img"));
    server.get(&format!("/captcha/v1.0/keys/{key}/sound"));
    assert_eq!(server.get(&format!("/captcha/v1.0/keys/{key}/img")).status, 429);
    server.verify(server.appkey(), &key, &server.answer_of(&key));
    let text = server.get("/metrics").text().to_owned();
    let mut shown: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, labels) in text.lines().filter(|line| !line.starts_with('#')).flat_map(named_in) {
        shown.entry(name).or_default().extend(labels);
    }
    shown
}

/// Every expression in a JSON value.
fn expressions<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("expr").and_then(Value::as_str));
            fields.values().for_each(|field| expressions(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| expressions(item, found)),
        _ => {}
    }
}

#[test]
fn rules_and_dashboard_ask_for_what_is_shown() {
    let shown = shown();
    let dashboard: Value = serde_json::from_str(&deployed("grafana.json")).unwrap();
    let mut asked = Vec::new();
    expressions(&dashboard, &mut asked);
    let (rules, dashboard) = (deployed("alerts.yml"), asked.join("\n"));
    for (file, text) in [("alerts.yml", &rules), ("grafana.json", &dashboard)] {
        let named = named_in(text);
        assert!(named.len() > 10, "{file}: {named:?}");
        for (name, labels) in named {
            let Some(known) = shown.get(&name) else { panic!("{file}: {name} is not shown") };
            // Prometheus adds the label of the server that it asked.
            for label in labels.iter().filter(|label| *label != "instance") {
                assert!(known.contains(label), "{file}: {name} has no label {label}, but {known:?}");
            }
        }
    }
    // And the dashboard leaves nothing out.
    let on_dashboard: BTreeSet<String> = named_in(&dashboard).into_iter().map(|(name, _)| family(&name)).collect();
    let families: BTreeSet<String> = shown.keys().map(|name| family(name)).collect();
    assert_eq!(families.difference(&on_dashboard).collect::<Vec<_>>(), Vec::<&String>::new());
}

/// Whoever is woken by one finds what it means and what to do.
#[test]
fn each_alert_has_its_row_with_what_to_do() {
    let rules = deployed("alerts.yml");
    let alerts: BTreeSet<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(alerts.len() > 10, "{alerts:?}");
    let document = deployed("../docs/operating.md");
    let rows = document.lines().filter(|line| line.starts_with("| `Haechi"));
    let mut described = BTreeSet::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [name, means, to_do] = cells[..] else { panic!("{row} has other than three cells") };
        assert!(means.len() > 20 && to_do.len() > 20, "{row} says too little");
        assert!(described.insert(name.trim_matches('`')), "{name} is there twice");
    }
    assert_eq!(described, alerts, "docs/operating.md has rows for other alerts than there are");
}

/// The metric that a histogram's parts are of.
fn family(name: &str) -> String {
    let part = ["_bucket", "_count", "_sum"].iter().find_map(|end| name.strip_suffix(end));
    part.unwrap_or(name).to_owned()
}

#[test]
fn names_are_found_with_their_labels() {
    let check = |text: &str, expected: &[(&str, &[&str])]| {
        let found = named_in(text);
        let found: Vec<(&str, Vec<&str>)> =
            found.iter().map(|(name, labels)| (name.as_str(), labels.iter().map(String::as_str).collect())).collect();
        let expected: Vec<_> = expected.iter().map(|(name, labels)| (*name, labels.to_vec())).collect();
        assert_eq!(found, expected, "{text}");
    };
    check(
        "sum(rate(haechi_a_total{x=~\"1|2\", y!=\"3\"}[5m])) / haechi_b",
        &[("haechi_a_total", &["x", "y"]), ("haechi_b", &[])],
    );
    check("haechi_c{route=\"/keys/{key}/img\",status=\"200\"} 1", &[("haechi_c", &["route", "status"])]);
    check("to_haechi_x up{job=\"haechi\"}", &[]);
}
