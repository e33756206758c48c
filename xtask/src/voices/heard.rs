//! Whether a recogniser hears each clip as what it says: a list beside the bank, made by `cargo xtask voices --hear`.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use anyhow::{Context, bail, ensure};
use haechi_captcha::{
    Alphabet, Language,
    sound::bank::{Bank, Word},
};

use crate::{command::root, packages::install_requirements};

/// The list's name, beside the bank's.
pub(super) const FILE: &str = "heard.tsv";

const HEAD: &str = "language\tvoice\tcharacter\tplace\tlead\trival\n";

/// A clip is good if its name is among so many that the recogniser thinks likeliest.
const FIRST: u32 = 2;

/// Has Whisper base hear every clip of the bank that says a character of the alphabet, and keeps what it heard.
pub(super) fn hear(bank: &Bank<'_>, assets: &Path) -> anyhow::Result<()> {
    let environment = Path::new("target/attack/venv");
    install_requirements(environment, Path::new("attack/requirements.txt"))?;
    let clips = tempfile::tempdir()?;
    for clip in bank.clips() {
        if let Word::Character(character) = clip.word {
            let folder = clips.path().join(clip.language.tag()).join(clip.voice.to_string());
            fs::create_dir_all(&folder)?;
            let samples: Vec<u8> = clip.samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
            fs::write(folder.join(format!("{}.s16", char::from(character))), samples)?;
        }
    }
    let python = root().join(environment).join("bin/python");
    let output = Command::new(python).arg("attack/hear_clips.py").arg(clips.path()).output()?;
    ensure!(output.status.success(), "attack/hear_clips.py failed: {}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout)?;
    fs::write(assets.join(FILE), format!("{HEAD}{lines}")).context("cannot keep what was heard")
}

/// A clip of the list.
struct Heard {
    language: String,
    voice: u8,
    character: char,
    place: u32,
    rival: String,
}

impl Heard {
    fn read(line: &str) -> anyhow::Result<Self> {
        let [language, voice, character, place, _lead, rival] = line.split('\t').collect::<Vec<_>>()[..] else {
            bail!("{line:?} has not six columns");
        };
        let (voice, character, place) = (voice.parse()?, character.parse()?, place.parse()?);
        Ok(Self { language: language.to_owned(), voice, character, place, rival: rival.to_owned() })
    }
}

/// Names the clips of a bank that are not heard as what they say, or that nobody let the recogniser hear.
pub(super) fn faults(bank: &Bank<'_>, list: &str) -> anyhow::Result<Vec<String>> {
    let lines = list.strip_prefix(HEAD).with_context(|| format!("{FILE} does not begin as it should"))?;
    let mut heard = BTreeMap::new();
    for line in lines.lines() {
        let clip = Heard::read(line)?;
        heard.insert((clip.language.clone(), clip.voice, clip.character), clip);
    }
    let mut faults = Vec::new();
    for language in Language::ALL {
        for voice in 0..bank.voice_count(language) {
            for character in Alphabet::Standard.characters().iter().copied().map(char::from) {
                let what = format!("{} {voice} {character}", language.tag());
                match heard.remove(&(language.tag().to_owned(), voice, character)) {
                    Some(clip) if clip.place <= FIRST => {}
                    Some(clip) => faults.push(format!("{what}: in place {}, after {}", clip.place, clip.rival)),
                    None => faults.push(format!("{what}: was not heard")),
                }
            }
        }
    }
    faults.extend(heard.keys().map(|clip| format!("{clip:?} is in the list and not in the bank")));
    Ok(faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASSETS: &str = "crates/captcha/assets/voices";

    fn list() -> String {
        fs::read_to_string(root().join(ASSETS).join(FILE)).unwrap()
    }

    #[test]
    fn every_clip_of_the_alphabet_is_heard_as_what_it_says() {
        assert_eq!(faults(&Bank::built_in(), &list()).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn a_clip_that_is_missing_or_heard_as_others_is_named() {
        let list = list();
        let mut lines: Vec<&str> = list.lines().collect();
        let first = lines[1].replacen("\t1\t", "\t3\t", 1).replacen("\t2\t", "\t3\t", 1);
        lines[1] = &first;
        let last = lines.pop().unwrap();
        let faults = faults(&Bank::built_in(), &(lines.join("\n") + "\n")).unwrap();
        assert_eq!(faults.len(), 2, "{faults:?}, {last}");
        assert!(faults[0].contains("in place 3") && faults[1].contains("was not heard"), "{faults:?}");
        assert!(super::faults(&Bank::built_in(), "nothing").is_err());
    }
}
