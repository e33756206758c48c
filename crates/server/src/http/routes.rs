//! The only way to add a route: with its dialect and its class, from which follow how it is limited, counted and shown.
//!
//! A route's path and method are said once, in the handler's own `#[utoipa::path]`, which the OpenAPI document and the
//! router are both made of.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header, request::Parts},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{MethodRouter, options},
};
use haechi_captcha::Challenge;
use tower::util::option_layer;
use tower_http::{
    cors::{AllowHeaders, Any, CorsLayer},
    set_header::SetResponseHeaderLayer,
};
use utoipa::openapi::{OpenApi, PathItem};
use utoipa_axum::router::UtoipaMethodRouter;

use crate::domain::{
    apps::{Asking, LiveApp, Networks},
    client::{Client, Peer, Standing},
    demand::{self, Became, Demand},
    limits::{Limited, TooOften},
    metrics::Call,
    refusal::Refusal,
    service::{Judged, Service, Verdict},
};

/// A wire form. A path's dialect says refusals in its own words, wherever they come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// NHN Cloud CAPTCHA v1.0, and whatever has no words of its own.
    Nhn,
    /// The admin API: problem details.
    Admin,
    /// The console: pages.
    Console,
    /// reCAPTCHA's siteverify and script.
    Recaptcha,
    /// hCaptcha's.
    Hcaptcha,
    /// Turnstile's.
    Turnstile,
    /// What the widget calls.
    Widget,
    /// ALTCHA, and the addresses of Sentinel.
    Altcha,
    /// Cap.
    Cap,
    /// NAVER Cloud CAPTCHA.
    NaverCloud,
    /// The CAPTCHA of NAVER Developers, which was before it.
    NaverDevelopers,
    /// The page for browsers without scripts.
    Fallback,
    /// The demo's page. What its script calls has the words of the first dialect.
    Demo,
}

impl Dialect {
    /// The dialect of a path, whether or not there is such a route.
    pub(crate) fn of(path: &str) -> Self {
        let is_below =
            |prefix: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        match () {
            () if is_below("/admin") => Self::Admin,
            () if is_below("/console") => Self::Console,
            () if is_below("/recaptcha/api/fallback") => Self::Fallback,
            () if is_below("/recaptcha") => Self::Recaptcha,
            () if is_below("/siteverify") || is_below("/1") => Self::Hcaptcha,
            () if is_below("/turnstile") => Self::Turnstile,
            () if is_below("/widget") => Self::Widget,
            () if is_below("/altcha") || is_below("/v1/challenge") || is_below("/v1/verify") => Self::Altcha,
            () if is_below("/cap") => Self::Cap,
            () if ["/captcha/v1", "/captcha-bin", "/scaptcha", "/scaptcha-bin"].into_iter().any(is_below) => {
                Self::NaverCloud
            }
            () if is_below("/v1/captcha") => Self::NaverDevelopers,
            () if path == "/" => Self::Demo,
            () => Self::Nhn,
        }
    }
}

impl Dialect {
    /// Whether pages of any origin call it.
    pub(crate) const fn is_called_from_anywhere(self) -> bool {
        matches!(self, Self::Widget | Self::Altcha | Self::Cap)
    }

    /// Lets a page's script read a reply, if pages of any origin call it.
    pub(crate) fn let_pages_read(self, headers: &mut HeaderMap) {
        if self.is_called_from_anywhere() {
            let exposed = if self == Self::Altcha { "retry-after,x-altcha-config" } else { "retry-after" };
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(exposed));
        }
    }
}

/// The class of each route, by its path as it was added.
#[derive(Default)]
pub(crate) struct Classes(HashMap<String, Class>);

impl Classes {
    /// The class of a request, by the route that matched.
    pub(crate) fn of(&self, route: &str, uri: &Uri) -> Option<Call> {
        self.0.get(route).map(|class| class.of(uri))
    }
}

/// What a route is: one call, or where one address has several, that which a request's query asks for.
#[derive(Clone, Copy)]
struct Class {
    call: Call,
    asked: Option<fn(&Uri) -> Call>,
}

impl Class {
    fn of(self, uri: &Uri) -> Call {
        self.asked.map_or(self.call, |asked| asked(uri))
    }
}

