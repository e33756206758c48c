//! What the demo page says, in each language.

use haechi_captcha::{Alphabet, Language};

use crate::domain::{refusal::Refusal, service::Verdict};

/// What the page tells a person about the challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pages) enum Notice {
    New,
    Right,
    Wrong,
    Expired,
    Empty,
    Undecided,
    Busy,
    NoApp,
    /// Only the script can find this one out.
    Unreachable,
}

impl Notice {
    pub(in crate::pages) const ALL: [Self; 9] = [
        Self::New,
        Self::Right,
        Self::Wrong,
        Self::Expired,
        Self::Empty,
        Self::Undecided,
        Self::Busy,
        Self::NoApp,
        Self::Unreachable,
    ];

    /// Its name for the style sheet and the script.
    pub(in crate::pages) const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Right => "right",
            Self::Wrong => "wrong",
            Self::Expired => "expired",
            Self::Empty => "empty",
            Self::Undecided => "undecided",
            Self::Busy => "busy",
            Self::NoApp => "noapp",
            Self::Unreachable => "unreachable",
        }
    }
}

impl From<Verdict> for Notice {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Passed => Self::Right,
            Verdict::Wrong { .. } => Self::Wrong,
            Verdict::Spent | Verdict::Late | Verdict::Undone => Self::Expired,
            Verdict::Empty => Self::Empty,
        }
    }
}

impl From<&Refusal> for Notice {
    fn from(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::Parameter(_) => Self::Wrong,
            // To a person a key that was never issued here is one whose time is over: its app or secret is gone.
            Refusal::Expired | Refusal::Key => Self::Expired,
            Refusal::AppKey | Refusal::Host | Refusal::Denied | Refusal::Alternative => Self::NoApp,
            Refusal::RateLimit { .. } | Refusal::Busy | Refusal::Http(_) => Self::Busy,
            Refusal::Undecided(_) | Refusal::Overloaded | Refusal::LedgerAhead | Refusal::Internal => Self::Undecided,
        }
    }
}

/// What is said of a challenge.
#[derive(Clone, Copy)]
pub(in crate::pages) struct Asking {
    pub(in crate::pages) task: &'static str,
    pub(in crate::pages) picture: &'static str,
    pub(in crate::pages) sound: &'static str,
}

/// The page's texts in one language. `{}` in a text stands for a number or a time.
pub(in crate::pages) struct Texts {
    pub(in crate::pages) title: &'static str,
    pub(in crate::pages) heading: &'static str,
    /// The headings of the widget and of the word, where the widget need not ask for one.
    pub(in crate::pages) by_itself: &'static str,
    pub(in crate::pages) by_word: &'static str,
    /// Of a challenge of letters and digits.
    word: Asking,
    /// Of one of digits.
    number: Asking,
    pub(in crate::pages) languages: &'static str,
    pub(in crate::pages) renew: &'static str,
    pub(in crate::pages) answer: &'static str,
    pub(in crate::pages) hint: &'static str,
    pub(in crate::pages) check: &'static str,
    /// The name of what the site learns of a token.
    pub(in crate::pages) verdict: &'static str,
    pub(in crate::pages) about: &'static str,
    secs: &'static str,
    mins: &'static str,
    notices: [&'static str; Notice::ALL.len()],
}

impl Texts {
    pub(in crate::pages) fn of(language: Language) -> &'static Self {
        match language {
            Language::Ko => &KOREAN,
            Language::En => &ENGLISH,
            Language::Ja => &JAPANESE,
            Language::Zh => &CHINESE,
        }
    }

    /// What is said of a challenge of this alphabet.
    pub(in crate::pages) const fn asking(&self, alphabet: Alphabet) -> Asking {
        match alphabet {
            Alphabet::Standard => self.word,
            Alphabet::Digits => self.number,
        }
    }

    /// The sentence of a notice. Only that of a new challenge says how long it can be answered.
    pub(in crate::pages) fn notice(&self, notice: Notice, expires_in_secs: u64) -> String {
        self.notices[notice as usize].replace("{}", &self.duration(expires_in_secs))
    }

    fn duration(&self, secs: u64) -> String {
        // Two minutes at the least: no language here then needs a singular.
        let (text, number) = if secs < 120 { (self.secs, secs) } else { (self.mins, secs / 60) };
        text.replace("{}", &number.to_string())
    }
}

