#!/usr/bin/env python3
"""An attacker who listens to several renderings of one key and adds up what they say.

Learns from one folder or several, and is judged by folders that hold the same keys, each by itself and all together.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

import ctc
from scoring import report, score
from sets import held_out
from solve_speech import Trainer, batch_of
from sounds import RATE_HZ, Sound, features, sounds_of

PART = 50


@torch.no_grad()
def views_of(trainer: Trainer, sounds: list[Sound]) -> tuple[list[Tensor], Tensor]:
    """What is heard in each sound: log-probabilities of its steps, and of its slots."""
    trainer.listener.eval()
    steps, slots = [], []
    inputs = [features(sound.samples(RATE_HZ)) for sound in sounds]
    for start in range(0, len(inputs), PART):
        part, lengths = batch_of(inputs[start : start + PART])
        heard = trainer.listener(part)
        said = functional.log_softmax(trainer.listener.steps(heard), 2)
        steps += [sound[:length] for sound, length in zip(said, lengths.tolist(), strict=True)]
        slots.append(functional.log_softmax(trainer.listener.slots(heard, lengths, trainer.length), 2))
    return steps, torch.cat(slots)


def guesses_by(way: str, alphabet: str, length: int, views: list[tuple[list[Tensor], Tensor]]) -> list[str]:
    """The likeliest answer to each key, by what all of its renderings say."""
    if way == "slots":
        found = (sum(slots for _, slots in views).argmax(2) + 1).tolist()
    else:
        keys = zip(*(steps for steps, _ in views), strict=True)
        found = [ctc.agree([steps[None] for steps in key], length)[0] for key in keys]
    return ["".join(alphabet[symbol - 1] for symbol in symbols) for symbols in found]


def main() -> None:
    options = arguments()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    np.random.seed(options.seed)
    learned = [sound for folder in options.learn for sound in sounds_of(folder)]
    learned = [learned[index] for index in np.random.permutation(len(learned))]
    tests = [held_out(sounds_of(folder), options.test)[1] for folder in options.judge]
    answers = [sound.answer for sound in tests[0]]
    if any([sound.answer for sound in test] != answers for test in tests):
        raise SystemExit("the folders hold different keys")
    trainer = Trainer(learned, options.cpu_seconds)
    training = trainer.train()
    views = [views_of(trainer, test) for test in tests]
    alone = {folder: [view] for folder, view in zip(options.judge, views, strict=True)}
    for target, heard in {**alone, "joined": views}.items():
        for way in ("steps", "slots"):
            outcome = score(answers, guesses_by(way, trainer.alphabet, trainer.length, heard))
            record = {"solver": f"joined-{way}", "target": target, **outcome, **training, "way": way}
            report({**record, "cpu_s": round(time.process_time(), 1)})


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learn", nargs="+", required=True, help="folders to learn from")
    parser.add_argument("--judge", nargs="+", required=True, help="folders of the same keys to be judged by")
    parser.add_argument("--test", type=int, default=400, help="sounds that are judged, at each folder's end")
    parser.add_argument("--cpu-seconds", type=float, default=300, help="budget for training")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
