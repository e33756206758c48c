#!/usr/bin/env python3
"""An attacker who asks for every rendering of a key, and adds up what listeners of its own say of them.

    solve_voices.py RENDERINGS COPIES --languages ko en ja zh --paces normal slow

Both folders hold a set for each language and pace, such as `en-slow`. Sounds of one number are renderings of one key.
The attacker has trained a listener for each language on COPIES, which it had haechi speak with a secret of its own. If
it sees there that languages say the same word, it adds all of a key's renderings up. Else it adds the paces of each
language, and answers with the word of the language that it is surest of, since verification takes any of them.
"""

from __future__ import annotations

import argparse
import itertools
import os
import time
from dataclasses import dataclass
from pathlib import Path

# Before numpy and torch start: CPU time is the budget, and more threads would spend it unseen.
os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from scoring import at_shares, report, score
from solve_speech import Trainer, batch_of
from sounds import RATE_HZ, Sound, features, sounds_of


@dataclass(frozen=True)
class Heard:
    """What a listener says of a set: log-probabilities of each place's characters, (count, places, characters)."""

    said: Tensor
    answers: list[str]


def hear(trainer: Trainer, sounds: list[Sound]) -> Heard:
    """What a trained listener says of each place of each sound."""
    trainer.listener.eval()
    parts = []
    with torch.no_grad():
        for start in range(0, len(sounds), 50):
            some = sounds[start : start + 50]
            inputs, lengths = batch_of([features(sound.samples(RATE_HZ)) for sound in some])
            slots = trainer.listener.slots(trainer.listener(inputs), lengths, trainer.length)
            parts.append(functional.log_softmax(slots, 2))
    return Heard(torch.cat(parts), [sound.answer for sound in sounds])


def read(said: Tensor, alphabet: str) -> list[tuple[str, float]]:
    """The likeliest answers, and how much likelier they are than the next ones."""
    best, symbols = said.topk(2, 2)
    margins = (best[..., 0] - best[..., 1]).min(1).values.tolist()
    texts = ["".join(alphabet[symbol] for symbol in row) for row in symbols[..., 0].tolist()]
    return list(zip(texts, margins, strict=True))


def judged(heard: list[Heard], alphabet: str) -> tuple[list[str], list[tuple[str, float]]]:
    """The answers of sets that say the same, and what all of them together are taken to say."""
    if any(one.answers != heard[0].answers for one in heard):
        raise SystemExit("sets of one language have different answers: they were not drawn for the same keys")
    return heard[0].answers, read(torch.stack([one.said for one in heard]).sum(0), alphabet)


def surest(of_languages: list[tuple[list[str], list[tuple[str, float]]]]) -> tuple[list[str], list[tuple[str, float]]]:
    """For each key the answer and the guess of the language with the greatest margin."""
    keys = range(len(of_languages[0][0]))
    chosen = [max(of_languages, key=lambda language: language[1][key][1]) for key in keys]
    return [chosen[key][0][key] for key in keys], [chosen[key][1][key] for key in keys]


def outcome(answers: list[str], guesses: list[tuple[str, float]]) -> dict:
    """Rates of a set of guesses."""
    return {**score(answers, [text for text, _ in guesses]), "answered": at_shares(answers, guesses)}


def learned_from(copies: Path, language: str, paces: list[str], count: int) -> list[Sound]:
    """Sounds of a language to learn from, of all paces in turn."""
    each = [sounds_of(copies / f"{language}-{pace}") for pace in paces]
    mixed = [sound for some in zip(*each, strict=True) for sound in some]
    if len(mixed) < count:
        raise SystemExit(f"{len(mixed)} sounds in {language} are too few to train on {count}")
    return mixed[:count]


def main() -> None:
    options = arguments()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    np.random.seed(options.seed)
    renderings: dict[tuple[str, str], Heard] = {}
    alphabets, training = set(), {}
    for language in options.languages:
        trainer = Trainer(learned_from(options.copies, language, options.paces, options.train), options.cpu_seconds)
        training[language] = trainer.train()
        alphabets.add(trainer.alphabet)
        for pace in options.paces:
            sounds = sounds_of(options.renderings / f"{language}-{pace}")
            if len(sounds) < options.test:
                raise SystemExit(f"{len(sounds)} sounds are too few to be judged by {options.test}")
            renderings[language, pace] = hear(trainer, sounds[-options.test :])
    if len(alphabets) != 1:
        raise SystemExit("the languages' answers have different characters")
    alphabet = alphabets.pop()
    single = {
        f"{language}, {pace}": outcome(*judged([heard], alphabet)) for (language, pace), heard in renderings.items()
    }
    by_language = [
        judged([renderings[language, pace] for pace in options.paces], alphabet) for language in options.languages
    ]
    paces = {language: outcome(*one) for language, one in zip(options.languages, by_language, strict=True)}
    is_one_word = all(one.answers == other.answers for one, other in itertools.pairwise(renderings.values()))
    joined = judged(list(renderings.values()), alphabet) if is_one_word else surest(by_language)
    strongest = max(single, key=lambda name: single[name]["success"])
    report(
        {
            "solver": "voices",
            "target": options.name or str(options.renderings),
            **outcome(*joined),
            "languages_say_one_word": is_one_word,
            "strongest_single": strongest,
            "single": single,
            "paces_joined": paces,
            "n_train": options.train,
            "training_success": min(one["training_success"] for one in training.values()),
            "training_loss": max(one["training_loss"] for one in training.values()),
            "training_cpu_s": sum(one["training_cpu_s"] for one in training.values()),
            "started": all(one["started"] for one in training.values()),
            "version": f"torch {torch.__version__}",
            "cpu_s": round(time.process_time(), 1),
        }
    )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("renderings", type=Path)
    parser.add_argument("copies", type=Path)
    parser.add_argument("--languages", nargs="+", default=["ko", "en", "ja", "zh"])
    parser.add_argument("--paces", nargs="+", default=["normal", "slow"])
    parser.add_argument("--name", help="of the set, for the result")
    parser.add_argument("--train", type=int, default=1600, help="sounds of each language to learn from")
    parser.add_argument("--test", type=int, default=300, help="keys at the sets' end to be judged by")
    parser.add_argument("--cpu-seconds", type=float, default=200, help="budget for training each listener")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
