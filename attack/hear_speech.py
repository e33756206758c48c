#!/usr/bin/env python3
"""What a listener hears who knows the language: Whisper base, told what answers are like (`--told`) or not (`--free`).

    hear_speech.py FOLDER --language ko --count 30 --both --table

The lead-in is cut off where the clean sound pauses: `--clean` names the folder of the same sounds without noise;
without it, FOLDER-clean is taken if it is there, and else FOLDER itself. What Whisper writes is turned into characters
by `spellings.py` and held against the answer where the two differ least. Whisper is a proxy for a listener: no person
hears here.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from hearing import RATES, judge
from pauses import SHORTEST_LEAD_IN_S, SHORTEST_TONES_S, lead_in_end
from scoring import report
from sounds import Sound, sounds_of
from spellings import ALPHABET, DIGITS, NAMES, Reader, told
from whisper_base import RATE_HZ, VERSION, Whisper

# Share of sounds of which nothing is written at which the recogniser counts as broken.
BROKEN = 0.5


def write(
    whisper: Whisper, sounds: list[Sound], begin: Callable[[Sound], float], prompts: dict[str, str | None]
) -> dict[str, list[str]]:
    """What Whisper writes of each sound from where it begins, for each prompt."""
    written = defaultdict(list)
    for sound in sounds:
        samples = sound.samples(RATE_HZ)[int(begin(sound) * RATE_HZ) :]
        encoded = whisper.encode(samples)
        for name, prompt in prompts.items():
            written[name].append(whisper.write(encoded, prompt)[0][0])
    return written


def are_numbers(answers: list[str]) -> bool:
    """Whether they are those of an app that asks for digits alone."""
    return all(set(answer) <= set(DIGITS) for answer in answers)


def prompts_of(language: str, answers: list[str]) -> dict[str, str | None]:
    """What a listener is told of such answers, by the name of the way."""
    alphabet = DIGITS if are_numbers(answers) else ALPHABET
    return {"free": None, "told": told(language, alphabet, len(answers[0]))}


def hear(whisper: Whisper, language: str, sounds: list[Sound], clean: Path) -> dict[str, list[str]]:
    """The characters that are heard of each sound after its lead-in, in each way."""
    reader = Reader.of_language(language)
    answers = [sound.answer for sound in sounds]
    written = write(whisper, sounds, beginning("found", clean, answers), prompts_of(language, answers))
    return {way: [reader.characters(text) for text in texts] for way, texts in written.items()}


def beginning(lead_in: str, clean: Path, answers: list[str]) -> Callable[[Sound], float]:
    """Where to begin: at the start, at a number of seconds, or where the clean sound pauses after its lead-in."""
    if lead_in == "none":
        return lambda _: 0.0
    if lead_in != "found":
        return lambda _: float(lead_in)
    shortest_s = SHORTEST_TONES_S if are_numbers(answers) else SHORTEST_LEAD_IN_S

    def found(sound: Sound) -> float:
        twin = Sound(clean / sound.path.name, sound.answer).samples(RATE_HZ)
        try:
            return lead_in_end(twin, RATE_HZ, shortest_s)
        except ValueError as error:
            raise SystemExit(f"{clean / sound.path.name}: {error}") from error

    return found


def table(language: str, outcomes: dict[str, dict]) -> str:
    """The outcomes, to read."""
    lines = []
    for name, one in outcomes.items():
        whole = f"{one['success'] * one['n']:.0f} of {one['n']} whole"
        lines.append(f"{language} {name}: {one['aligned'] * 100:.1f} % of characters, {whole}, {one['beyond']} beyond")
        names = [f"{character} {right}/{said}" for character, (right, said) in one["names"].items()]
        confusions = [f"{pair} {count}" for pair, count in one["confusions"].items()]
        lines += [f"  {'  '.join(names)}", f"  {'  '.join(confusions)}"]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--language", required=True, choices=sorted(NAMES))
    parser.add_argument("--count", type=int, default=30, help="sounds that are heard, from the set's end")
    parser.add_argument("--name", help="of the set, for the result; the folder's, if not given")
    ways = parser.add_mutually_exclusive_group()
    for way in ("told", "free", "both"):
        ways.add_argument(f"--{way}", dest="way", action="store_const", const=way)
    parser.set_defaults(way="both")
    parser.add_argument("--clean", type=Path, help="the folder of the same sounds without noise")
    parser.add_argument("--lead-in", default="found", help="found, none, or seconds to skip")
    parser.add_argument("--texts", action="store_true", help="what was written of each sound, too")
    parser.add_argument("--table", action="store_true", help="to read, instead of JSON")
    options = parser.parse_args()
    folder = Path(options.folder)
    twin = folder.with_name(f"{folder.name}-clean")
    clean = options.clean or (twin if twin.is_dir() else folder)
    sounds = sounds_of(folder)[-options.count :]
    answers = [sound.answer for sound in sounds]
    prompts = prompts_of(options.language, answers)
    prompts = {name: prompt for name, prompt in prompts.items() if options.way in (name, "both")}
    begin = beginning(options.lead_in, clean, answers)
    written = write(Whisper(options.language), sounds, begin, prompts)
    reader = Reader.of_language(options.language)
    heard = {name: [reader.characters(text) for text in texts] for name, texts in written.items()}
    outcomes = {name: judge(answers, texts) for name, texts in heard.items()}
    for name, texts in written.items():
        if (empty := texts.count("")) > BROKEN * len(texts):
            raise SystemExit(f"{name}: nothing was written of {empty} of {len(texts)} sounds: the recogniser is broken")
    starts = [begin(sound) for sound in sounds]
    cut = [round(min(starts), 2), round(max(starts), 2)]
    cpu_s = round(time.process_time(), 1)
    if options.texts:
        for name, texts in written.items():
            for answer, text, characters in zip(answers, texts, heard[name], strict=True):
                print(f"{name} {answer} {characters:12} {text}")
    if options.table:
        print(f"{table(options.language, outcomes)}\ncut at {cut[0]} to {cut[1]} s, {cpu_s} CPU s")
        return
    report(
        {
            "solver": "heard",
            "target": options.name or folder.name,
            "language": options.language,
            # The rates of the listener who is told most.
            **{field: value for field, value in outcomes[list(outcomes)[-1]].items() if field in RATES},
            **outcomes,
            "cut_s": cut,
            "version": VERSION,
            "cpu_s": cpu_s,
        }
    )


if __name__ == "__main__":
    main()
