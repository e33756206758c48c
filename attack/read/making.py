"""What the makers of both tests share: their folders, their key, and the parts of their pages."""

import argparse
import json
from pathlib import Path

from labelled import LabelError

HERE = Path(__file__).parent


def within(kind: type, least: float, most: float):
    """An argparse type: a number of `kind` from `least` to `most`."""

    def number(text: str):
        value = kind(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not from {least} to {most}")
        return value

    return number


def check_folders(sets: list[Path], out_folder: Path, key_folder: Path) -> None:
    """Keeps answers out of a person's reach, and typed answers from being overwritten."""
    out, key = out_folder.resolve(), key_folder.resolve()
    if out.is_relative_to(key) or key.is_relative_to(out):
        raise LabelError("--key must lie apart from --out")
    for folder in sets:
        source = folder.resolve()
        if out.is_relative_to(source) or source.is_relative_to(out):
            raise LabelError(f"--out must lie apart from {folder}")
    if out.exists() and any(out.iterdir()):
        raise LabelError(f"{out_folder} is not empty")
    if (key / "key.json").exists():
        raise LabelError(f"{key_folder} already holds a key.json")


def write_key(folder: Path, head: dict, things: str, rows: list[dict]) -> None:
    """Writes key.json: what is true of the test, and its answers under `things`, one a line."""
    start = json.dumps(head)[:-1] + f", {json.dumps(things)}: [\n"
    text = start + ",\n".join(map(json.dumps, rows)) + "\n]}\n"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "key.json").write_text(text, encoding="utf-8")


def source(name: str) -> str:
    """One of a page's parts, which lie beside this file."""
    return (HERE / name).read_text(encoding="utf-8").strip()


def fill(page: str, **parts: str) -> str:
    """Puts each part in the place of its {{name}}."""
    for name, part in parts.items():
        page = page.replace("{{" + name + "}}", part)
    return page
