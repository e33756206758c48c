"""Letters that stand along a line, or in two rows, brought upright into one level strip of the original picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

# Pixels of a strip's height, and of the tile of one letter.
HEIGHT, TILE_WIDTH = 64, 56
# No strip is narrower: readers need columns enough to say five characters.
LEAST_WIDTH = 128
# Points at which a line is followed.
POINTS = 200


@dataclass(frozen=True)
class Layout:
    """Where letters stand: the middles of each row's letters, (count, 2) with x and y, and half of their height."""

    rows: tuple[np.ndarray, ...]
    half: float

    def strip(self, picture: np.ndarray) -> np.ndarray:
        """All rows after one another, straightened."""
        return _at_least_wide(np.hstack([_strip_along(picture, row, self.half) for row in self._curves()]))

    def tiles(self, picture: np.ndarray) -> np.ndarray:
        """Each letter by itself, turned upright, side by side."""
        return np.hstack(
            [
                _tile(picture, curve, middle, self.half)
                for curve, row in zip(self._curves(), self.rows, strict=True)
                for middle in row
            ]
        )

    def _curves(self) -> list[np.ndarray]:
        degree = 2 if len(self.rows) == 1 else 1
        return [curve_through(row, degree) for row in self.rows]


def curve_through(middles: np.ndarray, degree: int) -> np.ndarray:
    """Points of the smooth line that comes nearest to the letters' middles."""
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(middles, axis=0), axis=1))])
    places = np.linspace(0, along[-1], POINTS)
    degree = min(degree, len(middles) - 1)
    return np.stack([np.polyval(np.polyfit(along, middles[:, axis], degree), places) for axis in (0, 1)], axis=1)


def height_around(curve: np.ndarray, ink: np.ndarray) -> float:
    """Half of the height of what stands along a curve, with a small margin; ink is (count, 2)."""
    distances = np.sqrt(((ink[:, None] - curve[None, ::5]) ** 2).sum(2).min(1))
    return float(np.percentile(distances, 97)) + 2


def _strip_along(picture: np.ndarray, curve: np.ndarray, half: float) -> np.ndarray:
    # The line goes straight on for half a letter, before the first and after the last one's middle.
    start, end = _unit(curve[0] - curve[4]), _unit(curve[-1] - curve[-5])
    line = np.vstack([curve[0] + start * half, curve, curve[-1] + end * half])
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    width = max(16, round(along[-1] / (2 * half) * HEIGHT))
    places = np.linspace(0, along[-1], width)
    middle = np.stack([np.interp(places, along, line[:, axis]) for axis in (0, 1)], axis=1)
    direction = _smooth(np.gradient(middle, axis=0), max(1, width // 16))
    return _sampled(picture, middle, direction / (np.linalg.norm(direction, axis=1, keepdims=True) + 1e-9), half)


def _tile(picture: np.ndarray, curve: np.ndarray, middle: np.ndarray, half: float) -> np.ndarray:
    nearest = ((curve - middle) ** 2).sum(1).argmin()
    direction = _unit(np.gradient(curve, axis=0)[nearest])
    across = ((np.arange(TILE_WIDTH) + 0.5) / TILE_WIDTH * 2 - 1) * half * TILE_WIDTH / HEIGHT
    return _sampled(picture, middle + across[:, None] * direction, np.tile(direction, (TILE_WIDTH, 1)), half)


def _sampled(picture: np.ndarray, middle: np.ndarray, direction: np.ndarray, half: float) -> np.ndarray:
    """The picture's columns across a line, each from half a letter above it to half a letter below."""
    normal = np.stack([-direction[:, 1], direction[:, 0]], axis=1)
    down = (((np.arange(HEIGHT) + 0.5) / HEIGHT * 2 - 1) * half)[:, None, None]
    places = (middle + down * normal).astype(np.float32)
    return cv2.remap(picture, places[..., 0], places[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _smooth(values: np.ndarray, reach: int) -> np.ndarray:
    padded = np.pad(values, ((reach, reach), (0, 0)), mode="edge")
    kernel = np.full(2 * reach + 1, 1 / (2 * reach + 1))
    return np.stack([np.convolve(padded[:, axis], kernel, "valid") for axis in (0, 1)], axis=1)


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / (np.linalg.norm(vector) + 1e-9)


def _at_least_wide(strip: np.ndarray) -> np.ndarray:
    if strip.shape[1] >= LEAST_WIDTH:
        return strip
    return cv2.resize(strip, (LEAST_WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