/// A language's own name.
pub(in crate::pages) const fn name(language: Language) -> &'static str {
    match language {
        Language::Ko => "한국어",
        Language::En => "English",
        Language::Ja => "日本語",
        Language::Zh => "中文",
    }
}

const ENGLISH: Texts = Texts {
    title: "haechi demo",
    heading: "Try a challenge",
    by_itself: "What most people see: the browser computes, and nothing need be read",
    by_word: "What is asked of those who look unlike people: a word",
    word: Asking {
        task: "Type the {} letters and digits that you see in the picture or hear in the sound.",
        picture: "A picture of {} distorted letters and digits. The sound says the same ones.",
        sound: "The same letters and digits as a sound",
    },
    number: Asking {
        task: "Type the {} digits that you see in the picture or hear in the sound.",
        picture: "A picture of {} distorted digits. The sound says the same ones.",
        sound: "The same digits as a sound",
    },
    languages: "Language",
    renew: "New challenge",
    answer: "Your answer",
    hint: "Upper or lower case does not matter. Read from left to right; the bent strokes beside the characters do not count.",
    check: "Check",
    verdict: "What the site learns of the token",
    about: "haechi is a CAPTCHA server that you run yourself.",
    secs: "{} seconds",
    mins: "{} minutes",
    notices: [
        "New challenge: you have {} to answer.",
        "Right. Here is another one, if you like.",
        "Wrong. Here is a new challenge.",
        "That challenge has expired. Here is a new one.",
        "Please type the letters and digits first.",
        "The server cannot check answers just now. Please try again in a moment.",
        "The server has too much to do. Please try again in a moment.",
        "There is no challenge, because no app called default is enabled. The operator can make one:",
        "The server cannot be reached. Please try again in a moment.",
    ],
};

const KOREAN: Texts = Texts {
    title: "해치 데모",
    heading: "보안문자를 입력해 보세요",
    by_itself: "대부분의 방문자: 브라우저가 계산하므로 읽을 것이 없습니다",
    by_word: "자동화가 의심될 때: 보안문자를 입력합니다",
    word: Asking {
        task: "이미지에 보이거나 음성으로 들리는 영문자와 숫자 {}자를 입력해 주세요.",
        picture: "왜곡된 영문자와 숫자 {}자가 있는 이미지입니다. 같은 내용을 음성으로도 들을 수 있습니다.",
        sound: "같은 영문자와 숫자를 읽어 주는 음성",
    },
    number: Asking {
        task: "이미지에 보이거나 음성으로 들리는 숫자 {}자를 입력해 주세요.",
        picture: "왜곡된 숫자 {}자가 있는 이미지입니다. 같은 내용을 음성으로도 들을 수 있습니다.",
        sound: "같은 숫자를 읽어 주는 음성",
    },
    languages: "언어",
    renew: "새 보안문자",
    answer: "답",
    hint: "대소문자는 구분하지 않으며, 한/영 전환 없이 입력해도 됩니다. 왼쪽부터 입력해 주세요. 글자 옆의 굽은 선은 글자가 아닙니다.",
    check: "확인",
    verdict: "사이트가 토큰에 대해 받는 응답",
    about: "해치는 직접 설치해 운영하는 CAPTCHA 서버입니다.",
    secs: "{}초",
    mins: "{}분",
    notices: [
        "{} 안에 입력해 주세요.",
        "맞았습니다. 원하시면 새 보안문자도 입력해 보세요.",
        "입력한 내용이 맞지 않습니다. 새 보안문자를 준비했습니다.",
        "입력 시간이 지났습니다. 새 보안문자를 준비했습니다.",
        "영문자와 숫자를 먼저 입력해 주세요.",
        "지금은 서버가 답을 검증할 수 없습니다. 잠시 뒤에 다시 시도해 주세요.",
        "서버에 요청이 너무 많습니다. 잠시 뒤에 다시 시도해 주세요.",
        "default라는 앱이 없거나 중지되어 보안문자를 표시할 수 없습니다. 운영자는 다음 명령으로 앱을 만들 수 있습니다.",
        "서버에 연결할 수 없습니다. 잠시 뒤에 다시 시도해 주세요.",
    ],
};

