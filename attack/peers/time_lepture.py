#!/usr/bin/env python3
"""Times lepture's ImageCaptcha or AudioCaptcha: prints the CPU seconds of one file and its median size, as JSON."""

from __future__ import annotations

import argparse
import json
import statistics
import time

from captcha.audio import AudioCaptcha
from captcha.image import ImageCaptcha

ANSWERS = ("FHJKL", "RTWXY", "Z3467", "9FHJK", "LRTWX")
# As many digits as its documentation shows.
SPOKEN = ("123456", "907412", "864209", "335577", "190283")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--sound", action="store_true", help="time sounds instead of pictures")
    options = parser.parse_args()
    captcha, answers = (AudioCaptcha(), SPOKEN) if options.sound else (ImageCaptcha(), ANSWERS)

    def size(answer: str) -> int:
        made = captcha.generate(answer)
        return len(made) if options.sound else len(made.getvalue())

    # The first ones load faces or voices, which a server does once.
    for answer in answers:
        size(answer)
    start = time.process_time()
    sizes = [size(answers[number % len(answers)]) for number in range(options.count)]
    cpu_s = (time.process_time() - start) / options.count
    print(json.dumps({"cpu_s": cpu_s, "bytes": statistics.median(sizes)}))


if __name__ == "__main__":
    main()
