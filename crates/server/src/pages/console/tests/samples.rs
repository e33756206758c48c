//! Pages of made-up figures: how large they are, and that they are looked at.

use haechi_captcha::Language;
use maud::html;
use serde_json::json;

use super::*;
use crate::{
    domain::{
        admin::{AuditEntry, AuditPage, DeliveryState, DeliveryView, InvitationView, WebhookView},
        apps::{AppSettings, Policy, Setting},
        counters::{Asked, Counts, Demanded, TokenMeans, Works},
        demand::{Reason, View},
        statistics::{Mark, Point, Report, Span},
    },
    pages::console::{
        access, audit,
        form::Fields,
        integration, invitations, manage, overview,
        page::Page,
        second_factor::{self, Factor},
        settings, shown_once, sign_in, statistics,
        visitor::{LANGUAGES, Reader, Visitor},
        webhooks,
    },
};

const NOW: u64 = 1_800_000_000;

fn visitor(language: Language, role: Role) -> Visitor {
    let request = request("GET", "/console", &format!("haechi-lang={}", language.tag()), String::new());
    let reader = Reader::new(&request.into_parts().0, &crate::domain::client::Proxies::default());
    Visitor { reader, actor: Actor::User { name: "ann".to_owned(), role } }
}

fn app(name: &str) -> AppView {
    AppView {
        name: name.to_owned(),
        number: 3,
        appkey: Some("0".repeat(64)),
        previous_appkey_until: Some(NOW),
        site_key: "0f8fad5b-d9cb-469f-a165-70867728950e".to_owned(),
        secret: Some(format!("0x{}", "0".repeat(40))),
        has_secret: true,
        previous_secret_until: Some(NOW),
        enabled: true,
        declared: false,
        created_at: Some(NOW),
        settings: AppSettings::default(),
    }
}

/// Counts that go up and down as those of a day do.
fn counts(at: u64, scale: u64) -> Counts {
    let issued = scale
        * [3, 2, 1, 1, 2, 5, 9, 14, 19, 23, 22, 20, 21, 24, 25, 22, 19, 18, 17, 15, 12, 9, 7, 4][at as usize % 24];
    let (wrong, median) = (issued / 9 + at % 3, (at % 5) as usize);
    let mut buckets = [0_u64; 23];
    buckets[5 + median] = issued / 2;
    buckets[9 + median] = issued / 5;
    Counts {
        issued,
        images: issued,
        sounds: issued / 20,
        passed: issued * 7 / 10,
        wrong,
        unanswered: issued / 6,
        limited: at % 2,
        widget: issued / 2,
        tokens: issued / 3,
        redeemed: issued / 4,
        unredeemed: issued + issued / 3 - issued / 4,
        times: serde_json::from_value(json!(buckets)).unwrap(),
        works: Works {
            issued: issued * 3,
            done: issued * 2,
            longest_done: issued / 90,
            undone: issued * 3 / 4,
            wrong: at % 4,
            instead: issued / 50,
        },
        means: TokenMeans { picture: issued / 4, sound: issued / 60, work: issued * 2 },
        redeemed_for_work: issued / 3,
        unredeemed_for_work: issued,
        asked: Asked { word: issued, both: issued / 2, work: issued * 3 },
        demanded: Demanded {
            without_word: [issued * 2, issued / 2, issued / 7, issued / 40],
            with_word: [issued / 5, issued / 6, issued / 9, issued / 30],
        },
    }
}

fn report(span: Span, scale: u64, marks: Vec<Mark>) -> Report {
    let from = (NOW / span.step_secs() + 1 - span.points()) * span.step_secs();
    let point = |at| Point { begins_at: from + at * span.step_secs(), counts: counts(at, scale) };
    let points: Vec<Point> = (0..span.points()).map(point).collect();
    let mut total = Counts::default();
    for point in &points {
        total += &point.counts;
    }
    Report { span, from, points, total, before: counts(12, scale * 20), marks }
}

