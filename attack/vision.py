"""A vision-language model as an attacker: what it read, how long it took, and what a picture would cost.

Nobody runs it here. Its readings are those that stand for people in docs/legibility.md, and others that were made like
them; `read/readings.json` holds them, one line each.
"""

from __future__ import annotations

import json
from pathlib import Path

from scoring import wilson_interval

HEAD = ["pictures", "read", "in another order", "seconds a picture", "on", "how"]
READINGS = Path(__file__).parent / "read" / "readings.json"


def rows(titles: dict[str, str]) -> list[list[str]]:
    """A row for each reading, in the order of the sets."""
    readings = json.loads(READINGS.read_text())["readings"]
    unknown = {reading["set"] for reading in readings} - titles.keys()
    if unknown:
        raise ValueError(f"{READINGS.name} has sets that the table does not: {sorted(unknown)}")
    order = list(titles)
    return [_row(reading, titles) for reading in sorted(readings, key=lambda reading: order.index(reading["set"]))]


def _row(reading: dict, titles: dict[str, str]) -> list[str]:
    right, count = reading["right"], reading["n"]
    low, high = wilson_interval(right, count)
    return [
        titles[reading["set"]],
        f"{right} of {count}, {right / count:.1%} ({low * 100:.1f}–{high * 100:.1f})".replace("%", " %", 1),
        _or_dash(reading["order"]),
        _or_dash(reading["seconds"]),
        reading["date"],
        reading["note"],
    ]


def price() -> str:
    """What one picture costs, as a sum with its assumptions."""
    price = json.loads(READINGS.read_text())["price"]
    asked = price["input_tokens"] * price["input_usd_per_million"]
    total = asked + price["output_tokens"] * price["output_usd_per_million"]
    return (
        f"{price['input_tokens']} tokens in × {price['input_usd_per_million']:g} US$ / 1,000,000 + "
        f"{price['output_tokens']} tokens out × {price['output_usd_per_million']:g} US$ / 1,000,000 = "
        f"**{total / 1_000_000:.4f} US$ a picture**, at prices of {price['dated']}. {price['why']}"
    )


def _or_dash(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"
