"""django-altcha: settings and a field, as its README has them. Its widget is of version 2, and so is what it verifies of 1."""
import os

import django_site

django_site.configure(
    "django_altcha",
    ALTCHA_HMAC_KEY=os.environ["ALTCHA_KEY"],
    STATIC_URL="static/",
)

from django import forms
from django_altcha import AltchaField


class SignIn(forms.Form):
    name = forms.CharField()
    altcha = AltchaField(challengeurl=f"{os.environ['HAECHI']}/altcha/v1/challenge?sitekey={os.environ['SITE_KEY']}")


django_site.serve_static()
django_site.serve(SignIn)
