"""Where a clean sound pauses: what is said first in it, before the characters."""

from __future__ import annotations

import numpy as np

# Loud or not is decided for so long each.
FRAME_S = 0.01
# Quieter than this, against the loudest twentieth, is silence. The rest of a room's echoes is below it.
QUIET = 0.03
# Names have no pauses in them that are so long, but for the slowest.
PAUSE_S = 0.2
# No lead-in is shorter; and no pause after one, but such as are within it.
SHORTEST_LEAD_IN_S = 0.8
LEAD_IN_PAUSE_S = 0.28
# Two tones stand for it before numbers.
SHORTEST_TONES_S = 0.2


def spoken_runs(samples: np.ndarray, rate_hz: int) -> list[tuple[float, float]]:
    """When speech without a pause begins and ends, in seconds."""
    frame = int(FRAME_S * rate_hz)
    level = np.sqrt((samples[: len(samples) // frame * frame].reshape(-1, frame) ** 2).mean(1))
    loud = np.flatnonzero(level > QUIET * np.quantile(level, 0.95))
    if len(loud) == 0:
        return []
    breaks = np.flatnonzero(np.diff(loud) > PAUSE_S / FRAME_S)
    starts, ends = loud[np.append(0, breaks + 1)], loud[np.append(breaks, len(loud) - 1)] + 1
    return [(float(start) * FRAME_S, float(end) * FRAME_S) for start, end in zip(starts, ends, strict=True)]


def lead_in_end(samples: np.ndarray, rate_hz: int, shortest_s: float = SHORTEST_LEAD_IN_S) -> float:
    """The middle of the pause between the lead-in and the first character, in seconds."""
    runs = spoken_runs(samples, rate_hz)
    for (_, before), (after, _) in zip(runs, runs[1:], strict=False):
        if before - runs[0][0] >= shortest_s and after - before >= LEAD_IN_PAUSE_S:
            return (before + after) / 2
    raise ValueError("no pause follows a lead-in")
