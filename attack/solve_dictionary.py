#!/usr/bin/env python3
"""An attacker without a network, who looks for runs of samples that it heard before.

A service that joins the same recordings anew for each answer repeats them to the last bit, and a dictionary of runs
reads it. Each run that the attacker learns stands for the character that was said about then, when answers are cut into
equal parts; in a new sound, every place votes for what its run stood for.
"""

from __future__ import annotations

import argparse
import time
import wave
from collections import Counter
from pathlib import Path

import numpy as np

from scoring import report, score
from sets import held_out
from sounds import Sound, sounds_of

# Samples that must be alike. At 16 kHz they take 4 ms: shorter than any phoneme, longer than chance repeats.
RUN = 64
# Runs are learned at every so many samples, and looked for at all of them.
STRIDE = 32
# Factors of a polynomial hash, modulo 2^64.
FACTORS = np.cumprod(np.full(RUN, 0x9E37_79B9_7F4A_7C15, np.uint64))


def raw_samples(path: Path) -> np.ndarray:
    """The file's own numbers: a repeated run has the same ones."""
    with wave.open(str(path)) as file:
        kind = np.uint8 if file.getsampwidth() == 1 else "<i2"
        return np.frombuffer(file.readframes(file.getnframes()), kind).astype(np.int64).astype(np.uint64)


def runs_of(samples: np.ndarray, stride: int) -> tuple[np.ndarray, np.ndarray]:
    """Hashes of a sound's runs, and where they begin. Runs of silence, which all sounds share, are left out."""
    windows = np.lib.stride_tricks.sliding_window_view(samples, RUN)[::stride]
    sounding = np.flatnonzero((windows != windows[:, :1]).sum(1) > RUN // 2)
    return windows[sounding] @ FACTORS, sounding * stride


def learn(sounds: list[Sound]) -> tuple[np.ndarray, np.ndarray]:
    """All runs, sorted, and the character that each stands for."""
    hashes, characters = [], []
    for sound in sounds:
        samples = raw_samples(sound.path)
        found, places = runs_of(samples, STRIDE)
        parts = np.minimum(places * len(sound.answer) // len(samples), len(sound.answer) - 1)
        hashes.append(found)
        characters.append(np.frombuffer(sound.answer.encode(), np.uint8)[parts])
    all_hashes = np.concatenate(hashes)
    order = np.argsort(all_hashes, kind="stable")
    return all_hashes[order], np.concatenate(characters)[order]


def read(sound: Sound, known: np.ndarray, meanings: np.ndarray) -> tuple[str, int]:
    """What most runs of each part stood for, and how many runs were known at all."""
    samples, length = raw_samples(sound.path), len(sound.answer)
    hashes, places = runs_of(samples, 1)
    found = np.searchsorted(known, hashes).clip(max=len(known) - 1)
    hits = np.flatnonzero(known[found] == hashes)
    votes = [Counter() for _ in range(length)]
    for hit in hits.tolist():
        votes[min(places[hit] * length // len(samples), length - 1)][chr(meanings[found[hit]])] += 1
    return "".join(vote.most_common(1)[0][0] if vote else "?" for vote in votes), len(hits)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--name", required=True, help="of the set, for the result")
    parser.add_argument("--train", type=int, default=1000, help="labelled sounds to learn from")
    parser.add_argument("--test", type=int, default=300, help="sounds held out at the set's end")
    options = parser.parse_args()
    rest, test = held_out(sounds_of(options.folder), options.test)
    known, meanings = learn(rest[: options.train])
    outcomes = [read(sound, known, meanings) for sound in test]
    report(
        {
            "solver": "dictionary",
            "target": options.name,
            **score([sound.answer for sound in test], [text for text, _ in outcomes]),
            "n_train": options.train,
            "shared_runs": sum(count for _, count in outcomes),
            "cpu_s": round(time.process_time(), 1),
        }
    )


if __name__ == "__main__":
    main()
