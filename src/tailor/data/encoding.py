"""Which encoding a text is in. UTF-8 unless its bytes say otherwise; what is guessed is shown and can be set."""

from __future__ import annotations

import codecs
import unicodedata

SAMPLE = 4 * 1024 * 1024  # bytes of a file that are looked at
_GUESSED = 256 * 1024  # bytes of lines with other characters than ASCII that a guess is made from
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What spreadsheets and old systems write, by script.
_CANDIDATES = (
    *("cp1252", "cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256", "mac_roman"),
    *("shift_jis", "euc_jp", "gb18030", "big5", "euc_kr"),
)
_LATIN = ("cp1252", "cp1250", "mac_roman")
# Letters and marks that texts in these encodings hold. Windows-1252 comes first where several fit as well.
_TYPICAL = {
    "cp1252": frozenset("àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿßœšžÀÁÂÃÄÅÆÇÈÉÊËÍÎÏÑÓÔÕÖØÚÛÜŒŠŽ€£§°©®«»¿¡–—‘’“”„…•·"),
    "cp1250": frozenset("ąćęłńóśźżĄĆĘŁŃÓŚŹŻáčďéěíňřšťúůýžÁČĎÉĚÍŇŘŠŤÚÝŽäöüßÄÖÜőűŐŰăâîşţ€§°©«»–—‘’“”„…"),
    "mac_roman": frozenset("àáâãäåæçèéêëìíîïñòóôõöøùúûüÿßœÀÉÈÊÄÖÜÇÑ£§°©«»¿¡–—‘’“”„…•"),
}


def is_binary(sample: bytes) -> bool:
    """A text has no NUL bytes, but in UTF-16 and UTF-32; compiled formats have runs of them."""
    return marked(sample) is None and unmarked_utf16(sample) is None and sample.count(0) > len(sample) // 20


def marked(sample: bytes) -> str | None:
    """The encoding that a byte-order mark names."""
    return next((name for mark, name in _MARKS if sample.startswith(mark)), None)


def unmarked_utf16(sample: bytes) -> str | None:
    """UTF-16 without its mark: text in Latin letters has a NUL in every second place, always on the same side."""
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    for name, zeros, others in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if half >= 4 and zeros > 0.4 * half and not others:
            return name
    return None


def detect(sample: bytes) -> str | None:
    """The encoding of a text by its first bytes; None where nothing fits.

    UTF-8 where the sample is UTF-8, and also where only some of its lines are: those that are not are damaged, and
    reading the others in another encoding would damage them too.
    """
    if known := marked(sample) or unmarked_utf16(sample):
        return known
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
        return "utf-8"
    except UnicodeDecodeError:
        pass
    lines = [line for line in sample.split(b"\n") if not line.isascii()]
    if any(_is_utf8(line) for line in lines):
        return "utf-8"
    return _guess(b"\n".join(lines)[:_GUESSED])


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _guess(sample: bytes) -> str | None:
    """The most likely of the usual encodings (charset-normalizer); between those for Latin letters, which it mixes up
    in short texts, the one with the largest share of letters that such texts hold."""
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_isolation=list(_CANDIDATES)).best()
    if best is None:
        return None
    if best.encoding not in _LATIN:
        return best.encoding
    return max(_LATIN, key=lambda name: _share(sample, name))


def _share(sample: bytes, name: str) -> float:
    """The share of the characters beyond ASCII that are typical of an encoding; -1 where it does not fit."""
    try:
        text = sample.decode(name)
    except UnicodeDecodeError:
        return -1.0
    special = [c for c in text if c > "\x7f" and unicodedata.category(c) != "Zs"]
    return sum(c in _TYPICAL[name] for c in special) / len(special) if special else 0.0


def is_encoding(name: str) -> bool:
    """Whether Python knows an encoding of text by this name."""
    try:
        return "a".encode(name).decode(name) == "a"
    except (LookupError, UnicodeError, TypeError, AttributeError, ValueError):
        return False
