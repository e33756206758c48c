//! Measures which names sound alike, and searches the alphabet whose names are furthest apart.
//!
//! Each clip of the voice bank becomes a row of mel cepstra (Davis and Mermelstein, "Comparison of Parametric
//! Representations for Monosyllabic Word Recognition", 1980); two clips of one voice are laid over each other by
//! dynamic time warping (Sakoe and Chiba, "Dynamic Programming Algorithm Optimization for Spoken Word Recognition",
//! 1978), and their distance is the mean along the path. We differ in one thing: a floor under the mel energies, as
//! noise would lay one, so that faint consonants count as little as they do in a noisy clip.
//!
//! A pair's distance in a language is the mean over the voices, divided by the language's median pair: 1 is typical.

use std::{f64::consts::PI, path::PathBuf};

use anyhow::{Context, ensure};
use haechi_captcha::{
    Language,
    sound::bank::{Bank, SAMPLE_RATE_HZ},
};

/// Options of `cargo xtask alphabet-by-ear`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The voice bank
    #[arg(long, default_value = "crates/captcha/assets/voices/voices.bank")]
    bank: PathBuf,
    /// How many pairs to print for each language
    #[arg(long, default_value_t = 30)]
    pairs: usize,
    /// How many characters the alphabets that are searched should have
    #[arg(long, value_delimiter = ',', default_values_t = [16, 17, 18])]
    sizes: Vec<usize>,
    /// The alphabet in use, measured beside those that are found
    #[arg(long, default_value = "FHJKLRTWXYZ34679")]
    alphabet: String,
    /// Characters that people take for each other, so that an alphabet has at most one of each group
    #[arg(long, value_delimiter = ',', default_values_t = LOOK_ALIKE.map(str::to_owned))]
    look_alike: Vec<String>,
    /// Characters that no alphabet may have
    #[arg(long, default_value = HOMOPHONES_AND_LOOK_ALIKES)]
    without: String,
}

/// The groups that the specification names, by eye and by ear, and H and N, which the measurement by eye adds.
const LOOK_ALIKE: [&str; 12] = ["0OQD", "1IL", "2Z", "5S", "8B", "4A", "6G", "UV", "HN", "BDEPTV", "MN", "FS"];

/// Those that are left out altogether, since a person who does not know the alphabet would take them for another
/// character: O and 5 have one name in Korean, Q nearly that of 9 in Japanese, E nearly that of 1 in Chinese; 2 looks
/// like Z, 0 like O, 1 like I.
const HOMOPHONES_AND_LOOK_ALIKES: &str = "E2O5Q10I";

const CHARACTERS: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const COUNT: usize = CHARACTERS.len();

/// Distances of all pairs of characters.
type Table = [[f64; COUNT]; COUNT];

/// Prints the nearest pairs of each language and the best alphabets.
pub(crate) fn measure(options: &Options) -> anyhow::Result<()> {
    let bytes = std::fs::read(&options.bank).with_context(|| format!("cannot read {}", options.bank.display()))?;
    let bank = Bank::parse(&bytes)?;
    let tables = Language::ALL.map(|language| distances(&bank, language));
    for (language, table) in Language::ALL.into_iter().zip(&tables) {
        println!("{}", language.tag());
        print_nearest(table, &all_indices(), options.pairs);
    }
    let nearest = nearest_of(&tables);
    let given = indices(&options.alphabet)?;
    describe("in use", &given, &tables, &nearest);
    let look_alike = options.look_alike.iter().map(|group| indices(group)).collect::<Result<Vec<_>, _>>()?;
    let without = indices(&options.without)?;
    let candidates: Vec<usize> = (0..COUNT).filter(|index| !without.contains(index)).collect();
    for &size in &options.sizes {
        match search(&nearest, &candidates, &look_alike, size) {
            Some(found) => describe(&format!("best of {size}"), &found, &tables, &nearest),
            None => println!("no alphabet of {size}"),
        }
    }
    Ok(())
}

