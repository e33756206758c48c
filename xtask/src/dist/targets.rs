//! Which machines a program can be made for on this one, and how.

use std::{env, fs, path::PathBuf, process::Command};

use anyhow::{Context, ensure};

use crate::{
    command::{build_dist, built, cargo, run},
    packages::is_there,
};

/// A kind of machine, as Rust and others call it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Target {
    /// Rust's name for it.
    pub(super) triple: &'static str,
    /// What Rust and C compilers call its processor.
    pub(super) processor: &'static str,
    /// What containers call its processor.
    pub(super) architecture: &'static str,
    /// Linked to the C library of the machine; else the program has one in itself.
    pub(super) has_glibc: bool,
}

pub(super) const TARGETS: [Target; 3] = [
    Target { triple: "x86_64-unknown-linux-gnu", processor: "x86_64", architecture: "amd64", has_glibc: true },
    Target { triple: "x86_64-unknown-linux-musl", processor: "x86_64", architecture: "amd64", has_glibc: false },
    Target { triple: "aarch64-unknown-linux-gnu", processor: "aarch64", architecture: "arm64", has_glibc: true },
];

/// How a program is made for a target.
#[derive(Debug, PartialEq)]
pub(super) enum Plan {
    /// By a plain build: it is this kind of machine.
    Native,
    /// With `--target`, and these variables for Cargo and for the build script of ring, which compiles C.
    Cross(Vec<(String, String)>),
    /// Not here, and why.
    NotMade(String),
}

/// What this machine has to build with.
struct Machine<'a> {
    /// Rust's name for the kind that it is.
    host: &'a str,
    has_std: &'a dyn Fn(&str) -> bool,
    has_program: &'a dyn Fn(&str) -> bool,
}

impl Target {
    /// How to make the program for it here.
    pub(super) fn plan(&self) -> anyhow::Result<Plan> {
        let host = host()?;
        Ok(self.plan_on(&Machine { host: &host, has_std: &has_std, has_program: &is_there }))
    }

    fn plan_on(&self, machine: &Machine<'_>) -> Plan {
        if machine.host == self.triple {
            return Plan::Native;
        }
        let is_same_processor = machine.host.split('-').next() == Some(self.processor);
        let (compiler, package) = match (self.has_glibc, is_same_processor) {
            (true, _) => {
                let package = format!("gcc-{}-linux-gnu", self.processor.replace('_', "-"));
                (format!("{}-linux-gnu-gcc", self.processor), package)
            }
            (false, true) => ("musl-gcc".to_owned(), "musl-tools".to_owned()),
            (false, false) => {
                return Plan::NotMade(format!("musl's C compiler is for {} only on such a machine", self.processor));
            }
        };
        let mut reasons = Vec::new();
        if !(machine.has_std)(self.triple) {
            reasons.push(format!("Rust's standard library for it is missing (rustup target add {})", self.triple));
        }
        if !(machine.has_program)(&compiler) {
            reasons.push(format!("{compiler} is missing (Debian's package {package})"));
        }
        if reasons.is_empty() { Plan::Cross(self.variables(&compiler)) } else { Plan::NotMade(reasons.join(", and ")) }
    }

    fn variables(&self, compiler: &str) -> Vec<(String, String)> {
        let name = self.triple.replace('-', "_");
        let mut variables = vec![(format!("CC_{name}"), compiler.to_owned())];
        // For musl, Rust brings all that linking needs, and links with the machine's own compiler.
        if self.has_glibc {
            variables.push((format!("CARGO_TARGET_{}_LINKER", name.to_uppercase()), compiler.to_owned()));
            variables.push((format!("AR_{name}"), compiler.replace("-gcc", "-ar")));
        }
        variables
    }

    /// Builds the program with all features, and returns where it is.
    pub(super) fn build(&self, plan: &Plan) -> anyhow::Result<Option<PathBuf>> {
        match plan {
            Plan::Native => build_dist().map(Some),
            Plan::Cross(variables) => {
                let arguments = ["build", "--profile", "dist", "--locked", "--package", "haechi", "--features", "otlp"];
                let mut build = cargo(&arguments);
                build.args(["--target", self.triple]).envs(variables.iter().map(|(name, value)| (name, value)));
                run(&mut build)?;
                Ok(Some(built(&format!("{}/dist", self.triple), "haechi")))
            }
            Plan::NotMade(_) => Ok(None),
        }
    }
}

