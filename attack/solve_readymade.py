#!/usr/bin/env python3
"""An attacker with ready-made readers from PyPI, who learns from no picture at all.

It finds the letters' tone and their line, straightens the picture along it, shows four readers the picture as it is,
its middle, the straight strip and the letters turned upright, and joins what they say with equal weights. It knows the
alphabet and the number of characters, which anybody sees.

With `--attack known` a letter's tone follows from its ground's, as it did in our first look. With `--attack adapted`
letters have any tone but their ground's, and other strokes may lie beside them: lines are then guessed through all that
is no ground, and readers say which of them has letters on it.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

# Before numpy and onnxruntime start: CPU time is reported, and more threads would spend it unseen.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import numpy as np

import arches
import ground
import heaps
from beam import Answer
from join import Said, joined, surest
from pictures import Picture, load_rgb, pictures_of
from readers import Reader, all_readers, versions
from scoring import at_shares, report, score, wilson_interval
from sets import alphabet_of, held_out
from straighten import Layout

# Two readers judge what may be a line of letters before all of them read the best ones.
JUDGES = ("ddddocr", "captcha-whisperer")
KEPT = 4
# The adapted attacker tries so many arches, varies the best of them so many times, and has the judges see the best.
# All this is one reader's work, which reads many strips at once.
SCREEN = "captcha-whisperer"
ARCHES, VARIED, VARIATIONS, SCREENED = 130, 5, 12, 16
# Pixels around the letters.
MARGIN = 6
# Parts of its height that a box has for each character, at the least.
LEAST_WIDTH = 0.3


@dataclass(frozen=True)
class Reading:
    """What is read in a picture: by all readers together, how much surer than any other answer, and by single calls."""

    text: str
    margin: float
    singles: dict[str, str]
    cpu_s: float


class Attacker:
    """Readers, what they are told of answers, and how the attacker looks for letters."""

    def __init__(self, attack: str, alphabet: str, length: int) -> None:
        self.attack, self.alphabet, self.length = attack, alphabet, length
        self.readers: dict[str, Reader] = all_readers(alphabet)

    def read(self, picture: np.ndarray) -> Reading:
        """Reads a picture, RGB from 0 to 255."""
        start = time.process_time()
        mask, layouts = self._find(picture)
        said = {("whole", name): one for name, one in self._said(picture).items()}
        said |= {("cropped", name): one for name, one in self._said(_cropped(picture, mask, self.length)).items()}
        always = list(said.values())
        best = self._surest(layouts, picture, KEPT)
        # Who makes a single call knows no more than the mask, unless there is nothing to see in it.
        straight = layouts[:1] if self.attack == "known" else best[:1]
        for layout in straight:
            said |= {("straightened", name): one for name, one in self._said(layout.strip(picture)).items()}
        # Perhaps nothing needs straightening: then the same views, twice, weigh as much as those of a line.
        scores: dict[Answer, float] = joined(always + always)
        for layout in best:
            views = [layout.strip(picture), layout.tiles(picture)]
            also = [one for view in views for one in self._said(view).values()]
            for answer, total in joined(always + also).items():
                scores[answer] = max(total, scores.get(answer, -np.inf))
        answer, margin = surest(scores)
        singles = {f"{name}, {view}": self._text(one.answers[0]) for (view, name), one in said.items()}
        return Reading(self._text(answer), margin, singles, time.process_time() - start)

    def _find(self, picture: np.ndarray) -> tuple[np.ndarray, list[Layout]]:
        """The letters' mask, and where they may stand."""
        known = heaps.main_groups(ground.tone_that_follows(picture))
        layouts = heaps.layouts_of(known, self.length)
        if self.attack == "known":
            return known, layouts
        mask = ground.any_other_tone(picture)
        groups = heaps.main_groups(mask)
        layouts += heaps.layouts_of(groups, self.length) + arches.layouts_of(mask, self.length, ARCHES)
        return groups, self._screened(layouts, picture)

    def _screened(self, layouts: list[Layout], picture: np.ndarray) -> list[Layout]:
        """The layouts on which one reader is surest, after the best of them were varied."""
        sure = self._sureties(layouts, picture)
        chance, best = np.random.default_rng(1), []
        for index in np.argsort(-sure):
            if len(best) < VARIED and len(layouts[index].rows) == 1 and arches.is_another(layouts[index], best):
                best.append(layouts[index])
        variations = [arches.varied(layout, chance) for layout in best for _ in range(VARIATIONS)]
        also = [layout for layout in variations if layout]
        sure = np.concatenate([sure, self._sureties(also, picture)])
        return [(layouts + also)[index] for index in np.argsort(-sure)[:SCREENED]]

    def _sureties(self, layouts: list[Layout], picture: np.ndarray) -> np.ndarray:
        strips = [layout.strip(picture) for layout in layouts]
        return np.array([Said.of(steps, self.length, 3).surety for steps in self.readers[SCREEN].read_many(strips)])

    def _surest(self, layouts: list[Layout], picture: np.ndarray, count: int) -> list[Layout]:
        """The layouts on whose strip two readers are surest."""

        def sure(layout: Layout) -> float:
            strip = layout.strip(picture)
            return sum(Said.of(self.readers[name].read(strip), self.length).surety for name in JUDGES)

        return sorted(layouts, key=sure, reverse=True)[:count]

    def _said(self, view: np.ndarray) -> dict[str, Said]:
        return {name: Said.of(reader.read(view), self.length) for name, reader in self.readers.items()}

    def _text(self, answer: Answer) -> str:
        return "".join(self.alphabet[character - 1] for character in answer)


