#!/usr/bin/env python3
"""Draws the six easy styles that the warm start learns from: nothing of ours, but letters in many shapes.

Each style adds one thing to a plain word: other faces, crowding, a warp, two polarities, outlines. The faces are what
the system has that is bold and upright.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

cv2.setNumThreads(1)

STYLES = ("plain", "faces", "crowded", "warped", "polarities", "outlined")
ALPHABET = "ABCDEFGHJKLMNPQRTUVWXY346789"
LENGTH = 6
WIDTH, HEIGHT = 200, 70
# Letters are drawn larger, and the picture is shrunk at the end, which smooths edges.
DENSITY = 2
FACES = Path("/usr/share/fonts/truetype")
PLAIN_FACE = "DejaVuSans-Bold"
LETTER_HEIGHT = 78


@dataclass(frozen=True)
class Artist:
    """Chance and the faces to draw with."""

    chance: np.random.Generator
    faces: list[Path]
    plain: Path

    def letter(self, character: str, style: str) -> np.ndarray:
        """A letter's coverage, 0 to 1, cut to its bounds."""
        path = self.faces[self.chance.integers(len(self.faces))] if style == "faces" else self.plain
        face = ImageFont.truetype(str(path), LETTER_HEIGHT)
        left, top, right, bottom = face.getbbox(character)
        mask = Image.new("L", (int(right - left) + 4, int(bottom - top) + 4))
        ImageDraw.Draw(mask).text((2 - left, 2 - top), character, 255, font=face)
        size = self.chance.uniform(0.85, 1.1)
        mask = mask.resize((max(8, int(mask.width * size)), max(8, int(mask.height * size))), Image.Resampling.BILINEAR)
        reach = 16 if style == "faces" else 9
        mask = mask.rotate(self.chance.uniform(-reach, reach), Image.Resampling.BILINEAR, expand=True)
        letter = np.asarray(mask.crop(mask.getbbox()), np.float32) / 255
        return self._outlined(letter) if style == "outlined" else letter

    def _outlined(self, letter: np.ndarray) -> np.ndarray:
        solid = (np.pad(letter, 4) > 0.5).astype(np.uint8)
        return (solid - cv2.erode(solid, np.ones((3, 3), np.uint8), iterations=2)).astype(np.float32)

    def word(self, answer: str, style: str) -> np.ndarray:
        """Coverage of a word on the whole picture."""
        letters = [self.letter(character, style) for character in answer]
        gap = self.chance.uniform(-13, -5) if style == "crowded" else self.chance.uniform(2, 9)
        length = sum(letter.shape[1] for letter in letters) + gap * (len(letters) - 1)
        scale = min(1.0, (WIDTH * DENSITY - 16) / length)
        ink = np.zeros((HEIGHT * DENSITY, WIDTH * DENSITY), np.float32)
        left = (ink.shape[1] - length * scale) / 2
        for letter in letters:
            letter = cv2.resize(letter, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            top = (ink.shape[0] - letter.shape[0]) / 2 + self.chance.uniform(-8, 8)
            _stamp(ink, letter, int(left), int(top))
            left += letter.shape[1] + gap * scale
        return ink

    def smooth_field(self, reach: float) -> np.ndarray:
        """Smooth random numbers over the picture, of mean 0 and deviation about 1."""
        height, width = HEIGHT * DENSITY, WIDTH * DENSITY
        coarse = self.chance.standard_normal((int(height / reach) + 3, int(width / reach) + 3)).astype(np.float32)
        return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)

    def draw(self, answer: str, style: str) -> Image.Image:
        """The picture: the word in its style, with a thin line, dots and a little noise."""
        ink = self.word(answer, style)
        if style == "warped":
            rows, columns = np.mgrid[: ink.shape[0], : ink.shape[1]].astype(np.float32)
            shift = 6.5
            columns, rows = columns + shift * self.smooth_field(40), rows + shift * self.smooth_field(40)
            ink = cv2.remap(ink, columns, rows, cv2.INTER_LINEAR)
        if style == "polarities":
            ink = np.where(self.smooth_field(50) > 0, 1 - ink, ink)
        ink = cv2.resize(ink, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        dark, light = self.chance.uniform(15, 90), self.chance.uniform(190, 245)
        picture = light - (light - dark) * ink + self.chance.normal(0, 6, ink.shape)
        image = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
        self._scribble(ImageDraw.Draw(image), int(dark))
        return image

    def _scribble(self, pen: ImageDraw.ImageDraw, tone: int) -> None:
        start, end = self.chance.uniform(15, HEIGHT - 15, 2)
        pen.line([(0, start), (WIDTH, end)], fill=tone)
        for x, y in zip(self.chance.uniform(0, WIDTH, 25), self.chance.uniform(0, HEIGHT, 25), strict=True):
            pen.ellipse([x, y, x + 1.5, y + 1.5], fill=tone)


def _stamp(ink: np.ndarray, letter: np.ndarray, left: int, top: int) -> None:
    """Lays a letter over the ink; what would stand outside is left out."""
    left, top = max(0, left), max(0, top)
    place = ink[top : top + letter.shape[0], left : left + letter.shape[1]]
    np.maximum(place, letter[: place.shape[0], : place.shape[1]], out=place)


def bold_faces() -> list[Path]:
    """Bold upright faces that have all characters of the alphabet."""
    found = sorted(FACES.rglob("*Bold.ttf"))
    return [path for path in found if _has_letters(path)]


def _has_letters(path: Path) -> bool:
    face = ImageFont.truetype(str(path), 20)
    missing = face.getmask("\uffff").getbbox()
    return all(face.getmask(character).getbbox() not in (None, missing) for character in ALPHABET)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    faces = bold_faces()
    plain = next((path for path in faces if path.stem == PLAIN_FACE), None)
    if plain is None:
        raise SystemExit(f"{PLAIN_FACE} is not installed: it is in Debian's package fonts-dejavu-core")
    artist = Artist(np.random.default_rng(options.seed), faces, plain)
    options.folder.mkdir(parents=True, exist_ok=True)
    for number in range(options.count):
        answer = "".join(artist.chance.choice(list(ALPHABET), LENGTH))
        picture = artist.draw(answer, STYLES[number % len(STYLES)])
        picture.save(options.folder / f"{number:05}_{answer}.png", compress_level=1)


if __name__ == "__main__":
    main()
