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

import vision

TEMPLATE = Path(__file__).parent / "strength.template.md"
PUBLISHED = Path(__file__).parent.parent / "docs/strength.md"
# Between these lines are tables that `cargo xtask price --write` makes.
PRICE_LINES = ("<!-- cargo xtask price -->", "<!-- end of cargo xtask price -->")
OURS = {
    "difficulty-1": "difficulty 1",
    "difficulty-2": "difficulty 2",
    "default": "**difficulty 3, the default**",
    "difficulty-4": "difficulty 4",
    "difficulty-5": "difficulty 5",
    "dark": "difficulty 3, dark theme",
    "day-29": "2026-11-29, the default",
    "before-1": "0.1.0, difficulty 1",
    "before-2": "0.1.0, difficulty 2",
    "before": "0.1.0, the default",
    "before-4": "0.1.0, difficulty 4",
    "before-5": "0.1.0, difficulty 5",
    "before-dark": "0.1.0, the default in the dark theme",
}
WEAK = {"weak": "weak look"}
SOUNDS = {"sound-ko": "Korean", "sound-en": "English", "sound-ja": "Japanese", "sound-zh": "Chinese"}
SOUNDS |= {"sound-ko-before": "0.1.0, Korean", "sound-en-before": "0.1.0, English"}
CLEAN_SOUNDS = {"sound-en-clean": "English, without noise"}
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
    "ready-made known": "ready-made, joined",
    "ready-made adapted": "ready-made, joined, adapted",
    "plain-warm@500": "plain warm@500",
    "plain-warm@2000": "plain warm@2,000",
    "plain-scratch@10000": "plain scratch@10,000",
    "adapted-warm@500": "adapted warm@500",
    "adapted-warm@2000": "adapted warm@2,000",
    "rows-warm@500": "rows warm@500",
    "own-copy": "own copy",
    "plain-both@500": "plain, whole and strip joined@500",
    "plain-both@2000": "plain, whole and strip joined@2,000",
    "adapted-both@500": "adapted, whole and strip joined@500",
    "adapted-both@2000": "adapted, whole and strip joined@2,000",
}
LISTENERS = {
    "pocketsphinx": "pocketsphinx",
    "whisper": "Whisper base",
    "dictionary": "dictionary",
    "segments@300": "segments@300",
    "segments@1000": "segments@1,000",
    "speech@300": "whole@300",
    "speech@1000": "whole@1,000",
    "own-copy": "own copy",
}
TRAINED = [solver for solver in SOLVERS if "@" in solver or solver.startswith("own-copy")]
READY = ("tesseract", "ddddocr")
JOINED = ("ready-made known", "ready-made adapted")
SHARES = ("100%", "50%", "25%", "10%")
VIEWS = ("whole", "cropped", "straightened")
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


def single_calls(results: Results) -> str:
    """What each ready-made reader reads by itself in one call, told alphabet and length."""
    rows = []
    for name, title in {**WEAK, **OURS, **PEERS}.items():
        for solver in JOINED:
            record = results.get((name, solver))
            if record:
                singles = record["singles"]
                readers = list(dict.fromkeys(way.split(", ")[0] for way in singles))
                for reader in sorted(readers):
                    cells = [cell(singles.get(f"{reader}, {view}")) for view in VIEWS]
                    rows.append([title, SOLVERS[solver], reader, str(record["n"]), *cells])
    return table_or_nothing(["pictures", "line by", "reader", "n", *VIEWS], rows)


def abstaining(results: Results, sets: dict[str, str], titles: dict[str, str]) -> str:
    """What solvers read of the share that they are surest of, if they leave the rest out."""
    rows = []
    for name, title in sets.items():
        for solver, solver_title in titles.items():
            record = results.get((name, solver))
            if record and "answered" in record:
                cells = [cell(record["answered"][share]) for share in SHARES]
                rows.append([title, solver_title, str(record["n"]), *cells])
    head = ["set", "solver", "n", *(f"{share[:-1]} % answered" for share in SHARES)]
    return table_or_nothing(head, rows)


def looks(results: Results) -> str:
    """What trained solvers read of the picture alone and of the strip alone, beside both."""
    rows = []
    for name, title in OURS.items():
        for solver in TRAINED:
            record = results.get((name, solver))
            if record and "looks" in record:
                own = record["looks"]
                rows.append(
                    [title, SOLVERS[solver], str(record["n"]), cell(own["whole"]), cell(own["strip"]), cell(record)]
                )
    return table_or_nothing(["pictures", "solver", "n", "whole", "strip", "both joined"], rows)


