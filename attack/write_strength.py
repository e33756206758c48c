#!/usr/bin/env python3
"""Writes docs/strength.md: the text of strength.template.md, with the tables made of the results.

    write_strength.py RESULTS TARGET [--quick]

Every number in the tables is a result's. The text around them is written by hand, and says nothing that a new run
could make untrue.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

TEMPLATE = Path(__file__).parent / "strength.template.md"
OURS = {
    "difficulty-1": "difficulty 1",
    "difficulty-2": "difficulty 2",
    "default": "**difficulty 3, the default**",
    "difficulty-4": "difficulty 4",
    "difficulty-5": "difficulty 5",
    "dark": "difficulty 3, dark theme",
}
WEAK = {"weak": "weak look"}
SOUNDS = {"sound-ko": "Korean", "sound-en": "English", "sound-ja": "Japanese", "sound-zh": "Chinese"}
SOUND_PEERS = {"sound-lepture": "lepture/captcha (PyPI `captcha`), six digits"}
PEERS = {
    "lepture": "lepture/captcha (PyPI `captcha`)",
    "svg-captcha": "svg-captcha (npm)",
    "rust-captcha": "captcha (crates.io)",
    "captcha-rs": "captcha-rs (crates.io)",
    "biosvg": "biosvg (crates.io)",
    "easy-captcha": "easy-captcha (crates.io)",
}
SOLVERS = {
    "tesseract": "tesseract",
    "ddddocr": "ddddocr, best of all ways",
    "plain-warm@500": "plain warm@500",
    "plain-warm@2000": "plain warm@2,000",
    "plain-scratch@10000": "plain scratch@10,000",
    "adapted-warm@500": "adapted warm@500",
    "adapted-warm@2000": "adapted warm@2,000",
    "rows-warm@500": "rows warm@500",
    "own-copy": "own copy",
}
LISTENERS = {
    "pocketsphinx": "pocketsphinx",
    "dictionary": "dictionary",
    "segments@300": "segments@300",
    "segments@1000": "segments@1,000",
    "speech@300": "whole@300",
    "speech@1000": "whole@1,000",
    "own-copy": "own copy",
}
TRAINED = [solver for solver in SOLVERS if "@" in solver or solver == "own-copy"]
READY = ("tesseract", "ddddocr")
NOTHING = "–"

Results = dict[tuple[str, str], dict]


def newest(path: Path) -> Results:
    """The last result of each set and solver; earlier ones were measured on other pictures, or anew."""
    results: Results = {}
    for line in path.read_text().splitlines():
        record = json.loads(line)
        results[record["target"], record["solver"]] = record
    return results


def percent(share: float) -> str:
    """A share as a percentage with one decimal, as far as that says anything."""
    return f"{share * 100:.1f}"


def cell(record: dict | None) -> str:
    """A solver's rate with its interval; a solver that failed to learn shows nothing about the pictures."""
    if record is None:
        return NOTHING
    low, high = record["ci95"]
    rate = f"{percent(record['success'])} % ({percent(low)}–{percent(high)})"
    return rate if record.get("started", True) else f"*solver did not start: {rate}*"


