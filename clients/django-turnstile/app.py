"""django-turnstile: settings and a field, as its README has them."""
import os

import django_site

django_site.configure(
    "turnstile",
    TURNSTILE_JS_API_URL=os.environ["HAECHI"] + "/turnstile/v0/api.js",
    TURNSTILE_VERIFY_URL=os.environ["HAECHI"] + "/turnstile/v0/siteverify",
    TURNSTILE_SITEKEY=os.environ["SITE_KEY"],
    TURNSTILE_SECRET=os.environ["SECRET"],
)

from django import forms
from turnstile.fields import TurnstileField


class SignIn(forms.Form):
    name = forms.CharField()
    turnstile = TurnstileField()


django_site.serve(SignIn)
