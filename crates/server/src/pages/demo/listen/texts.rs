//! What the listening test says, in each language.

use haechi_captcha::Language;

/// The test's texts in one language.
pub(super) struct Texts {
    pub(super) languages: &'static str,
    pub(super) heading: &'static str,
    pub(super) task: &'static str,
    pub(super) advice: [&'static str; 3],
    pub(super) sound: &'static str,
    pub(super) submit: &'static str,
    pub(super) right: &'static str,
    pub(super) characters: &'static str,
    pub(super) said: &'static str,
    pub(super) typed: &'static str,
    pub(super) verdict: &'static str,
    pub(super) confused: &'static str,
    pub(super) again: &'static str,
}

impl Texts {
    pub(super) fn of(language: Language) -> &'static Self {
        match language {
            Language::Ko => &KOREAN,
            Language::En => &ENGLISH,
            Language::Ja => &JAPANESE,
            Language::Zh => &CHINESE,
        }
    }
}

const ENGLISH: Texts = Texts {
    languages: "Language",
    heading: "Listening test",
    task: "Ten sounds. Each says five letters and digits over noise; type what you hear.",
    advice: [
        "Use headphones or speakers as you usually do, and set the volume with the first sound.",
        "Play each sound once and type along. Only if you would do so in front of a real form, play it again.",
        "Guess where you are not sure. An empty answer counts as wrong.",
    ],
    sound: "Sound",
    submit: "Score",
    right: "Whole answers right",
    characters: "Characters understood",
    said: "Said",
    typed: "Typed",
    verdict: "Right",
    confused: "Confused",
    again: "Another test",
};

const KOREAN: Texts = Texts {
    languages: "언어",
    heading: "듣기 시험",
    task: "소리 열 개를 듣습니다. 소리마다 잡음 속에서 영문자와 숫자 다섯 개를 말하니, 들리는 대로 입력해 주세요.",
    advice: [
        "평소에 쓰는 헤드폰이나 스피커로 듣고, 첫 소리에서 음량을 맞춰 주세요.",
        "소리마다 한 번만 들으면서 입력해 주세요. 실제 화면에서도 다시 들을 것 같을 때만 다시 들어 주세요.",
        "잘 모르면 짐작해서 입력해 주세요. 빈칸은 틀린 것으로 셉니다.",
    ],
    sound: "소리",
    submit: "채점",
    right: "모두 맞은 답",
    characters: "알아들은 글자",
    said: "말한 글자",
    typed: "입력한 글자",
    verdict: "맞음",
    confused: "헷갈린 글자",
    again: "다시 시험하기",
};

const JAPANESE: Texts = Texts {
    languages: "言語",
    heading: "聞き取りテスト",
    task: "音声が10個あります。それぞれ雑音の中で英数字を5文字読み上げますので、聞こえたとおりに入力してください。",
    advice: [
        "いつものヘッドホンやスピーカーで聞き、最初の音声で音量を合わせてください。",
        "一度だけ聞きながら入力してください。実際のフォームでも聞き直すと思うときだけ、もう一度聞いてください。",
        "自信がなければ推測してください。空欄は不正解になります。",
    ],
    sound: "音声",
    submit: "採点",
    right: "全部正しい答え",
    characters: "聞き取れた文字",
    said: "読み上げ",
    typed: "入力",
    verdict: "正解",
    confused: "取り違え",
    again: "もう一度テストする",
};

const CHINESE: Texts = Texts {
    languages: "语言",
    heading: "听力测试",
    task: "共有十段语音。每段在噪声中读出五个字母或数字，请输入听到的内容。",
    advice: [
        "请使用平时的耳机或音箱，并用第一段语音调好音量。",
        "每段边听边输入，只听一遍；只有在真实页面上也会重听时，才再听一遍。",
        "不确定时请猜测。空白算错。",
    ],
    sound: "语音",
    submit: "评分",
    right: "完全正确的答案",
    characters: "听懂的字符",
    said: "读出",
    typed: "输入",
    verdict: "正确",
    confused: "听混",
    again: "再测一次",
};
