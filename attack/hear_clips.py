#!/usr/bin/env python3
"""Which name of the alphabet Whisper base takes each clip of the voice bank for, told the language alone.

`cargo xtask voices --hear` runs it on a folder of clips, `<language>/<voice>/<character>.s16` (16-bit samples at 16 kHz),
and keeps what it prints: for each clip its language, voice and character, which place its own name has among the sixteen
(1: it is heard as itself), by how much it leads the best other name or trails the first (a natural logarithm), and that
other name. Each clip is heard alone, between pauses, so that no other says where it is. What Whisper likes to write
anyway, the mean over the language's clips, is taken off.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from spellings import ALPHABET, HELD, NAMES
from whisper_base import RATE_HZ, Whisper

LANGUAGES = ("ko", "en", "ja", "zh")
PAUSE_S = 0.5
WINDOW_S = 3.0
SAMPLE = 32_768


def forms_of(whisper: Whisper, language: str) -> tuple[list[list[int]], list[str]]:
    """Every way to write a name, as tokens, and whose name it is."""
    tokens, owners = [], []
    for character in ALPHABET:
        texts = [character, NAMES[language][character], *HELD[language].get(character, "").split()]
        for text in dict.fromkeys(texts):
            tokens.append(whisper.tokens(text))
            owners.append(character)
    return tokens, owners


def hear(language: str, folder: Path) -> list[tuple[str, str, np.ndarray]]:
    """Voice and character of each clip, and how likely each name of the alphabet is."""
    whisper = Whisper(language)
    tokens, owners = forms_of(whisper, language)
    clips = sorted(path for path in folder.glob("*/*.s16") if path.stem in ALPHABET)
    pause = np.zeros(int(PAUSE_S * RATE_HZ), np.float32)
    heard = []
    for path in clips:
        samples = np.fromfile(path, "<i2").astype(np.float32) / SAMPLE
        encoded = whisper.encode(np.concatenate([pause, samples, pause]), WINDOW_S)
        heard.append(whisper.likelihoods(encoded, tokens, WINDOW_S))
    said = np.stack(heard)
    said -= said.mean(0)
    owned = [[owner == character for owner in owners] for character in ALPHABET]
    best = np.stack([said[:, columns].max(1) for columns in owned], 1)
    return [(path.parent.name, path.stem, scores) for path, scores in zip(clips, best, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    for language in LANGUAGES:
        clips = sorted(hear(language, options.folder / language), key=lambda clip: (int(clip[0]), ALPHABET.index(clip[1])))
        for voice, character, scores in clips:
            own = scores[ALPHABET.index(character)]
            others = {other: score for other, score in zip(ALPHABET, scores, strict=True) if other != character}
            rival = max(others, key=others.__getitem__)
            place = 1 + sum(score > own for score in others.values())
            print(language, voice, character, place, f"{own - others[rival]:.1f}", rival, sep="\t", flush=True)


if __name__ == "__main__":
    main()
