//! The plan: which solvers run on which sets, in which order.

use std::path::Path;

use super::{
    sets::{Set, Source},
    shown,
};

/// When a job runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// First: shows that the solver works.
    Prove,
    Measure,
}

/// One solver on one set.
pub(super) struct Job {
    pub(super) stage: Stage,
    pub(super) set: Set,
    solver: Solver,
    size: Size,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Solver {
    Tesseract,
    Ddddocr,
    /// Learns nothing; is judged by so many pictures.
    ReadyMade {
        attack: &'static str,
        test: usize,
    },
    /// Trains on so many of the set's own pictures, as they are or also straightened.
    Trained {
        attacker: &'static str,
        look: &'static str,
        warm: bool,
        train: usize,
    },
    /// Trains on so many pictures that it drew itself, with our code and another secret.
    OwnCopy {
        train: usize,
    },
    Pocketsphinx,
    /// Looks for runs of samples of so many sounds.
    Dictionary {
        train: usize,
    },
    /// Trains on so many of the set's own sounds, whole.
    Speech {
        train: usize,
    },
    /// Trains on the loud moments of so many of the set's own sounds.
    Segments {
        train: usize,
    },
    /// Trains on sounds that it had spoken itself, and adds up all renderings of a key.
    Voices {
        train: usize,
    },
    /// Whisper on noisy sounds: told nothing, told what answers are like, and held to the names one by one.
    Whisper,
    /// Whisper on the same sounds without noise: no attack, but what a listener has of them.
    Heard,
    /// Compares noisy sounds with clean ones: no attack, but what listeners have of the speech.
    Intelligibility,
}

/// How many pictures are held out to judge solvers by, and how long they train.
#[derive(Clone, Copy)]
struct Size {
    held_out: usize,
    ocr: usize,
    /// Sounds that are held out.
    sounds: usize,
    /// Pictures that ready-made readers' ways are tried on.
    trial: usize,
    /// Divides training pictures and time.
    shorter: usize,
    own_copy_cpu_s: usize,
}

const FULL: Size = Size { held_out: 1_000, ocr: 300, sounds: 300, trial: 30, shorter: 1, own_copy_cpu_s: 600 };
const QUICK: Size = Size { held_out: 100, ocr: 60, sounds: 30, trial: 10, shorter: 10, own_copy_cpu_s: 40 };

/// Pictures that an attacker with our code draws for itself.
const OWN_COPY: usize = 30_000;

/// Sounds of each language that an attacker with our code has spoken for itself.
const SPOKEN_COPY: usize = 1_600;

/// Languages and paces of sounds: the renderings of a key.
const RENDERINGS: [(&str, &str, &str, &str); 8] = [
    ("voices/ko-normal", "voices-copy/ko-normal", "ko", "normal"),
    ("voices/ko-slow", "voices-copy/ko-slow", "ko", "slow"),
    ("voices/en-normal", "voices-copy/en-normal", "en", "normal"),
    ("voices/en-slow", "voices-copy/en-slow", "en", "slow"),
    ("voices/ja-normal", "voices-copy/ja-normal", "ja", "normal"),
    ("voices/ja-slow", "voices-copy/ja-slow", "ja", "slow"),
    ("voices/zh-normal", "voices-copy/zh-normal", "zh", "normal"),
    ("voices/zh-slow", "voices-copy/zh-slow", "zh", "slow"),
];

/// Sounds that a recogniser's way is chosen on.
const TUNE_SOUNDS: usize = 20;

/// A peer whose answers have two cases, but whose pictures have one.
const CAPITALS_ONLY: &str = "easy-captcha";

const fn warm(attacker: &'static str, train: usize) -> Solver {
    Solver::Trained { attacker, look: "whole", warm: true, train }
}

/// Trains twice, on pictures and on their strips, and joins what both read.
const fn both(attacker: &'static str, train: usize) -> Solver {
    Solver::Trained { attacker, look: "both", warm: true, train }
}

const fn ready(attack: &'static str, test: usize) -> Solver {
    Solver::ReadyMade { attack, test }
}

const TRAINED: [Solver; 5] =
    [both("adapted", 2_000), both("plain", 2_000), both("adapted", 500), both("plain", 500), warm("rows", 500)];
const READY: [Solver; 4] = [ready("adapted", 120), ready("known", 240), Solver::Ddddocr, Solver::Tesseract];
const PROOF: [Solver; 5] =
    [Solver::Ddddocr, ready("known", 60), Solver::Tesseract, warm("plain", 500), warm("adapted", 500)];

/// All jobs, those that take longest first within a stage, so that no worker waits long at the end.
pub(super) fn plan(quick: bool, peers: &[&'static str]) -> Vec<Job> {
    let size = if quick { QUICK } else { FULL };
    let mut jobs = Vec::new();
    let mut add = |stage, name, source, solvers: &[Solver]| {
        let train = solvers.iter().map(|solver| solver.train()).max().unwrap_or(0);
        let held_out = if solvers[0].hears() { size.sounds } else { size.held_out };
        let set = Set { name, source, count: train / size.shorter + held_out };
        jobs.extend(solvers.iter().map(|solver| Job { stage, set, solver: *solver, size }));
    };
    add(Stage::Prove, "weak", Source::Weak, &PROOF);
    let own_copy = Solver::OwnCopy { train: OWN_COPY };
    add(Stage::Measure, "default", ours("light", None), &[&[own_copy][..], &TRAINED, &READY].concat());
    // Sets of ours that show what a difficulty or the theme changes.
    let quickest = [warm("adapted", 500), ready("known", 100)];
    let strongest = [&[warm("adapted", 2_000)], &quickest[..]].concat();
    add(Stage::Measure, "difficulty-5", ours("light", Some(5)), &strongest);
    // Peers stand in one row on a ground of one polarity, so that what is known of ours helps nobody.
    let one_row = [warm("plain", 500), ready("known", 100), Solver::Ddddocr, Solver::Tesseract];
    for (name, source) in [("lepture", Source::Lepture), ("svg-captcha", Source::Svg)] {
        add(Stage::Measure, name, source, &one_row);
    }
    if !quick {
        add(Stage::Measure, "dark", ours("dark", None), &quickest);
        for (name, level) in [("difficulty-1", 1), ("difficulty-2", 2), ("difficulty-4", 4)] {
            add(Stage::Measure, name, ours("light", Some(level)), &quickest);
        }
    }
    let heard = [Solver::Speech { train: 1_000 }, Solver::Segments { train: 1_000 }];
    let english = [&heard[..], &[Solver::Whisper, Solver::Dictionary { train: 1_000 }, Solver::Pocketsphinx]].concat();
    let intelligible = [Solver::Heard, Solver::Intelligibility];
    add(
        Stage::Measure,
        "voices/en-normal",
        rendering("ours", "en", "normal"),
        &[Solver::Voices { train: SPOKEN_COPY }],
    );
    add(Stage::Measure, "sound-en", spoken("ours", "en"), &[&english[..], &intelligible].concat());
    for (name, language) in [("sound-ko", "ko"), ("sound-ja", "ja"), ("sound-zh", "zh")] {
        let solvers = [&heard[..], &[Solver::Whisper], &intelligible].concat();
        add(Stage::Measure, name, spoken("ours", language), &solvers);
    }
    add(Stage::Measure, "sound-en-clean", clean("ours", "en"), &[Solver::Whisper]);
    add(Stage::Measure, "sound-lepture", Source::SpokenByLepture, &heard[1..]);
    for name in peers {
        add(Stage::Measure, name, Source::Crate, &one_row);
    }
    jobs
}

fn ours(theme: &'static str, difficulty: Option<u8>) -> Source {
    Source::Ours { secret: "ours", theme, difficulty }
}

fn spoken(secret: &'static str, language: &'static str) -> Source {
    Source::Spoken { secret, seed: language, language, pace: "normal", is_clean: false }
}

/// Sounds without noise; with the seed of the noisy ones, so that they are the same but for the noise.
fn clean(secret: &'static str, language: &'static str) -> Source {
    Source::Spoken { secret, seed: language, language, pace: "normal", is_clean: true }
}

/// One of several sets with the same keys.
fn rendering(secret: &'static str, language: &'static str, pace: &'static str) -> Source {
    Source::Spoken { secret, seed: "voices", language, pace, is_clean: false }
}

impl Solver {
    /// Samples that it needs of the set that it attacks, beside those held out.
    fn train(&self) -> usize {
        match self {
            Self::Trained { train, .. } => *train,
            // Tesseract's way is chosen on pictures of their own; so many are there in a quick run, too.
            Self::Tesseract => 600,
            Self::Speech { train } | Self::Segments { train } | Self::Dictionary { train } => *train,
            Self::Pocketsphinx | Self::Whisper => TUNE_SOUNDS,
            Self::Ddddocr
            | Self::ReadyMade { .. }
            | Self::OwnCopy { .. }
            | Self::Voices { .. }
            | Self::Heard
            | Self::Intelligibility => 0,
        }
    }

    /// Whether it attacks sounds.
    const fn hears(&self) -> bool {
        !matches!(
            self,
            Self::Tesseract | Self::Ddddocr | Self::ReadyMade { .. } | Self::Trained { .. } | Self::OwnCopy { .. }
        )
    }

    fn name(&self) -> String {
        match self {
            Self::Tesseract => "tesseract".to_owned(),
            Self::Ddddocr => "ddddocr".to_owned(),
            Self::ReadyMade { attack, .. } => format!("ready-made {attack}"),
            Self::Trained { attacker, look: "whole", warm, train } => {
                format!("{attacker} {}@{train}", if *warm { "warm" } else { "scratch" })
            }
            Self::Trained { attacker, look, train, .. } => format!("{attacker} {look}@{train}"),
            Self::OwnCopy { .. } => "own copy".to_owned(),
            Self::Voices { .. } => "voices".to_owned(),
            Self::Whisper => "whisper".to_owned(),
            Self::Heard => "heard".to_owned(),
            Self::Pocketsphinx => "pocketsphinx".to_owned(),
            Self::Dictionary { train } => format!("dictionary@{train}"),
            Self::Speech { train } => format!("speech@{train}"),
            Self::Segments { train } => format!("segments@{train}"),
            Self::Intelligibility => "intelligibility".to_owned(),
        }
    }
}

impl Job {
    /// Set and solver.
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.set.name, self.solver.name())
    }

