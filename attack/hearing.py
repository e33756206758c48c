"""How much of the answers was heard, where what was heard may have more or fewer characters than was said."""

from __future__ import annotations

from collections import Counter

from scoring import score
from spellings import UNKNOWN

# What of an outcome stands for the whole of it.
RATES = ("n", "success", "ci95", "char_acc")
# Confusions that happened so often are shown.
RECURRING = 2


def judge(answers: list[str], heard: list[str]) -> dict:
    """How much of the answers was heard: characters that stand where they should, whole answers, and name by name."""
    right, said, confused = Counter(), Counter(), Counter()
    beyond = 0
    for answer, text in zip(answers, heard, strict=True):
        for character, other in align(answer, text):
            if not character:
                beyond += 1
                continue
            said[character] += 1
            right[character] += character == other
            if character != other:
                confused[f"{character}>{other or '-'}"] += 1
    # Whoever types an answer leaves out what names no character.
    typed = [text.replace(UNKNOWN, "") for text in heard]
    names = {character: [right[character], said[character]] for character in sorted(said)}
    return {
        **score(answers, typed),
        "aligned": round(right.total() / said.total(), 4),
        "names": names,
        "beyond": beyond,
        "confusions": {pair: count for pair, count in confused.most_common() if count >= RECURRING},
    }


def align(answer: str, heard: str) -> list[tuple[str, str]]:
    """Each character of an answer with what was heard for it, `""` if nothing was; what was heard beyond the answer is
    paired with `""`. Of the alignments with the fewest edits it is one with the most characters right."""
    rows, columns = len(answer) + 1, len(heard) + 1
    costs = [[(0, 0)] * columns for _ in range(rows)]
    for row in range(rows):
        for column in range(columns):
            if row or column:
                costs[row][column] = min(cost for cost, _ in _steps(costs, answer, heard, row, column))
    pairs, row, column = [], rows - 1, columns - 1
    while row or column:
        _, (row, column, pair) = min(_steps(costs, answer, heard, row, column), key=lambda step: step[0])
        pairs.append(pair)
    return pairs[::-1]


def _steps(
    costs: list[list[tuple[int, int]]], answer: str, heard: str, row: int, column: int
) -> list[tuple[tuple[int, int], tuple[int, int, tuple[str, str]]]]:
    """The ways to a place of the alignment: edits, then characters right as a negative number, and where from."""
    steps = []
    if row and column:
        edits, right = costs[row - 1][column - 1]
        same = answer[row - 1] == heard[column - 1]
        pair = (answer[row - 1], heard[column - 1])
        steps.append(((edits + (not same), right - same), (row - 1, column - 1, pair)))
    if row:
        edits, right = costs[row - 1][column]
        steps.append(((edits + 1, right), (row - 1, column, (answer[row - 1], ""))))
    if column:
        edits, right = costs[row][column - 1]
        steps.append(((edits + 1, right), (row, column - 1, ("", heard[column - 1]))))
    return steps
