"""Labelled pictures."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from sets import Sample

HEIGHT = 80
EXTENSIONS = {".png", ".gif", ".jpg", ".jpeg"}


class Picture(Sample):
    """A file and the answer that its name gives."""

    def gray(self) -> np.ndarray:
        """Luminance, 0 to 255, height by width."""
        return load_gray(self.path)


def pictures_of(folder: str | Path) -> list[Picture]:
    """All pictures of a set, in the order of their numbers."""
    return Picture.of_folder(folder, EXTENSIONS)


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


def load_rgb(path: Path) -> np.ndarray:
    """The first frame as RGB, 80 pixels high: what is known of letters' sizes is said in such pixels."""
    with Image.open(path) as file:
        pixels = np.asarray(_on_white(file).convert("RGB"))
    if pixels.shape[0] == HEIGHT:
        return pixels
    width = round(pixels.shape[1] * HEIGHT / pixels.shape[0])
    return cv2.resize(pixels, (width, HEIGHT), interpolation=cv2.INTER_AREA)


def _flat_luminance(image: Image.Image) -> np.ndarray:
    return np.asarray(_on_white(image).convert("L"))


def _on_white(image: Image.Image) -> Image.Image:
    image = image.convert("RGBA")
    ground = Image.new("RGBA", image.size, (255, 255, 255, 255))
    ground.alpha_composite(image)
    return ground
