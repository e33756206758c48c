//! Sets of labelled pictures and sounds: ours in several looks and languages, a weak one, and others'.

use std::{fs, path::Path};

use anyhow::Context;

/// A folder of labelled pictures or sounds, the last of which are held out to judge solvers by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Set {
    pub(super) name: &'static str,
    pub(super) source: Source,
    pub(super) count: usize,
}

/// Who makes a set, and how.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// `haechi render`. The secret is any text; `difficulty` is the default one if none is given.
    Ours { secret: &'static str, theme: &'static str, difficulty: Option<u8> },
    /// `haechi speak`, over noise or without it. Secret and seed are any texts; sets that share both have the same keys.
    Spoken { secret: &'static str, seed: &'static str, language: &'static str, pace: &'static str, is_clean: bool },
    /// `attack/draw_weak.py`.
    Weak,
    /// `attack/peers/draw_lepture.py`.
    Lepture,
    /// `attack/peers/speak_lepture.py`.
    SpokenByLepture,
    /// `attack/peers/svg/draw.js`.
    Svg,
    /// A library that `attack/peers/rust` draws with.
    Crate,
}

impl Source {
    /// Whether our own code makes it, so that it may have changed since.
    pub(super) const fn is_ours(self) -> bool {
        matches!(self, Self::Ours { .. } | Self::Spoken { .. })
    }
}

/// Tells sets of different pictures apart: FNV-1a over all names and files.
pub(super) fn fingerprint(folder: &Path) -> anyhow::Result<u64> {
    let mut paths: Vec<_> = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<_>>()?;
    paths.sort();
    let mut hash = 0xcbf2_9ce4_8422_2325;
    for path in paths {
        let content = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        for byte in name.iter().chain(&content) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    Ok(hash)
}
