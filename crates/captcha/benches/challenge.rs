//! What each step of a challenge costs, on one core: `cargo bench -p haechi-captcha`.

use std::{cell::Cell, hint::black_box};

use divan::Bencher;
use haechi_captcha::{
    Algorithm, Alphabet, Challenge, Claims, EPOCH, Key, Keyring, Language, Look, Nonce, PictureFormat, Puzzle, Scale,
    Secret, Shape, Speech, Terms, Work, normalise,
};

fn main() {
    // What is decoded or flattened at first use is not part of any step.
    let (keyring, key) = (keyring(), keys(1)[0]);
    let challenge = keyring.sample(key, 5, Alphabet::Standard);
    black_box(challenge.draw(&Look::default()));
    black_box(Language::ALL.map(|language| challenge.speak(&Speech::new(language))));
    divan::main();
}

fn keyring() -> Keyring {
    Keyring::new(&Secret::from_bytes([7; 32]))
}

fn claims(counter: u32) -> Claims {
    Claims { issued_at: EPOCH + 60_000_000, app: 1, nonce: Nonce { node: 1, counter }, ..Claims::default() }
}

fn keys(count: u32) -> Vec<Key> {
    (0..count).map(|counter| keyring().issue(&claims(counter))).collect()
}

/// Runs a step on another key each time: keys differ in cost.
fn on_each_key<T>(bencher: Bencher<'_, '_>, step: impl Fn(&Keyring, &Key) -> T) {
    let (keyring, keys, next) = (keyring(), keys(512), Cell::new(0));
    bencher.bench_local(|| {
        next.set((next.get() + 1) % keys.len());
        step(&keyring, black_box(&keys[next.get()]))
    });
}

#[divan::bench]
fn seal(bencher: Bencher<'_, '_>) {
    let (keyring, counter) = (keyring(), Cell::new(0));
    bencher.bench_local(|| {
        counter.set(counter.get() + 1);
        keyring.issue(&claims(black_box(counter.get())))
    });
}

#[divan::bench]
fn open(bencher: Bencher<'_, '_>) {
    on_each_key(bencher, |keyring, key| keyring.open(key).map(|challenge| *challenge.claims()));
}

#[divan::bench]
fn derive_answer(bencher: Bencher<'_, '_>) {
    on_each_key(bencher, |keyring, key| keyring.sample(*key, 5, Alphabet::Standard).answer());
}

#[divan::bench]
fn judge(bencher: Bencher<'_, '_>) {
    on_each_key(bencher, |keyring, key| keyring.sample(*key, 5, Alphabet::Standard).judge("eakjh"));
}

#[divan::bench(args = ["eakjh", "ㄷ마ㅓㅗ", "арол3", "はくまのﾘ", "ꙮ"])]
fn normalise_answer(typed: &str) -> String {
    normalise(black_box(typed))
}

#[divan::bench(args = [1, 2, 3])]
fn render(bencher: Bencher<'_, '_>, scale: u8) {
    let look = Look::default().with_scale(Scale::try_from(scale).expect("1, 2 and 3 are scales"));
    on_each_key(bencher, |keyring, key| keyring.sample(*key, 5, Alphabet::Standard).draw(&look));
}

#[divan::bench]
fn render_jpeg(bencher: Bencher<'_, '_>) {
    let look = Look::default().with_format(PictureFormat::Jpeg);
    on_each_key(bencher, |keyring, key| keyring.sample(*key, 5, Alphabet::Standard).draw(&look));
}

#[divan::bench(args = ["ko", "en", "ja", "zh"])]
fn speak(bencher: Bencher<'_, '_>, language: &str) {
    let speech = Speech::new(language.parse().expect("these are our languages"));
    on_each_key(bencher, |keyring, key| keyring.sample(*key, 5, Alphabet::Standard).speak(&speech));
}

/// To make a puzzle, and to check a right solution, both take one derivation.
#[divan::bench(args = Algorithm::ALL)]
fn derive_work(bencher: Bencher<'_, '_>, algorithm: Algorithm) {
    let puzzle = puzzle(algorithm);
    let counter = Cell::new(0);
    bencher.bench_local(|| {
        counter.set(counter.get() + 1);
        puzzle.derive(black_box(counter.get()))
    });
}

#[divan::bench]
fn refuse_false_work(bencher: Bencher<'_, '_>) {
    let (work, counter) = (work(), Cell::new(0));
    let terms = Terms { algorithm: Algorithm::Pbkdf2, beside: None };
    bencher.bench_local(|| {
        counter.set(counter.get() + 1);
        work.has_counter(&terms, black_box(counter.get()))
    });
}

fn puzzle(algorithm: Algorithm) -> Puzzle {
    work().puzzle(&Terms { algorithm, beside: None })
}

fn work() -> Work {
    let claims = Claims { shape: Shape::Work { level: 0 }, ..claims(1) };
    match keyring().open(&keyring().issue(&claims)) {
        Some(Challenge::Work(work)) => work,
        _ => panic!("it was sealed as work"),
    }
}
