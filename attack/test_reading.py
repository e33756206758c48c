"""Facts about what needs no model: decoding, joining, masks, lines and shares."""

from __future__ import annotations

import contextlib
import io
import itertools
import re
import tempfile
import unittest
from pathlib import Path

import numpy as np

import arches
import ground
import heaps
import join
import spellings
import vision
import write_strength
from bank import names_of_voices, voices_of_bank
from beam import beam, likelihoods
from hearing import align, judge
from moments import Rhythm, moments_of
from pauses import lead_in_end, spoken_runs
from scoring import at_shares
from straighten import HEIGHT, Layout


def steps_of(chance: np.random.Generator, count: int, classes: int) -> np.ndarray:
    """What a reader without any idea says."""
    scores = chance.normal(size=(count, classes)) * 2
    return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)


def by_hand(steps: np.ndarray, answer: tuple[int, ...]) -> float:
    """The sum over all ways to say an answer, one by one."""
    total = -np.inf
    for path in itertools.product(range(steps.shape[1]), repeat=len(steps)):
        kept = [now for before, now in itertools.pairwise((0, *path)) if now and now != before]
        if tuple(kept) == answer:
            total = np.logaddexp(total, sum(step[symbol] for step, symbol in zip(steps, path, strict=True)))
    return total


class Decoding(unittest.TestCase):
    def test_likelihoods_are_sums_over_all_paths(self) -> None:
        steps = steps_of(np.random.default_rng(1), 5, 4)
        answers = [(1, 2), (2, 2), (3, 1)]
        for answer, found in zip(answers, likelihoods(steps, answers), strict=True):
            self.assertAlmostEqual(found, by_hand(steps, answer), places=9)

    def test_the_beam_finds_the_likeliest_answer_of_the_length(self) -> None:
        for seed in range(20):
            steps = steps_of(np.random.default_rng(seed), 6, 4)
            every = list(itertools.product(range(1, 4), repeat=3))
            best = every[int(likelihoods(steps, every).argmax())]
            self.assertEqual(beam(steps, 3, width=30)[0], best)

    def test_an_answer_has_the_length_even_if_a_shorter_one_is_likelier(self) -> None:
        steps = np.log(np.array([[0.97, 0.02, 0.01]] * 8))
        self.assertTrue(all(len(answer) == 4 for answer in beam(steps, 4)))
        self.assertTrue(beam(steps, 4))

    def test_too_few_steps_are_an_error_and_no_empty_reading(self) -> None:
        with self.assertRaises(ValueError):
            join.Said.of(steps_of(np.random.default_rng(1), 2, 4), 5)


class Joining(unittest.TestCase):
    def test_two_that_doubt_outvote_one_that_errs(self) -> None:
        def say(shares: list[float]) -> join.Said:
            return join.Said.of(np.log(np.array([[0.01, *shares]])), 1)

        said = [say([0.5, 0.4, 0.09]), say([0.09, 0.5, 0.4]), say([0.5, 0.45, 0.04])]
        self.assertEqual(join.surest(join.joined(said))[0], (2,))

    def test_margins_choose_what_is_answered(self) -> None:
        answers = ["AA"] * 4
        shares = at_shares(answers, [("AA", 9.0), ("AA", 5.0), ("BB", 1.0), ("BB", 0.5)])
        self.assertEqual([shares[share]["success"] for share in ("100%", "50%")], [0.5, 1.0])
        self.assertEqual([shares[share]["n"] for share in ("100%", "50%", "25%", "10%")], [4, 2, 1, 1])


def picture_of_bands() -> np.ndarray:
    """Light ground above dark ground, with five bars of the tones that follow, in a row across both."""
    gray = np.full((80, 240), 246, np.uint8)
    gray[40:] = 126
    gray[70:] = 30
    for left in range(40, 200, 32):
        gray[30:40, left : left + 5] = 30
        gray[40:52, left : left + 5] = 246
    return np.repeat(gray[..., None], 3, axis=2)


