"""Longer sentences with several values, as people write them in handbooks, notices and articles, with questions.

Notation: a line `= a=KIND b=KIND` opens a block with the slots of its sentence ({c} is always a company, or
"the company"); lines without a mark are forms of the sentence; a line `a QUESTION` asks for slot a; `!a` is kept for
the probes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tailor.models.builtin.corpus.relations import Item, Maker, as_stated
from tailor.models.builtin.corpus.words import TEAMS

PROSE = """
= a=long_time b=person
New employees of {c} start with a probation period of {a}, and {b} helps them during their first days.
Everyone who joins {c} has a probation period of {a}; {b} is there to help.
a How long is the probation period at {c}?
a How long does the probation period last at {c}?
b Who helps new employees of {c}?
!b Who is there to help new people at {c}?
!a What is the length of the probation period at {c}?
= a=days_off b=few
All employees of {c} receive {a} of annual leave, of which up to {b} days may be moved to the next year.
Annual leave at {c} is {a} a year, and no more than {b} days can be carried over.
a How much annual leave do employees of {c} receive?
a How many days of annual leave are there at {c}?
b How many days of leave may be moved to the next year at {c}?
!b How many leave days can people at {c} carry over?
!a What is the annual leave of {c}?
= a=duration b=terms
Invoices of {c} are sent {a} after the work is done, with payment terms of {b}.
After the work is done, {c} waits {a} and sends its invoice; the terms are {b}.
a How long after the work does {c} send its invoices?
b What are the payment terms of {c}?
!b On which terms must invoices of {c} be paid?
= a=money b=duration
Expenses above {a} need approval, and {c} pays them back within {b}.
At {c}, any expense of more than {a} must be approved first; the money is paid back within {b}.
a Above which amount do expenses need approval at {c}?
a From what amount must an expense be approved at {c}?
b How quickly does {c} pay back expenses?
!b Within what time are expenses paid back by {c}?
!a Which expenses need approval at {c}?
= a=year b=person d=place
{c} was founded in {a} by {b} in {d}.
In {a}, {b} founded {c} in a small office in {d}.
{b} started {c} in {d} in {a}, with nothing but a laptop.
It all began in {a}, when {b} rented a room in {d} and started {c}.
a When was {c} founded?
a In which year was {c} started?
b Who founded {c}?
b Who started {c}?
d Where was {c} founded?
d In which city did {c} begin?
!a What year did {c} begin?
!b Which person founded {c}?
!d In which town was {c} started?
= a=people_count b=few
Today, {a} people in {b} countries work for {c}.
{c} now has {a} employees, who live in {b} countries.
With {a} colleagues in {b} different countries, {c} is no longer a small firm.
a How many people work for {c}?
a How many employees does {c} have?
b In how many countries do the employees of {c} live?
!b In how many countries do people work for {c}?
!a How many colleagues are there at {c}?
= a=a_role b=place d=year
{p} joined {c} in {d} as {a} and works from {b}.
{p}, {a} at {c} since {d}, lives and works in {b}.
Since {d}, {p} has worked for {c} as {a}, mostly from {b}.
a What is the job of {p}?
a What does {p} do at {c}?
b From where does {p} work?
b Where does {p} work from?
d Since when has {p} worked for {c}?
d When did {p} join {c}?
!a Which role does {p} have at {c}?
!b In which city does {p} work?
!d In what year did {p} become part of {c}?
= a=hours b=speed
The help desk of {c} is open {a}, and urgent questions are answered {b}.
Support at {c} works {a}; if something is urgent, you get an answer {b}.
a When is the help desk of {c} open?
a What are the support hours of {c}?
b How quickly are urgent questions answered at {c}?
b How fast does the help desk of {c} answer urgent questions?
!b How soon do you get an answer to an urgent question from {c}?
!a At what hours can I reach the support of {c}?
= a=fee b=fee
The basic plan of {c} costs {a}, while the full plan costs {b}.
Small teams pay {a} for the basic plan of {c}; the full plan is available for {b}.
a How much does the basic plan of {c} cost?
a What is the price of the basic plan of {c}?
b How much does the full plan of {c} cost?
b What is the price of the full plan of {c}?
!b For how much is the full plan of {c} available?
!a How much do teams pay for the basic plan of {c}?
= a=percent b=duration
Customers of {c} who pay for a year in advance get a discount of {a}, and they can cancel within {b}.
If you pay {c} for a whole year, the price falls by {a}; cancelling is possible within {b}.
a How large is the discount for paying {c} in advance?
a Which discount do customers of {c} get who pay for a year?
b Within what time can customers of {c} cancel?
!a By how much does the price fall if you pay {c} for a year?
= a=email b=phone
Questions for {c} can be sent to {a}, or you can call {b}.
Write to {a} or call {b} if you need help from {c}.
a To which address can questions for {c} be sent?
a What is the e-mail address of {c}?
b Which number can you call to reach {c}?
b What is the phone number of {c}?
!b Under which number can {c} be called?
= a=email b=duration
Anyone at {c} who loses a laptop must write to {a} within {b}.
A lost or stolen laptop has to be reported to {a} within {b}, says the security page of {c}.
a To whom must a lost laptop be reported at {c}?
a Where do people at {c} report a lost laptop?
b How quickly must a lost laptop be reported at {c}?
b Within what time must people at {c} report a lost laptop?
!b How soon must somebody at {c} who loses a laptop write?
= a=few b=one:DAYS d=clock
The {t} team of {c} has {a} members and meets every {b} at {d}.
Every {b} at {d}, the {a} members of the {t} team of {c} hold their meeting.
a How many members does the {t} team of {c} have?
b On which day does the {t} team of {c} meet?
d At what time does the {t} team of {c} meet?
d When on that day does the meeting of the {t} team of {c} begin?
!a How many people are in the {t} team of {c}?
!b Which day is the meeting day of the {t} team of {c}?
= a=person b=person
{a} leads the {t} team of {c} and reports to {b}.
The {t} team of {c} is led by {a}, whose manager is {b}.
Questions about the {t} team of {c} go to {a}, its head, or to {b}, who is one step above.
a Who leads the {t} team of {c}?
a Who is the head of the {t} team of {c}?
b Who is the manager of {a}?
b To whom does {a} report?
!a Who is in charge of the {t} team of {c}?
!b Who stands above {a}?
= a=date b=company d=money
On {a}, {c} began a project for {b} with a budget of {d}.
{c} has worked for {b} since {a}; the budget of the project is {d}.
a When did {c} begin its project for {b}?
a Since when has {c} worked for {b}?
b For which company does {c} carry out a project?
d What is the budget of the project for {b}?
!d How much money is there for the project of {c} with {b}?
= a=software b=year d=people_count
{q} is {a} that {c} released in {b}; it has {d} users today.
In {b}, {c} brought out {q}, {a} with now {d} users.
{c} is best known for {q}, {a}, which appeared in {b} and is used by {d} people.
a What is {q}?
a What kind of product is {q}?
b When was {q} released?
b In which year did {q} appear?
d How many users does {q} have?
d How many people use {q}?
!a What sort of product is {q}?
!b In what year was {q} brought out?
!d By how many people is {q} used today?
= a=list:VALUES
A few words describe how we work at {c}: {a}.
When people ask what matters at {c}, the answer is {a}.
We at {c} believe in {a}, and we try to show it every day.
a What matters at {c}?
a What do people at {c} believe in?
a Which values does {c} have?
!a Which words describe the work at {c}?
= a=money b=few
Each employee of {c} may spend {a} on books and courses every year and take {b} days off to learn.
For learning, {c} gives everyone {a} and {b} free days a year.
a How much may employees of {c} spend on learning?
a What is the learning budget at {c}?
b How many days off for learning do employees of {c} get?
b How many free days for learning does {c} give?
!a How large is the budget for books and courses at {c}?
= a=two_to_four b=a_role
Working from home is allowed on {a} days a week at {c}, as long as {b} has agreed.
At {c}, people may stay at home on {a} days a week after talking to {b}.
a How many days a week may people at {c} work from home?
b Who must agree to work from home at {c}?
!a On how many days is working from home allowed at {c}?
= a=long_time b=date
The contract between {c} and {k} runs for {a} and ends on {b}.
{c} signed a contract with {k} for {a}, so it ends on {b}.
a How long does the contract between {c} and {k} run?
a For how long did {c} sign a contract with {k}?
b When does the contract between {c} and {k} end?
!b On which date is the contract between {c} and {k} over?
= a=list:CERTIFICATES b=year
{c} has been certified for {a} since {b}.
Since {b}, {c} has held certificates for {a}, which are renewed regularly.
a What is {c} certified for?
a Which certificates does {c} hold?
b Since when has {c} been certified?
b Since when has {c} held its certificates?
!a For which standards is {c} certified?
= a=list:BENEFITS b=long_time
After {b} at {c}, every colleague gets {a}.
Colleagues who have been with {c} for {b} receive {a}.
a What does every colleague at {c} get?
a Which benefits do colleagues of {c} receive?
b After what time do colleagues at {c} get benefits?
b How long must you be with {c} to get benefits?
!a What do colleagues of {c} receive?
= a=street b=count
The office of {c} at {a} has room for {b} people.
{c} moved into a building at {a}, where {b} people can work.
a Where is the office of {c}?
a What is the address of {c}?
b For how many people does the office of {c} have room?
b How many people can work in the building of {c}?
!a At which address is the building of {c}?
= a=long_time b=long_time
Anyone who wants to leave {c} must give notice of {a}; during probation, {b} are enough.
The notice period at {c} is {a}, but only {b} during probation.
a How long is the notice period at {c}?
a How much notice must people give who leave {c}?
b How long is the notice period at {c} during probation?
b How much notice is needed at {c} during probation?
!a What is the notice period at {c}?
= a=one:HOLIDAYS b=one:HOLIDAYS
At {c} nobody works on {a}, and the office closes early on {b}.
{c} stays closed on {a} and closes at noon on {b}.
a On which day is {c} closed?
a On which holiday does nobody work at {c}?
b On which day does {c} close early?
!b When is the office of {c} open for half a day?
"""
SLOT = re.compile(r"\{(\w)\}")
OTHERS = {"p": "person", "q": "product", "k": "company"}


@dataclass(frozen=True)
class Block:
    """One block: kinds of its slots, forms of the sentence, training and held-out questions as (slot, form)."""

    slots: dict[str, str]
    forms: tuple[str, ...]
    questions: tuple[tuple[str, str], ...]
    held_out: tuple[tuple[str, str], ...]


def parse(text: str) -> tuple[Block, ...]:
    """Blocks of a prose text in the notation of this module."""
    blocks = []
    for part in text.split("\n= ")[1:]:
        head, *lines = part.strip().splitlines()
        slots = dict(x.split("=") for x in head.split())
        asks = [x for x in lines if x[1:2] == " " and x[0] in slots]
        kept = [x for x in lines if x[0] == "!"]
        forms = tuple(x for x in lines if x not in asks and x not in kept)
        blocks.append(Block(slots, forms, tuple((x[0], x[2:]) for x in asks), tuple((x[1], x[3:]) for x in kept)))
    return tuple(blocks)


BLOCKS = parse(PROSE)


def _fill(form: str, filled: dict[str, str]) -> str:
    text = SLOT.sub(lambda m: filled[m[1]], form)
    return text[0].upper() + text[1:]


def prose_items(maker: Maker, count: int, held_out: bool = False) -> list[Item]:
    """`count` sentences about one to three companies; no block twice for one company."""
    rng = maker.rng
    companies = [maker.entity("company") for _ in range(rng.randint(1, max(1, min(3, count // 2))))]
    if rng.random() < 0.3:
        companies[0] = rng.choice(("the company", "our company", "the firm"))
    ghost = maker.entity("company")
    shared = rng.sample(BLOCKS, min(len(BLOCKS), -(-count // len(companies)) + 1))
    cells = [(c, b) for c in companies for b in shared]
    rng.shuffle(cells)
    used = {c: {id(b) for d, b in cells[:count] if d == c} for c in companies}
    items = []
    for company, block in cells[:count]:
        filled = {s: maker.values.draw(k) for s, k in block.slots.items()}
        filled |= {s: maker.entity(k) for s, k in OTHERS.items()} | {"t": rng.choice(TEAMS), "c": company}
        text = _fill(rng.choice(block.forms), filled)
        pool = block.held_out if held_out else block.questions
        questions = tuple(
            (_fill(q, filled), as_stated(filled[s], text)) for s, q in rng.sample(pool, min(3, len(pool)))
        )
        if len({filled[s] for s in block.slots}) < len(block.slots):
            questions = ()
        other = rng.choice([b for b in BLOCKS if id(b) not in used[company]])
        gaps = [_fill(rng.choice(block.questions)[1], filled | {"c": ghost, **_ghosts(maker)})]
        open_question = rng.choice(other.questions)[1]
        if SLOT.findall(open_question) == ["c"] and _safe(other, [b for d, b in cells[:count] if d == company]):
            gaps.append(_fill(open_question, filled))
        items.append(Item(text, company, questions, tuple(gaps)))
    return items


def unheard_question(maker: Maker, held_out: bool = False) -> str:
    """A question about a company nobody has heard of."""
    block = maker.rng.choice(BLOCKS)
    form = maker.rng.choice(block.held_out if held_out else block.questions)[1]
    return _fill(form, {"c": maker.entity("company"), "t": maker.rng.choice(TEAMS), **_ghosts(maker)})


def _ghosts(maker: Maker) -> dict[str, str]:
    return {s: maker.entity(k) for s, k in OTHERS.items()} | {
        "a": maker.entity("person"),
        "b": maker.entity("company"),
    }


def _safe(other: Block, stated: list[Block]) -> bool:
    """True when no stated sentence of the company has a value of a kind that the other block asks for."""
    kinds = {k for b in stated for k in b.slots.values()}
    return not kinds & set(other.slots.values())
