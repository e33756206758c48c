"""How many answers a solver read, and how sure that is."""

from __future__ import annotations

import datetime
import json
import math


def score(answers: list[str], guesses: list[str], fold_case: bool = False) -> dict:
    """Share of whole answers, its 95 % interval, and the share of characters that are right."""
    if fold_case:
        answers, guesses = [a.lower() for a in answers], [g.lower() for g in guesses]
    pairs = list(zip(answers, guesses, strict=True))
    read = sum(answer == guess for answer, guess in pairs)
    characters = sum(len(answer) for answer in answers)
    right = sum(max(0, len(answer) - edit_distance(answer, guess)) for answer, guess in pairs)
    return {
        "n": len(pairs),
        "success": round(read / len(pairs), 4),
        "ci95": wilson_interval(read, len(pairs)),
        "char_acc": round(right / characters, 4),
    }


# Shares of pictures that a solver answers, if it may leave those out that it is less sure of.
SHARES = (1.0, 0.5, 0.25, 0.1)


def at_shares(answers: list[str], guesses: list[tuple[str, float]]) -> dict[str, dict]:
    """How many of its surest guesses are right, for a solver that answers only a share of what it is asked.

    A guess comes with its margin: how much likelier it is, as a logarithm, than the next one.
    """
    pairs = sorted(zip(answers, guesses, strict=True), key=lambda pair: -pair[1][1])
    outcome = {}
    for share in SHARES:
        answered = pairs[: math.ceil(share * len(pairs))]
        right = sum(answer == guess for answer, (guess, _) in answered)
        outcome[f"{share:.0%}"] = {
            "n": len(answered),
            "success": round(right / len(answered), 4),
            "ci95": wilson_interval(right, len(answered)),
        }
    return outcome


def edit_distance(one: str, other: str) -> int:
    """Levenshtein's distance: insertions, deletions and substitutions that turn one text into the other."""
    previous = list(range(len(other) + 1))
    for row, left in enumerate(one, 1):
        current = [row]
        for column, right in enumerate(other, 1):
            cost = previous[column - 1] + (left != right)
            current.append(min(previous[column] + 1, current[-1] + 1, cost))
        previous = current
    return previous[-1]


def wilson_interval(successes: int, trials: int, z: float = 1.96) -> list[float]:
    """Wilson's interval for a share, which stays honest near 0 and 1, where the usual one does not."""
    share = successes / trials
    scale = 1 + z * z / trials
    centre = share + z * z / (2 * trials)
    half = z * ((share * (1 - share) + z * z / (4 * trials)) / trials) ** 0.5
    low, high = (centre - half) / scale, (centre + half) / scale
    return [round(max(0.0, low), 4), round(min(1.0, high), 4)]


def report(record: dict) -> None:
    """Prints a result as the one line that the bench collects, with the day on which it was measured."""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    print(json.dumps({**record, "date": today}), flush=True)
