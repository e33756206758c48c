//! What drawing a picture asks of the allocator, once its thread has drawn before.

use allocation_counter::{AllocationInfo, measure};
use haechi_captcha::{Alphabet, Answer, Look, Scale, Seed, image};

fn draw(number: u64, look: &Look) -> AllocationInfo {
    let answer = Answer::derive(&Seed::from_number(number), Alphabet::Standard, 5);
    measure(|| drop(image::render(&answer, &Seed::from_number(number), look)))
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
