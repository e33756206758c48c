//! The picture and the sound over HTTP: what a browser's `<img>` and `<audio>` need.

use decibri_decode::WavReader;
use haechi_captcha::{Language, Look, Notice, image::render_notice};

use crate::{
    api::Insider,
    server::{Reply, TestServer, send_request},
};

fn get(server: &TestServer, path: &str, headers: &[(&str, &str)]) -> Reply {
    request("GET", server, path, headers)
}

fn request(method: &str, server: &TestServer, path: &str, headers: &[(&str, &str)]) -> Reply {
    let builder = ureq::http::Request::builder().method(method).uri(format!("{}{path}", server.url()));
    let builder = headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, *value));
    send_request(builder.body(()).unwrap())
}

/// The samples of a sound, as another library reads them, and the number of their format.
fn samples(wav: &[u8]) -> (u16, Vec<f32>) {
    let reader = WavReader::new(wav).unwrap();
    (reader.format().codec.format_tag(), reader.decode_to_end().into_samples())
}

/// Width and height of a GIF, from its header.
fn size(gif: &[u8]) -> (u16, u16) {
    assert_eq!(&gif[..6], b"GIF89a");
    (u16::from_le_bytes([gif[6], gif[7]]), u16::from_le_bytes([gif[8], gif[9]]))
}

#[test]
fn the_same_key_gives_the_same_bytes_before_and_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let server = TestServer::in_dir(dir.path(), &[]);
    let key = server.issue(server.appkey());
    let media = |server: &TestServer| {
        ["img", "sound"].map(|what| get(server, &format!("/captcha/v1.0/keys/{key}/{what}"), &[]).body)
    };
    let before = media(&server);
    assert_eq!(before, media(&server));
    assert!(server.stop().success());
    assert_eq!(before, media(&TestServer::in_dir(dir.path(), &[])));
}

#[test]
fn pictures_come_in_the_size_scale_and_theme_asked_for() {
    let server = TestServer::start();
    let app = server.haechi(&["app", "create", "wide", "--width", "300", "--height", "100", "--theme", "dark"]).json();
    let key = server.issue(app["appkey"].as_str().unwrap());
    let image = |query: &str| get(&server, &format!("/captcha/v1.0/keys/{key}/img{query}"), &[]).body;
    assert_eq!(size(&image("")), (300, 100));
    assert_eq!(size(&image("?scale=2")), (600, 200));
    assert_eq!(size(&image("?scale=3&timestamp=1")), (900, 300));
    for unknown in ["?scale=0", "?scale=4", "?scale=x", "?theme=pink", "?scale=%zz"] {
        assert_eq!(image(unknown), image(""), "{unknown}");
    }
    assert_eq!(image("?theme=dark"), image(""));
    assert_ne!(image("?theme=light"), image(""));
}

#[test]
fn a_picture_of_a_key_that_never_was_does_not_say_that_it_has_expired() {
    let server = TestServer::start();
    let expired = Insider::of(&server).aged(&server.issue(server.appkey()), 181);
    let seen = |key: &str, language: &str| {
        let path = format!("/captcha/v1.0/keys/{key}/img?lang={language}");
        get(&server, &path, &[("accept", "image/avif,image/webp,*/*;q=0.8")]).body
    };
    for (language, tag) in Language::ALL.map(|language| (language, language.tag())) {
        let says = |notice| render_notice(notice, language, &Look::default());
        // What a program puts there that went on without a key.
        for key in ["undefined", "null", "a9859757-5b5a-42d1-bc85-c560b0141ec1"] {
            assert_eq!(seen(key, tag), says(Notice::Unknown), "{key} in {tag}");
        }
        assert_eq!(seen(&expired, tag), says(Notice::Expired), "{tag}");
    }
}

#[test]
fn pictures_have_the_apps_colours() {
    let server = TestServer::start();
    let colours = ["--light-ground", "#fff8e8", "--dark-ground", "#0d1117", "--colour", "#c2410c", "--ttl-secs", "30"];
    let app = server.haechi(&[&["app", "create", "coloured"][..], &colours].concat()).json();
    let key = server.issue(app["appkey"].as_str().unwrap());
    // A GIF's colours stand after its first 13 bytes, the ground's first.
    let ground = |key: &str, query: &str| {
        get(&server, &format!("/captcha/v1.0/keys/{key}/img{query}"), &[]).body[13..16].to_vec()
    };
    assert_eq!(ground(&key, ""), [0xff, 0xf8, 0xe8]);
    assert_eq!(ground(&key, "?theme=dark"), [0x0d, 0x11, 0x17]);
    let plain = server.haechi(&["app", "create", "plain"]).json();
    assert_ne!(ground(&server.issue(plain["appkey"].as_str().unwrap()), ""), [0xff, 0xf8, 0xe8]);
}

