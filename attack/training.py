"""Training a reader within a budget of CPU time, and reading pictures with it."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional

import ctc
from inputs import Disturbance, View, as_numbers, disturb, load
from network import Reader, warm_start
from pictures import Picture
from scoring import score
from sets import alphabet_of

# Weight of the newest loss in the running mean.
LOSS_MEMORY = 0.03
WARM_UP_STEPS = 60
# With a loss this low on disturbed pictures, more training changes nothing.
LEARNED = 0.012
# CTC learns nothing until it has found where letters are, which it does soonest in few pictures that stay as they are.
# So many are enough, and with a loss this low it has.
FIRST_PICTURES = 500
BEGUN = 2.0
# A reader that reads no more of its own training pictures than this has not begun to learn.
STARTED = 0.02


@dataclass(frozen=True)
class Attacker:
    """What an attacker assumes about the pictures, and how it trains."""

    view: View
    rows: int = 1
    rate: float = 2e-3
    batch: int = 48
    # Share of the budget that is spent at the full rate, before it falls to nothing.
    full_rate_share: float = 0.5
    disturbance: Disturbance = field(default_factory=Disturbance)
    # Versions of each test picture that are read together.
    test_views: int = 1


class Trainer:
    """A reader, the mean of its weights over the last steps, and the pictures it learns from."""

    def __init__(self, attacker: Attacker, pictures: list[Picture], budget_s: float, checkpoint: dict | None) -> None:
        self.attacker, self.budget_s = attacker, budget_s
        self.alphabet = alphabet_of(pictures)
        self.answers = [picture.answer for picture in pictures]
        lengths = {len(answer) for answer in self.answers}
        # An attacker sees that all answers are of one length, and reads accordingly.
        self.length = lengths.pop() if len(lengths) == 1 else None
        self.inputs = load(pictures, attacker.view)
        reader = Reader(attacker.view.height, attacker.rows, len(self.alphabet))
        if checkpoint:
            warm_start(reader, checkpoint, self.alphabet)
        self.reader = reader.to(memory_format=torch.channels_last)
        self.mean = {name: weights.clone() for name, weights in reader.state_dict().items()}
        self.optimizer = torch.optim.AdamW(reader.parameters(), lr=attacker.rate, weight_decay=0.02)
        self.steps, self.loss, self.has_begun = 0, math.inf, False

    def train(self) -> dict:
        """Trains until the budget is spent or nothing is left to learn; says how it went."""
        start, order, position = time.process_time(), self._shuffled(), 0
        self.reader.train()
        batch = min(self.attacker.batch, len(self.answers))
        while True:
            spent = (time.process_time() - start) / self.budget_s
            if spent >= 1 or (spent > 0.25 and self.loss < LEARNED):
                break
            if position + batch > len(order):
                order, position = self._shuffled(), 0
            self._step(order[position : position + batch], self._rate(spent))
            position += batch
        training_cpu_s = time.process_time() - start
        self.reader.load_state_dict(self.mean)
        return self._report(batch, training_cpu_s)

    def _shuffled(self) -> Tensor:
        """The pictures to learn from next, in any order."""
        return torch.randperm(len(self.answers) if self.has_begun else min(FIRST_PICTURES, len(self.answers)))

    def _rate(self, spent: float) -> float:
        """The learning rate when a share of the budget is spent: rises at once, stays, falls as a cosine."""
        falling = (spent - self.attacker.full_rate_share) / (1 - self.attacker.full_rate_share)
        decay = 1 if falling < 0 else 0.5 * (1 + math.cos(math.pi * falling)) + 0.01
        return self.attacker.rate * min(1, (self.steps + 1) / WARM_UP_STEPS) * decay

    def _step(self, chosen: Tensor, rate: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss = self._loss(chosen)
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.reader.parameters(), 5.0)
        self.optimizer.step()
        self.steps += 1
        known = loss.item()
        self.loss = known if math.isinf(self.loss) else (1 - LOSS_MEMORY) * self.loss + LOSS_MEMORY * known
        self.has_begun |= self.loss < BEGUN
        self._follow()

    def _loss(self, chosen: Tensor) -> Tensor:
        pictures = as_numbers(self.inputs[chosen])
        if self.has_begun:
            pictures = disturb(pictures, self.attacker.disturbance)
        steps = _log_probabilities(self.reader, pictures).transpose(0, 1)
        answers = [self.answers[index] for index in chosen]
        lengths = torch.tensor([len(answer) for answer in answers])
        targets = torch.tensor([self.alphabet.index(character) + 1 for answer in answers for character in answer])
        step_counts = torch.full((len(answers),), steps.shape[0])
        return functional.ctc_loss(steps, targets, step_counts, lengths, zero_infinity=True)

    @torch.no_grad()
    def _follow(self) -> None:
        """Moves the mean towards the weights: slowly later on, since the mean reads better than any one step."""
        keep = min(0.995, (self.steps + 1) / (self.steps + 10))
        for name, weights in self.reader.state_dict().items():
            if weights.dtype.is_floating_point:
                self.mean[name].mul_(keep).add_(weights, alpha=1 - keep)
            else:
                self.mean[name].copy_(weights)

    def _report(self, batch: int, training_cpu_s: float) -> dict:
        known = min(200, len(self.answers))
        guesses = [text for text, _ in self.texts([self._read(as_numbers(self.inputs[:known]))])]
        training = score(self.answers[:known], guesses)
        return {
            "n_train": len(self.answers),
            "epochs": round(self.steps * batch / len(self.answers), 1),
            "training_loss": round(self.loss, 3),
            "training_success": training["success"],
            "training_char_acc": training["char_acc"],
            "started": training["success"] > STARTED,
            "training_cpu_s": round(training_cpu_s, 1),
        }

    def read(self, pictures: list[Picture]) -> list[tuple[str, float]]:
        """What the trained reader says, looking at each picture in several ways, and by how much it is sure."""
        return self.texts(self.views(pictures))

    def views(self, pictures: list[Picture]) -> list[Tensor]:
        """What it says at each step of each way to look at the pictures."""
        inputs = as_numbers(load(pictures, self.attacker.view))
        views = [self._read(inputs)]
        for _ in range(1, self.attacker.test_views):
            views.append(self._read(disturb(inputs, GENTLE)))
        return views

    @torch.no_grad()
    def _read(self, inputs: Tensor) -> Tensor:
        self.reader.eval()
        return torch.cat([_log_probabilities(self.reader, part) for part in inputs.split(100)])

    def texts(self, views: list[Tensor]) -> list[tuple[str, float]]:
        """The answers that views agree on, also those of another reader with the same alphabet, and their margins."""
        agreed = ctc.agree(views, self.length)
        return [("".join(self.alphabet[symbol - 1] for symbol in prefix), margin) for prefix, margin in agreed]

    def checkpoint(self) -> dict:
        """What `warm_start` reads."""
        return {"weights": self.mean, "alphabet": self.alphabet}


# How test pictures are varied to be read more than once.
GENTLE = Disturbance(
    turn=0.04, widen=0.05, heighten=0.06, slant=0.08, shift_x=0.04, shift_y=0.05, bend=(0.004, 0.010), noise=0.0
)


def _log_probabilities(reader: Reader, pictures: Tensor) -> Tensor:
    pictures = pictures.contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = reader(pictures)
    return functional.log_softmax(logits, 2)
