"""Questions from sentences that state one thing: `The price of tea is 2 euros.` asks for the price and for the tea.

English only. A sentence whose form is not certain gives nothing; the answer is always words of the sentence, so that a
citation of it holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_LEAD = re.compile(r"(?:On|In|At|For|As|During|Since|After|Once|With|Today|Now)\b[^,]{0,40}, ")
_POINTING = re.compile(
    r"\b(?:it|its|this|that|these|those|they|them|their|he|she|his|her|we|our|us|you|your|i|my|such|there|here|both"
    r"|former|latter|other|others|another|above|below|two|three|nobody|everyone|anyone|which|who|what|when|where"
    r"|if|because|although)\b",
    re.IGNORECASE,
)
# What begins a further clause and belongs to no short answer.
_CLAUSE = re.compile(
    r",? (?:which|who|whom|whose|where|when|while|because|although|since|so that|that|but|and (?:is|was|are|were|has|"
    r"have|can|shows?|then|[a-z]+s (?:the|a|an|on|off|with|to|all|every\w*)\b)) "
    r"|, (?:an?|the|with|from|after|as|[a-z]+able) "
)
_NUMBER = (
    r"(?:\d[\d.,]*|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|twenty"
    r"|thirty)"
)
_AMOUNT = r"(?:[$€£]\s?\d[\d.,]*|\d[\d.,]* ?(?:euros?|dollars?|percent|per cent|%|USD|EUR))"
_NAME = r"[A-Z][\w&'’.-]*(?: (?:of |the |and |de |van |von )?[A-Z][\w&'’.-]*){0,4}"
_MONTH = "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_DATE = rf"(?:{_MONTH} )?(?:1[6-9]|20)\d\d"
_ROLE = re.compile(
    r"\b(?:founder|head|chief|director|manager|officer|lead|leader|chair\w*|president|owner|client|author|editor|partner)\b"
)
_LONGEST_SUBJECT = 9
_LONGEST_ANSWER = 12


@dataclass(frozen=True)
class Candidate:
    """One question in one or several wordings, its answer, the sentence it comes from, and how it was made."""

    questions: tuple[str, ...]
    answer: str
    sentence: str
    how: str


_Made = tuple[tuple[str, ...], str] | None
_Make = Callable[[re.Match[str]], _Made]


@dataclass(frozen=True)
class _Rule:
    name: str
    pattern: re.Pattern[str]
    make: _Make


def candidates(sentence: str) -> Iterator[Candidate]:
    """What the rules ask of one sentence."""
    text = sentence.rstrip(".! ")
    text = text[lead.end() :] if (lead := _LEAD.match(text)) else text
    text = text[:1].upper() + text[1:]
    for rule in _RULES:
        match = rule.pattern.match(text)
        made = rule.make(match) if match else None
        if made is None:
            continue
        questions, answer = made
        answer = _short(answer)
        if answer and all(len(q.split()) <= 30 for q in questions):
            yield Candidate(questions, answer, sentence, rule.name)


def _short(answer: str) -> str:
    """The answer up to where a further clause begins; nothing where it points elsewhere or is long."""
    cut = _CLAUSE.search(f"{answer} ")
    words = (answer[: cut.start()] if cut else answer).strip(" ,;:")
    if not words or len(words.split()) > _LONGEST_ANSWER or _POINTING.match(words):
        return ""
    return words


def _thing(text: str) -> str | None:
    """A subject as it stands inside a question; None where it points to something outside the sentence or is long."""
    words = text.strip(" ,").split()
    if not words or len(words) > _LONGEST_SUBJECT or _POINTING.search(text) or "," in text:
        return None
    ordinary = words[0] in _ARTICLES or (words[0][1:].islower() and _ordinary(words))
    return " ".join([words[0].lower() if ordinary else words[0], *words[1:]])


_ARTICLES = frozenset(("The", "A", "An", "Every", "Each", "All", "Most", "Some", "Any"))


def _ordinary(words: list[str]) -> bool:
    """Whether a subject's first word has its capital only from the beginning of the sentence: its next word has none,
    and it ends as words for things do."""
    return len(words) > 1 and words[1].islower() and not words[0].endswith(("'s", "’s"))


def _property(match: re.Match[str]) -> _Made:
    """`The price of tea is 2 euros`: what, or who."""
    thing = _thing(match["what"])
    if thing is None or not re.match(r"the ", thing) or not _noun_phrase(match["answer"]):
        return None
    bare, verb = thing.removeprefix("the "), match["verb"]
    name = re.fullmatch(_NAME, _short(match["answer"])) is not None
    who = "Who" if _ROLE.search(thing.partition(" of ")[0]) and name else "What"
    return (f"{who} {verb} the {bare}?", f"Please name the {bare}."), match["answer"]


def _noun_phrase(text: str) -> bool:
    """What may stand behind `is` as an answer: no adjective, participle, preposition or clause."""
    return re.match(
        r"(?:an? |the |[A-Z$€£\d]|none\b|[a-z]+ (?:and|or|for|of) [a-z])", text
    ) is not None and not re.match(r"(?:the only|the first|the same)\b", text)


def _holder(match: re.Match[str]) -> _Made:
    """`Ann Lee is the head of sales at Elm`: who."""
    role = _CLAUSE.split(match["role"])[0].split(",")[0].strip()
    if _POINTING.search(role) or not _ROLE.search(role.partition(" of ")[0]):
        return None
    return (f"Who {match['verb']} the {role}?", f"Please name the {role}."), match["name"]


def _definition(match: re.Match[str]) -> _Made:
    """`Slipway is a tool for deploying web applications`: what it is."""
    thing = _thing(match["what"])
    if thing is None or len(thing.split()) > 4:
        return None
    return (f"What is {thing}?", f"How would you describe {thing} in a few words?"), match["answer"]


def _asks(*templates: str) -> _Make:
    """Templates with {thing} and {verb}."""

    def make(match: re.Match[str]) -> _Made:
        thing = _thing(match["what"])
        if thing is None:
            return None
        parts = {"thing": thing, "verb": match.groupdict().get("verb", "")}
        return tuple(t.format(**parts) for t in templates), match["answer"]

    return make


def _amount(match: re.Match[str]) -> _Made:
    """`Elm pays an internet allowance of $40 per month`: how high."""
    owner, what = _thing(match["owner"]), match["what"]
    if owner is None or _POINTING.search(what):
        return None
    where = f"the {what} at {_owner(owner)}"
    return (f"How high is {where}?", f"What is the amount of {where}?"), match["answer"]


def _owner(thing: str) -> str:
    """The name inside `every new core team member of Elm`, else the thing."""
    found = re.search(rf" (?:of|at) ({_NAME})$", thing)
    return found[1] if found else thing


_STEM = {"launched": "launch", "opened": "open", "started": "start", "introduced": "introduce", "founded": "found",
         "began": "begin", "established": "establish", "acquired": "acquire", "released": "release",
         "published": "publish", "joined": "join"}  # fmt: skip


def _launched(match: re.Match[str]) -> _Made:
    """`Elm launched Slipway in 2015`: when."""
    who, what = _thing(match["who"]), match["what"] or ""
    if who is None or _POINTING.search(what):
        return None
    rest = f"{_STEM[match['verb']]}{what.rstrip()}"
    return (f"When did {who} {rest}?", f"In which year did {who} {rest}?"), match["answer"]


def _place(match: re.Match[str]) -> _Made:
    thing, verb = _thing(match["what"]), match["verb"]
    if thing is None or re.search(r"\d|\b(?:the (?:first|last)|time|month|year)", match["answer"].split(",")[0]):
        return None
    if verb in ("takes place", "lives"):
        base = "take place" if verb == "takes place" else "live"
        questions = (f"Where does {thing} {base}?", f"In which place does {thing} {base}?")
    else:
        be = verb.split()[0]
        questions = (
            f"Where {be} {thing}{verb.removeprefix(be)}?",
            f"In which place {be} {thing}{verb.removeprefix(be)}?",
        )
    answer = re.split(
        r",? (?:in|on) (?:[A-Z][a-z]+ber|January|February|March|April|May|June|July|August)\b", match["answer"]
    )[0]
    return questions, re.split(r", (?=[a-z])| and ", answer)[0]


def _duration(match: re.Match[str]) -> _Made:
    thing = _thing(re.sub(r" is paid and$", "", match["what"]))
    if thing is None:
        return None
    past = match["verb"] in ("took", "lasted")
    base, do = ("take" if match["verb"].startswith("t") else "last"), "did" if past else "does"
    return (
        f"How long {do} {thing} {base}?",
        f"For how long {do} {thing} {base}?" if base == "last" else f"How much time {do} {thing} take?",
    ), match["answer"]


_COUNTING = {"has": "have", "works with": "work with", "employs": "employ", "serves": "serve", "offers": "offer",
             "contains": "contain", "owns": "own", "runs": "run"}  # fmt: skip


def _count(match: re.Match[str]) -> _Made:
    """`Elm works with 250 contractors`: how many."""
    thing, what = _thing(match["what"]), match["of"].strip()
    if thing is None or len(what.split()) > 3 or _POINTING.search(what):
        return None
    verb = _COUNTING[match["verb"]]
    return (f"How many {what} does {thing} {verb}?", f"What number of {what} does {thing} {verb}?"), match["answer"]


def _deadline(match: re.Match[str]) -> _Made:
    thing, verb, sign = _thing(match["what"]), match["verb"], match["sign"]
    if thing is None:
        return None
    asked = f"must {thing} be {verb}"
    if sign == "within":
        return (f"Within what time {asked}?", f"How quickly {asked}?"), match["answer"]
    return (f"By when {asked}?", f"What is the latest day on which {thing} must be {verb}?"), f"by {match['answer']}"


def _doer(match: re.Match[str]) -> _Made:
    """`Ann Lee led Project Elm`: who."""
    return (f"Who {match['verb']} {match['what']}?", f"By whom was {match['what']} {match['verb']}?"), match["name"]


def _uses(match: re.Match[str]) -> _Made:
    """`Elm uses Zulip as its chat tool`: what as."""
    who, role = _thing(match["who"]), re.sub(r"^(?:its|the|an?) ", "", match["role"])
    if who is None or _POINTING.search(role):
        return None
    return (f"What does {who} use as {_article(role)} {role}?", f"Which {role} does {who} use?"), match["answer"]


def _article(noun: str) -> str:
    return "an" if noun[:1].lower() in "aeiou" else "a"


def _rule(name: str, pattern: str, make: _Make) -> _Rule:
    return _Rule(name, re.compile(pattern), make)


_RULES = (
    _rule(
        "property",
        r"(?P<what>The [^,]+? (?:of|at|for|held by|outside) [^,]+?) (?P<verb>is|was|are|were) (?P<answer>.+)",
        _property,
    ),
    _rule("holder", rf"(?P<name>{_NAME}) (?P<verb>is|was) the (?P<role>[a-z][^.]+)", _holder),
    _rule("definition", r"(?P<what>[^,]+?) (?:is|was) (?P<answer>an? (?!(?:little|bit|lot)\b)[^,]+.*)", _definition),
    _rule(
        "price",
        rf"(?P<what>[^,]+?) costs? (?P<answer>{_AMOUNT}(?: (?:per|a|an) \w+)*)",
        _asks("How much does {thing} cost?", "What is the price of {thing}?"),
    ),
    _rule(
        "amount",
        r"(?P<owner>[^,]+?) (?:has|have|pays?|gives?|adds?|offers?|grants?|charges?|receives?) "
        rf"an? (?P<what>[a-z][a-z -]+?) of (?P<answer>{_AMOUNT}(?: (?:per|a) \w+)*)",
        _amount,
    ),
    _rule(
        "year",
        r"(?P<what>[^,]+?) was (?P<verb>founded|opened|established|launched|introduced|built|created|started) "
        rf"(?:by [^,]+? )?in (?P<answer>{_DATE})",
        _asks("When was {thing} {verb}?", "In which year was {thing} {verb}?"),
    ),
    _rule(
        "founder",
        r"(?P<what>[^,]+?) was (?P<verb>founded|established|created|designed|written|built|invented) "
        rf"(?:in (?:{_MONTH} )?\d+ )?by (?P<answer>{_NAME})",
        _asks("By whom was {thing} {verb}?", "Name whoever {thing} was {verb} by."),
    ),
    _rule(
        "launch",
        rf"(?P<who>(?:(?! (?:was|is|were|are|be|been) )[^,])+?) (?P<verb>{'|'.join(_STEM)})(?P<what> [^,]+?)? "
        rf"in (?P<answer>{_DATE})",
        _launched,
    ),
    _rule(
        "place",
        r"(?P<what>[^,]+?) (?P<verb>takes place|lives|is located|is based|is|was) (?:in|at) "
        r"(?P<answer>(?:the )?[A-Z].*)",
        _place,
    ),
    _rule(
        "duration",
        rf"(?P<what>[^,]+?) (?P<verb>lasts|lasted|takes|took) "
        rf"(?P<answer>{_NUMBER} (?:business )?(?:seconds|minutes|hours|days|weeks|months|years)\b)",
        _duration,
    ),
    _rule(
        "count",
        rf"(?P<what>[^,]+?) (?P<verb>{'|'.join(_COUNTING)}) (?P<answer>{_NUMBER}) "
        r"(?P<of>(?!days|weeks)[a-z]+(?: [a-z]+)?)\b(?=$|[.:,])",
        _count,
    ),
    _rule(
        "deadline",
        r"(?P<what>[^,]+?) must be (?P<verb>[a-z]+(?:ed|t|de|n)(?: in)?) (?P<sign>by|within) (?P<answer>[^,]+)",
        _deadline,
    ),
    _rule(
        "written in",
        r"(?P<what>[^,]+?) is written in (?P<answer>[A-Z][\w+#]*)",
        _asks("Which language is {thing} written in?", "In what is {thing} written?"),
    ),
    _rule("doer", rf"(?P<name>{_NAME}) (?P<verb>led|founded|designed|invented) (?P<what>{_NAME})(?= |$)", _doer),
    _rule(
        "use",
        r"(?P<who>[^,]+?) uses (?P<answer>[A-Za-z][\w -]+?) as (?P<role>(?:its|the|an?) [a-z][a-z -]+)",
        _uses,
    ),
    _rule(
        "hour",
        r"(?P<what>[^,]+?) (?P<verb>open|close|start|end|begin)s at "
        r"(?P<answer>\d{1,2}(?::\d\d)?(?: ?[ap]\.?m\.?)?)(?=$|[ ,])",
        _asks("When does {thing} {verb}?", "At what time does {thing} {verb}?"),
    ),
)
