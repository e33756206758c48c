"""Reading answers out of what a network trained with CTC says at each step."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

# Log-probability below which a character is not considered at a step.
FLOOR = -7.0

Prefix = tuple[int, ...]


def greedy(log_probabilities: Tensor) -> list[Prefix]:
    """The likeliest class of each step, repetitions and blanks dropped."""
    answers = []
    for steps in log_probabilities.argmax(2).tolist():
        kept = [now for before, now in zip([0, *steps], steps, strict=False) if now and now != before]
        answers.append(tuple(kept))
    return answers


def beam(steps: np.ndarray, length: int, width: int = 12) -> list[Prefix]:
    """Prefix beam search among answers of at most `length`; those of just that length are returned, best first."""
    # For each prefix: log-probability of the paths that end in a blank, and of those that end in its last character.
    beams: dict[Prefix, tuple[float, float]] = {(): (0.0, -np.inf)}
    for step in steps:
        beams = _advance(beams, step, length, width)
    ranked = sorted(beams.items(), key=lambda item: -np.logaddexp(*item[1]))
    return [prefix for prefix, _ in ranked if len(prefix) == length]


def _advance(beams: dict, step: np.ndarray, length: int, width: int) -> dict:
    blank: dict[Prefix, float] = defaultdict(lambda: -np.inf)
    ended: dict[Prefix, float] = defaultdict(lambda: -np.inf)
    likely = np.nonzero(step > FLOOR)[0].tolist()
    for prefix, (in_blank, in_character) in beams.items():
        both = np.logaddexp(in_blank, in_character)
        for symbol in likely:
            if symbol == 0:
                blank[prefix] = np.logaddexp(blank[prefix], both + step[0])
                continue
            repeated = bool(prefix) and prefix[-1] == symbol
            if repeated:
                ended[prefix] = np.logaddexp(ended[prefix], in_character + step[symbol])
            if len(prefix) < length:
                longer = (*prefix, symbol)
                ended[longer] = np.logaddexp(ended[longer], (in_blank if repeated else both) + step[symbol])
    merged = {prefix: (blank[prefix], ended[prefix]) for prefix in blank.keys() | ended.keys()}
    best = sorted(merged.items(), key=lambda item: -np.logaddexp(*item[1]))[:width]
    return dict(best)


def agree(views: list[Tensor], length: int | None) -> list[tuple[Prefix, float]]:
    """The answer that all views of each picture together find likeliest, and by how much; each view is (count, steps,
    classes).

    Steps of different views do not line up, so their probabilities cannot be averaged. Instead each view proposes
    answers, and every proposal is scored by CTC under all of them.
    """
    if length is None:
        # Nothing is known of other answers, so that the surest are those whose every step is.
        return list(zip(greedy(views[0]), views[0].max(2).values.sum(1).tolist(), strict=True))
    return [_best_of([view[index] for view in views], length) for index in range(len(views[0]))]


def _best_of(views: list[Tensor], length: int) -> tuple[Prefix, float]:
    proposals = list({prefix for view in views for prefix in beam(view.numpy(), length)[:4]})
    if not proposals:
        return greedy(views[0][None])[0], 0.0
    targets = torch.tensor(proposals)
    total = torch.zeros(len(proposals))
    for view in views:
        steps = view[:, None].expand(-1, len(proposals), -1)
        lengths = torch.full((len(proposals),), len(view))
        targets_length = torch.full((len(proposals),), length)
        total += functional.ctc_loss(steps, targets, lengths, targets_length, reduction="none")
    costs, order = total.sort()
    margin = float(costs[1] - costs[0]) if len(proposals) > 1 else float("inf")
    return proposals[int(order[0])], margin
