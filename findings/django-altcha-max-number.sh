#!/bin/sh
# django-altcha 1.0.0 (PyPI) names the largest number of a challenge as no ALTCHA widget reads it.
#
# Its view replies with the attributes of the Python object, `max_number` among them. The protocol's field is `maxnumber`,
# and the widget that the package brings (2.3.0) reads that, or `maxNumber`, and else tries 0 to 1,000,000. So a site that
# asks for more work by `AltchaChallengeView.as_view(max_number=5_000_000)` has visitors of whom four in five can never
# pass: the number lies beyond what their browsers try. With less than a million the setting makes puzzles easier, and
# nobody notices. (The form's own field is not affected: it writes the attribute `maxnumber` beside the challenge.)
#
# Needs python3 and a package registry. Exits with 0 while it is so, with 1 otherwise.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet django-altcha==1.0.0 django==5.2.8
"$folder/venv/bin/python" - <<'PYTHON'
import json
import pathlib
import re
import sys

import django
from django.conf import settings

settings.configure(INSTALLED_APPS=["django_altcha"], SECRET_KEY="only here", ALTCHA_HMAC_KEY="0" * 64)
django.setup()

import django_altcha
from django.test import RequestFactory

view = django_altcha.AltchaChallengeView.as_view(max_number=5_000_000)
challenge = json.loads(view(RequestFactory().get("/")).content)
script = pathlib.Path(django_altcha.__file__).parent / "static/altcha/altcha.min.js"
read = sorted(set(re.findall(r"\bmax_?[nN]umber\b", script.read_text(encoding="utf-8"))))
said = sorted(name for name in challenge if name.lower().startswith("max"))
print(f"the view says {said}; the widget that comes with it knows {read}")
sys.exit(0 if said == ["max_number"] and "max_number" not in read and "maxnumber" in read else 1)
PYTHON
