//! What Kokoro is given to say, in its own alphabet: IPA with a few letters of its own, as of misaki. With these tables
//! no front end is needed. Of several ways to say a name, each voice has the one that Whisper base hears best.

use haechi_captcha::{Language, Notice, sound::bank::Word};

use super::names::index;

const KOREAN: [&str; 36] = [
    "ˈA",
    "bˈi",
    "ɕi",
    "ti",
    "i",
    "epʰɯ",
    "ʨi",
    "eiʧi",
    "ai",
    "ʤˈA",
    "kʰˈA",
    "ˈɛl",
    "em",
    "ˈɛn",
    "ˈo",
    "pʰˈi",
    "kʰju",
    "aɾɯ",
    "esɯ",
    "tʰi",
    "ju",
    "bˈɯi",
    "tʌbɯlju",
    "eksɯ",
    "wai",
    "ʨetʰɯ",
    "koŋ",
    "hana",
    "tul",
    "sam",
    "net",
    "ˈo",
    "jʌsʌt",
    "ilɡop",
    "pʰˈɑl",
    "ahop",
];

const ENGLISH: [&str; 36] = [
    "ˈA",
    "bˈi",
    "sˈi",
    "dˈi",
    "ˈi",
    "ˈɛf",
    "ʤˈi",
    "ˈAʧ",
    "ˈI",
    "ʤˈA",
    "kˈA",
    "ˈɛl",
    "ˈɛm",
    "ˈɛn",
    "ˈO",
    "pˈi",
    "kjˈu",
    "ˈɑːɹ",
    "ˈɛs",
    "tˈiː",
    "jˈu",
    "vˈi",
    "dˈʌbᵊlju",
    "ˈɛks",
    "wˈI",
    "zˈi",
    "zˈiɹO",
    "wˈʌn",
    "tˈu",
    "θɹˈi",
    "fˈɔɹ",
    "fˈIv",
    "sˈɪks",
    "sˈɛvən",
    "ˈAt",
    "nˈIn",
];

const JAPANESE: [&str; 36] = [
    "eː",
    "bʲiː",
    "ɕiː",
    "dʲiː",
    "iː",
    "eɸɯ",
    "ʥiː",
    "eiʨi",
    "ai",
    "ʥeː",
    "kei",
    "eɾɯ",
    "emɯ",
    "enɯ",
    "oː",
    "pʲiː",
    "kʲɯː",
    "ˈaːɾɯ",
    "esɯ",
    "tʲˈiː",
    "jɯː",
    "bɯi",
    "dabɯɾɯjɯː",
    "eʔkɯsɨ",
    "wai",
    "ʣeʔto",
    "ʣeɾo",
    "iʨi",
    "ɲi",
    "saɴ",
    "joɴ",
    "ɡo",
    "ɾokɯ",
    "nana",
    "haʨi",
    "kʲɨː",
];

const MANDARIN: [&str; 36] = [
    "ei→",
    "pi↘",
    "ɕi→",
    "ti↘",
    "i↘",
    "ɛ↗fu",
    "ʨi↘",
    "ei↘ꭧʰɨ",
    "ai↘",
    "ꭧˈei↘",
    "kˈA",
    "ˈɛl",
    "ai↗mu",
    "ən→",
    "ou→",
    "pʰi↘",
    "kʰju↘",
    "a→ɚ",
    "ai↗sɨ",
    "tʰi↘",
    "jou→",
    "wei→",
    "dˈʌbᵊlju",
    "ˈɛks",
    "wˈI",
    "zˈei↘",
    "li↗ŋ",
    "i→",
    "ɚ↘",
    "sa→n",
    "sɨ↘ː",
    "u↓",
    "ljou↘",
    "ʨʰˈi→",
    "pa→",
    "ʨjou↓",
];

