"""A listening test for people: a page with sounds to type, and how many were understood.

    haechi speak --count 10 --out sounds --lang ko --seed may
    python attack/read/listen.py sounds --lang ko

It is served on this machine only. What was typed is scored, shown and printed, and kept nowhere.
"""

import argparse
import json
import re
from collections import Counter
from dataclasses import dataclass
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from align import align
from answers import MAX_ANSWER_CHARACTERS, normalise

HERE = Path(__file__).parent
TEXTS = json.loads((HERE / "listen.json").read_text(encoding="utf-8"))
LABELLED = re.compile(r"\d+_([0-9A-Za-z]{1,32})\.wav")
MAX_FORM_BYTES = 1 << 16
POLICY = "default-src 'none'; media-src 'self'; style-src 'self'; form-action 'self'; frame-ancestors 'none'"


@dataclass(frozen=True)
class Heard:
    """One sound of the test, and what a person typed for it."""

    said: str
    typed: str

    @property
    def right(self) -> bool:
        """Whether the whole answer is right."""
        return self.said == self.typed

    @property
    def understood(self) -> int:
        """Characters that were understood: all but those that must be changed, added or removed."""
        edits = sum(said != typed for said, typed in align(self.said, self.typed))
        return max(0, len(self.said) - edits)

    @property
    def confusions(self) -> list[tuple[str, str]]:
        """Which character was taken for which, where nothing was left out or added."""
        if len(self.said) != len(self.typed):
            return []
        pairs = zip(self.said, self.typed, strict=True)
        return [(said, typed) for said, typed in pairs if said != typed]


def main(arguments: list[str] | None = None) -> None:
    """The command line: serves the test until it is interrupted."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="sounds named like 00000_ANSWER.wav")
    parser.add_argument("--lang", choices=sorted(TEXTS), default="ko")
    parser.add_argument("--port", type=int, default=8090)
    options = parser.parse_args(arguments)
    sounds = find(options.folder)
    if not sounds:
        parser.error(f"{options.folder} holds no sound named like 00000_ANSWER.wav")
    server = make_server(sounds, options.lang, options.port)
    print(f"open http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()


def find(folder: Path) -> list[tuple[Path, str]]:
    """The sounds of a folder with their answers, in the order of their names."""
    paths = sorted(folder.glob("*.wav"))
    return [(path, label[1]) for path in paths if (label := LABELLED.fullmatch(path.name))]


def make_server(sounds: list[tuple[Path, str]], language: str, port: int) -> ThreadingHTTPServer:
    """What serves the test, on this machine only."""

    class Handler(BaseHTTPRequestHandler):
        """The page, its style and its sounds; and the score of what was typed."""

        def do_GET(self):
            path = urlsplit(self.path).path
            sound = re.fullmatch(r"/(\d{1,4})\.wav", path)
            if path == "/":
                self.reply("text/html", ask(language, len(sounds)).encode())
            elif path == "/page.css":
                self.reply("text/css", (HERE / "page.css").read_bytes())
            elif sound and int(sound[1]) < len(sounds):
                self.reply("audio/wav", sounds[int(sound[1])][0].read_bytes())
            else:
                self.send_error(HTTPStatus.NOT_FOUND)

        def do_POST(self):
            length = int(self.headers.get("Content-Length", 0))
            if length > MAX_FORM_BYTES:
                self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
                return
            form = parse_qs(self.rfile.read(length).decode(errors="replace"))
            score = judge(sounds, form)
            print(summary(language, score), flush=True)
            self.reply("text/html", tell(language, score).encode())

        def reply(self, kind: str, body: bytes):
            """Sends a whole reply."""
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", kind if kind == "audio/wav" else f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy", POLICY)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Requests are not worth a line."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


def judge(sounds: list[tuple[Path, str]], form: dict[str, list[str]]) -> list[Heard]:
    """What was said and what was typed, sound by sound."""
    typed = (form.get(f"typed{number}", [""])[0] for number in range(len(sounds)))
    return [
        Heard(said, normalise(text[:MAX_ANSWER_CHARACTERS]))
        for (_, said), text in zip(sounds, typed, strict=True)
    ]


def summary(language: str, score: list[Heard]) -> str:
    """A score in a line."""
    right, understood, characters = rates(score)
    confused = confusions(score) or "nothing"
    return f"{language}: {right}/{len(score)} right, {understood}/{characters} characters, confused: {confused}"


def rates(score: list[Heard]) -> tuple[int, int, int]:
    """Whole answers that are right, characters understood, and characters."""
    return (
        sum(heard.right for heard in score),
        sum(heard.understood for heard in score),
        sum(len(heard.said) for heard in score),
    )


def confusions(score: list[Heard]) -> str:
    """Such as `9 → Y, J → K (2)`; empty if nothing was confused."""
    counts = Counter(pair for heard in score for pair in heard.confusions)
    return ", ".join(
        f"{said} → {typed}" + (f" ({count})" if count > 1 else "")
        for (said, typed), count in sorted(counts.items())
    )


def ask(language: str, count: int) -> str:
    """The page with the sounds."""
    texts = TEXTS[language]
    advice = "".join(f"<li>{escape(line)}</li>" for line in texts["advice"])
    questions = "".join(question(texts["sound"], number) for number in range(count))
    form = f'<form method="post" action="/" autocomplete="off">{questions}<p><button class="main" id="check">{escape(texts["submit"])}</button></p></form>'
    return page(language, f"<p>{escape(texts['task'])}</p><ul>{advice}</ul>{form}")


def question(sound: str, number: int) -> str:
    """One sound, and the field for it."""
    name = escape(f"{sound} {number + 1}")
    return (
        f'<p><label for="typed{number}">{name}</label><br>'
        f'<audio controls preload="none" aria-label="{name}" src="/{number}.wav"></audio>'
        f'<input id="typed{number}" name="typed{number}" maxlength="32" autocomplete="off" '
        'autocapitalize="characters" autocorrect="off" spellcheck="false"></p>'
    )


def tell(language: str, score: list[Heard]) -> str:
    """The page with a score."""
    texts = {name: text if name == "advice" else escape(text) for name, text in TEXTS[language].items()}
    right, understood, characters = rates(score)
    rows = "".join(
        f"<tr><td>{escape(heard.said)}</td><td>{escape(heard.typed)}</td><td>{'✓' if heard.right else '✕'}</td></tr>"
        for heard in score
    )
    confused = confusions(score)
    return page(
        language,
        f'<p id="result" role="status">{texts["right"]}: {right}/{len(score)}. '
        f"{texts['characters']}: {understood}/{characters}.</p>"
        f'<table><thead><tr><th scope="col">{texts["said"]}</th><th scope="col">{texts["typed"]}</th>'
        f'<th scope="col">{texts["verdict"]}</th></tr></thead><tbody>{rows}</tbody></table>'
        + (f"<p>{texts['confused']}: {escape(confused)}</p>" if confused else "")
        + f'<p><a href="/">{texts["again"]}</a></p>',
    )


def page(language: str, content: str) -> str:
    """A whole page around this."""
    heading = escape(TEXTS[language]["heading"])
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><title>{heading}</title>'
        '<link rel="stylesheet" href="/page.css"></head>'
        f"<body><main><h1>{heading}</h1>{content}</main></body></html>"
    )


if __name__ == "__main__":
    main()