class Finding(unittest.TestCase):
    def test_letters_are_what_has_another_tone_than_the_ground(self) -> None:
        picture = picture_of_bands()
        for find in (ground.tone_that_follows, ground.any_other_tone):
            mask = find(picture)
            self.assertGreater(mask[32:50, 40:45].mean(), 0.9)
            self.assertEqual(mask[:, :30].sum(), 0)

    def test_an_inverted_picture_has_the_same_letters(self) -> None:
        picture = picture_of_bands()
        inverted = ground.tone_that_follows(255 - picture)
        self.assertTrue((inverted == ground.tone_that_follows(picture)).all())

    def test_heaps_stand_in_order(self) -> None:
        layout = heaps.layouts_of(ground.tone_that_follows(picture_of_bands()), 5)[0]
        self.assertTrue(np.allclose(layout.rows[0][:, 0], np.arange(42, 202, 32), atol=1.5))

    def test_no_ink_is_no_line(self) -> None:
        nothing = np.zeros((80, 240), bool)
        self.assertEqual(heaps.layouts_of(nothing, 5), [])
        self.assertEqual(arches.layouts_of(nothing, 5, 20), [])

    def test_an_arch_goes_through_ink_in_even_steps(self) -> None:
        mask = np.zeros((80, 240), bool)
        middles = [(60, 50), (85, 36), (112, 30), (139, 36), (164, 50)]
        for x, y in middles:
            mask[y - 9 : y + 9, x - 7 : x + 7] = True
        best = arches.layouts_of(mask, 5, 10)
        far = [np.abs(layout.rows[0] - np.array(middles)).max() for layout in best]
        self.assertLess(min(far), 8)


