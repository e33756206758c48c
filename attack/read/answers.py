"""The file that a reader fills in: its template, how it is read back, and what counts as the same answer.

    test: 1f0c2a9b
    reader: Ann
    pictures: 1-40
    001: FHJKL
    002: 3r t-7 [4.2 s]

`test` says which key the answers belong to, `pictures` which ones the reader was given ("all", or numbers and
ranges such as "1-40, 61"); both and `reader` may be left out. The seconds are optional. "#" starts a comment line.
"""

import re
import unicodedata
from dataclasses import dataclass, field

from hangul import as_keys

MAX_ANSWER_CHARACTERS = 64

ANSWER_LINE = re.compile(r"(\d{1,6})\s*:\s*(.*?)\s*(?:\[(\d{1,6}(?:\.\d+)?) s\])?")
HEADER_LINE = re.compile(r"(test|reader|pictures)\s*:\s*(.*)", re.IGNORECASE)
RANGE = re.compile(r"(\d{1,6})(?:\s*-\s*(\d{1,6}))?")

# What haechi's own `normalise` leaves out besides white space: hyphens, dots, commas and invisible characters.
LEFT_OUT = re.compile(
    r"[\s\-.,。、・·ー\u00ad\u2010-\u2015\u2212\u200b-\u200f\u2060\ufeff]", re.UNICODE
)


@dataclass
class Answers:
    """One reader's answers by picture number, and the lines that could not be understood."""

    reader: str
    test: str | None = None
    given: set[int] = field(default_factory=set)
    typed: dict[int, str] = field(default_factory=dict)
    seconds: dict[int, float] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


class Malformed(Exception):
    """A line that is no answer, no heading and no comment."""


def template(test: str, count: int) -> str:
    """An empty answers file for `count` pictures."""
    lines = [
        "# After each number, type what the picture says. Case, spaces and hyphens do not count.",
        "# If you are not sure, guess. An empty answer counts as wrong.",
        "# If you were given only some of the pictures, say which: pictures: 1-40",
        f"test: {test}",
        "reader: ",
        "pictures: all",
        "",
        *(f"{number:03}: " for number in range(1, count + 1)),
    ]
    return "\n".join(lines) + "\n"


def parse(text: str, numbers: set[int], reader: str) -> Answers:
    """Reads an answers file about the pictures `numbers`; `reader` is the name if the file gives none.

    A line that cannot be understood becomes a problem, "line 7: why: what it says", and reading goes on.
    """
    answers = Answers(reader=reader, given=set(numbers))
    lines = text.removeprefix("\ufeff").splitlines()
    for position, line in enumerate(map(str.strip, lines), 1):
        if not line or line.startswith("#"):
            continue
        try:
            take_line(line, numbers, answers)
        except Malformed as why:
            answers.problems.append(f"line {position}: {why}: {line[:80]!r}")
    for number in sorted(answers.typed.keys() - answers.given):
        answers.problems.append(
            f'picture {number} is answered, but not among "pictures"'
        )
    return answers


def take_line(line: str, numbers: set[int], answers: Answers) -> None:
    """Takes in one line that is neither empty nor a comment."""
    if heading := HEADER_LINE.fullmatch(line):
        take_heading(heading[1].lower(), heading[2].strip(), numbers, answers)
    elif answer := ANSWER_LINE.fullmatch(line):
        take_answer(int(answer[1]), answer[2], answer[3], numbers, answers)
    else:
        raise Malformed('is not "NUMBER: ANSWER"')


def take_heading(name: str, value: str, numbers: set[int], answers: Answers) -> None:
    """Takes in `test`, `reader` or `pictures`; an empty one says nothing."""
    if not value:
        return
    if name == "test":
        answers.test = value
    elif name == "reader":
        answers.reader = value
    else:
        answers.given = parse_numbers(value, numbers)


def take_answer(
    number: int, typed: str, seconds: str | None, numbers: set[int], answers: Answers
) -> None:
    """Takes in the answer to one picture."""
    if number not in numbers:
        raise Malformed(f"the test has no picture {number}")
    if number in answers.typed:
        raise Malformed(f"picture {number} is answered twice")
    if len(typed) > MAX_ANSWER_CHARACTERS:
        raise Malformed(f"the answer has more than {MAX_ANSWER_CHARACTERS} characters")
    answers.typed[number] = normalise(typed)
    if seconds is not None:
        answers.seconds[number] = float(seconds)


def parse_numbers(text: str, numbers: set[int]) -> set[int]:
    """The picture numbers that "all" or a list such as "1-40, 61" stands for."""
    if text.lower() == "all":
        return set(numbers)
    chosen = set()
    for part in text.split(","):
        ends = RANGE.fullmatch(part.strip())
        if not ends:
            raise Malformed('pictures are given as "all" or as in "1-40, 61"')
        first, last = int(ends[1]), int(ends[2] or ends[1])
        if first > last or first not in numbers or last not in numbers:
            raise Malformed(f"the test has no pictures {part.strip()}")
        chosen.update(range(first, last + 1))
    return chosen


def normalise(typed: str) -> str:
    """What a typed text comes down to: full-width letters made plain, Hangul as the keys that typed it, upper case,
    no spaces, no hyphens, no dots.

    As the server does it, which reads other keyboards' layouts besides.
    """
    plain = LEFT_OUT.sub("", unicodedata.normalize("NFKC", typed))
    letters = "".join(map(as_keys, plain))
    return "".join(letter.upper() if letter.isascii() else letter for letter in letters)
