#!/usr/bin/env python3
"""How much of each voice's speech noise leaves: STOI of sounds whose characters one voice says, over the usual noise.

    cargo build --release -p haechi-captcha --example trial_sound
    python attack/measure_voices.py target/release/examples/trial_sound

prints a table for docs/legibility.md: each language's voices in the order of the bank, and the worst characters of each.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile

from measure_speech import measure
from sounds import sounds_of

LANGUAGES = ("ko", "en", "ja", "zh")
ESPEAK = ("edward", "f1", "klatt4", "f5", "adam", "m6", "ed", "Annie", "Diogo", "f4")
# As in xtask/src/voices/engine.rs.
VOICES = {
    "en": ("flite slt", "flite rms", "flite awb", "edward", "f5", "klatt4", "flite kal16", "ed", "Annie", "Diogo")
}


def row(program: str, language: str, voice: int, count: int) -> str:
    """One voice's line of the table."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, f"{folder}/n", language, str(count), "97", f"voice={voice}"], check=True)
        pairs = list(zip(sounds_of(f"{folder}/n"), sounds_of(f"{folder}/n-clean"), strict=True))
        measured = measure(pairs)
    stoi = measured["stoi"]
    worst = ", ".join(f"{character} {value:.2f}" for character, value in list(measured["characters"].items())[:3])
    name = VOICES.get(language, ESPEAK)[voice]
    return f"| {language} | {name} | {stoi['median']:.3f} | {stoi['worst_5']:.3f} | {worst} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="the example trial_sound")
    parser.add_argument("--count", type=int, default=40, help="sounds a voice")
    options = parser.parse_args()
    print("| language | voice | STOI, median | worst 5 % | characters that noise covers most |")
    print("|---|---|---|---|---|")
    for language in LANGUAGES:
        for voice in range(10):
            print(row(options.program, language, voice, options.count), flush=True)


if __name__ == "__main__":
    main()
