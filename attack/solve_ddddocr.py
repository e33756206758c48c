#!/usr/bin/env python3
"""ddddocr, a free reader of captchas that comes trained: two models, tried in every way that we can think of.

The best of all ways is found on the very pictures that it is reported for. That flatters the attacker: the figure is
an upper bound of what this reader does, and is described as one.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import io
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import onnxruntime

import preprocess
from pictures import Picture, pictures_of
from scoring import report, score
from sets import alphabet_of, held_out

MODELS = ("default", "beta")
CUTS = (None, 0.42, 0.46, 0.50, 0.54, 0.58)
# Cutting is tried with every preprocessing at these heights, and at the others with the plain gray picture only.
MAIN_CUTS = (None, 0.50)


@dataclass(frozen=True)
class Way:
    """One way to show a picture to a model."""

    model: str
    preprocessing: str = "gray"
    cut: float | None = None
    factor: int = 1
    restricted: bool = False

    def __str__(self) -> str:
        parts = [self.model, self.preprocessing]
        parts += [f"cut at {self.cut:.2f}"] if self.cut else []
        parts += [f"{self.factor} times as large"] if self.factor > 1 else []
        parts += ["restricted"] if self.restricted else []
        return ", ".join(parts)


def ways() -> Iterator[Way]:
    """All ways, each preprocessing whole and cut in two rows, and the other variations on the gray picture."""
    for model in MODELS:
        for preprocessing, cut in itertools.product(preprocess.WAYS, MAIN_CUTS):
            yield Way(model, preprocessing, cut)
        for cut in CUTS:
            yield Way(model, "gray", cut, restricted=True)
            if cut not in MAIN_CUTS:
                yield Way(model, "gray", cut)
        for cut in MAIN_CUTS:
            yield Way(model, "gray", cut, factor=2)


class Models:
    """Both models, loaded once, on one thread."""

    def __init__(self, characters: str) -> None:
        _keep_to_one_thread()
        self.characters = set(characters)
        self.models = {}
        with contextlib.redirect_stdout(io.StringIO()):
            import ddddocr

            for model, restricted in itertools.product(MODELS, (False, True)):
                reader = ddddocr.DdddOcr(show_ad=False, beta=model == "beta")
                if restricted:
                    reader.set_ranges(characters)
                self.models[model, restricted] = reader

    def read(self, picture: np.ndarray, way: Way) -> str:
        """What a model reads in a picture, of the characters that can occur."""
        prepared = preprocess.WAYS[way.preprocessing](picture)
        parts = preprocess.halves(prepared, way.cut) if way.cut else [prepared]
        return "".join(self._read_part(preprocess.enlarged(part, way.factor), way) for part in parts)

    def _read_part(self, part: np.ndarray, way: Way) -> str:
        png = cv2.imencode(".png", part)[1].tobytes()
        reader = self.models[way.model, way.restricted]
        read = reader.classification(png, probability=way.restricted)
        if way.restricted:
            read = _likeliest(read)
        return "".join(character for character in read if character in self.characters)


def _keep_to_one_thread() -> None:
    """ddddocr has no setting for it, and threads would make CPU time depend on the machine."""
    start = onnxruntime.InferenceSession.__init__

    def start_on_one_thread(self, *arguments, **options):
        session = onnxruntime.SessionOptions()
        session.intra_op_num_threads = session.inter_op_num_threads = 1
        options["sess_options"] = session
        start(self, *arguments, **options)

    onnxruntime.InferenceSession.__init__ = start_on_one_thread


def _likeliest(outcome: dict) -> str:
    """Decodes the probabilities that a model with a restricted set of characters gives instead of text."""
    characters = outcome.get("charsets") or outcome.get("charset")
    steps = np.asarray(outcome["probability"]).reshape(len(outcome["probability"]), -1).argmax(1)
    kept = [now for before, now in itertools.pairwise([-1, *steps]) if now != before]
    return "".join(characters[step] for step in kept)


def read_set(models: Models, grays: list[np.ndarray], way: Way) -> list[str]:
    """What a way reads in each picture; a picture that it fails on is one that it cannot read."""
    guesses = []
    for gray in grays:
        try:
            guesses.append(models.read(gray, way))
        except (KeyError, IndexError, cv2.error):
            guesses.append("")
    return guesses


def attack(test: list[Picture], shortlist: int, trial: int) -> dict:
    """Tries all ways on the first pictures and the best of them on all, and returns the best."""
    characters = alphabet_of(test)
    models = Models("".join(sorted(set(characters.lower() + characters.upper()))))
    answers, grays = [picture.answer for picture in test], [picture.gray() for picture in test]

    def tried(way: Way, count: int) -> tuple[Way, dict]:
        return way, score(answers[:count], read_set(models, grays[:count], way), fold_case=True)

    def rank(outcome: tuple[Way, dict]) -> tuple[float, float]:
        return outcome[1]["success"], outcome[1]["char_acc"]

    first = sorted((tried(way, trial) for way in ways()), key=rank, reverse=True)
    full = sorted((tried(way, len(test)) for way, _ in first[:shortlist]), key=rank, reverse=True)
    best, outcome = full[0]
    return {
        **outcome,
        "way": str(best),
        "ways_tried": len(first),
        "ways": {str(way): outcome["success"] for way, outcome in full},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--name", required=True, help="of the set, for the result")
    parser.add_argument("--test", type=int, default=500, help="pictures held out at the set's end")
    parser.add_argument("--trial", type=int, default=60, help="of them, that every way is tried on")
    parser.add_argument("--shortlist", type=int, default=5, help="ways that go on to all of them")
    options = parser.parse_args()
    _, test = held_out(pictures_of(options.folder), options.test)
    outcome = attack(test, options.shortlist, options.trial)
    report(
        {
            "solver": "ddddocr",
            "target": options.name,
            **outcome,
            "version": importlib.metadata.version("ddddocr"),
            "cpu_s": round(time.process_time(), 1),
        }
    )


if __name__ == "__main__":
    main()
