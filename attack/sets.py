"""Sets of labelled samples: a set is a folder of files named <number>_<ANSWER>.<extension>."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar


@dataclass(frozen=True)
class Sample:
    """A file and the answer that its name gives."""

    path: Path
    answer: str

    @classmethod
    def of_folder(cls, folder: str | Path, extensions: Collection[str]) -> list[Self]:
        """All samples of a set, in the order of their numbers."""
        files = sorted(path for path in Path(folder).iterdir() if path.suffix.lower() in extensions)
        return [cls(path, path.stem.split("_", 1)[1]) for path in files if "_" in path.stem]


S = TypeVar("S", bound=Sample)


def held_out(samples: list[S], count: int) -> tuple[list[S], list[S]]:
    """Splits a set into what may be learned from and its last `count` samples, which every solver is judged by."""
    if len(samples) <= count:
        raise SystemExit(f"{len(samples)} samples are too few to hold {count} of them out")
    return samples[:-count], samples[-count:]


def alphabet_of(samples: list[Sample]) -> str:
    """The characters that occur in the answers, sorted."""
    return "".join(sorted({character for sample in samples for character in sample.answer}))
