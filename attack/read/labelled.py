"""Labelled files: folders of pictures named NUMBER_ANSWER.gif or sounds named NUMBER_ANSWER.wav, and a fair draw."""

import random
import re
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path


@dataclass(frozen=True)
class Kind:
    """What a test is made of: what one file is called, and how it ends."""

    thing: str
    ending: str

    @property
    def name(self) -> re.Pattern:
        """How a labelled file is named."""
        return re.compile(rf"\d+_([0-9A-Za-z]{{1,32}})\.({self.ending})", re.IGNORECASE)


PICTURES = Kind("picture", "gif|png|jpe?g|webp|bmp")
SOUNDS = Kind("sound", "wav")


class LabelError(Exception):
    """A folder or a file that no test can be made of."""


@dataclass(frozen=True)
class Labelled:
    """One labelled file: its path, its answer, and the set it comes from."""

    path: Path
    answer: str
    set_name: str


def find(folders: list[Path], kind: Kind = PICTURES) -> list[list[Labelled]]:
    """The labelled files of each folder, in the order of their names.

    Files of other names are passed over; a folder with no labelled one is an error.
    """
    return [
        find_in(folder, name, kind)
        for folder, name in zip(folders, set_names(folders), strict=True)
    ]


def find_in(folder: Path, set_name: str, kind: Kind) -> list[Labelled]:
    """The labelled files of one folder."""
    if not folder.is_dir():
        raise LabelError(f"{folder} is not a folder")
    files = [
        Labelled(path, label[1], set_name)
        for path in sorted(folder.iterdir())
        if (label := kind.name.fullmatch(path.name))
    ]
    if not files:
        example = f"00000_ANSWER.{kind.ending.partition('|')[0]}"
        raise LabelError(f"{folder} holds no {kind.thing} named like {example}")
    return files


def set_names(folders: list[Path]) -> list[str]:
    """A name for each folder: the shortest ends of their paths that tell them apart."""
    parts = [folder.resolve().parts for folder in folders]
    for depth in range(1, max(map(len, parts)) + 1):
        names = ["/".join(part[-depth:]) for part in parts]
        if len(set(names)) == len(names):
            return names
    raise LabelError("a folder is given twice")


def draw(sets: list[list[Labelled]], count: int, seed: str) -> list[Labelled]:
    """`count` files in random order, as many of each set as it has, up to a fair share.

    The order hangs on the seed and on the order of files, never on what the labels say.
    """
    available = sum(map(len, sets))
    if count > available:
        raise LabelError(f"{count} files are asked for, {available} are there")
    dice = random.Random(seed)
    shuffled = [dice.sample(files, len(files)) for files in sets]
    in_turn = [file for turn in zip_longest(*shuffled) for file in turn]
    drawn = [file for file in in_turn if file is not None][:count]
    dice.shuffle(drawn)
    return drawn