fn all_marks() -> Vec<Mark> {
    vec![
        Mark::FastAnswers { share: 0.4 },
        Mark::PassRateChanged { before: 0.9, now: 0.5 },
        Mark::TimeChanged { before_secs: 9.0, now_secs: 2.0 },
        Mark::UnansweredGrew { before: 0.2, now: 0.6 },
        Mark::WrongSolutions { share: 0.7 },
        Mark::WorkUndone { share: 0.004 },
    ]
}

fn list(names: impl Iterator<Item = String>) -> overview::List {
    let mut list = overview::List::default();
    list.take(names.map(|name| app(&name)).collect(), 1);
    list.marked = (0..list.apps.len()).map(|at| at % 2 == 0).collect();
    list.totals = (0..list.apps.len() as u64).map(|at| counts(at, 1_000)).collect();
    list
}

fn notifications() -> webhooks::Notifications {
    let webhook = |at: u64| WebhookView {
        id: format!("{at:016}"),
        url: format!("https://ops.example.org/haechi/{at}"),
        created_at: NOW,
    };
    let delivery = |at: u64| DeliveryView {
        id: format!("msg_{at:032}"),
        webhook: format!("{at:016}"),
        event: "mark.began".to_owned(),
        app: Some("My shop".to_owned()),
        created_at: NOW + at,
        state: [DeliveryState::Waiting, DeliveryState::Delivered, DeliveryState::Failed][at as usize % 3],
        attempts: 7,
        last_at: Some(NOW),
        next_at: Some(NOW),
        status: Some(500),
        problem: Some("timeout".to_owned()),
    };
    webhooks::Notifications {
        webhooks: (0..8).map(webhook).collect(),
        deliveries: (0..50).map(delivery).collect(),
        fields: Default::default(),
    }
}

/// The largest pages that there are, each with a name.
fn pages(language: Language) -> Vec<(&'static str, String)> {
    let visitor = visitor(language, Role::Administrator);
    let (texts, none) = (visitor.texts(), html! {});
    let long = "가".repeat(64);
    let many = list((0..120).map(|at| format!("{long}{at}")));
    let statistics = |span, scale, marks| {
        statistics::page(&visitor, &app("My shop"), &report(span, scale, marks), &View::default(), NOW, &none)
    };
    let entry = |at: u64| AuditEntry {
        id: at.to_string(),
        at: NOW - at * 1_000,
        actor: "user ann".to_owned(),
        action: "app.changed".to_owned(),
        subject: long.clone(),
        detail: "answer_length=6, difficulty=4, width=300, height=100, ttl_secs=600, attempts=3".to_owned(),
    };
    let log = AuditPage { entries: (0..50).map(entry).collect(), before: Some("1".to_owned()) };
    let mut wrong = settings::fields_of(&AppSettings::default()).with("width", "9").with("name", "");
    wrong.object("width", "9?");
    let token = |at: u64| crate::domain::admin::TokenView {
        id: format!("{at:016}"),
        name: format!("ci {at}"),
        scopes: crate::domain::admin::Scope::ALL.to_vec(),
        created_at: NOW,
        expires_at: NOW + at,
    };
    let user = |at: u64| crate::domain::admin::UserView {
        name: format!("ann {at}"),
        role: Role::Viewer,
        created_at: NOW,
        second_factor: at == 0,
    };
    let access = access::Access {
        tokens: (0..3).map(token).collect(),
        users: (0..3).map(user).collect(),
        invitations: vec![InvitationView {
            id: "0123456789abcdef".to_owned(),
            role: Role::Viewer,
            name: Some("ben".to_owned()),
            invited_by: "user ann".to_owned(),
            created_at: NOW,
            expires_at: NOW,
        }],
        forms: Default::default(),
    };
    let contents = vec![
        ("overview", overview::page(&visitor, &many, NOW, &none)),
        ("hour", statistics(Span::Hour, 1, all_marks())),
        ("day", statistics(Span::Day, 1_000, Vec::new())),
        ("week", statistics(Span::Week, 10, Vec::new())),
        ("quarter", statistics(Span::Quarter, 100_000, all_marks())),
        ("settings", settings::page(&visitor, &app("My shop"), &wrong, 1, &none)),
        ("new", settings::new_page(&wrong, texts)),
        ("integration", integration::page(&visitor, &app("My shop"), None)),
        ("audit", audit::page(&visitor, &log, "", true)),
        ("access", access::page(&visitor, &access, &none)),
        ("webhooks", webhooks::page(&visitor, &notifications(), &none)),
        ("factor", second_factor::page("ann", &Factor::Off("A".repeat(32)), &Fields::new("factor"), &none, texts)),
        ("factor-on", second_factor::page("ann", &Factor::On(10), &Fields::new("factor"), &none, texts)),
        ("code", sign_in::code_page(&Fields::new("code"), texts)),
        ("invited", invitations::invited_page(&access.invitations[0], &Fields::new("invited"), texts)),
        ("appkey", shown_once::once_page(&app("My shop"), texts.app_made, texts)),
    ];
    let render = |content| Page::of(&visitor, "haechi", content).with_problems(true).render().into_string();
    contents.iter().map(|(name, content)| (*name, render(content))).collect()
}

