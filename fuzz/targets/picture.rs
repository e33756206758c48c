//! Any answer, seed and look: either the look is refused, or the picture is read back in its size.

#![no_main]

use haechi_captcha::image::render;
use haechi_fuzz::{Request, check_file};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|request: Request| {
    if let Some(order) = request.check() {
        let file = render(&order.answer, &order.seed, &order.look);
        check_file(&file, &order.look);
    }
});
