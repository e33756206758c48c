#!/bin/sh
# captcha 0.7.1 (PyPI): asked for black text, `ImageCaptcha` draws none; the darker the color, the paler the text.
#
# `generate(…, fg_color=…)` takes any color. But each character is pasted through a mask that is made of how bright it is
# (image.py: `im.convert('L').point(self.lookup_table)`), not of where it is, its alpha. Black is a mask of zeros: on
# white nothing is left but the dots and the curve, which are drawn directly, and the answer cannot be read by anybody.
# (20, 20, 20) comes out as a light gray, (128, 128, 128) as itself, and no color as a darker one. White on black is fine.
#
# Needs python3 and a package registry. Exits with 0 while it is so, with 1 if black text is drawn.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet captcha==0.7.1 pillow==13.0.0
"$folder/venv/bin/python" - <<'PYTHON'
import sys

from captcha.image import ImageCaptcha


class WithoutNoise(ImageCaptcha):
    """The characters alone, so that the darkest pixel is one of theirs."""

    @staticmethod
    def create_noise_dots(image, *_rest):
        return image

    @staticmethod
    def create_noise_curve(image, *_rest):
        return image


WHITE = (255, 255, 255)
darkest = {}
for gray in (0, 20, 60, 128):
    color = (gray, gray, gray)
    pictures = [WithoutNoise().generate_image("H", bg_color=WHITE, fg_color=color) for _ in range(20)]
    darkest[gray] = min(picture.convert("L").getextrema()[0] for picture in pictures)
    print(f"an H in {color} on white, 20 times: its darkest pixel is {darkest[gray]} of 255")
sys.exit(0 if darkest[0] == 255 and darkest[0] > darkest[20] > darkest[60] > darkest[128] > 120 else 1)
PYTHON
