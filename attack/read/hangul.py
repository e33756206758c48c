"""What a person typed whose keyboard was still set to Korean (두벌식, KS X 5002).

Each key that carries a Latin letter gives a consonant or a vowel. Taking the syllables apart again and reading each
part as its keys gives back the letters that were meant. As in crates/captcha/src/hangul.rs.
"""

import unicodedata

LEADING = "R R S E E F A Q Q T T D W W C Z X V G".split()
VOWELS = "K O I O J P U P H HK HO HL Y N NJ NP NL B M ML L".split()
TRAILING = "R R RT S SW SG E F FR FA FQ FT FX FV FG A Q QT T T D W C Z X V G".split()

KEYS = {
    **{chr(0x1100 + place): keys for place, keys in enumerate(LEADING)},
    **{chr(0x1161 + place): keys for place, keys in enumerate(VOWELS)},
    **{chr(0x11A8 + place): keys for place, keys in enumerate(TRAILING)},
    # The compatibility letters ㅀ and ㅄ decompose to archaic leading consonants.
    "\u111a": "FG",
    "\u1121": "QT",
}


def as_keys(character: str) -> str:
    """The keys that typed a Hangul letter or syllable; any other character as it is."""
    parts = unicodedata.normalize("NFKD", character)
    if all(part in KEYS for part in parts):
        return "".join(KEYS[part] for part in parts)
    return character
