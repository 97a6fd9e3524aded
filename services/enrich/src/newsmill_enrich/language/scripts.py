"""Scripts: how much of a text is written in which, and what that alone says about its language."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = [
    "LANGUAGES_OF",
    "SINGLE_LANGUAGE",
    "ScriptCounts",
    "code_points",
    "count_scripts",
    "keep_script",
    "language_of_letters",
    "letter_mask",
    "tag_with_script",
]

_RANGES: Final = (
    ("Latn", 0x41, 0x24F), ("Latn", 0x250, 0x2AF), ("Latn", 0x1E00, 0x1EFF),
    ("Latn", 0xFB00, 0xFB06), ("Latn", 0xFF21, 0xFF5A),
    ("Grek", 0x370, 0x3FF), ("Grek", 0x1F00, 0x1FFF), ("Cyrl", 0x400, 0x52F),
    ("Armn", 0x530, 0x58F), ("Hebr", 0x590, 0x5FF), ("Arab", 0x600, 0x6FF),
    ("Syrc", 0x700, 0x74F), ("Arab", 0x750, 0x77F), ("Thaa", 0x780, 0x7BF),
    ("Nkoo", 0x7C0, 0x7FF), ("Arab", 0x8A0, 0x8FF), ("Deva", 0x900, 0x97F),
    ("Beng", 0x980, 0x9FF), ("Guru", 0xA00, 0xA7F), ("Gujr", 0xA80, 0xAFF),
    ("Orya", 0xB00, 0xB7F), ("Taml", 0xB80, 0xBFF), ("Telu", 0xC00, 0xC7F),
    ("Knda", 0xC80, 0xCFF), ("Mlym", 0xD00, 0xD7F), ("Sinh", 0xD80, 0xDFF),
    ("Thai", 0xE00, 0xE7F), ("Laoo", 0xE80, 0xEFF), ("Tibt", 0xF00, 0xFFF),
    ("Mymr", 0x1000, 0x109F), ("Geor", 0x10A0, 0x10FF), ("Hang", 0x1100, 0x11FF),
    ("Ethi", 0x1200, 0x139F), ("Cher", 0x13A0, 0x13FF), ("Khmr", 0x1780, 0x17FF),
    ("Mong", 0x1800, 0x18AF), ("Olck", 0x1C50, 0x1C7F), ("Geor", 0x1C90, 0x1CBF),
    ("Geor", 0x2D00, 0x2D2F), ("Tfng", 0x2D30, 0x2D7F), ("Ethi", 0x2D80, 0x2DDF),
    ("Kana", 0x3041, 0x30FF), ("Hani", 0x3105, 0x312F), ("Hang", 0x3131, 0x318E),
    ("Hani", 0x3400, 0x4DBF), ("Hani", 0x4E00, 0x9FFF), ("Cyrl", 0xA640, 0xA69F),
    ("Latn", 0xA720, 0xA7FF), ("Hang", 0xAC00, 0xD7A3), ("Hani", 0xF900, 0xFAFF),
    ("Hebr", 0xFB1D, 0xFB4F), ("Arab", 0xFB50, 0xFDFB), ("Arab", 0xFE70, 0xFEFC),
    ("Kana", 0xFF66, 0xFF9D), ("Hani", 0x20000, 0x323AF),
)  # fmt: skip

_WEIGHT: Final = MappingProxyType({"Hani": 2.5, "Kana": 2.0, "Hang": 2.0, "Ethi": 2.0})
"""One ideograph or syllable says as much as this many letters of an alphabet."""

_LATIN_AS_NAMES: Final = 0.6

_OWN_LETTERS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "Cyrl": {"az": "ҝҹҜҸ"},
        "Mymr": {"shn": "".join(map(chr, range(0x1075, 0x108E)))},
    }
)
"""By script, letters that one language alone writes which no detector knows in that script."""
_OWN_LETTERS_SHARE: Final = 0.02

SINGLE_LANGUAGE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Armn": "hy", "Geor": "ka", "Grek": "el", "Gujr": "gu", "Guru": "pa", "Hang": "ko",
        "Khmr": "km", "Knda": "kn", "Laoo": "lo", "Mlym": "ml", "Mymr": "my", "Orya": "or",
        "Olck": "sat", "Sinh": "si", "Taml": "ta", "Telu": "te", "Thaa": "dv", "Thai": "th",
    }
)  # fmt: skip
"""Scripts in which news is written in one language only."""

LANGUAGES_OF: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        script: frozenset(languages.split())
        for script, languages in {
            "Arab": "ar fa ur ps ckb ku sdh ug sd az pa ks kk ms",
            "Beng": "bn as",
            "Cyrl": "ru uk be bg mk sr kk ky tt tg mn ba cv ce os sah tyv uz az bs ab tk",
            "Deva": "hi mr ne sa gom bho mai ks bh",
            "Ethi": "am ti",
            "Hebr": "he yi",
            "Tibt": "bo dz",
        }.items()
    }
)
"""Languages that a script other than Latin may stand for."""

_NAMES: Final = ("", *dict.fromkeys(name for name, _, _ in _RANGES))
_LIMIT: Final = 0x323B0


def _tables() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """For each code point its script, 0 for none, and whether it is a letter (not a mark)."""
    script = np.zeros(_LIMIT, dtype=np.uint8)
    letter = np.zeros(_LIMIT, dtype=np.bool_)
    for name, first, last in _RANGES:
        number = _NAMES.index(name)
        if name in {"Hani", "Hang"}:  # letters throughout, and too many to ask one by one
            script[first : last + 1] = number
            letter[first : last + 1] = True
            continue
        for point in range(first, last + 1):
            kind = unicodedata.category(chr(point))[0]
            if kind in "LM":
                script[point] = number
                letter[point] = kind == "L"
    return script, letter


_SCRIPT_OF, _IS_LETTER = _tables()
_WEIGHTS: Final = np.array([_WEIGHT.get(name, 1.0) for name in _NAMES])
_WEIGHTS[0] = 0.0

_SIMPLIFIED: Final = frozenset(
    "们这国个来时说对发会学经过还动现开问关当点让进样长应该实际机种无为产东车业几边门见两给听话"
    "请认识书写买卖红绿蓝银铁钱错间题买难远运马鸟鱼龙风飞气热场报纸语单双网络电脑视频军战争议选举"
    "总统党务员济贸协约导师医疗药厂区县乡镇儿岁赛队员胜负奖杰众华"
)
_TRADITIONAL: Final = frozenset(
    "們這國個來時說對發會學經過還動現開問關當點讓進樣長應該實際機種無為產東車業幾邊門見兩給聽話"
    "請認識書寫買賣紅綠藍銀鐵錢錯間題買難遠運馬鳥魚龍風飛氣熱場報紙語單雙網絡電腦視頻軍戰爭議選舉"
    "總統黨務員濟貿協約導師醫療藥廠區縣鄉鎮兒歲賽隊員勝負獎傑眾華"
)


@dataclass(frozen=True, slots=True)
class ScriptCounts:
    """Letters of a text by script (ISO 15924), ideographs and syllables weighted."""

    weights: Mapping[str, float]

    @property
    def total(self) -> float:
        """Weighted letters of all scripts."""
        return sum(self.weights.values())

    @property
    def main(self) -> str:
        """The script with most letters, Han and kana as one (``Jpan``); empty without letters.

        Latin letters count less beside another script: they are mostly names.
        """
        joined = self.joined()
        if "Latn" in joined:
            joined["Latn"] *= _LATIN_AS_NAMES
        return max(joined, key=joined.__getitem__) if joined else ""

    def joined(self) -> dict[str, float]:
        """The weights with Han and kana under one name, as Japanese mixes them."""
        han_and_kana = self.weights.get("Hani", 0.0) + self.weights.get("Kana", 0.0)
        rest = {name: n for name, n in self.weights.items() if name not in {"Hani", "Kana"}}
        return rest | {"Jpan": han_and_kana} if han_and_kana else rest


def code_points(text: str) -> npt.NDArray[np.uint32]:
    """The text's code points; lone surrogates pass."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def language_of_letters(text: str, counts: ScriptCounts) -> str | None:
    """The language that letters of its own give away, where the detectors would not know it."""
    for language, letters in _OWN_LETTERS.get(counts.main, {}).items():
        if sum(map(text.count, letters)) > _OWN_LETTERS_SHARE * counts.total:
            return language
    return None


