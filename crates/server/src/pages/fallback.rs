//! The page for browsers without scripts, at reCAPTCHA's address: it stands in an iframe, and whoever passes copies the
//! token into a field of the page around it.

#[cfg(test)]
mod tests;

use std::sync::{Arc, LazyLock};

use axum::{
    extract::{RawQuery, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use haechi_captcha::{Alphabet, Challenge, Language, Means};
use maud::{DOCTYPE, Markup, html};

use super::demo::texts::{Notice, Texts};
use crate::{
    clock::unix_now,
    dialect::widget,
    domain::{
        apps::{LiveApp, is_hostname},
        metrics::Call,
        refusal::{ParameterFault, Refusal},
        service::{Issued, Service, Verdict},
        token::{Audience, Wish},
    },
    http::{
        fields::Fields,
        file::{self, File, STYLE_SHEET},
        guard, language,
        parameters::{MAX_VALUE_BYTES, Parameters},
        request::host_of,
        routes::{Caller, Dialect, Routes},
    },
};

const ADDRESS: &str = "/recaptcha/api/fallback";
static STYLE: LazyLock<File> = LazyLock::new(|| File::of(STYLE_SHEET, include_bytes!("fallback/page.css")));

/// Any page may show it: those without scripts do so in an iframe.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'self'; form-action 'self'; base-uri 'none'",
);
/// So that the form tells which page is around it.
const REFERRER_POLICY: HeaderValue = HeaderValue::from_static("same-origin");

pub(crate) fn routes(service: &Arc<Service>) -> Routes<Arc<Service>> {
    let judge = post(judge).route_layer(from_fn_with_state(Arc::clone(service), guard::refuse_other_sites));
    Routes::of(Dialect::Fallback)
        .page(Call::Begin, ADDRESS, get(show))
        .page(Call::Answer, "/recaptcha/api/fallback/answer", judge)
        .page(Call::Other, "/recaptcha/api/fallback/page.css", file::serve(&STYLE))
}

/// What the page has to say.
struct Page {
    /// Whether it is the reply to the form, whose address is one deeper.
    is_reply: bool,
    language: Language,
    notice: Notice,
    body: Body,
}

enum Body {
    Asks(Asked),
    Passed(String),
    /// There is no challenge, for the reason in the notice.
    Nothing,
    /// There is none for this page.
    NotHere,
    /// What the app asks for takes scripts.
    NeedsScripts,
}

struct Asked {
    site_key: String,
    host: String,
    key: String,
    length: u8,
    alphabet: Alphabet,
    size: (u16, u16),
    expires_in_secs: u64,
}

impl Body {
    /// What a refusal leaves.
    fn of(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::AppKey | Refusal::Host => Self::NotHere,
            Refusal::Alternative => Self::NeedsScripts,
            _ => Self::Nothing,
        }
    }
}

/// The page that says why a request for it was refused, wherever that was.
pub(crate) fn refusal(is_reply: bool, language: Language, refusal: &Refusal) -> Response {
    respond(refusal.status(), &Page { is_reply, language, notice: Notice::from(refusal), body: Body::of(refusal) })
}

/// The language that `?hl=` names, else the one that the browser prefers, else English.
pub(crate) fn language_of(query: Option<&str>, headers: &HeaderMap) -> Language {
    let parameters = Parameters::wishes(query.unwrap_or_default());
    let asked = parameters.wish(&["hl"]).and_then(|tag| tag.replace('_', "-").parse().ok());
    asked.or_else(|| language::preferred(headers)).unwrap_or(Language::En)
}