    /// Whether the solver must read the weak look. Tesseract reads print, and need not be good at single letters.
    pub(super) fn must_break(&self) -> bool {
        self.solver != Solver::Tesseract
    }

    /// The set that is attacked, and the one that it is compared with or that is learned from, if that is another.
    pub(super) fn sets(&self) -> Vec<Set> {
        let mut sets = vec![self.set];
        sets.extend(self.other_set());
        if let Solver::Voices { train } = self.solver {
            // A set that is attacked has no more sounds than are held out; the attacker's own have half at each pace.
            let copied = train / self.size.shorter / 2;
            for (name, copy, language, pace) in RENDERINGS {
                let held_out = self.set.count;
                sets.push(Set { name, source: rendering("ours", language, pace), count: held_out });
                sets.push(Set { name: copy, source: rendering("copy", language, pace), count: copied });
            }
        }
        sets
    }

    fn other_set(&self) -> Option<Set> {
        let (name, source, count) = match (self.solver, self.set.source) {
            (Solver::OwnCopy { train }, Source::Ours { theme, difficulty, .. }) => {
                let source = Source::Ours { secret: "copy", theme, difficulty };
                ("copy", source, train / self.size.shorter)
            }
            (
                Solver::Whisper | Solver::Heard | Solver::Intelligibility,
                Source::Spoken { secret, language, is_clean: false, .. },
            ) => (clean_set(self.set.name), clean(secret, language), self.set.count),
            _ => return None,
        };
        Some(Set { name, source, count })
    }

