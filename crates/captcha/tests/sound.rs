//! Sounds from outside: what is spoken is read back by another library, and is what a person approved.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::{collections::HashSet, env, fs, path::PathBuf};

use decibri_decode::{AudioSpec, WavReader};
use haechi_captcha::{
    Alphabet, Answer, Format, Language, Notice, Pace, Seed, Speech,
    sound::{
        bank::{Bank, Word},
        speak, speak_notice, speak_test,
    },
};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

const RATE_HZ: f64 = 16_000.0;

/// The samples of a sound as the `hound` crate reads them.
fn read(wav: &[u8]) -> Vec<i16> {
    let reader = hound::WavReader::new(wav).unwrap();
    let spec = reader.spec();
    assert_eq!((spec.channels, spec.sample_rate, spec.bits_per_sample), (1, 16_000, 16));
    assert_eq!(spec.sample_format, hound::SampleFormat::Int);
    let samples: Vec<i16> = reader.into_samples().map(Result::unwrap).collect();
    assert_eq!(wav.len(), 44 + 2 * samples.len(), "the sizes are exact");
    samples
}

/// The samples of a sound in µ-law as the `decibri-decode` crate reads them, which `hound` does not.
fn read_mulaw(wav: &[u8]) -> Vec<i16> {
    let reader = WavReader::new(wav).unwrap();
    assert_eq!((reader.format().codec.format_tag(), reader.spec()), (7, AudioSpec::mono(16_000)));
    let samples: Vec<i16> = reader.decode_to_end().samples().iter().map(|sample| (sample * 32_768.0) as i16).collect();
    assert!(wav.len() == 58 + samples.len() && samples.len().is_multiple_of(2), "the sizes are exact and even");
    samples
}

/// Checks that they are the samples as near as µ-law comes to them: half a step, which is a sixteenth of the power of two
/// above or below which the sample lies. There may be a silent one more.
fn check_companded(companded: &[i16], samples: &[i16], what: &str) {
    let (companded, more) = companded.split_at(samples.len());
    assert!(more.len() < 2 && more.iter().all(|&sample| sample == 0), "{what}: {more:?}");
    for (&companded, &sample) in companded.iter().zip(samples) {
        let room = 1 << ((sample.unsigned_abs() + 132).ilog2() - 5);
        assert!(companded.abs_diff(sample) <= room, "{what}: {sample} becomes {companded}");
    }
}

/// What is said in the second half of a sound that is heard twice, once it is seen that all is said again.
fn second_half(wav: &[u8], format: Format) -> Vec<i16> {
    let samples = if format == Format::Pcm { read(wav) } else { read_mulaw(wav) };
    let length = (samples.len() - RATE_HZ as usize) / 2;
    let (first, rest) = samples.split_at(length);
    let (pause, second) = rest.split_at(RATE_HZ as usize);
    assert!(first == second, "what is said again is not the same");
    assert!(pause.iter().all(|&sample| sample == 0), "there is something in the pause");
    second.to_vec()
}

fn answer(text: &str) -> Answer {
    text.parse().unwrap()
}

fn secs(samples: &[i16]) -> f64 {
    samples.len() as f64 / RATE_HZ
}

/// Root mean square, against full scale.
fn level(samples: &[i16]) -> f64 {
    let power: f64 = samples.iter().map(|&sample| f64::from(sample).powi(2)).sum();
    (power / samples.len() as f64).sqrt() / 32_768.0
}

fn any_language() -> impl Strategy<Value = Language> {
    prop::sample::select(Language::ALL.to_vec())
}

fn any_format() -> impl Strategy<Value = Format> {
    prop::sample::select(Format::ALL.to_vec())
}

