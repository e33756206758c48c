#!/usr/bin/env python3
"""CPU time and bytes of our pictures or sounds beside lepture's, in alternate rounds, so that a busy machine slows all.

PROGRAM is `crates/captcha/examples/draw.rs` or `speak.rs`, built for release.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from scoring import report

LEPTURE = Path(__file__).parent / "peers" / "time_lepture.py"
# What the program says: how often it made how many, and the median size of one.
ROUNDS = re.compile(r"(\d+) rounds of (\d+)")
BYTES = re.compile(r"(\d+) bytes")


@dataclass(frozen=True)
class Medium:
    """What is compared, and how many are made in a round."""

    target: str
    ours: int
    leptures: int
    options: tuple[str, ...] = ()


PICTURES = Medium("lepture", 2000, 150)
SOUNDS = Medium("sound-lepture", 200, 12, ("--sound",))


def ours(program: str, count: int) -> tuple[float, float]:
    """CPU seconds and median bytes of one of ours. The program's start counts too, and is next to nothing."""
    before = _children_cpu_s()
    said = subprocess.run([program, "--time", str(count)], capture_output=True, text=True, check=True).stdout
    spent = _children_cpu_s() - before
    rounds, made = map(int, ROUNDS.search(said).groups())
    return spent / (rounds * made), float(BYTES.search(said).group(1))


def lepture(medium: Medium) -> tuple[float, float]:
    """CPU seconds and median bytes of one of lepture's."""
    command = [sys.executable, str(LEPTURE), "--count", str(medium.leptures), *medium.options]
    said = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return said["cpu_s"], said["bytes"]


def _children_cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--sound", action="store_true", help="compare sounds instead of pictures")
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    medium = SOUNDS if options.sound else PICTURES
    rounds = [(ours(options.program, medium.ours), lepture(medium)) for _ in range(options.rounds)]
    ratios = sorted(our_cpu_s / their_cpu_s for (our_cpu_s, _), (their_cpu_s, _) in rounds)
    report(
        {
            "solver": "speed",
            "target": medium.target,
            "rounds": options.rounds,
            "cpu_ratio": round(statistics.median(ratios), 5),
            "cpu_ratios": [round(ratios[0], 5), round(ratios[-1], 5)],
            "bytes": rounds[0][0][1],
            "lepture_bytes": statistics.median(size for _, (_, size) in rounds),
        }
    )


if __name__ == "__main__":
    main()