fn all_indices() -> Vec<usize> {
    (0..COUNT).collect()
}

fn indices(characters: &str) -> anyhow::Result<Vec<usize>> {
    let found: Vec<usize> =
        characters.bytes().filter_map(|wanted| CHARACTERS.iter().position(|&known| known == wanted)).collect();
    ensure!(found.len() == characters.len(), "{characters} holds something other than A-Z and 0-9");
    Ok(found)
}

fn distances(bank: &Bank<'_>, language: Language) -> Table {
    let voices = bank.voices(language);
    let mut table = [[0.0; COUNT]; COUNT];
    for voice in &voices {
        let cepstra: Vec<Vec<Cepstrum>> =
            CHARACTERS.iter().map(|&character| mel_cepstra(voice.character(character))).collect();
        for first in 0..COUNT {
            for second in 0..first {
                let distance = warped_distance(&cepstra[first], &cepstra[second]);
                table[first][second] += distance;
                table[second][first] += distance;
            }
        }
    }
    let mut sorted: Vec<f64> = (0..COUNT).flat_map(|first| table[first][..first].to_vec()).collect();
    sorted.sort_by(f64::total_cmp);
    let median = sorted[sorted.len() / 2];
    table.map(|row| row.map(|distance| distance / median))
}

/// For each pair, how near it is in the language where it is nearest.
fn nearest_of(tables: &[Table]) -> Table {
    let mut nearest = [[f64::MAX; COUNT]; COUNT];
    for (first, row) in nearest.iter_mut().enumerate() {
        for (second, cell) in row.iter_mut().enumerate() {
            *cell = tables.iter().map(|table| table[first][second]).fold(f64::MAX, f64::min);
        }
    }
    nearest
}

fn sorted_pairs(table: &Table, members: &[usize]) -> Vec<(f64, usize, usize)> {
    let mut pairs: Vec<(f64, usize, usize)> = members
        .iter()
        .flat_map(|&first| members.iter().map(move |&second| (first, second)))
        .filter(|(first, second)| first < second)
        .map(|(first, second)| (table[first][second], first, second))
        .collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    pairs
}

fn print_nearest(table: &Table, members: &[usize], count: usize) {
    let name = |index: usize| char::from(CHARACTERS[index]);
    let pairs = sorted_pairs(table, members);
    let shown: Vec<String> = pairs
        .iter()
        .take(count)
        .map(|&(distance, first, second)| format!("{}{} {distance:.2}", name(first), name(second)))
        .collect();
    println!("    {}", shown.join("  "));
}

fn describe(title: &str, members: &[usize], tables: &[Table; 4], nearest: &Table) {
    let characters: String = members.iter().map(|&index| char::from(CHARACTERS[index])).collect();
    let least = sorted_pairs(nearest, members)[0].0;
    println!("{title}: {characters}, nearest pair {least:.2}");
    for (language, table) in Language::ALL.into_iter().zip(tables) {
        print!("  {}", language.tag());
        print_nearest(table, members, 8);
    }
}

/// The alphabet of this size whose nearest pair is furthest apart; of several, the one whose characters' nearest
/// neighbours are furthest on average.
///
/// Exact: tries the pair distances as thresholds from the largest, and searches a clique among the pairs beyond it.
fn search(nearest: &Table, candidates: &[usize], look_alike: &[Vec<usize>], size: usize) -> Option<Vec<usize>> {
    let mut allowed = *nearest;
    for group in look_alike {
        for &first in group {
            for &second in group {
                allowed[first][second] = -1.0;
            }
        }
    }
    let mut thresholds: Vec<f64> = sorted_pairs(&allowed, candidates).iter().map(|pair| pair.0).collect();
    thresholds.retain(|&threshold| threshold >= 0.0);
    thresholds.reverse();
    thresholds.into_iter().find_map(|threshold| {
        let mut cliques = Cliques { allowed: &allowed, threshold, size, best: None };
        cliques.extend(&mut Vec::new(), candidates);
        cliques.best.map(|(_, members)| members)
    })
}

