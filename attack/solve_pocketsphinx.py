#!/usr/bin/env python3
"""An attacker with a ready-made recogniser of English speech: pocketsphinx, told which names may occur.

Tried on sounds as they are and with their steady noise subtracted; whole with the number of characters known or not,
whole with haechi's lead-in before them, and one loud moment after another, as many as there are characters. The best
way is chosen on sounds of their own, apart from those it is judged by.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import itertools
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pocketsphinx import Decoder, get_model_path
from scipy import signal

from scoring import report, score
from sets import alphabet_of, held_out
from sounds import Sound, sounds_of, without_noise

RATE_HZ = 16_000
# Names in the phonemes of CMU's dictionary; several where people differ.
NAMES = {
    "0": ["Z IH R OW", "Z IY R OW"],
    "1": ["W AH N"],
    "2": ["T UW"],
    "3": ["TH R IY"],
    "4": ["F AO R"],
    "5": ["F AY V"],
    "6": ["S IH K S"],
    "7": ["S EH V AH N"],
    "8": ["EY T"],
    "9": ["N AY N"],
    "A": ["EY"],
    "B": ["B IY"],
    "C": ["S IY"],
    "D": ["D IY"],
    "E": ["IY"],
    "F": ["EH F"],
    "G": ["JH IY"],
    "H": ["EY CH"],
    "I": ["AY"],
    "J": ["JH EY"],
    "K": ["K EY"],
    "L": ["EH L"],
    "M": ["EH M"],
    "N": ["EH N"],
    "O": ["OW"],
    "P": ["P IY"],
    "Q": ["K Y UW"],
    "R": ["AA R"],
    "S": ["EH S"],
    "T": ["T IY"],
    "U": ["Y UW"],
    "V": ["V IY"],
    "W": ["D AH B AH L Y UW"],
    "X": ["EH K S"],
    "Y": ["W AY"],
    "Z": ["Z IY", "Z EH D"],
}
# What haechi says first, in English.
LEAD_IN = {
    "type": "T AY P",
    "these": "DH IY Z",
    "four": "F AO R",
    "five": "F AY V",
    "six": "S IH K S",
    "seven": "S EH V AH N",
    "eight": "EY T",
    "letters": "L EH T ER Z",
    "and": "AE N D",
    "digits": "D IH JH AH T S",
}
SENTENCE = "type these (four | five | six | seven | eight) letters and digits"
# Seconds around a loud moment, and the shortest time from one to the next.
AROUND_S, APART_S = 0.42, 0.6


@dataclass(frozen=True)
class Way:
    """What is done to a sound, and what is known of its answer."""

    is_cleaned: bool
    hearing: str

    def __str__(self) -> str:
        return f"{'noise subtracted' if self.is_cleaned else 'as it is'}, {self.hearing}"


OF_ANY_LENGTH, LENGTH_KNOWN = "whole, of any length", "whole, length known"
AFTER_LEAD_IN, BY_MOMENTS = "whole, after the lead-in", "one loud moment after another"
HEARINGS = [OF_ANY_LENGTH, LENGTH_KNOWN, AFTER_LEAD_IN, BY_MOMENTS]
WAYS = list(itertools.starmap(Way, itertools.product([False, True], HEARINGS)))


class Recogniser:
    """pocketsphinx with a grammar of the names of an alphabet."""

    def __init__(self, alphabet: str, lengths: list[int]) -> None:
        words = [(f"w{character}", name) for character in alphabet for name in NAMES[character]]
        seen: dict[str, int] = {}
        lines = [f"{word} {name}\n" for word, name in LEAD_IN.items()]
        for word, name in words:
            seen[word] = seen.get(word, 0) + 1
            lines.append(f"{word}{f'({seen[word]})' if seen[word] > 1 else ''} {name}\n")
        one = f"({' | '.join(seen)})"
        exactly = " | ".join(" ".join([one] * length) for length in lengths)
        rules = [f"{one}+", exactly, f"{SENTENCE} ({exactly})", one]
        self.length = lengths[-1]
        with tempfile.TemporaryDirectory() as folder:
            self.decoders = {
                hearing: _decoder(Path(folder), "".join(lines), rule)
                for hearing, rule in zip(HEARINGS, rules, strict=True)
            }

    def hear(self, samples: np.ndarray, way: Way) -> str:
        """The characters that it hears."""
        samples = without_noise(samples, RATE_HZ) if way.is_cleaned else samples
        parts = loud_moments(samples, self.length) if way.hearing == BY_MOMENTS else [samples]
        return "".join(self._hear_part(part, way) for part in parts)

    def _hear_part(self, samples: np.ndarray, way: Way) -> str:
        decoder = self.decoders[way.hearing]
        decoder.start_utt()
        decoder.process_raw(_as_bytes(samples), full_utt=True)
        decoder.end_utt()
        hypothesis = decoder.hyp()
        return "".join(word[1] for word in hypothesis.hypstr.split() if word[0] == "w") if hypothesis else ""


def loud_moments(samples: np.ndarray, count: int, around_s: float = AROUND_S) -> list[np.ndarray]:
    """What lies around the last so many of the loudest moments: the first ones may be a lead-in."""
    hop = RATE_HZ // 100
    power = np.add.reduceat(samples**2, np.arange(0, len(samples), hop))
    energy = np.convolve(power, np.hanning(32), "same")
    peaks, found = signal.find_peaks(energy, distance=int(APART_S * 100), height=0)
    # Those that are loud for a character; noise alone has peaks too.
    loud = peaks[found["peak_heights"] > 0.25 * np.median(np.sort(found["peak_heights"])[-count:])]
    half = int(around_s * RATE_HZ)
    return [samples[max(0, peak * hop - half) : peak * hop + half] for peak in loud[-count:]]


def _decoder(folder: Path, dictionary: str, rule: str) -> Decoder:
    (folder / "names.dict").write_text(dictionary)
    (folder / "names.gram").write_text(f"#JSGF V1.0;\ngrammar names;\npublic <answer> = {rule} ;\n")
    return Decoder(
        hmm=get_model_path("en-us/en-us"),
        dict=str(folder / "names.dict"),
        jsgf=str(folder / "names.gram"),
        samprate=RATE_HZ,
        loglevel="FATAL",
    )


def _as_bytes(samples: np.ndarray) -> bytes:
    """At an even level, between two stretches of silence, in which it settles."""
    silence = np.zeros(RATE_HZ // 5)
    loud = samples / (np.abs(samples).max() + 1e-9) * 0.7
    return (np.concatenate([silence, loud, silence]) * 32_767).astype("<i2").tobytes()


def hear_set(recogniser: Recogniser, sounds: list[Sound], way: Way) -> dict:
    """How many of a set's answers are heard in a way."""
    heard = [recogniser.hear(sound.samples(RATE_HZ), way) for sound in sounds]
    return score([sound.answer for sound in sounds], heard)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--name", required=True, help="of the set, for the result")
    parser.add_argument("--test", type=int, default=300, help="sounds held out at the set's end")
    parser.add_argument("--tune", type=int, default=20, help="other sounds, that the way is chosen on")
    options = parser.parse_args()
    rest, test = held_out(sounds_of(options.folder), options.test)
    recogniser = Recogniser(alphabet_of(rest + test), sorted({len(sound.answer) for sound in rest + test}))

    def rank(way: Way) -> tuple[float, float]:
        outcome = hear_set(recogniser, rest[: options.tune], way)
        return outcome["success"], outcome["char_acc"]

    best = max(WAYS, key=rank)
    report(
        {
            "solver": "pocketsphinx",
            "target": options.name,
            **hear_set(recogniser, test, best),
            "way": str(best),
            "ways_tried": len(WAYS),
            "version": importlib.metadata.version("pocketsphinx"),
            "cpu_s": round(time.process_time(), 1),
        }
    )


if __name__ == "__main__":
    main()
