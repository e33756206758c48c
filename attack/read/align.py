"""Which shown character became which typed one: the cheapest edits from the truth to the answer (Levenshtein)."""


def align(shown: str, typed: str) -> list[tuple[str, str]]:
    """Pairs of shown and typed characters in order; "" where one was missed or added.

    Of equally cheap alignments it takes the one that pairs characters rather than miss one and add another.
    """
    costs = edit_costs(shown, typed)
    row, column = len(shown), len(typed)
    pairs = []
    while row or column:
        differs = not (row and column and shown[row - 1] == typed[column - 1])
        here = costs[row][column]
        if row and column and here == costs[row - 1][column - 1] + differs:
            row, column = row - 1, column - 1
            pairs.append((shown[row], typed[column]))
        elif row and here == costs[row - 1][column] + 1:
            row -= 1
            pairs.append((shown[row], ""))
        else:
            column -= 1
            pairs.append(("", typed[column]))
    return pairs[::-1]


def edit_costs(shown: str, typed: str) -> list[list[int]]:
    """The fewest edits from each beginning of `shown` to each beginning of `typed`."""
    costs = [list(range(len(typed) + 1))]
    for row, letter in enumerate(shown, 1):
        line = [row]
        for column, other in enumerate(typed, 1):
            paired = costs[-1][column - 1] + (letter != other)
            line.append(min(paired, costs[-1][column] + 1, line[-1] + 1))
        costs.append(line)
    return costs
