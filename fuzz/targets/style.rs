//! Any style within the bounds that the library's tests state: the picture is read back in its size.

#![no_main]

#[path = "../../crates/captcha/tests/styles/mod.rs"]
mod styles;

use haechi_captcha::image::render_in_style;
use haechi_fuzz::{Request, check_file};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (Request, [u16; styles::NUMBERS])| {
    let (request, numbers) = input;
    let order = request.fit();
    let style = styles::within_bounds(numbers.map(|number| f32::from(number) / f32::from(u16::MAX)));
    let file = render_in_style(&order.answer, &order.seed, &order.look, &style);
    check_file(&file, &order.look);
});
