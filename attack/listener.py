"""The network that learns to hear: convolutions, a recurrent layer, and two ways of saying what it heard.

CTC says a character at each step and needs no other knowledge, but may take longer than the whole budget to find where
characters are. Slots need to be told how many there are: the sound after its lead-in, whose usual length is learned, is
cut into as many equal parts, and each says what it finds in itself and near its edges. An attacker uses the one that
reads more of what it knows the answers of.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from sounds import BANDS

FEATURES = 128
RECURRENT = 80
# Frames for each step, and bands for each column of the last convolution.
FRAMES_PER_STEP = 4
BANDS_PER_COLUMN = 8
# How quickly a slot's attention falls outside of its part, which is 1 wide.
FALL = 2.2


def _block(inputs: int, outputs: int, stride: tuple[int, int] = (1, 1)) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class Listener(nn.Module):
    """Maps features (count, frames, bands) to logits; see `steps` and `slots`."""

    def __init__(self, characters: int) -> None:
        super().__init__()
        self.features = nn.Sequential(
            _block(1, 16, (2, 2)), _block(16, 32, (2, 2)), _block(32, 64, (1, 2)), _block(64, 64), nn.Dropout2d(0.05)
        )
        self.project = nn.Linear(64 * BANDS // BANDS_PER_COLUMN, FEATURES)
        self.context = nn.GRU(FEATURES, RECURRENT, bidirectional=True, batch_first=True)
        self.dropout = nn.Dropout(0.25)
        heard = FEATURES + 2 * RECURRENT
        self.step_logits = nn.Linear(heard, characters + 1)
        self.attention = nn.Linear(heard, 1)
        # Shares of the sound before the first character and after the last one, which may hold a lead-in.
        self.outside = nn.Parameter(torch.tensor([0.2, 0.02]))
        self.slot_logits = nn.Linear(heard, characters)

    def forward(self, sounds: Tensor) -> Tensor:
        """What is heard at each step: (count, steps, features)."""
        columns = self.features(sounds[:, None]).permute(0, 2, 1, 3).flatten(2)
        columns = functional.relu(self.project(columns)).float()
        with torch.autocast("cpu", enabled=False):
            context, _ = self.context(columns)
        return self.dropout(torch.cat([columns, context], 2)).float()

    def steps(self, heard: Tensor) -> Tensor:
        """Logits of each step: (count, steps, characters + 1); 0 is CTC's blank."""
        return self.step_logits(heard).float()

    def slots(self, heard: Tensor, lengths: Tensor, count: int) -> Tensor:
        """Logits of each slot, when so many characters are known to be there: (count, slots, characters)."""
        steps = torch.arange(heard.shape[1])[None] + 0.5
        before, after = self.outside
        places = (steps / lengths[:, None].float() - before) / (1 - before - after) * count
        middles = torch.arange(count)[None, :, None] + 0.5
        outside = torch.clamp((places[:, None] - middles).abs() - 0.5, min=0)
        far = (-((outside * FALL) ** 2)).masked_fill((steps > lengths[:, None])[:, None], -1e4)
        weights = torch.softmax(self.attention(heard)[..., 0][:, None] + far, 2)
        return weights @ self.slot_logits(heard).float()
