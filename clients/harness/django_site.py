"""A site in Django with one page, which has one form. A client gives its settings and the form."""
import os

import django
from django.conf import settings
from django.contrib.staticfiles.views import serve as static_files
from django.core.management import execute_from_command_line
from django.http import HttpResponse
from django.template import engines
from django.urls import path

PAGE = """<!doctype html>
<html lang="en">
<title>Sign in</title>
{{ form.media }}
<form method="post">{% csrf_token %}{{ form.as_p }}<input type="submit" value="Sign in"></form>
"""


def configure(app, **of_client):
    settings.configure(
        SECRET_KEY="of this test alone",
        ALLOWED_HOSTS=["localhost"],
        ROOT_URLCONF=__name__,
        INSTALLED_APPS=["django.contrib.contenttypes", app],
        MIDDLEWARE=["django.middleware.csrf.CsrfViewMiddleware"],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        **of_client,
    )
    django.setup()


def serve(form_class):
    def sign_in(request):
        form = form_class(request.POST or None)
        if request.method == "POST" and form.is_valid():
            return HttpResponse("Signed in as " + form.cleaned_data["name"])
        return HttpResponse(engines["django"].from_string(PAGE).render({"form": form}, request))

    serve_view(sign_in)


def serve_static():
    """What a client brings for its page."""
    urlpatterns.append(path("static/<path:path>", static_files, {"insecure": True}))


def serve_view(view):
    urlpatterns.append(path("", view))
    execute_from_command_line(["", "runserver", "--noreload", os.environ["PORT"]])


urlpatterns = []
