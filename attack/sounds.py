"""Labelled sounds, and the features that solvers are given of them."""

from __future__ import annotations

import math
import wave
from pathlib import Path

import numpy as np
from scipy import signal

from sets import Sample

# Names of letters differ below 4 kHz as far as a solver gains by it; half the samples are half the time.
RATE_HZ = 8_000
BANDS = 32
# A frame each 20 ms, of 40 ms.
HOP = 160
WINDOW = 320
LOWEST_HZ, HIGHEST_HZ = 60, 3_950
# Frames of this share are taken for noise alone, and it is subtracted so many times, down to a floor.
QUIET_SHARE, SUBTRACTED, FLOOR = 0.2, 1.8, 0.08
NOISE_WINDOW_S = 0.032


class Sound(Sample):
    """A WAV file and the answer that its name gives."""

    def samples(self, rate_hz: int) -> np.ndarray:
        """Samples from -1 to 1 at a rate."""
        return load_mono(self.path, rate_hz)


def sounds_of(folder: str | Path) -> list[Sound]:
    """All sounds of a set, in the order of their numbers."""
    return Sound.of_folder(folder, {".wav"})


def load_mono(path: Path, rate_hz: int) -> np.ndarray:
    """A WAV file of 8 or 16 bits as samples from -1 to 1 at a rate, its channels put together."""
    with wave.open(str(path)) as file:
        channels, width, own_rate_hz = file.getnchannels(), file.getsampwidth(), file.getframerate()
        data = file.readframes(file.getnframes())
    if width == 1:
        samples = (np.frombuffer(data, np.uint8).astype(np.float32) - 128) / 128
    else:
        samples = np.frombuffer(data, "<i2").astype(np.float32) / 32_768
    samples = samples.reshape(-1, channels).mean(1)
    if own_rate_hz != rate_hz:
        divisor = math.gcd(own_rate_hz, rate_hz)
        samples = signal.resample_poly(samples, rate_hz // divisor, own_rate_hz // divisor)
    return samples.astype(np.float32)


def mel_power(samples: np.ndarray) -> np.ndarray:
    """Power in bands that are as wide as hearing has them: frames by bands."""
    _, _, spectrum = signal.stft(samples, RATE_HZ, nperseg=WINDOW, noverlap=WINDOW - HOP, boundary=None)
    return (FILTERS @ np.abs(spectrum) ** 2).T


def features(samples: np.ndarray) -> np.ndarray:
    """Logarithms of `mel_power` with a mean of 0 and a deviation of 1, so that level says nothing."""
    logarithms = np.log(mel_power(samples) + 1e-9)
    return ((logarithms - logarithms.mean()) / (logarithms.std() + 1e-5)).astype(np.float32)


def without_noise(samples: np.ndarray, rate_hz: int) -> np.ndarray:
    """A sound without what is as loud in its quietest moments (Boll, "Suppression of acoustic noise in speech using
    spectral subtraction", 1979)."""
    window = int(NOISE_WINDOW_S * rate_hz)
    _, _, spectrum = signal.stft(samples, rate_hz, nperseg=window)
    size = np.abs(spectrum)
    noise = np.quantile(size, QUIET_SHARE, axis=1, keepdims=True)
    kept = spectrum * np.maximum(FLOOR, 1 - SUBTRACTED * noise / np.maximum(size, 1e-9))
    return signal.istft(kept, rate_hz, nperseg=window)[1].astype(np.float32)


def _filters() -> np.ndarray:
    """Triangles whose corners are evenly spaced on the mel scale (O'Shaughnessy, 1987)."""
    mel = 2595 * np.log10(1 + np.array([LOWEST_HZ, HIGHEST_HZ]) / 700)
    corners = 700 * (10 ** (np.linspace(*mel, BANDS + 2) / 2595) - 1)
    frequencies = np.linspace(0, RATE_HZ / 2, WINDOW // 2 + 1)
    rising = (frequencies - corners[:-2, None]) / (corners[1:-1] - corners[:-2])[:, None]
    falling = (corners[2:, None] - frequencies) / (corners[2:] - corners[1:-1])[:, None]
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


FILTERS = _filters()