def voices(results: Results) -> str:
    """All renderings of a key, each by itself and together, to listeners who are an attacker's own copy."""
    record = results.get(("voices/en-normal", "voices"))
    if record is None:
        return "Not measured in this run."
    rows = [[name, str(one["n"]), cell(one), f"{percent(one['char_acc'])} %"] for name, one in record["single"].items()]
    for language, one in record["paces_joined"].items():
        rows.append([f"{language}, all paces", str(one["n"]), cell(one), f"{percent(one['char_acc'])} %"])
    how = "added up" if record["languages_say_one_word"] else "the surest language's word"
    rows.append([f"**all renderings, {how}**", str(record["n"]), cell(record), f"{percent(record['char_acc'])} %"])
    return markdown_table(["rendering", "n", "whole answers", "characters"], rows)


def seconds(results: Results) -> str:
    """CPU time of a picture for the ready-made readers together."""
    rows = []
    for name, title in OURS.items():
        for solver in JOINED:
            record = results.get((name, solver))
            if record:
                rows.append([title, SOLVERS[solver], str(record["n"]), f"{record['cpu_s_each']:.1f}"])
    return table_or_nothing(["pictures", "solver", "n", "CPU s a picture"], rows)


def table_or_nothing(head: list[str], rows: list[list[str]]) -> str:
    """A table, or a sentence that says that there is none."""
    return markdown_table(head, rows) if rows else "Not measured in this run."


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


def recognised(results: Results) -> str:
    """What Whisper base hears of sounds without noise, as a listener, and with it, as an attacker."""
    rows = []
    for name, title in SOUNDS.items():
        clean, noisy = results.get((name, "heard")), results.get((name, "whisper"))
        if clean or noisy:
            outcomes = [(clean or {}).get("told"), (clean or {}).get("free")]
            outcomes += [(noisy or {}).get("hearings", {}).get(way) for way in ("told", "free", "held")]
            rows.append([title, *(_recognised_cell(outcome) for outcome in outcomes)])
    head = ["sounds", "clean, told", "clean, told nothing", "noisy, told", "noisy, told nothing", "noisy, held"]
    return table_or_nothing(head, rows)


def _recognised_cell(outcome: dict | None) -> str:
    if outcome is None:
        return NOTHING
    whole = f"{outcome['success'] * outcome['n']:.0f} of {outcome['n']}"
    return f"{percent(outcome['aligned'])} % of characters, {whole} answers"


def distinct(results: Results, field: str) -> list[str]:
    """The different values of a field, sorted."""
    return sorted({record[field] for record in results.values() if field in record})


def commands(results: Results) -> str:
    """What was run, in the order of the tables."""
    order = {name: index for index, name in enumerate({**WEAK, **OURS, **PEERS})}
    known = sorted(results.values(), key=lambda record: order.get(record["target"], len(order)))
    return "\n".join(record["command"] for record in known)


def price(page: str) -> str:
    """The tables of prices that a page has, with the lines around them."""
    begin, end = PRICE_LINES
    if begin not in page or end not in page:
        raise SystemExit(f"no prices are between {begin} and {end}: cargo xtask price --write makes them")
    return page[page.index(begin) : page.index(end) + len(end)]


def fill(template: str, results: Results, quick: bool) -> str:
    """The whole document."""
    versions = {f"{record['solver']} {record['version']}" for record in results.values() if record["solver"] in READY}
    versions |= {record["version"] for record in results.values() if record["solver"] in (*TRAINED, *JOINED)}
    parts = {
        "warning": "**A quick run: few pictures and short training. These figures mean nothing.**\n\n" if quick else "",
        "ours": rates(results, OURS),
        "peers": rates(results, PEERS),
        "weak": rates(results, WEAK),
        "characters": characters(results, {**OURS, **PEERS}),
        "training": training(results),
        "ways": ways(results),
        "looks": looks(results),
        "voices": voices(results),
        "singles": single_calls(results),
        "seconds": seconds(results),
        "abstaining": abstaining(results, {**OURS, **PEERS}, SOLVERS),
        "abstaining_sounds": abstaining(results, {**SOUNDS, **SOUND_PEERS}, LISTENERS),
        "vision": markdown_table(vision.HEAD, vision.rows(OURS)),
        "vision_price": vision.price(),
        "speed": speed(results),
        "sounds": rates(results, {**SOUNDS, **CLEAN_SOUNDS, **SOUND_PEERS}, LISTENERS, "sounds"),
        "recognised": recognised(results),
        "intelligibility": intelligibility(results),
        "versions": ", ".join(sorted(versions)),
        "dates": ", ".join(distinct(results, "date")),
        "commits": ", ".join(distinct(results, "commit")),
        "commands": commands(results),
        "price": price(PUBLISHED.read_text()),
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
