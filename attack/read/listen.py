"""A listening test for people: makes a page with sounds to type, and scores what they typed.

    haechi speak --count 10 --out sounds --lang ko --seed may
    python attack/read/listen.py make sounds --lang ko --out test --key test-key
    python attack/read/listen.py score test-key/key.json result-*.json

See README.md beside this file.
"""

import argparse
import base64
import hashlib
import io
import json
import random
import sys
import wave
from array import array
from dataclasses import dataclass
from html import escape
from pathlib import Path

import labelled
import results
import score
from labelled import SOUNDS, LabelError, Labelled
from making import check_folders, fill, source, within, write_key
from telephone import RATE_HZ, over_telephone

TEXTS = json.loads(source("listen.json"))
MAX_COUNT = 100
MAX_RATE_HZ = 48000
MAX_SECS = 120
# What the script says; all other texts are in the page.
SCRIPT_TEXTS = (
    "title play pause again next finish unplayed ended silent resumed summary sure"
).split()


@dataclass(frozen=True)
class Sound:
    """One sound as a listener gets it."""

    labelled: Labelled
    telephone: bool
    wav: bytes


def main(arguments: list[str] | None = None) -> None:
    """The command line: makes a test, or prints its score."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    try:
        if options.command == "make":
            write_test(options)
        else:
            print_score(options)
    except (LabelError, score.ScoreError, OSError) as error:
        parser.exit(2, f"{parser.prog}: error: {error}\n")


def make_parser() -> argparse.ArgumentParser:
    """The options of both commands."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("make", help="make the page, and its key apart from it")
    make.add_argument(
        "sets",
        nargs="+",
        type=Path,
        metavar="FOLDER",
        help="sounds named like 00000_ANSWER.wav, 16-bit mono",
    )
    make.add_argument(
        "--lang", choices=sorted(TEXTS), default="ko", help="of the page [default: ko]"
    )
    make.add_argument(
        "--out", required=True, type=Path, help="folder for listen.html: new or empty"
    )
    make.add_argument(
        "--key",
        required=True,
        type=Path,
        help="folder for key.json, neither in --out nor around it",
    )
    make.add_argument(
        "--count",
        type=within(int, 1, MAX_COUNT),
        help="sounds in the test, in equal shares of the folders [default: all]",
    )
    make.add_argument(
        "--seed",
        default="1",
        help="any text; the same one draws the same test [default: 1]",
    )
    make.add_argument(
        "--telephone",
        choices=["all", "half", "none"],
        default="half",
        help="how many sounds are made to sound like a telephone [default: half]",
    )
    scoring = commands.add_parser("score", help="score the results of one test")
    scoring.add_argument("key", type=Path, help="the key.json of the test")
    scoring.add_argument(
        "results", nargs="+", type=Path, help="the files that listeners sent"
    )
    scoring.add_argument("--json", action="store_true", help="print JSON, for scripts")
    return parser


# Making a test


def write_test(options: argparse.Namespace) -> None:
    """Writes what the listener gets and, elsewhere, the key."""
    check_folders(options.sets, options.out, options.key)
    sets = labelled.find(options.sets, SOUNDS)
    count = options.count or sum(map(len, sets))
    if count > MAX_COUNT:
        raise LabelError(f"a page holds up to {MAX_COUNT} sounds, not {count}: --count")
    drawn = labelled.draw(sets, count, options.seed)
    filtered = draw_telephones(drawn, options.telephone, options.seed)
    sounds = [
        Sound(file, telephone, as_heard(file.path, telephone))
        for file, telephone in zip(drawn, filtered, strict=True)
    ]
    test = test_name(options.lang, sounds)
    head = {"test": test, "language": options.lang, "seed": options.seed}
    write_key(options.key, head, "sounds", key_rows(sounds))
    options.out.mkdir(parents=True, exist_ok=True)
    page = render(test, options.lang, sounds)
    (options.out / "listen.html").write_text(page, encoding="utf-8")


