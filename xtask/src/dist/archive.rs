//! Tar archives that come out the same, byte for byte, from the same files.

use std::{collections::BTreeMap, fs, io::Write, path::Path};

use anyhow::Context;
use flate2::{Compression, write::GzEncoder};
use tar::{Builder, EntryType, Header};

/// What an archive holds, by path. The order is that of the paths, and a folder comes before what is in it.
#[derive(Default)]
pub(super) struct Tree {
    entries: BTreeMap<String, Entry>,
}

struct Entry {
    mode: u32,
    /// The number of the user and of the group.
    owner: u32,
    content: Content,
}

enum Content {
    Folder,
    File(Vec<u8>),
    /// Where a symbolic link leads.
    Link(String),
}

impl Tree {
    pub(super) fn folder(&mut self, path: &str, mode: u32, owner: u32) {
        self.insert(path, Entry { mode, owner, content: Content::Folder });
    }

    pub(super) fn file(&mut self, path: &str, mode: u32, bytes: impl Into<Vec<u8>>) {
        self.insert(path, Entry { mode, owner: 0, content: Content::File(bytes.into()) });
    }

    pub(super) fn link(&mut self, path: &str, leads_to: &str) {
        self.insert(path, Entry { mode: 0o777, owner: 0, content: Content::Link(leads_to.to_owned()) });
    }

    /// Takes a file of this machine over, with another mode.
    pub(super) fn copy(&mut self, path: &str, mode: u32, from: &Path) -> anyhow::Result<()> {
        self.file(path, mode, fs::read(from).with_context(|| format!("cannot read {}", from.display()))?);
        Ok(())
    }

    /// Takes all files over that lie in a folder, as files that all may read.
    pub(super) fn copy_all(&mut self, path: &str, from: &Path) -> anyhow::Result<()> {
        for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
            let entry = entry?;
            let name = entry.file_name().into_string().ok().context("a file's name is text")?;
            self.copy(&format!("{path}/{name}"), 0o644, &entry.path())?;
        }
        Ok(())
    }

    /// Adds an entry, and the folders that lead to it.
    fn insert(&mut self, path: &str, entry: Entry) {
        for (end, _) in path.match_indices('/') {
            let folder = || Entry { mode: 0o755, owner: 0, content: Content::Folder };
            self.entries.entry(path[..end].to_owned()).or_insert_with(folder);
        }
        self.entries.insert(path.to_owned(), entry);
    }

    /// The archive. Every file has the same time, in seconds since 1970.
    pub(super) fn to_tar(&self, time_secs: u64) -> anyhow::Result<Vec<u8>> {
        let mut archive = Builder::new(Vec::new());
        for (path, entry) in &self.entries {
            let mut header = Header::new_gnu();
            header.set_mode(entry.mode);
            header.set_uid(entry.owner.into());
            header.set_gid(entry.owner.into());
            header.set_mtime(time_secs);
            header.set_size(0);
            match &entry.content {
                Content::Folder => {
                    header.set_entry_type(EntryType::Directory);
                    archive.append_data(&mut header, format!("{path}/"), std::io::empty())?;
                }
                Content::File(bytes) => {
                    header.set_size(bytes.len() as u64);
                    archive.append_data(&mut header, path, bytes.as_slice())?;
                }
                Content::Link(leads_to) => {
                    header.set_entry_type(EntryType::Symlink);
                    archive.append_link(&mut header, path, leads_to)?;
                }
            }
        }
        Ok(archive.into_inner()?)
    }
}

/// Compresses, without a name and a time in it.
pub(super) fn gzip(bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;
    use tar::Archive;

    use super::*;

    fn tree() -> Tree {
        let mut tree = Tree::default();
        tree.file("top/share/text", 0o644, "a text");
        tree.file("top/bin/program", 0o755, [0, 1, 2]);
        tree.link("top/bin/other", "program");
        tree.folder("top/data", 0o700, 65532);
        tree
    }

    /// What `tar` lists of it, path, mode, owner and time.
    fn listed(tar: &[u8]) -> Vec<(String, u32, u64, u64)> {
        let mut archive = Archive::new(tar);
        let entries = archive.entries().unwrap().map(Result::unwrap);
        entries
            .map(|entry| {
                let header = entry.header();
                assert_eq!(header.uid().unwrap(), header.gid().unwrap());
                let path = entry.path().unwrap().to_string_lossy().into_owned();
                (path, header.mode().unwrap(), header.uid().unwrap(), header.mtime().unwrap())
            })
            .collect()
    }

    #[test]
    fn an_archive_is_sorted_and_has_one_time() {
        let expected = [
            ("top/", 0o755, 0),
            ("top/bin/", 0o755, 0),
            ("top/bin/other", 0o777, 0),
            ("top/bin/program", 0o755, 0),
            ("top/data/", 0o700, 65532),
            ("top/share/", 0o755, 0),
            ("top/share/text", 0o644, 0),
        ];
        let expected = expected.map(|(path, mode, owner)| (path.to_owned(), mode, owner, 1_700_000_000));
        assert_eq!(listed(&tree().to_tar(1_700_000_000).unwrap()), expected);
    }

    #[test]
    fn contents_and_links_come_back() {
        let tar = tree().to_tar(0).unwrap();
        let mut archive = Archive::new(tar.as_slice());
        for mut entry in archive.entries().unwrap().map(Result::unwrap) {
            let path = entry.path().unwrap().to_string_lossy().into_owned();
            let leads_to = entry.link_name().unwrap().map(|path| path.to_string_lossy().into_owned());
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            match path.as_str() {
                "top/bin/program" => assert_eq!(bytes, [0, 1, 2]),
                "top/share/text" => assert_eq!(bytes, b"a text"),
                "top/bin/other" => assert_eq!(leads_to.as_deref(), Some("program")),
                _ => assert!(bytes.is_empty(), "{path}"),
            }
        }
    }

    #[test]
    fn the_same_files_give_the_same_bytes_in_whichever_order_they_are_added() {
        let mut other = Tree::default();
        other.folder("top/data", 0o700, 65532);
        other.link("top/bin/other", "program");
        other.file("top/bin/program", 0o755, [0, 1, 2]);
        other.file("top/share/text", 0o644, "a text");
        let (one, other) = (tree().to_tar(7).unwrap(), other.to_tar(7).unwrap());
        assert_eq!(one, other);
        assert_ne!(one, tree().to_tar(8).unwrap());
        assert_eq!(gzip(&one).unwrap(), gzip(&other).unwrap());
    }

    #[test]
    fn what_is_compressed_has_no_time_and_comes_back() {
        let compressed = gzip(b"a text").unwrap();
        assert_eq!(compressed[4..8], [0; 4]);
        let mut text = String::new();
        GzDecoder::new(compressed.as_slice()).read_to_string(&mut text).unwrap();
        assert_eq!(text, "a text");
    }

    #[test]
    fn a_path_longer_than_a_plain_header_comes_back() {
        let mut tree = Tree::default();
        let long = format!("{}/file", "a-long-name".repeat(20));
        tree.file(&long, 0o644, "");
        assert_eq!(listed(&tree.to_tar(0).unwrap()).last().unwrap().0, long);
    }
}
