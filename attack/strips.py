"""Pictures straightened along their letters, for solvers that are trained."""

from __future__ import annotations

import cv2
import numpy as np

import ground
import heaps
from pictures import Picture, load_rgb

MASKS = {"known": ground.tone_that_follows, "adapted": ground.any_other_tone}


def strip_of(picture: np.ndarray, attack: str, length: int) -> np.ndarray:
    """The picture, RGB, along its letters; the whole of it if nothing in it is like letters."""
    layouts = heaps.layouts_of(heaps.main_groups(MASKS[attack](picture)), length)
    return layouts[0].strip(picture) if layouts else picture


class KnownStrip(Picture):
    """A picture whose luminance is that of its strip, where a letter's tone follows from its ground's."""

    ATTACK = "known"

    def gray(self) -> np.ndarray:
        """Luminance of the strip, 0 to 255."""
        return cv2.cvtColor(strip_of(load_rgb(self.path), self.ATTACK, len(self.answer)), cv2.COLOR_RGB2GRAY)


class AdaptedStrip(KnownStrip):
    """The same where a letter has any tone but its ground's."""

    ATTACK = "adapted"
