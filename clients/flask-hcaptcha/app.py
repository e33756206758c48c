"""flask-hcaptcha. Its template variable has the vendor's script in it, so the page has the two tags itself."""
import os

from flask import Flask, render_template_string, request
from flask_hcaptcha import hCaptcha

PAGE = """<!doctype html>
<html lang="en">
<title>Sign in</title>
<form method="post">
  <label>Name <input name="name"></label>
  <script src="{{ haechi }}/1/api.js" async defer></script>
  <div class="h-captcha" data-sitekey="{{ config.HCAPTCHA_SITE_KEY }}"></div>
  {% if refused %}<p>Please prove that you are a person.</p>{% endif %}
  <input type="submit" value="Sign in">
</form>
"""

hCaptcha.VERIFY_URL = os.environ["HAECHI"] + "/siteverify"
app = Flask(__name__)
app.config.update(HCAPTCHA_SITE_KEY=os.environ["SITE_KEY"], HCAPTCHA_SECRET_KEY=os.environ["SECRET"])
hcaptcha = hCaptcha(app)


@app.route("/", methods=["GET", "POST"])
def sign_in():
    refused = False
    if request.method == "POST":
        if hcaptcha.verify():
            return "Signed in as " + request.form["name"]
        refused = True
    return render_template_string(PAGE, haechi=os.environ["HAECHI"], refused=refused)


app.run(host="localhost", port=int(os.environ["PORT"]))