#[test]
fn every_page_is_small() {
    let assets_bytes: usize = [&STYLE, &SCRIPT, &MARK].map(|file| file.compressed.len()).iter().sum();
    for language in LANGUAGES {
        for (name, page) in pages(language) {
            let size_bytes = page.len() + assets_bytes;
            assert!(size_bytes < 60_000, "{name} in {language:?}: {size_bytes} bytes");
        }
    }
}

#[test]
fn names_are_text_and_nothing_stands_inline() {
    for language in LANGUAGES {
        let visitor = visitor(language, Role::Administrator);
        let app = app("<script>alert(1)</script>");
        let pages = [
            statistics::page(&visitor, &app, &report(Span::Day, 1, all_marks()), &View::default(), NOW, &html! {}),
            settings::page(&visitor, &app, &settings::fields_of(&app.settings), 1, &html! {}),
            manage::removal(&app, visitor.texts()).page(&app, visitor.texts()),
            shown_once::once_page(&app, "", visitor.texts()),
            overview::page(&visitor, &list(std::iter::once(app.name.clone())), NOW, &html! {}),
        ];
        for page in pages.map(|page| page.into_string()) {
            assert!(page.contains("&lt;script&gt;") && !page.contains("<script"), "{page}");
            assert!(!page.contains("style=") && !page.contains("onclick") && !page.contains("{}"), "{page}");
        }
    }
}

#[test]
fn work_and_the_rule_have_sections_of_their_own() {
    let visitor = visitor(Language::En, Role::Viewer);
    let written = |report: &Report| {
        statistics::page(&visitor, &app("shop"), report, &View::default(), NOW, &html! {}).into_string()
    };
    let mut report = report(Span::Day, 1, Vec::new());
    let (without_word, with_word) = ([60, 20, 10, 5], [1, 1, 1, 2]);
    report.total.demanded = Demanded { without_word, with_word };
    report.total.works = Works { issued: 1_234, done: 900, undone: 100, ..Works::default() };
    let page = written(&report);
    let expected = [
        "Of 100 challenges, the rule demanded a word for 5 (5.0%).",
        "The policy is now “Adaptive”.",
        "<th scope=\"row\">3: 16 times</th><td class=\"figure\">5</td><td class=\"figure\">2</td>",
        "<dd class=\"now\">1,234</dd>",
        "<dd class=\"now\">90.0%</dd>",
        "id=\"works-title\"",
        "id=\"demands-title\"",
    ];
    assert!(expected.iter().all(|text| page.contains(text)), "{page}");

    let words = Counts { issued: 1, ..Counts::default() };
    let without_work = Report { points: Vec::new(), total: words, before: Counts::default(), ..report };
    let page = written(&without_work);
    assert!(page.contains("No work was asked for alone") && page.contains("No browser began a challenge"), "{page}");
    assert!(!page.contains("id=\"works-title\"") && !page.contains("id=\"demands-title\""));

    let unused = Report { total: Counts::default(), ..without_work };
    let page = written(&unused);
    assert!(page.contains("Put it into your page") && !page.contains("<svg"), "{page}");
}