/// In any language, at either pace, with noise or without.
fn any_speech() -> impl Strategy<Value = Speech> {
    (any_language(), any::<bool>(), any::<bool>()).prop_map(|(language, is_slow, is_clean)| {
        let speech = Speech::new(language).with_pace(if is_slow { Pace::Slow } else { Pace::Normal });
        if is_clean { speech.clean() } else { speech }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_sound_is_read_back_lasts_as_it_should_and_never_clips(
        text in "[A-Z0-9]{4,8}", number: u64, language in any_language(),
    ) {
        let (answer, seed, speech) = (answer(&text), Seed::from_number(number), Speech::new(language));
        let wav = speak(&answer, &seed, &speech);
        let samples = read(&wav);
        let characters = text.len() as f64;
        prop_assert!((1.9 + 1.3 * characters..3.8 + 1.45 * characters).contains(&secs(&samples)), "{} s", secs(&samples));
        prop_assert!(text.len() != 5 || (8.0..10.0).contains(&secs(&samples)), "{} s", secs(&samples));
        prop_assert!(samples.iter().all(|sample| sample.unsigned_abs() < 32_200));
        prop_assert!((0.03..0.2).contains(&level(&samples)), "{}", level(&samples));
        prop_assert!(speak(&answer, &seed, &speech) == wav, "the same seed gives the same bytes");
        prop_assert!(speak(&answer, &Seed::from_number(number ^ 1), &speech) != wav);
    }

    #[test]
    fn a_sound_in_mulaw_is_the_same_sound_in_half_the_bytes(
        text in "[A-Z0-9]{1,8}", number: u64, speech in any_speech(),
    ) {
        let (answer, seed) = (answer(&text), Seed::from_number(number));
        let plain = speak(&answer, &seed, &speech);
        let small = speak(&answer, &seed, &speech.with_format(Format::Mulaw));
        prop_assert_eq!(small.len(), (14 + plain.len() / 2 + 22).next_multiple_of(2));
        check_companded(&read_mulaw(&small), &read(&plain), &text);
    }

    #[test]
    fn a_sound_that_is_heard_twice_has_all_of_it_again_after_a_second(
        text in "[A-Z0-9]{1,8}", number: u64, speech in any_speech(), format in any_format(),
    ) {
        let (answer, seed, speech) = (answer(&text), Seed::from_number(number), speech.with_format(format));
        let once = speak(&answer, &seed, &speech);
        let again = second_half(&speak(&answer, &seed, &speech.with_repeat(true)), format);
        let once = if format == Format::Pcm { read(&once) } else { read_mulaw(&once) };
        prop_assert!(once.starts_with(&again) && once.len() - again.len() < 2);
    }

    #[test]
    fn clean_speech_is_aligned_with_noisy_speech(text in "[A-Z0-9]{1,8}", number: u64, language in any_language()) {
        let (answer, seed, speech) = (answer(&text), Seed::from_number(number), Speech::new(language));
        let noisy = read(&speak(&answer, &seed, &speech));
        let clean = read(&speak(&answer, &seed, &speech.clean()));
        prop_assert_eq!(noisy.len(), clean.len());
        // What is left after the speech is taken out is the background. It goes on in the pauses, which in a short sound
        // are most of it; where there is speech it is quieter.
        let background: Vec<i16> = noisy.iter().zip(&clean).map(|(&noisy, &clean)| noisy - clean).collect();
        let ratio = level(&background) / level(&clean);
        // Of 12,000 the loudest were Korean ones, with 1.27.
        prop_assert!((0.25..1.45).contains(&ratio), "{ratio}");
        // Aligned: a shifted copy would leave more.
        let shifted: Vec<i16> = noisy[8..].iter().zip(&clean).map(|(&noisy, &clean)| noisy.saturating_sub(clean)).collect();
        prop_assert!(level(&shifted) > level(&background));
    }

    #[test]
    fn nothing_begins_or_ends_with_a_click(text in "[A-Z0-9]{1,8}", number: u64, language in any_language()) {
        let samples = read(&speak(&answer(&text), &Seed::from_number(number), &Speech::new(language)));
        let (start, end) = (&samples[..16], &samples[samples.len() - 16..]);
        prop_assert!(start.iter().chain(end).all(|sample| sample.abs() < 250), "{start:?} {end:?}");
    }
}

#[test]
fn no_two_sounds_share_a_run_of_samples() {
    const RUN: usize = 6;
    for language in Language::ALL {
        // Where a sound rises from silence it is hardly more than that.
        let speak = |number| {
            let samples = read(&speak(&answer("KXW47"), &Seed::from_number(number), &Speech::new(language)));
            samples[100..samples.len() - 100].to_vec()
        };
        let (one, other) = (speak(1), speak(2));
        let runs: HashSet<&[i16]> = one.windows(RUN).collect();
        assert!(other.windows(RUN).all(|run| !runs.contains(run)), "{}", language.tag());
    }
}

#[test]
fn a_character_that_comes_twice_sounds_different_each_time() {
    const RUN: usize = 12;
    let samples = read(&speak(&answer("KKKKK"), &Seed::from_number(3), &Speech::new(Language::En).clean()));
    let is_loud = |run: &&[i16]| run.iter().all(|sample| sample.abs() > 200);
    let loud: Vec<&[i16]> = samples.windows(RUN).filter(is_loud).collect();
    assert!(loud.len() > 1000);
    assert_eq!(loud.iter().collect::<HashSet<_>>().len(), loud.len());
}

#[test]
fn a_test_sound_is_slow_and_has_no_noise() {
    for language in Language::ALL {
        let samples = read(&speak_test(&answer("TEST5"), &Speech::new(language)));
        assert!((7.0..11.0).contains(&secs(&samples)), "{}: {} s", language.tag(), secs(&samples));
        let silent = samples.iter().filter(|sample| sample.abs() < 8).count();
        assert!(silent * 3 > samples.len(), "{}: {silent} silent samples of {}", language.tag(), samples.len());
        assert!(level(&samples) > 0.02);
    }
}

#[test]
fn test_sounds_and_notices_are_written_and_repeated_like_those_of_challenges() {
    for language in Language::ALL {
        let speech = Speech::new(language).with_pace(Pace::Slow);
        let test = |speech: &Speech| speak_test(&answer("TEST5"), speech);
        let notice = |speech: &Speech| speak_notice(Notice::Busy, speech);
        for say in [&test as &dyn Fn(&Speech) -> Vec<u8>, &notice] {
            let plain = read(&say(&speech));
            let small = speech.clone().with_format(Format::Mulaw);
            check_companded(&read_mulaw(&say(&small)), &plain, language.tag());
            check_companded(&second_half(&say(&small.with_repeat(true)), Format::Mulaw), &plain, language.tag());
            assert!(second_half(&say(&speech.clone().with_repeat(true)), Format::Pcm) == plain, "{}", language.tag());
        }
    }
}

/// Each notice in each language at each pace.
fn every_notice() -> impl Iterator<Item = (Notice, Speech)> {
    let languages = |notice| Language::ALL.map(|language| (notice, Speech::new(language)));
    let paces = |(notice, speech): (Notice, Speech)| {
        [Pace::Normal, Pace::Slow].map(|pace| (notice, speech.clone().with_pace(pace)))
    };
    Notice::SPOKEN.into_iter().flat_map(languages).flat_map(paces)
}

#[test]
fn every_notice_is_read_back_lasts_as_it_should_and_never_clips() {
    let mut normal_secs = 0.0;
    let mut sounds = HashSet::new();
    for (notice, speech) in every_notice() {
        let what = format!("{notice:?} in {:?}, {:?}", speech.language(), speech.pace());
        let wav = speak_notice(notice, &speech);
        let samples = read(&wav);
        assert!((1.0..6.0).contains(&secs(&samples)), "{what}: {} s", secs(&samples));
        // The range of sounds of challenges.
        assert!((0.03..0.2).contains(&level(&samples)), "{what}: {}", level(&samples));
        assert!(samples.iter().all(|sample| sample.unsigned_abs() < 32_200), "{what}");
        let (start, end) = (&samples[..16], &samples[samples.len() - 16..]);
        assert!(start.iter().chain(end).all(|sample| sample.abs() < 250), "{what}: {start:?} {end:?}");
        match speech.pace() {
            Pace::Normal => normal_secs = secs(&samples),
            Pace::Slow => {
                let ratio = secs(&samples) / normal_secs;
                assert!((1.48..1.52).contains(&ratio), "{what}: {ratio} times as long as at the normal pace");
            }
        }
        assert!(speak_notice(notice, &speech) == wav, "{what}: the same bytes each time");
        assert!(sounds.insert(wav), "{what} says what another notice says");
    }
    assert_eq!(sounds.len(), 24);
}

/// Nothing lies behind a notice: before and after what is said, all is silent.
#[test]
fn a_notice_has_no_noise() {
    for (notice, speech) in every_notice() {
        let samples = read(&speak_notice(notice, &speech));
        let silence = samples[..2000].iter().chain(&samples[samples.len() - 2000..]);
        assert!(silence.into_iter().all(|&sample| sample == 0), "{notice:?}, {speech:?}");
    }
}

#[test]
fn every_clip_of_the_banks_is_sound() {
    let (bank, notices) = (Bank::built_in(), Bank::built_in_notices());
    assert_eq!(notices.clips().count(), 12);
    for clip in bank.clips().chain(notices.clips()) {
        let what = format!("{} {} {:?}", clip.language.tag(), clip.voice, clip.word);
        let lengths = match clip.word {
            Word::Notice(_) => 1.5..3.65,
            Word::LeadIn(_) => 0.9..2.8,
            Word::Character(_) | Word::Test => 0.12..0.95,
        };
        assert!(lengths.contains(&secs(&clip.samples)), "{what}: {} s", secs(&clip.samples));
        assert!((0.035..0.15).contains(&level(&clip.samples)), "{what}: level {}", level(&clip.samples));
        assert!(clip.samples.iter().all(|sample| sample.unsigned_abs() < 24_600), "{what}: too loud");
        let ends = [&clip.samples[..8], &clip.samples[clip.samples.len() - 4..]].concat();
        assert!(ends.iter().all(|sample| sample.abs() < 330), "{what}: {ends:?}");
    }
}

#[test]
fn every_language_has_several_voices_and_several_that_open() {
    let bank = Bank::built_in();
    for language in Language::ALL {
        let voices = bank.voices(language);
        assert!(voices.len() >= 4 && voices.iter().filter(|voice| voice.can_open()).count() >= 2);
    }
}

/// Nothing of what lies behind a sound helps with that behind the same seed's sound in another language.
#[test]
fn noise_and_babble_differ_by_language() {
    let background = |language: Language, number: u64| -> Vec<f64> {
        let (answer, seed, speech) = (answer("KXW47"), Seed::from_number(number), Speech::new(language));
        let (noisy, clean) = (read(&speak(&answer, &seed, &speech)), read(&speak(&answer, &seed, &speech.clean())));
        noisy.iter().zip(clean).map(|(&noisy, clean)| f64::from(noisy) - f64::from(clean)).collect()
    };
    // What is above 6 kHz is noise; the first differences of first differences have little else.
    let sharpened =
        |samples: &[f64]| -> Vec<f64> { samples.windows(3).map(|run| run[0] - 2.0 * run[1] + run[2]).collect() };
    for number in 0..6 {
        let backgrounds = Language::ALL.map(|language| background(language, number));
        for (index, one) in backgrounds.iter().enumerate() {
            for other in &backgrounds[index + 1..] {
                let (noise, other_noise) = (sharpened(one), sharpened(other));
                assert!(correlation(&noise, &other_noise, 0).abs() < 0.02, "the noise of {number} is the same");
                // Babble starts at any place.
                let nearest =
                    (0..8000).step_by(8).map(|shift| correlation(one, other, shift).abs()).fold(0.0, f64::max);
                assert!(nearest < 0.12, "{nearest}: babble of {number} is the same");
            }
        }
    }
}

/// The correlation of one sound with another that begins so many samples later.
fn correlation(one: &[f64], other: &[f64], shift: usize) -> f64 {
    let pairs = || one[shift..].iter().zip(other);
    let product: f64 = pairs().map(|(one, other)| one * other).sum();
    let powers: (f64, f64) =
        pairs().fold((0.0, 0.0), |powers, (one, other)| (powers.0 + one * one, powers.1 + other * other));
    product / (powers.0 * powers.1).sqrt()
}

/// Sounds are kept as the hashes of their bytes. `HAECHI_BLESS=1` writes them anew: listen first, with the example
/// `speak`.
#[test]
fn sounds_are_as_they_were_approved() {
    let mut lines = String::new();
    for language in Language::ALL {
        for (number, text) in [(1, "KXW47"), (2, "FHJLRTYZ"), (3, "3469"), (4, "A")] {
            let (answer, seed, speech) = (answer(text), Seed::from_number(number), Speech::new(language));
            let mut line = |kind: &str, wav: Vec<u8>| {
                lines += &format!("{} {kind} {text} {number} {}\n", language.tag(), hex(&Sha256::digest(wav)));
            };
            line("noisy", speak(&answer, &seed, &speech));
            line("clean", speak(&answer, &seed, &speech.clone().clean()));
            line("test", speak_test(&answer, &speech));
        }
        let (digits, speech) = ("1234567", Speech::new(language).of_alphabet(Alphabet::Digits));
        let hash = hex(&Sha256::digest(speak(&answer(digits), &Seed::from_number(5), &speech)));
        lines += &format!("{} digits {digits} 5 {hash}\n", language.tag());
    }
    check("sha256.txt", &lines);
}

/// The same for notices.
#[test]
fn notices_are_as_they_were_approved() {
    let mut lines = String::new();
    for (notice, speech) in every_notice() {
        let hash = hex(&Sha256::digest(speak_notice(notice, &speech)));
        lines += &format!("{} {notice:?} {:?} {hash}\n", speech.language().tag(), speech.pace());
    }
    check("notices.txt", &lines);
}

/// Compares lines with the file that a person has approved.
fn check(name: &str, lines: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/sound").join(name);
    if env::var_os("HAECHI_BLESS").is_some() {
        fs::write(&path, lines).unwrap();
    }
    assert_eq!(lines, fs::read_to_string(&path).unwrap(), "if this was meant, run the tests with HAECHI_BLESS=1");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Where a sound without noise is loud: from sample to sample, joined over pauses within a name.
fn spoken(clean: &[i16]) -> Vec<std::ops::Range<usize>> {
    const FRAME: usize = 160;
    const LONGEST_PAUSE: usize = 4_000;
    let mut found: Vec<std::ops::Range<usize>> = Vec::new();
    for (number, frame) in clean.chunks(FRAME).enumerate() {
        if level(frame) < 0.01 {
            continue;
        }
        let (start, end) = (number * FRAME, number * FRAME + frame.len());
        match found.last_mut() {
            Some(last) if start - last.end < LONGEST_PAUSE => last.end = end,
            _ => found.push(start..end),
        }
    }
    found
}

/// Five names after the lead-in, far enough apart to be typed while one listens; and no other voice drowns one.
#[test]
fn names_come_at_an_even_pace_and_none_is_covered_by_a_louder_voice() {
    for (number, language) in (0..).zip(Language::ALL.into_iter().cycle().take(80)) {
        let (answer, seed) = (answer("FHJKL"), Seed::from_number(number));
        let [sound, clean, slow] =
            [Speech::new(language), Speech::new(language).clean(), Speech::new(language).clean().with_pace(Pace::Slow)]
                .map(|speech| read(&speak(&answer, &seed, &speech)));
        let what = format!("{} {number}", language.tag());
        assert!(secs(&clean) < 10.0, "{what}: {} s", secs(&clean));
        let names = names_of(&clean, &what);
        let pause_secs = |names: &[std::ops::Range<usize>]| (names[1].start - names[0].end) as f64 / RATE_HZ;
        assert!((1.15..1.6).contains(&pause_secs(&names)), "{what}: {} s before the first", pause_secs(&names));
        let slow = names_of(&slow, &what);
        assert!((1.75..2.4).contains(&pause_secs(&slow)), "{what}: {} s, slow", pause_secs(&slow));
        for pair in names[1..].windows(2) {
            let period_secs = (pair[1].start - pair[0].start) as f64 / RATE_HZ;
            assert!((1.15..1.6).contains(&period_secs), "{what}: {period_secs} s from start to start");
        }
        for name in &names[1..] {
            // Where it is loud: what lies behind its soft end covers no name.
            let half = level(&clean[name.clone()]);
            let loud = name.clone().step_by(160).filter(|&at| level(&clean[at..at + 160]) >= half);
            let (said, behind): (Vec<i16>, Vec<i16>) =
                loud.flat_map(|at| at..at + 160).map(|at| (clean[at], sound[at].saturating_sub(clean[at]))).unzip();
            let over = level(&said) / level(&behind);
            assert!(over > 1.05, "{what}: a name is {over:.2} times as loud as what lies behind it");
        }
    }
}

/// The lead-in, which may have a pause of its own, as one, and the five names.
fn names_of(clean: &[i16], what: &str) -> Vec<std::ops::Range<usize>> {
    let spoken = spoken(clean);
    let names = spoken.len().checked_sub(5).filter(|&lead_in| lead_in > 0).expect(what);
    std::iter::once(spoken[0].start..spoken[names - 1].end).chain(spoken[names..].iter().cloned()).collect()
}