/// The page with a new challenge.
async fn show(
    State(service): State<Arc<Service>>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Refusal> {
    let (client, headers) = (Caller::of(&service, &request), request.headers());
    let language = language_of(query.as_deref(), headers);
    let parameters = Parameters::of_query(query.as_deref().unwrap_or_default())?;
    let site_key = parameters.single(&["k"])?.unwrap_or_default();
    let host = headers.get(header::REFERER).map(host_of).unwrap_or_default();
    let asked = ask(&service, &client, site_key, &host, language).await?;
    Ok(respond(StatusCode::OK, &Page { is_reply: false, language, notice: Notice::New, body: Body::Asks(asked) }))
}

/// The page after its form was sent: with the token, or with another challenge.
async fn judge(
    State(service): State<Arc<Service>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Refusal> {
    let language = language_of(query.as_deref(), &headers);
    let client = Caller::of(&service, &request);
    let fields = Fields::read(request).await?;
    let text = |name| Ok::<_, Refusal>(fields.single(&[name])?.unwrap_or_default().to_owned());
    let (site_key, key, host, answer) = (text("k")?, text("key")?, text("host")?, text("answer")?);
    let now = unix_now();
    let (word, live) = service.word(&key)?;
    // It was the referring page's when the form was made, and must still look like one.
    if !(host.is_empty() || is_hostname(&host)) {
        return Err(Refusal::Host);
    }
    service.check_host(&live, &host)?;
    if !live.app.settings.policy.takes_words_alone() {
        return Err(Refusal::Alternative);
    }
    let [action, data] = [String::new(), String::new()];
    // To copy and paste takes longer than a script does: it lives as long as haechi's own.
    let wish = Wish { audience: Audience::Haechi, means: Means::Picture, hostname: host.clone(), action, data };
    if !live.app.site_key().is_written(&site_key) || answer.len() > MAX_VALUE_BYTES || !wish.fits() {
        return Err(ParameterFault::Value.into());
    }
    let judged = service.judge(&live, &word, answer.as_str(), now).await?;
    let (length, alphabet) = (word.answer_length(), word.alphabet());
    let challenge = Challenge::Word(word);
    client.settle(&service, &live, &challenge, &judged, now).await;
    let body = match judged.verdict {
        Verdict::Passed => Body::Passed(service.token(&live, &challenge, &judged, wish)?.to_string()),
        // It took no attempt, so the person goes on with the same challenge.
        Verdict::Empty => Body::Asks(asked(&live, (&challenge).into(), (length, alphabet), &site_key, &host, now)),
        _ => Body::Asks(ask(&service, &client, &site_key, &host, language).await?),
    };
    Ok(respond(StatusCode::OK, &Page { is_reply: true, language, notice: Notice::from(judged.verdict), body }))
}

async fn ask(
    service: &Service,
    client: &Caller,
    site_key: &str,
    host: &str,
    language: Language,
) -> Result<Asked, Refusal> {
    let now = unix_now();
    let live = service.app_of_site(site_key)?;
    service.check_host(&live, host)?;
    client.check_standing(&live)?;
    if !live.app.settings.policy.takes_words_alone() {
        return Err(Refusal::Alternative);
    }
    let word = widget::issue_word(service, client, &live, language, now).await?;
    Ok(asked(&live, (&word).into(), (word.answer_length(), word.alphabet()), site_key, host, now))
}

fn asked(
    live: &LiveApp,
    issued: Issued,
    (length, alphabet): (u8, Alphabet),
    site_key: &str,
    host: &str,
    now: u64,
) -> Asked {
    Asked {
        site_key: site_key.to_owned(),
        host: host.to_owned(),
        key: issued.key().to_string(),
        length,
        alphabet,
        size: (live.app.settings.width, live.app.settings.height),
        expires_in_secs: live.expires_at(issued.issued_at()).saturating_sub(now),
    }
}

fn respond(status: StatusCode, page: &Page) -> Response {
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, REFERRER_POLICY),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::VARY, HeaderValue::from_static("accept-language")),
    ];
    (status, headers, page.render()).into_response()
}

impl Page {
    /// How to get from here to the server's root, and to this page.
    const fn base(&self) -> (&'static str, &'static str) {
        if self.is_reply { ("../../../", "../fallback") } else { ("../../", "fallback") }
    }

