//! `cargo xtask faces`: takes the outlines that pictures are drawn with out of installed font packages.
//!
//! The program carries outlines rather than fonts: 36 characters of each face and the few glyphs that notices need,
//! in a format that is read in a hundred lines. It is described in `crates/captcha/assets/faces/README.md`.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, bail};
use haechi_captcha::{Language, image::notice_texts};
use skrifa::{
    FontRef, MetadataProvider,
    instance::{LocationRef, Size},
    outline::{DrawSettings, OutlinePen},
};

/// Where the outlines go, from the root of the repository.
const OUTPUT: &str = "crates/captcha/assets/faces";

/// Where Debian puts fonts.
const FONTS: &str = "/usr/share/fonts";

const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Coordinates run to this many units: for the height of an H in letter faces, for an em in notice faces.
const UNITS: f32 = 1000.0;

/// A face to take outlines from.
struct Source {
    /// Name of the file to write, without its extension.
    name: &'static str,
    /// Debian package that holds it.
    package: &'static str,
    /// Font file under [`FONTS`].
    file: &'static str,
    /// Which font of a collection.
    index: u32,
    /// What 1000 units are, and so which characters are taken.
    kind: Kind,
}

enum Kind {
    /// A-Z and 0-9; the height of an H is 1000 units.
    Letters,
    /// The characters of the texts that are set in this language's face; an em is 1000 units.
    Notice(Language),
}

const SOURCES: &[Source] = &[
    letters("andika-bold", "fonts-sil-andika", "truetype/andika/Andika-Bold.ttf"),
    letters("arimo-bold", "fonts-croscore", "truetype/croscore/Arimo-Bold.ttf"),
    letters("b612-bold", "fonts-b612", "opentype/b612/B612-Bold.otf"),
    letters("clear-sans-bold", "fonts-clear-sans", "truetype/clear-sans/ClearSans-Bold.ttf"),
    letters("dejavu-sans-bold", "fonts-dejavu-core", "truetype/dejavu/DejaVuSans-Bold.ttf"),
    letters("dejavu-sans-mono-bold", "fonts-dejavu-core", "truetype/dejavu/DejaVuSansMono-Bold.ttf"),
    letters("dejavu-serif-bold", "fonts-dejavu-core", "truetype/dejavu/DejaVuSerif-Bold.ttf"),
    letters("go-bold", "fonts-go", "fonts-go/Go-Bold.ttf"),
    letters("inter-black", "fonts-inter", "opentype/inter/Inter-Black.otf"),
    letters("jetbrains-mono-extra-bold", "fonts-jetbrains-mono", "truetype/jetbrains-mono/JetBrainsMono-ExtraBold.ttf"),
    letters("lato-black", "fonts-lato", "truetype/lato/Lato-Black.ttf"),
    letters("open-sans-bold", "fonts-open-sans", "truetype/open-sans/OpenSans-Bold.ttf"),
    letters("quicksand-bold", "fonts-quicksand", "truetype/quicksand/Quicksand-Bold.ttf"),
    letters("roboto-bold", "fonts-roboto-unhinted", "truetype/roboto/unhinted/RobotoTTF/Roboto-Bold.ttf"),
    letters("roboto-condensed-bold", "fonts-roboto-unhinted", "truetype/roboto/unhinted/RobotoCondensed-Bold.ttf"),
    letters("roboto-slab-bold", "fonts-roboto-slab", "opentype/roboto/slab/RobotoSlab-Bold.otf"),
    notice("notice-en", 0, Language::En),
    notice("notice-ja", 0, Language::Ja),
    notice("notice-ko", 1, Language::Ko),
    notice("notice-zh", 2, Language::Zh),
];

const fn letters(name: &'static str, package: &'static str, file: &'static str) -> Source {
    Source { name, package, file, index: 0, kind: Kind::Letters }
}

const fn notice(name: &'static str, index: u32, language: Language) -> Source {
    let file = "opentype/noto/NotoSansCJK-Bold.ttc";
    Source { name, package: "fonts-noto-cjk", file, index, kind: Kind::Notice(language) }
}

