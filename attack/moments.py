"""When characters are said in a noisy sound: the loudest moments that follow each other as names do."""

from __future__ import annotations

import numpy as np

# Power is looked at so often, of a window twice as long, in this band: below it is hum, above it little but hiss.
FRAME_S = 0.01
BAND_HZ = (150, 5_500)
# A name is about as long, so that it has one peak.
SMOOTH_S = 0.3
# Names do not follow each other sooner, and seldom later; what a second less or more costs, as a logarithm of power.
SOONEST_S, LATEST_S = 0.6, 1.7
TOO_SOON, TOO_LATE = 8.0, 2.0
# Nor is the first said later than so after the lead-in, or the last sooner before the end.
FIRST_S, LAST_S = 1.5, 1.0


def moments_of(samples: np.ndarray, rate_hz: int, count: int) -> list[float]:
    """The likeliest moments at which so many characters are said after a lead-in, in seconds; fewer, if the sound has
    fewer peaks."""
    power = smooth_power(samples, rate_hz)
    peaks = np.flatnonzero((power[1:-1] > power[:-2]) & (power[1:-1] >= power[2:])) + 1
    if len(peaks) < count:
        return [float(peak) * FRAME_S for peak in peaks]
    times, loudness = peaks * FRAME_S, np.log(power[peaks] + 1e-12)
    late = np.maximum(0, times - FIRST_S)
    early = np.maximum(0, len(power) * FRAME_S - times - LAST_S)
    totals = loudness - TOO_LATE * late
    before = []
    for _ in range(1, count):
        gaps = times[:, None] - times[None, :]
        costs = TOO_SOON * np.maximum(0, SOONEST_S - gaps) + TOO_LATE * np.maximum(0, gaps - LATEST_S)
        reached = np.where(gaps > 0, totals[None, :] - costs, -np.inf)
        before.append(reached.argmax(1))
        totals = reached.max(1) + loudness
    row = [int((totals - TOO_LATE * early).argmax())]
    for places in reversed(before):
        row.append(int(places[row[-1]]))
    return [float(times[place]) for place in reversed(row)]


def smooth_power(samples: np.ndarray, rate_hz: int) -> np.ndarray:
    """Power of the band of speech in each frame, over about the length of a name."""
    hop = int(FRAME_S * rate_hz)
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(samples, hop), 2 * hop)[::hop]
    size = np.abs(np.fft.rfft(frames * np.hanning(2 * hop), axis=1)) ** 2
    low, high = (int(edge * 2 * hop / rate_hz) for edge in BAND_HZ)
    window = np.hanning(int(SMOOTH_S / FRAME_S) + 2)
    return np.convolve(size[:, low : high + 1].sum(1), window / window.sum(), "same")
