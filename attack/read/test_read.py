"""Tests of the reading test: nothing leaks to the reader, and the score is what a hand would count.

python -m unittest discover attack/read
"""

import base64
import contextlib
import html.parser
import io
import json
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import unicodedata
import unittest
from pathlib import Path

from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))

import answers
import labelled
import page
import score
import sheets
from align import align

ANSWERS = ["FHJKL", "RTWXY", "Z3467", "9FHJK", "LRTWX", "YZ346", "79FHJ"]
OTHER_ANSWERS = ["33333", "4444444", "666", "R", "TTTTTTTT", "WWWW", "ZZ"]


def fill_set(folder: Path, labels: list[str], hue: int) -> Path:
    """Labelled pictures whose pixels depend on their position only, each with its answer as a comment."""
    folder.mkdir(parents=True)
    for position, label in enumerate(labels):
        image = Image.new("RGB", (60, 20), (hue, 20 * position, 90))
        path = folder / f"{position:05}_{label}.gif"
        image.save(path, "GIF", comment=label.encode())
    return folder


class TestFolder(unittest.TestCase):
    """A test case with a folder of its own."""

    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def make(self, name: str, labels: list[str], *more: str) -> tuple[Path, Path]:
        """Makes a test of two sets, `NAME-light` and `NAME-dark`, in `NAME-out` and `NAME-key`."""
        sets = [
            fill_set(self.folder / f"{name}-light", labels, 200),
            fill_set(self.folder / f"{name}-dark", labels, 20),
        ]
        out, key = self.folder / f"{name}-out", self.folder / f"{name}-key"
        places = ["--out", str(out), "--key", str(key)]
        draw = ["--count", "10", "--seed", "s", "--per-sheet", "4", "--columns", "2"]
        sheets.main([*map(str, sets), *places, *draw, *more])
        return out, key

    def refused(self, run, *arguments) -> str:
        """What a command line prints as it gives up with status 2."""
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors), self.assertRaises(SystemExit) as end:
            run([str(argument) for argument in arguments])
        self.assertEqual(end.exception.code, 2)
        return errors.getvalue()


