"""altcha (PyPI), as its README has it: by itself, with the app's key, or by asking."""
import base64
import json
import os
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs

import altcha

SEEN = set()
KEY, MODE, SECRET = (os.environ[name] for name in ("ALTCHA_KEY", "MODE", "SECRET"))
URL = os.environ["HAECHI"] + "/altcha/v2/verify/signature"
PAGE = '<!doctype html><title>Sign in</title><form method="post"><input name="name"><p>{}</p><input type="submit"></form>'


def why_not(payload):
    """Why a payload is not good, or nothing."""
    if not payload:
        return "ALTCHA payload is missing."
    if MODE == "first":
        verified, _ = altcha.verify_solution_v1(payload, KEY)
        return "" if verified else "not verified"
    if MODE == "remote":
        result = altcha.verify_server(payload, URL, secret=SECRET)
        return "" if result.verified else result.reason
    verify = {"second": altcha.verify_solution, "signed": altcha.verify_server_signature}[MODE]
    return "" if verify(payload, KEY).verified else "not verified"


def is_new(payload):
    """Whether it was not seen before. It is known by the key in it, never by its bytes."""
    if MODE == "remote":
        return True  # haechi has said so
    payload = json.loads(base64.b64decode(payload))
    of_mode = {
        "first": lambda: payload["challenge"],
        "second": lambda: payload["challenge"]["parameters"]["nonce"],
        "signed": lambda: parse_qs(payload["verificationData"])["id"][0],
    }
    name = of_mode[MODE]()
    if name in SEEN:
        return False
    SEEN.add(name)
    return True


class Site(BaseHTTPRequestHandler):
    def do_GET(self):
        self.say(PAGE.format(""))

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        payload = form.get("altcha", "")
        reason = why_not(payload) or ("" if is_new(payload) else "seen before")
        self.say(PAGE.format(reason) if reason else "Signed in as " + form["name"])

    def say(self, page):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(page.encode())

    def log_message(self, *_):
        pass


HTTPServer(("localhost", int(os.environ["PORT"])), Site).serve_forever()
