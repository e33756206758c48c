"""The page on which a person takes the test: one file that asks nothing of the network."""

import base64
import io

from PIL import Image

from making import fill, source

PICTURE = """\
<div class="picture" hidden>
<h2 id="title-{number}">Picture {number} of {count}</h2>
<img src="{uri}" width="{width}" height="{height}" alt="The picture to read">
<label for="answer-{number}">What does it say?</label>
<input id="answer-{number}" aria-describedby="title-{number}" maxlength="64" autocomplete="off" autocapitalize="characters" autocorrect="off" spellcheck="false" enterkeyhint="next">
</div>"""


def render(test: str, images: list[Image.Image]) -> str:
    """The page for a test's images, in order, with style, script and pictures inside."""
    blocks = [
        picture(number, len(images), image) for number, image in enumerate(images, 1)
    ]
    return fill(
        source("page.html"),
        style=source("page.css"),
        script=source("page.js"),
        test=test,
        count=str(len(images)),
        pictures="\n".join(blocks),
    )


def picture(number: int, count: int, image: Image.Image) -> str:
    """One picture and its input, at the size a site would show it."""
    return PICTURE.format(
        number=number,
        count=count,
        uri=data_uri(image),
        width=image.width,
        height=image.height,
    )


def data_uri(image: Image.Image) -> str:
    """The image as a PNG inside an address."""
    png = io.BytesIO()
    image.save(png, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(png.getvalue()).decode()
