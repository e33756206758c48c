#!/usr/bin/env python3
"""An attacker who finds the loud moments of a sound and reads each by itself (Bursztein and Bethard, "Decaptcha:
breaking 75 % of eBay audio CAPTCHAs", 2009).

Moments where much sounds are candidates. A small network says what each is, or that it is none of the answer's; the
likeliest row of them, not too near to each other and not too far apart, is the answer. Which candidate was which
character of a labelled sound is guessed by loudness at first, and then by what the network of the round before says.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from dataclasses import dataclass

# Before numpy and torch start: CPU time is the budget, and more threads would spend it unseen.
os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")

import numpy as np
import torch
from scipy import signal
from torch import nn
from torch.nn import functional

from scoring import at_shares, report, score
from sets import alphabet_of, held_out
from sounds import BANDS, RATE_HZ, Sound, features, mel_power, sounds_of

# Frames that the network sees of a candidate: 0.9 s; and some to either side, so that it may be shifted.
WIDTH = 45
SPARE = 6
CANDIDATES_PER_CHARACTER = 3
# The lowest bands hold hum and little speech.
LOWEST_BAND = 3
ROUNDS = 4
BUDGET_S = 90.0
# Share of sounds with too few loud moments at which the solver counts as broken.
BROKEN = 0.02
BATCH = 96
RATE = 2e-3
# Candidates that are none of the answer's, from each sound.
DECOYS = 3
# Weight of loudness beside what the network says, and what uneven gaps cost.
LOUDNESS = 1.2
GAP_TOO_SHORT, GAP_TOO_LONG = (0.6, 7.2), (1.7, 2.4)


@dataclass(frozen=True)
class Candidates:
    """The loud moments of a sound: when, what is around them, and how loud they are against the loudest."""

    places: np.ndarray
    windows: np.ndarray
    loudness: np.ndarray
    frames: int


def candidates_of(sound: Sound, length: int) -> Candidates:
    """The loudest moments of a sound, three times as many as characters."""
    samples = sound.samples(RATE_HZ)
    frames = features(samples)
    energy = np.convolve(mel_power(samples)[:, LOWEST_BAND:].sum(1), np.hanning(13) / 6, "same")
    peaks, _ = signal.find_peaks(energy, distance=max(10, int(0.16 * len(frames) / length)))
    if len(peaks) == 0:
        peaks = np.array([len(frames) // 2])
    places = np.sort(peaks[np.argsort(-energy[peaks])][: CANDIDATES_PER_CHARACTER * length])
    half = WIDTH // 2 + SPARE
    padded = np.pad(frames, ((half, half + 1), (0, 0)), constant_values=frames.min())
    windows = np.stack([padded[place : place + WIDTH + 2 * SPARE] for place in places])
    loudness = np.log(energy[places] + 1e-9)
    return Candidates(places, windows, loudness - loudness.max(), len(frames))


def make_network(characters: int) -> nn.Sequential:
    """Maps windows to logits of the characters and, last, of none."""

    def block(inputs: int, outputs: int, stride: tuple[int, int] = (1, 1)) -> list[nn.Module]:
        convolution = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        return [convolution, nn.BatchNorm2d(outputs), nn.ReLU()]

    return nn.Sequential(
        *block(1, 24, (2, 2)),
        *block(24, 48, (2, 2)),
        *block(48, 64, (2, 2)),
        *block(64, 96),
        nn.Dropout(0.2),
        nn.Flatten(),
        nn.Linear(96 * math.ceil(WIDTH / 8) * BANDS // 8, 128),
        nn.ReLU(),
        nn.Dropout(0.3),
        nn.Linear(128, characters + 1),
    )


def disturb(window: np.ndarray) -> np.ndarray:
    """The window a little earlier or later, at another pace and level, over noise, with some bands masked."""
    first = np.random.randint(0, 2 * SPARE + 1)
    window = window[first : first + WIDTH]
    window = window * np.random.uniform(0.85, 1.15) + np.random.uniform(-0.3, 0.3)
    window = window + np.random.randn(*window.shape) * np.random.uniform(0, 0.35)
    pace = np.random.uniform(0.88, 1.14)
    places = (np.arange(WIDTH) - WIDTH / 2) * pace + WIDTH / 2
    window = window[np.clip(places, 0, WIDTH - 1).astype(int)]
    masked = np.random.randint(0, 5)
    low = np.random.randint(0, BANDS - masked)
    window[:, low : low + masked] = 0
    return window.astype(np.float32)


def best_row(found: Candidates, gains: np.ndarray) -> list[int]:
    """The candidates of the likeliest row; `gains` says for each character and candidate what choosing it brings."""
    length, count = gains.shape
    usual = found.frames / (length + 1)
    totals = np.full((length, count), -1e9)
    before = np.zeros((length, count), int)
    totals[0] = gains[0]
    for character in range(1, length):
        for candidate in range(character, count):
            gaps = (found.places[candidate] - found.places[:candidate]) / usual
            short, long = np.maximum(0, GAP_TOO_SHORT[0] - gaps), np.maximum(0, gaps - GAP_TOO_LONG[0])
            paths = totals[character - 1, :candidate] - GAP_TOO_SHORT[1] * short - GAP_TOO_LONG[1] * long
            before[character, candidate] = paths.argmax()
            totals[character, candidate] = paths.max() + gains[character, candidate]
    row = [int(totals[-1].argmax())]
    for character in range(length - 1, 0, -1):
        row.append(int(before[character, row[-1]]))
    return row[::-1]


class Trainer:
    """Sounds, what a network says of their candidates, and the network of the last round."""

    def __init__(self, sounds: list[Sound]) -> None:
        self.alphabet = alphabet_of(sounds)
        self.length = int(np.median([len(sound.answer) for sound in sounds]))
        found = [(sound.answer, candidates_of(sound, self.length)) for sound in sounds]
        self.learning = [(answer, some) for answer, some in found if len(some.places) >= len(answer)]
        self.network = make_network(len(self.alphabet))

    def train(self, budget_s: float) -> float:
        """Rounds of guessing which candidate is which character and learning from that; the last takes half the time.
        Gives the training loss."""
        said: list[np.ndarray] | None = None
        loss = math.inf
        for number in range(ROUNDS):
            windows, meanings = self._labelled(said)
            share = 0.5 if number == ROUNDS - 1 else 0.5 / (ROUNDS - 1)
            self.network = make_network(len(self.alphabet))
            loss = self._train_round(windows, meanings, budget_s * share)
            said = [self._say(some) for _, some in self.learning]
        return loss

    def _labelled(self, said: list[np.ndarray] | None) -> tuple[np.ndarray, np.ndarray]:
        windows, meanings = [], []
        for index, (answer, some) in enumerate(self.learning):
            row = best_row(some, self._gains(some, said[index] if said else None, answer))
            others = np.random.permutation([each for each in range(len(some.places)) if each not in row])[:DECOYS]
            windows += [some.windows[each] for each in [*row, *others]]
            meanings += [self.alphabet.index(character) for character in answer]
            meanings += [len(self.alphabet)] * len(others)
        return np.stack(windows), np.array(meanings)

    def _gains(self, some: Candidates, said: np.ndarray | None, answer: str | None) -> np.ndarray:
        """What choosing each candidate for each character brings: loudness, and what the network says of it."""
        loud = np.tile(LOUDNESS * some.loudness, (len(answer) if answer else self.length, 1))
        if said is None:
            return loud
        none = np.log(1e-3 + np.exp(said[:, -1]))
        if answer is None:
            return loud + (said[:, :-1].max(1) - none)
        return loud + np.stack([said[:, self.alphabet.index(character)] - none for character in answer])

    def _train_round(self, windows: np.ndarray, meanings: np.ndarray, budget_s: float) -> float:
        optimizer = torch.optim.AdamW(self.network.parameters(), lr=RATE, weight_decay=0.03)
        start, mean_loss = time.process_time(), math.inf
        self.network.train()
        while (spent := (time.process_time() - start) / budget_s) < 1:
            decay = 1 if spent < 0.4 else 0.5 * (1 + math.cos(math.pi * (spent - 0.4) / 0.6)) + 0.005
            for group in optimizer.param_groups:
                group["lr"] = RATE * decay
            chosen = np.random.randint(0, len(windows), BATCH)
            inputs = torch.from_numpy(np.stack([disturb(windows[index]) for index in chosen]))[:, None]
            targets = torch.from_numpy(meanings[chosen])
            loss = functional.cross_entropy(self.network(inputs), targets, label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            mean_loss = loss.item() if math.isinf(mean_loss) else 0.95 * mean_loss + 0.05 * loss.item()
        return mean_loss

    @torch.no_grad()
    def _say(self, some: Candidates) -> np.ndarray:
        """Log-probabilities of each character, and of none, for each candidate."""
        self.network.eval()
        windows = torch.from_numpy(some.windows[:, SPARE : SPARE + WIDTH])[:, None]
        return functional.log_softmax(self.network(windows), 1).numpy()

    def read(self, some: Candidates) -> tuple[str, float]:
        """The answer, and how sure it is; none if too few moments are loud, which `main` counts."""
        if len(some.places) < self.length:
            return "", -math.inf
        said = self._say(some)
        row = best_row(some, self._gains(some, said, None))
        best = np.sort(said[row, :-1], axis=1)
        text = "".join(self.alphabet[int(said[each, :-1].argmax())] for each in row)
        return text, float((best[:, -1] - best[:, -2]).min())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--name", required=True, help="of the set, for the result")
    parser.add_argument("--train", type=int, default=1000, help="labelled sounds to learn from")
    parser.add_argument("--test", type=int, default=300, help="sounds held out at the set's end")
    parser.add_argument("--cpu-seconds", type=float, default=BUDGET_S, help="budget for training")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    np.random.seed(options.seed)
    rest, test = held_out(sounds_of(options.folder), options.test)
    if len(rest) < options.train:
        raise SystemExit(f"{len(rest)} sounds are too few to train on {options.train}")
    trainer = Trainer(rest[: options.train])
    loss = trainer.train(options.cpu_seconds)
    known = trainer.learning[:200]
    training = score([answer for answer, _ in known], [trainer.read(some)[0] for _, some in known])
    answers = [sound.answer for sound in test]
    guesses = [trainer.read(candidates_of(sound, trainer.length)) for sound in test]
    if (unheard := sum(not text for text, _ in guesses)) > BROKEN * len(test):
        raise SystemExit(f"too few moments are loud in {unheard} of {len(test)} sounds: the solver is broken")
    report(
        {
            "solver": f"segments@{options.train}",
            "target": options.name,
            **score(answers, [text for text, _ in guesses]),
            "answered": at_shares(answers, guesses),
            "failures": unheard,
            "n_train": options.train,
            "training_loss": round(loss, 3),
            "training_success": training["success"],
            "training_char_acc": training["char_acc"],
            "version": f"torch {torch.__version__}",
            "cpu_s": round(time.process_time(), 1),
        }
    )


if __name__ == "__main__":
    main()
