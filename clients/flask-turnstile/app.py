"""flask-turnstile. Its template variable has the vendor's script in it, so the page has the two tags itself."""
import os

from flask import Flask, render_template_string, request
from flask_turnstile import Turnstile

PAGE = """<!doctype html>
<html lang="en">
<title>Sign in</title>
<form method="post">
  <label>Name <input name="name"></label>
  <script src="{{ haechi }}/turnstile/v0/api.js" async defer></script>
  <div class="cf-turnstile" data-sitekey="{{ config.TURNSTILE_SITE_KEY }}"></div>
  {% if refused %}<p>Please prove that you are a person.</p>{% endif %}
  <input type="submit" value="Sign in">
</form>
"""

Turnstile.VERIFY_URL = os.environ["HAECHI"] + "/turnstile/v0/siteverify"
app = Flask(__name__)
app.config.update(TURNSTILE_SITE_KEY=os.environ["SITE_KEY"], TURNSTILE_SECRET_KEY=os.environ["SECRET"])
turnstile = Turnstile(app)


@app.route("/", methods=["GET", "POST"])
def sign_in():
    refused = False
    if request.method == "POST":
        if turnstile.verify():
            return "Signed in as " + request.form["name"]
        refused = True
    return render_template_string(PAGE, haechi=os.environ["HAECHI"], refused=refused)


app.run(host="localhost", port=int(os.environ["PORT"]))