/// Finds the app that a request names, so that a refusal by limit is counted for it.
type AppNamed = fn(&Service, Limited, &Parts) -> Result<Arc<LiveApp>, Refusal>;

/// A path, what is at it, and its class.
struct Route<S> {
    class: Class,
    path: String,
    handlers: MethodRouter<S>,
    /// The methods of a call that does something, which HEAD is then none of: it is to do nothing, and shows no verdict.
    methods: Option<HeaderValue>,
}

/// The routes of one dialect, whose handlers have this state.
pub(crate) struct Routes<S> {
    dialect: Dialect,
    app_named: Option<AppNamed>,
    routes: Vec<Route<S>>,
    document: OpenApi,
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// No routes yet.
    pub(crate) fn of(dialect: Dialect) -> Self {
        let document = OpenApi::default();
        Self { dialect, app_named: None, routes: Vec::new(), document }
    }

    /// With a way to find the app that a limited call names.
    pub(crate) fn naming_apps(self, app_named: AppNamed) -> Self {
        Self { app_named: Some(app_named), ..self }
    }

    /// With a call, whose path, method and place in the OpenAPI document are its handlers' own.
    pub(crate) fn call(mut self, call: Call, (schemas, paths, handlers): UtoipaMethodRouter<S>) -> Self {
        for (path, operations) in paths.paths {
            let methods = does_something(call).then(|| methods_of(&operations));
            let class = Class { call, asked: None };
            self.add(Route { class, path: path.clone(), handlers: handlers.clone(), methods });
            self.document.paths.paths.insert(path, operations);
        }
        self.document.components.get_or_insert_default().schemas.extend(schemas);
        self
    }

    /// With the last call being of the class that the query of a request asks for. Each such class does something, or none
    /// does.
    pub(crate) fn asked(mut self, asked: fn(&Uri) -> Call) -> Self {
        self.routes.last_mut().expect("there is a call").class.asked = Some(asked);
        self
    }

    /// With the last call at another address too, at which others have it. The OpenAPI document does not repeat it.
    pub(crate) fn also_at(mut self, path: &str) -> Self {
        let Route { class, handlers, methods, .. } = self.routes.last().expect("there is a call");
        let route =
            Route { class: *class, path: path.to_owned(), handlers: handlers.clone(), methods: methods.clone() };
        self.add(route);
        self
    }

    /// With what is for people or machines that know it anyway, and so is not in the OpenAPI document.
    pub(crate) fn page(mut self, call: Call, path: &str, handlers: MethodRouter<S>) -> Self {
        self.add(Route { class: Class { call, asked: None }, path: path.to_owned(), handlers, methods: None });
        self
    }

    fn add(&mut self, route: Route<S>) {
        assert_eq!(Dialect::of(&route.path), self.dialect, "{} is another dialect's", route.path);
        self.routes.push(route);
    }

    /// What they say of themselves.
    pub(crate) fn document(&self) -> OpenApi {
        self.document.clone()
    }

    /// The router, each of whose routes is limited by its class. Which class that is goes into the table.
    pub(crate) fn router(self, service: &Arc<Service>, classes: &mut Classes) -> Router<S> {
        let (app_named, dialect) = (self.app_named, self.dialect);
        classes.0.extend(self.routes.iter().map(|route| (route.path.clone(), route.class)));
        self.routes.into_iter().fold(Router::new(), |router, Route { class, path, handlers, methods }| {
            let call = class.call;
            let mut handlers = match methods {
                Some(methods) => {
                    let no_such_method = move || async move { ([(header::ALLOW, methods)], no_such_method().await) };
                    handlers.head(no_such_method.clone()).fallback(no_such_method)
                }
                None => handlers.fallback(no_such_method),
            };
            let limits = option_layer(limited(call).map(|_| {
                let around = Around { service: Arc::clone(service), class, app_named };
                from_fn_with_state(around, limit_clients)
            }));
            // Around the limit, so that a page's script may read what it is refused with. It is one layer of both, since
            // layers are copied for every request.
            handlers = match call {
                Call::Image | Call::Sound => handlers.layer((varied(), shown_anywhere(), limits)),
                Call::Script => handlers.layer(called_from_anywhere()),
                _ if limited(call).is_some() => handlers.layer(limits),
                _ => handlers,
            };
            // Of what any page calls, every reply says so on its way out. Here is only what browsers ask before.
            if dialect.is_called_from_anywhere() && call != Call::Script {
                let asked_before = options(no_such_method);
                handlers = handlers.merge(match dialect {
                    Dialect::Altcha => asked_before.layer(called_by_altcha()),
                    _ => asked_before.layer(called_from_anywhere()),
                });
            }
            router.route(&path, handlers)
        })
    }
}

