//! A server below a path of another site: no address that it gives out leads out of that path.

use std::collections::{BTreeMap, VecDeque};

use serde_json::Value;
use url::Url;

use crate::server::{TestServer, run, send, send_request};

pub(crate) const PATH: &str = "/captcha-svc";
/// What is crawled at the most. There are some forty pages.
const MOST: usize = 300;

/// A reply, as far as it leads on.
pub(crate) struct Crawled {
    pub(crate) status: u16,
    pub(crate) location: String,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

/// Goes through the demo, the console of somebody who is signed in, the API's page and the page for browsers without
/// scripts, and asks for all that they refer to.
pub(crate) fn check_all_pages(server: &TestServer, origin: &str, fetch: impl Fn(&str) -> Crawled) {
    let site_key = server.announcement()["site_key"].as_str().unwrap();
    let starts = ["/", "/console", "/console/", "/docs", "/console/nothing", "/openapi.json"];
    let starts = starts.into_iter().map(|start| format!("{PATH}{start}"));
    let fallback = format!("{PATH}/recaptcha/api/fallback?k={site_key}");
    let mut waiting: VecDeque<(String, String)> =
        starts.chain([fallback]).map(|start| (start, "the start".to_owned())).collect();
    let mut seen: BTreeMap<String, Crawled> = BTreeMap::new();
    while let Some((path, page)) = waiting.pop_front() {
        // Two hours of each app's figures are as good as one.
        let known = path.split('?').next().unwrap().to_owned();
        if seen.contains_key(&known) {
            continue;
        }
        assert!(seen.len() < MOST, "there is no end to it: {:?}", seen.keys());
        assert!(path.starts_with(&format!("{PATH}/")) || path == PATH, "{path} leads out of {PATH}, from {page}");
        let crawled = fetch(&path);
        let expected = if known.ends_with("/nothing") { 404 } else { 200 };
        assert!(crawled.status == expected || crawled.status / 100 == 3, "{path}: {}, from {page}", crawled.status);
        let found = addresses(&crawled).into_iter();
        let base = Url::parse(origin).unwrap().join(&path).unwrap();
        let found = found.map(|address| base.join(&address).unwrap()).filter(|url| url.as_str().starts_with(origin));
        waiting.extend(
            found.map(|url| (url[url::Position::BeforePath..url::Position::AfterQuery].to_owned(), path.clone())),
        );
        seen.insert(known, crawled);
    }
    let seen = |path: &str| {
        seen.get(&format!("{PATH}{path}")).unwrap_or_else(|| panic!("{path} was not found: {:?}", seen.keys()))
    };
    for found in [
        "/console/access",
        "/console/apps/1/settings",
        "/console/console.js",
        "/docs/page.css",
        "/demo/page.js",
        "/widget/v1/api.js",
    ] {
        seen(found);
    }
    assert_eq!(seen("/console/").location, format!("{PATH}/console"));
    assert_eq!(seen("/docs").location, format!("{PATH}/docs/"));
    let document: Value = serde_json::from_slice(&seen("/openapi.json").body).unwrap();
    assert_eq!(document["servers"][0]["url"], PATH);
    let samples = String::from_utf8_lossy(&seen("/console/apps/1/integration").body).into_owned();
    for part in ["/captcha/v1.0/appkeys/", "/siteverify", "/widget/v1/api.js"] {
        assert!(samples.contains(&format!("{origin}{PATH}{part}")), "{part}: {samples}");
    }
    // A policy with a path would be for that very address.
    assert!(
        samples.contains(&format!("script-src &#39;self&#39; {origin};"))
            || samples.contains(&format!("script-src 'self' {origin};")),
        "{samples}"
    );
}

/// What a page refers to and where a reply leads, forms included that a browser would send.
fn addresses(crawled: &Crawled) -> Vec<String> {
    if !crawled.location.is_empty() {
        return vec![crawled.location.clone()];
    }
    if !crawled.content_type.starts_with("text/html") {
        return Vec::new();
    }
    let page = String::from_utf8_lossy(&crawled.body);
    // A form that is sent is no page to ask for, so of those only the address is looked at.
    for action in values(&page, "action") {
        assert!(!action.starts_with('/') || action.starts_with(&format!("{PATH}/")), "action={action:?}");
    }
    let several = values(&page, "srcset");
    let several = several.iter().flat_map(|set| set.split(", ")).filter_map(|one| one.split(' ').next());
    let all = ["href", "src"].into_iter().flat_map(|name| values(&page, name));
    all.chain(several.map(str::to_owned)).map(|address| address.replace("&amp;", "&")).collect()
}

fn values(page: &str, name: &str) -> Vec<String> {
    let start = format!(" {name}=\"");
    page.split(&start).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
}

#[test]
fn requests_are_taken_with_the_path_and_without_it() {
    let server = TestServer::with_args(&["--public-path", PATH]);
    for path in ["/healthz", "/console/sign-in", "/widget/v1/api.js", "/openapi.json"] {
        assert_eq!(server.get(path).status, 200, "{path}");
        assert_eq!(server.get(&format!("{PATH}{path}")).status, 200, "{path}");
    }
    let demo = server.announcement()["demo"].as_str().unwrap();
    assert_eq!(demo, format!("{}{PATH}/", server.url()));
    let page = send("GET", demo);
    assert!(page.text().contains(&format!(" href=\"{PATH}/demo/page.css\"")), "{}", page.text());
    assert_eq!(server.get(PATH).text().len(), page.text().len(), "a slash at the end is not needed");
    // What is not ours is not there, and each dialect says so itself.
    for (path, expected) in [("/nothing", "application/json"), ("/console/nothing", "text/html; charset=utf-8")] {
        let reply = server.get(&format!("{PATH}{path}"));
        assert_eq!((reply.status, reply.header("content-type")), (404, expected), "{path}");
    }
    assert_eq!(server.get("/captcha-svcs/healthz").status, 404);
    let head = send("HEAD", demo);
    assert_eq!((head.status, head.header("content-length")), (200, ""));
    let moved = server.get("/console");
    assert_eq!(moved.header("location"), format!("{PATH}/console/sign-in?next=%2Fconsole"));
}

#[test]
fn a_path_that_begins_as_one_of_ours_is_the_proxys_to_take_off() {
    let server = TestServer::with_args(&["--public-path", "/captcha"]);
    let key = server.issue(server.appkey());
    assert_eq!(server.get(&format!("/captcha/v1.0/keys/{key}/img")).status, 200);
    assert_eq!(server.get("/captcha/healthz").status, 404);
    assert!(server.get("/").text().contains("src=\"/captcha/captcha/v1.0/keys/"));
}

#[test]
fn the_first_user_is_made_below_the_path_without_a_proxy_too() {
    let server = TestServer::with_args(&["--public-path", PATH]);
    let link = server.announcement()["first_user"].as_str().unwrap();
    let code = link.strip_prefix(&format!("{}{PATH}/console/first?code=", server.url())).unwrap();
    let form = format!("code={code}&name=ann&password=correct+horse+battery");
    let request = ureq::http::Request::post(format!("{}{PATH}/console/first", server.url()));
    let request = request.header("origin", server.url()).header("content-type", "application/x-www-form-urlencoded");
    let made = send_request(request.body(form).unwrap());
    assert_eq!((made.status, made.header("location")), (303, &*format!("{PATH}/console")), "{}", made.text());
    let cookie = made.header("set-cookie").to_owned();
    assert!(cookie.starts_with("haechi-session=") && cookie.contains(&format!("; Path={PATH};")), "{cookie}");
    let fetch = |path: &str| {
        let request = ureq::http::Request::get(format!("{}{path}", server.url()));
        let request = request.header("cookie", cookie.split(';').next().unwrap());
        let reply = send_request(request.body(()).unwrap());
        let header = |name| reply.header(name).to_owned();
        Crawled {
            status: reply.status,
            location: header("location"),
            content_type: header("content-type"),
            body: reply.body.clone(),
        }
    };
    check_all_pages(&server, server.url(), fetch);
}

#[test]
fn what_is_no_path_is_refused() {
    for wrong in ["captcha", "/captcha/", "/a b", "https://example.org/captcha"] {
        run(&["serve", "--public-path", wrong]).fails(2, "a path such as /captcha-svc");
    }
}
