"""Other wordings of question and statement forms: synonyms, other question words, other sentence frames.

Works on forms with {e} and {v}, never on names or values. Facts are asked for and stated in wordings drawn apart, so
that reading has to connect "Who is the boss of {e}?" with "{e} is led by {v}."
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable

# Each group holds wordings that mean the same in handbooks; a form with one of them is also written with the others.
SYNONYMS = (
    ("chief executive", "boss", "director", "head"),
    ("employees", "staff members", "workers", "colleagues"),
    ("biggest client", "largest client", "biggest customer", "main client"),
    ("most important customer", "most important client", "main customer"),
    ("customers", "clients"),
    ("the price", "the cost"),
    ("e-mail address", "mail address", "contact address", "e-mail"),
    ("phone number", "telephone number"),
    ("technologies", "tools", "programs"),
    ("benefits", "perks", "extras"),
    ("annual leave", "paid leave", "paid holiday", "paid time off", "vacation"),
    ("profession", "occupation", "role", "position"),
    ("was founded", "was set up", "was established", "was created"),
    ("founded", "set up", "established"),
    ("founder", "creator"),
    ("revenue", "turnover"),
    ("head office", "main office", "headquarters", "seat"),
    ("free trial", "test period", "trial"),
    ("warranty", "guarantee"),
    ("hobby", "pastime", "favourite activity"),
    ("manager", "boss", "supervisor", "superior"),
    ("deputy", "stand-in", "substitute"),
    ("deadline", "due date", "final date", "last day"),
    ("goal", "aim", "purpose"),
    ("take place", "happen"),
    ("entrance fee", "ticket price", "price of entry"),
    ("guests", "visitors"),
    ("responsible for", "in charge of", "accountable for"),
    ("famous for", "known for", "best known for"),
    ("symbol", "sign", "emblem", "logo"),
    ("former name", "old name", "earlier name", "previous name"),
    ("certifications", "certificates", "standards"),
    ("website", "web page", "site", "home page"),
    ("support desk", "help desk", "support line"),
    ("equipment budget", "budget for equipment", "money for equipment"),
    ("order number", "catalogue number", "product number", "code"),
    ("approve", "agree to", "say yes to", "sign off", "allow"),
    ("approves", "agrees to", "says yes to", "signs off", "allows"),
    ("applied", "been valid", "been in force"),
    ("introduced", "brought in", "put in place"),
    ("include", "contain", "come with"),
    ("storage", "space", "room for data"),
    ("length", "duration"),
    ("inhabitants", "residents", "citizens"),
    ("opening hours", "office hours", "hours"),
    ("favourite food", "usual food", "meal"),
    ("home town", "native town"),
    ("partner", "business partner", "ally"),
    ("released", "launched", "published", "brought out"),
    ("weight", "mass"),
    ("members", "team members"),
    ("leads", "heads", "directs"),
    ("is led by", "is run by", "is headed by", "is managed by"),
    ("produces", "builds"),
    ("works for", "is employed by", "has a job at"),
    ("lives in", "has a home in", "is at home in"),
    ("costs", "is sold for", "is available for", "goes for"),
    ("requested", "asked for", "applied for"),
    ("How quickly", "How soon", "How fast"),
    ("How often", "How frequently"),
)
YEAR = ("In which year", "In what year", "What year", "When exactly", "Around when")
DAY = ("On which date", "On what date", "On which day", "What day", "When exactly")
HOURS = ("At what times", "During which hours", "At which times", "At what hours", "During what hours")
CLOCK = ("At what time", "At which time", "What time", "When exactly")
PLACE = ("In which place", "In what place", "In which town", "In what city", "In which city", "Where exactly")
ROOM = ("In which place", "In what place", "In which room", "At what place", "Where exactly")
WHEN = {"year": YEAR, "date": DAY, "day": DAY, "hours": HOURS, "clock": CLOCK, "meeting": CLOCK, "one:HOLIDAYS": DAY}
WHERE = {"place": PLACE, "places": PLACE, "room": ROOM, "company": ("In which company", "At which company")}
WHO = {"person": ("Which person", "What person"), "company": ("Which company", "What company", "Which firm")}
WHOM = {"person": ("which person", "what person"), "company": ("which company", "which firm")}
FRAMES = (
    "Can you tell me the {x} of {e}?",
    "Do you know the {x} of {e}?",
    "Tell me the {x} of {e}.",
    "Please name the {x} of {e}.",
    "I would like to know the {x} of {e}.",
    "I am looking for the {x} of {e}.",
    "What does the text say about the {x} of {e}?",
    "What about the {x} of {e}?",
    "{x} of {e}?",
    "{e} {x}?",
    "Please state the {x} of {e}.",
    "I'd like to know the {x} of {e}.",
    "{e}: what is the {x}?",
    "Give me the {x} of {e}.",
)
OPENINGS = (
    "Quick question: {q}",
    "I have a question. {q}",
    "Hello! {q}",
    "Please tell me: {q}",
    "{q} Please answer briefly.",
    "Can you help me? {q}",
    "One thing I could not find: {q}",
    "Maybe you know this: {q}",
    "{q} Thank you.",
)


def normalised(form: str) -> str:
    """A form as it is compared: words only, in lower case."""
    return " ".join(re.findall(r"[\w{}'-]+", form.lower()))


def _openers(form: str, value: str) -> list[str]:
    """Forms with another question word in front."""
    if "exactly" in form:
        return []
    found = []
    for word, table in (("When ", WHEN), ("Where ", WHERE), ("Who ", WHO)):
        if form.startswith(word):
            found += [f"{other} {form[len(word) :]}" for other in table.get(value, ())]
    for start in ("To ", "By ", "For ", "With "):
        if form.startswith(f"{start}whom "):
            found += [f"{start}{other} {form[len(start) + 5 :]}" for other in WHOM.get(value, ())]
    for word, others in (
        ("Which ", ("What ",)),
        ("In which ", ("In what ",)),
        ("On which ", ("On what ",)),
        ("With which ", ("With what ",)),
        ("To which ", ("To what ",)),
        ("How many ", ("What number of ", "Which number of ")),
        ("How often ", ("How many times ", "At what intervals ", "How regularly ")),
        ("How quickly ", ("In what time ", "Within what time ", "In how much time ")),
        ("How fast ", ("In what time ", "Within what time ")),
        ("For how long ", ("For what time ", "For what period ", "Over what time ")),
        ("How long in advance ", ("How much time in advance ", "How long before ")),
    ):
        if form.startswith(word):
            found += [other + form[len(word) :] for other in others]
    if form.startswith("How long does ") and form.endswith(" last?"):
        found += [f"For how long does {form[14:]}", f"What is the duration of {form[14:-6]}?"]
    return found


def _frames(form: str) -> list[str]:
    """Forms in another frame, from "What is the X of {e}?", "Who is the X of {e}?" and the like."""
    match = re.fullmatch(r"(What|Who) (is|are|was) the ([\w' -]+?) (?:of|at|on|in|for) ((?:the [^?]* )?\{\w\})\?", form)
    if match:
        noun, whose = match[3], match[4]
        found = [frame.replace("{x}", noun).replace("{e}", whose) for frame in FRAMES]
        if match[1] == "Who":
            found += [f"What is the name of the {noun} of {whose}?", f"Who acts as the {noun} of {whose}?"]
        else:
            found += [f"Which {noun} does {whose} have?", f"What {noun} does {whose} have?"]
        return found
    match = re.fullmatch(r"How many (\w+) does ([^?]*\{\w\}) have\?", form)
    if match:
        return [f"What is the number of {match[1]} of {match[2]}?", f"Number of {match[1]} of {match[2]}?"]
    return []


def _synonyms(form: str) -> list[str]:
    """Forms with one wording replaced by another of its group."""
    found = []
    for group in SYNONYMS:
        for wording in group:
            pattern = rf"(?<![\w-]){re.escape(wording)}(?![\w-])"
            if re.search(pattern, form):
                found += [re.sub(pattern, other, form, count=1) for other in group if other != wording]
                break
    return found


def reworded_questions(forms: Iterable[str], value: str, held_out: Iterable[str]) -> tuple[str, ...]:
    """Further question forms that mean the same; none equals a form of `held_out`."""
    given = list(forms)
    first = [new for form in given for new in (*_synonyms(form), *_openers(form, value), *_frames(form))]
    second = [new for form in first if "exactly" not in form for new in _openers(form, value)]
    second += [new for form in given for other in _synonyms(form) for new in _frames(other)]
    barred = {normalised(form) for form in (*given, *held_out)}
    return tuple(
        {normalised(form): _upper(form) for form in (*first, *second) if normalised(form) not in barred}.values()
    )


def cloze(statements: Iterable[str]) -> tuple[str, ...]:
    """Questions that ask to end a sentence, from statements that end in their value."""
    ends = " {v}."
    return tuple(f"Complete the sentence: {form[: -len(ends)]} ..." for form in statements if form.endswith(ends))


def reworded_statements(forms: Iterable[str]) -> tuple[str, ...]:
    """Further statement forms that mean the same."""
    given = list(forms)
    return tuple(dict.fromkeys(new for form in given for new in _synonyms(form) if new not in given))


def opened(question: str, rng: random.Random) -> str:
    """The question with a few words around it, as people write to a help desk."""
    return rng.choice(OPENINGS).replace("{q}", question)


def casual(question: str, rng: random.Random) -> str:
    """The question in small letters, with or without its mark, or with a few words around it."""
    small = question.lower()
    return rng.choice((small, small.rstrip("?."), opened(question, rng), opened(question, rng)))


def _upper(form: str) -> str:
    return form if form.startswith("{") else form[0].upper() + form[1:]
