#!/usr/bin/env python3
"""An attacker who has labelled sounds and trains a network on them, within a budget of CPU time on one thread."""

from __future__ import annotations

import argparse
import math
import os
import time

# Before numpy and torch start: CPU time is the budget, and more threads would spend it unseen.
os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

import ctc
from listener import FRAMES_PER_STEP, Listener
from scoring import at_shares, report, score
from sets import alphabet_of, held_out
from sounds import BANDS, RATE_HZ, Sound, features, sounds_of

RATE = 2.5e-3
BATCH = 24
WARM_UP_STEPS = 40
# With a loss this low on disturbed sounds, more training changes nothing.
LEARNED = 0.008
LOSS_MEMORY = 0.05
# A listener that reads no more of its own training sounds than this has not begun to learn.
STARTED = 0.02
# Sounds that are learned from by nobody, to choose between steps and slots.
CHOOSING_SHARE = 20
LEAST_CHOOSING = 20
SILENCE = -1.0


def default_budget(train: int) -> float:
    """CPU seconds for a number of training sounds."""
    return {300: 90, 1000: 160}.get(train, 150 + train * 0.15)


class Trainer:
    """A listener, the mean of its weights over the last steps, and the sounds it learns from."""

    def __init__(self, sounds: list[Sound], budget_s: float) -> None:
        self.budget_s, self.alphabet = budget_s, alphabet_of(sounds)
        lengths = {len(sound.answer) for sound in sounds}
        # An attacker sees that all answers are of one length, and listens accordingly.
        self.length = lengths.pop() if len(lengths) == 1 else None
        chosen = max(LEAST_CHOOSING, len(sounds) // CHOOSING_SHARE)
        self.choosing, self.learning = sounds[:chosen], sounds[chosen:]
        self.inputs = [features(sound.samples(RATE_HZ)) for sound in self.learning]
        self.listener = Listener(len(self.alphabet))
        self.mean = {name: weights.clone() for name, weights in self.listener.state_dict().items()}
        self.optimizer = torch.optim.AdamW(self.listener.parameters(), lr=RATE, weight_decay=0.02)
        self.step_count, self.loss = 0, math.inf

    def train(self) -> dict:
        """Trains until the budget is spent or nothing is left to learn; says how it went."""
        start, order, position = time.process_time(), torch.randperm(len(self.inputs)), 0
        batch = min(BATCH, len(self.inputs))
        self.listener.train()
        while True:
            spent = (time.process_time() - start) / self.budget_s
            if spent >= 1 or (spent > 0.3 and self.loss < LEARNED):
                break
            if position + batch > len(order):
                order, position = torch.randperm(len(self.inputs)), 0
            self._step(order[position : position + batch].tolist(), spent)
            position += batch
        training_cpu_s = time.process_time() - start
        self.listener.load_state_dict(self.mean)
        return self._report(batch, training_cpu_s)

    def _step(self, chosen: list[int], spent: float) -> None:
        decay = 1 if spent < 0.5 else 0.5 * (1 + math.cos(math.pi * (spent - 0.5) / 0.5)) + 0.01
        for group in self.optimizer.param_groups:
            group["lr"] = RATE * min(1, (self.step_count + 1) / WARM_UP_STEPS) * decay
        loss = self._loss(chosen)
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.listener.parameters(), 5.0)
        self.optimizer.step()
        self.step_count += 1
        known = loss.item()
        self.loss = known if math.isinf(self.loss) else (1 - LOSS_MEMORY) * self.loss + LOSS_MEMORY * known
        self._follow()

    def _loss(self, chosen: list[int]) -> Tensor:
        inputs, lengths = batch_of([disturb(self.inputs[index]) for index in chosen])
        answers = [self.learning[index].answer for index in chosen]
        targets = torch.tensor([self.alphabet.index(character) for answer in answers for character in answer])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            heard = self.listener(inputs)
        steps = functional.log_softmax(self.listener.steps(heard), 2).transpose(0, 1)
        counts = torch.tensor([len(answer) for answer in answers])
        loss = functional.ctc_loss(steps, targets + 1, lengths, counts, zero_infinity=True)
        if self.length:
            slots = self.listener.slots(heard, lengths, self.length)
            loss = loss + functional.cross_entropy(slots.flatten(0, 1), targets)
        return loss

    @torch.no_grad()
    def _follow(self) -> None:
        """Moves the mean towards the weights: slowly later on, since the mean reads better than any one step."""
        keep = min(0.99, (self.step_count + 1) / (self.step_count + 10))
        for name, weights in self.listener.state_dict().items():
            if weights.dtype.is_floating_point:
                self.mean[name].mul_(keep).add_(weights, alpha=1 - keep)
            else:
                self.mean[name].copy_(weights)

    def _report(self, batch: int, training_cpu_s: float) -> dict:
        known = self.learning[:200]
        training = score([sound.answer for sound in known], texts(self._hear(self.inputs[: len(known)], self._way())))
        return {
            "n_train": len(self.choosing) + len(self.learning),
            "epochs": round(self.step_count * batch / len(self.inputs), 1),
            "training_loss": round(self.loss, 3),
            "training_success": training["success"],
            "training_char_acc": training["char_acc"],
            "started": training["success"] > STARTED,
            "training_cpu_s": round(training_cpu_s, 1),
            "way": self._way(),
        }

    def _way(self) -> str:
        """Steps or slots, whichever hears more in sounds that were kept for that choice."""
        if self.length is None:
            return "steps"
        inputs = [features(sound.samples(RATE_HZ)) for sound in self.choosing]
        answers = [sound.answer for sound in self.choosing]
        heard = {way: score(answers, texts(self._hear(inputs, way)))["char_acc"] for way in ("steps", "slots")}
        return max(heard, key=heard.__getitem__)

    def read(self, sounds: list[Sound]) -> list[tuple[str, float]]:
        """What the trained listener says, and how sure it is."""
        return self._hear([features(sound.samples(RATE_HZ)) for sound in sounds], self._way())

    @torch.no_grad()
    def _hear(self, inputs: list[np.ndarray], way: str) -> list[tuple[str, float]]:
        """What is heard, and how much likelier it is, as a logarithm, than the next answer."""
        self.listener.eval()
        answers = []
        for start in range(0, len(inputs), 50):
            part, lengths = batch_of(inputs[start : start + 50])
            heard = self.listener(part)
            if way == "slots":
                said = functional.log_softmax(self.listener.slots(heard, lengths, self.length), 2)
                best, symbols = said.topk(2, 2)
                # The next answer differs where the choice was hardest.
                margins = (best[..., 0] - best[..., 1]).min(1).values
                found = zip((symbols[..., 0] + 1).tolist(), margins.tolist(), strict=True)
            else:
                found = self._spell(functional.log_softmax(self.listener.steps(heard), 2), lengths)
            answers += [("".join(self.alphabet[symbol - 1] for symbol in symbols), margin) for symbols, margin in found]
        return answers

    def _spell(self, steps: Tensor, lengths: Tensor) -> list[tuple[ctc.Prefix, float]]:
        """The likeliest answer of the known length."""
        sounds = [sound[:length] for sound, length in zip(steps, lengths.tolist(), strict=True)]
        return [ctc.agree([sound[None]], self.length)[0] for sound in sounds]


