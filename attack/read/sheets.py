"""Makes a reading test of labelled pictures: contact sheets and a page without answers, and a key kept apart.

    sheets.py light dark --count 200 --seed may --out test --key test-key --html

See README.md beside this file.
"""

import argparse
import hashlib
import math
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, UnidentifiedImageError

import answers
import labelled
import page
from labelled import LabelError, Labelled
from making import check_folders, within, write_key

MAX_COUNT = 2000
MAX_PER_SHEET = 100
MAX_COLUMNS = 20
MAX_ENLARGE = 4.0

# A middle grey, on which neither the light nor the dark pictures stand out.
GROUND = (184, 184, 184)
INK = (0, 0, 0)
GAP = 12
CAPTION_HEIGHT = 26
CAPTION_SIZE = 18


@dataclass(frozen=True)
class Grid:
    """How a sheet is laid out: pictures on it, columns, and the size of one cell in pixels."""

    per_sheet: int
    columns: int
    cell: tuple[int, int]


def main(arguments: list[str] | None = None) -> None:
    """The command line: draws the pictures and writes the test and its key."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    try:
        write_test(options)
    except (LabelError, OSError) as error:
        parser.exit(2, f"{parser.prog}: error: {error}\n")


def make_parser() -> argparse.ArgumentParser:
    """The options; the limits keep a slip of the finger from filling the disk."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "sets",
        nargs="+",
        type=Path,
        metavar="SET",
        help="folder of pictures named 00000_ANSWER.gif",
    )
    parser.add_argument(
        "--out", required=True, type=Path, help="folder for the reader: new or empty"
    )
    parser.add_argument(
        "--key",
        required=True,
        type=Path,
        help="folder for key.json, neither in --out nor around it",
    )
    parser.add_argument(
        "--count",
        required=True,
        type=within(int, 1, MAX_COUNT),
        help="pictures in the test, in equal shares of the sets",
    )
    parser.add_argument(
        "--seed", required=True, help="any text; the same one draws the same test"
    )
    parser.add_argument(
        "--per-sheet",
        default=20,
        type=within(int, 1, MAX_PER_SHEET),
        help="pictures on a sheet [default: 20]",
    )
    parser.add_argument(
        "--columns",
        default=4,
        type=within(int, 1, MAX_COLUMNS),
        help="pictures in a row [default: 4]",
    )
    parser.add_argument(
        "--enlarge",
        default=1.5,
        type=within(float, 0.5, MAX_ENLARGE),
        help="how much larger a sheet shows them [default: 1.5]",
    )
    parser.add_argument(
        "--html",
        action="store_true",
        help="also write page.html, on which a person takes the test",
    )
    return parser


def write_test(options: argparse.Namespace) -> None:
    """Draws the pictures, then writes what the reader gets and, elsewhere, the key."""
    check_folders(options.sets, options.out, options.key)
    drawn = labelled.draw(labelled.find(options.sets), options.count, options.seed)
    images = [pixels(picture) for picture in drawn]
    test = test_name(images)

    rows = [
        {
            "number": number,
            "answer": picture.answer,
            "set": picture.set_name,
            "file": picture.path.name,
        }
        for number, picture in enumerate(drawn, 1)
    ]
    write_key(options.key, {"test": test, "seed": options.seed}, "pictures", rows)
    options.out.mkdir(parents=True, exist_ok=True)
    write_sheets(options, images)
    template = answers.template(test, len(images))
    (options.out / "answers.txt").write_text(template, encoding="utf-8")
    if options.html:
        html = page.render(test, images)
        (options.out / "page.html").write_text(html, encoding="utf-8")


def test_name(images: list[Image.Image]) -> str:
    """A short name that ties answers to their key, made of nothing but what the reader sees."""
    digest = hashlib.sha256()
    for image in images:
        digest.update(repr(image.size).encode())
        digest.update(image.tobytes())
    return digest.hexdigest()[:8]


def pixels(picture: Labelled) -> Image.Image:
    """The picture's bare pixels: nothing else of its file, such as a comment, comes along."""
    try:
        with Image.open(picture.path) as image:
            if getattr(image, "n_frames", 1) != 1:
                raise LabelError(f"{picture.path} is animated")
            layer = image.convert("RGBA")
    except (OSError, UnidentifiedImageError) as error:
        raise LabelError(f"{picture.path} cannot be read: {error}") from error
    bare = Image.new("RGB", layer.size, "white")
    bare.paste(layer, mask=layer)
    return bare


def write_sheets(options: argparse.Namespace, images: list[Image.Image]) -> None:
    """Writes sheet_01.png and on. Every cell is as large as the largest picture needs."""
    enlarged = [enlarge(image, options.enlarge) for image in images]
    grid = Grid(
        options.per_sheet,
        options.columns,
        (max(i.width for i in enlarged), max(i.height for i in enlarged)),
    )
    for first in range(0, len(enlarged), grid.per_sheet):
        sheet = draw_sheet(enlarged[first : first + grid.per_sheet], first + 1, grid)
        number = first // grid.per_sheet + 1
        sheet.save(options.out / f"sheet_{number:02}.png")


def enlarge(image: Image.Image, times: float) -> Image.Image:
    """The image `times` as large, smoothed as a browser would."""
    size = (round(image.width * times), round(image.height * times))
    return image.resize(size, Image.Resampling.BICUBIC)


def draw_sheet(images: list[Image.Image], first_number: int, grid: Grid) -> Image.Image:
    """One sheet: rows of pictures, each under its number."""
    width, height = grid.cell
    columns = min(grid.columns, grid.per_sheet)
    rows = math.ceil(len(images) / columns)
    row_height = CAPTION_HEIGHT + height + GAP
    sheet = Image.new("RGB", (GAP + columns * (width + GAP), rows * row_height), GROUND)
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(CAPTION_SIZE)
    for place, image in enumerate(images):
        left = GAP + place % columns * (width + GAP)
        top = place // columns * row_height
        caption = f"{first_number + place:03}"
        baseline = (left, top + CAPTION_HEIGHT - 6)
        pen.text(baseline, caption, fill=INK, font=font, anchor="ls")
        sheet.paste(image, (left, top + CAPTION_HEIGHT))
    return sheet


if __name__ == "__main__":
    main()