def _cropped(picture: np.ndarray, mask: np.ndarray, length: int) -> np.ndarray:
    """The box around the mask, or the whole picture if nothing is in it.

    Readers take as many steps as a box is wide for its height, and must have some for each character.
    """
    if not mask.any():
        return picture
    (top, left), (bottom, right) = np.argwhere(mask).min(0), np.argwhere(mask).max(0)
    missing = int(LEAST_WIDTH * length * (bottom - top + 2 * MARGIN)) - (right - left + 2 * MARGIN)
    left, right = left - max(0, missing) // 2, right + (max(0, missing) + 1) // 2
    return picture[max(0, top - MARGIN) : bottom + MARGIN, max(0, left - MARGIN) : right + MARGIN]


ATTACKER: list[Attacker] = []


def _start(attack: str, alphabet: str, length: int) -> None:
    ATTACKER.append(Attacker(attack, alphabet, length))


def _read(picture: Picture) -> Reading:
    try:
        return ATTACKER[0].read(load_rgb(picture.path))
    except Exception as cause:
        # One picture that cannot be attacked ends the run: it must not count as one that holds.
        raise RuntimeError(f"the solver failed on {picture.path.name}") from cause


def read_set(pictures: list[Picture], options: argparse.Namespace, alphabet: str, length: int) -> Iterator[Reading]:
    """Reads all pictures, in so many processes of one thread each."""
    if options.workers == 1:
        _start(options.attack, alphabet, length)
        yield from map(_read, pictures)
        return
    with get_context("spawn").Pool(options.workers, _start, (options.attack, alphabet, length)) as pool:
        yield from pool.imap(_read, pictures, chunksize=4)


def single_calls(answers: list[str], readings: list[Reading]) -> dict[str, dict]:
    """How much each reader reads in each view by itself, best first."""
    ways = {way: 0 for reading in readings for way in reading.singles}
    for way in ways:
        ways[way] = sum(reading.singles.get(way) == answer for answer, reading in zip(answers, readings, strict=True))
    count = len(answers)
    ranked = sorted(ways.items(), key=lambda item: -item[1])
    return {way: {"success": round(read / count, 4), "ci95": wilson_interval(read, count)} for way, read in ranked}


def prove(singles: dict[str, dict], least: float) -> None:
    """Stops unless each reader reads so much in one view or another: else it is broken."""
    best: dict[str, float] = {}
    for way, outcome in singles.items():
        reader = way.split(", ")[0]
        best[reader] = max(best.get(reader, 0.0), outcome["success"])
    for reader, share in best.items():
        if share < least:
            raise SystemExit(f"{reader} reads {share:.0%} of what it must read")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--attack", choices=("known", "adapted"), default="known")
    parser.add_argument("--name", help="of the set, for the result")
    parser.add_argument("--test", type=int, help="pictures at the set's end to be judged by; all, unless given")
    parser.add_argument("--alphabet", help="characters that can occur; those of the set, unless given")
    parser.add_argument("--workers", type=int, default=1, help="processes of one thread each")
    parser.add_argument("--readings", help="file to put what was read of each picture in")
    parser.add_argument(
        "--must-read", type=float, default=0.0, help="share that each reader must read, or the run stops"
    )
    options = parser.parse_args()
    every = [Picture(picture.path, picture.answer.upper()) for picture in pictures_of(options.folder)]
    test = held_out(every, options.test)[1] if options.test and options.test < len(every) else every
    answers = [picture.answer for picture in test]
    lengths = {len(answer) for answer in answers}
    if len(lengths) != 1:
        raise SystemExit(f"answers of one length are attacked, and these have {sorted(lengths)}")
    alphabet = options.alphabet or alphabet_of(every)
    readings = list(read_set(test, options, alphabet, lengths.pop()))
    if options.readings:
        lines = [
            f"{picture.path.name} {reading.text} {reading.margin:.2f}\n"
            for picture, reading in zip(test, readings, strict=True)
        ]
        Path(options.readings).write_text("".join(lines))
    singles = single_calls(answers, readings)
    prove(singles, options.must_read)
    report(
        {
            "solver": f"ready-made {options.attack}",
            "target": options.name or options.folder,
            **score(answers, [reading.text for reading in readings]),
            "answered": at_shares(answers, [(reading.text, reading.margin) for reading in readings]),
            "best_single": {"way": next(iter(singles)), **next(iter(singles.values()))},
            "singles": singles,
            "failures": 0,
            "version": versions(),
            "cpu_s_each": round(sum(reading.cpu_s for reading in readings) / len(readings), 2),
            "cpu_s": round(sum(reading.cpu_s for reading in readings), 1),
        }
    )


if __name__ == "__main__":
    main()
