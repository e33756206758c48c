#!/usr/bin/env python3
"""How much of the speech noise leaves: STOI and ESTOI of noisy sounds against the same ones without noise.

STOI (Taal and others, 2011) and ESTOI (Jensen and Taal, 2016) are 1 for speech that nothing touches, and follow what
listeners understand. They are measured of whole sounds, and of all that is spoken of each character, joined, since a
single name is shorter than STOI looks at.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import time
import warnings
from collections import defaultdict

import numpy as np
from pystoi import stoi

from scoring import report
from sounds import Sound, sounds_of

RATE_HZ = 16_000
# Clean sounds hold speech and silence alone: what is quieter than this for so long is a pause.
SILENT = 0.002
PAUSE_S = 0.12
# What pystoi gives, with a warning, of a sound that is too short.
TOO_SHORT = 1e-5


def spoken_parts(clean: np.ndarray, count: int) -> list[slice]:
    """Where each of the last `count` words of a clean sound is spoken."""
    sounding = np.flatnonzero(np.abs(clean) > SILENT)
    breaks = np.flatnonzero(np.diff(sounding) > PAUSE_S * RATE_HZ)
    starts, ends = sounding[np.append(0, breaks + 1)], sounding[np.append(breaks, len(sounding) - 1)]
    return [slice(start, end + 1) for start, end in zip(starts[-count:], ends[-count:], strict=True)]


def summary(values: list[float]) -> dict:
    """The median, and what all but the worst 5 % reach."""
    return {"median": round(float(np.median(values)), 3), "worst_5": round(float(np.quantile(values, 0.05)), 3)}


def measure(pairs: list[tuple[Sound, Sound]]) -> dict:
    """STOI and ESTOI of all sounds, and the STOI of each character."""
    whole, extended, spoken = [], [], defaultdict(list)
    for noisy_sound, clean_sound in pairs:
        noisy, clean = noisy_sound.samples(RATE_HZ), clean_sound.samples(RATE_HZ)
        whole.append(stoi(clean, noisy, RATE_HZ))
        extended.append(stoi(clean, noisy, RATE_HZ, extended=True))
        parts = spoken_parts(clean, len(noisy_sound.answer))
        for character, part in zip(noisy_sound.answer, parts, strict=False):
            spoken[character].append((clean[part], noisy[part]))
    joined = {character: map(np.concatenate, zip(*parts, strict=True)) for character, parts in spoken.items()}
    ranked = sorted((round(value, 3), each) for each, pair in joined.items() if (value := _stoi_of_part(*pair)))
    seconds = [len(noisy.samples(RATE_HZ)) / RATE_HZ for noisy, _ in pairs[:50]]
    return {
        "stoi": summary(whole),
        "estoi": summary(extended),
        "characters": {character: value for value, character in ranked},
        "seconds": [round(min(seconds), 1), round(max(seconds), 1)],
    }


def _stoi_of_part(clean: np.ndarray, noisy: np.ndarray) -> float | None:
    """STOI of what may be shorter than it looks at, of which it says nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        value = float(stoi(clean, noisy, RATE_HZ))
    return value if value > TOO_SHORT else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("noisy", help="folder of sounds")
    parser.add_argument("clean", help="folder of the same sounds without noise")
    parser.add_argument("--name", required=True, help="of the set, for the result")
    parser.add_argument("--test", type=int, default=300, help="sounds that are measured, at the set's end")
    options = parser.parse_args()
    noisy, clean = (sounds_of(folder)[-options.test :] for folder in (options.noisy, options.clean))
    if [sound.answer for sound in noisy] != [sound.answer for sound in clean]:
        raise SystemExit("the two sets say different answers")
    report(
        {
            "solver": "intelligibility",
            "target": options.name,
            "n": len(noisy),
            **measure(list(zip(noisy, clean, strict=True))),
            "version": importlib.metadata.version("pystoi"),
            "cpu_s": round(time.process_time(), 1),
        }
    )


if __name__ == "__main__":
    main()
