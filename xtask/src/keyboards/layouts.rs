//! The layouts, and what their keys type.

use anyhow::{Context as _, ensure};
use haechi_captcha::Alphabet;
use kbvm::xkb::{
    Context, Keymap,
    diagnostic::{Diagnostic, DiagnosticHandler},
    rmlvo::Group,
};

/// Where Debian puts the data of xkeyboard-config.
pub(super) const FOLDER: &str = "/usr/share/X11/xkb/symbols";
pub(super) const PACKAGE: &str = "xkb-data";

/// The keys by their Latin letters and digits, as they lie on a keyboard.
const ROWS: [(&str, &str); 4] = [("AE", "1234567890"), ("AD", "QWERTYUIOP"), ("AC", "ASDFGHJKL"), ("AB", "ZXCVBNM")];

/// A layout to take.
struct Source {
    name: &'static str,
    /// Layout and variant of xkeyboard-config.
    from: (&'static str, &'static str),
    is_latin: bool,
    is_qwertz: bool,
}

/// Where two layouts of one script could have typed the same, the first is read, so the most used stand first.
const SOURCES: &[Source] = &[
    source("Russian", "ru", ""),
    source("Ukrainian", "ua", ""),
    source("Belarusian", "by", ""),
    source("Kazakh", "kz", ""),
    source("Tajik", "tj", ""),
    source("Bulgarian", "bg", ""),
    // Its keyboards show Latin letters as German ones do, with Y and Z in each other's place.
    Source { is_qwertz: true, ..source("Serbian", "rs", "") },
    source("Macedonian", "mk", ""),
    source("Bulgarian, phonetic", "bg", "phonetic"),
    source("Russian, phonetic", "ru", "phonetic"),
    source("Mongolian", "mn", ""),
    source("Greek", "gr", ""),
    source("Arabic", "ara", ""),
    source("Persian", "ir", ""),
    source("Urdu", "pk", ""),
    source("Hebrew", "il", ""),
    source("Thai", "th", ""),
    source("Lao", "la", ""),
    source("Khmer", "kh", ""),
    source("Burmese", "mm", ""),
    source("Devanagari, InScript (Hindi, Marathi)", "in", "deva"),
    source("Nepali", "np", ""),
    source("Bengali, InScript", "in", "ben"),
    source("Bengali, Bangladesh", "bd", ""),
    source("Gujarati, InScript", "in", "guj"),
    source("Gurmukhi, InScript", "in", "guru"),
    source("Telugu, InScript", "in", "tel"),
    source("Kannada, InScript", "in", "kan"),
    source("Malayalam, InScript", "in", "mal"),
    source("Georgian", "ge", ""),
    source("Armenian", "am", ""),
    source("Japanese, kana", "jp", "kana"),
    digits("French, AZERTY", "fr", ""),
    digits("Belgian, AZERTY", "be", ""),
    digits("Czech and Slovak", "cz", ""),
];

const fn source(name: &'static str, layout: &'static str, variant: &'static str) -> Source {
    Source { name, from: (layout, variant), is_latin: false, is_qwertz: false }
}

/// A layout that has letters in the place of digits; its other letters are Latin.
const fn digits(name: &'static str, layout: &'static str, variant: &'static str) -> Source {
    Source { name, from: (layout, variant), is_latin: true, is_qwertz: false }
}

impl Source {
    /// The key of an American keyboard that lies where this letter or digit is.
    fn place(&self, key: char) -> char {
        match key {
            'Y' if self.is_qwertz => 'Z',
            'Z' if self.is_qwertz => 'Y',
            other => other,
        }
    }
}

/// What each key types in a layout.
pub(super) struct Layout {
    pub(super) name: &'static str,
    /// Where this comes from.
    pub(super) source: String,
    pub(super) is_latin: bool,
    pub(super) keys: Vec<Key>,
}

pub(super) struct Key {
    /// Its Latin letter or digit.
    pub(super) key: char,
    /// What it types, if anything, without and with Shift. What is a Latin letter or digit itself is left out.
    pub(super) plain: Option<char>,
    pub(super) shifted: Option<char>,
}

impl Layout {
    /// What somebody types who means this letter or digit, or nothing if the key types what it shows.
    pub(super) fn typed(&self, meant: char, is_shifted: bool) -> Option<char> {
        let key = self.keys.iter().find(|key| key.key == meant)?;
        match is_shifted {
            // A row of digits that has letters has the digits with Shift.
            true if self.is_latin => key.shifted,
            true => key.shifted.or(key.plain),
            false => key.plain,
        }
    }
}

