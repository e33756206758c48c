#!/usr/bin/env python3
"""Draws labelled pictures with lepture's `captcha` from PyPI, as its ImageCaptcha comes: 160x60, five characters."""

from __future__ import annotations

import argparse
import random
import string
from pathlib import Path

from captcha.image import ImageCaptcha

LENGTH = 5
ALPHABET = string.ascii_uppercase + string.digits


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    answers, captcha = random.Random(options.seed), ImageCaptcha()
    options.folder.mkdir(parents=True, exist_ok=True)
    for number in range(options.count):
        answer = "".join(answers.choices(ALPHABET, k=LENGTH))
        captcha.write(answer, str(options.folder / f"{number:05}_{answer}.png"))


if __name__ == "__main__":
    main()
