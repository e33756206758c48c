# Python 3, with nothing to install.
import json
import os
import sys
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

CALLS = "{host}/captcha/v1.0/appkeys/" + os.environ["HAECHI_APPKEY"] + "/keys"


def call(method, path=""):
    try:
        with urlopen(Request(CALLS + path, method=method), timeout=10) as response:
            return json.load(response)
    except HTTPError as error:
        return json.load(error)


def issue():
    """The key of a new challenge in the language of the page with the form."""
    reply = call("POST", "?lang={lang}")
    if "key" not in reply:
        raise RuntimeError("no challenge was issued: " + reply["header"]["resultMessage"])
    return reply["key"]


def is_right(key, answer):
    """Whether what was typed is right. A key passes once. Without a verdict nothing has passed."""
    query = urlencode({"answer": answer})
    try:
        reply = call("GET", f"/{quote(key, safe='')}/verification?{query}")
        return reply["header"]["resultCode"] == 0
    except (OSError, HTTPException, LookupError, ValueError) as error:
        print("haechi gave no verdict:", error, file=sys.stderr)
        return False
