"""What in a picture is ground and what is letters.

The ground has a few flat tones, in areas wider than any stroke of a letter. An attacker finds the tones, then the
ground under each pixel, and takes for letters what has another tone than it. All lengths are pixels of a picture that
is 80 high.
"""

from __future__ import annotations

import cv2
import numpy as np

cv2.setNumThreads(1)

TONES = 3
# No stroke of a letter holds a disc of this diameter, and the ground's areas do.
DISC = 9
# Smaller pieces are grain, or slivers between two areas.
SPECK = 8
# A grain's pixels are given the tone of what is around them.
AROUND = 5
# Today's letters: the tone that a letter has on the darkest, the middle and the lightest ground, in a light theme and
# in a dark one.
TONES_THAT_FOLLOW = ((1, 2, 0), (2, 0, 1))


def tones_of(gray: np.ndarray) -> np.ndarray:
    """The tone of each pixel, 0 the darkest, by k-means on luminance."""
    values, counts = np.unique(gray, return_counts=True)
    centres = np.linspace(values[0], values[-1], TONES)
    for _ in range(20):
        nearest = np.abs(values[:, None] - centres).argmin(1)
        weights = np.bincount(nearest, counts, TONES)
        sums = np.bincount(nearest, counts * values.astype(float), TONES)
        centres = np.where(weights > 0, sums / np.maximum(weights, 1), centres)
    table = np.zeros(256, np.uint8)
    table[values] = nearest
    return table[gray]


def without_specks(tones: np.ndarray) -> np.ndarray:
    """The tones without grain."""
    result = tones.copy()
    around = np.stack([cv2.blur((tones == tone).astype(np.float32), (AROUND, AROUND)) for tone in range(TONES)])
    for tone in range(TONES):
        speck = (tones == tone) & ~large_pieces(tones == tone, connectivity=4)
        others = around.copy()
        others[tone] = -1
        result[speck] = others.argmax(0)[speck]
    return result


def large_pieces(mask: np.ndarray, connectivity: int = 8) -> np.ndarray:
    """The mask without its smallest pieces."""
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=connectivity)
    is_large = statistics[:, cv2.CC_STAT_AREA] >= SPECK
    is_large[0] = False
    return is_large[labels]


def ground_under(tones: np.ndarray) -> np.ndarray:
    """The ground's tone under each pixel: that of the nearest place where a disc of one tone fits."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (DISC, DISC))
    distances = []
    for tone in range(TONES):
        # Areas go on beyond the picture's border.
        framed = cv2.copyMakeBorder((tones == tone).astype(np.uint8), *[DISC] * 4, cv2.BORDER_REPLICATE)
        wide = cv2.morphologyEx(framed, cv2.MORPH_OPEN, disc)[DISC:-DISC, DISC:-DISC]
        far = np.full(tones.shape, np.inf, np.float32)
        distances.append(cv2.distanceTransform(1 - wide, cv2.DIST_L2, 5) if wide.any() else far)
    return np.argmin(distances, axis=0).astype(np.uint8)


def tone_that_follows(picture: np.ndarray) -> np.ndarray:
    """Letters, for who knows which tone they have on which ground; the theme is the one that gives more of them."""
    tones, ground = _tones_and_ground(picture)
    masks = [large_pieces(tones == np.array(follows)[ground]) for follows in TONES_THAT_FOLLOW]
    return max(masks, key=np.count_nonzero)


def any_other_tone(picture: np.ndarray) -> np.ndarray:
    """Letters, for who knows only that they have another tone than their ground."""
    tones, ground = _tones_and_ground(picture)
    return large_pieces(tones != ground)


def _tones_and_ground(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    tones = without_specks(tones_of(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)))
    return tones, ground_under(tones)
