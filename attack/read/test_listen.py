"""Tests of the listening test: nothing leaks to the listener, and the score is what a hand would count.

python -m unittest discover attack/read
"""

import base64
import contextlib
import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import wave
from array import array
from html import unescape
from math import cos, hypot, pi, sin
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import listen
from telephone import companded, over_telephone

ANSWERS = ["FHJKL", "RTWXY", "Z3467", "9FHJK", "LRTWX", "YZ346"]
OTHER_ANSWERS = ["33333", "4444444", "666", "R", "TTTTTTTT", "WWWW"]


def tone(hertz: float, rate_hz: int = 16000, count: int = 1600) -> list[int]:
    """A steady tone."""
    return [round(8000 * sin(2 * pi * hertz * n / rate_hz)) for n in range(count)]


def wav(samples: list[int], rate_hz: int = 16000, channels: int = 1) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(array("h", samples).tobytes())
    return buffer.getvalue()


def fill_set(folder: Path, labels: list[str]) -> Path:
    """Labelled sounds whose samples depend on their position only, each with its answer behind them."""
    folder.mkdir(parents=True)
    for position, label in enumerate(labels):
        comment = b"LIST" + len(label).to_bytes(4, "little") + label.encode()
        data = wav(tone(500 + 100 * position)) + comment
        (folder / f"{position:05}_{label}.wav").write_bytes(data)
    return folder


class TestFolder(unittest.TestCase):
    """A test case with a folder of its own."""

    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def make(self, name: str, labels: list[str], *more: str) -> tuple[str, dict]:
        """Makes a test of the set `NAME`, and gives its page and its key."""
        sounds = fill_set(self.folder / name, labels)
        out, key = self.folder / f"{name}-out", self.folder / f"{name}-key"
        places = ["--out", str(out), "--key", str(key)]
        listen.main(["make", str(sounds), "--lang", "en", *places, *more])
        self.assertEqual([path.name for path in out.iterdir()], ["listen.html"])
        page = (out / "listen.html").read_text(encoding="utf-8")
        return page, json.loads((key / "key.json").read_text(encoding="utf-8"))

    def refused(self, *arguments) -> str:
        """What the command prints as it gives up with status 2."""
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors), self.assertRaises(SystemExit) as end:
            listen.main([str(argument) for argument in arguments])
        self.assertEqual(end.exception.code, 2)
        return errors.getvalue()


def sounds_of(page: str) -> list[dict]:
    """The sounds in a page's data."""
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', page)
    return json.loads(data[1])["sounds"]


def wav_of(sound: dict) -> bytes:
    return base64.b64decode(sound["address"].removeprefix("data:audio/wav;base64,"))


class Making(TestFolder):
    """What the listener gets."""

    def test_other_labels_on_the_same_sounds_change_no_byte(self):
        page, _ = self.make("one", ANSWERS)
        self.assertEqual(page, self.make("two", OTHER_ANSWERS)[0])
        self.assertNotEqual(page, self.make("three", ANSWERS, "--seed", "2")[0])

    def test_no_answer_and_no_file_or_set_name_is_in_the_page(self):
        page, _ = self.make("one-set", ANSWERS)
        # In the addresses of sounds, five letters may stand by chance.
        plain = re.sub(r"data:audio/wav;base64,[\w+/=]+", "", page)
        for word in [*ANSWERS, "one-set", ".wav", str(self.folder)]:
            self.assertNotIn(word, plain)
        for sound in sounds_of(page):
            data = wav_of(sound)
            # A head of 44 bytes and samples: no comment came along.
            self.assertEqual(int.from_bytes(data[40:44], "little"), len(data) - 44)
            self.assertNotIn(b"LIST", data)

    def test_the_page_asks_nothing_of_the_network_and_has_every_text(self):
        page, _ = self.make("one", ANSWERS)
        self.assertIn("default-src 'none'", page)
        self.assertNotRegex(page, r"https?://|@import|url\(|fetch\(|XMLHttp|\{\{")
        addresses = re.findall(r'(?:src|href|action)="([^"]*)"', page)
        self.assertEqual(addresses, ["data:,"])

    def test_the_page_plays_what_the_key_says(self):
        page, key = self.make("one", ANSWERS)
        rows, sounds = key["sounds"], sounds_of(page)
        self.assertEqual([row["number"] for row in rows], [*range(1, 7)])
        for row, sound in zip(rows, sounds, strict=True):
            self.assertEqual(row["telephone"], sound["telephone"])
            path = self.folder / "one" / row["file"]
            self.assertEqual(path.stem[6:], row["answer"])
            data = wav_of(sound)
            if row["telephone"]:
                self.assertEqual(int.from_bytes(data[24:28], "little"), 8000)
            else:
                self.assertTrue(path.read_bytes().startswith(data))

    def test_half_of_each_folder_is_filtered_or_all_or_none(self):
        def check(share, expected):
            page, _ = self.make(share, ANSWERS, "--telephone", share)
            filtered = [sound["telephone"] for sound in sounds_of(page)]
            self.assertEqual(filtered.count(True), expected)

        check("half", 3)
        check("all", 6)
        check("none", 0)

    def test_all_languages_have_the_same_texts(self):
        def shape(texts):
            found = {name: text for name, text in texts.items() if name != "advice"}
            gaps = {n: sorted(re.findall(r"\{\w+\}", t)) for n, t in found.items()}
            return gaps, len(texts["advice"])

        english = shape(listen.TEXTS["en"])
        for language, texts in listen.TEXTS.items():
            self.assertEqual(shape(texts), english, language)

    def test_what_cannot_be_a_test_is_refused(self):
        def check(expected, data, *more):
            folder = Path(tempfile.mkdtemp(dir=self.folder))
            if data is not None:
                (folder / "1_AB.wav").write_bytes(data)
            places = ["--out", self.folder / "o", "--key", self.folder / "k"]
            self.assertIn(expected, self.refused("make", folder, *places, *more))

        check("no sound named like 00000_ANSWER.wav", None)
        check("cannot be read", b"no sound")
        check("cannot be read", b"")
        check("is not 16-bit mono", wav([0, 0], channels=2))
        check("has 4000 samples a second", wav([0], 4000))
        check("is empty", wav([]))
        check("2 files are asked for, 1 are", wav([0]), "--count", 2)
        check("apart from --out", wav([0]), "--key", self.folder / "o/key")
        self.assertFalse((self.folder / "o").exists())