#[test]
fn examples_have_the_public_address_where_it_was_said() {
    let visitor = visitor(Language::En, Role::Viewer);
    let url = "https://captcha.example.org/below".parse().unwrap();
    let page = integration::page(&visitor, &app("shop"), Some(&url)).into_string();
    assert!(page.contains("src=&quot;https://captcha.example.org/below/widget/v1/api.js&quot;"), "{page}");
    assert!(page.contains("script-src 'self' https://captcha.example.org;"), "{page}");
    assert!(!page.contains(&visitor.reader.origin), "{page}");
}

#[test]
fn what_to_do_about_words_is_said_of_words_only() {
    let visitor = visitor(Language::En, Role::Viewer);
    let says = |marks| {
        let report = report(Span::Day, 1, marks);
        let page = statistics::page(&visitor, &app("shop"), &report, &View::default(), NOW, &html! {}).into_string();
        page.contains(visitor.texts().marks_advice)
    };
    let page = statistics::page(
        &visitor,
        &app("shop"),
        &report(Span::Day, 1, vec![Mark::WorkUndone { share: 0.0 }]),
        &View::default(),
        NOW,
        &html! {},
    );
    let page = page.into_string();
    assert!(page.contains("<h2 id=\"marks\">Work is not being done</h2>") && page.contains("Content-Security-Policy"));
    assert!(says(all_marks()) && !says(all_marks().split_off(4)) && !says(Vec::new()));
}

#[test]
fn what_the_rule_knows_just_now_is_said_in_words() {
    let known = View {
        per_minute: 420,
        usual_per_minute: Some(100),
        level: 3,
        reasons: Reason::AppBusy.into(),
        suspect_networks: 7,
        ..View::default()
    };
    for (language, usual, why) in [
        (Language::En, "usually 100; at least level 3", "The app has more challenges than usual."),
        (Language::Ko, "평소 100", "앱의 챌린지가 평소보다 많습니다."),
    ] {
        let visitor = visitor(language, Role::Viewer);
        let said = |state: &View| {
            let report = report(Span::Day, 1, Vec::new());
            statistics::page(&visitor, &app("shop"), &report, state, NOW, &html! {}).into_string()
        };
        assert!(said(&known).contains("420") && said(&known).contains(usual) && said(&known).contains(why));
        assert!(
            said(&View::default()).contains(visitor.texts().not_known_yet) && !said(&View::default()).contains(why)
        );
    }
}

#[test]
fn a_file_for_spreadsheets_has_a_column_for_each_figure() {
    let csv = statistics::write_csv(&report(Span::Week, 10, Vec::new()));
    let columns: Vec<_> = csv.lines().map(|line| line.split(',').count()).collect();
    assert_eq!((columns.len(), columns.iter().all(|count| *count == 32)), (29, true), "{csv}");
    let first: Vec<_> = csv.lines().take(2).map(|line| line.split(',').collect::<Vec<_>>()).collect();
    let figure = |name: &str| first[1][first[0].iter().position(|column| *column == name).unwrap()];
    let counts = &report(Span::Week, 10, Vec::new()).points[0].counts;
    assert_eq!(figure("works_undone"), counts.works.undone.to_string());
    assert_eq!(figure("demanded_2"), counts.demanded.without_word[2].to_string());
    assert_eq!(figure("demanded_word_3"), counts.demanded.with_word[3].to_string());
}

#[test]
fn policies_and_algorithms_are_called_by_names_for_people() {
    for (language, adaptive) in [(Language::En, "Adaptive"), (Language::Ko, "자동 조절")] {
        let (administrator, viewer) = (visitor(language, Role::Administrator), visitor(language, Role::Viewer));
        let app = app("shop");
        let fields = settings::fields_of(&app.settings);
        let form = settings::page(&administrator, &app, &fields, 1, &html! {}).into_string();
        let chosen = format!("<option value=\"adaptive\" selected>{adaptive}</option>");
        assert!(form.contains(&chosen) && form.contains("<option value=\"sha256\">SHA-256</option>"), "{form}");
        // The hint has the consequence of each.
        let (_, hint) = (visitor(language, Role::Viewer).texts().setting)(Setting::Policy);
        let named = Policy::ALL.map(|policy| format!("{}:", (viewer.texts().policy)(policy)));
        assert!(named.iter().all(|name| hint.lines().any(|line| line.starts_with(name))), "{hint}");
        let plain = settings::page(&viewer, &app, &fields, 1, &html! {}).into_string();
        assert!(plain.contains(&format!("<dd>{adaptive}</dd>")) && plain.contains("<dd>PBKDF2</dd>"), "{plain}");
    }
}

