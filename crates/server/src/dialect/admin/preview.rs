//! What challenges look and sound like with some settings.
//!
//! What is shown is a sample, made of the number that the query names and of no secret. It is nobody's challenge.

use std::sync::Arc;

use axum::{
    Extension,
    extract::RawQuery,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use haechi_captcha::{Answer, Format, Pace, Scale, Seed, Speech, image, sound};
use utoipa::{
    IntoParams,
    openapi::{
        Required,
        path::{Parameter, ParameterBuilder, ParameterIn},
    },
};

use super::{Caller, parameter};
use crate::{
    dialect::admin::problem::Problem,
    domain::{
        admin::{Actor, AdminError, Scope},
        apps::{AppSettings, Setting, SettingChanges},
        service::Service,
    },
    http::media::in_range,
};

/// The settings that a picture shows, as parameters.
struct Seen;

/// The settings that a sound lets hear, as parameters.
struct Heard;

impl IntoParams for Seen {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        parameters(Setting::is_seen)
    }
}

impl IntoParams for Heard {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        parameters(Setting::is_heard)
    }
}

fn parameters(are_wanted: fn(Setting) -> bool) -> Vec<Parameter> {
    let parameter = |setting: Setting| {
        let parameter = ParameterBuilder::new().name(setting.name()).parameter_in(ParameterIn::Query);
        parameter.description(setting.range()).required(Required::False).schema(Some(setting.schema())).build()
    };
    Setting::ALL.iter().copied().filter(|setting| are_wanted(*setting)).map(parameter).collect()
}

/// Draw a sample with these settings. Scope: `apps:read`.
#[utoipa::path(
    get, path = "/admin/v1/preview/image", operation_id = "preview_image", tag = "Admin API", security(("token" = [])),
    params(
        Seen,
        ("scale" = Option<u8>, Query, minimum = 1, maximum = 3, description = "Image pixels for each CSS pixel: 1, 2 or 3"),
        ("sample" = Option<u64>, Query, minimum = 0, maximum = 4294967295u64, description = "Which sample; the same number with the same settings is the same picture"),
    ),
    responses(
        (status = 200, content_type = "image/gif", headers(("X-Sample-Answer" = String, description = "What it says"))),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn image(
    Caller(actor): Caller,
    Extension(service): Extension<Arc<Service>>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    check(&actor)?;
    let (settings, sample) = sample(query.as_deref())?;
    let scale =
        parameter(query.as_deref(), "scale", "1, 2 or 3", |text| Scale::try_from(text.parse::<u8>().ok()?).ok())?;
    let (answer, seed) = answer_and_seed(&settings, sample);
    let (look, drawn) = (settings.look().with_scale(scale.unwrap_or_default()), answer.clone());
    let gif = service.render(move || image::render(&drawn, &seed, &look)).await?;
    let mut response = (StatusCode::OK, [(header::CONTENT_TYPE, "image/gif")], gif).into_response();
    say_answer(&mut response, &answer);
    Ok(response)
}

/// Speak a sample. Scope: `apps:read`.
#[utoipa::path(
    get, path = "/admin/v1/preview/sound", operation_id = "preview_sound", tag = "Admin API", security(("token" = [])),
    params(
        Heard,
        ("pace" = Option<String>, Query, pattern = "^(normal|slow)$", description = "normal or slow"),
        ("format" = Option<String>, Query, pattern = "^(pcm|mulaw)$", description = "pcm or mulaw"),
        ("repeat" = Option<bool>, Query, description = "Whether to say it twice"),
        ("sample" = Option<u64>, Query, minimum = 0, maximum = 4294967295u64, description = "Which sample"),
    ),
    responses(
        (status = 200, content_type = "audio/wav", headers(("X-Sample-Answer" = String, description = "What it says"))),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn sound(
    Caller(actor): Caller,
    Extension(service): Extension<Arc<Service>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    check(&actor)?;
    let (settings, sample) = sample(query.as_deref())?;
    let pace = parameter(query.as_deref(), "pace", "normal or slow", |text| text.parse::<Pace>().ok())?;
    let format = parameter(query.as_deref(), "format", "pcm or mulaw", |text| text.parse::<Format>().ok())?;
    let is_repeated = parameter(query.as_deref(), "repeat", "true or false", |text| text.parse::<bool>().ok())?;
    let (answer, seed) = answer_and_seed(&settings, sample);
    let speech = Speech::new(settings.lang).of_alphabet(settings.alphabet).with_pace(pace.unwrap_or_default());
    let speech = speech.with_format(format.unwrap_or_default()).with_repeat(is_repeated.unwrap_or_default());
    let spoken = answer.clone();
    let wav = service.render(move || sound::speak(&spoken, &seed, &speech)).await?;
    let mut response = in_range(wav, &headers);
    say_answer(&mut response, &answer);
    Ok(response)
}

fn check(actor: &Actor) -> Result<(), Problem> {
    if actor.may(Scope::AppsRead) { Ok(()) } else { Err(AdminError::Forbidden(Scope::AppsRead).into()) }
}

/// The settings that a query names, the usual ones where it names none, and the number of the sample.
fn sample(query: Option<&str>) -> Result<(AppSettings, u32), Problem> {
    let mut changes = SettingChanges::default();
    for setting in Setting::ALL.iter().copied().filter(|setting| setting.is_seen() || setting.is_heard()) {
        let expected = setting.range().unwrap_or_default();
        parameter(query, setting.name(), &expected, |text| changes.read(setting, text))?;
    }
    let settings = changes.applied_to(&AppSettings::default()).map_err(|error| AdminError::App(error.into()))?;
    let sample = parameter(query, "sample", "a number", |text| text.parse().ok())?;
    Ok((settings, sample.unwrap_or(1)))
}

fn answer_and_seed(settings: &AppSettings, sample: u32) -> (Answer, Seed) {
    let seed = Seed::from_number(u64::from(sample));
    (Answer::derive(&seed, settings.alphabet, settings.answer_length), seed)
}

fn say_answer(response: &mut Response, answer: &Answer) {
    let value = HeaderValue::from_str(answer.as_str()).expect("an answer is letters and digits");
    response.headers_mut().insert("x-sample-answer", value);
}
