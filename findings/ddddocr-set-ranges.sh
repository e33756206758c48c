#!/bin/sh
# ddddocr 1.6.1 (PyPI): `set_ranges` does not choose among the characters that it is given; it only drops others from
# what was read anyway.
#
# A picture of "HI10" in a plain face is read as "hl1o". Told that only digits can occur, the model could say 0 where it
# said o, as it knows both. It says nothing there: the text is what it was, without the letters, "1"
# (core/ocr_engine.py, `_process_text_output`: the likeliest of all 8,210 classes first, then the range). Who wants a
# real restriction must take `classification(probability=True)["probabilities"]` and decode it.
#
# Needs python3 and a package registry. Exits with 0 while it is so, with 1 if the range changes what is read.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet ddddocr==1.6.1 numpy==2.4.6 onnxruntime==1.32.0 pillow==13.0.0
"$folder/venv/bin/python" - <<'PYTHON'
import io
import sys

import ddddocr
from PIL import Image, ImageDraw, ImageFont

DIGITS = "0123456789"


def picture(text: str) -> bytes:
    image = Image.new("RGB", (160, 64), "white")
    ImageDraw.Draw(image).text((16, 8), text, fill="black", font=ImageFont.load_default(44))
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


free, told = ddddocr.DdddOcr(show_ad=False), ddddocr.DdddOcr(show_ad=False)
told.set_ranges(DIGITS)
same = lost = 0
for text in ("HI10", "AB34", "S5S7", "Z2K9", "OLD1"):
    read, ranged = free.classification(picture(text)), told.classification(picture(text))
    print(f"{text}: ddddocr 1.6.1 reads {read!r}, told that only digits occur {ranged!r}")
    same += ranged == "".join(character for character in read if character in DIGITS)
    lost += len(ranged) < len(read)
print(f"{same} of 5 are what was read without the range, other characters dropped; {lost} became shorter")
sys.exit(0 if same == 5 and lost else 1)
PYTHON
