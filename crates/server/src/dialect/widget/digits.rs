//! What the widget says where digits alone are asked for: its own texts speak of letters and digits, and its script has no
//! room for others.

use haechi_captcha::Language;
use serde::Serialize;
use utoipa::ToSchema;

/// Texts of the widget, by the names that they have there, with `{}` for the number of digits.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WidgetTexts)]
pub(super) struct Texts {
    /// What there is to do.
    #[schema(example = "Type the {} digits you see or hear")]
    counted_task: &'static str,
    /// What the picture shows.
    #[schema(example = "A picture of {} distorted digits. The sound says the same ones.")]
    picture: &'static str,
    /// What to do where nothing was typed.
    #[schema(example = "Please type the digits first.")]
    empty: &'static str,
}

/// The texts of a language.
pub(super) const fn texts(language: Language) -> Texts {
    match language {
        Language::Ko => Texts {
            counted_task: "그림에 보이거나 소리로 들리는 숫자 {}개를 입력해 주세요",
            picture: "왜곡된 숫자 {}개가 있는 그림입니다. 같은 내용을 소리로도 들을 수 있습니다.",
            empty: "숫자를 먼저 입력해 주세요.",
        },
        Language::En => Texts {
            counted_task: "Type the {} digits you see or hear",
            picture: "A picture of {} distorted digits. The sound says the same ones.",
            empty: "Please type the digits first.",
        },
        Language::Ja => Texts {
            counted_task: "画像または音声の数字 {} 桁を入力してください",
            picture: "ゆがんだ数字 {} 桁の画像です。同じ内容を音声でも聞けます。",
            empty: "先に数字を入力してください。",
        },
        Language::Zh => Texts {
            counted_task: "请输入图片中看到或语音中听到的 {} 个数字",
            picture: "一张含有 {} 个变形数字的图片。语音会读出相同的内容。",
            empty: "请先输入数字。",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The widget's own.
    const OWN: &str = include_str!("../../../../../widget/src/texts.ts");

    #[test]
    fn the_widget_has_these_texts_under_these_names() {
        for language in Language::ALL {
            let said = serde_json::to_value(texts(language)).unwrap();
            for (name, text) in said.as_object().unwrap() {
                assert_eq!(OWN.matches(&format!("\n  {name}: \"")).count(), Language::ALL.len(), "{name}");
                let is_counted =
                    OWN.split(&format!("\n  {name}: \"")).nth(1).unwrap().split('"').next().unwrap().contains("{}");
                assert_eq!(text.as_str().unwrap().contains("{}"), is_counted, "{name}");
            }
        }
    }
}
