"""When characters are said in a noisy sound: the loudest moments that follow each other as names do.

How names follow each other whoever runs haechi learns from sounds of its own without noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

# Power is looked at so often, of a window twice as long, in this band: below it is hum, above it little but hiss.
FRAME_S = 0.01
BAND_HZ = (150, 5_500)
# A name is about as long, so that it has one peak.
SMOOTH_S = 0.3
# What a second beyond the usual costs, as a logarithm of power; and by how much the usual is widened.
UNUSUAL, SPARE_S = 8.0, 0.1


@dataclass(frozen=True)
class Rhythm:
    """From when to when it is usual, in seconds: from the start to the first name, from one name to the next, and from
    the last one to the end, by the middles of names."""

    first: tuple[float, float]
    gap: tuple[float, float]
    last: tuple[float, float]

    @classmethod
    def of_names(cls, names: list[list[tuple[float, float]]], ends: list[float]) -> Self:
        """What is usual in sounds of which it is known when each name begins and ends, and when the sound ends."""
        middles = [np.array(runs).mean(1) for runs in names]
        return cls(
            _usual([some[0] for some in middles]),
            _usual(np.concatenate([np.diff(some) for some in middles])),
            _usual([end - some[-1] for some, end in zip(middles, ends, strict=True)]),
        )


def moments_of(samples: np.ndarray, rate_hz: int, count: int, rhythm: Rhythm) -> list[float]:
    """The likeliest moments at which so many names are said, in seconds; fewer, if the sound has fewer peaks."""
    power = smooth_power(samples, rate_hz)
    peaks = np.flatnonzero((power[1:-1] > power[:-2]) & (power[1:-1] >= power[2:])) + 1
    times, loudness = peaks * FRAME_S, np.log(power[peaks] + 1e-12)
    if len(peaks) < count:
        return times.tolist()
    gaps = times[:, None] - times[None, :]
    totals = loudness - _cost(times, rhythm.first)
    before = []
    for _ in range(1, count):
        reached = np.where(gaps > 0, totals[None, :] - _cost(gaps, rhythm.gap), -np.inf)
        before.append(reached.argmax(1))
        totals = reached.max(1) + loudness
    row = [int((totals - _cost(len(power) * FRAME_S - times, rhythm.last)).argmax())]
    for places in reversed(before):
        row.append(int(places[row[-1]]))
    return times[row[::-1]].tolist()


def smooth_power(samples: np.ndarray, rate_hz: int) -> np.ndarray:
    """Power of the band of speech in each frame, over about the length of a name."""
    hop = int(FRAME_S * rate_hz)
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(samples, hop), 2 * hop)[::hop]
    size = np.abs(np.fft.rfft(frames * np.hanning(2 * hop), axis=1)) ** 2
    low, high = (int(edge * 2 * hop / rate_hz) for edge in BAND_HZ)
    window = np.hanning(int(SMOOTH_S / FRAME_S) + 2)
    return np.convolve(size[:, low : high + 1].sum(1), window / window.sum(), "same")


def _usual(values: list[float] | np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(values, (0.02, 0.98))
    return float(low) - SPARE_S, float(high) + SPARE_S


def _cost(values: np.ndarray, usual: tuple[float, float]) -> np.ndarray:
    return UNUSUAL * (np.maximum(0, usual[0] - values) + np.maximum(0, values - usual[1]))
