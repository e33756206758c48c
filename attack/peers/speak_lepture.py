#!/usr/bin/env python3
"""Speaks a set of lepture's AudioCaptcha as it comes: six digits."""

from __future__ import annotations

import argparse
import random
from pathlib import Path

from captcha.audio import AudioCaptcha

LENGTH = 6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, required=True)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    random.seed("lepture")
    captcha = AudioCaptcha()
    for number in range(options.count):
        answer = "".join(random.choices("0123456789", k=LENGTH))
        (options.folder / f"{number:05}_{answer}.wav").write_bytes(bytes(captcha.generate(answer)))


if __name__ == "__main__":
    main()
