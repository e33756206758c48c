"""altcha-django: settings and a field, as its README has them, with Sentinel's addresses or by itself."""
import os

import django_site

HAECHI, SITE_KEY, KEY = (os.environ[name] for name in ("HAECHI", "SITE_KEY", "ALTCHA_KEY"))
SENTINEL = {
    "ALTCHA_VERIFIER": "sentinel",
    "ALTCHA_SENTINEL_CHALLENGE_URL": f"{HAECHI}/v1/challenge?apiKey={SITE_KEY}",
}
MODES = {
    "local": {"ALTCHA_VERIFIER": "local", "ALTCHA_HMAC_SECRET": KEY},
    "sentinel": {**SENTINEL, "ALTCHA_SENTINEL_API_SECRET": KEY},
    "sentinel-remote": {
        **SENTINEL,
        "ALTCHA_SENTINEL_API_SECRET": os.environ["SECRET"],
        "ALTCHA_SENTINEL_MODE": "remote",
    },
}
MODE = os.environ["MODE"]

django_site.configure("altcha_django", STATIC_URL="static/", **MODES[MODE])

from altcha_django import AltchaField
from django import forms

URL = {"challenge_url": f"{HAECHI}/altcha/v2/challenge?sitekey={SITE_KEY}"} if MODE == "local" else {}


class SignIn(forms.Form):
    name = forms.CharField()
    altcha = AltchaField(**URL)


django_site.serve_static()
django_site.serve(SignIn)
