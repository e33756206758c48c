"""What a reader says at each step, read as the likeliest answers of one length, with numpy alone.

Steps are log-probabilities, (count, 1 + characters): the first class is CTC's blank (Graves et al., "Connectionist
temporal classification", 2006). An answer is a tuple of classes from 1 on.
"""

from __future__ import annotations

import numpy as np

Answer = tuple[int, ...]

# Prefixes of each length that are kept at each step: the best of all would be too short to become answers.
WIDTH = 8
NEVER = -1e30


def beam(steps: np.ndarray, length: int, width: int = WIDTH) -> list[Answer]:
    """Prefix beam search for the answers of exactly `length` characters, likeliest first."""
    classes = steps.shape[1]
    # A prefix is a number whose digits, in base `classes`, are its characters; none of them is 0.
    prefixes, lengths = np.zeros(1, np.int64), np.zeros(1, np.int64)
    in_blank, in_character = np.zeros(1), np.full(1, NEVER)
    for step in steps:
        both, last = np.logaddexp(in_blank, in_character), prefixes % classes
        stays_blank = both + step[0]
        stays_character = np.where(last > 0, in_character + step[last], NEVER)
        # A character is said again only after a blank.
        from_where = np.where(np.arange(1, classes) == last[:, None], in_blank[:, None], both[:, None])
        grown = (from_where + step[1:])[lengths < length].ravel()
        grown_prefixes = (prefixes[lengths < length, None] * classes + np.arange(1, classes)).ravel()
        grown_lengths = np.repeat(lengths[lengths < length] + 1, classes - 1)
        # What grows into a prefix that is there already is the same prefix.
        order = np.argsort(prefixes)
        place = order[np.searchsorted(prefixes[order], grown_prefixes).clip(max=len(order) - 1)]
        known = prefixes[place] == grown_prefixes
        np.logaddexp.at(stays_character, place[known], grown[known])
        prefixes = np.concatenate([prefixes, grown_prefixes[~known]])
        lengths = np.concatenate([lengths, grown_lengths[~known]])
        in_blank = np.concatenate([stays_blank, np.full((~known).sum(), NEVER)])
        in_character = np.concatenate([stays_character, grown[~known]])
        best = _best_of_each_length(np.logaddexp(in_blank, in_character), lengths, width)
        prefixes, lengths, in_blank, in_character = prefixes[best], lengths[best], in_blank[best], in_character[best]
    # The longest come last, in the order of their likelihoods.
    return [_characters(int(prefix), classes) for prefix in prefixes[lengths == length]]


def _best_of_each_length(scores: np.ndarray, lengths: np.ndarray, width: int) -> np.ndarray:
    order = np.argsort(-scores, kind="stable")
    return np.concatenate([order[lengths[order] == length][:width] for length in np.unique(lengths)])


def _characters(prefix: int, classes: int) -> Answer:
    answer = []
    while prefix:
        prefix, character = divmod(prefix, classes)
        answer.append(character)
    return tuple(reversed(answer))


def likelihoods(steps: np.ndarray, answers: list[Answer]) -> np.ndarray:
    """The log-probability of each answer, all of one length: CTC's forward sum over all ways to say it."""
    count, length = len(answers), len(answers[0])
    states = np.zeros((count, 2 * length + 1), np.int64)
    states[:, 1::2] = answers
    # A character may follow another one without a blank between, if it is not the same.
    may_skip = np.zeros(states.shape, bool)
    may_skip[:, 3::2] = states[:, 3::2] != states[:, 1:-2:2]
    forward = np.full(states.shape, NEVER)
    forward[:, :2] = steps[0][states[:, :2]]
    for step in steps[1:]:
        reached = forward.copy()
        reached[:, 1:] = np.logaddexp(reached[:, 1:], forward[:, :-1])
        skipped = np.where(may_skip[:, 2:], forward[:, :-2], NEVER)
        reached[:, 2:] = np.logaddexp(reached[:, 2:], skipped)
        forward = np.maximum(reached + step[states], NEVER)
    return np.logaddexp(forward[:, -1], forward[:, -2])