def draw_telephones(drawn: list[Labelled], share: str, seed: str) -> list[bool]:
    """Which sounds are filtered. Half are half of each folder's, to one sound."""
    if share != "half":
        return [share == "all"] * len(drawn)
    order = list(range(len(drawn)))
    random.Random(f"{seed} telephone").shuffle(order)
    order.sort(key=lambda place: drawn[place].set_name)
    filtered = set(order[1::2])
    return [place in filtered for place in range(len(drawn))]


def as_heard(path: Path, telephone: bool) -> bytes:
    """The sound's bare samples as a WAV: nothing else of its file, such as a comment, comes along."""
    samples, rate_hz = read_wav(path)
    if telephone:
        samples, rate_hz = over_telephone(samples, rate_hz), RATE_HZ
    return wav_of(samples, rate_hz)


def read_wav(path: Path) -> tuple[list[int], int]:
    """A file's samples and their rate."""
    try:
        with wave.open(str(path), "rb") as file:
            form = file.getparams()
            if (form.nchannels, form.sampwidth) != (1, 2):
                raise LabelError(f"{path} is not 16-bit mono")
            if not RATE_HZ <= form.framerate <= MAX_RATE_HZ:
                raise LabelError(
                    f"{path} has {form.framerate} samples a second, not {RATE_HZ} to {MAX_RATE_HZ}"
                )
            if not 0 < form.nframes <= MAX_SECS * form.framerate:
                raise LabelError(f"{path} is empty or longer than {MAX_SECS} s")
            samples = array("h", file.readframes(form.nframes))
    except (wave.Error, EOFError) as error:
        raise LabelError(
            f"{path} cannot be read: {error or 'it is cut short'}"
        ) from error
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tolist(), form.framerate


def wav_of(samples: list[int], rate_hz: int) -> bytes:
    """16-bit mono samples as a WAV."""
    little = array("h", samples)
    if sys.byteorder == "big":
        little.byteswap()
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(little.tobytes())
    return buffer.getvalue()


def test_name(language: str, sounds: list[Sound]) -> str:
    """A short name that ties results to their key, made of nothing but what the listener gets."""
    digest = hashlib.sha256(language.encode())
    for sound in sounds:
        digest.update(hashlib.sha256(sound.wav).digest())
    return digest.hexdigest()[:8]


def key_rows(sounds: list[Sound]) -> list[dict]:
    """The answers, for the key."""
    return [
        {
            "number": number,
            "answer": sound.labelled.answer,
            "set": sound.labelled.set_name,
            "file": sound.labelled.path.name,
            "telephone": sound.telephone,
        }
        for number, sound in enumerate(sounds, 1)
    ]


def render(test: str, language: str, sounds: list[Sound]) -> str:
    """The page, with style, script, texts and sounds inside."""
    texts = TEXTS[language]
    count = str(len(sounds))
    data = {
        "test": test,
        "language": language,
        "sounds": [
            {"address": data_uri(sound.wav), "telephone": sound.telephone}
            for sound in sounds
        ],
        "texts": {name: texts[name] for name in SCRIPT_TEXTS},
    }
    advice = "\n".join(f"<li>{escape(line)}</li>" for line in texts["advice"])
    plain = {n: escape(t) for n, t in texts.items() if isinstance(t, str)}
    return fill(
        source("listen.html"),
        **plain | {"task": plain["task"].replace("{count}", count)},
        advice=advice,
        language=language,
        count=count,
        style=source("page.css") + "\n" + source("listen.css"),
        script=source("listen.js"),
        # Nothing in the data may end the element that it is in.
        data=json.dumps(data, ensure_ascii=False).replace("<", "\\u003c"),
    )


def data_uri(wav: bytes) -> str:
    """The sound inside an address."""
    return "data:audio/wav;base64," + base64.b64encode(wav).decode()


# Scoring it


def print_score(options: argparse.Namespace) -> None:
    """Prints the score as score.py does that of pictures."""
    test = results.read_key(options.key)
    heard = results.read_all(options.results, test)
    result = score.score(test.name, test.sounds, heard, results.SOUNDS)
    if options.json:
        print(json.dumps(result, indent=1, ensure_ascii=False))
    else:
        print(score.report(result, results.SOUNDS))


if __name__ == "__main__":
    main()
