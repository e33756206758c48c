//! What is said: the name of every letter and digit in four languages, the lead-ins, "test", and the notices.
//!
//! Korean and Japanese are written as a speaker of the language would spell the sound. Chinese is written in pinyin,
//! since Debian's espeak-ng comes without the large dictionary of Chinese characters; the letters have the names that
//! Mandarin speakers give them (诶, 必, 西, …). 5 marks the neutral tone.

use haechi_captcha::{Language, Notice, sound::bank::Word};

// The digits are read as over a radio (하나 둘 삼 넷 오 여섯 칠 팔 아홉 공), which every Korean speaker knows: 일 and 칠, 삼 and
// 사, 이 and the letter E, 구 and the letter Q are taken for each other.
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
    "알",
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
    "칠",
    "팔",
    "아홉",
];

const ENGLISH: [&str; 36] = [
    "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "N", "O", "P", "Q", "R", "S", "T", "U", "V", "W",
    "X", "Y", "Z", "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
];

// W is ダブルユー, as spelt out: espeak-ng reads ダブリュー with a wrong vowel.
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

const CHINESE: [&str; 36] = [
    "ei1",
    "bi4",
    "xi1",
    "di4",
    "yi4",
    "ai2 fu5",
    "ji4",
    "ei1 chi5",
    "ai4",
    "zhei4",
    "kei4",
    "ai2 lou5",
    "ai2 mu5",
    "en1",
    "ou1",
    "pi4",
    "kiu4",
    "a1 er5",
    "ai2 si5",
    "ti4",
    "you1",
    "wei1",
    "da2 bu5 liu5",
    "ai2 ke5 si5",
    "wai4",
    "zei4",
    "ling2",
    "yi1",
    "er4",
    "san1",
    "si4",
    "wu3",
    "liu4",
    "qi1",
    "ba1",
    "jiu3",
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

fn index(character: u8) -> usize {
    usize::from(if character.is_ascii_digit() { character - b'0' + 26 } else { character - b'A' })
}

fn lead_in(language: Language, count: u8) -> String {
    let number = |from_four: [&'static str; 5]| count.checked_sub(4).map_or("", |index| from_four[usize::from(index)]);
    match language {
        Language::Ko => match number(["네", "다섯", "여섯", "일곱", "여덟"]) {
            "" => "영문 숫자를 입력하세요.".to_owned(),
            number => format!("영문 숫자 {number} 자를 입력하세요."),
        },
        Language::En => {
            format!("Type these {} letters and digits.", number(["four", "five", "six", "seven", "eight"]))
        }
        Language::Ja => match number(["よん", "ご", "ろく", "なな", "はち"]) {
            "" => "えいすうじを にゅうりょくしてください。".to_owned(),
            number => format!("えいすうじ {number}もじを にゅうりょくしてください。"),
        },
        Language::Zh => match number(["si4", "wu3", "liu4", "qi1", "ba1"]) {
            "" => "qing3 shu1 ru4 zi4 mu3 he2 shu4 zi4".to_owned(),
            number => format!("qing3 shu1 ru4 {number} ge5 zi4 mu3 huo4 shu4 zi4"),
        },
    }
}

fn test(language: Language) -> &'static str {
    match language {
        Language::Ko => "테스트",
        Language::En => "test",
        Language::Ja => "テスト",
        Language::Zh => "ce4 shi4",
    }
}

/// What happened, and what to do: in sense what the picture of the notice says, in words of which espeak-ng makes the
/// most. It says Korean letter by letter, so that sounds which change in speech are spelt as they are said (ㅁ니다 for
/// -ㅂ니다).
const fn notice(language: Language, notice: Notice) -> &'static str {
    match (language, notice) {
        (Language::Ko, Notice::Expired) => "시간이 끈나쓰 ㅁ니다. 다시 시도해 주세요.",
        (Language::Ko, Notice::TooMany) => "요청이 너무 만쓰 ㅁ니다. 잠시 기다려주세요.",
        (Language::Ko, Notice::Busy) => "서버에 요청이 너무 만쓰 ㅁ니다. 이따 다시 해 주세요.",
        (Language::En, Notice::Expired) => "This challenge has expired. Please get a new one.",
        (Language::En, Notice::TooMany) => "Too many requests. Please wait a little while.",
        (Language::En, Notice::Busy) => "The server is busy. Please try again in a moment.",
        (Language::Ja, Notice::Expired) => "じかんぎれです。 あたらしい ものを しゅとくしてください。",
        (Language::Ja, Notice::TooMany) => "リクエストが おおすぎます。 おまちください。",
        (Language::Ja, Notice::Busy) => "ただいま こみあっています。 もういちど ためしてください。",
        // 时间到了，请重新来过 / 请求太多，请稍后再试 / 服务器繁忙，请稍后再试
        (Language::Zh, Notice::Expired) => "shi2jian1 dao4 le5, qing3 chong2xin1 lai2 guo4.",
        (Language::Zh, Notice::TooMany) => "qing3qiu2 tai4 duo1, qing3 shao1hou4 zai4 shi4.",
        (Language::Zh, Notice::Busy) => "fu2wu4qi4 fan2mang2, qing3 shao1hou4 zai4 shi4.",
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
        assert_eq!(text(Language::Zh, Word::Character(b'7')), "qi1");
    }

    #[test]
    fn a_lead_in_says_the_count_or_none() {
        assert!(text(Language::Ko, Word::LeadIn(5)).contains("다섯 자"));
        assert_eq!(text(Language::Zh, Word::LeadIn(0)), "qing3 shu1 ru4 zi4 mu3 he2 shu4 zi4");
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
