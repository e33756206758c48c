#!/bin/sh
# hangul-keyboard 0.3.1 (PyPI) cannot write the Korean words for student, telephone, Japan or Chinese character.
#
# It makes Hangul of what was typed on a two-set keyboard with the Korean layout off. A keyboard decides by the vowel
# that follows: of ㄱㅅ the ㅅ begins the next syllable in 학생, while both end the first one in 몫. The package joins the two
# letters before it looks at vowels (core.py: `roman_keystrokes_to_jamo`), and no syllable begins with ㄳ, so that
# "gkrtod" becomes 하ㄳㅐㅇ. The same befalls each syllable that ends in ㄱ, ㄴ, ㄹ or ㅂ before one that begins with a
# consonant it can be joined with: eleven pairs. jamolib 0.2.1 (PyPI) does it right.
#
# Needs python3 and a package registry. Exits with 0 while it is so, with 1 if one of the four words is right.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet hangul-keyboard==0.3.1 jamolib==0.2.1
"$folder/venv/bin/python" - <<'PYTHON'
import sys

from hangul_keyboard import convert_roman_to_hangul
from jamolib import translateEngToKor

seen = []
for keys, word, meaning in (
    ("gkrry", "학교", "school"),
    ("ahrt", "몫", "share"),
    ("gkrtod", "학생", "student"),
    ("wjsghk", "전화", "telephone"),
    ("dlfqhs", "일본", "Japan"),
    ("gkswk", "한자", "Chinese character"),
):
    made, of_jamolib = convert_roman_to_hangul(keys), translateEngToKor(keys)
    print(f"{keys}, {meaning}, {word}: jamolib makes {of_jamolib}, hangul-keyboard {made}")
    seen.append((made == word, of_jamolib == word))
sys.exit(0 if seen == [(True, True)] * 2 + [(False, True)] * 4 else 1)
PYTHON
