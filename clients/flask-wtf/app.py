"""Flask-WTF: a RecaptchaField in a form, and four settings."""
import os

from flask import Flask, render_template_string
from flask_wtf import FlaskForm, RecaptchaField
from wtforms import StringField

PAGE = """<!doctype html>
<html lang="en">
<title>Sign in</title>
<form method="post">
  {{ form.hidden_tag() }}
  {{ form.name.label }} {{ form.name() }}
  {{ form.recaptcha() }}
  {% for error in form.recaptcha.errors %}<p>{{ error }}</p>{% endfor %}
  <input type="submit" value="Sign in">
</form>
"""

app = Flask(__name__)
app.config.update(
    SECRET_KEY="of this test alone",
    RECAPTCHA_PUBLIC_KEY=os.environ["SITE_KEY"],
    RECAPTCHA_PRIVATE_KEY=os.environ["SECRET"],
    RECAPTCHA_SCRIPT=os.environ["HAECHI"] + "/recaptcha/api.js",
    RECAPTCHA_VERIFY_SERVER=os.environ["HAECHI"] + "/recaptcha/api/siteverify",
)


class SignIn(FlaskForm):
    name = StringField("Name")
    recaptcha = RecaptchaField()


@app.route("/", methods=["GET", "POST"])
def sign_in():
    form = SignIn()
    if form.validate_on_submit():
        return "Signed in as " + form.name.data
    return render_template_string(PAGE, form=form)


app.run(host="localhost", port=int(os.environ["PORT"]))
