#!/usr/bin/env python3
"""What can be heard of each voice of the bank: by the measure of what noise leaves, and by a recogniser.

    cargo build --release -p haechi-captcha --example trial_sound
    python attack/measure_voices.py target/release/examples/trial_sound

prints two tables for docs/legibility.md. The first has a line for each voice, in the order of the bank: STOI of sounds
whose characters it says, over the usual noise; and how many of its names Whisper base hears, told what answers are like
or nothing, when it says five at a time, half a second apart, with nothing done to them. The second has the same for
each name, by all voices of a language together. A recogniser is a proxy for a listener: no person hears here.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

from bank import LANGUAGES, names_of_voices, voices_of_bank
from hear_speech import hear
from hearing import judge
from measure_speech import measure
from sounds import sounds_of
from spellings import ALPHABET
from whisper_base import Whisper

ASSETS = Path(__file__).parent.parent / "crates/captcha/assets/voices"
# Names as they are in the bank, at an even distance.
PLAIN = {
    "lead_in_pause_secs": "0.7..0.7",
    "period_secs": "0..0",
    "shortest_gap_secs": "0.45",
    "stretch": "1..1",
    "pitch": "1..1",
    "glide": "1..1",
    "speech_gain": "1..1",
    "tilt": "0..0",
    "colour_gain": "0..0",
    "walls": "0",
}
# One whose answers say every name often enough.
SEED = "11"
# Names that a voice is heard least by are shown.
WORST = 3


def spoken(program: str, folder: str, language: str, voice: int, count: int, style: dict[str, str]) -> str:
    """Has sounds spoken by one voice, and the same without noise beside them."""
    changes = [f"{field}={value}" for field, value in {"voice": str(voice), **style}.items()]
    subprocess.run([program, folder, language, str(count), SEED, *changes], check=True)
    return folder


class Voice:
    """One voice of a language: how much of it noise leaves, and what is heard of it."""

    def __init__(self, whisper: Whisper, program: str, language: str, voice: int, count: int) -> None:
        with tempfile.TemporaryDirectory() as folder:
            noisy = spoken(program, f"{folder}/noisy", language, voice, count, {})
            self.stoi = measure(list(zip(sounds_of(noisy), sounds_of(f"{noisy}-clean"), strict=True)))
            plain = Path(f"{spoken(program, f'{folder}/plain', language, voice, count, PLAIN)}-clean")
            sounds = sounds_of(plain)
            self.heard = {
                way: judge([sound.answer for sound in sounds], texts)
                for way, texts in hear(whisper, language, sounds, plain).items()
            }

    def row(self, language: str, name: str) -> str:
        """Its line of the first table."""
        stoi = self.stoi["stoi"]
        covered = list(self.stoi["characters"].items())[:WORST]
        worst = ", ".join(f"{character} {value:.2f}" for character, value in covered)
        told = {each: right / said for each, (right, said) in self.heard["told"]["names"].items() if right < said}
        least = ", ".join(f"{each} {told[each] * 100:.0f} %" for each in sorted(told, key=told.get)[:WORST])
        shares = [f"{self.heard[way]['aligned'] * 100:.0f} %" for way in ("told", "free")]
        cells = [LANGUAGES[language], name, f"{stoi['median']:.3f}", f"{stoi['worst_5']:.3f}", worst, *shares, least]
        return f"| {' | '.join(cells)} |"


def by_name(language: str, way: str, voices: list[Voice]) -> str:
    """A line of the second table: how often all voices together were heard to say each name."""
    right, said = Counter(), Counter()
    for voice in voices:
        for character, (heard, all_) in voice.heard[way]["names"].items():
            right[character] += heard
            said[character] += all_
    shares = [f"{right[each] / said[each] * 100:.0f}" if said[each] else "–" for each in ALPHABET]
    whole = f"{right.total() / said.total() * 100:.0f}"
    return f"| {LANGUAGES[language]}, {way} | {' | '.join([*shares, whole])} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="the example trial_sound")
    parser.add_argument("--count", type=int, default=30, help="sounds a voice")
    parser.add_argument("--languages", nargs="+", default=list(LANGUAGES), choices=LANGUAGES)
    options = parser.parse_args()
    voices = voices_of_bank((ASSETS / "voices.bank").read_bytes())
    names = names_of_voices(ASSETS / "voices.tsv", voices)
    print("| language | voice | STOI, median | worst 5 % | noise covers most | told | free | heard least, told |")
    print("|---|---|---|---|---|---|---|---|")
    rows = []
    for language in options.languages:
        whisper = Whisper(language)
        spoken_by = []
        for voice in range(voices[language]):
            spoken_by.append(Voice(whisper, options.program, language, voice, options.count))
            print(spoken_by[-1].row(language, names[language, voice]), flush=True)
        rows += [by_name(language, way, spoken_by) for way in ("told", "free")]
    print(f"\n| % heard | {' | '.join(ALPHABET)} | all |\n|{'---|' * (len(ALPHABET) + 2)}", *rows, sep="\n")


if __name__ == "__main__":
    main()
