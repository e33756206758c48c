#!/usr/bin/env python3
"""An attacker with a ready-made recogniser of speech in many languages: Whisper base, out of two packages on PyPI.

It knows the few lead-ins, and how names usually follow them, from clean sounds that it had spoken for itself. Three
ways to hear the names are tried, each with the sound as it is and with its steady noise subtracted. `free` is what
Whisper writes of all that follows the lead-in; `told` the same when it was told what answers are like, and the
likeliest text that has as many characters. `held` finds the moments at which characters are said, by loudness and the
usual distances, and scores each spelling of each name at each of them, less what it scores on the whole, which sounds
show without their answers. The best way is chosen on sounds of their own.
"""

from __future__ import annotations

import argparse
import itertools
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hearing import RATES, judge
from moments import Rhythm, moments_of
from pauses import lead_in_end, spoken_runs
from scoring import at_shares, report, score
from sets import alphabet_of, held_out
from sounds import Sound, sounds_of, without_noise
from spellings import UNKNOWN, Reader, held, told
from whisper_base import RATE_HZ, VERSION, Whisper

FREE, TOLD, HELD = "free", "told", "held"
HEARINGS = (FREE, TOLD, HELD)
# Seconds to either side of a moment, and of silence before it; and the window in which Whisper hears it.
AROUND_S, SILENCE_S, WINDOW_S = 0.4, 0.2, 1.7
# Lead-ins that differ in length by less are one.
SAME_S = 0.05
# Share of sounds with too few moments at which the solver counts as broken.
BROKEN = 0.1

# A guess, and how sure the attacker is of it.
Guess = tuple[str, float]


@dataclass(frozen=True)
class Way:
    """What is done to a sound, and how it is heard."""

    is_cleaned: bool
    hearing: str

    def __str__(self) -> str:
        return f"{self.hearing}, {'noise subtracted' if self.is_cleaned else 'as it is'}"


WAYS = list(itertools.starmap(Way, itertools.product([False, True], HEARINGS)))


@dataclass(frozen=True)
class Known:
    """What whoever runs haechi learns from clean sounds of its own: the different lead-ins, and how names follow."""

    lead_ins: list[np.ndarray]
    rhythm: Rhythm

    @classmethod
    def of_clean(cls, sounds: list[Sound]) -> Known:
        """What clean sounds show. Those whose names are not told apart by pauses show no rhythm."""
        lead_ins: list[np.ndarray] = []
        names, ends = [], []
        for sound in sounds:
            samples = sound.samples(RATE_HZ)
            pause = lead_in_end(samples, RATE_HZ)
            lead_in = np.trim_zeros(samples[: int(pause * RATE_HZ)], "b")
            start = len(lead_in) / RATE_HZ
            if all(abs(len(lead_in) - len(other)) > SAME_S * RATE_HZ for other in lead_ins):
                lead_ins.append(lead_in)
            runs = [run for run in spoken_runs(samples, RATE_HZ) if run[0] > pause]
            if len(runs) == len(sound.answer):
                names.append([(begin - start, end - start) for begin, end in runs])
                ends.append(len(samples) / RATE_HZ - start)
        if not names:
            raise SystemExit("no clean sound pauses between its names: the solver is broken")
        return cls(lead_ins, Rhythm.of_names(names, ends))


