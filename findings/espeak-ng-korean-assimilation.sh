#!/bin/sh
# espeak-ng 1.51 (Debian 12): its Korean does not assimilate a stop to the nasal or liquid behind it, in any common word.
#
# In Korean 합니다, the end of every polite sentence, is said hamnida, 국물 gungmul and 독립 dongnip: a syllable's final
# ㅂ, ㄷ or ㄱ becomes ㅁ, ㄴ or ㅇ before ㄴ, ㅁ and ㄹ (Standard Pronunciation of Korean, articles 18 and 19). espeak-ng
# says hapnida, gukmul and dokrip. It does know another such rule: 같이 is said gachi, as it should be (article 17). So a
# CAPTCHA's Korean sentence is understood better if it is spelt as it is said: 함니다 has the m.
#
# Needs espeak-ng 1.51. Where it is not installed it is taken from Debian's packages into a temporary folder. Exits with 0
# while it is so, with 1 if one of the three is assimilated.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
if ! espeak-ng --version 2>/dev/null | grep -q ' 1\.51 '; then
    cd "$folder"
    apt-get download -qq espeak-ng=1.51* espeak-ng-data=1.51* libespeak-ng1=1.51* libpcaudio0 libsonic0
    for package in *.deb; do dpkg -x "$package" "$folder"; done
    libraries=$(dirname "$(find "$folder" -name 'libespeak-ng.so.1*' | head -n 1)")
    export LD_LIBRARY_PATH="$libraries" ESPEAK_DATA_PATH="$libraries/espeak-ng-data" PATH="$folder/usr/bin:$PATH"
fi
say() {
    espeak-ng -v ko -q --ipa "$1" | tr -d ' ˈˌ'
}
for word in 합니다 함니다 국물 독립 같이; do
    echo "$word: $(say "$word")"
done
case "$(say 합니다) $(say 국물) $(say 독립) $(say 함니다) $(say 같이)" in
    *pn*\ *qm*\ *qɾ*\ *mn*\ *tɕh*) exit 0 ;;
    *) exit 1 ;;
esac
