"""drf-recaptcha: settings and a serializer's field, as its README has them. KIND chooses one of its two fields."""
import os

import django_site

django_site.configure(
    "rest_framework",
    DRF_RECAPTCHA_DOMAIN=os.environ["HAECHI"].removeprefix("https://"),
    DRF_RECAPTCHA_SECRET_KEY=os.environ["SECRET"],
)

from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from drf_recaptcha.fields import ReCaptchaV2Field, ReCaptchaV3Field
from rest_framework.serializers import CharField, Serializer

V2 = """<script src="{haechi}/recaptcha/api.js" async defer></script>
  <div class="g-recaptcha" data-sitekey="{site_key}"></div>"""

V3 = """<script src="{haechi}/recaptcha/api.js?render={site_key}"></script>
  <input type="hidden" name="g-recaptcha-response">
  <script>
    document.forms[0].addEventListener("submit", async (event) => {{
      event.preventDefault();
      const token = await grecaptcha.execute("{site_key}", {{ action: "sign_in" }});
      event.target.elements["g-recaptcha-response"].value = token;
      event.target.submit();
    }});
  </script>"""

PAGE = """<!doctype html>
<html lang="en">
<title>Sign in</title>
<form method="post">
  <label>Name <input name="name"></label>
  {captcha}
  <p>{refusal}</p>
  <input type="submit" value="Sign in">
</form>
"""

KINDS = {
    "v2": (ReCaptchaV2Field(), V2),
    "v3": (ReCaptchaV3Field(action="sign_in", required_score=0.6), V3),
}
FIELD, TAGS = KINDS[os.environ["KIND"]]


class SignIn(Serializer):
    name = CharField()
    recaptcha = FIELD


@csrf_exempt
def sign_in(request):
    refusal = ""
    if request.method == "POST":
        data = {"name": request.POST["name"], "recaptcha": request.POST.get("g-recaptcha-response", "")}
        serializer = SignIn(data=data, context={"request": request})
        if serializer.is_valid():
            return HttpResponse("Signed in as " + serializer.validated_data["name"])
        refusal = " ".join(serializer.errors["recaptcha"])
    captcha = TAGS.format(haechi=os.environ["HAECHI"], site_key=os.environ["SITE_KEY"])
    return HttpResponse(PAGE.format(captcha=captcha, refusal=refusal))


django_site.serve_view(sign_in)
