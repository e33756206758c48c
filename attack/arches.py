"""Where letters may stand, for an attacker whose mask holds other strokes as well: smooth lines through the ink.

The ink is parted into many heaps. Through every three of them, a first letter, a middle one and a last one, goes an
arch; those are kept along which there is ink in five even steps. Readers then say on which they are surest.
"""

from __future__ import annotations

import itertools

import numpy as np

import heaps
from straighten import Layout, curve_through

# Heaps that arches go through.
HEAPS = 18
# Pixels of a line from the first letter's middle to the last one's, and where the middle letter may stand on it.
SHORTEST, LONGEST, UNEVEN = 60, 155, 0.16
# Half of a letter's height, as a share of the step from one to the next.
HALVES = (0.55, 0.72)
LEAST_HALF, MOST_HALF = 11, 22
# Lines nearer to each other than this, all along, are one.
APART = 4.0
# How far a varied arch's ends are moved, in steps, and how far it is bent, in pixels.
MOVED, BENT = 0.8, 3.5
# Where the mask is looked at: letters across and along their own window.
ACROSS, ALONG = np.linspace(-0.5, 0.5, 9), np.linspace(-0.4, 0.4, 7)


def layouts_of(mask: np.ndarray, length: int, count: int) -> list[Layout]:
    """So many arches along which most ink stands in even steps, best first."""
    ink = np.argwhere(mask)[:, ::-1].astype(float)
    if len(ink) < 4 * HEAPS:
        return []
    lines = _lines(heaps.part(ink, HEAPS)[0], length)
    if len(lines) == 0:
        return []
    order = np.argsort(-_ink_along(mask, lines))
    kept: list[np.ndarray] = []
    for index in order:
        if all(np.abs(lines[index] - other).max() > APART for other in kept):
            kept.append(lines[index])
        if len(kept) * len(HALVES) >= count:
            break
    return [Layout((line,), half) for line in kept for half in _halves(line)]


def varied(layout: Layout, chance: np.random.Generator) -> Layout | None:
    """The same arch with its ends moved along it, shifted, turned and bent a little; nothing if it became too short."""
    line = layout.rows[0]
    count, step = len(line), np.linalg.norm(np.diff(line, axis=0), axis=1).mean()
    curve = curve_through(line, 2)
    start, end = _unit(curve[0] - curve[4]), _unit(curve[-1] - curve[-5])
    beyond = np.linspace(0, step, 20)[1:, None]
    longer = np.vstack([(curve[0] + start * beyond)[::-1], curve, curve[-1] + end * beyond])
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(longer, axis=0), axis=1))])
    moved_start, moved_end = chance.uniform(-MOVED, MOVED, 2) * step
    first, last = step + moved_start, along[-1] - step + moved_end
    if last - first < SHORTEST * 2 / 3:
        return None
    places = np.linspace(first, last, count)
    moved = np.stack([np.interp(places, along, longer[:, axis]) for axis in (0, 1)], axis=1)
    chord = _unit(moved[-1] - moved[0])
    across = np.linspace(-1, 1, count)
    shift, turn, bend = chance.normal(0, BENT, 3)
    moved = moved + np.array([-chord[1], chord[0]]) * (shift + turn * across + bend * (1 - across**2))[:, None]
    half = float(np.clip(layout.half * chance.uniform(0.8, 1.25), LEAST_HALF - 1, MOST_HALF + 2))
    return Layout((moved,), half)


def is_another(layout: Layout, others: list[Layout]) -> bool:
    """Whether a layout is none of the others, nor nearly one."""
    return all(_far(layout, other) > APART for other in others)


def _far(one: Layout, other: Layout) -> float:
    if [len(row) for row in one.rows] != [len(row) for row in other.rows]:
        return float("inf")
    return float(np.abs(np.concatenate(one.rows) - np.concatenate(other.rows)).max())


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / (np.linalg.norm(vector) + 1e-9)


def _lines(middles: np.ndarray, length: int) -> np.ndarray:
    """Letters' middles in even steps along arches through three heaps each, (line, letter, 2)."""
    first, middle, last = np.array(list(itertools.permutations(range(len(middles)), 3))).T
    before = np.linalg.norm(middles[middle] - middles[first], axis=1)
    after = np.linalg.norm(middles[last] - middles[middle], axis=1)
    whole = before + after
    fits = (middles[first, 0] < middles[last, 0]) & (whole > SHORTEST) & (whole < LONGEST)
    fits &= np.abs(before / whole - 0.5) < UNEVEN
    # An arch turns by no more than a half circle.
    turns = ((middles[middle] - middles[first]) * (middles[last] - middles[middle])).sum(1) / (before * after + 1e-9)
    fits &= turns > -0.2
    three = np.stack([middles[first], middles[middle], middles[last]], axis=1)[fits]
    lines = []
    for points in three:
        curve = curve_through(points, 2)
        along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
        places = np.linspace(0, along[-1], length)
        lines.append(np.stack([np.interp(places, along, curve[:, axis]) for axis in (0, 1)], axis=1))
    return np.array(lines)


def _ink_along(mask: np.ndarray, lines: np.ndarray) -> np.ndarray:
    """How evenly ink stands on each line: the mean logarithm of its share of every letter's window."""
    directions = np.gradient(lines, axis=1)
    steps = np.linalg.norm(directions, axis=2, keepdims=True)
    normals = np.stack([-directions[..., 1], directions[..., 0]], axis=2)
    grid = lines[:, :, None, None] + directions[:, :, None, None] * ALONG[:, None, None]
    grid = grid + normals[:, :, None, None] * ACROSS[None, :, None]
    x = np.clip(grid[..., 0].round().astype(int), 0, mask.shape[1] - 1)
    y = np.clip(grid[..., 1].round().astype(int), 0, mask.shape[0] - 1)
    shares = mask[y, x].mean(axis=(2, 3))
    return np.log(shares + 0.05).mean(1) - 0.3 * np.abs(np.log(steps.mean(axis=(1, 2)) / 28))


def _halves(line: np.ndarray) -> list[float]:
    step = np.linalg.norm(np.diff(line, axis=0), axis=1).mean()
    return [float(np.clip(share * step, LEAST_HALF, MOST_HALF)) for share in HALVES]
