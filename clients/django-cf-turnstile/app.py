"""django-cf-turnstile, which has no setting for the address: the vendor's name leads to haechi."""
import os

import django_site

django_site.configure(
    "django_cf_turnstile",
    CF_TURNSTILE_SITE_KEY=os.environ["SITE_KEY"],
    CF_TURNSTILE_SECRET_KEY=os.environ["SECRET"],
)

from django import forms
from django_cf_turnstile.fields import TurnstileCaptchaField


class SignIn(forms.Form):
    name = forms.CharField()
    captcha = TurnstileCaptchaField()


django_site.serve(SignIn)