struct Cliques<'a> {
    allowed: &'a Table,
    threshold: f64,
    size: usize,
    best: Option<(f64, Vec<usize>)>,
}

impl Cliques<'_> {
    fn extend(&mut self, members: &mut Vec<usize>, candidates: &[usize]) {
        if members.len() == self.size {
            return self.keep_if_better(members);
        }
        for (position, &candidate) in candidates.iter().enumerate() {
            if members.len() + candidates.len() - position < self.size {
                return;
            }
            let rest: Vec<usize> = candidates[position + 1..]
                .iter()
                .copied()
                .filter(|&other| self.allowed[candidate][other] >= self.threshold)
                .collect();
            members.push(candidate);
            self.extend(members, &rest);
            members.pop();
        }
    }

    fn keep_if_better(&mut self, members: &[usize]) {
        let neighbour = |&first: &usize| {
            let others = members.iter().filter(|&&second| second != first);
            others.map(|&second| self.allowed[first][second]).fold(f64::MAX, f64::min)
        };
        let score = members.iter().map(neighbour).sum::<f64>();
        if self.best.as_ref().is_none_or(|(best, _)| score > *best) {
            self.best = Some((score, members.to_vec()));
        }
    }
}

const FRAME: usize = 400;
const HOP: usize = 160;
const SPECTRUM: usize = 512;
const BANDS: usize = 26;
const COEFFICIENTS: usize = 13;
/// The floor under the mel energies, against the clip's mean energy: -20 dB.
const FLOOR: f64 = 0.01;
/// How much of the loudness coefficient counts: levels vary from clip to clip on purpose.
const LOUDNESS_WEIGHT: f64 = 0.3;

type Cepstrum = [f64; COEFFICIENTS];

fn mel_cepstra(samples: &[i16]) -> Vec<Cepstrum> {
    let frames: Vec<[f64; BANDS]> = (0..samples.len().saturating_sub(FRAME))
        .step_by(HOP)
        .map(|at| mel_energies(&samples[at..at + FRAME]))
        .collect();
    let mean = frames.iter().flatten().sum::<f64>() / (frames.len() * BANDS).max(1) as f64;
    frames.iter().map(|bands| cepstrum(&bands.map(|energy| (energy / mean + FLOOR).ln()))).collect()
}

fn mel_energies(frame: &[i16]) -> [f64; BANDS] {
    let mut real = [0.0; SPECTRUM];
    let mut imaginary = [0.0; SPECTRUM];
    for (index, &sample) in frame.iter().enumerate() {
        let window = 0.5 - 0.5 * (2.0 * PI * index as f64 / FRAME as f64).cos();
        let before = if index == 0 { 0.0 } else { f64::from(frame[index - 1]) };
        real[index] = window * (f64::from(sample) - 0.9 * before);
    }
    fourier(&mut real, &mut imaginary);
    let mut bands = [0.0; BANDS];
    for bin in 1..SPECTRUM / 2 {
        let power = real[bin] * real[bin] + imaginary[bin] * imaginary[bin];
        let hertz = bin as f64 * f64::from(SAMPLE_RATE_HZ) / SPECTRUM as f64;
        let place = mel(hertz) / mel(f64::from(SAMPLE_RATE_HZ) / 2.0) * (BANDS + 1) as f64;
        for (band, energy) in bands.iter_mut().enumerate() {
            *energy += power * (1.0 - (place - (band + 1) as f64).abs()).max(0.0);
        }
    }
    bands
}

fn mel(hertz: f64) -> f64 {
    (1.0 + hertz / 700.0).ln()
}

