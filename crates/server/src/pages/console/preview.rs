//! What an app's challenges look and sound like, before anybody saves that.

use haechi_captcha::Language;
use maud::{Markup, html};

use super::{
    page,
    texts::{Texts, fill},
};
use crate::domain::apps::AppSettings;

/// Pictures and sounds of these settings. The script has them follow the form.
pub(super) fn render(settings: &AppSettings, sample: u32, address: &str, texts: &Texts) -> Markup {
    html! {
        section #preview aria-labelledby="preview-heading" {
            h2 #preview-heading { (texts.preview) }
            p.quiet { (texts.preview_task) }
            p { a.button #another href={ (address) "?sample=" (sample.wrapping_add(1)) } { (texts.another_sample) } }
            h3 { (texts.pictures) }
            @for (theme, name) in [("light", texts.light), ("dark", texts.dark)] {
                div.pictures data-theme=(theme) {
                    @for scale in 1..=3_u8 { (picture(settings, theme, name, scale, sample, texts)) }
                }
            }
            h3 { (texts.sounds) }
            div.sounds { @for language in Language::ALL { (sound(settings, language, sample)) } }
        }
    }
}

fn picture(settings: &AppSettings, theme: &str, name: &str, scale: u8, sample: u32, texts: &Texts) -> Markup {
    let AppSettings { answer_length, alphabet, width, height, difficulty, .. } = settings;
    let alphabet = alphabet.name();
    let source = format!(
        "/admin/v1/preview/image?answer_length={answer_length}&alphabet={alphabet}&width={width}&height={height}&theme={theme}\
         &difficulty={difficulty}&scale={scale}&sample={sample}"
    );
    let caption = fill(texts.picture_caption, &[name, &scale.to_string()]);
    html! {
        figure {
            img src=(source) width=(width) height=(height) alt=(caption) loading="lazy" data-preview;
            figcaption { (caption) }
        }
    }
}

fn sound(settings: &AppSettings, language: Language, sample: u32) -> Markup {
    let (tag, length, alphabet) = (language.tag(), settings.answer_length, settings.alphabet.name());
    html! {
        figure {
            figcaption lang=(tag) { (page::name(language)) }
            audio controls preload="none" aria-label=(page::name(language)) data-preview
                src={
                    "/admin/v1/preview/sound?lang=" (tag) "&pace=normal&answer_length=" (length)
                    "&alphabet=" (alphabet) "&sample=" (sample)
                } {}
        }
    }
}