class Sheets(TestFolder):
    """What the reader gets."""

    def contents(self, folder: Path) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    def test_other_labels_on_the_same_pictures_change_no_byte(self):
        out, _ = self.make("one", ANSWERS, "--html")
        other, _ = self.make("two", OTHER_ANSWERS, "--html")
        self.assertEqual(self.contents(out), self.contents(other))

    def test_no_answer_and_no_file_or_set_name_is_in_what_the_reader_gets(self):
        out, _ = self.make("one", ANSWERS, "--html")
        words = [*ANSWERS, "one-light", "one-dark", ".gif", str(self.folder)]
        for name, data in self.contents(out).items():
            for word in words:
                # In the addresses of pictures, five letters may stand by chance.
                plain = re.sub(rb"data:image/png;base64,[\w+/=]+", b"", data)
                self.assertNotIn(word.encode(), plain, name)

    def test_pngs_hold_pixels_and_nothing_else(self):
        out, _ = self.make("one", ANSWERS, "--html")
        addresses = re.findall(r"base64,([\w+/=]+)", (out / "page.html").read_text())
        self.assertEqual(len(addresses), 10)
        pngs = [path.read_bytes() for path in out.glob("*.png")]
        for png in pngs + [base64.b64decode(address) for address in addresses]:
            self.assertLessEqual(set(chunks(png)), {"IHDR", "IDAT", "IEND"})

    def test_the_same_seed_draws_the_same_test_and_another_one_another(self):
        first = self.contents(self.make("one", ANSWERS)[0])
        second = self.contents(self.make("two", ANSWERS)[0])
        third = self.contents(self.make("three", ANSWERS, "--seed", "t")[0])
        self.assertEqual(first, second)
        self.assertNotEqual(first["sheet_01.png"], third["sheet_01.png"])

    def test_pictures_are_numbered_over_sheets_as_the_key_says(self):
        out, key = self.make("one", ANSWERS, "--enlarge", "1")
        pictures_of_key = json.loads((key / "key.json").read_text())["pictures"]
        self.assertEqual([row["number"] for row in pictures_of_key], [*range(1, 11)])
        for row in pictures_of_key:
            sheet, place = divmod(row["number"] - 1, 4)
            left = sheets.GAP + place % 2 * (60 + sheets.GAP)
            height = sheets.CAPTION_HEIGHT + 20 + sheets.GAP
            top = place // 2 * height + sheets.CAPTION_HEIGHT
            with Image.open(out / f"sheet_{sheet + 1:02}.png") as image:
                shown = image.getpixel((left + 30, top + 10))
            with Image.open(self.folder / row["set"] / row["file"]) as image:
                self.assertEqual(shown, image.convert("RGB").getpixel((30, 10)))
            self.assertIn(f"_{row['answer']}.gif", row["file"])

    def test_sets_get_equal_shares(self):
        _, key = self.make("one", ANSWERS)
        rows = json.loads((key / "key.json").read_text())["pictures"]
        names = [row["set"] for row in rows]
        self.assertEqual((names.count("one-light"), names.count("one-dark")), (5, 5))

    def test_a_small_set_leaves_its_share_to_the_others(self):
        one = fill_set(self.folder / "a", ANSWERS[:1], 1)
        many = fill_set(self.folder / "b", ANSWERS, 2)
        drawn = labelled.draw(labelled.find([one, many]), 8, "s")
        self.assertEqual(len(set(drawn)), 8)

    def test_sets_of_one_name_are_told_apart(self):
        folders = [Path("calm/light"), Path("hard/light")]
        self.assertEqual(labelled.set_names(folders), ["calm/light", "hard/light"])

    def test_what_cannot_be_a_test_is_refused(self):
        out, key = self.make("one", ANSWERS)
        light, free = self.folder / "one-light", self.folder / "free"

        def check(expected, labelled, out, key, count=3):
            places = ["--out", out, "--key", key, "--seed", "s", "--count", count]
            self.assertIn(expected, self.refused(sheets.main, labelled, *places))

        check("is not empty", light, out, free)
        check("already holds", light, free, key)
        check("apart from --out", light, free, free / "key")
        check("apart from --out", light, free / "out", free)
        check("--out must lie apart from", light, light / "out", free)
        check("is not a folder", self.folder / "none", free, self.folder / "k")
        check("no picture named", key, free, self.folder / "k")
        check("8 files are asked for, 7 are", light, free, self.folder / "k", 8)
        check("is not from 1 to 2000", light, free, self.folder / "k", 0)
        self.assertFalse(free.exists())

    def test_the_page_asks_nothing_of_the_network(self):
        out, _ = self.make("one", ANSWERS, "--html")
        reader = Addresses()
        text = (out / "page.html").read_text()
        reader.feed(text)
        self.assertEqual(len(reader.inputs), 10)
        for address in reader.found:
            self.assertTrue(address.startswith("data:"), address[:80])
        self.assertNotRegex(text, r"https?://|@import|url\(|fetch\(|XMLHttp|\{\{")
        self.assertIn("default-src 'none'", text)


def chunks(png: bytes) -> list[str]:
    """The names of a PNG's chunks."""
    names, position = [], 8
    while position < len(png):
        (length,) = struct.unpack(">I", png[position : position + 4])
        names.append(png[position + 4 : position + 8].decode())
        position += length + 12
    return names


class Addresses(html.parser.HTMLParser):
    """Collects every address that a page names, and the inputs for answers."""

    def __init__(self):
        super().__init__()
        self.found, self.inputs = [], []

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        self.found += [named[a] for a in ("src", "href", "action") if a in named]
        if tag == "input" and named["id"].startswith("answer-"):
            self.inputs.append(named["id"])


