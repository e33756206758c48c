//! What an app's challenges look and sound like, before anybody saves that.

use haechi_captcha::Language;
use maud::{Markup, html};

use super::{page, texts::Texts};
use crate::domain::apps::{AppSettings, Setting};

/// Fields of the form that a picture follows beside its theme, and a sound beside its language.
const OF_PICTURE: &str = "answer_length alphabet width height difficulty colour light_ground dark_ground";
const OF_STEP: &str = "answer_length alphabet width height colour light_ground dark_ground";
const OF_SOUND: &str = "answer_length alphabet";

/// Pictures and sounds of these settings. The script has them follow the form.
pub(super) fn render(settings: &AppSettings, sample: u32, address: &str, texts: &Texts) -> Markup {
    html! {
        section #preview aria-labelledby="preview-heading" {
            h2 #preview-heading { (texts.preview) }
            div.pictures.shown {
                @for (theme, name) in [("light", texts.light), ("dark", texts.dark)] {
                    figure data-theme=(theme) {
                        (picture(settings, theme, settings.difficulty, sample, name, OF_PICTURE))
                        figcaption { (name) }
                    }
                }
            }
            div.more {
                p.quiet { (texts.preview_task) }
                p { a.button #another href={ (address) "?sample=" (sample.wrapping_add(1)) } { (texts.another_sample) } }
                h3 { ((texts.setting)(Setting::Difficulty).0) }
                div.ladder { @for (level, name) in (1..).zip(texts.difficulties) { (step(settings, level, name, sample)) } }
                h3 { (texts.sounds) }
                div.sounds { @for language in Language::ALL { (sound(settings, language, sample)) } }
            }
        }
    }
}

fn picture(settings: &AppSettings, theme: &str, level: u8, sample: u32, name: &str, fields: &str) -> Markup {
    let AppSettings { answer_length, alphabet, width, height, .. } = settings;
    let alphabet = alphabet.name();
    let [colour, light_ground, dark_ground] = [Setting::Colour, Setting::LightGround, Setting::DarkGround]
        .map(|setting| settings.text(setting).replace('#', "%23"));
    let source = format!(
        "/admin/v1/preview/image?answer_length={answer_length}&alphabet={alphabet}&width={width}&height={height}\
         &theme={theme}&difficulty={level}&colour={colour}&light_ground={light_ground}&dark_ground={dark_ground}\
         &scale=1&sample={sample}"
    );
    html! { img src=(source) width=(width) height=(height) alt=(name) loading="lazy" data-preview=(fields); }
}

/// A difficulty, which the script chooses in the form when it is pressed.
fn step(settings: &AppSettings, level: u8, name: &str, sample: u32) -> Markup {
    html! {
        button type="button" data-difficulty=(level) {
            (picture(settings, &settings.text(Setting::Theme), level, sample, "", OF_STEP))
            span { (name) }
        }
    }
}

fn sound(settings: &AppSettings, language: Language, sample: u32) -> Markup {
    let (tag, length, alphabet) = (language.tag(), settings.answer_length, settings.alphabet.name());
    html! {
        figure {
            figcaption lang=(tag) { (page::name(language)) }
            audio controls preload="none" aria-label=(page::name(language)) data-preview=(OF_SOUND)
                src={
                    "/admin/v1/preview/sound?lang=" (tag) "&pace=normal&answer_length=" (length)
                    "&alphabet=" (alphabet) "&sample=" (sample)
                } {}
        }
    }
}
