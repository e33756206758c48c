"""django-hcaptcha-field: settings and a field, as its README has them."""
import os

import django_site

django_site.configure(
    "hcaptcha_field",
    HCAPTCHA_JS_API_URL=os.environ["HAECHI"] + "/1/api.js",
    HCAPTCHA_VERIFY_URL=os.environ["HAECHI"] + "/siteverify",
    HCAPTCHA_SITEKEY=os.environ["SITE_KEY"],
    HCAPTCHA_SECRET=os.environ["SECRET"],
)

from django import forms
from hcaptcha_field import hCaptchaField


class SignIn(forms.Form):
    name = forms.CharField()
    hcaptcha = hCaptchaField()


django_site.serve(SignIn)
