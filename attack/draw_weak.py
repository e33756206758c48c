#!/usr/bin/env python3
"""Draws the weak look: one bold face, spaced letters, nothing done to them.

Every solver must read it. If one does not, the solver is broken, and what it fails to read elsewhere says nothing.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

FACE = "DejaVuSans-Bold.ttf"
ALPHABET = "FHJKLRTWXYZ34679"
LENGTH = 5
WIDTH, HEIGHT, SIZE = 240, 80, 44


def draw(answer: str, face: ImageFont.FreeTypeFont, chance: random.Random) -> Image.Image:
    """A picture of an answer; no two are the same, since each letter stands a little elsewhere."""
    picture = Image.new("L", (WIDTH, HEIGHT), 255)
    pen = ImageDraw.Draw(picture)
    for index, character in enumerate(answer):
        middle = WIDTH * (index + 0.75) / (LENGTH + 0.5)
        place = (middle + chance.uniform(-3, 3), HEIGHT / 2 + chance.uniform(-6, 6))
        pen.text(place, character, fill=0, font=face, anchor="mm")
    return picture


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance, face = random.Random(options.seed), ImageFont.truetype(FACE, SIZE)
    options.folder.mkdir(parents=True, exist_ok=True)
    for number in range(options.count):
        answer = "".join(chance.choices(ALPHABET, k=LENGTH))
        draw(answer, face, chance).save(options.folder / f"{number:05}_{answer}.png", compress_level=1)


if __name__ == "__main__":
    main()
