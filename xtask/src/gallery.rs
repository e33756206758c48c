//! `cargo xtask gallery`: pictures and sounds of every kind from fixed seeds, and the page of the book that shows them.
//!
//! The library gives the same bytes for the same seed on every processor, so what is in the repository can be compared
//! with what it draws and speaks now.

mod media;
mod page;

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, ensure};

use crate::command::root;

/// Where pictures and sounds go, in the folder of the documents.
const FOLDER: &str = "gallery";
/// The page that shows them, in the same folder.
const PAGE: &str = "gallery.md";
/// What they may take in the repository, all together.
const MOST_BYTES: usize = 600_000;

/// What to do with what the library draws and speaks.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Put it into docs/, instead of comparing it with what is there. Look and listen before you commit it.
    #[arg(long)]
    write: bool,
}

pub(crate) fn gallery(options: &Options) -> anyhow::Result<()> {
    let (documents, files) = (root().join("docs"), files()?);
    let bytes: usize = files.values().map(Vec::len).sum();
    ensure!(bytes <= MOST_BYTES, "the gallery takes {bytes} bytes, and may take {MOST_BYTES}");
    if options.write {
        write(&documents, &files)?;
    }
    let stale = stale(&documents, &files)?;
    ensure!(stale.is_empty(), "cargo xtask gallery --write would change docs/{}", stale.join(", docs/"));
    println!("The gallery is what the library draws and speaks: {} files, {bytes} bytes.", files.len());
    Ok(())
}

/// All files, with their paths in the folder of the documents.
fn files() -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let (pictures, sounds) = (media::pictures()?, media::sounds());
    let page = page::text(&pictures, &sounds)?;
    let pictures = pictures.into_iter().map(|picture| (picture.path(), picture.file));
    let sounds = sounds.into_iter().map(|sound| (sound.path(), sound.file));
    Ok(pictures.chain(sounds).chain([(PAGE.to_owned(), page.into_bytes())]).collect())
}

/// Writes them in the place of what was there before.
fn write(documents: &Path, files: &BTreeMap<String, Vec<u8>>) -> anyhow::Result<()> {
    let folder = documents.join(FOLDER);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    for (path, file) in files {
        fs::write(documents.join(path), file).with_context(|| path.clone())?;
    }
    Ok(())
}

/// The files that are not what they should be, that are missing, or that are none of them.
fn stale(documents: &Path, files: &BTreeMap<String, Vec<u8>>) -> anyhow::Result<Vec<String>> {
    let is_current = |path: &String, file: &Vec<u8>| fs::read(documents.join(path)).is_ok_and(|kept| kept == *file);
    let mut stale: Vec<String> =
        files.iter().filter(|(path, file)| !is_current(path, file)).map(|(path, _)| path.clone()).collect();
    let folder = documents.join(FOLDER);
    for entry in fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let path = format!("{FOLDER}/{}", entry?.file_name().to_string_lossy());
        if !files.contains_key(&path) {
            stale.push(path);
        }
    }
    Ok(stale)
}

#[cfg(test)]
mod tests {
    use haechi_captcha::Answer;

    use super::*;

    /// Whoever changes how pictures look or sounds sound sees in the book what came of it.
    #[test]
    fn the_gallery_is_what_the_library_draws_and_speaks() {
        gallery(&Options { write: false }).unwrap();
    }

    /// Other documents show some of them, with what can be read on them.
    #[test]
    fn documents_say_what_is_on_the_pictures_that_they_show() {
        let pictures = media::pictures().unwrap();
        let mut count = 0;
        for folder in ["", "docs", "docs/ko"] {
            for entry in fs::read_dir(root().join(folder)).unwrap() {
                let document = entry.unwrap().path();
                if document.extension() != Some("md".as_ref()) {
                    continue;
                }
                let text = fs::read_to_string(&document).unwrap();
                for image in text.split("![").skip(1) {
                    let (alt, target) = image.split_once("](").unwrap();
                    let target = target.split(')').next().unwrap();
                    if let Some(picture) = pictures.iter().find(|picture| target.ends_with(&picture.path())) {
                        let shown = picture.answer.as_ref().map_or("", Answer::as_str);
                        assert!(alt.contains(shown), "{}: {alt:?} is not {shown}", document.display());
                        count += 1;
                    }
                }
            }
        }
        assert!(count > 40, "only {count} pictures were found");
    }

    #[test]
    fn what_is_stale_missing_or_too_much_is_named() {
        let documents = tempfile::tempdir().unwrap();
        let files = BTreeMap::from(["gallery/a.gif", "gallery/b.gif", PAGE].map(|path| (path.to_owned(), vec![1])));
        write(documents.path(), &files).unwrap();
        assert_eq!(stale(documents.path(), &files).unwrap(), Vec::<String>::new());
        fs::write(documents.path().join("gallery/a.gif"), [2]).unwrap();
        fs::remove_file(documents.path().join("gallery/b.gif")).unwrap();
        fs::write(documents.path().join("gallery/c.gif"), [1]).unwrap();
        assert_eq!(stale(documents.path(), &files).unwrap(), ["gallery/a.gif", "gallery/b.gif", "gallery/c.gif"]);
        // What was left from before goes when all is written again.
        write(documents.path(), &files).unwrap();
        assert_eq!(stale(documents.path(), &files).unwrap(), Vec::<String>::new());
    }
}
