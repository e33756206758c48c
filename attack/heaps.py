"""Where letters may stand, for an attacker whose mask holds little but letters: five heaps of ink.

k-means parts the ink into as many heaps as there are letters, so it does not matter that letters touch or are cut in
pieces. The heaps are then taken in every order that a person might read them in.
"""

from __future__ import annotations

import itertools

import cv2
import numpy as np

from straighten import Layout, curve_through, height_around

# Ink nearer than twice this belongs together; groups with less of the most ink's share are no letters.
REACH, SHARE = 6, 0.25
TRIES, STEPS = 12, 25


def main_groups(mask: np.ndarray) -> np.ndarray:
    """The mask without what lies by itself."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * REACH + 1,) * 2)
    count, labels = cv2.connectedComponents(cv2.dilate(mask.astype(np.uint8), disc))
    ink = np.bincount(labels[mask], minlength=count)
    return mask & (ink[labels] >= SHARE * ink.max())


def layouts_of(mask: np.ndarray, length: int) -> list[Layout]:
    """The likeliest orders of a mask's heaps, the smoothest line first; none if there is too little ink."""
    ink = np.argwhere(mask)[:, ::-1].astype(float)
    if len(ink) < 4 * length:
        return []
    middles, labels = part(ink, length)
    return [_layout(order, middles, ink, labels) for order in orders(middles)]


def part(ink: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Parts ink, (count, 2), into heaps: their middles, and which of them each pixel belongs to."""
    chance, best = np.random.default_rng(1), (np.inf, ink[:count], np.zeros(len(ink), int))
    for _ in range(TRIES):
        middles = ink[chance.choice(len(ink), count, replace=False)]
        for _ in range(STEPS):
            distances = ((ink[:, None] - middles) ** 2).sum(2)
            labels = distances.argmin(1)
            sizes = np.bincount(labels, minlength=count)
            sums = np.stack([np.bincount(labels, ink[:, axis], count) for axis in (0, 1)], axis=1)
            moved = np.where(sizes[:, None] > 0, sums / np.maximum(sizes, 1)[:, None], middles)
            if np.allclose(moved, middles):
                break
            middles = moved
        best = min(best, (distances.min(1).sum(), middles, labels), key=lambda outcome: outcome[0])
    return best[1], best[2]


def orders(middles: np.ndarray) -> list[list[np.ndarray]]:
    """Ways to read heaps: along the shortest path from left to right, by x alone, and in two rows."""
    paths = (path for path in itertools.permutations(range(len(middles))) if middles[path[0], 0] < middles[path[-1], 0])
    shortest = min(paths, key=lambda path: np.linalg.norm(np.diff(middles[list(path)], axis=0), axis=1).sum())
    by_x, by_y = np.argsort(middles[:, 0]), np.argsort(middles[:, 1])
    lines = [[np.array(shortest)]]
    if tuple(by_x) != shortest:
        lines.append([by_x])
    for upper in (len(middles) // 2, len(middles) - len(middles) // 2):
        rows = [by_y[:upper], by_y[upper:]]
        lines.append([row[np.argsort(middles[row, 0])] for row in rows])
    return lines


def _layout(order: list[np.ndarray], middles: np.ndarray, ink: np.ndarray, labels: np.ndarray) -> Layout:
    rows = tuple(middles[row] for row in order)
    degree = 2 if len(rows) == 1 else 1
    heights = [height_around(curve_through(middles[row], degree), ink[np.isin(labels, row)]) for row in order]
    return Layout(rows, float(np.mean(heights)))
