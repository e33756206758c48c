"""What a recogniser wrote, as characters: every usual way to write a name, in each language.

A name that is written in another way than these is nothing (`UNKNOWN`), not a guess. Characters that are not in the
alphabet are kept, since they show what a name was taken for.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

UNKNOWN = "?"
ALPHABET = "FHJKLRTWXYZ34679"
# Their names, as a recogniser is told them.
TOLD = {
    "ko": "에프 에이치 제이 케이 엘 아르 티 더블유 엑스 와이 제트 삼 넷 여섯 일곱 아홉",
    "en": "F H J K L R T W X Y Z three four six seven nine",
    "ja": "エフ エイチ ジェー ケー エル アール ティー ダブリュー エックス ワイ ゼット さん よん ろく なな きゅう",
    "zh": "F H J K L R T W X Y Z 三 四 六 七 九",
}
# Where answers are of digits alone there are two more, and the letters are not there.
DIGITS = "2345679"
TWO_AND_FIVE = {"ko": "둘 오", "en": "two five", "ja": "に ご", "zh": "二 五"}
NAMES = {
    language: dict(zip(ALPHABET + "25", f"{names} {TWO_AND_FIVE[language]}".split(), strict=True))
    for language, names in TOLD.items()
}
# How a recogniser writes a name that it hears alone, beside the character itself and the name that it is told.
HELD = {
    "ko": {"H": "에이취", "R": "알", "4": "네", "6": "육", "7": "칠"},
    "en": {},
    "ja": {"7": "七", "9": "九", "6": "六", "3": "三", "4": "四"},
    "zh": {},
}
# Between the names that a recogniser is told, and after an example of an answer.
COMMAS = {"ko": ", ", "en": ", ", "ja": "、", "zh": "、"}
STOPS = {"ko": ". ", "en": ". ", "ja": "。", "zh": "。"}
# So far in the alphabet is the next character of an example: each comes before any comes again, and none in order.
# It has no divisor with either alphabet's length in common.
STRIDE, STRIDE_OF_DIGITS = 7, 3

# English names, in any language. Words that are something else as a rule ("are", "for") are what people write who
# know that a letter or a digit comes.
ENGLISH = {
    "A": "eh",
    "B": "bee be",
    "C": "cee see sea",
    "D": "dee",
    "F": "ef eff",
    "G": "gee",
    "H": "aitch haitch eitch",
    "J": "jay jey",
    "K": "kay kei cay okay ok",
    "L": "el ell elle",
    "M": "em",
    "N": "en",
    "O": "oh owe",
    "P": "pee",
    "Q": "cue queue",
    "R": "ar are arr",
    "S": "ess",
    "T": "tee tea ti",
    "U": "you",
    "V": "vee",
    "W": "doubleu doubleyou doubleyu",
    "X": "ex eks",
    "Y": "why wye wai",
    "Z": "zee zed",
    "0": "zero",
    "1": "one",
    "2": "two too to",
    "3": "three",
    "4": "four for fore",
    "5": "five",
    "6": "six",
    "7": "seven",
    "8": "eight ate",
    "9": "nine",
}
# Han characters that a digit is written with, in any language.
HAN = {
    "0": "零 〇",
    "1": "一",
    "2": "二",
    "3": "三 叁 参",
    "4": "四 肆",
    "5": "五",
    "6": "六 陆 陸",
    "7": "七",
    "8": "八",
    "9": "九 玖",
}
KOREAN = {
    "A": "에이",
    "B": "비",
    "C": "씨 시",
    "D": "디",
    "E": "이",
    "F": "에프 애프 에푸 에브 엡",
    "G": "지 쥐",
    "H": "에이치 에이취 애이치 에치 에취 에이찌 에잇치",
    "I": "아이",
    "J": "제이 재이 제의 쩨이",
    "K": "케이 캐이 게이 케에이",
    "L": "엘 앨 엘르",
    "M": "엠",
    "N": "엔",
    "P": "피",
    "Q": "큐",
    "R": "알 아르 아알 아을 얼",
    "S": "에스",
    "T": "티 띠 티이",
    "U": "유",
    "V": "브이",
    "W": "더블유 더블류 더블뉴 더불유 따블유 더브류 더브유 다블유 떠블유 더블",
    "X": "엑스 액스 엑쓰 에엑스 엑",
    "Y": "와이 와의",
    "Z": "제트 젯 제드 지트 쩨트 제트트 젯트 재트",
    "0": "공 영",
    "1": "하나 일",
    "2": "둘 투",
    "3": "삼 셋 쌈 쓰리 샴 세",
    "4": "넷 네 사 포 낫",
    "5": "오 다섯",
    "6": "여섯 육 륙 유섯 요섯 식스",
    "7": "칠 일곱 치일 질 세븐",
    "8": "팔 여덟",
    "9": "아홉 구 아옵 아오 나인 아홍 아홈",
}
# Katakana is read as hiragana, and a long vowel is written out or not.
JAPANESE = {
    "A": "えー えい",
    "B": "びー びい",
    "C": "しー",
    "D": "でぃー でー",
    "E": "いー",
    "F": "えふ えふー",
    "G": "じー じい",
    "H": "えいち えっち えーち えいちー えっちー えち あいち",
    "I": "あい",
    "J": "じぇー じぇい じぇえ じぇ ぜい",
    "K": "けー けい けえ",
    "L": "える えるー えぅ えう",
    "M": "えむ",
    "N": "えぬ",
    "O": "おー",
    "P": "ぴー",
    "Q": "きゅー",
    "R": "あーる ある ああるう あーるー あある あー",
    "S": "えす",
    "T": "てぃー てぃ てー ちー てぃい",
    "U": "ゆー",
    "V": "ぶい",
    "W": "だぶりゅー だぶりゅ だぶりゅう だぶるゆー だぶるゆう だぶるゆ だぶるりゅー だぶるu だぶる だぶりゅうー",
    "X": "えっくす えくす えっくすー",
    "Y": "わい わぃ わーい",
    "Z": "ぜっと ぜと ぜっど ぜっとー ずぃー ぜーと",
    "0": "ぜろ れい",
    "1": "いち",
    "2": "に",
    "3": "さん さーん すりー 山 参",
    "4": "よん し よ よんー ふぉー",
    "5": "ご",
    "6": "ろく ろっく ろくー 六 ろ",
    "7": "なな しち ななー せぶん 奈々 菜々",
    "8": "はち",
    "9": "きゅう く きゅ 級 急 球 久 旧",
}
# By the syllables that names.rs has; digits in any tone of theirs, as far as characters are in common use.
CHINESE = {
    "A": "诶",
    "B": "必 逼 比",
    "C": "西 希 吸",
    "D": "弟 地",
    "E": "意 易",
    "F": "艾弗 爱福 艾付 爱付 爱夫 挨夫 艾夫 爱弗 埃弗 哎夫 哎呼 艾福",
    "G": "记 寄",
    "H": "诶吃 艾尺 诶齐 诶尺 爱吃 诶持 诶翅 哎吃 A吃 A尺 A齐 欸吃 诶取 艾吃",
    "J": "这 這 这儿 债 寨",
    "K": "剋 开 開 凯 凱 尅 给",
    "L": "爱楼 艾楼 埃楼 爱喽 艾喽 哎喽 艾勒 爱了 挨楼 哎楼 爱露 爱漏",
    "M": "艾姆 爱木",
    "N": "恩 嗯",
    "O": "欧 偶",
    "P": "屁 批",
    "R": "阿尔 啊儿 啊尔 阿儿 阿二 啊二 阿耳 安儿 艾尔 而",
    "S": "爱思 艾丝 爱四",
    "T": "踢 提 题 題 替 体 體 梯 剃 T恤",
    "U": "优 有",
    "V": "微 威 为",
    "W": "达不溜 打不溜 大布流 打不留 达不六 达布六 大不留 打不六 答不留 答不溜 大步流 达布流 打步流 达不流 打不流",
    "X": "爱克斯 艾克斯 埃克斯 爱可思 艾克丝 爱科斯 爱课死 爱克思 爱可死 哎克斯",
    "Y": "歪 外 崴 喂",
    "Z": "贼 賊 贼的",
    "1": "一 壹 衣 医",
    "2": "二 贰 两",
    "3": "散 伞 傘 桑",
    "4": "死 寺 似 思 斯 丝 司 私 撕 嗣",
    "5": "五 无 午 舞",
    "6": "刘 劉 流 留 柳 溜 遛 瘤",
    "7": "期 漆 起 气 氣 奇 其 器 齐 旗 骑 欺 妻 企 启 汽 棋",
    "8": "八 吧 巴 爸",
    "9": "酒 久 就 旧 舊 救 究 纠 揪",
}
OWN = {"ko": KOREAN, "en": {}, "ja": JAPANESE, "zh": CHINESE}
# Spellings that are other words' syllables too often: they count between spaces or marks alone.
ALONE = {
    "ko": "이 시 비 지 오 유 세 네 사 포 구 얼 낫 엑 질 투 일 더블",
    "en": "",
    "ja": "し く に ご よ ろ ある あー あい えー えい いー おー だぶる れい える えう けい せい でー 山 急 久 球 旧 級",
    "zh": "诶 意 地 有 为 给 一 两 吧 这 這 外 就 起 其 而 似 无",
}


@dataclass(frozen=True)
class Reader:
    """Turns what was written in a language into characters."""

    spellings: dict[str, str]
    alone: frozenset[str]

    @classmethod
    def of_language(cls, language: str) -> Reader:
        """The reader of one of the four languages."""
        tables = (HAN, OWN[language])
        named = [(character, each) for table in tables for character, all_ in table.items() for each in all_.split()]
        alone = frozenset(_folded(each) for each in ALONE[language].split())
        return cls({_folded(each): character for character, each in named}, alone)

    def characters(self, text: str) -> str:
        """The characters that a text names, with `UNKNOWN` for each stretch that names none."""
        found: list[str] = []
        for word in self._joined(_words(text)):
            found += self._of_word(word)
        return "".join(found)

    def _joined(self, words: list[str]) -> list[str]:
        """Words that name a character together ("double you", "더블 유") as one."""
        joined: list[str] = []
        position = 0
        while position < len(words):
            for count in (4, 3, 2, 1):
                whole = "".join(words[position : position + count])
                if count == 1 or _folded(whole) in self.spellings or _folded(whole) in LATIN:
                    joined.append(whole)
                    position += count
                    break
        return joined

    def _of_word(self, word: str) -> list[str]:
        whole = _folded(word)
        if whole in self.spellings:
            return [self.spellings[whole]]
        found: list[str] = []
        position = 0
        while position < len(whole):
            if whole[position].isascii():
                end = position
                while end < len(whole) and whole[end].isascii():
                    end += 1
                found += _of_latin(word[position:end] if len(word) == len(whole) else whole[position:end])
                position = end
                continue
            spelling = self._longest_at(whole, position)
            if spelling is not None:
                found.append(self.spellings[spelling])
                position += len(spelling)
            else:
                if not found or found[-1] != UNKNOWN:
                    found.append(UNKNOWN)
                position += 1
        return found

    def _longest_at(self, text: str, position: int) -> str | None:
        longest = min(len(text) - position, max(map(len, self.spellings)))
        for length in range(longest, 0, -1):
            piece = text[position : position + length]
            if piece in self.spellings and piece not in self.alone:
                return piece
        return None


def told(language: str, alphabet: str, length: int) -> str:
    """What a recogniser is told before it hears a sound: answers of a length, as examples, in which every name comes.
    A mere list of the names it takes for the beginning of a longer one."""
    count = -(-len(alphabet) // length) * length
    stride = STRIDE_OF_DIGITS if alphabet == DIGITS else STRIDE
    names = [NAMES[language][alphabet[number * stride % len(alphabet)]] for number in range(count)]
    examples = [COMMAS[language].join(names[start : start + length]) for start in range(0, count, length)]
    return "".join(example + STOPS[language] for example in examples).strip()


def held(language: str, alphabet: str) -> list[tuple[str, str]]:
    """Characters, each with every way in which a recogniser may write it that is held to these names."""
    spellings = []
    for character in alphabet:
        ways = (NAMES[language][character], character, *HELD[language].get(character, "").split())
        spellings += [(character, way) for way in dict.fromkeys(ways)]
    return spellings


def _folded(text: str) -> str:
    """One way to write each letter: of full width or half, upper case or lower, katakana or hiragana."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(chr(ord(letter) - 0x60) if "ァ" <= letter <= "ヶ" else letter for letter in plain)


def _words(text: str) -> list[str]:
    """What stands between spaces and marks; an apostrophe is within a word."""
    plain = unicodedata.normalize("NFKC", text).replace("'", "").replace("’", "")
    kept = [letter if unicodedata.category(letter)[0] in "LNM" or letter == "ー" else " " for letter in plain]
    return "".join(kept).split()


LATIN = {spelling: character for character, all_ in ENGLISH.items() for spelling in all_.split()}


def _of_latin(text: str) -> list[str]:
    """Letters and digits: a name, capitals one by one, or names joined; any other word is none."""
    folded = text.casefold()
    if folded in LATIN:
        return [LATIN[folded]]
    if len(text) == 1 or text.isupper() or text.isdigit():
        return list(text.upper())
    pieces: list[str] = []
    for letter in text:
        if pieces and pieces[-1][-1].isdigit() == letter.isdigit():
            pieces[-1] += letter
        else:
            pieces.append(letter)
    if len(pieces) > 1:
        return [character for piece in pieces for character in _of_latin(piece)]
    if not set(folded) & set("aeiou"):
        return list(folded.upper())
    return [UNKNOWN]
