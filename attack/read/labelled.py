"""Labelled pictures: folders of files named NUMBER_ANSWER.gif, and a fair draw from them."""

import random
import re
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from PIL import Image, UnidentifiedImageError

LABELLED = re.compile(
    r"\d+_([0-9A-Za-z]{1,32})\.(gif|png|jpe?g|webp|bmp)", re.IGNORECASE
)


class PictureError(Exception):
    """A folder or a file that no reading test can be made of."""


@dataclass(frozen=True)
class Picture:
    """One labelled picture: its file, its answer, and the set it comes from."""

    path: Path
    answer: str
    set_name: str


def find(folders: list[Path]) -> list[list[Picture]]:
    """The labelled pictures of each folder, in the order of their file names.

    Files of other names are passed over; a folder with no labelled picture is an error.
    """
    return [
        find_in(folder, name)
        for folder, name in zip(folders, set_names(folders), strict=True)
    ]


def find_in(folder: Path, set_name: str) -> list[Picture]:
    """The labelled pictures of one folder."""
    if not folder.is_dir():
        raise PictureError(f"{folder} is not a folder")
    pictures = [
        Picture(path, label[1], set_name)
        for path in sorted(folder.iterdir())
        if (label := LABELLED.fullmatch(path.name))
    ]
    if not pictures:
        raise PictureError(f"{folder} holds no picture named like 00000_ANSWER.gif")
    return pictures


def set_names(folders: list[Path]) -> list[str]:
    """A name for each folder: the shortest ends of their paths that tell them apart."""
    parts = [folder.resolve().parts for folder in folders]
    for depth in range(1, max(map(len, parts)) + 1):
        names = ["/".join(part[-depth:]) for part in parts]
        if len(set(names)) == len(names):
            return names
    raise PictureError("a folder is given twice")


def draw(sets: list[list[Picture]], count: int, seed: str) -> list[Picture]:
    """`count` pictures in random order, as many of each set as it has, up to a fair share.

    The order hangs on the seed and on the order of files, never on what the labels say.
    """
    available = sum(map(len, sets))
    if count > available:
        raise PictureError(f"{count} pictures are asked for, {available} are there")
    dice = random.Random(seed)
    shuffled = [dice.sample(pictures, len(pictures)) for pictures in sets]
    in_turn = [picture for turn in zip_longest(*shuffled) for picture in turn]
    drawn = [picture for picture in in_turn if picture is not None][:count]
    dice.shuffle(drawn)
    return drawn


def pixels(picture: Picture) -> Image.Image:
    """The picture's bare pixels: nothing else of its file, such as a comment, comes along."""
    try:
        with Image.open(picture.path) as image:
            if getattr(image, "n_frames", 1) != 1:
                raise PictureError(f"{picture.path} is animated")
            layer = image.convert("RGBA")
    except (OSError, UnidentifiedImageError) as error:
        raise PictureError(f"{picture.path} cannot be read: {error}") from error
    bare = Image.new("RGB", layer.size, "white")
    bare.paste(layer, mask=layer)
    return bare
