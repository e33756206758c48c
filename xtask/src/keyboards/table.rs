//! The table as Rust source.

use std::fmt::Write as _;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::{
    layouts::{self, Layout, keys},
    unicode, version_of,
};

pub(super) fn text(layouts: &[Layout]) -> anyhow::Result<String> {
    let (keyboards, characters) = (version_of(layouts::PACKAGE)?, version_of(unicode::PACKAGE)?);
    let mut text = format!(
        "//! What keys type in other layouts, and which characters are digits or invisible.\n\
         //!\n\
         //! `cargo xtask keyboards --write` made this file, from Debian's packages xkb-data {keyboards} (xkeyboard-config,\n\
         //! licence MIT/X11) and unicode-data {characters} (licence Unicode-3.0). Do not change it by hand.\n\n\
         use std::ops::RangeInclusive;\n\n\
         use super::keyboard::Layout;\n\n"
    );
    let all: String = keys().iter().collect();
    writeln!(text, "/// The keys by their Latin letters and digits, those of answers first.")?;
    writeln!(text, "pub(super) const KEYS: [u8; {}] = *b\"{all}\";\n", all.len())?;
    writeln!(text, "/// Where two could have typed the same, the first counts.")?;
    writeln!(text, "pub(super) static LAYOUTS: [Layout; {}] = [", layouts.len())?;
    for layout in layouts {
        write_layout(&mut text, layout)?;
    }
    writeln!(text, "];\n")?;
    let zeros: Vec<String> = unicode::zeros()?.into_iter().map(literal).collect();
    writeln!(text, "/// The zeros of all decimal digits, each of which has its nine others behind it.")?;
    writeln!(text, "pub(super) static ZEROS: [char; {}] = [{}];\n", zeros.len(), zeros.join(", "))?;
    let invisible = unicode::invisible()?;
    writeln!(text, "/// What is not shown by itself: Unicode's Default_Ignorable_Code_Point.")?;
    writeln!(text, "pub(super) static INVISIBLE: [RangeInclusive<char>; {}] = [", invisible.len())?;
    for (first, last) in invisible {
        writeln!(text, "{}..={},", literal(first), literal(last))?;
    }
    writeln!(text, "];")?;
    Ok(text)
}

fn write_layout(text: &mut String, layout: &Layout) -> anyhow::Result<()> {
    let typed = |is_shifted: bool| {
        let of_key = |key: char| layout.keys.iter().find(|of| of.key == key);
        let each = keys().into_iter().map(move |key| {
            let typed = of_key(key).and_then(|of| if is_shifted { of.shifted } else { of.plain });
            literal(typed.unwrap_or('\0'))
        });
        each.collect::<Vec<_>>().join(", ")
    };
    let also: Vec<String> = also(layout).iter().map(|(typed, key)| format!("({typed:?}, {key:?})")).collect();
    writeln!(text, "// {}", layout.source)?;
    writeln!(
        text,
        "Layout {{ name: {:?}, is_latin: {}, plain: [{}], shifted: [{}], also: &[{}] }},",
        layout.name,
        layout.is_latin,
        typed(false),
        typed(true),
        also.join(", ")
    )?;
    Ok(())
}

/// Two characters that a system may send for one, with the key: what Windows has for Arabic's ligatures, and letters that
/// canonical composition leaves apart.
fn also(layout: &Layout) -> Vec<(String, char)> {
    let typed = layout.keys.iter().flat_map(|key| [key.plain, key.shifted].map(|typed| (typed, key.key)));
    let forms = typed.filter_map(|(typed, key)| {
        let typed = typed?;
        let is_ligature = ('\u{fb50}'..='\u{feff}').contains(&typed);
        let once = std::iter::once(typed);
        let form: String = if is_ligature { once.nfkc().collect() } else { once.nfc().collect() };
        (form.chars().count() > 1).then_some((form, key))
    });
    forms.collect()
}

/// A character as source, by its number where it would not stand by itself.
fn literal(character: char) -> String {
    let stands_alone = character.is_alphanumeric() || character.is_ascii_punctuation();
    let is_mirrored = matches!(character, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}');
    if character == '\0' {
        r"'\0'".to_owned()
    } else if stands_alone && !is_combining_mark(character) && !is_mirrored {
        format!("{character:?}")
    } else {
        format!("'{}'", character.escape_unicode())
    }
}
