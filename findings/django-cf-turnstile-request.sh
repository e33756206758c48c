#!/bin/sh
# django-cf-turnstile 0.1.0 (PyPI) finds the visitor by looking for a local variable called `request` in every caller.
#
# A Django form is not given the request, so its field walks up the stack and takes the first local of that name in any
# function that is running (fields.py: `f.f_locals.get("request")`), and its `META`. So whether a form can be validated
# depends on the names of variables in code that has nothing to do with it: below a function that calls a string or a
# dict `request`, as of a queue or an API, or in a test that uses pytest's fixture `request`, `is_valid()` raises
# AttributeError, even though the token is good; and a view that calls its argument `req` sends no address.
#
# Needs python3 and a package registry; the vendor's answer is made here. Exits with 0 while it is so, with 1 otherwise.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet django-cf-turnstile==0.1.0 django==5.2.8
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import django
from django.conf import settings

settings.configure(INSTALLED_APPS=["django_cf_turnstile"], SECRET_KEY="only here")
django.setup()

from django import forms
from django.test import RequestFactory
from django_cf_turnstile import client
from django_cf_turnstile.fields import TurnstileCaptchaField

sent = []


def verify(url, data_dict, **_options):
    sent.append(data_dict["remoteip"])
    return 200, {"success": True, "error-codes": []}


client.post_form = verify


class Form(forms.Form):
    captcha = TurnstileCaptchaField()


def view(request):
    return Form(request.POST).is_valid()


def same_view(req):
    return Form(req.POST).is_valid()


def job(request, submitted):
    return same_view(submitted)


def outcome(what, call):
    sent.clear()
    try:
        result = f"valid: {call()}, remoteip: {sent[0]!r}"
    except AttributeError as error:
        result = f"AttributeError: {error}"
    print(f"{what}: {result}")
    return result


post = RequestFactory().post("/", {"cf-turnstile-response": "token"}, REMOTE_ADDR="192.0.2.7")
results = (
    outcome("view(request)", lambda: view(post)),
    outcome("the same with the argument named req", lambda: same_view(post)),
    outcome("the same, called by a job whose own request is a dict", lambda: job({"id": 1}, post)),
)
expected = (
    "valid: True, remoteip: '192.0.2.7'",
    "valid: True, remoteip: None",
    "AttributeError: 'dict' object has no attribute 'META'",
)
sys.exit(0 if results == expected else 1)
PYTHON
