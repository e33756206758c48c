# Python 3, with nothing to install. The token is the form's field haechi-response.
import json
import os
import sys
from http.client import HTTPException
from urllib.parse import urlencode
from urllib.request import urlopen


def is_person(token):
    """Whether a person passed the challenge. A token counts once. Without a verdict nothing has passed."""
    form = urlencode({"secret": os.environ["HAECHI_SECRET"], "response": token})
    try:
        with urlopen("{host}/siteverify", form.encode(), timeout=10) as reply:
            return json.load(reply)["success"]
    except (OSError, HTTPException, LookupError, ValueError) as error:
        print("haechi gave no verdict:", error, file=sys.stderr)
        return False