/// Whether a call makes or decides something. Each of another class only shows what there is.
const fn does_something(call: Call) -> bool {
    matches!(call, Call::Issue | Call::Begin | Call::Verify | Call::Answer | Call::Expire | Call::Redeem)
}

/// The methods that a path has, as `Allow` says them.
fn methods_of(operations: &PathItem) -> HeaderValue {
    let methods = [("GET", &operations.get), ("POST", &operations.post), ("DELETE", &operations.delete)];
    let methods = methods.into_iter().filter(|(_, operation)| operation.is_some()).map(|(method, _)| method);
    HeaderValue::from_str(&methods.collect::<Vec<_>>().join(",")).expect("methods are of letters")
}

async fn no_such_method() -> Refusal {
    Refusal::Http(StatusCode::METHOD_NOT_ALLOWED)
}

/// Any origin may show a challenge, and read the headers that a player needs.
fn shown_anywhere() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::HEAD])
        // A front end may add headers of its own to whatever it fetches. None changes what is shown.
        .allow_headers(AllowHeaders::mirror_request())
        // Nobody keeps the reply to a preflight but the browser that asked, and other replies are the same for all.
        .vary([])
        .expose_headers([header::ACCEPT_RANGES, header::CONTENT_LENGTH, header::CONTENT_RANGE])
}

/// Pages of any origin may call what the widget calls; whether the app has theirs among its hosts is the call's to see.
fn called_from_anywhere() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::CONTENT_TYPE])
        .expose_headers([header::RETRY_AFTER])
        .max_age(PREFLIGHT_AGE)
}

/// What ALTCHA's widgets send and read beside.
fn called_by_altcha() -> CorsLayer {
    called_from_anywhere()
        .allow_headers([header::CONTENT_TYPE, X_ALTCHA_SPAM_FILTER])
        .expose_headers([header::RETRY_AFTER, X_ALTCHA_CONFIG])
}

/// Where ALTCHA's widgets learn at which address an answer is verified.
pub(crate) const X_ALTCHA_CONFIG: HeaderName = HeaderName::from_static("x-altcha-config");
/// What its second widget says of itself where a page wants its texts looked at.
const X_ALTCHA_SPAM_FILTER: HeaderName = HeaderName::from_static("x-altcha-spam-filter");

/// How long a browser need not ask again whether it may call: as long as one of them believes at most.
const PREFLIGHT_AGE: Duration = Duration::from_secs(7_200);

/// A sound's language, and whether a refusal is text or a picture in some language, depend on the reader.
fn varied() -> SetResponseHeaderLayer<HeaderValue> {
    let headers = HeaderValue::from_static("accept, accept-language");
    SetResponseHeaderLayer::appending(header::VARY, headers)
}

/// What is around a call.
#[derive(Clone)]
struct Around {
    service: Arc<Service>,
    class: Class,
    app_named: Option<AppNamed>,
}

/// Who calls, as far as it is limited. Requests without a peer are tests'.
pub(crate) struct Caller {
    client: Option<Client>,
    /// What a trusted proxy says of it.
    standing: Standing,
}

/// What is to be asked of a client.
pub(crate) struct Sought {
    pub(crate) asking: Asking,
    /// What the rule demands, unless the client chose something else.
    pub(crate) demand: Option<Demand>,
}

impl Caller {
    pub(crate) fn of(service: &Service, request: &Request) -> Self {
        let peer = request.extensions().get().map(|Peer(peer)| peer.ip());
        let (proxies, headers) = (service.limits().proxies(), request.headers());
        Self {
            client: peer.map(|peer| proxies.client(peer, headers)),
            standing: peer.map(|peer| proxies.standing(peer, headers)).unwrap_or_default(),
        }
    }

