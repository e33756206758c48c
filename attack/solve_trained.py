#!/usr/bin/env python3
"""An attacker who has labelled pictures and trains a network on them, within a budget of CPU time on one thread.

The plain attacker takes pictures as they are. The adapted one was tuned on ours, and knows that their ground has both
polarities. The one of rows knows the others of our pictures as well: it reads an upper row before a lower one.
"""

from __future__ import annotations

import argparse
import os
import time

# Before numpy and torch start: CPU time is the budget, and more threads would spend it unseen.
os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")

import numpy as np
import torch

from inputs import Disturbance, View
from pictures import Picture, pictures_of
from scoring import at_shares, report, score
from sets import held_out
from strips import AdaptedStrip, KnownStrip
from training import Attacker, Trainer

# Where half of the ground is dark by design, turning a picture by what most of it is would be a coin's toss.
OUR_GROUND = {"may_be_inverted": False}

ATTACKERS = {
    "plain": Attacker(View(144, 48)),
    # The best of what was tried on our arches. A larger view, stronger bends, and a filter that seeks letters at every
    # height read less within the same time; a higher rate reads more of few pictures, or never starts.
    "adapted": Attacker(View(144, 48, **OUR_GROUND), rate=2.5e-3, batch=24, full_rate_share=0.3, test_views=3),
    "rows": Attacker(
        View(160, 80, **OUR_GROUND),
        rows=2,
        rate=6e-3,
        batch=24,
        full_rate_share=0.1,
        # Letters are half as large as in one row, so the same bends must be larger to reach them.
        disturbance=Disturbance(bend=(0.020, 0.050)),
        test_views=3,
    ),
}


VIEWS: dict[str, type[Picture]] = {"whole": Picture, "strip": KnownStrip, "adapted strip": AdaptedStrip}
LOOKS = {
    "whole": ["whole"],
    "strip": ["strip"],
    "adapted-strip": ["adapted strip"],
    "both": ["whole", "strip"],
    "both-adapted": ["whole", "adapted strip"],
}


def default_budget(train: int, warm: bool) -> float:
    """CPU seconds for a number of training pictures."""
    if warm:
        return {500: 60, 2000: 120}.get(train, 60 + train * 0.03)
    return {500: 80, 2000: 200, 10_000: 330}.get(train, 110 + train * 0.03)


def solver_name(options: argparse.Namespace) -> str:
    start = "warm" if options.init else "scratch"
    return options.solver or f"{options.attacker}, {start}@{options.train}"


def seen_as(view: type[Picture], pictures: list[Picture]) -> list[Picture]:
    """The same pictures in another view."""
    return [view(picture.path, picture.answer) for picture in pictures]


def one_case(pictures: list[Picture]) -> list[Picture]:
    """The same pictures with answers in capitals."""
    return [Picture(picture.path, picture.answer.upper()) for picture in pictures]


def main() -> None:
    options = arguments()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    np.random.seed(options.seed)
    rest, test = held_out(pictures_of(options.folder), options.test)
    if options.test_set:
        rest, test = rest + test, held_out(pictures_of(options.test_set), options.test)[1]
    if options.fold_case:
        rest, test = one_case(rest), one_case(test)
    if len(rest) < options.train:
        raise SystemExit(f"{len(rest)} pictures are too few to train on {options.train}")
    budget_s = options.cpu_seconds or default_budget(options.train, bool(options.init))
    checkpoint = torch.load(options.init, weights_only=True) if options.init else None
    answers = [picture.answer for picture in test]
    views, looked = [], {}
    for view in LOOKS[options.look]:
        learned, judged = (seen_as(VIEWS[view], part) for part in (rest[: options.train], test))
        trainer = Trainer(ATTACKERS[options.attacker], learned, budget_s, checkpoint)
        training = trainer.train()
        own = trainer.views(judged)
        views += own
        looked[view] = score(answers, [text for text, _ in trainer.texts(own)])
    # Readers of several views were trained on the same answers, so that their alphabets are one.
    guesses = trainer.texts(views)
    outcome = score(answers, [text for text, _ in guesses])
    if options.save:
        torch.save(trainer.checkpoint(), options.save)
    report(
        {
            "solver": solver_name(options),
            "target": options.name or options.folder,
            **outcome,
            "answered": at_shares(answers, guesses),
            **({"looks": looked} if len(looked) > 1 else {}),
            **training,
            "version": f"torch {torch.__version__}",
            "cpu_s": round(time.process_time(), 1),
        }
    )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--name", help="of the set, for the result")
    parser.add_argument("--solver", help="name of the solver, for the result")
    parser.add_argument("--attacker", choices=ATTACKERS, default="plain")
    parser.add_argument("--train", type=int, default=2000, help="labelled pictures to learn from")
    parser.add_argument("--test", type=int, default=500, help="pictures held out at the set's end")
    parser.add_argument("--test-set", help="folder to be judged by instead, the end of it")
    parser.add_argument(
        "--fold-case", action="store_true", help="for pictures that have one case where answers have two"
    )
    parser.add_argument("--cpu-seconds", type=float, help="budget for training")
    parser.add_argument("--init", help="trained reader to start from")
    parser.add_argument(
        "--look", choices=LOOKS, default="whole", help="at the picture, its straightened strip, or both, joined"
    )
    parser.add_argument("--save", help="where to put the trained reader")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