class Page(unittest.TestCase):
    """The page in a browser."""

    def test_the_file_that_it_makes_is_read_back(self):
        text = self.play("""
            element("reader").value = " Ann  B ";
            document.querySelector("#start button").click();
            for (const answer of ["fh j", "", "x"]) {
              inputs[current].value = answer;
              element("next").click();
            }
            inputs[current].value = "late";
            element("back").click();
            element("stop").click();
        """)
        read = answers.parse(text, {1, 2, 3, 4, 5}, "file")
        self.assertEqual(read.problems, [])
        self.assertEqual((read.test, read.reader), ("c0ffee00", "Ann B"))
        self.assertEqual(read.given, {1, 2, 3})
        self.assertEqual(read.typed, {1: "FHJ", 2: "", 3: "X"})
        self.assertEqual(set(read.seconds), {1, 2, 3})

    def play(self, script: str) -> str:
        """Runs a script on a page of five pictures, and gives the text for download."""
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        if not chromium:
            self.skipTest("no chromium here: the page was not tried in a browser")
        text = page.render("c0ffee00", [Image.new("RGB", (60, 20))] * 5)
        show = 'element("text").textContent = element("text").value;'
        tail = f"<script>{script}\n{show}</script></body>"
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "page.html"
            path.write_text(text.replace("</body>", tail), encoding="utf-8")
            flags = ["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
            profile = f"--user-data-dir={folder}/profile"
            shown = subprocess.run(
                [chromium, *flags, profile, path.as_uri()],
                capture_output=True,
                text=True,
                timeout=120,
                check=True,
            ).stdout
        return re.search(r"<textarea[^>]*>(.*?)</textarea>", shown, re.DOTALL)[1]


class AnswersFile(unittest.TestCase):
    """The file that a reader fills in."""

    def test_the_template_is_an_unanswered_file(self):
        read = answers.parse(answers.template("abcd1234", 3), {1, 2, 3}, "file")
        self.assertEqual(read.problems, [])
        self.assertEqual((read.test, read.reader), ("abcd1234", "file"))
        self.assertEqual(read.given, {1, 2, 3})
        self.assertEqual(read.typed, {1: "", 2: "", 3: ""})

    def test_answers_are_normalised(self):
        def check(typed, expected):
            self.assertEqual(answers.normalise(typed), expected)
            self.assertEqual(answers.normalise(expected), expected)

        check("fhjkl", "FHJKL")
        check(" F h-J\tk\u2011l\u200b ", "FHJKL")
        check("ＦｈＪ－Ｋ　Ｌ", "FHJKL")
        check("f.j,k。l", "FJKL")
        check("f?j", "F?J")
        check("ß", "ß")
        check("", "")

    def test_hangul_is_read_as_the_keys_that_typed_it(self):
        def check(typed, expected):
            self.assertEqual(answers.normalise(typed), expected)
            decomposed = unicodedata.normalize("NFD", typed)
            self.assertEqual(answers.normalise(decomposed), expected)

        check("랴ㅓ3", "FIJ3")
        check("ㅏㅌㅈ47", "KXW47")
        check("ㄺ쐐ㅀㅄ", "FRTHOFGQT")
        check("각", "RKR")

    def test_seconds_and_numbers_without_zeros_are_read(self):
        read = answers.parse("1: ab [4.2 s]\n002 :c d\n3:[9 s]", {1, 2, 3}, "file")
        self.assertEqual(read.problems, [])
        self.assertEqual(read.typed, {1: "AB", 2: "CD", 3: ""})
        self.assertEqual(read.seconds, {1: 4.2, 3: 9.0})

    def test_pictures_says_which_were_given(self):
        read = answers.parse("pictures: 1-2, 4\n1: a", {1, 2, 3, 4}, "file")
        self.assertEqual((read.problems, read.given), ([], {1, 2, 4}))

    def test_malformed_lines_are_named(self):
        def check(text, expected):
            problems = answers.parse(text, {1, 2, 3}, "file").problems
            self.assertEqual(problems, [expected] if expected else [])

        check("# any\n\n1: a", None)
        check("1: a\n2 b", "line 2: is not \"NUMBER: ANSWER\": '2 b'")
        check("9: a", "line 1: the test has no picture 9: '9: a'")
        check("1: a\n1: b", "line 2: picture 1 is answered twice: '1: b'")
        long = "1: " + "a" * 65
        check(long, f"line 1: the answer has more than 64 characters: {long!r}")
        form = 'pictures are given as "all" or as in "1-40, 61"'
        check("pictures: some", f"line 1: {form}: 'pictures: some'")
        check("pictures: 2-9", "line 1: the test has no pictures 2-9: 'pictures: 2-9'")
        check("pictures: 1\n2: b", 'picture 2 is answered, but not among "pictures"')


class Alignment(unittest.TestCase):
    """Which character became which."""

    def test_by_hand(self):
        def check(shown, typed, expected):
            pairs = " ".join(f"{s or '-'}{t or '-'}" for s, t in align(shown, typed))
            self.assertEqual(pairs, expected)

        check("FHJKL", "FHJKL", "FF HH JJ KK LL")
        check("FHJKL", "FHIKL", "FF HH JI KK LL")
        check("FHJKL", "FHKL", "FF HH J- KK LL")
        check("FHJKL", "FHJJKL", "FF HH -J JJ KK LL")
        check("FHJ", "", "F- H- J-")
        check("", "F", "-F")
        check("FH", "HF", "FH HF")


class Score(TestFolder):
    """The score of hand-made answers to a hand-made test."""

    ROWS = (("FHJKL", "a"), ("RTWXY", "a"), ("Z3467", "b"), ("9FHJK", "b"))

    def setUp(self):
        super().setUp()
        self.key = self.folder / "key.json"
        rows = [
            {"number": n, "answer": answer, "set": name, "file": "x.gif"}
            for n, (answer, name) in enumerate(self.ROWS, 1)
        ]
        self.key.write_text(json.dumps({"test": "t1", "seed": "s", "pictures": rows}))

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def score(self, *files: Path) -> dict:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            score.main([str(self.key), *map(str, files), "--json"])
        return json.loads(printed.getvalue())

    def test_rates_by_set_and_reader(self):
        ann = "test: t1\nreader: Ann\n1: fhjkl [2 s]\n2: rt-wx y [4 s]\n3: 23467\n4:\n"
        ben = "1: fhikl\n2: rtwxy\n3: 23467\n4: 9fhj"
        result = self.score(self.file("ann.txt", ann), self.file("ben.txt", ben))
        everyone = result["all"]
        self.assertEqual((everyone["whole"], everyone["readings"]), (3, 8))
        self.assertEqual(everyone["whole_rate"], 0.375)
        # 40 shown; wrong: Z twice, 5 unanswered, J once, K missed once.
        self.assertEqual(
            (everyone["characters_right"], everyone["characters"]), (31, 40)
        )
        self.assertEqual((everyone["unanswered"], everyone["median_secs"]), (1, 3.0))
        self.assertEqual([result["sets"][s]["whole"] for s in "ab"], [3, 0])
        readers = {name: part["whole"] for name, part in result["readers"].items()}
        self.assertEqual(readers, {"Ann": 2, "ben": 1})
        self.assertEqual(
            [tuple(pair.values()) for pair in result["confusions"]],
            [("Z", "2", 2), ("J", "I", 1), ("K", "", 1)],
        )
        self.assertEqual(
            [(w["number"], w["reader"], w["typed"]) for w in result["misread"]],
            [(1, "ben", "FHIKL"), (3, "Ann", "23467"), (3, "ben", "23467")]
            + [(4, "Ann", ""), (4, "ben", "9FHJ")],
        )

    def test_an_answer_in_another_order_is_wrong_but_confuses_no_letters(self):
        result = self.score(self.file("a.txt", "pictures: 1\n1: HFJKL"))
        self.assertEqual((result["all"]["whole"], result["all"]["other_order"]), (0, 1))
        self.assertEqual(result["confusions"], [])

    def test_missing_answers_are_wrong(self):
        result = self.score(self.file("a.txt", "1: fhjkl"))
        self.assertEqual((result["all"]["whole"], result["all"]["readings"]), (1, 4))
        self.assertEqual([w["number"] for w in result["misread"]], [2, 3, 4])

    def test_pictures_that_were_not_given_are_not_scored(self):
        result = self.score(self.file("a.txt", "pictures: 1-2\n1: fhjkl"))
        self.assertEqual((result["all"]["whole"], result["all"]["readings"]), (1, 2))
        self.assertEqual(result["unread"], [3, 4])

    def test_wilson_intervals(self):
        # Newcombe 1998, table I, method 3.
        self.assertEqual(score.wilson(81, 263), (0.2553, 0.3662))
        self.assertEqual(score.wilson(15, 148), (0.0624, 0.1605))
        self.assertEqual(score.wilson(0, 20), (0.0, 0.1611))
        self.assertEqual(score.wilson(29, 29), (0.8830, 1.0))
        self.assertIsNone(score.wilson(0, 0))

    def test_the_report_names_what_was_misread(self):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            score.main([str(self.key), str(self.file("ann.txt", "1: fhikl\n2: rtwxy"))])
        for expected in ("1 of 4", "25.0 %", "J as I: 1", "001 FHJKL read as FHIKL"):
            self.assertIn(expected, printed.getvalue())

    def test_every_malformed_line_of_every_file_is_named(self):
        first = self.file("first.txt", "reader: Ann\nI see FHJKL\n7: a")
        second = self.file("second.txt", "reader: Ann\ntest: t2\n1: a")
        error = self.refused(score.main, self.key, first, second)
        self.assertIn("first.txt: line 2: is not", error)
        self.assertIn("first.txt: line 3: the test has no picture 7", error)
        self.assertIn("second.txt: answers test t2, the key is of t1", error)
        self.assertIn("2 files are by 'Ann'", error)

    def test_what_is_no_key_is_refused(self):
        answered = self.file("a.txt", "1: a")
        self.assertIn("is not a key", self.refused(score.main, answered, answered))


if __name__ == "__main__":
    unittest.main()