class Straightening(unittest.TestCase):
    def test_what_stands_along_an_arch_is_level_in_the_strip(self) -> None:
        angles = np.linspace(-0.8, 0.8, 5)
        middles = np.stack([120 + 60 * np.sin(angles), 75 - 60 * np.cos(angles)], axis=1)
        y, x = np.mgrid[:80, :240]
        distance = np.hypot(x - 120, y - 75)
        ring = np.repeat((np.abs(distance - 60) < 3)[..., None] * np.uint8(255), 3, axis=2)
        strip = Layout((middles,), 16.0).strip(ring)[..., 0]
        self.assertEqual(strip.shape[0], HEIGHT)
        inner = strip[:, strip.shape[1] // 5 : -strip.shape[1] // 5]
        rows = np.array([np.flatnonzero(column > 128).mean() for column in inner.T])
        self.assertLess(np.abs(rows - HEIGHT / 2).max(), 5)

    def test_two_rows_come_after_one_another(self) -> None:
        picture = np.zeros((80, 240, 3), np.uint8)
        picture[10:30] = 200
        rows = (np.array([[40.0, 20.0], [80.0, 20.0]]), np.array([[40.0, 60.0], [80.0, 60.0], [120.0, 60.0]]))
        strip = Layout(rows, 12.0).strip(picture)[..., 0]
        self.assertGreater(strip[20:44, :40].mean(), 190)
        self.assertLess(strip[:, -80:].mean(), 10)


class Spelling(unittest.TestCase):
    def check(self, language: str, written: str, characters: str) -> None:
        self.assertEqual(spellings.Reader.of_language(language).characters(written), characters, written)

    def test_every_name_that_is_told_is_read(self) -> None:
        for language, names in spellings.NAMES.items():
            self.assertEqual(len(names), 18)
            for character, name in names.items():
                self.check(language, name, character)

    def test_what_is_told_are_the_names_of_the_bank(self) -> None:
        source = (Path(__file__).parent.parent / "xtask/src/voices/names.rs").read_text()
        characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        for language, constant in (("ko", "KOREAN"), ("en", "ENGLISH"), ("ja", "JAPANESE")):
            table = source.split(f"const {constant}: [&str; 36] = [")[1].split("];")[0]
            spoken = dict(zip(characters, re.findall('"([^"]+)"', table), strict=True))
            if language == "ja":
                # As it is written; what an engine is given makes it say that.
                spoken["W"] = "ダブリュー"
            self.assertEqual(spellings.NAMES[language], {each: spoken[each] for each in spellings.ALPHABET + "25"})

    def test_examples_have_every_name(self) -> None:
        for language in spellings.NAMES:
            for alphabet, length in itertools.product((spellings.ALPHABET, spellings.DIGITS), (4, 5, 7, 8)):
                examples = spellings.told(language, alphabet, length)
                characters = spellings.Reader.of_language(language).characters(examples)
                self.assertEqual(set(characters), set(alphabet))
                self.assertEqual(len(characters) % length, 0)

    def test_letters_and_digits_are_read_in_any_language(self) -> None:
        for language in spellings.NAMES:
            self.check(language, "R6LZT", "R6LZT")
            self.check(language, "Ｒ, ６-l. Z T", "R6LZT")
            self.check(language, "三 4 Six kay", "346K")

    def test_korean_names_are_read_with_and_without_spaces(self) -> None:
        self.check("ko", "에이취, 더블 유 칠", "HW7")
        self.check("ko", "에이치더블유칠일곱", "HW77")
        self.check("ko", "하나 둘 셋 네 오 육 칠 팔 구 공", "1234567890")
        self.check("ko", "삼, 3, three, 쓰리", "3333")

    def test_english_words_are_read_as_who_waits_for_letters_reads_them(self) -> None:
        self.check("en", "Tea for you", "T4U")
        self.check("en", "double you, double-u, W", "WWW")
        self.check("en", "seven 7 X-ray", "77X?")
        self.check("en", "rlf33", "RLF33")
        self.check("en", "I'll hello", "??")

    def test_japanese_names_are_read_in_either_kana(self) -> None:
        self.check("ja", "エイチ、だぶりゅー、ななさん", "HW73")
        self.check("ja", "ﾀﾞﾌﾞﾙU ジェイ 九 きゅう", "WJ99")
        self.check("ja", "し、して", "4?")

    def test_chinese_digits_are_read_from_other_characters_of_the_same_sound(self) -> None:
        self.check("zh", "七 期 九 酒 六 流 四 是", "779966 4?".replace(" ", ""))
        self.check("zh", "艾克斯达不溜阿尔", "XWR")

    def test_what_a_recogniser_is_held_to_is_read_as_the_same_character(self) -> None:
        for language in spellings.NAMES:
            spelt = spellings.held(language, spellings.ALPHABET)
            self.assertEqual({character for character, _ in spelt}, set(spellings.ALPHABET))
            self.assertEqual(len({text for _, text in spelt}), len(spelt))
            for character, text in spelt:
                self.check(language, text, character)

    def test_what_names_nothing_is_no_guess(self) -> None:
        self.check("ko", "감사합니다", "?")
        self.check("en", "Thank you very much", "?U??")

    def test_an_alignment_has_the_fewest_edits_and_the_most_right(self) -> None:
        self.assertEqual(align("R6L", "R6L"), [("R", "R"), ("6", "6"), ("L", "L")])
        self.assertEqual(align("R6L", "RL"), [("R", "R"), ("6", ""), ("L", "L")])
        self.assertEqual(align("R6", "AR6"), [("", "A"), ("R", "R"), ("6", "6")])
        self.assertEqual(align("ZT", "ZK"), [("Z", "Z"), ("T", "K")])
        self.assertEqual(align("XY", ""), [("X", ""), ("Y", "")])
        # Two edits either way; one of the ways has a character right.
        self.assertIn(("T", "T"), align("ZT", "TK"))

    def test_what_was_heard_is_counted_by_name(self) -> None:
        outcome = judge(["R6L", "R6L", "77X"], ["R6L?", "96L", "7XX"])
        self.assertEqual((outcome["n"], outcome["success"], outcome["aligned"]), (3, 0.3333, 0.7778))
        self.assertEqual(outcome["names"], {"6": [2, 2], "7": [1, 2], "L": [2, 2], "R": [1, 2], "X": [1, 1]})
        self.assertEqual(judge(["R", "R"], ["9", "9"])["confusions"], {"R>9": 2})
        self.assertEqual(judge(["R"], ["RRR"])["beyond"], 2)


def sound_of(*runs: tuple[float, float], seconds: float) -> np.ndarray:
    """Noise at 16 kHz that is loud from when to when, and silence."""
    samples = np.zeros(int(seconds * 16_000))
    for start, end in runs:
        part = slice(int(start * 16_000), int(end * 16_000))
        samples[part] = np.random.default_rng(1).normal(size=part.stop - part.start) * 0.2
    return samples


class Pausing(unittest.TestCase):
    def test_words_are_told_apart_by_pauses(self) -> None:
        runs = spoken_runs(sound_of((0.5, 1.0), (1.1, 1.5), (2.0, 2.4), seconds=3), 16_000)
        self.assertEqual([(round(start, 1), round(end, 1)) for start, end in runs], [(0.5, 1.5), (2.0, 2.4)])
        self.assertEqual(spoken_runs(np.zeros(16_000), 16_000), [])

    def test_a_lead_in_ends_at_its_pause_and_not_within_it(self) -> None:
        # A short pause within the lead-in, and a longer one between two characters.
        sound = sound_of((0.3, 1.3), (1.55, 2.5), (3.1, 3.5), (4.9, 5.3), (5.7, 6.1), seconds=7)
        self.assertAlmostEqual(lead_in_end(sound, 16_000), 2.8, places=1)

    def test_a_short_lead_in_is_no_character(self) -> None:
        sound = sound_of((0.25, 1.25), (2.5, 2.9), (4.0, 4.6), seconds=5)
        self.assertAlmostEqual(lead_in_end(sound, 16_000), 1.9, places=1)

    def test_moments_are_where_names_are_loud_and_follow_each_other_as_names_do(self) -> None:
        names = [(0.6, 1.0), (1.7, 2.1), (2.6, 3.0), (4.0, 4.4), (5.0, 5.4)]
        # Another voice, softer, in a gap.
        sound = sound_of(*names, seconds=6) + 0.5 * sound_of((3.3, 3.6), seconds=6)
        sound += np.random.default_rng(2).normal(size=len(sound)) * 0.01
        rhythm = Rhythm.of_names([names, [(0.5, 0.9), (1.2, 1.5), (2.5, 2.9), (3.7, 4.2), (5.1, 5.4)]], [6, 6])
        found = moments_of(sound, 16_000, 5, rhythm)
        for (start, end), moment in zip(names, found, strict=True):
            self.assertLess(abs(moment - (start + end) / 2), 0.15)

    def test_a_sound_with_too_few_peaks_has_fewer_moments(self) -> None:
        self.assertEqual(moments_of(np.zeros(16_000), 16_000, 5, Rhythm((0, 1), (0, 1), (0, 1))), [])

    def test_a_louder_voice_at_an_unusual_time_is_no_name(self) -> None:
        names = [(1.0, 1.4), (2.2, 2.6), (3.4, 3.8)]
        rhythm = Rhythm.of_names([names, [(0.9, 1.3), (2.2, 2.6), (3.5, 3.9)]], [4.4, 4.4])
        sound = sound_of(*names, seconds=4.4) + 2 * sound_of((0.1, 0.4), seconds=4.4)
        for middle, moment in zip((1.2, 2.4, 3.6), moments_of(sound, 16_000, 3, rhythm), strict=True):
            self.assertLess(abs(moment - middle), 0.15)

    def test_a_sound_without_a_lead_in_is_an_error(self) -> None:
        with self.assertRaises(ValueError):
            lead_in_end(sound_of((0.3, 0.8), seconds=2), 16_000)


class Bank(unittest.TestCase):
    # Two voices of Korean, one of each other language; clips of no length.
    BANK = (
        b"haechi voices 1\n"
        + (5).to_bytes(4, "little")
        + bytes.fromhex("00004100000000000001410000000000010041000000000002004100000000000300410000000000")
    )

    def test_voices_are_counted_in_the_bank(self) -> None:
        self.assertEqual(voices_of_bank(self.BANK), {"ko": 2, "en": 1, "ja": 1, "zh": 1})

    def test_the_committed_bank_is_read(self) -> None:
        assets = Path(__file__).parent.parent / "crates/captcha/assets/voices"
        voices = voices_of_bank((assets / "voices.bank").read_bytes())
        self.assertTrue(all(count > 0 for count in voices.values()))
        with contextlib.redirect_stderr(io.StringIO()):
            names = names_of_voices(assets / "voices.tsv", voices)
        self.assertEqual(len(names), sum(voices.values()))

    def test_another_kind_of_file_is_an_error(self) -> None:
        self.assertRaises(SystemExit, voices_of_bank, b"RIFF" + self.BANK)

    def test_voices_have_the_names_of_the_list_or_numbers(self) -> None:
        voices = {"ko": 2, "en": 1}
        with tempfile.TemporaryDirectory() as folder:
            table = Path(folder, "voices.tsv")
            with contextlib.redirect_stderr(io.StringIO()) as said:
                self.assertEqual(names_of_voices(table, voices)["ko", 1], "voice 1")
            self.assertIn("voices.tsv", said.getvalue())
            table.write_text("language\tvoice\tname\nko\t0\tone\nko\t1\tother\nen\t0\tthird\n")
            self.assertEqual(names_of_voices(table, voices), {("ko", 0): "one", ("ko", 1): "other", ("en", 0): "third"})
            table.write_text("ko\t0\tone\n")
            self.assertRaises(SystemExit, names_of_voices, table, voices)


class Vision(unittest.TestCase):
    def test_every_reading_has_its_row_and_a_picture_its_price(self) -> None:
        titles = {"default": "default", "day-29": "2026-11-29", "before": "before", "before-5": "before, difficulty 5"}
        rows = vision.rows({**titles, "dark": "dark"})
        self.assertIn("36 of 40, 90.0 % (77.0–96.0)", [row[1] for row in rows])
        self.assertIn("US$ a picture", vision.price())


class Page(unittest.TestCase):
    def test_what_a_recogniser_hears_has_a_row_for_each_language(self) -> None:
        def outcome(share: float) -> dict:
            return {"n": 20, "success": 0.1, "aligned": share}

        results = {
            ("sound-ko", "heard"): {"told": outcome(0.5), "free": outcome(0.25)},
            ("sound-en", "whisper"): {"hearings": {"told": outcome(0.2), "free": outcome(0.1), "held": outcome(0.4)}},
        }
        rows = write_strength.recognised(results).splitlines()[2:]
        cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
        self.assertEqual(cells[0][:2], ["Korean", "50.0 % of characters, 2 of 20 answers"])
        self.assertEqual([cell[:6].strip() for cell in cells[0][1:]], ["50.0 %", "25.0 %", "–", "–", "–"])
        self.assertEqual([cell[:6].strip() for cell in cells[1][1:]], ["–", "–", "20.0 %", "10.0 %", "40.0 %"])

    def test_prices_are_kept_when_the_page_is_written_anew(self) -> None:
        begin, end = write_strength.PRICE_LINES
        self.assertEqual(write_strength.price(f"a\n{begin}\nb\n{end}\nc"), f"{begin}\nb\n{end}")
        self.assertRaises(SystemExit, write_strength.price, f"a\n{begin}\nb")


if __name__ == "__main__":
    unittest.main()
