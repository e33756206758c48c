"""Which voices the bank has, and what they are called."""

from __future__ import annotations

import sys
from pathlib import Path

# In the order of their numbers in the bank.
LANGUAGES = {"ko": "Korean", "en": "English", "ja": "Japanese", "zh": "Chinese"}
MAGIC = b"haechi voices 1\n"
# Of the bank's file: before the list of clips, and each entry of it.
HEAD_BYTES, ENTRY_BYTES = 20, 8


def voices_of_bank(bank: bytes) -> dict[str, int]:
    """How many voices each language has, from the file that crates/captcha/src/sound/bank.rs describes."""
    if not bank.startswith(MAGIC):
        raise SystemExit("this is no bank of voices, or one of another version")
    count = int.from_bytes(bank[HEAD_BYTES - 4 : HEAD_BYTES], "little")
    tags = list(LANGUAGES)
    voices = dict.fromkeys(tags, 0)
    for start in range(HEAD_BYTES, HEAD_BYTES + count * ENTRY_BYTES, ENTRY_BYTES):
        language = tags[bank[start]]
        voices[language] = max(voices[language], bank[start + 1] + 1)
    return voices


def names_of_voices(table: Path, voices: dict[str, int]) -> dict[tuple[str, int], str]:
    """What the bank's list calls each voice; without a list, its number."""
    names = {(language, voice): f"voice {voice}" for language, count in voices.items() for voice in range(count)}
    if not table.is_file():
        print(f"there is no {table.name} beside the bank: voices have numbers instead of names", file=sys.stderr)
        return names
    listed = {}
    for line in table.read_text().splitlines():
        language, voice, name = line.split("\t")[:3]
        if voice.isdigit():
            listed[language, int(voice)] = name
    if listed.keys() != names.keys():
        raise SystemExit(f"{table.name} has not the voices of the bank: {sorted(listed.keys() ^ names.keys())}")
    return listed