def markdown_table(head: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def rates(results: Results, sets: dict[str, str], titles: dict[str, str] = SOLVERS, what: str = "pictures") -> str:
    """A row for each set that was attacked, a column for each solver that attacked any of them."""
    attacked = [name for name in sets if any((name, solver) in results for solver in titles)]
    if not attacked:
        return "Not measured in this run."
    solvers = [solver for solver in titles if any((name, solver) in results for name in attacked)]
    rows = [[sets[name], *(cell(results.get((name, solver))) for solver in solvers)] for name in attacked]
    return markdown_table([what, *(titles[solver] for solver in solvers)], rows)


def characters(results: Results, sets: dict[str, str]) -> str:
    """Single characters read right, which shows how near a solver is to whole answers."""
    attacked = [name for name in sets if any((name, solver) in results for solver in SOLVERS)]
    solvers = [solver for solver in SOLVERS if any((name, solver) in results for name in attacked)]

    def share(name: str, solver: str) -> str:
        record = results.get((name, solver))
        return f"{percent(record['char_acc'])} %" if record else NOTHING

    rows = [[sets[name], *(share(name, solver) for solver in solvers)] for name in attacked]
    return markdown_table(["pictures", *(SOLVERS[solver] for solver in solvers)], rows)


def training(results: Results) -> str:
    """How the training went: a solver that does not read its own training pictures says nothing of the others."""
    rows = []
    for name, title in {**WEAK, **OURS, **PEERS}.items():
        for solver in TRAINED:
            record = results.get((name, solver))
            if record:
                rows.append([title, SOLVERS[solver], *_training_cells(record)])
    head = ["pictures", "solver", "learned from", "epochs", "CPU s", "loss", "training answers read", "n", "verdict"]
    return markdown_table(head, rows)


def _training_cells(record: dict) -> list[str]:
    return [
        f"{record['n_train']:,}",
        f"{record['epochs']:.1f}",
        f"{record['training_cpu_s']:.0f}",
        f"{record['training_loss']:.3f}",
        f"{percent(record['training_success'])} %",
        str(record["n"]),
        verdict(record),
    ]


def verdict(record: dict) -> str:
    """What the training says about the rate beside it."""
    if not record["started"]:
        return "did not start: no evidence of strength"
    if record["training_success"] < 0.5:
        return "not learned in its time: more time may read more"
    if record["training_success"] - record["success"] > 0.2:
        return "learned by heart: more pictures would read more"
    return "learned"


def ways(results: Results) -> str:
    """The way in which each ready-made reader did best."""
    rows = []
    for name, title in {**WEAK, **OURS, **PEERS}.items():
        for solver in ("tesseract", "ddddocr"):
            record = results.get((name, solver))
            if record:
                rows.append([title, solver, str(record["n"]), f"{record['way']}, of {record['ways_tried']} ways"])
    return markdown_table(["pictures", "solver", "n", "best way"], rows)


def speed(results: Results) -> str:
    """CPU time and bytes beside lepture's."""
    rows = []
    for name, title in {"lepture": "pictures", "sound-lepture": "sounds"}.items():
        record = results.get((name, "speed"))
        if record:
            low, high = (f"{ratio:.2g}" for ratio in record["cpu_ratios"])
            ratio = f"{record['cpu_ratio']:.2g} ({low}–{high})"
            rows.append([title, ratio, f"{record['bytes']:,.0f}", f"{record['lepture_bytes']:,.0f}"])
    if not rows:
        return "Not measured."
    return markdown_table(["", "CPU time of one, of lepture's", "our median bytes", "lepture's"], rows)


def intelligibility(results: Results) -> str:
    """How much of the speech noise leaves, in each language."""
    rows = []
    for name, title in SOUNDS.items():
        record = results.get((name, "intelligibility"))
        if record:
            whole, extended = record["stoi"], record["estoi"]
            worst = ", ".join(f"{character} {value:.2f}" for character, value in list(record["characters"].items())[:3])
            low, high = record["seconds"]
            values = [whole["median"], whole["worst_5"], extended["median"], extended["worst_5"]]
            rows.append([title, str(record["n"]), *(f"{value:.3f}" for value in values), worst, f"{low} to {high}"])
    if not rows:
        return "Not measured in this run."
    head = ["language", "n", "STOI, median", "worst 5 %", "ESTOI, median", "worst 5 %", "worst characters", "seconds"]
    return markdown_table(head, rows)


def distinct(results: Results, field: str) -> list[str]:
    """The different values of a field, sorted."""
    return sorted({record[field] for record in results.values() if field in record})


def commands(results: Results) -> str:
    """What was run, in the order of the tables."""
    order = {name: index for index, name in enumerate({**WEAK, **OURS, **PEERS})}
    known = sorted(results.values(), key=lambda record: order.get(record["target"], len(order)))
    return "\n".join(record["command"] for record in known)


def fill(template: str, results: Results, quick: bool) -> str:
    """The whole document."""
    versions = {f"{record['solver']} {record['version']}" for record in results.values() if record["solver"] in READY}
    versions |= {record["version"] for record in results.values() if record["solver"] in TRAINED}
    parts = {
        "warning": "**A quick run: few pictures and short training. These figures mean nothing.**\n\n" if quick else "",
        "ours": rates(results, OURS),
        "peers": rates(results, PEERS),
        "weak": rates(results, WEAK),
        "characters": characters(results, {**OURS, **PEERS}),
        "training": training(results),
        "ways": ways(results),
        "speed": speed(results),
        "sounds": rates(results, {**SOUNDS, **SOUND_PEERS}, LISTENERS, "sounds"),
        "intelligibility": intelligibility(results),
        "versions": ", ".join(sorted(versions)),
        "dates": ", ".join(distinct(results, "date")),
        "commits": ", ".join(distinct(results, "commit")),
        "commands": commands(results),
    }
    for name, text in parts.items():
        template = template.replace(f"{{{{{name}}}}}", text)
    return template


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--quick", action="store_true", help="say that the figures mean nothing")
    options = parser.parse_args()
    results = newest(options.results)
    options.target.write_text(fill(TEMPLATE.read_text(), results, options.quick))
    for sets in (WEAK, OURS, PEERS):
        print(rates(results, sets), end="\n\n")
    print(speed(results))


if __name__ == "__main__":
    main()
