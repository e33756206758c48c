"""The result files of the listening test: how they are read back, and how they are told apart in a score.

    {"test": "1f0c2a9b", "language": "ko", "listening": "headphones", "screen_reader": null, "answers": [
    {"sound": 1, "typed": "fhjkl", "plays": 1, "seconds": 12.5, "telephone": false}
    ]}

`listening` is headphones, loudspeaker, telephone or null, `screen_reader` true, false or null; null is what was not
said. Sounds that a listener never came to are left out.
"""

import json
from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from answers import MAX_ANSWER_CHARACTERS, normalise
from score import Kind, Reading, ScoreError, Shown

MAX_BYTES = 1 << 20
MAX_PLAYS = 10_000
MAX_SECONDS = 7 * 24 * 3600
LISTENING = {"headphones", "loudspeaker", "telephone"}
RESULT_FIELDS = {"test", "language", "listening", "screen_reader", "answers"}
ANSWER_FIELDS = {"sound", "typed", "plays", "seconds", "telephone"}
# From so many equal answers, times and plays on, two files are of one listener.
FEWEST_EQUAL = 3


class Malformed(Exception):
    """What is wrong with a result: the field, and why."""


@dataclass(frozen=True)
class Played(Shown):
    """One sound of the test, as the key has it."""

    telephone: bool


@dataclass(frozen=True)
class Hearing(Reading):
    """One sound as one listener heard it."""

    listening: str
    screen_reader: str


@dataclass(frozen=True)
class Test:
    """A test as its key has it."""

    name: str
    language: str
    sounds: list[Played]


SOUNDS = Kind(
    things="sounds",
    people="listeners",
    confused="Confused (said as typed)",
    wrong="Misheard",
    taken_as="heard as",
    unseen="Heard by nobody and not scored",
    groups={
        "telephone": ("", lambda h: "telephone" if h.picture.telephone else "plain"),
        "sets": ("set ", lambda h: h.picture.set_name),
        "listening": ("with ", lambda h: h.listening),
        "screen_readers": ("screen reader: ", lambda h: h.screen_reader),
        "readers": ("listener ", lambda h: h.reader),
    },
)


def read_key(path: Path) -> Test:
    """The test of a key."""
    try:
        key = json.loads(path.read_text(encoding="utf-8"))
        sounds = [
            Played(
                row["number"], normalise(row["answer"]), row["set"], row["telephone"]
            )
            for row in key["sounds"]
        ]
        return Test(key["test"], key["language"], sounds)
    except (ValueError, KeyError, TypeError) as error:
        raise ScoreError(f"{path} is not a listening test's key: {error!r}") from error


def read_all(paths: list[Path], test: Test) -> list[Hearing]:
    """What every listener heard. All malformed files are named at once, and nothing is scored then."""
    heard, problems = {}, []
    for path in paths:
        try:
            heard[path] = read_result(path, test)
        except Malformed as problem:
            problems.append(f"{path}: {problem}")
    for name, times in Counter(path.stem for path in paths).items():
        if times > 1:
            problems.append(f"{times} files are named {name!r}: name each as its own")
    for (path, one), (other_path, other) in combinations(heard.items(), 2):
        if are_of_one(one, other):
            problems.append(f"{path} and {other_path} are of one listener: give one")
    if problems:
        raise ScoreError("the results cannot be scored\n  " + "\n  ".join(problems))
    return [hearing for one in heard.values() for hearing in one]


def are_of_one(one: list[Hearing], other: list[Hearing]) -> bool:
    """Whether one file is the other, or its beginning: somebody who stopped, and went on later."""
    fewest = min(len(one), len(other))
    facts = [
        [(h.typed, h.seconds, h.plays) for h in hearings[:fewest]]
        for hearings in (one, other)
    ]
    return fewest >= FEWEST_EQUAL and facts[0] == facts[1]


def read_result(path: Path, test: Test) -> list[Hearing]:
    """What one listener heard, named after the file."""
    result = read_json(path)
    check_fields(result, RESULT_FIELDS, "")
    check(result["test"] == test.name, "test", f"is not the key's, {test.name}")
    check(
        result["language"] == test.language,
        "language",
        f"is not the key's, {test.language}",
    )
    listening, screen_reader = result["listening"], result["screen_reader"]
    is_known = listening is None or (
        isinstance(listening, str) and listening in LISTENING
    )
    check(is_known, "listening", f"is not {', '.join(sorted(LISTENING))} or null")
    is_flag = screen_reader is None or isinstance(screen_reader, bool)
    check(is_flag, "screen_reader", "is not true, false or null")
    rows = result["answers"]
    check(isinstance(rows, list) and rows, "answers", "is not a list with an answer")
    sounds = {sound.number: sound for sound in test.sounds}
    hearings = []
    for place, row in enumerate(rows):
        where = f"answers[{place}]"
        check_row(row, sounds, where)
        # Each sound is asked once, so that it is taken from those that may follow.
        hearings.append(
            Hearing(
                picture=sounds.pop(row["sound"]),
                reader=path.stem,
                typed=normalise(row["typed"]),
                seconds=float(row["seconds"]),
                plays=row["plays"],
                listening=listening or "not said",
                screen_reader={True: "yes", False: "no", None: "not said"}[
                    screen_reader
                ],
            )
        )
    return hearings


def read_json(path: Path):
    """A file's JSON; what is wrong with its form is named with its line."""
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    check(len(data) <= MAX_BYTES, "the file", f"is larger than {MAX_BYTES} bytes")
    try:
        return json.loads(data.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise Malformed(f"line {error.lineno}: is no JSON: {error.msg}") from error
    except (ValueError, RecursionError) as error:
        raise Malformed(f"is no JSON in UTF-8: {error}") from error


def check(holds: object, field: str, why: str) -> None:
    """Refuses a result in which something does not hold."""
    if not holds:
        raise Malformed(f"{field}: {why}")


def check_fields(value: object, fields: set[str], where: str) -> None:
    """Refuses what is not an object with exactly these fields."""
    check(isinstance(value, dict), where or "the file", "is not an object")
    for field in sorted(fields - value.keys()):
        check(False, f"{where}.{field}".lstrip("."), "is missing")
    for field in sorted(value.keys() - fields):
        check(False, f"{where}.{field[:40]!a}".lstrip("."), "is no field of a result")


def check_row(row: object, sounds: dict[int, Played], where: str) -> None:
    """Refuses a malformed answer; `sounds` are those that have none yet."""
    check_fields(row, ANSWER_FIELDS, where)
    sound, typed, plays, seconds, telephone = (
        row[name] for name in ("sound", "typed", "plays", "seconds", "telephone")
    )
    is_asked = type(sound) is int and sound in sounds
    check(is_asked, f"{where}.sound", "is no sound of the test, or is answered twice")
    is_short = isinstance(typed, str) and len(typed) <= MAX_ANSWER_CHARACTERS
    why = f"is not a text of up to {MAX_ANSWER_CHARACTERS} characters"
    check(is_short, f"{where}.typed", why)
    is_count = type(plays) is int and 1 <= plays <= MAX_PLAYS
    check(is_count, f"{where}.plays", f"is not a whole number from 1 to {MAX_PLAYS}")
    is_time = type(seconds) in (int, float) and 0 <= seconds <= MAX_SECONDS
    check(is_time, f"{where}.seconds", f"is not a number from 0 to {MAX_SECONDS}")
    is_so = type(telephone) is bool and telephone == sounds[sound].telephone
    check(is_so, f"{where}.telephone", "is not what the key says")
