//! What is said: the name of every letter and digit in four languages, the lead-ins, "test", and the notices, as each
//! language writes them. flite reads the English ones; how Kokoro is to say them all is in `phonemes.rs`.

use haechi_captcha::{Language, Notice, sound::bank::Word};

// The digits are read as over a radio (하나 둘 삼 넷 오 여섯 일곱 팔 아홉 공), which every Korean speaker knows: 일 and 칠, 삼
// and 사, 이 and the letter E, 구 and the letter Q are taken for each other, and 칠 for the letter T. R is 아르, as the
// standard dictionary has it: 알 is taken for L.
const KOREAN: [&str; 36] = [
    "에이",
    "비",
    "씨",
    "디",
    "이",
    "에프",
    "지",
    "에이치",
    "아이",
    "제이",
    "케이",
    "엘",
    "엠",
    "엔",
    "오",
    "피",
    "큐",
    "아르",
    "에스",
    "티",
    "유",
    "브이",
    "더블유",
    "엑스",
    "와이",
    "제트",
    "공",
    "하나",
    "둘",
    "삼",
    "넷",
    "오",
    "여섯",
    "일곱",
    "팔",
    "아홉",
];

const ENGLISH: [&str; 36] = [
    "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "N", "O", "P", "Q", "R", "S", "T", "U", "V", "W",
    "X", "Y", "Z", "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
];

const JAPANESE: [&str; 36] = [
    "エー",
    "ビー",
    "シー",
    "ディー",
    "イー",
    "エフ",
    "ジー",
    "エイチ",
    "アイ",
    "ジェー",
    "ケー",
    "エル",
    "エム",
    "エヌ",
    "オー",
    "ピー",
    "キュー",
    "アール",
    "エス",
    "ティー",
    "ユー",
    "ブイ",
    "ダブルユー",
    "エックス",
    "ワイ",
    "ゼット",
    "ゼロ",
    "いち",
    "に",
    "さん",
    "よん",
    "ご",
    "ろく",
    "なな",
    "はち",
    "きゅう",
];

// Letters have the names that Mandarin speakers give them.
const CHINESE: [&str; 36] = [
    "诶",
    "必",
    "西",
    "弟",
    "衣",
    "艾付",
    "记",
    "艾尺",
    "艾",
    "杰",
    "开",
    "艾娄",
    "艾姆",
    "恩",
    "欧",
    "披",
    "秋",
    "阿尔",
    "艾斯",
    "踢",
    "优",
    "维",
    "搭不留",
    "艾克斯",
    "歪",
    "贼",
    "零",
    "一",
    "二",
    "三",
    "四",
    "五",
    "六",
    "七",
    "八",
    "九",
];

/// The text that an engine is given for a word.
pub(crate) fn text(language: Language, word: Word) -> String {
    match word {
        Word::Character(character) => names(language)[index(character)].to_owned(),
        Word::LeadIn(count) => lead_in(language, count),
        Word::Test => test(language).to_owned(),
        Word::Notice(notice) => self::notice(language, notice).to_owned(),
    }
}

fn names(language: Language) -> &'static [&'static str; 36] {
    match language {
        Language::Ko => &KOREAN,
        Language::En => &ENGLISH,
        Language::Ja => &JAPANESE,
        Language::Zh => &CHINESE,
    }
}

/// Where a letter or digit is in the tables of names.
pub(crate) fn index(character: u8) -> usize {
    usize::from(if character.is_ascii_digit() { character - b'0' + 26 } else { character - b'A' })
}

fn lead_in(language: Language, count: u8) -> String {
    let number = |from_four: [&'static str; 5]| count.checked_sub(4).map_or("", |index| from_four[usize::from(index)]);
    match language {
        Language::Ko => {
            let count = number(["네", "다섯", "여섯", "일곱", "여덟"]);
            format!("{} 글자를 적어 주세요.", if count.is_empty() { "들리는" } else { count })
        }
        Language::En => {
            format!("Type these {} letters and digits.", number(["four", "five", "six", "seven", "eight"]))
        }
        Language::Ja => match number(["四", "五", "六", "七", "八"]) {
            "" => "英数字を入力してください。".to_owned(),
            number => format!("英数字、{number}文字です。"),
        },
        Language::Zh => match number(["四", "五", "六", "七", "八"]) {
            "" => "请输入字母和数字。".to_owned(),
            number => format!("请输入{number}个字母或数字。"),
        },
    }
}

fn test(language: Language) -> &'static str {
    match language {
        Language::Ko => "테스트",
        Language::En => "test",
        Language::Ja => "テスト",
        Language::Zh => "测试",
    }
}

/// What happened, and what to do: in sense what the picture of the notice says.
const fn notice(language: Language, notice: Notice) -> &'static str {
    match (language, notice) {
        (Language::Ko, Notice::Expired | Notice::Unknown) => "시간이 끝났습니다. 다시 시도해 주세요.",
        (Language::Ko, Notice::TooMany) => "요청이 너무 많습니다. 잠시 기다려 주세요.",
        (Language::Ko, Notice::Busy) => "서버가 바쁩니다. 잠시 후 다시 시도해 주세요.",
        (Language::En, Notice::Expired | Notice::Unknown) => "This challenge has expired. Please get a new one.",
        (Language::En, Notice::TooMany) => "Too many requests. Please wait a little while.",
        (Language::En, Notice::Busy) => "The server is busy. Please try again in a moment.",
        (Language::Ja, Notice::Expired | Notice::Unknown) => "時間切れです。新しいものを取得してください。",
        (Language::Ja, Notice::TooMany) => "リクエストが多すぎます。お待ちください。",
        (Language::Ja, Notice::Busy) => "ただいま混み合っています。もう一度試してください。",
        (Language::Zh, Notice::Expired | Notice::Unknown) => "时间到了，请重新来过。",
        (Language::Zh, Notice::TooMany) => "请求太多，请稍后再试。",
        (Language::Zh, Notice::Busy) => "服务器繁忙，请稍后再试。",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_has_its_own_name() {
        assert_eq!(text(Language::Ko, Word::Character(b'Z')), "제트");
        assert_eq!(text(Language::En, Word::Character(b'0')), "zero");
        assert_eq!(text(Language::Ja, Word::Character(b'9')), "きゅう");
        assert_eq!(text(Language::Zh, Word::Character(b'7')), "七");
    }

    #[test]
    fn a_lead_in_says_the_count_or_none() {
        assert!(text(Language::Ko, Word::LeadIn(5)).contains("다섯 글자"));
        assert_eq!(text(Language::Zh, Word::LeadIn(0)), "请输入字母和数字。");
        assert!(text(Language::En, Word::LeadIn(8)).contains("eight"));
    }

    #[test]
    fn every_notice_has_its_own_words() {
        let mut said = std::collections::BTreeSet::new();
        for language in Language::ALL {
            for word in Word::notices() {
                let text = text(language, word);
                assert!(text.ends_with(['.', '。']), "{text} is no sentence");
                assert!(said.insert(text.clone()), "{text} is said twice");
            }
        }
    }
}
