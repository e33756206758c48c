"""The network of the trained solvers: convolutions, one column of features per step, a recurrent layer, and CTC.

The plain attacker reads one row. The adapted one knows that answers may stand on two: the same column filter looks at
an upper and a lower part of the feature map, and the recurrent layer reads the upper sequence before the lower.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

FEATURES = 192
RECURRENT = 96
# One stride and two poolings make a feature row of eight pixel rows.
PIXELS_PER_ROW = 8
# Feature rows that the column filter sees at once: 48 pixels, all of the plain attacker's picture.
COLUMN_HEIGHT = 6


def _block(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class Reader(nn.Module):
    """Maps pictures (count, 1, height, width) to logits (count, steps, characters + 1); 0 is CTC's blank."""

    def __init__(self, height: int, rows: int, characters: int) -> None:
        super().__init__()
        self.features = nn.Sequential(
            _block(1, 32, 2),
            _block(32, 48),
            nn.MaxPool2d(2),
            _block(48, 96),
            _block(96, 96),
            nn.MaxPool2d((2, 1)),
            nn.Dropout2d(0.05),
            _block(96, 128),
        )
        feature_rows = height // PIXELS_PER_ROW
        stride = max(1, (feature_rows - COLUMN_HEIGHT) // max(1, rows - 1))
        self.columns = nn.Conv2d(128, FEATURES, (COLUMN_HEIGHT, 3), stride=(stride, 1), padding=(0, 1), bias=False)
        self.norm = nn.BatchNorm2d(FEATURES)
        self.context = nn.GRU(FEATURES, RECURRENT, bidirectional=True, batch_first=True)
        self.dropout = nn.Dropout(0.25)
        self.logits = nn.Linear(FEATURES + 2 * RECURRENT, characters + 1)

    def forward(self, pictures: Tensor) -> Tensor:
        columns = functional.relu(self.norm(self.columns(self.features(pictures)))).float()
        # (count, features, rows, steps) becomes (count, rows after one another, features).
        columns = columns.permute(0, 2, 3, 1).flatten(1, 2)
        with torch.autocast("cpu", enabled=False):
            context, _ = self.context(columns)
        return self.logits(self.dropout(torch.cat([columns, context], 2))).float()


def warm_start(reader: Reader, checkpoint: dict, alphabet: str) -> None:
    """Copies what fits from a trained reader: layers of the same shape, and each character's row of the last layer."""
    ours, theirs = reader.state_dict(), checkpoint["weights"]
    for name, weights in ours.items():
        if not name.startswith("logits.") and theirs[name].shape == weights.shape:
            ours[name] = theirs[name]
    for name in ("logits.weight", "logits.bias"):
        ours[name][0] = theirs[name][0]
        for index, character in enumerate(alphabet, 1):
            known = checkpoint["alphabet"].find(character.upper())
            if known >= 0:
                ours[name][index] = theirs[name][known + 1]
    reader.load_state_dict(ours)