#[test]
fn a_new_app_takes_a_name_and_its_settings_are_folded_until_one_is_wrong() {
    let texts = visitor(Language::En, Role::Administrator).texts();
    let mut fields = settings::fields_of(&AppSettings::default());
    let page = |fields: &Fields| settings::new_page(fields, texts).into_string();
    assert!(page(&fields).contains("<details><summary>Settings, which can be changed later</summary><h2>Word</h2>"));
    fields.object("name", "taken");
    assert!(!page(&fields).contains("<details open>"));
    fields.object("width", "9?");
    assert!(page(&fields).contains("<details open><summary>"), "{}", page(&fields));
}

#[test]
fn korean_pages_say_nothing_in_english() {
    let shown = ["Pass rate", "Suspicious", "user ann", "Settings", "Preview", "Rotate", "Audit", "Tokens"];
    for (name, page) in pages(Language::Ko) {
        assert!(shown.iter().all(|text| !page.contains(text)), "{name}");
    }
}

/// The log keeps who did what in the words of the API; a reader sees it in their own language.
#[test]
fn the_audit_log_speaks_the_readers_language() {
    let written = |language, actor: &str, detail: &str| {
        let [actor, detail] = [actor, detail].map(str::to_owned);
        let (action, subject) = ("user.created".to_owned(), "ann".to_owned());
        let entry = AuditEntry { id: String::new(), at: NOW, actor, action, subject, detail };
        let log = AuditPage { entries: vec![entry], before: None };
        audit::page(&visitor(language, Role::Viewer), &log, "", false).into_string()
    };
    for (actor, english, korean) in [
        ("user ann", "user ann", "사용자 ann"),
        ("token ci 1 (00ff)", "token ci 1 (00ff)", "토큰 ci 1 (00ff)"),
        ("command", "command", "명령줄"),
        ("user command", "user command", "사용자 command"),
    ] {
        for (language, said) in [(Language::En, english), (Language::Ko, korean)] {
            let page = written(language, actor, "");
            assert!(page.contains(&format!("<td class=\"name\">{said}</td>")), "{page}");
        }
    }
    for (detail, said) in [
        ("role=administrator", "역할: 관리자"),
        (
            "answer_length=6, theme=dark, policy=both",
            "정답 글자 수: 6, 이미지 테마: 어두운 테마, 위젯이 요구하는 것: 보안문자와 작업 증명",
        ),
        ("difficulty=5, test=true", "이미지 난이도: 5 – 어려움, 테스트 앱(정답이 항상 TEST5): 예"),
        ("role=owner, id=00ff", "role=owner, id=00ff"),
        ("grace_secs=86400", "기존 것 유지 기간: 1일"),
        ("grace_secs=7", "grace_secs=7"),
        ("wrong password", "비밀번호 불일치"),
    ] {
        let page = written(Language::Ko, "command", detail);
        assert!(page.contains(&format!("<td class=\"long\">{said}</td>")), "{page}");
    }
}

/// Writes the pages to the folder that `HAECHI_PAGES` names, to be looked at.
#[test]
#[ignore = "writes files"]
fn pages_can_be_looked_at() {
    let Ok(folder) = std::env::var("HAECHI_PAGES") else { return };
    std::fs::create_dir_all(&folder).unwrap();
    for language in LANGUAGES {
        for (name, page) in pages(language) {
            std::fs::write(format!("{folder}/{name}-{}.html", language.tag()), page).unwrap();
        }
    }
}