/// The pictures of a key of this app as the app is made harder step by step.
fn pictures_by_difficulty(server: &TestServer, name: &str, key: &str) -> Vec<Vec<u8>> {
    let picture = |level: &str| {
        server.haechi(&["app", "set", name, "--difficulty", level]).json();
        get(server, &format!("/captcha/v1.0/keys/{key}/img"), &[]).body
    };
    ["1", "2", "3", "4", "5"].map(picture).to_vec()
}

#[test]
fn an_apps_difficulty_changes_the_picture_of_a_key_and_leaves_its_sound() {
    let server = TestServer::start();
    let key = server.issue(server.appkey());
    let show = |what: &str| get(&server, &format!("/captcha/v1.0/keys/{key}/{what}"), &[]).body;
    let (usual, sound) = (show("img"), show("sound"));
    assert_eq!(show("img?difficulty=1"), usual, "it is not for whoever asks to say");
    let pictures = pictures_by_difficulty(&server, "default", &key);
    assert_eq!((&pictures[2], show("sound")), (&usual, sound));
    assert!((1..5).all(|index| !pictures[..index].contains(&pictures[index])), "two difficulties are drawn alike");
}

#[test]
fn a_difficulty_outside_its_range_is_refused_and_changes_nothing() {
    let server = TestServer::start();
    let key = server.issue(server.appkey());
    let picture = || get(&server, &format!("/captcha/v1.0/keys/{key}/img"), &[]).body;
    let before = picture();
    for (level, message) in [("0", "difficulty is 1 to 5, not 0"), ("6", "difficulty is 1 to 5, not 6")] {
        server.haechi(&["app", "set", "default", "--difficulty", level]).fails(1, message);
    }
    assert_eq!(server.haechi(&["app", "show", "default"]).json()["settings"]["difficulty"], 3);
    assert_eq!(picture(), before);
}

#[test]
fn test_apps_are_drawn_plainly_whatever_their_difficulty() {
    let server = TestServer::start();
    let app = server.haechi(&["app", "create", "tests", "--test"]).json();
    let key = server.issue(app["appkey"].as_str().unwrap());
    let pictures = pictures_by_difficulty(&server, "tests", &key);
    assert_eq!(size(&pictures[0]), (240, 80));
    assert!(pictures.iter().all(|picture| *picture == pictures[0]));
}

#[test]
fn a_spent_key_is_still_drawn_and_media_are_never_cached() {
    let server = TestServer::start();
    let key = server.issue(server.appkey());
    server.verify(server.appkey(), &key, "wrong");
    for what in ["img", "sound"] {
        let reply = get(&server, &format!("/captcha/v1.0/keys/{key}/{what}"), &[("origin", "https://example.org")]);
        assert_eq!((reply.status, reply.header("cache-control")), (200, "no-store"));
        assert_eq!(reply.header("access-control-allow-origin"), "*");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        assert_eq!(reply.header("cross-origin-resource-policy"), "cross-origin");
        assert_eq!(reply.header("vary"), "accept, accept-language");
    }
}

/// A front end may add headers to whatever it fetches; credentials it may not send.
#[test]
fn a_preflight_for_any_header_is_answered() {
    let server = TestServer::start();
    for headers in ["range", "authorization,x-requested-with"] {
        let asked = [
            ("origin", "https://example.org"),
            ("access-control-request-method", "GET"),
            ("access-control-request-headers", headers),
        ];
        for medium in ["img", "sound"] {
            let reply = request("OPTIONS", &server, &format!("/captcha/v1.0/keys/x/{medium}"), &asked);
            assert_eq!((reply.status, reply.header("access-control-allow-origin")), (200, "*"));
            assert_eq!(reply.header("access-control-allow-headers"), headers);
            assert!(!reply.headers.contains_key("access-control-allow-credentials"));
        }
    }
}