    /// The client, if it is known.
    pub(crate) fn client(&self) -> Option<Client> {
        self.client
    }

    /// What is to be asked of the client just now. Whether a word is shown at once matters to the rule, which expects
    /// that one that is shown will be read.
    ///
    /// # Errors
    /// As [`Caller::check_standing`].
    pub(crate) async fn sought(
        &self,
        service: &Service,
        live: &LiveApp,
        is_shown: bool,
        now: u64,
    ) -> Result<Sought, Refusal> {
        let policy = live.app.settings.policy;
        let demand = match self.check_standing(live)? {
            Standing::Allowed => Demand::default(),
            Standing::Suspect => Demand::MOST,
            Standing::Usual | Standing::Denied => {
                let may_ask_word = is_shown && policy.may_ask_words();
                service.demands().demand(self.at(live), may_ask_word, now).await
            }
        };
        Ok(Sought { asking: policy.asks(&demand), demand: Some(demand) })
    }

    /// Counts what became of a challenge that the client was shown.
    pub(crate) async fn settle(
        &self,
        service: &Service,
        live: &LiveApp,
        challenge: &Challenge,
        judged: &Judged,
        now: u64,
    ) {
        self.forgive_answered(service, live, judged).await;
        let became = match (judged.verdict, challenge) {
            (Verdict::Passed, Challenge::Work(_)) => Became::Solved,
            (Verdict::Passed, Challenge::Word(_)) => Became::Read { after_secs: judged.after_secs },
            (Verdict::Wrong { .. } | Verdict::Undone, _) => Became::Wrong,
            (Verdict::Spent | Verdict::Late | Verdict::Empty, _) => return,
        };
        if !judged.is_repeated {
            service.demands().settle(self.at(live), became, now).await;
        }
    }

    /// Counts a challenge that the client gives up for another.
    pub(crate) async fn give_up(&self, service: &Service, live: &LiveApp, now: u64) {
        service.demands().settle(self.at(live), Became::Renewed, now).await;
    }

    /// Counts work of which nobody here will see whether it was done, since the site looks at that by itself.
    pub(crate) async fn take_for_solved(&self, service: &Service, live: &LiveApp, now: u64) {
        service.demands().settle(self.at(live), Became::Solved, now).await;
    }

    fn at(&self, live: &LiveApp) -> demand::Caller {
        demand::Caller { client: self.client, app: live.app.number }
    }

    /// What is said of the client, by a trusted proxy or in the app's lists. Of two words the harder counts, but for
    /// a suspicion of which the app's operator clears it.
    ///
    /// # Errors
    /// [`Refusal::Denied`] if it is to get no challenge.
    pub(crate) fn check_standing(&self, live: &LiveApp) -> Result<Standing, Refusal> {
        let is_in = |networks: &Networks| self.client.is_some_and(|client| networks.contain(client));
        let settings = &live.app.settings;
        let listed = match () {
            () if is_in(&settings.denied_networks) => Standing::Denied,
            () if is_in(&settings.allowed_networks) => Standing::Allowed,
            () => Standing::Usual,
        };
        match self.standing.max(listed) {
            Standing::Denied => {
                live.counters.count_limited();
                Err(Refusal::Denied)
            }
            standing => Ok(standing),
        }
    }

    /// Counts a call by this limit, and says whether it is within.
    pub(crate) async fn may(&self, service: &Service, limited: Limited) -> bool {
        self.admit(service, limited).await.is_ok()
    }

    /// Counts what a route does beside what it is, as a call of this class.
    ///
    /// # Errors
    /// [`Refusal::RateLimit`] above the client's limit.
    pub(crate) async fn count(&self, service: &Service, call: Call) -> Result<(), Refusal> {
        let Some(limited) = limited(call) else { return Ok(()) };
        self.admit(service, limited).await.map_err(|too_often| {
            service.metrics().count_limited(call);
            too_often.into()
        })
    }

    /// Counts a challenge that is about to be shown to the client by the widget, until it is answered.
    ///
    /// # Errors
    /// [`Refusal::RateLimit`] if the client has left too many unanswered.
    pub(crate) async fn show(&self, service: &Service, live: &LiveApp) -> Result<(), Refusal> {
        self.admit(service, Limited::Unanswered).await.map_err(|too_often| {
            service.metrics().count_limited(Call::Begin);
            live.counters.count_limited();
            too_often.into()
        })
    }