const JAPANESE: Texts = Texts {
    title: "haechi デモ",
    heading: "問題を解いてみてください",
    by_itself: "ほとんどの人の場合：ブラウザーが計算し、読むものはありません",
    by_word: "人らしくないと見なされた場合：文字を入力します",
    word: Asking {
        task: "画像に見える、または音声で聞こえる英数字 {} 文字を入力してください。",
        picture: "ゆがんだ英数字 {} 文字の画像です。同じ内容を音声でも聞けます。",
        sound: "同じ英数字を読み上げる音声",
    },
    number: Asking {
        task: "画像に見える、または音声で聞こえる数字 {} 桁を入力してください。",
        picture: "ゆがんだ数字 {} 桁の画像です。同じ内容を音声でも聞けます。",
        sound: "同じ数字を読み上げる音声",
    },
    languages: "言語",
    renew: "別の問題",
    answer: "答え",
    hint: "大文字と小文字は区別しません。左から順に読みます。文字のそばの曲がった線は文字ではありません。",
    check: "確認",
    verdict: "サイトがトークンについて受け取る応答",
    about: "haechi は自分で運用する CAPTCHA サーバーです。",
    secs: "{} 秒",
    mins: "{} 分",
    notices: [
        "新しい問題です。{}以内に答えてください。",
        "正解です。よろしければ次の問題もどうぞ。",
        "答えが違います。新しい問題を用意しました。",
        "この問題は期限が切れました。新しい問題を用意しました。",
        "先に英数字を入力してください。",
        "ただいま答えを確認できません。しばらくしてからもう一度お試しください。",
        "サーバーが混み合っています。しばらくしてからもう一度お試しください。",
        "default という有効なアプリがないため、問題を出せません。運用者がアプリを作成できます。",
        "サーバーに接続できません。しばらくしてからもう一度お試しください。",
    ],
};

const CHINESE: Texts = Texts {
    title: "haechi 演示",
    heading: "试做一题",
    by_itself: "大多数人看到的：浏览器自动计算，无需识别文字",
    by_word: "看起来不像真人时：需要输入文字",
    word: Asking {
        task: "请输入图片中看到或语音中听到的 {} 个字母和数字。",
        picture: "一张含有 {} 个变形字母和数字的图片。语音会读出相同的内容。",
        sound: "读出相同字母和数字的语音",
    },
    number: Asking {
        task: "请输入图片中看到或语音中听到的 {} 个数字。",
        picture: "一张含有 {} 个变形数字的图片。语音会读出相同的内容。",
        sound: "读出相同数字的语音",
    },
    languages: "语言",
    renew: "换一题",
    answer: "答案",
    hint: "不区分大小写。请从左到右阅读；字符旁边的弯曲线条不是字符。",
    check: "提交",
    verdict: "网站收到的令牌验证结果",
    about: "haechi 是可自行部署的 CAPTCHA 服务器。",
    secs: "{} 秒",
    mins: "{} 分钟",
    notices: [
        "这是新题目，请在 {}内作答。",
        "回答正确。愿意的话，可以再做一题。",
        "答案不对，已换成新题目。",
        "该题目已过期，已换成新题目。",
        "请先输入字母和数字。",
        "服务器暂时无法核对答案，请稍后再试。",
        "服务器繁忙，请稍后再试。",
        "没有名为 default 的已启用应用，无法出题。管理员可以创建一个：",
        "无法连接服务器，请稍后再试。",
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_challenge_says_how_long_it_lives() {
        let new = |language, secs| Texts::of(language).notice(Notice::New, secs);
        assert_eq!(new(Language::En, 180), "New challenge: you have 3 minutes to answer.");
        assert_eq!(new(Language::En, 119), "New challenge: you have 119 seconds to answer.");
        assert_eq!(new(Language::Ko, 180), "3분 안에 입력해 주세요.");
    }

    #[test]
    fn each_notice_has_a_sentence_in_each_language() {
        for (place, notice) in Notice::ALL.into_iter().enumerate() {
            assert_eq!(notice as usize, place, "the texts stand in the order of the notices");
            for language in Language::ALL {
                assert!(!Texts::of(language).notice(notice, 60).is_empty());
            }
        }
    }
}
