//! What drawing a picture and speaking a sound ask of the allocator, once their thread has done so before.

use allocation_counter::{AllocationInfo, measure};
use haechi_captcha::{Alphabet, Answer, Format, Language, Look, Pace, Scale, Seed, Speech, image, sound};

fn answer(number: u64) -> Answer {
    Answer::derive(&Seed::from_number(number), Alphabet::Standard, 5)
}

fn draw(number: u64, look: &Look) -> AllocationInfo {
    let answer = answer(number);
    measure(|| drop(image::render(&answer, &Seed::from_number(number), look)))
}

fn speak(number: u64, speech: &Speech) -> AllocationInfo {
    let answer = answer(number);
    measure(|| drop(sound::speak(&answer, &Seed::from_number(number), speech)))
}

#[test]
fn a_picture_asks_for_the_room_of_its_file_alone() {
    for scale in [Scale::One, Scale::Two, Scale::Three] {
        let look = Look::default().with_scale(scale);
        // What is made at first use, and room for the largest file.
        for number in 0..300 {
            draw(number, &look);
        }
        for number in 0..300 {
            let info = draw(number, &look);
            assert_eq!(info.count_total, 1, "{number} at {scale:?}: {info:?}");
            assert!(info.bytes_total < 64_000, "{number} at {scale:?}: {info:?}");
        }
    }
}

#[test]
fn a_sound_asks_for_the_room_of_its_file_alone() {
    // Decodes the voices, and makes room for the longest sound.
    for language in Language::ALL {
        for number in 0..60 {
            speak(number, &Speech::new(language).with_pace(Pace::Slow));
        }
    }
    for language in Language::ALL {
        for number in 0..60 {
            let info = speak(number, &Speech::new(language));
            assert_eq!(info.count_total, 1, "{number} in {language:?}: {info:?}");
            assert!(info.bytes_total < 400_000, "{number} in {language:?}: {info:?}");
            let samples = (info.bytes_total - 44) / 2;
            let small = speak(number, &Speech::new(language).with_format(Format::Mulaw));
            assert_eq!((small.count_total, small.bytes_total), (1, 58 + samples.next_multiple_of(2)));
            let twice = speak(number, &Speech::new(language).with_repeat(true));
            assert_eq!((twice.count_total, twice.bytes_total), (1, 44 + 2 * (2 * samples + 16_000)));
        }
    }
}
