#!/bin/sh
# misaki 0.9.4 (PyPI), which Kokoro's voices read by, loses the zeros that a code begins with, in Chinese and in Korean.
#
# A code such as 0471 is read digit by digit by people, and if it is taken for a number nothing tells that it began with
# a zero. In Chinese each run of digits is handed to cn2an without its mode for codes (zh.py: `cn2an.transform(text,
# 'an2cn')`, not `direct`) and becomes four hundred and seventy-one; 021-5588 is twenty-one, minus five thousand and so
# on. In Korean 0471 is 사백칠십일, the same number, for a zero has no name unless it stands alone (g2pkc/numerals.py). So
# 0471 and 471 sound the same, and who listens to a CAPTCHA cannot type it. With spaces between the digits all of them
# are said.
#
# Needs python3 and a package registry. Exits with 0 while it is so, with 1 if a zero is heard or one with spaces is
# not.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet misaki==0.9.4 cn2an==0.5.24 jieba==0.42.1 pypinyin==0.55.0 ordered-set==4.1.0 \
    jamo==0.4.1 nltk==3.10.4 python-mecab-ko==1.3.7 setuptools==80.9.0
"$folder/venv/bin/python" - 2>/dev/null <<'PYTHON'
import sys
from types import SimpleNamespace

import nltk
import nltk.corpus

# Its dictionary of English words is no package; nothing here is English.
nltk.download = lambda *_: None
nltk.corpus.cmudict = SimpleNamespace(dict=dict)

from misaki.ko import KOG2P
from misaki.zh import ZHG2P

same = True
for language, read in (("Chinese", ZHG2P()), ("Korean", KOG2P())):
    said = {code: read(code)[0] for code in ("0471", "471", "007471", "7471", "021-5588", "0 4 7 1")}
    for code, sounds in said.items():
        print(f"{language}, {code}: {sounds}")
    zero = read("0")[0]
    same &= said["0471"] == said["471"] and said["007471"] == said["7471"]
    same &= zero in said["0 4 7 1"] and zero not in said["0471"]
sys.exit(0 if same else 1)
PYTHON
