//! `cargo xtask alphabet-by-eye`: which characters people may take for each other, over the faces that we draw in.
//!
//! Two silhouettes are as far apart as the share of their joint ink that only one of them has (the Jaccard distance of
//! blurred coverage), when one is moved, stretched and slanted, as pictures do, to where it fits the other best. Two
//! characters are as far apart as the mean, over the faces of the one, of the nearest face of the other: a person does
//! not know which face comes next.

use std::cmp::Ordering;

use clap::Args;
use haechi_captcha::image::silhouettes;

/// Side of a silhouette, in pixels; a capital letter is half as high.
const SIDE: usize = 30;
/// How far a silhouette may be moved to either side, up and down, in pixels.
const REACH: isize = 2;
/// How wide it may be made, in parts of its own width.
const WIDTHS: [f32; 3] = [0.87, 1.0, 1.15];
/// How far it may be slanted, in parts of its height.
const SLANTS: [f32; 3] = [-0.15, 0.0, 0.15];

const CHARACTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

#[derive(Args)]
pub(crate) struct Options {
    /// How many pairs to print, the most alike first.
    #[arg(long, default_value_t = 40)]
    pairs: usize,
    /// Print the distance between the characters of this alphabet only.
    #[arg(long, default_value = CHARACTERS)]
    alphabet: String,
}

/// Coverage of the pixels of a square, row by row.
type Silhouette = Vec<f32>;

struct Pair {
    characters: [char; 2],
    distance: f32,
}

/// Prints the pairs that are most alike, as a Markdown table.
pub(crate) fn measure(options: &Options) {
    let faces: Vec<(char, Vec<Silhouette>)> =
        options.alphabet.chars().map(|character| (character, silhouettes(character, SIDE))).collect();
    let mut pairs = Vec::new();
    for (index, (first, ours)) in faces.iter().enumerate() {
        for (second, theirs) in &faces[index + 1..] {
            let distance = distance_to(ours, theirs).min(distance_to(theirs, ours));
            pairs.push(Pair { characters: [*first, *second], distance });
        }
    }
    pairs.sort_by(|one, other| one.distance.partial_cmp(&other.distance).unwrap_or(Ordering::Equal));
    println!("| pair | distance |\n|---|---|");
    for Pair { characters: [first, second], distance } in pairs.iter().take(options.pairs) {
        println!("| {first} {second} | {distance:.3} |");
    }
}

/// How far a character is from another: from each of its faces to the nearest of the other's, on average.
fn distance_to(ours: &[Silhouette], theirs: &[Silhouette]) -> f32 {
    let poses: Vec<[Silhouette; 9]> = theirs.iter().map(poses).collect();
    let nearest = ours.iter().map(|our| {
        let our = blurred(our);
        poses.iter().map(|poses| best_fit(&our, poses)).fold(f32::INFINITY, f32::min)
    });
    nearest.sum::<f32>() / ours.len() as f32
}

/// A silhouette in every width and slant, blurred. The fifth is upright and as wide as it was.
fn poses(silhouette: &Silhouette) -> [Silhouette; 9] {
    std::array::from_fn(|index| blurred(&posed(silhouette, WIDTHS[index / 3], SLANTS[index % 3])))
}

/// Finds the best place first, upright, and then the best width and slant there.
fn best_fit(our: &Silhouette, poses: &[Silhouette; 9]) -> f32 {
    let shifts = (-REACH..=REACH).flat_map(|down| (-REACH..=REACH).map(move |right| (right, down)));
    let upright = shifts.map(|shift| (shifted_distance(our, &poses[4], shift), shift));
    let best = upright.min_by(|one, other| one.0.partial_cmp(&other.0).unwrap_or(Ordering::Equal));
    let (distance, shift) = best.expect("there are 25 places");
    poses.iter().map(|pose| shifted_distance(our, pose, shift)).fold(distance, f32::min)
}

fn shifted_distance(our: &Silhouette, their: &Silhouette, (right, down): (isize, isize)) -> f32 {
    let (mut shared, mut joint) = (0.0, 0.0);
    for row in 0..SIDE {
        for column in 0..SIDE {
            let our = our[row * SIDE + column];
            let their = pixel(their, column.wrapping_add_signed(-right), row.wrapping_add_signed(-down));
            shared += our.min(their);
            joint += our.max(their);
        }
    }
    1.0 - shared / joint
}

/// The coverage of a pixel; a wrapped coordinate lies outside, where there is none.
fn pixel(silhouette: &Silhouette, column: usize, row: usize) -> f32 {
    if column < SIDE && row < SIDE { silhouette[row * SIDE + column] } else { 0.0 }
}

/// A silhouette made wider and slanted about its middle.
fn posed(silhouette: &Silhouette, width: f32, slant: f32) -> Silhouette {
    let middle = (SIDE as f32 - 1.0) / 2.0;
    let mut posed = Vec::with_capacity(SIDE * SIDE);
    for row in 0..SIDE {
        for column in 0..SIDE {
            let x = (column as f32 - middle + slant * (row as f32 - middle)) / width + middle;
            let (left, part) = (x.floor(), x - x.floor());
            let [left, right] = [left as isize, left as isize + 1]
                .map(|column| pixel(silhouette, column.try_into().unwrap_or(SIDE), row));
            posed.push(left + part * (right - left));
        }
    }
    posed
}

/// Each pixel mixed with its eight neighbours, since a warp shakes edges by about a pixel.
fn blurred(silhouette: &Silhouette) -> Silhouette {
    let mut blurred = Vec::with_capacity(SIDE * SIDE);
    for row in 0..SIDE {
        for column in 0..SIDE {
            let neighbours = (0..9).map(|index| {
                pixel(silhouette, column.wrapping_add_signed(index % 3 - 1), row.wrapping_add_signed(index / 3 - 1))
            });
            blurred.push(neighbours.sum::<f32>() / 9.0);
        }
    }
    blurred
}
