"""Scores what readers typed against the key of their test.

    score.py test-key/key.json answers-ann.txt answers-ben.txt [--json]

See README.md beside this file.
"""

import argparse
import json
import statistics
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from math import sqrt
from pathlib import Path

from align import align
from answers import Answers, normalise, parse

# The two-sided 95 % point of the normal distribution.
Z_95 = 1.959964


class ScoreError(Exception):
    """A key or answers from which no honest score can be had."""


@dataclass(frozen=True)
class Shown:
    """One picture of the test, as the key has it."""

    number: int
    answer: str
    set_name: str


@dataclass(frozen=True)
class Reading:
    """One picture as one reader read it; `typed` is empty where nothing was answered."""

    picture: Shown
    reader: str
    typed: str
    seconds: float | None
    # How often a sound was played; of a picture there is nothing to play.
    plays: int | None

    @property
    def right(self) -> bool:
        """Whether the whole answer is right."""
        return self.typed == self.picture.answer


@dataclass(frozen=True)
class Kind:
    """What a test asks: the words for it in a report, and how its readings are told apart."""

    things: str
    people: str
    confused: str
    wrong: str
    taken_as: str
    unseen: str
    # By name: what a row of the table begins with, and which group a reading is of.
    groups: dict[str, tuple[str, Callable[[Reading], str]]]


PICTURES = Kind(
    things="pictures",
    people="readers",
    confused="Confused (shown as typed)",
    wrong="Misread",
    taken_as="read as",
    unseen="Read by nobody and not scored",
    groups={
        "sets": ("set ", lambda reading: reading.picture.set_name),
        "readers": ("reader ", lambda reading: reading.reader),
    },
)


def main(arguments: list[str] | None = None) -> None:
    """The command line: prints the score, or every line that stands in its way."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    try:
        test, key = read_key(options.key)
        result = score(test, key, read_all(options.answers, test, key))
    except (ScoreError, OSError) as error:
        parser.exit(2, f"{parser.prog}: error: {error}\n")
    if options.json:
        print(json.dumps(result, indent=1, ensure_ascii=False))
    else:
        print(report(result))


def make_parser() -> argparse.ArgumentParser:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("key", type=Path, help="the key.json of the test")
    parser.add_argument(
        "answers", nargs="+", type=Path, help="filled-in answers files, one a reader"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for scripts")
    return parser


# Reading the key and the answers


def read_key(path: Path) -> tuple[str, list[Shown]]:
    """The test's name and its pictures."""
    try:
        key = json.loads(path.read_text(encoding="utf-8"))
        pictures = [
            Shown(row["number"], normalise(row["answer"]), row["set"])
            for row in key["pictures"]
        ]
        return key["test"], pictures
    except (ValueError, KeyError, TypeError) as error:
        raise ScoreError(f"{path} is not a key: {error!r}") from error


def read_all(paths: list[Path], test: str, key: list[Shown]) -> list[Reading]:
    """Every reader's readings. All malformed lines are named at once, and nothing is scored then:
    a slip in the file's form is no misreading."""
    files = [read_answers(path, test, key) for path in paths]
    problems = [
        f"{path}: {problem}"
        for path, answers in zip(paths, files, strict=True)
        for problem in answers.problems
    ]
    for reader, times in Counter(answers.reader for answers in files).items():
        if times > 1:
            problems.append(
                f"{times} files are by {reader!r}: join them, or give each its own reader line"
            )
    if problems:
        raise ScoreError("the answers cannot be scored\n  " + "\n  ".join(problems))
    return [reading for answers in files for reading in readings(answers, key)]


def read_answers(path: Path, test: str, key: list[Shown]) -> Answers:
    """One answers file, with what is wrong with it; the reader is named after the file if unnamed."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ScoreError(f"{path} is not UTF-8 text: {error}") from error
    answers = parse(text, {picture.number for picture in key}, reader=path.stem)
    if answers.test not in (None, test):
        answers.problems.append(f"answers test {answers.test}, the key is of {test}")
    return answers


def readings(answers: Answers, key: list[Shown]) -> list[Reading]:
    """A reading of each picture that the reader was given, answered or not."""
    return [
        Reading(
            picture,
            answers.reader,
            answers.typed.get(picture.number, ""),
            answers.seconds.get(picture.number),
            plays=None,
        )
        for picture in key
        if picture.number in answers.given
    ]


# Scoring


def score(
    test: str, key: list[Shown], all_readings: list[Reading], kind: Kind = PICTURES
) -> dict:
    """Everything the report says, as plain data for JSON."""
    read = {reading.picture.number for reading in all_readings}
    return {
        "test": test,
        kind.things: len(key),
        "unread": [p.number for p in key if p.number not in read],
        "all": tally(all_readings),
        **{
            name: tally_by(all_readings, group)
            for name, (_, group) in kind.groups.items()
        },
        "confusions": confusions(all_readings),
        "misread": misread(all_readings),
    }


def tally_by(all_readings: list[Reading], name) -> dict[str, dict]:
    """A tally for each `name` of a reading."""
    ordered = sorted(all_readings, key=name)
    return {group: tally(list(members)) for group, members in groupby(ordered, name)}


def tally(some: list[Reading]) -> dict:
    """Rates over some readings. An unanswered picture is wrong in whole and in each character."""
    whole = sum(reading.right for reading in some)
    shown = sum(len(reading.picture.answer) for reading in some)
    seconds = [r.seconds for r in some if r.seconds is not None and r.typed]
    plays = [r.plays for r in some if r.plays is not None]
    right = sum(
        shown_one == typed_one
        for reading in some
        for shown_one, typed_one in align(reading.picture.answer, reading.typed)
    )
    return {
        "readings": len(some),
        "unanswered": sum(not reading.typed for reading in some),
        "other_order": sum(is_other_order(reading) for reading in some),
        "whole": whole,
        "whole_rate": rate(whole, len(some)),
        "whole_interval_95": wilson(whole, len(some)),
        "characters": shown,
        "characters_right": right,
        "character_rate": rate(right, shown),
        "median_secs": statistics.median(seconds) if seconds else None,
        "median_plays": statistics.median(plays) if plays else None,
    }


def rate(part: int, whole: int) -> float | None:
    """part/whole to four places; None of nothing."""
    return round(part / whole, 4) if whole else None


def wilson(right: int, count: int) -> tuple[float, float] | None:
    """Wilson's 95 % score interval (1927) of a rate, which also holds near 0 and 1."""
    if not count:
        return None
    share, weight = right / count, Z_95**2 / count
    middle = share + weight / 2
    reach = sqrt(weight * (share * (1 - share) + weight / 4))
    low, high = (middle - reach) / (1 + weight), (middle + reach) / (1 + weight)
    return round(max(0.0, low), 4), round(min(1.0, high), 4)


