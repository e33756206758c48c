//! `cargo xtask price`: what each policy costs a person, and what a thousand passes cost an attacker.
//!
//! This machine measures what work costs a server, a program and a browser, as it is and on a sixth of a processor. The
//! rest is reckoned from `price/sources.toml`, which says where each figure is from, and from what solvers read by
//! docs/strength.md, into which `--write` puts the tables.

mod browser;
mod native;
mod sources;
mod tables;

use std::{fs, path::PathBuf};

use anyhow::Context;

use self::{browser::Browsers, native::Native, sources::Sources};

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Put the tables into docs/strength.md.
    #[arg(long)]
    write: bool,
    /// Puzzles of the lowest level that a browser solves, of each kind.
    #[arg(long, default_value_t = 20)]
    puzzles: u32,
    /// The solver that browsers run.
    #[arg(long, value_name = "FILE", default_value = "widget/dist/work.js")]
    script: PathBuf,
    /// Seconds for each function.
    #[arg(long, default_value_t = 0.5)]
    seconds: f64,
}

const PAGE: &str = "docs/strength.md";
/// The tables stand between these lines, which also keep them when the rest of the page is made anew.
const BEGIN: &str = "<!-- cargo xtask price -->";
const END: &str = "<!-- end of cargo xtask price -->";

pub(crate) fn price(options: &Options) -> anyhow::Result<()> {
    let sources = Sources::read()?;
    let native = Native::measure(options.seconds)?;
    let browsers = Browsers::measure(&options.script, options.puzzles)?;
    let text = tables::all(&sources, &native, &browsers);
    println!("\n{text}");
    if options.write {
        let page = fs::read_to_string(PAGE)?;
        fs::write(PAGE, with_tables(&page, &text)?)?;
        println!("written to {PAGE}");
    }
    Ok(())
}

/// The page with other tables.
fn with_tables(page: &str, tables: &str) -> anyhow::Result<String> {
    let (before, rest) = page.split_once(BEGIN).with_context(|| format!("{PAGE} has no line {BEGIN}"))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("{PAGE} has no line {END}"))?;
    Ok(format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", tables.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::root;

    fn page() -> String {
        fs::read_to_string(root().join(PAGE)).unwrap()
    }

    #[test]
    fn tables_are_put_in_place_of_others() {
        let page = format!("a\n{BEGIN}\nold\n{END}\nb");
        let written = with_tables(&page, "new\n").unwrap();
        assert_eq!(written, format!("a\n{BEGIN}\n\nnew\n\n{END}\nb"));
        assert_eq!(with_tables(&written, "new").unwrap(), written);
        assert!(with_tables("a", "new").is_err());
        assert!(with_tables(&page_without_tables(), "new").is_err());
    }

    fn page_without_tables() -> String {
        format!("a {BEGIN} b")
    }

    #[test]
    fn solvers_read_what_the_page_says() {
        let (page, sources) = (page(), Sources::read().unwrap());
        for line in [&sources.vision.line, &sources.readers.line, &sources.trained.line] {
            assert!(page.contains(line.as_str()), "{line}");
        }
        assert!(page.contains(&sources.vision.sum()), "{}", sources.vision.sum());
        for (rate, shown) in
            [(sources.readers.rate(), "ready-made, joined, adapted | 60 | 40.0 %"), (sources.trained.rate(), "52.8 %")]
        {
            assert!(page.contains(shown) && shown.contains(&format!("{:.1} %", rate * 1e2)), "{rate} {shown}");
        }
    }

    #[test]
    fn the_page_has_the_puzzles_of_the_library() {
        let page = page();
        for row in tables::puzzles() {
            assert!(page.contains(&row), "docs/strength.md lacks {row:?}: cargo xtask price --write");
        }
    }
}