fn cepstrum(log_bands: &[f64; BANDS]) -> Cepstrum {
    std::array::from_fn(|order| {
        let turn = |band: usize| (PI * order as f64 * (band as f64 + 0.5) / BANDS as f64).cos();
        let sum: f64 = log_bands.iter().enumerate().map(|(band, energy)| energy * turn(band)).sum();
        if order == 0 { sum * LOUDNESS_WEIGHT } else { sum }
    })
}

/// The fast Fourier transform of Cooley and Tukey, in place.
fn fourier(real: &mut [f64; SPECTRUM], imaginary: &mut [f64; SPECTRUM]) {
    let bits = SPECTRUM.trailing_zeros();
    for index in 0..SPECTRUM {
        let reversed = index.reverse_bits() >> (usize::BITS - bits);
        if index < reversed {
            real.swap(index, reversed);
        }
    }
    let mut half = 1;
    while half < SPECTRUM {
        for start in (0..SPECTRUM).step_by(2 * half) {
            for offset in 0..half {
                let (sine, cosine) = (-PI * offset as f64 / half as f64).sin_cos();
                let (low, high) = (start + offset, start + offset + half);
                let turned =
                    (real[high] * cosine - imaginary[high] * sine, real[high] * sine + imaginary[high] * cosine);
                (real[high], imaginary[high]) = (real[low] - turned.0, imaginary[low] - turned.1);
                (real[low], imaginary[low]) = (real[low] + turned.0, imaginary[low] + turned.1);
            }
        }
        half *= 2;
    }
}

/// The least cost of a path through both rows, divided by the rows' lengths (Sakoe and Chiba's symmetric form).
fn warped_distance(first: &[Cepstrum], second: &[Cepstrum]) -> f64 {
    let mut costs = vec![f64::MAX; second.len() + 1];
    costs[0] = 0.0;
    for (row, a) in first.iter().enumerate() {
        let mut diagonal = if row == 0 { 0.0 } else { f64::MAX };
        costs[0] = f64::MAX;
        for (column, b) in second.iter().enumerate() {
            let cost = frame_distance(a, b);
            let above = costs[column + 1];
            costs[column + 1] = (diagonal + 2.0 * cost).min(above + cost).min(costs[column] + cost);
            diagonal = above;
        }
    }
    costs[second.len()] / (first.len() + second.len()) as f64
}

fn frame_distance(a: &Cepstrum, b: &Cepstrum) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_at_no_distance_from_itself_slowed_down() {
        let row: Vec<Cepstrum> = (0..20).map(|time| std::array::from_fn(|order| (time * order) as f64)).collect();
        let slowed: Vec<Cepstrum> = row.iter().flat_map(|frame| [*frame, *frame]).collect();
        assert!(warped_distance(&row, &slowed) < 1e-9);
        let other: Vec<Cepstrum> = row.iter().rev().copied().collect();
        assert!(warped_distance(&row, &other) > 1.0);
    }

    #[test]
    fn a_tone_has_its_energy_in_its_band() {
        let low: Vec<i16> = (0..400).map(|time| ((f64::from(time) * 0.2).sin() * 9000.0) as i16).collect();
        let high: Vec<i16> = (0..400).map(|time| ((f64::from(time) * 2.0).sin() * 9000.0) as i16).collect();
        let loudest = |samples: &[i16]| {
            let bands = mel_energies(samples);
            (0..BANDS).max_by(|&a, &b| bands[a].total_cmp(&bands[b]))
        };
        assert!(loudest(&low) < loudest(&high));
    }

    #[test]
    fn the_search_leaves_out_look_alikes_and_near_pairs() {
        let mut nearest = [[1.0; COUNT]; COUNT];
        (nearest[0][1], nearest[1][0]) = (0.1, 0.1);
        let found = search(&nearest, &all_indices(), &[vec![2, 3]], COUNT - 2).unwrap();
        let has_both = |first, second| found.contains(&first) && found.contains(&second);
        assert!(!has_both(0, 1) && !has_both(2, 3));
        assert!(search(&nearest, &all_indices(), &[vec![0, 1, 2]], COUNT - 1).is_none());
    }
}