    /// The language that is spoken; English, where nothing of ours speaks.
    const fn language(&self) -> &'static str {
        match self.set.source {
            Source::Spoken { language, .. } => language,
            _ => "en",
        }
    }

    /// The program in `attack/` and its arguments.
    pub(super) fn arguments(&self, folder: &Path) -> Vec<String> {
        let Size { held_out, ocr, sounds, trial, shorter, own_copy_cpu_s } = self.size;
        let target = shown(&folder.join(self.set.name));
        let train = self.solver.train() / shorter;
        // The same sounds without noise, for who needs them.
        let quiet = shown(&folder.join(clean_set(self.set.name)));
        let line = match self.solver {
            Solver::Tesseract => format!("solve_tesseract.py {target} --test {ocr} --tune {trial}"),
            Solver::Ddddocr => format!("solve_ddddocr.py {target} --test {ocr} --trial {trial}"),
            Solver::ReadyMade { attack, test } => {
                format!("solve_readymade.py {target} --attack {attack} --test {}", test / shorter.min(5))
            }
            Solver::Trained { attacker, look, warm, .. } => format!(
                "solve_trained.py {target} --attacker {attacker} --train {train} --test {held_out} --look {look}{}",
                if warm { " --init attack/generic.pt" } else { "" }
            ),
            Solver::OwnCopy { train } => format!(
                "solve_trained.py {} --attacker adapted --train {} --test {held_out} --test-set {target} \
                 --init attack/generic.pt --cpu-seconds {own_copy_cpu_s}",
                shown(&folder.join("copy")),
                train / shorter
            ),
            Solver::Pocketsphinx => format!("solve_pocketsphinx.py {target} --test {sounds} --tune {TUNE_SOUNDS}"),
            Solver::Dictionary { .. } => format!("solve_dictionary.py {target} --train {train} --test {sounds}"),
            Solver::Speech { .. } => format!("solve_speech.py {target} --train {train} --test {sounds}"),
            Solver::Segments { .. } => format!("solve_segments.py {target} --train {train} --test {sounds}"),
            Solver::Voices { train } => format!(
                "solve_voices.py {} {} --train {} --test {sounds} --cpu-seconds {}",
                shown(&folder.join("voices")),
                shown(&folder.join("voices-copy")),
                train / shorter,
                own_copy_cpu_s / 3
            ),
            Solver::Whisper => format!(
                "solve_whisper.py {target} {quiet} --test {} --tune {} --language {}",
                sounds / 3,
                TUNE_SOUNDS / shorter.min(5),
                self.language()
            ),
            Solver::Heard => format!("hear_speech.py {quiet} --count {} --language {}", sounds / 3, self.language()),
            Solver::Intelligibility => format!("measure_speech.py {target} {quiet} --test {sounds}"),
        };
        let mut arguments: Vec<String> = line.split_whitespace().map(ToOwned::to_owned).collect();
        arguments.extend(["--name".to_owned(), self.set.name.to_owned()]);
        if matches!(self.solver, Solver::Trained { .. } | Solver::OwnCopy { .. }) {
            arguments.extend(["--solver".to_owned(), self.solver.name().replace(' ', "-")]);
        }
        if self.stage == Stage::Prove && matches!(self.solver, Solver::Ddddocr | Solver::ReadyMade { .. }) {
            arguments.extend(["--must-read", "0.8"].map(String::from));
        }
        if matches!(self.solver, Solver::Trained { .. }) && self.set.name == CAPITALS_ONLY {
            arguments.push("--fold-case".to_owned());
        }
        let trains = matches!(self.solver, Solver::Trained { .. } | Solver::Speech { .. } | Solver::Segments { .. });
        if trains && shorter > 1 {
            // The budget of a full run, for fewer pictures, would let them be learned by heart.
            arguments.extend(["--cpu-seconds", "20"].map(String::from));
        }
        arguments
    }
}

/// The name of the set of the same sounds without noise.
fn clean_set(name: &str) -> &'static str {
    match name {
        "sound-en-clean" => "sound-en-clean",
        "sound-ko" => "clean-ko",
        "sound-ja" => "clean-ja",
        "sound-zh" => "clean-zh",
        _ => "clean-en",
    }
}
