"""django-recaptcha: settings and a field, as its README has them. KIND chooses one of its three widgets."""
import os

import django_site

django_site.configure(
    "django_recaptcha",
    RECAPTCHA_DOMAIN=os.environ["HAECHI"].removeprefix("https://"),
    RECAPTCHA_PUBLIC_KEY=os.environ["SITE_KEY"],
    RECAPTCHA_PRIVATE_KEY=os.environ["SECRET"],
)

from django import forms
from django_recaptcha.fields import ReCaptchaField
from django_recaptcha.widgets import ReCaptchaV2Checkbox, ReCaptchaV2Invisible, ReCaptchaV3

WIDGETS = {
    "checkbox": ReCaptchaV2Checkbox(),
    "invisible": ReCaptchaV2Invisible(),
    "v3": ReCaptchaV3(action="sign_in", required_score=0.5),
}


class SignIn(forms.Form):
    name = forms.CharField()
    captcha = ReCaptchaField(widget=WIDGETS[os.environ["KIND"]])


django_site.serve(SignIn)
