"""What an English question asks for, as a phrase that other sentences can hold.

`What is the price of tea?` asks for *the price of tea*, `When did we open?` for *when we opened*. A question whose
grammar is not certain gives nothing: a wrong sentence teaches a wrong sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BE = _words("is are was were")
_MODALS = _words("can could will would should may might must")
_DO = _words("do does did")
_HAVE = _words("has have had")
_AUXILIARIES = frozenset((*_BE, *_MODALS, *_DO, *_HAVE))
_WH = _words("what who whom whose which when where why how")
_PREPOSITIONS = _words("in on at by for from to with within since until of over under after before about")
_PRONOUNS = _words("i we you they he she it someone anyone people customers clients")
_DETERMINERS = _words("the a an our your my their its his her this that these those each every any")
# Words that end a subject although they are no verb in -ed: `when the office is open`.
_PREDICATES = _words(
    "open closed available held built made due ready free sold paid born known able eligible responsible allowed"
    " called named based used sent written done given bound set kept called found left lost meant put run taught"
    " worn active valid required possible"
)
# Verbs by which the end of a longer subject is found.
_VERBS = _words(
    "accept allow answer apply arrive ask begin belong bill bring build buy call cancel change charge check choose"
    " claim close come contact contain cost cover deliver demand depend do employ end enter exist expect expire fit"
    " follow found get give go grow handle happen have help hire hold include introduce keep know last launch lead"
    " learn leave live look lose make manage mean meet move name need offer open order own pay plan prefer produce"
    " promise protect provide publish reach receive recommend refund renew rent repair replace reply report require"
    " respond return reward run save say see sell send serve ship show shut sign sit sleep sponsor stand start stay"
    " stop store support take teach tell travel trust try turn understand use visit want weigh win work write"
)
_IRREGULAR = {
    "begin": "began", "bring": "brought", "build": "built", "buy": "bought", "choose": "chose", "come": "came",
    "cost": "cost", "do": "did", "find": "found", "fit": "fit", "get": "got", "give": "gave", "go": "went",
    "grow": "grew", "have": "had", "hold": "held", "keep": "kept", "know": "knew", "lead": "led", "leave": "left",
    "lose": "lost", "make": "made", "mean": "meant", "meet": "met", "pay": "paid", "put": "put", "run": "ran",
    "say": "said", "see": "saw", "sell": "sold", "send": "sent", "set": "set", "show": "showed", "shut": "shut",
    "sit": "sat", "sleep": "slept", "stand": "stood", "take": "took", "teach": "taught", "tell": "told",
    "understand": "understood", "win": "won", "write": "wrote",
}  # fmt: skip
_DOUBLED = _words("plan ship stop")  # verbs that double their last letter: planned

# Sentences that only carry what is asked for; behind them it stands as a phrase already.
_CARRIER = re.compile(
    r"(?:please[ ,]+)?(?:kindly )?(?:(?:can|could|would|will) you (?:please )?)?"
    r"(?:tell me|let me know|state|name|give me|give|provide|explain|specify|remind me|"
    r"i(?:'d| would) (?:like|love) to (?:know|learn|hear)|i(?:'d| would) like you to (?:state|name|tell me)|"
    r"i (?:want|need|wish) to (?:know|learn)|do you (?:happen to )?know|does anyone know)[,:]? ",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Topic:
    """What a question asks for. `phrase` fits behind `tell me`; `noun`: it is a noun phrase, so that `X is ...` is a
    sentence, with `verb` (is, are, was, were) as its verb. `open`: answered by more than yes or no."""

    phrase: str
    noun: bool
    verb: str = "is"
    open: bool = True


def topic_of(question: str) -> Topic | None:
    """The topic of a question of one sentence; None where its grammar is not certain."""
    text = " ".join(question.split()).rstrip("?.! ")
    if not text or re.search(r"[.!?;:\n]", text) or len(text.split()) > 30:
        return None
    carried = _CARRIER.match(text)
    inner = text[carried.end() :] if carried else text
    words = inner.split(" ")
    if len(words) < 2:
        return None
    if carried and not (_first_wh(words) is not None and _is_inverted(words)):
        return _carried(words)
    if carried:
        return None
    return _wh_question(words) or _yes_no(words)


def _carried(words: list[str]) -> Topic | None:
    """`the price of tea`, `when the office opens`, `whether ...`."""
    first = words[0].lower()
    if first in _DETERMINERS:
        return Topic(" ".join(words), noun=True, verb="are" if _is_plural(words) else "is")
    if first in ("whether", "if"):
        return Topic(" ".join(["whether", *words[1:]]), noun=False, open=False)
    return Topic(" ".join([first, *words[1:]]), noun=False) if _first_wh(words) is not None else None


def _is_plural(words: list[str]) -> bool:
    """Whether a noun phrase without a verb is of several things: the word before its first preposition says it."""
    head = next((n for n, w in enumerate(words) if w.lower() in _PREPOSITIONS and n), len(words)) - 1
    word = words[head].lower()
    return word.endswith("s") and not word.endswith(("ss", "us", "is", "'s"))


def _first_wh(words: list[str]) -> int | None:
    """Where the question word stands: first, or second behind a preposition (`in which year`)."""
    if words[0].lower() in _WH:
        return 0
    return 1 if words[0].lower() in _PREPOSITIONS and words[1].lower() in _WH else None


def _auxiliary(words: list[str], start: int) -> int | None:
    """Where the auxiliary behind the question word and at most four further words stands."""
    for n in range(start + 1, min(start + 6, len(words))):
        if words[n].lower() in _AUXILIARIES:
            return n
        if words[n].lower() in _DETERMINERS or words[n].lower() in _PRONOUNS:
            return None
    return None


def _is_inverted(words: list[str]) -> bool:
    start = _first_wh(words)
    at = _auxiliary(words, start) if start is not None else None
    return at is not None and at + 1 < len(words) and (_ends_subject(words, at + 1) is not None)


def _wh_question(words: list[str]) -> Topic | None:
    start = _first_wh(words)
    if start is None:
        return None
    at = _auxiliary(words, start)
    if at is None or at + 1 >= len(words):
        return None
    head, auxiliary, rest = words[:at], words[at].lower(), words[at + 1 :]
    head = [head[0].lower(), *head[1:]]
    if auxiliary in _BE and head in (["what"], ["who"]) and _is_noun_phrase(rest):
        return Topic(" ".join(rest), noun=True, verb=auxiliary)
    # The question word is the subject: `who founded it`, `how many people work there`, `what is included`.
    if auxiliary in _BE and len(head) <= 3 and _is_predicate(rest, 0):
        return Topic(" ".join([*head, auxiliary, *rest]), noun=False)
    straight = _straight(auxiliary, rest)
    return Topic(" ".join([*head, *straight]), noun=False) if straight else None


def _yes_no(words: list[str]) -> Topic | None:
    auxiliary = words[0].lower()
    straight = _straight(auxiliary, words[1:]) if auxiliary in _AUXILIARIES else None
    return Topic(" ".join(["whether", *straight]), noun=False, open=False) if straight else None


def _is_noun_phrase(words: list[str]) -> bool:
    """`the price of tea`: begins with a determiner, and holds no verb that would make it a clause."""
    if words[0].lower() not in _DETERMINERS or len(words) < 2 or words[0].lower() in ("this", "that", "these", "those"):
        return False
    clause = (*_AUXILIARIES, *_PRONOUNS, "that", "who", "which")
    return words[-1].lower() not in _PREPOSITIONS and not any(
        words[n].lower() in clause or _is_predicate(words, n) for n in range(1, len(words))
    )


def _is_predicate(words: list[str], n: int) -> bool:
    """`open`, `based`, `trying`, but not in `the paid leave`, `on paid leave`, `the running time`."""
    before = words[n - 1].lower() if n else ""
    if before in _DETERMINERS or before in _PREPOSITIONS:
        return False
    return words[n].lower() in _PREDICATES or bool(re.fullmatch("[a-z]{3,}(?:ed|ing)", words[n]))


def _straight(auxiliary: str, rest: list[str]) -> list[str] | None:
    """Subject, verb and the rest in the order of a statement."""
    end = _ends_subject(rest, 0)
    if auxiliary in _BE:
        return _straight_be(auxiliary, rest)
    if end is None or end >= len(rest):
        return None
    subject, verb, after = rest[:end], rest[end], rest[end + 1 :]
    if auxiliary in _DO:
        return [*subject, _inflected(verb, auxiliary), *after]
    if auxiliary in _MODALS:
        return [*subject, auxiliary, verb, *after]
    return None


def _straight_be(auxiliary: str, rest: list[str]) -> list[str] | None:
    if rest[0].lower() in _PRONOUNS:
        return [rest[0], auxiliary, *rest[1:]]
    for n in range(1, len(rest)):
        if _is_predicate(rest, n):
            return [*rest[:n], auxiliary, *rest[n:]]
    # Without a predicate the whole rest is the subject: `where the office is`.
    certain = rest[0].lower() in _DETERMINERS or rest[0][0].isupper()
    return [*rest, auxiliary] if certain and len(rest) <= 6 and rest[-1].lower() not in _PREPOSITIONS else None


def _ends_subject(words: list[str], start: int) -> int | None:
    """Where the verb behind a subject stands: at once behind a pronoun, else the first known verb in its base form that
    no determiner, preposition or adjective-like word stands before."""
    first, second = words[start].lower(), words[start + 1] if start + 1 < len(words) else ""
    if first in _PRONOUNS and second.lower() not in _PREPOSITIONS:
        return start + 1 if second.isalpha() else None
    if not (first in _DETERMINERS or first in _PRONOUNS or words[start][0].isupper()):
        return None
    no_verb_behind = (*_DETERMINERS, *_PREPOSITIONS, *_PRONOUNS, *_AUXILIARIES)
    found = [
        n for n in range(start + 1, len(words)) if words[n] in _VERBS and words[n - 1].lower() not in no_verb_behind
    ]
    return found[0] if len(found) == 1 else None  # with two candidates it is not certain


def _inflected(verb: str, auxiliary: str) -> str:
    """The verb without its auxiliary: `did open` is opened, `does open` is opens."""
    if auxiliary == "do":
        return verb
    if auxiliary == "does":
        if verb == "have":
            return "has"
        if verb.endswith(("s", "x", "z", "ch", "sh", "o")):
            return f"{verb}es"
        return f"{verb[:-1]}ies" if re.search("[^aeiou]y$", verb) else f"{verb}s"
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    if verb in _DOUBLED:
        return f"{verb}{verb[-1]}ed"
    if verb.endswith("e"):
        return f"{verb}d"
    return f"{verb[:-1]}ied" if re.search("[^aeiou]y$", verb) else f"{verb}ed"
