#!/bin/sh
# espeak-ng 1.51 (Debian 12): the voices for Hebrew, Turkmen, Nogai and Chuvash are silent about every digit.
#
# A language whose dictionary has no names of numbers could be expected to read them in English, as these voices do with
# a Latin letter and with the percent sign. For a digit they say nothing at all: "7%" in Hebrew is "percent", "4 7 1 6"
# is 0.3 seconds of zeros, whatever the digits are. The command ends with 0 and no warning, so that a sound CAPTCHA of
# digits in Hebrew is a file that plays and says nothing. English and Arabic are here for comparison.
#
# Needs python3 and espeak-ng 1.51. Where that is not installed it is taken from Debian's packages into a temporary
# folder. Exits with 0 while it is so, with 1 if one of the four says a digit.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
if ! espeak-ng --version 2>/dev/null | grep -q ' 1\.51 '; then
    apt-get download -qq espeak-ng=1.51* espeak-ng-data=1.51* libespeak-ng1=1.51* libpcaudio0 libsonic0
    for package in *.deb; do dpkg -x "$package" "$folder"; done
    libraries=$(dirname "$(find "$folder" -name 'libespeak-ng.so.1*' | head -n 1)")
    export LD_LIBRARY_PATH="$libraries" ESPEAK_DATA_PATH="$libraries/espeak-ng-data" PATH="$folder/usr/bin:$PATH"
fi
python3 - <<'PYTHON'
import subprocess
import sys
import wave

CODE = "4 7 1 6"


def said(voice: str, text: str) -> str:
    command = ["espeak-ng", "-v", voice, "-q", "-x", text]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def is_silent(voice: str) -> bool:
    """Nothing is said of any digit by itself, and the sound of a code is zeros."""
    subprocess.run(["espeak-ng", "-v", voice, "-w", "code.wav", CODE], check=True)
    with wave.open("code.wav") as sound:
        samples = sound.readframes(sound.getnframes())
    sounding = sum(map(bool, samples))
    print(f"{voice}: {CODE!r} is {said(voice, CODE)!r}, {sounding} of {len(samples)} bytes of sound are not zero;"
          f" 'a' is {said(voice, 'a')!r}")
    return not any(samples) and not any(said(voice, digit) for digit in "0123456789")


silent = [voice for voice in ("he", "tk", "nog", "cv", "ar", "en") if is_silent(voice)]
print(f"Hebrew '7%': {said('he', '7%')!r}")
print("silent about digits:", *silent)
sys.exit(0 if silent == ["he", "tk", "nog", "cv"] else 1)
PYTHON