/// No sound has a name or a date, so nothing that a client says of what it has can match (RFC 9110, section 13.1.5).
#[test]
fn a_range_of_what_the_client_has_already_gets_the_whole() {
    let server = TestServer::start();
    let path = format!("/captcha/v1.0/keys/{}/sound", server.issue(server.appkey()));
    let whole = get(&server, &path, &[]).body;
    for validator in ["\"x\"", "W/\"x\"", "Mon, 30 Nov 2026 10:00:00 GMT", "*"] {
        for range in ["bytes=0-9", "bytes=99999999-"] {
            let reply = get(&server, &path, &[("range", range), ("if-range", validator)]);
            assert!(reply.status == 200 && reply.body == whole, "{validator} {range}: {}", reply.status);
            assert!(!reply.headers.contains_key("content-range"));
        }
    }
}

#[test]
fn sounds_are_exact_wav_files_served_whole_or_in_ranges() {
    let server = TestServer::start();
    let path = format!("/captcha/v1.0/keys/{}/sound", server.issue(server.appkey()));
    let whole = get(&server, &path, &[]);
    let size = whole.body.len();
    assert_eq!((whole.header("accept-ranges"), whole.header("content-length")), ("bytes", &*size.to_string()));
    let number = |at: usize| u32::from_le_bytes(whole.body[at..at + 4].try_into().unwrap()) as usize;
    assert_eq!((number(4), number(40)), (size - 8, size - 44));
    assert_eq!((number(24), number(28)), (16_000, 32_000));

    let check = |range: &str, expected: std::ops::Range<usize>| {
        let part = get(&server, &path, &[("range", range)]);
        let content_range = format!("bytes {}-{}/{size}", expected.start, expected.end - 1);
        assert_eq!((part.status, part.header("content-range")), (206, &*content_range), "{range}");
        assert_eq!(part.body, whole.body[expected], "{range}");
    };
    check("bytes=0-1", 0..2); // what Safari asks first
    check("bytes=0-", 0..size);
    check("bytes=100-99999999", 100..size);
    check("bytes=-44", size - 44..size);
    for ignored in ["bytes=1-2,4-5", "lines=1-2", "bytes=x-y"] {
        assert_eq!(get(&server, &path, &[("range", ignored)]).status, 200, "{ignored}");
    }
    let outside = get(&server, &path, &[("range", &format!("bytes={size}-"))]);
    assert_eq!((outside.status, outside.header("content-range")), (416, &*format!("bytes */{size}")));
    assert_eq!(outside.code(), -3);
    assert_eq!(request("HEAD", &server, &path, &[]).header("content-length"), size.to_string());
}

#[test]
fn a_sound_comes_in_half_the_bytes_where_that_is_asked_for() {
    let server = TestServer::start();
    let path = format!("/captcha/v1.0/keys/{}/sound?lang=en", server.issue(server.appkey()));
    let plain = get(&server, &path, &[]).body;
    let small = get(&server, &format!("{path}&format=mulaw"), &[]);
    assert_eq!((small.status, small.header("content-type")), (200, "audio/wav"));
    assert_eq!(
        (small.header("accept-ranges"), small.header("content-length")),
        ("bytes", &*small.body.len().to_string())
    );
    assert!(small.body.len() <= plain.len() / 2 + 37, "{} bytes instead of {}", small.body.len(), plain.len());
    let ((pcm, plain_samples), (mulaw, mut small_samples)) = (samples(&plain), samples(&small.body));
    assert_eq!((pcm, mulaw), (1, 7));
    // A silent sample may make their number even.
    small_samples.truncate(plain_samples.len());
    let furthest = plain_samples.iter().zip(&small_samples).map(|(one, other)| (one - other).abs()).fold(0.0, f32::max);
    assert!(small_samples.len() == plain_samples.len() && furthest <= 1.0 / 64.0, "a sample is off by {furthest}");
    let part = get(&server, &format!("{path}&format=mulaw"), &[("range", "bytes=100-")]);
    assert_eq!((part.status, &part.body[..]), (206, &small.body[100..]));
    // Nobody gets it unasked, and what is asked wrongly is not asked.
    for asked in ["&format=pcm", "&format=mp3", "&format=MULAW", "&format=", "&format=mulaw&format=pcm"] {
        assert!(get(&server, &format!("{path}{asked}"), &[]).body == plain, "{asked}");
    }
    for accept in ["*/*", "audio/*", "audio/wav", "audio/vnd.wave;codec=7, audio/wav;codecs=7"] {
        assert!(get(&server, &path, &[("accept", accept)]).body == plain, "{accept}");
    }
}

