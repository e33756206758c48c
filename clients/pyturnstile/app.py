"""pyturnstile, which has no setting for the address: the vendor's name leads to haechi."""
import os

from flask import Flask, render_template_string, request
from pyturnstile import Turnstile

PAGE = """<!doctype html>
<html lang="en">
<title>Sign in</title>
<form method="post">
  <label>Name <input name="name"></label>
  <script src="https://challenges.cloudflare.com/turnstile/v0/api.js" async defer></script>
  <div class="cf-turnstile" data-sitekey="{{ site_key }}" data-action="sign-in"></div>
  <p>{{ refusal }}</p>
  <input type="submit" value="Sign in">
</form>
"""

app = Flask(__name__)
turnstile = Turnstile(secret=os.environ["SECRET"])


@app.route("/", methods=["GET", "POST"])
def sign_in():
    refusal = ""
    if request.method == "POST":
        token = request.form.get("cf-turnstile-response", "")
        expected = {"expected_hostname": "localhost", "expected_action": "sign-in"}
        verdict = turnstile.validate(token, expected_remoteip=request.remote_addr, **expected)
        if verdict.success:
            return "Signed in as " + request.form["name"]
        refusal = "Refused: " + ", ".join(verdict.error_codes)
    return render_template_string(PAGE, site_key=os.environ["SITE_KEY"], refusal=refusal)


app.run(host="localhost", port=int(os.environ["PORT"]))
