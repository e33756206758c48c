#!/usr/bin/env python3
"""Times lepture's ImageCaptcha: prints the CPU seconds of one picture and the median size of a file, as JSON."""

from __future__ import annotations

import argparse
import json
import statistics
import time

from captcha.image import ImageCaptcha

ANSWERS = ("FHJKL", "RTWXY", "Z3467", "9FHJK", "LRTWX")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    count = parser.parse_args().count
    captcha = ImageCaptcha()
    # The first pictures load the faces, which a server does once.
    for answer in ANSWERS:
        captcha.generate(answer)
    start = time.process_time()
    sizes = [len(captcha.generate(ANSWERS[number % len(ANSWERS)]).getvalue()) for number in range(count)]
    cpu_s = (time.process_time() - start) / count
    print(json.dumps({"cpu_s": cpu_s, "bytes": statistics.median(sizes)}))


if __name__ == "__main__":
    main()