#[test]
fn a_sound_is_said_twice_where_that_is_asked_for() {
    let server = TestServer::start();
    let path = format!("/captcha/v1.0/keys/{}/sound?lang=zh&pace=slow", server.issue(server.appkey()));
    let wav = |query: &str| get(&server, &format!("{path}{query}"), &[]).body;
    for format in ["pcm", "mulaw"] {
        let (_, once) = samples(&wav(&format!("&format={format}")));
        let (_, twice) = samples(&wav(&format!("&format={format}&repeat=true")));
        let said = (twice.len() - 16_000) / 2;
        assert!((once.len() - 1..=once.len()).contains(&said), "{said} samples instead of {}", once.len());
        assert!(twice[..said] == once[..said] && twice[said + 16_000..] == once[..said], "{format}");
        assert!(twice[said..said + 16_000].iter().all(|&sample| sample == 0.0), "{format}");
    }
    for asked in ["&repeat=false", "&repeat=1", "&repeat=", "&repeat", "&repeat=true&repeat=false"] {
        assert!(wav(asked) == wav(""), "{asked}");
    }
    let whole = wav("&repeat=true");
    let end = get(&server, &format!("{path}&repeat=true"), &[("range", "bytes=-1000")]);
    assert_eq!((end.status, &end.body[..]), (206, &whole[whole.len() - 1000..]));
}

#[test]
fn sounds_speak_the_language_of_the_query_then_of_the_reader_then_of_the_app() {
    let server = TestServer::start();
    let path = format!("/captcha/v1.0/keys/{}/sound", server.issue(server.appkey()));
    let sound =
        |query: &str, accepted: &str| get(&server, &format!("{path}{query}"), &[("accept-language", accepted)]).body;
    let spoken: Vec<Vec<u8>> =
        ["ko", "en", "ja", "zh"].iter().map(|lang| sound(&format!("?lang={lang}"), "fr")).collect();
    for (index, one) in spoken.iter().enumerate() {
        assert!(spoken[index + 1..].iter().all(|other| other != one));
    }
    assert_eq!(sound("?lang=en", "ja"), spoken[1]);
    assert_eq!(sound("", "ja;q=0.5, zh-TW"), spoken[3]);
    assert_eq!(sound("?lang=fr", "fr"), spoken[0]);
    assert_eq!(sound("?lang=ko-KR", "en"), spoken[0]);
}

#[test]
fn a_challenge_that_is_issued_in_a_language_speaks_that_one_whatever_is_asked() {
    let server = TestServer::start();
    let issued = server.post(&format!("/captcha/v1.0/appkeys/{}/keys?lang=en", server.appkey())).json();
    let path = format!("/captcha/v1.0/keys/{}/sound", issued["key"].as_str().unwrap());
    let sound =
        |query: &str, accepted: &str| get(&server, &format!("{path}{query}"), &[("accept-language", accepted)]).body;
    let english = sound("?lang=en", "en");
    for (query, accepted) in [("", "ja"), ("?lang=ko", "ko"), ("?lang=zh", "en"), ("?lang=x", "")] {
        assert!(sound(query, accepted) == english, "{query} {accepted}");
    }
    assert!(sound("?lang=ja&pace=slow", "ja") == sound("?pace=slow", "en"));
    server.haechi(&["app", "set", "default", "--lang", "ja"]).json();
    assert!(sound("", "fr") == english);
}

