"""What several readers say of several views of a picture, put together with equal weights.

Steps of different readers do not line up, so their probabilities cannot be averaged. Instead each proposes answers,
and every proposal is given the sum of the log-probabilities that all of them give it. Nothing is fitted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from beam import WIDTH, Answer, beam, likelihoods

# Answers that each view of each reader proposes.
PROPOSED = 6


@dataclass
class Said:
    """What a reader says at each step, and the answers that it finds likeliest."""

    steps: np.ndarray
    answers: list[Answer]
    surety: float

    @classmethod
    def of(cls, steps: np.ndarray, length: int, width: int = WIDTH) -> Said:
        """The likeliest answers of a length, and the log-probability of the first."""
        answers = beam(steps, length, width)[:PROPOSED]
        if not answers:
            raise ValueError(f"{len(steps)} steps are too few to say {length} characters")
        scores = likelihoods(steps, answers)
        order = np.argsort(-scores, kind="stable")
        return cls(steps, [answers[index] for index in order], float(scores.max()))


def joined(said: list[Said]) -> dict[Answer, float]:
    """Every answer that one of them proposes, and what all of them together give it."""
    proposals = sorted({answer for each in said for answer in each.answers})
    total = np.sum([likelihoods(each.steps, proposals) for each in said], axis=0)
    return dict(zip(proposals, total.tolist(), strict=True))


def surest(scores: dict[Answer, float]) -> tuple[Answer, float]:
    """The best answer, and by how much it is better than the next one."""
    ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    margin = ranked[0][1] - ranked[1][1] if len(ranked) > 1 else float("inf")
    return ranked[0][0], margin