def is_other_order(reading: Reading) -> bool:
    """Whether every character was read, and only their order is wrong."""
    return not reading.right and sorted(reading.typed) == sorted(reading.picture.answer)


def confusions(all_readings: list[Reading]) -> list[dict]:
    """How often which shown character was typed as which other, most often first.

    Unanswered pictures say nothing about characters, and answers in another order do not confuse them.
    """
    pairs = Counter(
        pair
        for reading in all_readings
        if reading.typed and not is_other_order(reading)
        for pair in align(reading.picture.answer, reading.typed)
        if pair[0] != pair[1]
    )
    ordered = sorted(pairs.items(), key=lambda item: (-item[1], item[0]))
    return [{"shown": s, "typed": t, "times": n} for (s, t), n in ordered]


def misread(all_readings: list[Reading]) -> list[dict]:
    """The readings that are wrong, by picture."""
    wrong = [reading for reading in all_readings if not reading.right]
    return [
        {
            "number": reading.picture.number,
            "set": reading.picture.set_name,
            "reader": reading.reader,
            "shown": reading.picture.answer,
            "typed": reading.typed,
        }
        for reading in sorted(wrong, key=lambda r: (r.picture.number, r.reader))
    ]


# Printing


def report(result: dict, kind: Kind = PICTURES) -> str:
    """The score for people."""
    everyone = result["all"]
    size = f"{result[kind.things]} {kind.things}, {everyone['readings']} readings"
    people = f"{kind.people}: {', '.join(result['readers'])}"
    lines = [f"Test {result['test']}: {size}, {people}"]
    if unread := result["unread"]:
        lines.append(f"{kind.unseen}: {len(unread)} {kind.things}")
    lines += ["", *table(result, kind), "", f"{kind.confused}:"]
    lines += [confusion_line(pair) for pair in result["confusions"]] or ["  nothing"]
    lines += ["", f"{kind.wrong}:"]
    wrong_lines = [misread_line(wrong, kind) for wrong in result["misread"]]
    return "\n".join(lines + (wrong_lines or ["  nothing"]))


def table(result: dict, kind: Kind) -> list[str]:
    """A row for all and for each group, in columns."""
    head = ["", "whole answers", "", "95 %", "characters", "", "empty", "other order"]
    rows = [head + ["median s", "median plays"], row("all", result["all"])]
    for name, (start, _) in kind.groups.items():
        rows += [row(start + group, part) for group, part in result[name].items()]
    if result["all"]["median_plays"] is None:
        rows = [cells[:-1] for cells in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join([first.ljust(widths[0]), *map(str.rjust, rest, widths[1:])])
        for first, *rest in rows
    ]


def row(name: str, part: dict) -> list[str]:
    """One row of the table."""
    low, high = part["whole_interval_95"] or (None, None)
    secs, plays = part["median_secs"], part["median_plays"]
    return [
        name,
        f"{part['whole']} of {part['readings']}",
        percent(part["whole_rate"]),
        f"{percent(low)} to {percent(high)}",
        f"{part['characters_right']} of {part['characters']}",
        percent(part["character_rate"]),
        str(part["unanswered"]),
        str(part["other_order"]),
        "-" if secs is None else f"{secs:.1f}",
        "-" if plays is None else f"{plays:g}",
    ]


def percent(share: float | None) -> str:
    """A share as a percentage with one decimal."""
    return "-" if share is None else f"{100 * share:.1f} %"


def confusion_line(pair: dict) -> str:
    """One confused pair; a character that was missed or added has nothing for partner."""
    shown, typed = pair["shown"] or "nothing", printable(pair["typed"]) or "nothing"
    return f"  {shown} as {typed}: {pair['times']}"


def misread_line(wrong: dict, kind: Kind) -> str:
    """One misread picture."""
    typed = printable(wrong["typed"]) or "(nothing)"
    where = f"{wrong['set']}, {wrong['reader']}"
    return f"  {wrong['number']:03} {wrong['shown']} {kind.taken_as} {typed}  ({where})"


def printable(typed: str) -> str:
    """What was typed, without what a terminal would obey."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in typed)


if __name__ == "__main__":
    main()
