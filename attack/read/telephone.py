"""Makes a sound what a telephone makes of it: 300 to 3400 Hz, 8000 samples a second, 8 bits by the µ-law.

The band is cut by a windowed sinc (Blackman), which at the same time reads the sound at the telephone's moments,
whatever its rate. The µ-law is that of ITU-T G.711, there and back.
"""

from fractions import Fraction
from functools import cache
from math import ceil, cos, floor, pi, sin
from operator import mul

RATE_HZ = 8000
LOW_HZ, HIGH_HZ = 300, 3400
# How far the filter reaches to each side of a moment: as much as an edge of about 200 Hz takes.
REACH_SECS = 0.014

LOUDEST = 32635
BIAS = 132


def over_telephone(samples: list[int], rate_hz: int) -> list[int]:
    """16-bit samples at `rate_hz`, of at least 8000, as 16-bit samples at 8000 Hz."""
    step = Fraction(rate_hz, RATE_HZ)
    reach = ceil(REACH_SECS * rate_hz)
    padded = [0] * reach + samples + [0] * (reach + 1)
    heard = []
    for number in range(floor(len(samples) / step)):
        moment = number * step
        first = floor(moment)
        taps = band_pass(rate_hz, moment - first)
        # The sample at `first` lies in the middle of this window, because of the padding.
        window = padded[first : first + len(taps)]
        heard.append(companded(round(sum(map(mul, window, taps)))))
    return heard


@cache
def band_pass(rate_hz: int, late: Fraction) -> list[float]:
    """What the samples around a moment weigh; it lies `late` (0 to 1) of a sample behind the middle one."""
    reach = ceil(REACH_SECS * rate_hz)
    return [
        weight((place - float(late)) / rate_hz) / rate_hz
        for place in range(-reach, reach + 2)
    ]


def weight(secs: float) -> float:
    """The band's impulse response, a difference of two low-passes, under the window."""
    share = secs / (REACH_SECS + 1e-4)
    if abs(share) >= 1:
        return 0.0
    blackman = 0.42 + 0.5 * cos(pi * share) + 0.08 * cos(2 * pi * share)
    return blackman * (low_pass(secs, HIGH_HZ) - low_pass(secs, LOW_HZ))


def low_pass(secs: float, edge_hz: float) -> float:
    """The impulse response of an ideal low-pass."""
    return sin(2 * pi * edge_hz * secs) / (pi * secs) if secs else 2.0 * edge_hz


def companded(sample: int) -> int:
    """A 16-bit sample after the µ-law's 8 bits: the middle of the step that it falls into."""
    biased = min(abs(sample), LOUDEST) + BIAS
    shift = biased.bit_length() - 5
    middle = (2 * (biased >> shift) + 1) << (shift - 1)
    return middle - BIAS if sample >= 0 else BIAS - middle
