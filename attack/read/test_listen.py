"""Tests of the listening test: what is served, and that the score is what a hand would count."""

import sys
import tempfile
import threading
import unittest
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import listen

WAV = b"RIFF\x24\x00\x00\x00WAVE"


class Score(unittest.TestCase):
    """What counts as understood."""

    def heard(self, said: str, typed: str) -> listen.Heard:
        return listen.judge([(Path(), said)], {"typed0": [typed]})[0]

    def test_what_was_typed_counts_as_in_a_challenge(self):
        self.assertTrue(self.heard("KXW47", "k x w-4 7").right)
        self.assertFalse(self.heard("KXW47", "kxw4").right)

    def test_characters_count_where_they_were_understood(self):
        for typed, understood in [("kxw47", 5), ("jxw47", 4), ("xw47", 4), ("", 0), ("a very long answer", 0)]:
            self.assertEqual(self.heard("KXW47", typed).understood, understood, typed)

    def test_a_score_tells_rates_and_confusions(self):
        score = [self.heard("KXW47", "jxw47"), self.heard("K", "J"), self.heard("KX", "K")]
        self.assertEqual(listen.rates(score), (0, 5, 8))
        self.assertEqual(listen.confusions(score), "K → J (2)")


class Page(unittest.TestCase):
    """What is served."""

    def setUp(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        for name in ["00000_KXW47.wav", "00001_FHJKL.wav", "notes.wav"]:
            (folder / name).write_bytes(WAV)
        self.server = listen.make_server(listen.find(folder), "en", 0)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)

    def get(self, path: str, form: dict[str, str] | None = None) -> bytes:
        data = urllib.parse.urlencode(form).encode() if form else None
        address = f"http://127.0.0.1:{self.server.server_port}{path}"
        with urllib.request.urlopen(address, data, timeout=10) as reply:
            return reply.read()

    def test_a_test_is_asked_heard_and_scored(self):
        asked = self.get("/").decode()
        self.assertEqual(asked.count("<audio"), 2)
        self.assertNotIn("KXW47", asked)
        self.assertEqual(self.get("/1.wav"), WAV)
        scored = self.get("/", {"typed0": "kxw 47", "typed1": "<b>"}).decode()
        self.assertIn("Whole answers right: 1/2.", scored)
        self.assertIn("&lt;B&gt;", scored)

    def test_there_is_nothing_else(self):
        for path in ["/2.wav", "/00000_KXW47.wav", "/../listen.py"]:
            with self.assertRaises(urllib.error.HTTPError) as refused:
                self.get(path)
            self.assertEqual(refused.exception.code, 404, path)
            refused.exception.close()


if __name__ == "__main__":
    unittest.main()
