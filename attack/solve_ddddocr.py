#!/usr/bin/env python3
"""ddddocr, a free reader of captchas that comes trained: two models, tried in every way that we can think of.

"Told" ways know the alphabet and the number of characters; the others have ddddocr's own decoding, of which other
characters are dropped. The package's own restriction, `set_ranges`, does no more than the latter.

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
from join import Said
from pictures import Picture, pictures_of
from readers import all_readers
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
    told: bool = False

    def __str__(self) -> str:
        parts = [self.model, self.preprocessing]
        parts += [f"cut at {self.cut:.2f}"] if self.cut else []
        parts += [f"{self.factor} times as large"] if self.factor > 1 else []
        parts += ["told"] if self.told else []
        return ", ".join(parts)


def ways() -> Iterator[Way]:
    """All ways, each preprocessing whole and cut in two rows, and the other variations on the gray picture."""
    for model in MODELS:
        for preprocessing, cut in itertools.product(preprocess.WAYS, MAIN_CUTS):
            yield Way(model, preprocessing, cut)
        for cut in CUTS:
            yield Way(model, "gray", cut, told=True)
            if cut not in MAIN_CUTS:
                yield Way(model, "gray", cut)
        for cut in MAIN_CUTS:
            yield Way(model, "gray", cut, factor=2)


class Models:
    """Both models on one thread, as they come and told what can occur."""

    def __init__(self, characters: str, length: int) -> None:
        self.characters, self.length = characters, length
        readers = all_readers(characters)
        self.told = {"default": readers["ddddocr"], "beta": readers["ddddocr beta"]}
        self.models = {}
        _keep_to_one_thread()
        with contextlib.redirect_stdout(io.StringIO()):
            import ddddocr

            for model in MODELS:
                self.models[model] = ddddocr.DdddOcr(show_ad=False, beta=model == "beta")

    def read(self, picture: np.ndarray, way: Way) -> str:
        """What a model reads in a picture, of the characters that can occur."""
        prepared = preprocess.WAYS[way.preprocessing](picture)
        parts = preprocess.halves(prepared, way.cut) if way.cut else [prepared]
        parts = [preprocess.enlarged(part, way.factor) for part in parts]
        return self._told(parts, way) if way.told else "".join(self._as_it_comes(part, way) for part in parts)

    def _as_it_comes(self, part: np.ndarray, way: Way) -> str:
        read = self.models[way.model].classification(cv2.imencode(".png", part)[1].tobytes())
        return "".join(character for character in read.upper() if character in self.characters)

    def _told(self, parts: list[np.ndarray], way: Way) -> str:
        """The likeliest answer of the known length; one row has as many characters as the other, or one more."""
        steps = [self.told[way.model].read(cv2.cvtColor(part, cv2.COLOR_GRAY2RGB)) for part in parts]
        half = self.length // 2
        splits = [(self.length,)] if len(parts) == 1 else {(half, self.length - half), (self.length - half, half)}
        rows = [[Said.of(row, count) for row, count in zip(steps, split, strict=True)] for split in splits]
        best = max(rows, key=lambda said: sum(row.surety for row in said))
        return "".join(self.characters[character - 1] for row in best for character in row.answers[0])


def _keep_to_one_thread() -> None:
    """ddddocr has no setting for it, and threads would make CPU time depend on the machine."""
    start = onnxruntime.InferenceSession.__init__

    def start_on_one_thread(self, *arguments, **options):
        session = onnxruntime.SessionOptions()
        session.intra_op_num_threads = session.inter_op_num_threads = 1
        options["sess_options"] = session
        start(self, *arguments, **options)

    onnxruntime.InferenceSession.__init__ = start_on_one_thread


def prove(models: Models, pictures: list[Picture], least: float) -> None:
    """Stops unless each model, as it comes and told, reads a set that is easy: else one of them is broken."""
    answers = [picture.answer.upper() for picture in pictures]
    for model, told in itertools.product(MODELS, (False, True)):
        way = Way(model, told=told)
        outcome = score(answers, [models.read(picture.gray(), way) for picture in pictures])
        if outcome["success"] < least:
            raise SystemExit(f"{way} reads {outcome['success']:.0%} of what it must read")


def attack(models: Models, test: list[Picture], shortlist: int, trial: int) -> dict:
    """Tries all ways on the first pictures and the best of them on all, and returns the best."""
    answers, grays = [picture.answer.upper() for picture in test], [picture.gray() for picture in test]

    def tried(way: Way, count: int) -> tuple[Way, dict]:
        return way, score(answers[:count], [models.read(gray, way) for gray in grays[:count]])

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
    parser.add_argument(
        "--must-read",
        type=float,
        default=0.0,
        help="share that each model must read as it comes and told, or the run stops",
    )
    options = parser.parse_args()
    _, test = held_out(pictures_of(options.folder), options.test)
    lengths = {len(picture.answer) for picture in test}
    if len(lengths) != 1:
        raise SystemExit(f"answers of one length are attacked, and these have {sorted(lengths)}")
    models = Models("".join(sorted(set(alphabet_of(test).upper()))), lengths.pop())
    prove(models, test[: options.trial], options.must_read)
    outcome = attack(models, test, options.shortlist, options.trial)
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