class Telephone(unittest.TestCase):
    """What the filter leaves."""

    def level(self, hertz: float, rate_hz: int) -> float:
        """How loud a tone still is afterwards, as a share; at another pitch it is not counted."""
        heard = over_telephone(tone(hertz, rate_hz, rate_hz // 4), rate_hz)
        # Without the ends, where the tone begins and stops.
        inner = heard[400:1600]
        return amplitude(inner, hertz) / 8000

    def test_tones_outside_the_band_go_and_those_inside_stay(self):
        for rate_hz in (16000, 22050):
            for hertz in (500, 1000, 3000):
                self.assertAlmostEqual(self.level(hertz, rate_hz), 1, delta=0.05)
            self.assertLess(self.level(100, rate_hz), 0.02)
            self.assertLess(self.level(3900, rate_hz), 0.02)

    def test_what_lies_above_does_not_fold_back(self):
        heard = over_telephone(tone(6000, count=8000), 16000)[400:-400]
        self.assertLess(max(map(abs, heard)), 160)
        # 6 kHz read 8000 times a second, without a filter, is 2 kHz.
        self.assertGreater(amplitude(tone(6000, count=8000)[::2], 2000), 7900)

    def test_a_second_stays_a_second(self):
        self.assertEqual(len(over_telephone([0] * 16000, 16000)), 8000)
        self.assertEqual(len(over_telephone([0] * 22050, 22050)), 8000)

    def test_companding_is_that_of_g_711(self):
        def check(sample, expected):
            self.assertEqual(companded(sample), expected)
            self.assertEqual(companded(-sample), -expected)

        # Values of the decoder's table, whose largest is 32124.
        check(0, 0)
        check(3, 0)
        check(4, 8)
        check(1000, 988)
        check(32124, 32124)
        check(32767, 32124)
        self.assertEqual(len({companded(n) for n in range(-32768, 32768)}), 255)


def amplitude(samples: list[int], hertz: float) -> float:
    """The amplitude of one pitch in samples at 8000 Hz."""
    angles = [2 * pi * hertz * n / 8000 for n in range(len(samples))]
    across = sum(s * cos(a) for s, a in zip(samples, angles, strict=True))
    along = sum(s * sin(a) for s, a in zip(samples, angles, strict=True))
    return 2 * hypot(across, along) / len(samples)


class Scoring(TestFolder):
    """The score of hand-made results of a hand-made test."""

    ROWS = (("FHJKL", False), ("RTWXY", True), ("Z3467", False), ("9FHJK", True))

    def setUp(self):
        super().setUp()
        rows = [
            {"number": n, "answer": answer, "set": "s", "file": "x", "telephone": far}
            for n, (answer, far) in enumerate(self.ROWS, 1)
        ]
        self.key = self.folder / "key.json"
        head = {"test": "t1", "language": "ko", "seed": "1"}
        self.key.write_text(json.dumps(head | {"sounds": rows}))

    def result(self, *typed: str, **changed) -> dict:
        """A result in which sounds took 2, 4, 6 … s, and each but the first was played once."""
        answers = [
            {
                "sound": number,
                "typed": text,
                "plays": 3 if number == 1 else 1,
                "seconds": 2 * number,
                "telephone": self.ROWS[number - 1][1],
            }
            for number, text in enumerate(typed, 1)
        ]
        head = {"test": "t1", "language": "ko", "listening": "headphones"}
        return head | {"screen_reader": True, "answers": answers} | changed

    def file(self, name: str, content) -> Path:
        path = self.folder / name
        text = content if isinstance(content, str) else json.dumps(content)
        path.write_text(text, encoding="utf-8")
        return path

    def score(self, *files: Path, more: tuple[str, ...] = ("--json",)):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            listen.main(["score", str(self.key), *map(str, files), *more])
        return json.loads(printed.getvalue()) if more else printed.getvalue()

    def test_rates_by_telephone_and_listener(self):
        ann = self.result("fhj-k l", "RTWXI", "ㅋ3467", "")
        ben = self.result("FHJKL", "RTWX", listening=None, screen_reader=None)
        result = self.score(self.file("ann.json", ann), self.file("ben.json", ben))
        everyone, filtered = result["all"], result["telephone"]
        self.assertEqual((everyone["whole"], everyone["readings"]), (3, 6))
        # Wilson's interval of a half of six, by hand.
        self.assertEqual(everyone["whole_interval_95"], [0.1876, 0.8124])
        # 30 said; wrong: Y twice, 5 of the empty answer.
        self.assertEqual(everyone["characters_right"], 23)
        self.assertEqual(everyone["characters"], 30)
        self.assertEqual((everyone["median_secs"], everyone["median_plays"]), (4, 1))
        self.assertEqual([filtered["plain"][n] for n in ("whole", "readings")], [3, 3])
        self.assertEqual(filtered["plain"]["median_plays"], 3)
        telephone = [filtered["telephone"][n] for n in ("whole", "readings")]
        self.assertEqual(telephone, [0, 3])
        self.assertEqual(result["readers"]["ben"]["readings"], 2)
        self.assertEqual(result["listening"]["not said"]["readings"], 2)
        self.assertEqual(result["screen_readers"]["yes"]["readings"], 4)
        self.assertEqual(
            [tuple(pair.values()) for pair in result["confusions"]],
            [("Y", "", 1), ("Y", "I", 1)],
        )

    def test_the_report_says_it(self):
        ann = self.result("FHJKL", "RTWXI", "9\u001b[2J")
        report = self.score(self.file("ann.json", ann), more=())
        for expected in (
            "Test t1: 4 sounds, 3 readings, listeners: ann",
            "Heard by nobody and not scored: 1 sounds",
            "Y as I: 1",
            "002 RTWXY heard as RTWXI",
            "1 of 3  33.3 %",
            "telephone",
            "median plays",
            # What a terminal would obey is shown instead.
            "9\\u001b[2J",
        ):
            self.assertIn(expected, report)
        self.assertNotIn("\u001b", report)

    def test_what_is_wrong_with_a_result_is_named(self):
        def check(content, expected):
            error = self.refused("score", self.key, self.file("bad.json", content))
            self.assertIn(f"bad.json: {expected}", error)

        def row(**changed):
            whole = self.result("FHJKL", "RTWXY")
            whole["answers"][1] |= changed
            return whole

        check('{"test": "t1",\n"language" "ko"}', "line 2: is no JSON")
        check("[" * 100_000, "is no JSON")
        check(" " * (1 << 20) + "{}", "the file: is larger than")
        check("[]", "the file: is not an object")
        check(self.result("A", test="t2"), "test: is not the key's, t1")
        check(self.result("A", language="en"), "language: is not the key's, ko")
        check(self.result("A", listening="radio"), "listening: is not headphones")
        check(self.result("A", listening=[]), "listening: is not headphones")
        check(self.result("A", screen_reader=1), "screen_reader: is not true")
        check(self.result("A", name="Ann"), "'name': is no field of a result")
        check(self.result(), "answers: is not a list with an answer")
        check(row(sound=9), "answers[1].sound: is no sound of the test")
        check(row(sound=1), "answers[1].sound: is no sound of the test, or is answered")
        check(row(sound=True), "answers[1].sound: ")
        check(row(typed="a" * 65), "answers[1].typed: is not a text of up to 64")
        check(row(typed=None), "answers[1].typed: ")
        check(row(plays=0), "answers[1].plays: is not a whole number from 1")
        check(row(plays=1.5), "answers[1].plays: ")
        check(row(seconds=-1), "answers[1].seconds: is not a number from 0")
        check(row(seconds=float("nan")), "answers[1].seconds: ")
        check(row(telephone=False), "answers[1].telephone: is not what the key says")
        check(row(at="noon"), "answers[1].'at': is no field of a result")
        missing = self.result("FHJKL")
        del missing["answers"][0]["plays"]
        check(missing, "answers[0].plays: is missing")

    def test_all_malformed_files_are_named_and_a_listener_counts_once(self):
        whole = self.file("a.json", self.result("A", "B", "C", "D"))
        stopped = self.file("b.json", self.result("A", "B", "C"))
        error = self.refused("score", self.key, whole, stopped)
        self.assertIn("b.json are of one listener", error)
        error = self.refused("score", self.key, whole, whole)
        self.assertIn("2 files are named 'a'", error)
        # Two people may well answer two sounds alike.
        few, alike = (self.file(n, self.result("A", "B")) for n in ("e.json", "f.json"))
        self.assertEqual(self.score(few, alike)["all"]["readings"], 4)
        bad, worse = self.file("c.json", "{"), self.file("d.json", "[]")
        error = self.refused("score", self.key, whole, bad, worse)
        self.assertIn("c.json: line 1", error)
        self.assertIn("d.json: the file", error)

    def test_what_is_no_key_is_refused(self):
        heard = self.file("a.json", self.result("A"))
        self.assertIn(
            "is not a listening test's key", self.refused("score", heard, heard)
        )


class Page(TestFolder):
    """The page in a browser."""

    ANSWER = """
        function hear(text) {
          play.click();
          typed.value = text;
          typed.dispatchEvent(new Event("input"));
        }
    """

    def test_it_resumes_after_a_reload_and_its_file_is_scored(self):
        page, key = self.make("one", ANSWERS)
        said = [row["answer"] for row in key["sounds"]]
        kept = self.play(
            page,
            f"""{self.ANSWER}
            document.querySelector("[name=listening][value=telephone]").click();
            document.querySelector("[name=screen-reader][value=no]").click();
            document.querySelector("#start button").click();
            element("next").click();
            if (state.current !== 0) throw new Error("a sound was passed unheard");
            hear("{said[0].lower()}");
            element("next").click();
            hear("half");
            window.dispatchEvent(new Event("pagehide"));
            element("text").textContent = localStorage.getItem(KEPT_AS);
            """,
        )
        before = f"<script>localStorage.setItem('haechi-listening-test-{key['test']}', {json.dumps(kept)})</script>"
        text = self.play(
            page.replace("<body>", "<body>" + before),
            f"""{self.ANSWER}
            if (document.activeElement.textContent !== "Sound 2 of 6") throw new Error("did not resume");
            if (typed.value !== "half") throw new Error("did not keep what was typed");
            hear("{said[1]}");
            element("next").click();
            hear("");
            element("next").click();
            element("stop").click();
            element("text").textContent = element("text").value;
            """,
        )
        result = self.folder / "result.json"
        result.write_text(text, encoding="utf-8")
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            path = self.folder / "one-key" / "key.json"
            listen.main(["score", str(path), str(result), "--json"])
        score = json.loads(printed.getvalue())
        everyone = score["all"]
        self.assertEqual((everyone["whole"], everyone["readings"]), (2, 3))
        self.assertEqual(score["unread"], [4, 5, 6])
        self.assertEqual(
            [*score["listening"], *score["screen_readers"]], ["telephone", "no"]
        )
        plays = [row["plays"] for row in json.loads(text)["answers"]]
        self.assertEqual(plays, [1, 2, 1])

    def play(self, page: str, script: str) -> str:
        """Runs a script on a page, and gives the text that it leaves for download."""
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        if not chromium:
            self.skipTest("no chromium here: the page was not tried in a browser")
        caught = f'try {{ {script} }} catch (error) {{ element("text").textContent = error; }}'
        tail = f"<script>{caught}</script></body>"
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "page.html"
            path.write_text(page.replace("</body>", tail), encoding="utf-8")
            flags = ["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
            flags.append("--autoplay-policy=no-user-gesture-required")
            profile = f"--user-data-dir={folder}/profile"
            shown = subprocess.run(
                [chromium, *flags, profile, path.as_uri()],
                capture_output=True,
                text=True,
                timeout=120,
                check=True,
            ).stdout
        text = re.search(r"<textarea[^>]*>(.*?)</textarea>", shown, re.DOTALL)[1]
        return unescape(text)


if __name__ == "__main__":
    unittest.main()