class Attacker:
    """Whisper, what is known of sounds, and of the answers: their language, alphabet and length."""

    def __init__(self, language: str, alphabet: str, length: int, known: Known) -> None:
        self.whisper = Whisper(language)
        self.reader = Reader.of_language(language)
        self.alphabet, self.length, self.known = alphabet, length, known
        self.prompts = {FREE: None, TOLD: told(language, alphabet, length)}
        spellings = held(language, alphabet)
        self.owners = np.array([alphabet.index(character) for character, _ in spellings])
        self.texts = [self.whisper.tokens(text) for _, text in spellings]
        self.usual: dict[bool, np.ndarray] = {}

    def guesses(self, sounds: list[Sound], way: Way) -> list[Guess]:
        """What is heard of each sound in a way; nothing of a sound with too few moments."""
        spoken = [self._spoken(sound, way) for sound in sounds]
        if way.hearing != HELD:
            return [self._whole(samples, way.hearing) for samples in spoken]
        said = [self._say(samples) for samples in spoken]
        # What was heard first are the sounds for tuning.
        if way.is_cleaned not in self.usual:
            self.usual[way.is_cleaned] = np.concatenate([one for one in said if one is not None]).mean(0)
        usual = self.usual[way.is_cleaned]
        return [self._likeliest(one - usual) if one is not None else ("", -np.inf) for one in said]

    def _spoken(self, sound: Sound, way: Way) -> np.ndarray:
        """What follows the lead-in, which is known by its likeness."""
        samples = sound.samples(RATE_HZ)

        def likeness(lead_in: np.ndarray) -> float:
            start = samples[: len(lead_in)]
            return float(start @ lead_in[: len(start)] / np.linalg.norm(lead_in))

        spoken = samples[len(max(self.known.lead_ins, key=likeness)) :]
        return without_noise(spoken, RATE_HZ) if way.is_cleaned else spoken

    def _whole(self, samples: np.ndarray, hearing: str) -> Guess:
        written = self.whisper.write(self.whisper.encode(samples), self.prompts[hearing])
        heard = [(self.reader.characters(text).replace(UNKNOWN, ""), sureness) for text, sureness in written]
        if hearing == FREE:
            return heard[0]
        return next((guess for guess in heard if len(guess[0]) == self.length), heard[0])

    def _say(self, samples: np.ndarray) -> np.ndarray | None:
        """How likely each spelling is at each moment, (moments, spellings); nothing if there are too few moments."""
        moments = moments_of(samples, RATE_HZ, self.length, self.known.rhythm)
        if len(moments) < self.length:
            return None
        half, silence = int(AROUND_S * RATE_HZ), np.zeros(int(SILENCE_S * RATE_HZ), np.float32)
        said = []
        for moment in moments:
            middle = int(moment * RATE_HZ)
            part = np.concatenate([silence, samples[max(0, middle - half) : middle + half]])
            encoded = self.whisper.encode(part, WINDOW_S)
            said.append(self.whisper.likelihoods(encoded, self.texts, WINDOW_S))
        return np.stack(said)

    def _likeliest(self, said: np.ndarray) -> Guess:
        characters = range(len(self.alphabet))
        scores = np.stack([said[:, self.owners == character].max(1) for character in characters], axis=1)
        best = np.sort(scores, axis=1)
        text = "".join(self.alphabet[index] for index in scores.argmax(1))
        return text, float((best[:, -1] - best[:, -2]).min())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument(
        "clean", type=Path, help="folder of the same sounds without noise; only those for tuning are looked at"
    )
    parser.add_argument("--name", required=True, help="of the set, for the result")
    parser.add_argument("--language", required=True, help="ko, en, ja or zh")
    parser.add_argument("--test", type=int, default=100, help="sounds held out at the set's end")
    parser.add_argument("--tune", type=int, default=20, help="other sounds, that the way is chosen on")
    options = parser.parse_args()
    rest, test = held_out(sounds_of(options.folder), options.test)
    tuning = rest[: options.tune]
    known = Known.of_clean([Sound(options.clean / sound.path.name, sound.answer) for sound in tuning])
    attacker = Attacker(options.language, alphabet_of(rest + test), len(test[0].answer), known)
    best = {hearing: _best(attacker, tuning, hearing) for hearing in HEARINGS}
    chosen = max(best, key=lambda hearing: best[hearing][1])
    answers = [sound.answer for sound in test]
    guesses = {hearing: attacker.guesses(test, way) for hearing, (way, _) in best.items()}
    unheard = sum(not text for text, _ in guesses[HELD])
    if unheard > BROKEN * len(test):
        raise SystemExit(f"too few moments are found in {unheard} of {len(test)} sounds: the solver is broken")
    judged = {hearing: judge(answers, [text for text, _ in some]) for hearing, some in guesses.items()}
    report(
        {
            "solver": "whisper",
            "target": options.name,
            **{rate: judged[chosen][rate] for rate in RATES},
            "answered": at_shares(answers, guesses[chosen]),
            "way": str(best[chosen][0]),
            "ways_tried": len(WAYS),
            "hearings": judged,
            "failures": unheard,
            "version": VERSION,
            "cpu_s": round(time.process_time(), 1),
        }
    )


def _best(attacker: Attacker, tuning: list[Sound], hearing: str) -> tuple[Way, tuple[float, float]]:
    """The way of hearing that does best on sounds for tuning, and how well."""

    def rank(way: Way) -> tuple[float, float]:
        guesses = attacker.guesses(tuning, way)
        outcome = score([sound.answer for sound in tuning], [text for text, _ in guesses])
        return outcome["success"], outcome["char_acc"]

    ranked = {way: rank(way) for way in WAYS if way.hearing == hearing}
    way = max(ranked, key=lambda way: ranked[way])
    return way, ranked[way]


if __name__ == "__main__":
    main()