/// Writes every face, and beside them the licence of every package that they come from.
pub(crate) fn run() -> Result<()> {
    let output = Path::new(OUTPUT);
    fs::create_dir_all(output.join("licences"))?;
    let mut notice =
        String::from("Outlines in this folder were taken, without change of shape, from these packages.\n\n");
    for source in SOURCES {
        let face = encode(source).with_context(|| format!("{} of package {}", source.file, source.package))?;
        fs::write(output.join(format!("{}.face", source.name)), &face)?;
        let version = version_of(source.package)?;
        notice += &format!("{}.face: {} of Debian package {} {version}\n", source.name, source.file, source.package);
        let licence = Path::new("/usr/share/doc").join(source.package).join("copyright");
        fs::copy(&licence, output.join("licences").join(format!("{}.txt", source.package)))?;
        println!("{:24} {:6} bytes", source.name, face.len());
    }
    fs::copy("/usr/share/common-licenses/Apache-2.0", output.join("licences/Apache-2.0.txt"))?;
    fs::write(output.join("NOTICE"), notice)?;
    Ok(())
}

fn version_of(package: &str) -> Result<String> {
    let output = Command::new("dpkg-query").args(["--show", "--showformat", "${Version}", package]).output()?;
    if !output.status.success() {
        bail!("package {package} is not installed");
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn encode(source: &Source) -> Result<Vec<u8>> {
    let bytes = fs::read(Path::new(FONTS).join(source.file))?;
    let font = FontRef::from_index(&bytes, source.index)?;
    let (mut characters, size): (Vec<char>, f32) = match source.kind {
        Kind::Letters => (LETTERS.chars().collect(), UNITS * UNITS / height_of_h(&font)?),
        Kind::Notice(language) => (notice_texts(language).flat_map(str::chars).collect(), UNITS),
    };
    characters.sort_unstable();
    characters.dedup();

    let mut face = b"OUTLINE1".to_vec();
    face.extend(u16::try_from(characters.len())?.to_le_bytes());
    for character in characters {
        let glyph = draw(&font, character, size)?;
        face.extend(u32::from(character).to_le_bytes());
        face.extend(glyph.advance.to_le_bytes());
        face.extend(glyph.commands.to_le_bytes());
        face.extend(glyph.path);
    }
    Ok(face)
}

fn height_of_h(font: &FontRef<'_>) -> Result<f32> {
    Ok(f32::from(draw(font, 'H', UNITS)?.top))
}

fn draw(font: &FontRef<'_>, character: char, size: f32) -> Result<GlyphPen> {
    let id = font.charmap().map(character).with_context(|| format!("no glyph for {character:?}"))?;
    let size = Size::new(size);
    let mut pen = GlyphPen::default();
    if let Some(outline) = font.outline_glyphs().get(id) {
        outline.draw(DrawSettings::unhinted(size, LocationRef::default()), &mut pen)?;
    }
    let advance = font.glyph_metrics(size, LocationRef::default()).advance_width(id);
    pen.advance = advance.context("a glyph has an advance")?.round() as i16;
    Ok(pen)
}

/// Writes what it is told to draw in the format of the asset.
#[derive(Default)]
struct GlyphPen {
    advance: i16,
    top: i16,
    commands: u16,
    path: Vec<u8>,
}

impl GlyphPen {
    fn command(&mut self, tag: u8, coordinates: &[f32]) {
        self.commands += 1;
        self.path.push(tag);
        for pair in coordinates.chunks_exact(2) {
            let [x, y] = [pair[0].round() as i16, pair[1].round() as i16];
            self.top = self.top.max(y);
            self.path.extend(x.to_le_bytes());
            self.path.extend(y.to_le_bytes());
        }
    }
}

impl OutlinePen for GlyphPen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.command(b'M', &[x, y]);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.command(b'L', &[x, y]);
    }

    fn quad_to(&mut self, cx0: f32, cy0: f32, x: f32, y: f32) {
        self.command(b'Q', &[cx0, cy0, x, y]);
    }

    fn curve_to(&mut self, cx0: f32, cy0: f32, cx1: f32, cy1: f32, x: f32, y: f32) {
        self.command(b'C', &[cx0, cy0, cx1, cy1, x, y]);
    }

    fn close(&mut self) {
        self.command(b'Z', &[]);
    }
}