/// The kind of machine that this one is.
fn host() -> anyhow::Result<String> {
    let output = rustc(&["--version", "--verbose"]).output().context("rustc could not be started")?;
    ensure!(output.status.success(), "rustc does not say its version");
    let text = String::from_utf8(output.stdout)?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc does not say what it runs on")?.to_owned())
}

/// Whether Rust's standard library for a target is installed, by whichever means.
fn has_std(triple: &str) -> bool {
    let Ok(output) = rustc(&["--print", "target-libdir", "--target", triple]).output() else { return false };
    let folder = String::from_utf8_lossy(&output.stdout);
    let Ok(files) = fs::read_dir(folder.trim()) else { return false };
    files.flatten().any(|file| file.file_name().to_string_lossy().starts_with("libstd-"))
}

fn rustc(arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    command.args(arguments);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    const GLIBC: Target = TARGETS[0];
    const MUSL: Target = TARGETS[1];
    const ARM: Target = TARGETS[2];

    /// The plan on a machine of a kind that has these standard libraries and programs.
    fn plan(target: Target, host: &str, installed: &[&str]) -> Plan {
        let has = |name: &str| installed.contains(&name);
        target.plan_on(&Machine { host, has_std: &has, has_program: &has })
    }

    fn cross(variables: &[(&str, &str)]) -> Plan {
        Plan::Cross(variables.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    #[test]
    fn a_machine_makes_its_own_kind_without_anything() {
        assert_eq!(plan(GLIBC, "x86_64-unknown-linux-gnu", &[]), Plan::Native);
        assert_eq!(plan(ARM, "aarch64-unknown-linux-gnu", &[]), Plan::Native);
    }

    #[test]
    fn a_release_machine_makes_all() {
        let installed = ["x86_64-unknown-linux-musl", "aarch64-unknown-linux-gnu", "musl-gcc", "aarch64-linux-gnu-gcc"];
        let of = |target| plan(target, "x86_64-unknown-linux-gnu", &installed);
        assert_eq!(of(MUSL), cross(&[("CC_x86_64_unknown_linux_musl", "musl-gcc")]));
        assert_eq!(
            of(ARM),
            cross(&[
                ("CC_aarch64_unknown_linux_gnu", "aarch64-linux-gnu-gcc"),
                ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", "aarch64-linux-gnu-gcc"),
                ("AR_aarch64_unknown_linux_gnu", "aarch64-linux-gnu-ar"),
            ])
        );
    }

    #[test]
    fn what_is_missing_is_named_with_what_brings_it() {
        let check = |target, installed: &[&str], expected: &str| {
            let made = plan(target, "x86_64-unknown-linux-gnu", installed);
            assert_eq!(made, Plan::NotMade(expected.to_owned()));
        };
        let std = "Rust's standard library for it is missing (rustup target add x86_64-unknown-linux-musl)";
        check(MUSL, &["musl-gcc"], std);
        check(MUSL, &["x86_64-unknown-linux-musl"], "musl-gcc is missing (Debian's package musl-tools)");
        let both = format!("{std}, and musl-gcc is missing (Debian's package musl-tools)");
        check(MUSL, &[], &both);
        check(
            ARM,
            &["aarch64-unknown-linux-gnu"],
            "aarch64-linux-gnu-gcc is missing (Debian's package gcc-aarch64-linux-gnu)",
        );
    }

    #[test]
    fn an_arm_machine_needs_debians_compiler_for_the_other_kind() {
        let installed = ["x86_64-unknown-linux-gnu", "x86_64-unknown-linux-musl", "musl-gcc"];
        let Plan::NotMade(reason) = plan(GLIBC, "aarch64-unknown-linux-gnu", &installed) else { panic!("made") };
        assert_eq!(reason, "x86_64-linux-gnu-gcc is missing (Debian's package gcc-x86-64-linux-gnu)");
        // Its own musl-gcc makes programs for itself.
        assert!(matches!(plan(MUSL, "aarch64-unknown-linux-gnu", &installed), Plan::NotMade(_)));
    }

    #[test]
    fn the_standard_library_of_this_machine_is_found() {
        assert!(has_std(&host().unwrap()));
        assert!(!has_std("no-such-machine"));
    }
}