#[test]
fn what_cannot_be_shown_says_so_in_the_envelope_or_to_a_browser_in_a_picture() {
    let server = TestServer::start();
    let expired = Insider::of(&server).aged(&server.issue(server.appkey()), 181);
    let cases = [(expired.as_str(), 410, -5), ("nonsense", 404, -7), ("a9859757-5b5a-42d1-bc85-c560b0141ec1", 404, -7)];
    for (key, status, code) in cases {
        for what in ["img", "sound"] {
            for accept in ["*/*", "application/json"] {
                let reply = get(&server, &format!("/captcha/v1.0/keys/{key}/{what}"), &[("accept", accept)]);
                assert_eq!((reply.status, reply.code()), (status, code), "{key} {what} {accept}");
                assert_eq!(reply.header("vary"), "accept, accept-language");
            }
        }
        let browser = "image/avif,image/webp,image/*,*/*;q=0.8";
        let notice = |language: &str, query: &str| {
            let headers = [("accept", browser), ("accept-language", language)];
            let reply = get(&server, &format!("/captcha/v1.0/keys/{key}/img{query}"), &headers);
            assert_eq!((reply.status, reply.header("content-type")), (status, "image/gif"));
            assert_eq!(reply.header("cache-control"), "no-store");
            assert_eq!(reply.header("vary"), "accept, accept-language");
            reply.body
        };
        assert!(notice("ko", "").len() < 8_000);
        assert_eq!(size(&notice("ko", "?scale=2")), (480, 160));
        let notices = ["ko", "en", "ja", "zh"].map(|language| notice(language, ""));
        assert!((1..4).all(|index| !notices[..index].contains(&notices[index])));
        assert_eq!(notice("fr", ""), notices[0]);
    }
}

/// Report R5: who listened heard nothing, and was not told why.
#[test]
fn what_cannot_be_heard_says_so_in_a_sound() {
    let server = TestServer::start();
    let expired = Insider::of(&server).aged(&server.issue(server.appkey()), 181);
    for (key, status) in [(expired.as_str(), 410), ("nonsense", 404)] {
        let path = format!("/captcha/v1.0/keys/{key}/sound");
        let heard = |headers: &[(&str, &str)], status: u16| {
            let reply = get(&server, &path, headers);
            assert_eq!((reply.status, reply.header("content-type")), (status, "audio/wav"), "{headers:?}");
            assert_eq!(reply.header("cache-control"), "no-store");
            reply.body
        };
        let korean = heard(&[("accept", "audio/*;q=0.9"), ("accept-language", "ko")], status);
        let english = heard(&[("accept", "audio/*;q=0.9"), ("accept-language", "en")], status);
        assert!(korean.starts_with(b"RIFF") && korean != english);
        // Browsers play nothing that has another status, and ask for all of it as a part.
        let player = [("accept", "*/*"), ("accept-language", "ko"), ("sec-fetch-dest", "audio")];
        assert!(heard(&player, 200) == korean);
        assert!(heard(&[&player[..], &[("range", "bytes=0-")]].concat(), 206) == korean);
        // In the form that is asked for, as if it were the challenge.
        let (_, once) = samples(&korean);
        let asked = get(&server, &format!("{path}?format=mulaw&repeat=true"), &player);
        let (tag, twice) = samples(&asked.body);
        assert_eq!((asked.status, tag, twice.len()), (200, 7, 2 * once.len() + 16_000));
    }
}

/// Report R4: at a limit an `<img>` got JSON, which browsers show as a broken picture.
#[test]
fn who_is_over_the_limit_sees_and_hears_it() {
    let server = TestServer::with_args(&["--media-per-minute", "1"]);
    let key = server.issue(server.appkey());
    let path = |what: &str| format!("/captcha/v1.0/keys/{key}/{what}");
    assert_eq!(get(&server, &path("img"), &[]).status, 200);
    let picture = get(&server, &path("img"), &[("accept", "image/*"), ("accept-language", "en")]);
    assert_eq!((picture.status, picture.header("content-type")), (429, "image/gif"));
    assert!(picture.header("retry-after").parse::<u64>().is_ok_and(|secs| (1..=60).contains(&secs)));
    let sound = get(&server, &path("sound"), &[("sec-fetch-dest", "audio"), ("accept-language", "en")]);
    assert_eq!((sound.status, sound.header("content-type")), (200, "audio/wav"));
    assert!(sound.header("retry-after").parse::<u64>().is_ok_and(|secs| (1..=60).contains(&secs)));
    let program = get(&server, &path("img"), &[("accept", "*/*")]);
    assert_eq!((program.status, program.code()), (429, -3));
    assert!(server.get("/metrics").text().contains("haechi_limited_total{call=\"sound\"} 1"));
}

/// Report R5: a sound that was opened in a tab, where the browser makes a page of it, was blocked by its own policy.
#[test]
fn a_sound_may_be_played_in_a_page_of_its_own() {
    let server = TestServer::start();
    let key = server.issue(server.appkey());
    let reply = get(&server, &format!("/captcha/v1.0/keys/{key}/sound"), &[]);
    assert_eq!(reply.header("content-security-policy"), "default-src 'none'; media-src 'self'; frame-ancestors 'none'");
}