def letter_mask(points: npt.NDArray[np.uint32]) -> npt.NDArray[np.bool_]:
    """Which code points are letters of a known script; marks, digits and signs are not."""
    mask: npt.NDArray[np.bool_] = _IS_LETTER.take(points, mode="clip")
    return mask


def _script_ids(text: str) -> npt.NDArray[np.uint8]:
    ids: npt.NDArray[np.uint8] = _SCRIPT_OF.take(code_points(text), mode="clip")
    return ids


def count_scripts(text: str) -> ScriptCounts:
    """How many letters of each script a text has; digits, signs and emoji count nothing."""
    counts = np.bincount(_script_ids(text), minlength=len(_NAMES)) * _WEIGHTS
    present = np.flatnonzero(counts)
    return ScriptCounts({_NAMES[i]: float(counts[i]) for i in present})


def keep_script(text: str, script: str) -> str:
    """The text with the letters of every other script blanked out."""
    ids = _script_ids(text)
    keep = (ids == 0) | (ids == _NAMES.index(script))
    points = np.where(keep, code_points(text), ord(" ")).astype("<u4")
    return points.tobytes().decode("utf-32-le", "surrogatepass")


def tag_with_script(language: str, text: str, counts: ScriptCounts) -> str:
    """The BCP 47 tag of a language, with the script where readers or search care for it.

    Chinese becomes ``zh-Hans`` or ``zh-Hant``; Serbian in Latin, Azerbaijani, Uzbek, Bosnian or
    Turkmen in Cyrillic, and Azerbaijani, Kazakh, Malay or Punjabi in Arabic letters say so.

    Args:
        language: key of the language, as of :func:`~newsmill_enrich.language.codes.key_of`.
        text: what it was found in.
        counts: the text's scripts.
    """
    if language == "zh":
        simplified = sum(character in _SIMPLIFIED for character in text)
        traditional = sum(character in _TRADITIONAL for character in text)
        return "zh-Hant" if traditional > simplified else "zh-Hans"
    if language == "ku" and counts.main == "Arab":
        return "ckb"  # what the detectors call Kurdish is Sorani where it is written in Arabic
    marked = _MARKED_SCRIPTS.get(language, frozenset())
    return f"{language}-{counts.main}" if counts.main in marked else language


_MARKED_SCRIPTS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "az": frozenset({"Cyrl", "Arab"}),
        "bs": frozenset({"Cyrl"}),
        "kk": frozenset({"Latn", "Arab"}),
        "ms": frozenset({"Arab"}),
        "pa": frozenset({"Arab"}),
        "sr": frozenset({"Latn"}),
        "tk": frozenset({"Cyrl"}),
        "tt": frozenset({"Latn"}),
        "uz": frozenset({"Cyrl"}),
    }
)
