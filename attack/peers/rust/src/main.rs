//! Draws labelled pictures with libraries from crates.io, as they come, with five characters.
//!
//! ```text
//! draw-peers rust-captcha|captcha-rs|biosvg|easy-captcha FOLDER COUNT
//! ```
//!
//! None of them takes a seed, so a set is drawn once and kept.

use std::{env, error::Error, fs, path::Path};

use base64::{Engine, prelude::BASE64_STANDARD};
use biosvg::BiosvgBuilder;
use captcha::filters::{Dots, Grid, Noise, Wave};
use captcha_rs::CaptchaBuilder;
use easy_captcha::{AbstractCaptcha, NewCaptcha, captcha::gif::GifCaptcha};
use resvg::{tiny_skia, usvg};

const LENGTH: u32 = 5;

/// An answer, the file's extension, and its content.
type Labelled = (String, &'static str, Vec<u8>);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [peer, folder, count] = arguments.as_slice() else {
        return Err("usage: draw-peers PEER FOLDER COUNT".into());
    };
    let draw = match peer.as_str() {
        "rust-captcha" => rust_captcha,
        "captcha-rs" => captcha_rs,
        "biosvg" => biosvg,
        "easy-captcha" => easy_captcha,
        _ => return Err("no such peer".into()),
    };
    fs::create_dir_all(folder)?;
    for number in 0..count.parse()? {
        let (answer, extension, content) = draw()?;
        fs::write(Path::new(folder).join(format!("{number:05}_{answer}.{extension}")), content)?;
    }
    Ok(())
}

/// Its medium difficulty (the sample "Amelia"), which draws four to six characters, with five.
fn rust_captcha() -> Result<Labelled, Box<dyn Error>> {
    let mut captcha = captcha::Captcha::new();
    captcha.add_chars(LENGTH).apply_filter(Noise::new(0.3)).apply_filter(Grid::new(6, 6));
    captcha.apply_filter(Wave::new(2.0, 10.0)).view(220, 120);
    captcha.apply_filter(Dots::new(15).max_radius(7).min_radius(4));
    let (answer, png) = captcha.as_tuple().ok_or("no picture")?;
    Ok((answer, "png", png))
}

/// Its defaults: a JPEG of 130x40, complexity 1.
fn captcha_rs() -> Result<Labelled, Box<dyn Error>> {
    let captcha = CaptchaBuilder::new().length(LENGTH as usize).build();
    let url = captcha.to_base64();
    let (_, encoded) = url.split_once(',').ok_or("no data URL")?;
    Ok((captcha.text, "jpg", BASE64_STANDARD.decode(encoded)?))
}

/// The example of its manual.
fn biosvg() -> Result<Labelled, Box<dyn Error>> {
    let colors = ["#0078D6", "#aa3333", "#f08012", "#33aa00", "#aa33aa"].map(String::from).to_vec();
    let (answer, svg) = BiosvgBuilder::new().length(LENGTH as usize).difficulty(6).colors(colors).build()?;
    Ok((answer, "png", rasterised(&svg)?))
}

/// Its animated GIF, 130x48, of which a solver sees all frames laid over each other.
fn easy_captcha() -> Result<Labelled, Box<dyn Error>> {
    let mut captcha = GifCaptcha::with_size_and_len(130, 48, LENGTH as usize);
    let mut gif = Vec::new();
    captcha.out(&mut gif).map_err(|cause| cause.to_string())?;
    Ok((captcha.get_chars().into_iter().collect(), "gif", gif))
}

fn rasterised(svg: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    const WIDTH: f32 = 240.0;
    let tree = usvg::Tree::from_str(svg, &usvg::Options::default())?;
    let scale = WIDTH / tree.size().width();
    let height = (tree.size().height() * scale).ceil() as u32;
    let mut pixels = tiny_skia::Pixmap::new(WIDTH as u32, height).ok_or("an empty picture")?;
    pixels.fill(tiny_skia::Color::WHITE);
    resvg::render(&tree, tiny_skia::Transform::from_scale(scale, scale), &mut pixels.as_mut());
    Ok(pixels.encode_png()?)
}