    /// Takes back that a challenge was counted, since it was answered, or not shown after all.
    pub(crate) async fn forgive(&self, service: &Service) {
        if let Some(client) = self.client {
            service.limits().give_back_unanswered(client).await;
        }
    }

    /// The same, if this is the first answer to a challenge. A right one after a wrong one gives another back, where the
    /// app takes several answers: nobody remembers that there was one before.
    async fn forgive_answered(&self, service: &Service, live: &LiveApp, judged: &Judged) {
        let is_first = match judged.verdict {
            Verdict::Passed => true,
            Verdict::Wrong { left } => left + 1 == live.app.settings.attempts,
            Verdict::Spent | Verdict::Late | Verdict::Empty | Verdict::Undone => false,
        };
        if is_first && !judged.is_repeated {
            self.forgive(service).await;
        }
    }

    async fn admit(&self, service: &Service, limited: Limited) -> Result<(), TooOften> {
        match self.client {
            Some(client) => service.limits().admit(limited, client).await,
            None => Ok(()),
        }
    }
}

/// Refuses a client that calls too often.
async fn limit_clients(State(around): State<Around>, request: Request, next: Next) -> Response {
    let call = around.class.of(request.uri());
    if let Some(limited) = limited(call)
        && let Err(too_often) = Caller::of(&around.service, &request).admit(&around.service, limited).await
    {
        around.count_limited(call, limited, &request.into_parts().0);
        return Refusal::from(too_often).into_response();
    }
    next.run(request).await
}

impl Around {
    /// Counts a call that was refused, for the app as well that it names or whose key it has.
    fn count_limited(&self, call: Call, limited: Limited, parts: &Parts) {
        self.service.metrics().count_limited(call);
        if let Some(Ok(live)) = self.app_named.map(|find| find(&self.service, limited, parts)) {
            live.counters.count_limited();
        }
    }
}

/// By which of the clients' limits a call is limited.
const fn limited(call: Call) -> Option<Limited> {
    match call {
        Call::Issue | Call::Begin => Some(Limited::Issue),
        Call::Image | Call::Sound => Some(Limited::Media),
        Call::Verify | Call::Expire | Call::Answer => Some(Limited::Verify),
        // A site's server redeems for everybody who is on its pages.
        Call::Redeem => None,
        Call::Script | Call::Liveness | Call::Readiness | Call::Metrics | Call::Other => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_the_dialect_of_what_it_is_below() {
        for (path, dialect) in [
            ("/admin/v1/apps", Dialect::Admin),
            ("/admin", Dialect::Admin),
            ("/administration", Dialect::Nhn),
            ("/console", Dialect::Console),
            ("/console/nothing", Dialect::Console),
            ("/captcha/v1.0/keys", Dialect::Nhn),
            ("/", Dialect::Demo),
            ("/recaptcha/api/siteverify", Dialect::Recaptcha),
            ("/recaptcha/api/fallback", Dialect::Fallback),
            ("/siteverify", Dialect::Hcaptcha),
            ("/1/api.js", Dialect::Hcaptcha),
            ("/10", Dialect::Nhn),
            ("/turnstile/v0/siteverify", Dialect::Turnstile),
            ("/widget/v1/begin", Dialect::Widget),
            ("/altcha/v2/challenge", Dialect::Altcha),
            ("/v1/verify/signature", Dialect::Altcha),
            ("/v1/captcha/nkey", Dialect::NaverDevelopers),
            ("/captcha/v1/nkey", Dialect::NaverCloud),
            ("/captcha/v1.0/keys/x/img", Dialect::Nhn),
            ("/captcha-bin/v1/ncaptcha", Dialect::NaverCloud),
            ("/scaptcha/v1/skey", Dialect::NaverCloud),
            ("/scaptcha-bin/v1/scaptcha", Dialect::NaverCloud),
            ("/cap/x/redeem", Dialect::Cap),
            ("/demo/redemption", Dialect::Nhn),
            ("*", Dialect::Nhn),
        ] {
            assert_eq!(Dialect::of(path), dialect, "{path}");
        }
    }
}
