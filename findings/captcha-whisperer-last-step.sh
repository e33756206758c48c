#!/bin/sh
# captcha-whisperer 0.1.0 (PyPI) does not look at the last of its network's 20 steps.
#
# `decode` counts from 1 to 19 and reads step t - 1 (recognizer.py: `for t in range(1, TIME_STEPS)`), so that what stands
# at a picture's right border is lost. Outputs that are certain of "A" at the first step and of "B" at the last one are
# read as "A".
#
# Needs python3 and a package registry. Exits with 0 while it is so, with 1 if the package reads the "B".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet captcha-whisperer==0.1.0 numpy==2.4.6 onnxruntime==1.32.0 pillow==13.0.0
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import numpy as np
from captcha_whisperer import LABELS, NUM_CLASSES, TIME_STEPS, decode

logits = np.full((TIME_STEPS, 1, NUM_CLASSES), -10.0)
logits[:, 0, LABELS.index("_")] = 10.0
for step, character in ((0, "A"), (TIME_STEPS - 1, "B")):
    logits[step, 0, LABELS.index(character)] = 20.0
texts, _, _ = decode(logits)
print(f"the network is certain of A first and B last; captcha-whisperer 0.1.0 reads {texts[0]!r}")
sys.exit(0 if texts[0] == "A" else 1)
PYTHON
