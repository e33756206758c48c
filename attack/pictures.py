"""Labelled pictures: a set is a folder of files named <number>_<ANSWER>.<extension>."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

EXTENSIONS = {".png", ".gif", ".jpg", ".jpeg"}


@dataclass(frozen=True)
class Picture:
    """A file and the answer that its name gives."""

    path: Path
    answer: str

    def gray(self) -> np.ndarray:
        """Luminance, 0 to 255, height by width."""
        return load_gray(self.path)


def pictures_of(folder: str | Path) -> list[Picture]:
    """All pictures of a set, in the order of their numbers."""
    files = sorted(path for path in Path(folder).iterdir() if path.suffix.lower() in EXTENSIONS)
    return [Picture(path, path.stem.split("_", 1)[1]) for path in files if "_" in path.stem]


def held_out(pictures: list[Picture], count: int) -> tuple[list[Picture], list[Picture]]:
    """Splits a set into what may be learned from and its last `count` pictures, which every solver is judged by."""
    if len(pictures) <= count:
        raise SystemExit(f"{len(pictures)} pictures are too few to hold {count} of them out")
    return pictures[:-count], pictures[-count:]


def alphabet_of(pictures: list[Picture]) -> str:
    """The characters that occur in the answers, sorted."""
    return "".join(sorted({character for picture in pictures for character in picture.answer}))


def load_gray(path: Path) -> np.ndarray:
    """Luminance, 0 to 255. Transparency shows white, and the frames of an animation are laid over each other."""
    frames = []
    with Image.open(path) as image:
        for index in range(getattr(image, "n_frames", 1)):
            image.seek(index)
            frames.append(_flat_luminance(image))
    if len(frames) == 1:
        return frames[0]
    # Ink that only some frames have must not be lost: take the darkest on a light ground, the lightest on a dark one.
    merge = np.min if np.median(frames[0]) > 128 else np.max
    return merge(frames, axis=0)


def _flat_luminance(image: Image.Image) -> np.ndarray:
    image = image.convert("RGBA")
    ground = Image.new("RGBA", image.size, (255, 255, 255, 255))
    ground.alpha_composite(image)
    return np.asarray(ground.convert("L"))
