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
use haechi_captcha::{Alphabet, Answer, Language, Pace, Scale, Seed, Speech, image, sound};

use super::{Caller, parameter};
use crate::{
    dialect::admin::problem::Problem,
    domain::{
        admin::{Actor, AdminError, Scope},
        apps::AppSettings,
        service::Service,
    },
    http::media::in_range,
};

/// Draw a sample with these settings. Scope: `apps:read`.
#[utoipa::path(
    get, path = "/admin/v1/preview/image", operation_id = "preview_image", tag = "Admin API", security(("token" = [])),
    params(
        ("answer_length" = Option<u8>, Query, minimum = 4, maximum = 8, description = "4 to 8"),
        ("width" = Option<u16>, Query, minimum = 120, maximum = 480, description = "120 to 480"),
        ("height" = Option<u16>, Query, minimum = 40, maximum = 160, description = "40 to 160"),
        ("theme" = Option<String>, Query, pattern = "^(light|dark)$", description = "light or dark"),
        ("difficulty" = Option<u8>, Query, minimum = 1, maximum = 5, description = "1 to 5"),
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
        ("answer_length" = Option<u8>, Query, minimum = 4, maximum = 8, description = "4 to 8"),
        ("lang" = Option<String>, Query, pattern = "^(ko|en|ja|zh)$", description = "ko, en, ja or zh"),
        ("pace" = Option<String>, Query, pattern = "^(normal|slow)$", description = "normal or slow"),
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
    let language: Language = settings.language();
    let (answer, seed) = answer_and_seed(&settings, sample);
    let (speech, spoken) = (Speech::new(language).with_pace(pace.unwrap_or_default()), answer.clone());
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
    fn number<Number: std::str::FromStr>(
        query: Option<&str>,
        name: &'static str,
        usual: Number,
    ) -> Result<Number, Problem> {
        let expected = AppSettings::range(name).unwrap_or("a number");
        Ok(parameter(query, name, expected, |text| text.parse().ok())?.unwrap_or(usual))
    }
    let text = |name, usual: String| {
        Ok::<_, Problem>(parameter(query, name, "a word", |text| Some(text.to_owned()))?.unwrap_or(usual))
    };
    let usual = AppSettings::default();
    let settings = AppSettings {
        answer_length: number(query, "answer_length", usual.answer_length)?,
        width: number(query, "width", usual.width)?,
        height: number(query, "height", usual.height)?,
        difficulty: number(query, "difficulty", usual.difficulty)?,
        theme: text("theme", usual.theme.clone())?,
        lang: text("lang", usual.lang.clone())?,
        ..usual
    };
    settings.check().map_err(|error| AdminError::App(error.into()))?;
    Ok((settings, number(query, "sample", 1)?))
}

fn answer_and_seed(settings: &AppSettings, sample: u32) -> (Answer, Seed) {
    let seed = Seed::from_number(u64::from(sample));
    (Answer::derive(&seed, Alphabet::Standard, settings.answer_length), seed)
}

fn say_answer(response: &mut Response, answer: &Answer) {
    let value = HeaderValue::from_str(answer.as_str()).expect("an answer is letters and digits");
    response.headers_mut().insert("x-sample-answer", value);
}
