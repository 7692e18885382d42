"""Whether an answer says that it does not know. Rules and no model, so that every arm is judged alike."""

from __future__ import annotations

import re

_LEAD_IN = (
    r"(?:(?:i['’]?m |i am )?(?:so |very )?sorry|unfortunately|apologies|my apologies|i apologi[sz]e"
    r"|(?:based on|according to|from|given) (?:the |these |this |your )?(?:\w+ )?"
    r"(?:passages?|documents?|documentation|docs|context|text|sources?|information)(?: provided| given| above)?)"
    r"[,.:;]?\s+(?:but\s+)?"
)
_END = r"(?=\s*(?:[.,;:!?]|$|\s[-–—]\s))"
_SOURCES = r"(?:passages?|documents?|documentation|docs|context|texts?|sources?)"
_NOT = r"(?:does not|doesn['’]?t|do not|don['’]?t|did not|didn['’]?t)"
_WHERE = r"(?:in|here|anywhere|by the|from the)\b"

_CANNOT = r"(?:cannot|can['’]?t|can not|could not|couldn['’]?t)"
_IT_IS = r"(?:(?:it|this|that|the answer)(?: is|['’]s) )?"
_ASKED = r"\s+(?:(?:this|that|the|your) question|this|that|it|from|based|with|because)\b"
_ABOUT = r"\s+(?:(?:is |was )?(?:available|given|provided|found|stated)|about|on|in|regarding|to)\b"

# An answer that opens with one of these abstains. Each is closed by what may follow it, so that answers which only
# begin alike do not count: "No information security officer", "Cannot answer calls after 18:00", "Unknown Pleasures".
_OPENINGS = (
    r"(?:i|we) (?:really |simply |just |honestly )?(?:don['’]?t|do not) (?:actually |really )?know\b",
    r"(?:i['’]?m|i am) (?:not sure|unsure|not certain|not aware|unable to (?:answer|say|tell|find|determine))\b",
    r"(?:i|we) (?:have no|don['’]?t have|do not have) (?:\w+ ){0,2}(?:idea|information|knowledge|answer)\b",
    rf"(?:i|we) {_CANNOT} (?:say|tell|determine|find)\b",
    rf"(?:(?:i|we) )?(?:{_CANNOT}|unable to) (?:answer|be answered|be determined|determine)(?:{_END}|{_ASKED})",
    rf"(?:this|that|it|the (?:answer|question)) {_CANNOT} be (?:answered|determined|found)\b",
    rf"{_IT_IS}not (?:stated|specified|mentioned|given|provided|known|found|said)(?:{_END}|\s+{_WHERE})",
    rf"(?:there is |there['’]s )?(?:no|not enough|insufficient) information(?:{_END}|{_ABOUT})",
    rf"(?:the|these|this|your|our) (?:\w+ )?{_SOURCES} {_NOT} (?:say|state|mention|specify|answer|tell)\b",
    rf"(?:the|these|this|your|our) (?:\w+ )?{_SOURCES} {_NOT} (?:contain|provide|include|give) "
    r"(?:any |enough |the |this |an )?(?:information|answer|details?)\b",
)
# These abstain only as the whole answer, being ordinary words at the start of other answers.
_WHOLE = (
    r"unknown",
    r"(?:it|this|that|the answer)(?: is|['’]s) (?:unknown|unclear|unanswerable)",
    r"unanswerable",
    r"idk",
    r"no answer",
    r"no idea",
    r"not known",
    r"not available",
)
# "I don't know, but I think it is Paris" commits to an answer, and is graded as one.
_GUESS = re.compile(
    r"\bbut\s+(?:i\s+(?:think|believe|guess|suppose|assume|would (?:say|guess))|my (?:best )?guess|probably|perhaps|"
    r"maybe|it(?:['’]s| is| may| might| could| should)\b)",
    re.IGNORECASE,
)
_OPENING = re.compile(rf"(?:{_LEAD_IN})?(?:{'|'.join(_OPENINGS)})", re.IGNORECASE)
_WHOLE_ANSWER = re.compile(rf"(?:{_LEAD_IN})?(?:{'|'.join(_WHOLE)})[.!\s]*", re.IGNORECASE)


def is_abstention(text: str) -> bool:
    """True where an answer declines to answer.

    It has to open with a phrase such as "I don't know", "I am not sure", "I cannot answer", "Not stated", "No
    information about ...", "The documents do not say ..." (an apology or "Based on the documents," may stand before
    it), or be nothing but "Unknown", "No answer", "Not available" or the like. The phrases are English.

    Not counted: the same words inside an answer ("The policy does not know borders"), a name ("Unknown Pleasures"), an
    empty answer (which tells nobody anything), and a guess after the phrase ("I don't know, but I think it is 12").
    """
    answer = " ".join(text.split()).strip("\"'`“”‘’ ")
    if _WHOLE_ANSWER.fullmatch(answer):
        return True
    return bool(_OPENING.match(answer)) and not _GUESS.search(answer)
