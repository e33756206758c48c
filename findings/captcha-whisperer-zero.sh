#!/bin/sh
# captcha-whisperer 0.1.0 (PyPI) can never read a "0", though it is one of its 37 classes.
#
# Its labels are 0-9, A-Z and a blank, and its card says that it reads digits and capitals. But `decode` looks for the
# likeliest class among the labels from 1 on (recognizer.py: `logits[t - 1, n_i, 1:NUM_CLASSES]`). Network outputs that
# are certain of "0", "7", "0", "K", with a blank between them as CTC wants it, are read as "171K": each 0 becomes
# whatever is next likeliest, here the first of equals.
#
# Needs python3 and a package registry. Exits with 0 while it is so, with 1 if the package reads the "0".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet captcha-whisperer==0.1.0 numpy==2.4.6 onnxruntime==1.32.0 pillow==13.0.0
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import numpy as np
from captcha_whisperer import LABELS, NUM_CLASSES, TIME_STEPS, decode

said = "0_7_0_K"
logits = np.full((TIME_STEPS, 1, NUM_CLASSES), -10.0)
for step in range(TIME_STEPS):
    logits[step, 0, LABELS.index(said[step] if step < len(said) else "_")] = 10.0
texts, _, _ = decode(logits)
print(f"the network is certain of 0, 7, 0, K; captcha-whisperer 0.1.0 reads {texts[0]!r}")
sys.exit(0 if texts[0] == "171K" else 1)
PYTHON
