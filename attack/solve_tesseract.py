#!/usr/bin/env python3
"""Tesseract, the best known free reader of print: every preprocessing, whole and cut in two rows, in five page modes.

The way is chosen on pictures apart from those that it is reported for. It may only say characters that occur.
"""

from __future__ import annotations

import argparse
import itertools
import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2

import preprocess
from pictures import Picture, pictures_of
from scoring import report, score
from sets import alphabet_of, held_out

# A line, a word, a raw line, a block, and scattered text.
PAGE_MODES = (7, 8, 13, 6, 11)
# A block or scattered text may have several lines; the others are tried on whole pictures and on each of two rows.
LINE_MODES = (7, 8, 13)
CUT = 0.5
FACTOR = 3
MARGIN = 20
# Between the pages that tesseract prints for a list of pictures.
PAGE_END = "\f"
# A page mode for each page that tesseract crashed on; and the share of crashes at which it counts as broken.
CRASHED: list[int] = []
BROKEN = 0.02


@dataclass(frozen=True)
class Way:
    """A preprocessing, tesseract's page mode, and whether each row is read by itself."""

    preprocessing: str
    page_mode: int
    cut: bool

    def __str__(self) -> str:
        return f"{self.preprocessing}, psm {self.page_mode}{', cut in two rows' if self.cut else ''}"


def ways() -> Iterator[Way]:
    """All ways."""
    for preprocessing, page_mode in itertools.product(preprocess.WAYS, PAGE_MODES):
        yield Way(preprocessing, page_mode, cut=False)
        if page_mode in LINE_MODES:
            yield Way(preprocessing, page_mode, cut=True)


def read_set(pictures: list[Picture], way: Way, alphabet: str) -> list[str]:
    """What a way reads in each picture."""
    prepare = preprocess.WAYS[way.preprocessing]
    pages, parts_each = [], 2 if way.cut else 1
    for picture in pictures:
        prepared = prepare(picture.gray())
        parts = preprocess.halves(prepared, CUT) if way.cut else [prepared]
        pages += [preprocess.framed(preprocess.enlarged(part, FACTOR), MARGIN) for part in parts]
    texts = _read_pages(pages, way.page_mode, alphabet)
    return ["".join(texts[start : start + parts_each]) for start in range(0, len(texts), parts_each)]


def _read_pages(pages: list, page_mode: int, alphabet: str) -> list[str]:
    """What tesseract reads on each page; `CRASHED` counts those that it crashes on.

    One call reads all pages, since starting tesseract costs more than reading. It divides by zero on a few noisy pages,
    so after a crash each half is read by itself, down to the page that it was.
    """
    texts = _texts(pages, page_mode, alphabet)
    if texts is None and len(pages) == 1:
        CRASHED.append(page_mode)
        return [""]
    if texts is None:
        middle = len(pages) // 2
        return [text for half in (pages[:middle], pages[middle:]) for text in _read_pages(half, page_mode, alphabet)]
    return ["".join(character for character in text if character in alphabet) for text in texts]


def _texts(pages: list, page_mode: int, alphabet: str) -> list[str] | None:
    """What one call prints for each page, or nothing if it dies of a signal."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, f"{index:05}.png") for index in range(len(pages))]
        for file, page in zip(files, pages, strict=True):
            cv2.imwrite(str(file), page, [cv2.IMWRITE_PNG_COMPRESSION, 1])
        listing = Path(folder, "pages.txt")
        listing.write_text("".join(f"{file}\n" for file in files))
        command = ["tesseract", str(listing), "stdout", "--psm", str(page_mode), "--dpi", "200"]
        for setting in (f"tessedit_char_whitelist={alphabet}", "load_system_dawg=0", "load_freq_dawg=0"):
            command += ["-c", setting]
        environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode < 0:
        return None
    done.check_returncode()
    texts = done.stdout.split(PAGE_END)
    if len(texts) != len(pages) + 1:
        raise SystemExit(f"tesseract printed {len(texts) - 1} pages of {len(pages)}")
    return texts[:-1]


def choose(tune: list[Picture], alphabet: str) -> Way:
    """The way that reads most of the tuning set. All are tried on its first half, and the best ten on all of it."""

    def rank(way: Way, pictures: list[Picture]) -> tuple[float, float]:
        outcome = score([picture.answer for picture in pictures], read_set(pictures, way, alphabet), fold_case=True)
        return outcome["success"], outcome["char_acc"]

    half = tune[: len(tune) // 2]
    shortlist = sorted(ways(), key=lambda way: rank(way, half), reverse=True)[:10]
    return max(shortlist, key=lambda way: rank(way, tune))


def version() -> str:
    """Tesseract's own."""
    done = subprocess.run(["tesseract", "--version"], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[0].removeprefix("tesseract ")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--name", required=True, help="of the set, for the result")
    parser.add_argument("--test", type=int, default=500, help="pictures held out at the set's end")
    parser.add_argument("--tune", type=int, default=60, help="pictures at the set's start, to choose the way on")
    options = parser.parse_args()
    rest, test = held_out(pictures_of(options.folder), options.test)
    if len(rest) < options.tune:
        raise SystemExit(f"{len(rest)} pictures are too few to tune on {options.tune}")
    alphabet = alphabet_of(rest + test)
    way = choose(rest[: options.tune], alphabet)
    CRASHED.clear()
    outcome = score([picture.answer for picture in test], read_set(test, way, alphabet), fold_case=True)
    if len(CRASHED) > BROKEN * len(test):
        raise SystemExit(f"tesseract crashed on {len(CRASHED)} pages of {len(test)} pictures")
    spent = os.times()
    cpu_s = spent.user + spent.system + spent.children_user + spent.children_system
    report(
        {
            "solver": "tesseract",
            "target": options.name,
            **outcome,
            "failures": len(CRASHED),
            "way": str(way),
            "ways_tried": len(list(ways())),
            "version": version(),
            "cpu_s": round(cpu_s, 1),
        }
    )


if __name__ == "__main__":
    main()