/// Names that a voice says in another way than its language's table, or more slowly, since they are heard better so: the
/// name, its phonemes, and how quick they are (1 is usual).
type Exceptions = (Language, &'static str, &'static [(u8, &'static str, f32)]);

const EXCEPTIONS: [Exceptions; 31] = [
    (Language::Ko, "hf_alpha", &[(b'O', "o", 1.0), (b'6', "jˈʌsʌt", 1.0), (b'7', "ˈilɡop", 1.0)]),
    (Language::Ko, "zm_yunxi", &[(b'J', "ʨei", 1.0), (b'4', "nˈet", 1.0), (b'5', "o", 1.0), (b'6', "jʌsˈʌt", 1.0)]),
    (
        Language::Ko,
        "jf_alpha",
        &[(b'E', "ˈi", 1.0), (b'L', "el", 1.0), (b'P', "pʰi", 1.0), (b'T', "tˈi", 1.0), (b'5', "o", 1.0)],
    ),
    (Language::Ko, "hm_omega", &[(b'A', "ei", 1.0), (b'C', "ɕˈi", 1.0), (b'R', "ˈɑɾɯ", 1.0), (b'6', "jˈʌsʌt", 0.87)]),
    (
        Language::Ko,
        "af_heart",
        &[(b'D', "dˈi", 1.0), (b'L', "el", 1.0), (b'T', "tʰˈi", 0.87), (b'6', "jəsət", 1.0), (b'9', "ɑhˈop", 1.0)],
    ),
    (Language::Ko, "am_michael", &[(b'E', "ˈi", 1.0), (b'O', "o", 1.0), (b'U', "jˈu", 1.0), (b'4', "nˈɛt", 1.0)]),
    (Language::Ko, "jm_kumo", &[(b'M', "ˈɛm", 1.0), (b'O', "o", 1.0), (b'T', "tʰˈiː", 1.0)]),
    (
        Language::Ko,
        "zf_xiaoxiao",
        &[(b'F', "ˈɛpʰɯ", 0.87), (b'R', "ˈɑɾɯ", 1.0), (b'X', "ˈɛksɯ", 1.0), (b'4', "nˈet", 1.0), (b'6', "jʌsˈʌt", 1.0)],
    ),
    (
        Language::Ko,
        "af_bella",
        &[
            (b'E', "ˈi", 1.0),
            (b'H', "ˈAʧi", 0.87),
            (b'K', "kʰei", 0.87),
            (b'R', "ˈɑɾɯ", 1.0),
            (b'T', "tʰˈi", 1.0),
            (b'9', "ɑhˈop", 1.0),
        ],
    ),
    (Language::Ko, "zm_yunyang", &[(b'E', "ˈi", 1.0), (b'H', "ˈeiʨʰi", 1.0), (b'R', "ˈɑɾɯ", 1.0), (b'8', "pʰal", 1.0)]),
    (Language::Ko, "if_sara", &[(b'E', "ˈi", 1.0), (b'T', "tˈi", 1.0)]),
    (Language::En, "am_michael", &[(b'H', "ˈAːʧ", 1.0)]),
    (Language::En, "af_bella", &[(b'T', "tʰˈi", 1.0)]),
    (Language::En, "am_fenrir", &[(b'6', "sˈɪːks", 1.0)]),
    (Language::Ja, "jf_alpha", &[(b'T', "tˈiː", 1.0)]),
    (Language::Ja, "jm_kumo", &[(b'F', "ˈeɸɯ", 1.0)]),
    (Language::Ja, "af_heart", &[(b'K', "kˈeː", 1.0), (b'L', "ˈeɾɯ", 1.0), (b'6', "ɾoʔkɯ", 1.0), (b'9', "kʲɨː", 0.87)]),
    (Language::Ja, "ff_siwis", &[(b'J', "ʥeː", 0.87), (b'Y', "wˈai", 1.0)]),
    (Language::Ja, "zf_xiaoyi", &[(b'F', "ˈeɸɯ", 1.0), (b'L', "ˈeɾɯ", 1.0), (b'9', "kʲɯː", 1.0)]),
    (
        Language::Ja,
        "zm_yunxi",
        &[
            (b'F', "ˈeɸɯ", 1.0),
            (b'J', "ʥei", 1.0),
            (b'T', "tʰiː", 1.0),
            (b'Y', "βai", 1.0),
            (b'6', "ɾˈokɯ", 1.0),
            (b'9', "kʲɯː", 1.0),
        ],
    ),
    (Language::Ja, "hm_omega", &[(b'J', "ʥei", 1.0), (b'R', "aːɾɯ", 1.0), (b'T', "tˈiː", 1.0)]),
    (Language::Ja, "if_sara", &[(b'9', "kʲˈɯː", 1.0)]),
    (Language::Ja, "af_bella", &[(b'K', "kˈeː", 1.0)]),
    (
        Language::Zh,
        "zf_xiaoxiao",
        &[(b'J', "ʤˈA", 1.0), (b'R', "ˈɑɹ", 1.0), (b'Z', "ʦei↘", 1.0), (b'4', "sɨ↘", 0.87), (b'9', "ʨjou↓", 0.87)],
    ),
    (Language::Zh, "zm_yunxi", &[(b'6', "ljou↘", 0.87)]),
    (
        Language::Zh,
        "zf_xiaoyi",
        &[(b'F', "ˈɛfu", 1.0), (b'J', "ʤˈA", 1.0), (b'L', "ai↗lou", 1.0), (b'4', "sɨ↘", 1.0), (b'7', "ʨʰi→i", 1.0)],
    ),
    (Language::Zh, "zm_yunyang", &[(b'H', "ˈAʧʰɨ", 1.0), (b'R', "ˈaɚ↓", 1.0), (b'Z', "ʦˈei↘", 1.0)]),
    (
        Language::Zh,
        "zf_xiaobei",
        &[(b'F', "ˈɛfɤ", 1.0), (b'L', "ˈɛlou", 1.0), (b'R', "a↗ɚ", 1.0), (b'9', "ʨjˈou↓", 1.0)],
    ),
    (Language::Zh, "zm_yunjian", &[(b'H', "ˈAʧʰɨ", 1.0), (b'R', "ˈaɚ↓", 1.0)]),
    (
        Language::Zh,
        "zf_xiaoni",
        &[(b'H', "ei→ꭧʰɨ", 0.87), (b'J', "ꭧei↘", 0.87), (b'K', "kʰei↘", 0.87), (b'6', "ljou↘", 0.87)],
    ),
    (Language::Zh, "zm_yunxia", &[(b'F', "ai↗fu", 1.0), (b'4', "sɨ↘", 1.0)]),
];

/// What a voice is given to say for a word, with a full stop, which ends its tone, and how quickly.
pub(crate) fn said(language: Language, voice: &str, word: Word) -> (String, f32) {
    const USUAL: f32 = 1.0;
    match word {
        Word::Character(character) => {
            let own = EXCEPTIONS.iter().find(|(of, name, _)| (*of, *name) == (language, voice));
            let own = own.and_then(|(_, _, names)| names.iter().find(|(name, ..)| *name == character));
            let (phonemes, speed) =
                own.map_or((names(language)[index(character)], USUAL), |&(_, phonemes, speed)| (phonemes, speed));
            (format!("{phonemes}."), speed)
        }
        Word::LeadIn(count) => (lead_in(language, count), LEAD_IN_SPEED),
        Word::Test => (test(language).to_owned(), USUAL),
        Word::Notice(notice) => (self::notice(language, notice).to_owned(), notice_speed(language)),
    }
}

/// Lead-ins are said quicker: nothing in them need be caught at first hearing.
const LEAD_IN_SPEED: f32 = 1.25;

/// Japanese ones are long, and none may take more than 6 s at the slow pace.
const fn notice_speed(language: Language) -> f32 {
    if matches!(language, Language::Ja) { 1.15 } else { 1.0 }
}

const fn names(language: Language) -> &'static [&'static str; 36] {
    match language {
        Language::Ko => &KOREAN,
        Language::En => &ENGLISH,
        Language::Ja => &JAPANESE,
        Language::Zh => &MANDARIN,
    }
}

fn lead_in(language: Language, count: u8) -> String {
    let number = |from_four: [&'static str; 5]| count.checked_sub(4).map(|index| from_four[usize::from(index)]);
    match language {
        Language::Ko => {
            let number = number(["ne", "tasʌt", "jʌsʌt", "ilɡop", "jʌdʌl"]).unwrap_or("tɯllinɯn");
            format!("{number} kɯlʨaɾɯl ʨʌɡʌ ʨusejo.")
        }
        Language::En => match number(["fˈɔɹ", "fˈIv", "sˈɪks", "sˈɛvən", "ˈAt"]) {
            Some(number) => format!("tˈIp ðiz {number} lˈɛTəɹz ænd dˈɪʤəts."),
            None => "tˈIp ðiz lˈɛTəɹz ænd dˈɪʤəts.".to_owned(),
        },
        Language::Ja => match number(["jom", "ɡo", "ɾokɯ", "nana", "haʨi"]) {
            Some(number) => format!("eisɯːʥi, {number}moʥi desɨ."),
            None => "eisɯːʥi o ɲɯːɾʲokɯ ɕite kɯdasai.".to_owned(),
        },
        Language::Zh => match number(["sɨ↘kɤ", "u↓kɤ↘", "ljou↘kɤ", "ʨʰi→kɤ", "pa→kɤ"]) {
            Some(number) => format!("ʨʰi↓ŋ ʂu→ɻu↘ {number} ʦɨ↘mu↓ xwo↘ ʂu↘ʦɨ↘."),
            None => "ʨʰi↓ŋ ʂu→ɻu↘ ʦɨ↘mu↓ xɤ↗ ʂu↘ʦɨ↘.".to_owned(),
        },
    }
}

const fn test(language: Language) -> &'static str {
    match language {
        Language::Ko => "tʰesɯtʰɯ.",
        Language::En => "tˈɛst.",
        Language::Ja => "tesɯto.",
        Language::Zh => "ʦʰɤ↘ʂɨ↘.",
    }
}

const fn notice(language: Language, notice: Notice) -> &'static str {
    match (language, notice) {
        (Language::Ko, Notice::Expired | Notice::Unknown) => "ɕiɡani kɯnnasɯmnida. taɕi ɕidohɛ ʨusejo.",
        (Language::Ko, Notice::TooMany) => "joʨʰʌŋi nʌmu mansɯmnida. ʨamɕi kidaɾjʌ ʨusejo.",
        (Language::Ko, Notice::Busy) => "sʌbʌɡa papɯmnida. ʨamɕi hu taɕi ɕidohɛ ʨusejo.",
        (Language::En, Notice::Expired | Notice::Unknown) => "ðˌɪs ʧˈælənʤ hɐz ɪkspˈIəɹd. plˈiz ɡɛt ə nˈu wˌʌn.",
        (Language::En, Notice::TooMany) => "tˈu mˈɛni ɹəkwˈɛsts. plˈiz wˈAt ə lˈɪTᵊl wˌIl.",
        (Language::En, Notice::Busy) => "ðə sˈɜɹvəɹ ɪz bˈɪzi. plˈiz tɹˈI əɡˈɛn ɪn ə mˈOmənt.",
        (Language::Ja, Notice::Expired | Notice::Unknown) => "ʥikaŋɡʲiɾe desɨ. ataɾaɕii mono o ɕɨtokɯ ɕite kɯdasai.",
        (Language::Ja, Notice::TooMany) => "ɾʲikɯesɨto ɡa oː sɨɡʲimasɨ. omaʨi kɯdasai.",
        (Language::Ja, Notice::Busy) => "tadaima komʲi aʔte imasɨ. moːiʨido tameɕite kɯdasai.",
        (Language::Zh, Notice::Expired | Notice::Unknown) => "ʂɨ↗ʨjɛ→n tau↘ lɤ, ʨʰi↓ŋ ꭧʰʊ↗ŋɕi→n lai↗kwo↘.",
        (Language::Zh, Notice::TooMany) => "ʨʰi↓ŋʨʰjou↗ tʰai↘ two→, ʨʰi↓ŋ ʂau→xou↘ ʦai↘ʂɨ↘.",
        (Language::Zh, Notice::Busy) => "fu↗u↘ʨʰi↘ fa↗nma↗ŋ, ʨʰi↓ŋ ʂau→xou↘ ʦai↘ʂɨ↘.",
    }
}
