//! The script that renews a challenge in a site's own form, as docs/integration.md has it.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    sync::Arc,
    thread,
};

use fantoccini::Locator;
use serde_json::Value;

use crate::{browser::Browser, site::Site};

const SCRIPT: &str = include_str!("../../../crates/server/src/pages/console/snippets/renew.js");
const DOCUMENT: &str = include_str!("../../../docs/integration.md");

/// The form of the document, in which a challenge's time is over so soon.
fn form(haechi: &str, key: &str, ttl_secs: u32) -> String {
    let (_, after) = DOCUMENT.split_once("\n## When a form stays open\n").expect("the document tells of it");
    let form = after.split("```html\n").nth(1).expect("it has a form").split("```").next().unwrap();
    let form = form.replace("{host}", haechi).replace("KEY", key).replace("{width}", "240").replace("{height}", "80");
    assert!(form.contains("data-ttl-secs=\"{ttl_secs}\""), "{form}");
    form.replace("{ttl_secs}", &ttl_secs.to_string())
}

/// A site with the form, the script and the route that it asks; its address.
fn serve(site: Arc<Site>, appkey: String, ttl_secs: u32) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let issue = move || {
        let (code, reply) = site.call("POST", &format!("/captcha/v1.0/appkeys/{appkey}/keys?lang=en"));
        assert_eq!(code, 0);
        (site.url.clone(), reply["key"].as_str().unwrap().to_owned())
    };
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let head: Vec<String> =
                BufReader::new(&stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
            let Some(line) = head.first() else { continue };
            let (kind, body) = match line.split(' ').take(2).collect::<Vec<_>>()[..] {
                ["GET", "/captcha.js"] => ("text/javascript", SCRIPT.to_owned()),
                ["POST", "/captcha/new"] => ("text/plain", issue().1),
                ["GET", "/"] => {
                    let (haechi, key) = issue();
                    let form = form(&haechi, &key, ttl_secs);
                    let head = "<!doctype html><html lang=\"en\"><title>Join</title><main><h1>Join</h1>";
                    ("text/html", format!("{head}{form}</main>"))
                }
                _ => ("text/plain", String::new()),
            };
            let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}; charset=utf-8\r\nconnection: close\r\n");
            // A browser that has gone meanwhile wants nothing.
            let _ = write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len());
        }
    });
    address
}

async fn open(ttl_secs: u32) -> (Arc<Site>, Browser) {
    let (site, browser) = (Arc::new(Site::start()), Browser::start().await);
    let rotated: Value = serde_json::from_str(&site.command(&["app", "rotate", "default", "--json"])).unwrap();
    let address = serve(Arc::clone(&site), rotated["appkey"].as_str().unwrap().to_owned(), ttl_secs);
    browser.client.goto(&address).await.unwrap();
    browser.until(SHOWN).await;
    (site, browser)
}

const SHOWN: &str = "document.querySelector('img').complete && document.querySelector('img').naturalWidth === 240";
const KEYS: &str = "['img', 'audio'].map((part) => document.querySelector(part).src.match(/keys.([^/]+)/)[1]).join()";

#[tokio::test]
async fn a_challenge_is_renewed_before_its_time_is_over_and_by_the_button() {
    let (_site, browser) = open(12).await;
    let before = browser.evaluate(KEYS).await;
    let before = before.as_str().unwrap();
    browser.client.find(Locator::Id("captcha_answer")).await.unwrap().send_keys("ab").await.unwrap();
    assert_eq!(browser.evaluate("document.getElementById('captcha_late').hidden").await, true);
    browser.until(&format!("{KEYS} !== '{before}'")).await;
    browser.until(SHOWN).await;
    let after = browser.evaluate(KEYS).await;
    let (picture, sound) = after.as_str().unwrap().split_once(',').unwrap();
    assert_eq!(picture, sound, "the picture's challenge is not the sound's");
    assert_eq!(browser.evaluate("document.getElementById('captcha_late').hidden").await, false);
    assert_eq!(browser.evaluate("document.getElementById('captcha_answer').value").await, "");

    let (_site, browser) = open(180).await;
    let before = browser.evaluate(KEYS).await;
    browser.client.find(Locator::Css("[name=another]")).await.unwrap().click().await.unwrap();
    browser.until(&format!("{KEYS} !== '{}'", before.as_str().unwrap())).await;
    browser.until("document.activeElement.id === 'captcha_answer'").await;
    assert_eq!(browser.evaluate("document.getElementById('captcha_late').hidden").await, true);
    assert_eq!(browser.evaluate("location.pathname").await, "/", "the form was sent");
    browser.assert_no_barrier("renewal").await;
}

/// A site whose route is broken: the button does what it does without the script.
#[tokio::test]
async fn where_there_is_no_new_challenge_the_form_is_sent() {
    let (_site, browser) = open(180).await;
    browser.evaluate("window.fetch = () => Promise.reject(new Error('away'))").await;
    browser.client.find(Locator::Css("[name=another]")).await.unwrap().click().await.unwrap();
    browser.until("location.pathname === '/join'").await;
}
