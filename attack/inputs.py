"""From files to what the network sees, and the disturbances that make few pictures go a long way."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from pictures import Picture

cv2.setNumThreads(1)


@dataclass(frozen=True)
class View:
    """Size of the network's input, in pixels, and whether what is mostly dark is turned light first."""

    width: int
    height: int
    may_be_inverted: bool = True


@dataclass(frozen=True)
class Disturbance:
    """Largest changes that augmentation makes; lengths in parts of half the picture, angles in radians."""

    turn: float = 0.10
    widen: float = 0.10
    heighten: float = 0.14
    slant: float = 0.18
    shift_x: float = 0.08
    shift_y: float = 0.12
    bend: tuple[float, float] = (0.010, 0.030)
    noise: float = 0.12


# Ground and ink after stretching, and the range about them that bytes keep: tens of thousands of pictures stay small.
GROUND, INK = -0.5, 1.5
LOWEST, HIGHEST = -0.9, 1.9


def load(pictures: list[Picture], view: View) -> Tensor:
    """Pictures as bytes (count, 1, height, width), stretched to a common contrast, the ground low."""
    planes = np.stack([_contrast(picture.gray(), view) for picture in pictures])
    return torch.from_numpy(np.round((planes - LOWEST) * 255 / (HIGHEST - LOWEST)).astype(np.uint8))[:, None]


def as_numbers(pictures: Tensor) -> Tensor:
    """What `load` put into bytes."""
    return pictures.float() * ((HIGHEST - LOWEST) / 255) + LOWEST


def _contrast(gray: np.ndarray, view: View) -> np.ndarray:
    size = (view.width, view.height)
    plane = cv2.resize(gray.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    low, high = np.percentile(plane, (2, 98))
    plane = np.clip((plane - low) / max(high - low, 8), -0.2, 1.2)
    if np.median(plane) > 0.5 and view.may_be_inverted:
        plane = 1 - plane
    return plane * (INK - GROUND) + GROUND


def _within(count: int, reach: float) -> Tensor:
    return (torch.rand(count) * 2 - 1) * reach


def disturb(pictures: Tensor, how: Disturbance) -> Tensor:
    """Turns, stretches, slants, moves, bends and dims each picture by chance, and adds noise."""
    count, _, height, width = pictures.shape
    grid = functional.affine_grid(_affine(count, width / height, how), list(pictures.shape), align_corners=False)
    bend = functional.interpolate(torch.randn(count, 2, 4, 9), (height, width), mode="bicubic", align_corners=False)
    grid = grid + bend.permute(0, 2, 3, 1) * torch.tensor(how.bend)
    moved = functional.grid_sample(pictures, grid, padding_mode="border", align_corners=False)
    dimmed = moved * (1 + _within(count, 0.25)).view(-1, 1, 1, 1) + _within(count, 0.15).view(-1, 1, 1, 1)
    return dimmed + torch.randn_like(dimmed) * (torch.rand(count) * how.noise).view(-1, 1, 1, 1)


def _affine(count: int, aspect: float, how: Disturbance) -> Tensor:
    turn, slant = _within(count, how.turn), _within(count, how.slant)
    matrix = torch.zeros(count, 2, 3)
    matrix[:, 0, 0] = torch.cos(turn) / (1 + _within(count, how.widen))
    matrix[:, 0, 1] = (torch.sin(turn) + slant) / aspect
    matrix[:, 1, 0] = -torch.sin(turn) * aspect
    matrix[:, 1, 1] = torch.cos(turn) / (1 + _within(count, how.heighten))
    matrix[:, 0, 2] = _within(count, how.shift_x)
    matrix[:, 1, 2] = _within(count, how.shift_y)
    return matrix
