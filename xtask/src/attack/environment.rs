//! What the bench needs beside Rust: Python with its packages, readers of print, and the peers' own tools.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, bail};

use super::{
    sets::{Set, Source},
    shown,
};
use crate::{
    command::{built, cargo, root, run},
    packages::{Needed, install_missing, install_requirements},
};

const NEEDED: [Needed; 5] = [
    Needed { file: "tesseract", package: "tesseract-ocr" },
    Needed { file: "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf", package: "fonts-dejavu-core" },
    Needed { file: "python3", package: "python3-venv" },
    Needed { file: "node", package: "nodejs" },
    Needed { file: "npm", package: "npm" },
];

/// Peers that are drawn by `attack/peers/rust`, by the names that it knows them by.
const CRATES: [&str; 4] = ["rust-captcha", "captcha-rs", "biosvg", "easy-captcha"];

/// The tools, in a folder.
pub(super) struct Environment {
    folder: PathBuf,
    python: PathBuf,
    has_crates: bool,
}

impl Environment {
    /// Installs what is missing. A peer of `--peers` that does not install is left out, and said to be.
    pub(super) fn make(folder: &Path, peers: bool) -> anyhow::Result<Self> {
        fs::create_dir_all(folder)?;
        install_missing(&NEEDED.each_ref(), "Install them: the solvers and the peers are made of them")?;
        let mut environment =
            Self { folder: folder.to_owned(), python: root().join(folder).join("venv/bin/python"), has_crates: false };
        environment.install_python()?;
        environment.install_svg()?;
        if peers {
            environment.has_crates = said(&environment.build_crates());
        }
        Ok(environment)
    }

    /// The peers beyond those that are always attacked.
    pub(super) fn peers(&self) -> Vec<&'static str> {
        if self.has_crates { CRATES.to_vec() } else { Vec::new() }
    }

    /// A virtual environment with what `attack/requirements.txt` pins.
    fn install_python(&self) -> anyhow::Result<()> {
        install_requirements(&self.folder.join("venv"), Path::new("attack/requirements.txt"))
    }

    fn install_svg(&self) -> anyhow::Result<()> {
        let folder = self.svg();
        if folder.join("node_modules/svg-captcha").is_dir() {
            return Ok(());
        }
        fs::create_dir_all(&folder)?;
        for file in ["package.json", "package-lock.json", "draw.js"] {
            fs::copy(Path::new("attack/peers/svg").join(file), folder.join(file))?;
        }
        run(Command::new("npm").args(["ci", "--no-audit", "--no-fund", "--silent"]).current_dir(&folder))
    }

    fn build_crates(&self) -> anyhow::Result<()> {
        let manifest = "attack/peers/rust/Cargo.toml";
        run(cargo(&["build", "--release", "--locked", "--manifest-path", manifest])
            .env("CARGO_TARGET_DIR", root().join(&self.folder).join("peers/rust")))
    }

    /// Runs a program of `attack/` on one thread, and returns what it printed.
    pub(super) fn python(&self, arguments: &[String]) -> anyhow::Result<String> {
        let (program, rest) = arguments.split_first().context("no program is named")?;
        let mut command = Command::new(&self.python);
        command.arg(Path::new("attack").join(program)).args(rest);
        command.env("OMP_NUM_THREADS", "1").env("PYTHONDONTWRITEBYTECODE", "1").stderr(Stdio::inherit());
        println!("> python attack/{}", arguments.join(" "));
        let output = command.output().context("Python could not be started")?;
        if !output.status.success() {
            bail!("attack/{program} failed: {}", output.status);
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Draws a set into a folder, unless as many pictures of it are there. Ours are always drawn: they may have changed.
    pub(super) fn draw(&self, set: &Set, folder: &Path, again: bool) -> anyhow::Result<()> {
        let is_drawn = fs::read_dir(folder).is_ok_and(|files| files.count() == set.count);
        if is_drawn && !set.source.is_ours() && !again {
            return Ok(());
        }
        if folder.exists() {
            fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
        }
        self.draw_afresh(set, folder)
    }

    fn draw_afresh(&self, set: &Set, folder: &Path) -> anyhow::Result<()> {
        let (folder, count) = (shown(folder), set.count.to_string());
        let peer = |program: &str| self.python(&[program, &folder, "--count", &count].map(String::from)).map(drop);
        match set.source {
            Source::Ours { secret, theme, difficulty } => {
                let mut haechi = Command::new(built("release", "haechi"));
                haechi.args(["render", "--out", &folder, "--count", &count, "--theme", theme]);
                haechi.args(["--seed", set.name, "--secret-seed", secret]);
                if let Some(level) = difficulty {
                    haechi.args(["--difficulty", &level.to_string()]);
                }
                run(&mut haechi)
            }
            Source::Spoken { secret, seed, language, pace, is_clean } => {
                let mut haechi = Command::new(built("release", "haechi"));
                haechi.args(["speak", "--out", &folder, "--count", &count, "--lang", language, "--pace", pace]);
                // Clean sounds have the seed of the noisy ones, so that they are the same but for the noise.
                haechi.args(["--seed", seed, "--secret-seed", secret]);
                if is_clean {
                    haechi.arg("--clean");
                }
                run(&mut haechi)
            }
            Source::Weak => peer("draw_weak.py"),
            Source::Lepture => peer("peers/draw_lepture.py"),
            Source::SpokenByLepture => peer("peers/speak_lepture.py"),
            Source::Svg => {
                let target = root().join(&folder);
                run(Command::new("node").args(["draw.js", &shown(&target), &count]).current_dir(self.svg()))
            }
            Source::Crate => {
                let program = self.folder.join("peers/rust/release/draw-peers");
                run(Command::new(root().join(program)).args([set.name, &folder, &count]))
            }
        }
    }

    fn svg(&self) -> PathBuf {
        root().join(&self.folder).join("peers/svg")
    }
}

/// Whether something worked out; if not, says why.
fn said(outcome: &anyhow::Result<()>) -> bool {
    if let Err(cause) = outcome {
        println!("left out: {cause:#}");
    }
    outcome.is_ok()
}