    fn render(&self) -> Markup {
        let texts = Texts::of(self.language);
        let secs = if let Body::Asks(asked) = &self.body { asked.expires_in_secs } else { 0 };
        html! {
            (DOCTYPE)
            html lang=(self.language.tag()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { "CAPTCHA" }
                    link rel="stylesheet" href={ (self.base().1) "/page.css" };
                }
                body {
                    @match &self.body {
                        Body::Passed(token) => { (token_to_copy(self.language, token)) }
                        Body::Asks(asked) => {
                            p role="status" { (texts.notice(self.notice, secs)) }
                            (self.challenge(asked, texts))
                        }
                        Body::NotHere => { p role="status" { (not_here(self.language)) } }
                        Body::NeedsScripts => { p role="status" { (needs_scripts(self.language)) } }
                        Body::Nothing => { p role="status" { (texts.notice(self.notice, secs)) } }
                    }
                }
            }
        }
    }

    fn challenge(&self, asked: &Asked, texts: &Texts) -> Markup {
        let counted = |text: &str| text.replace("{}", &asked.length.to_string());
        let asking = texts.asking(asked.alphabet);
        // Relative, since a proxy may have put a path before ours.
        let (root, below) = self.base();
        let media = format!("{root}captcha/v1.0/keys/{}", asked.key);
        let language = self.language.tag();
        let again = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("k", &asked.site_key)
            .append_pair("hl", language)
            .finish();
        html! {
            form method="post" action={ (below) "/answer?hl=" (language) } autocomplete="off" {
                input type="hidden" name="k" value=(asked.site_key);
                input type="hidden" name="host" value=(asked.host);
                input type="hidden" name="key" value=(asked.key);
                picture {
                    source media="(prefers-color-scheme: dark)" srcset={ (media) "/img?theme=dark&scale=2 2x" };
                    img src={ (media) "/img?theme=light" } srcset={ (media) "/img?theme=light&scale=2 2x" }
                        alt=(counted(asking.picture)) width=(asked.size.0) height=(asked.size.1);
                }
                audio controls preload="none" aria-label=(asking.sound) {
                    @for format in ["mulaw", "pcm"] {
                        source src={ (media) "/sound?lang=" (language) "&format=" (format) };
                    }
                }
                label for="answer" { (counted(asking.task)) }
                input #answer name="answer" type="text" autocapitalize="characters" autocorrect="off"
                    spellcheck="false" maxlength="32" dir="ltr";
                button type="submit" { (texts.check) }
            }
            a href={ (below) "?" (again) } { (texts.renew) }
        }
    }
}

fn token_to_copy(language: Language, token: &str) -> Markup {
    html! {
        p role="status" { label for="token" { (copy(language)) } }
        textarea #token readonly rows="5" autofocus dir="ltr" spellcheck="false" { (token) }
    }
}

/// For the site's developer, since nobody else can mend it.
const fn not_here(language: Language) -> &'static str {
    match language {
        Language::En => "This page's host is not among the app's host names, or its site key is not known.",
        Language::Ko => "이 페이지의 호스트가 앱의 호스트 이름에 없거나, 알 수 없는 사이트 키입니다.",
        Language::Ja => "このページのホストがアプリのホスト名に登録されていないか、サイトキーが正しくありません。",
        Language::Zh => "此页面的主机不在应用的主机名列表中，或站点密钥未知。",
    }
}

/// For the person, who may allow scripts.
const fn needs_scripts(language: Language) -> &'static str {
    match language {
        Language::En => {
            "Nothing need be read here, but your browser has to compute something: allow JavaScript and reload."
        }
        Language::Ko => "읽을 것은 없지만 브라우저가 계산을 해야 합니다. JavaScript를 허용한 뒤 새로고침해 주세요.",
        Language::Ja => {
            "文字を読む必要はありませんが、ブラウザーで計算を行います。JavaScript を有効にして再読み込みしてください。"
        }
        Language::Zh => "无需识别文字，但需要浏览器进行计算。请启用 JavaScript 后刷新页面。",
    }
}

const fn copy(language: Language) -> &'static str {
    match language {
        Language::En => "Right. Copy this text and paste it into the field on the page.",
        Language::Ko => "맞았습니다. 아래 문자열을 복사해 페이지의 입력란에 붙여 넣어 주세요.",
        Language::Ja => "正解です。下の文字列をコピーして、ページの入力欄に貼り付けてください。",
        Language::Zh => "回答正确。请复制下面的文字，并粘贴到页面的输入框中。",
    }
}
