#!/bin/sh
# espeak-ng 1.51 (Debian 12): in Sinhala 6 and 7 are the same sound, and it means two hundred and one.
#
# Six is හය (haya) and seven හත (hata). Both digits by themselves are read as "deka siya eka", as 201 is, in files that
# are the same byte for byte. In longer numbers each is right: 16 is dahasaya, 17 dahahata, 106 ends in haya; and so are
# the two words when they are spelt out. So of a CAPTCHA's digits, said one by one, no listener can tell a 6 from a 7,
# and each is heard as three digits.
#
# Needs espeak-ng 1.51. Where it is not installed it is taken from Debian's packages into a temporary folder. Exits with
# 0 while it is so, with 1 if the two digits differ.
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
say() {
    espeak-ng -v si -q -x "$1" | tr -d " ',"
}
for text in 1 2 5 6 7 8 16 17 106 201 හය හත; do
    echo "$text: $(say "$text")"
done
espeak-ng -v si -w six.wav 6
espeak-ng -v si -w seven.wav 7
cmp six.wav seven.wav && echo "the sounds of 6 and 7 are the same file"
test "$(say 6)" = "$(say 201)"
case "$(say 16) $(say 17) $(say හය) $(say හත)" in
    dah@s@j@\ dah@h@t@\ haj@\ hat@) exit 0 ;;
    *) exit 1 ;;
esac