/// All keys, those of answers first: where a layout types the same with two, the first is meant.
pub(super) fn keys() -> Vec<char> {
    let answers = Alphabet::Standard.characters();
    let (mut first, others): (Vec<char>, Vec<char>) =
        ('A'..='Z').chain('0'..='9').partition(|&key| answers.contains(&(key as u8)));
    first.extend(others);
    first
}

/// Reads all layouts, and adds those that no package has.
pub(super) fn read() -> anyhow::Result<Vec<Layout>> {
    let context = Context::default();
    let mut layouts = SOURCES.iter().map(|source| layout(&context, source)).collect::<Result<Vec<_>, _>>()?;
    layouts.push(zhuyin());
    layouts.push(telex());
    Ok(layouts)
}

fn layout(context: &Context, source: &Source) -> anyhow::Result<Layout> {
    let (layout, variant) = source.from;
    let group = [Group { layout, variant }];
    let map = context.keymap_from_names(Silence, None, None, Some(&group), None);
    let mut keys = Vec::new();
    for key in keys_of(source.is_latin) {
        let [plain, shifted] =
            symbols(&map, source.place(key)).with_context(|| format!("{key} of {layout} {variant}"))?;
        keys.push(Key { key, plain, shifted: shifted.filter(|_| takes_shift(key, plain)) });
    }
    ensure!(keys.iter().any(|key| key.plain.is_some()), "{layout} {variant} types Latin letters and digits only");
    let source_name = if variant.is_empty() { layout.to_owned() } else { format!("{layout}({variant})") };
    Ok(Layout { name: source.name, source: source_name, is_latin: source.is_latin, keys })
}

/// It says nothing: what is missing in a layout shows in its keys, and the rest is about other keys and about X servers.
struct Silence;

impl DiagnosticHandler for Silence {
    fn handle(&mut self, _: Diagnostic) {}
}

fn keys_of(is_latin: bool) -> impl Iterator<Item = char> {
    keys().into_iter().filter(move |key| !is_latin || key.is_ascii_digit())
}

/// Shift counts with letters; with digits only where their key has something else, since it is pressed for capitals.
fn takes_shift(key: char, plain: Option<char>) -> bool {
    key.is_ascii_alphabetic() || plain.is_some_and(|plain| !plain.is_numeric())
}

/// What a key types without and with Shift.
fn symbols(map: &Keymap, key: char) -> Option<[Option<char>; 2]> {
    let name = name_of(key)?;
    let key = map.keys().find(|key| key.name() == name)?;
    let group = key.groups().next()??;
    let mut levels = group.levels().map(|level| level.symbols().first().and_then(|symbol| symbol.char()));
    let mut next = || levels.next().flatten().filter(|typed| !typed.is_ascii_alphanumeric() && !typed.is_control());
    Some([next(), next()])
}

/// A key's name in XKB, such as AD01 for Q.
fn name_of(key: char) -> Option<String> {
    ROWS.iter().find_map(|(row, keys)| keys.find(key).map(|index| format!("{row}{:02}", index + 1)))
}

/// The Chinese symbols by the Dachen layout (大千), as Taiwan's keyboards have them. xkeyboard-config leaves them to input
/// methods, so they are written down here.
fn zhuyin() -> Layout {
    let rows = ["ㄅㄉˇˋㄓˊ˙ㄚㄞㄢ", "ㄆㄊㄍㄐㄔㄗㄧㄛㄟㄣ", "ㄇㄋㄎㄑㄕㄘㄨㄜㄠ", "ㄈㄌㄏㄒㄖㄙㄩ"];
    let typed = |key: char| {
        let at = |(typed, (_, keys)): (&&str, &(&str, &str))| keys.find(key).and_then(|index| typed.chars().nth(index));
        rows.iter().zip(&ROWS).find_map(at)
    };
    let keys = keys().into_iter().map(|key| Key { key, plain: typed(key), shifted: None }).collect();
    Layout { name: "Chinese, zhuyin", source: "the Dachen layout".to_owned(), is_latin: false, keys }
}

/// Vietnamese input by Telex, which makes ư of a W that follows no vowel. All other letters of answers stay as they are.
fn telex() -> Layout {
    let keys = vec![Key { key: 'W', plain: Some('ư'), shifted: Some('Ư') }];
    Layout { name: "Vietnamese, Telex", source: "the input method".to_owned(), is_latin: true, keys }
}
