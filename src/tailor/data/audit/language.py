"""Whether all rows are in one language, told by the commonest words and the script."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from tailor.data.audit.contract import Finding, Material, at_most, share

MAX_OTHER = 0.02
# So many of a language's words, and twice those of any other, decide.
MIN_HITS = 2
# Without words that are common in English too, such as "in", "a", "no" and "as".
_COMMON = {
    "English": "the of and to is that it was for are with what how which who when why does did has have be this from by"
    " were where not can will you your my their than been",
    "German": "der die das und ist nicht ein eine den dem von zu mit wie wer wann welche welcher wurde hat sich auf im"
    " des einer einem eines wo warum welches welchen viele als bei aus nach durch werden wurden ich wir kann zum für",
    "French": "le les des et est une dans que qui pour pas du quel quelle comment quand où sont avec sur par au cette"
    " nous vous mon mes quels quelles pourquoi combien été ont aux",
    "Spanish": "el los las y es una en que por para del qué cómo cuándo cuál quién con su está fue sobre al dónde"
    " cuántos cuáles puedo mi son",
    "Italian": "il gli di è una che per non della quale come quando chi con sono nel alla dei delle dove quanti perché"
    " posso mio quali stato",
    "Portuguese": "os é uma em que por para da não qual como quando quem com são na dos das foi você onde quantos meu"
    " posso quais",
    "Dutch": "de het een en niet van te met wat hoe wie wanneer welke werd heeft zich op voor zijn dat aan bij ook waar"
    " waarom hoeveel kan ik mijn",
}
_BY_WORD: dict[str, list[str]] = {}
for _name, _words in _COMMON.items():
    for _word in _words.split():
        _BY_WORD.setdefault(_word, []).append(_name)
_SCRIPTS = {
    "Cyrillic": re.compile(r"[\u0400-\u04ff]"),
    "Greek": re.compile(r"[\u0370-\u03ff]"),
    "Arabic": re.compile(r"[\u0600-\u06ff]"),
    "Hebrew": re.compile(r"[\u0590-\u05ff]"),
    "Devanagari": re.compile(r"[\u0900-\u097f]"),
    "Thai": re.compile(r"[\u0e00-\u0e7f]"),
    "Korean": re.compile(r"[\uac00-\ud7af]"),
    "Japanese": re.compile(r"[\u3040-\u30ff]"),
    "Chinese": re.compile(r"[\u4e00-\u9fff]"),
}
_WORD = re.compile(r"[^\W\d_]+")


def language(material: Material) -> Iterator[Finding]:
    """Rows in another language than most; texts too short to tell are not counted."""
    found = {}
    for i, example in enumerate(material.rows):
        known = language_of(example.question) or language_of(example.answer or "")
        if known:
            found[i] = known
    counts = Counter(found.values())
    main = counts.most_common(1)[0][0] if counts else "no language"
    other = [i for i, name in found.items() if name != main]
    listed = ", ".join(f"{n:,} {name}" for name, n in counts.most_common()[:4]) or "no row long enough to tell"
    text = f"{len(other):,} rows are not in the language of most: {listed}."
    yield at_most("language", share(len(other), len(found)), MAX_OTHER, text, material.ids(other), unit="share")


def language_of(text: str) -> str | None:
    """The language of a text, or its script where that says it; None where the words do not tell."""
    letters = sum(c.isalpha() for c in text)
    for script, pattern in _SCRIPTS.items():
        if letters and len(pattern.findall(text)) > letters / 3:
            return script
    hits: Counter[str] = Counter()
    for word in set(_WORD.findall(text.casefold())):
        hits.update(_BY_WORD.get(word, ()))
    (first, most), (_, second) = (*hits.most_common(2), ("", 0), ("", 0))[:2]
    return first if most >= MIN_HITS and most >= 2 * second else None
