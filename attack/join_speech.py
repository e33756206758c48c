#!/usr/bin/env python3
"""An attacker who listens to several renderings of one key and adds up what they say.

Learns from one folder or several, and is judged by folders that hold the same keys, each by itself and all together.
Whoever has one rendering can play it at other paces by himself and hear it as often, so each is heard at several: what
all of them together say beyond the best of them is then what they tell that it does not.
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
from solve_speech import _resample as resample
from sounds import RATE_HZ, Sound, features, sounds_of

PART = 50
# What each sound is played at, against its own pace.
PACES = (1.0, 0.87, 1.15, 1.3)

View = tuple[list[Tensor], Tensor]


@torch.no_grad()
def view_of(trainer: Trainer, inputs: list[np.ndarray], pace: float) -> View:
    """What is heard in each sound at a pace: log-probabilities of its steps, and of its slots."""
    trainer.listener.eval()
    steps, slots = [], []
    inputs = [resample(sound, 0, int(len(sound) * pace), 0.0).astype(np.float32) for sound in inputs]
    for start in range(0, len(inputs), PART):
        part, lengths = batch_of(inputs[start : start + PART])
        heard = trainer.listener(part)
        said = functional.log_softmax(trainer.listener.steps(heard), 2)
        steps += [sound[:length] for sound, length in zip(said, lengths.tolist(), strict=True)]
        slots.append(functional.log_softmax(trainer.listener.slots(heard, lengths, trainer.length), 2))
    return steps, torch.cat(slots)


def inputs_of(sounds: list[Sound]) -> list[np.ndarray]:
    """What the listener is given of each sound."""
    return [features(sound.samples(RATE_HZ)) for sound in sounds]


def guesses_by(way: str, alphabet: str, length: int, views: list[View]) -> list[str]:
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
    inputs = {folder: inputs_of(test) for folder, test in zip(options.judge, tests, strict=True)}
    views = {folder: [view_of(trainer, sounds, pace) for pace in PACES] for folder, sounds in inputs.items()}
    once = {f"{folder} once": heard[:1] for folder, heard in views.items()}
    joined = [view for heard in views.values() for view in heard]
    for target, heard in {**once, **views, "joined": joined}.items():
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