def texts(heard: list[tuple[str, float]]) -> list[str]:
    """What was heard, without how sure that is."""
    return [text for text, _ in heard]


def batch_of(inputs: list[np.ndarray]) -> tuple[Tensor, Tensor]:
    """Sounds of several lengths as one tensor, and how many steps each has."""
    padded = nn.utils.rnn.pad_sequence([torch.from_numpy(sound) for sound in inputs], True, SILENCE)
    frames = torch.tensor([len(sound) for sound in inputs])
    return padded, (frames + FRAMES_PER_STEP - 1) // FRAMES_PER_STEP


def disturb(sound: np.ndarray) -> np.ndarray:
    """The sound at another pace, pitch and level, over noise, with bands and a moment masked (Park, "SpecAugment")."""
    sound = _resample(sound, 0, max(8, int(len(sound) * np.random.uniform(0.88, 1.14))), 0.0)
    sound = _resample(sound, 1, BANDS, np.random.uniform(-1.5, 1.5))
    sound = sound * np.random.uniform(0.85, 1.15) + np.random.uniform(-0.2, 0.2) + np.random.randn(BANDS) * 0.1
    if np.random.rand() < 0.5:
        sound = np.logaddexp(sound, np.random.randn(*sound.shape) * 0.6 + np.random.uniform(-2, 0.3))
    for _ in range(2):
        width = np.random.randint(0, 6)
        first = np.random.randint(0, BANDS - width)
        sound[:, first : first + width] = 0
    width = np.random.randint(0, 8)
    first = np.random.randint(0, len(sound) - width)
    sound[first : first + width] = 0
    return sound.astype(np.float32)


def _resample(sound: np.ndarray, axis: int, count: int, shift: float) -> np.ndarray:
    """So many values along an axis, shifted, with straight lines between those that are known."""
    last = sound.shape[axis] - 1
    places = np.clip(np.linspace(0, last, count) + shift, 0, last)
    low = places.astype(int)
    share = (places - low)[:, None] if axis == 0 else places - low
    return np.take(sound, low, axis) * (1 - share) + np.take(sound, np.minimum(low + 1, last), axis) * share


def main() -> None:
    options = arguments()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    np.random.seed(options.seed)
    rest, test = held_out(sounds_of(options.folder), options.test)
    if options.test_set:
        rest, test = rest + test, held_out(sounds_of(options.test_set), options.test)[1]
    if len(rest) < options.train:
        raise SystemExit(f"{len(rest)} sounds are too few to train on {options.train}")
    trainer = Trainer(rest[: options.train], options.cpu_seconds or default_budget(options.train))
    training = trainer.train()
    answers, heard = [sound.answer for sound in test], trainer.read(test)
    outcome = {**score(answers, texts(heard)), "answered": at_shares(answers, heard)}
    report(
        {
            "solver": options.solver or f"speech@{options.train}",
            "target": options.name or options.folder,
            **outcome,
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
    parser.add_argument("--train", type=int, default=1000, help="labelled sounds to learn from")
    parser.add_argument("--test", type=int, default=300, help="sounds held out at the set's end")
    parser.add_argument("--test-set", help="folder to be judged by instead, the end of it")
    parser.add_argument("--cpu-seconds", type=float, help="budget for training")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
