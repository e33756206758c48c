# Python 3, with nothing to install. The token is the form's field haechi-response.
import json
import os
from urllib.parse import urlencode
from urllib.request import urlopen


def is_person(token):
    """Whether the form comes from a person who passed the challenge. A token counts once."""
    form = urlencode({"secret": os.environ["HAECHI_SECRET"], "response": token})
    with urlopen("{host}/siteverify", form.encode(), timeout=10) as reply:
        return json.load(reply)["success"]
