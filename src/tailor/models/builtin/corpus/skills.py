"""General ability: arithmetic, comparison, word knowledge, order, everyday facts, copying, spelling, counting."""

from __future__ import annotations

import random
from collections.abc import Callable

from tailor.models.builtin.corpus import words as w
from tailor.models.builtin.corpus.document import Document, assistant, system, user
from tailor.models.builtin.corpus.names import Names
from tailor.models.builtin.corpus.plurals import IRREGULAR, singular
from tailor.models.builtin.corpus.verbs import VERBS


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    found = []
    for part in text.replace("\n", ",").split(","):
        a, _, b = part.strip().partition("=")
        found.append((a.strip(), b.strip()))
    return tuple(found)


OPPOSITES = _pairs("""hot=cold,big=small,old=new,fast=slow,high=low,open=closed,early=late,full=empty
light=dark,hard=soft,happy=sad,rich=poor,clean=dirty,strong=weak,wet=dry,long=short,thick=thin,loud=quiet
cheap=expensive,easy=difficult,first=last,up=down,left=right,day=night,inside=outside,buy=sell,win=lose
push=pull,begin=end,give=take,remember=forget,arrive=leave,true=false,public=private,wide=narrow
deep=shallow,young=elderly,safe=dangerous,near=far,war=peace,love=hate
more=less,always=never,all=none,above=below,before=after,north=south,east=west,summer=winter,question=answer
friend=enemy,same=different,smooth=rough,simple=complex,polite=rude,brave=afraid""")
CAPITALS = _pairs("""France=Paris,Germany=Berlin,Spain=Madrid,Italy=Rome,Portugal=Lisbon,Poland=Warsaw
Austria=Vienna,Norway=Oslo,Sweden=Stockholm,Denmark=Copenhagen,Finland=Helsinki,Ireland=Dublin,Greece=Athens
Turkey=Ankara,Egypt=Cairo,Kenya=Nairobi,India=New Delhi,Japan=Tokyo,China=Beijing,Canada=Ottawa
Brazil=Brasilia,Chile=Santiago,Peru=Lima,Mexico=Mexico City,Serbia=Belgrade,Croatia=Zagreb
Slovenia=Ljubljana,Hungary=Budapest,Romania=Bucharest,Bulgaria=Sofia,Belgium=Brussels,Switzerland=Bern
Iceland=Reykjavik,Estonia=Tallinn,Latvia=Riga,Lithuania=Vilnius,Morocco=Rabat,Vietnam=Hanoi,Thailand=Bangkok
Indonesia=Jakarta,Australia=Canberra,the Netherlands=Amsterdam,the United States=Washington
the United Kingdom=London,New Zealand=Wellington,Cuba=Havana,Russia=Moscow,Ukraine=Kyiv""")
FACTS = _pairs("""What colour is the sky on a clear day?=blue,What colour is grass?=green
What colour is snow?=white,What colour is a ripe lemon?=yellow,What colour is coal?=black
What colour is blood?=red,What do bees make?=honey,What do cows give us to drink?=milk
What do hens lay?=eggs,Which animal barks?=a dog,Which animal says miaow?=a cat
How many legs does a dog have?=four,How many legs does a spider have?=eight
How many legs does an ant have?=six,How many days are in a week?=seven,How many months are in a year?=twelve
How many hours are in a day?=24,How many minutes are in an hour?=60,How many seconds are in a minute?=60
How many days are in a normal year?=365,How many days are in a leap year?=366
How many metres are in a kilometre?=1000,How many grams are in a kilogram?=1000
How many centimetres are in a metre?=100,How many sides does a triangle have?=three
How many sides does a square have?=four,Which planet do we live on?=Earth
Which star warms the Earth?=the sun,What is frozen water called?=ice
At how many degrees Celsius does water boil?=100,At how many degrees Celsius does water freeze?=0
What is the largest ocean?=the Pacific,What is the highest mountain?=Mount Everest
What is the largest planet?=Jupiter,Which season follows winter?=spring,Which season follows summer?=autumn
Which season comes before autumn?=summer,Who treats sick people?=a doctor,Who bakes bread?=a baker
Who repairs cars?=a mechanic,Who flies planes?=a pilot,Who teaches at a school?=a teacher
Who grows crops?=a farmer,Who cuts hair?=a barber,Who puts out fires?=a firefighter
Where do you borrow books?=in a library,Where do you buy medicine?=in a pharmacy
Where do planes land?=at an airport,Where do trains stop?=at a station
What do you use to write on paper?=a pen,What do you use to cut paper?=scissors
What do you use to open a lock?=a key,What tells the time?=a clock,What do you wear on your feet?=shoes
What do you wear on your head?=a hat,What keeps you dry in the rain?=an umbrella
What is bread made from?=flour,What is paper made from?=wood,What is cheese made from?=milk
What is wine made from?=grapes,In which direction does the sun rise?=in the east
In which direction does the sun set?=in the west,How many continents are there?=seven
How many players are in a football team?=eleven,How many letters are in the alphabet?=26
What is the first month of the year?=January,What is the last month of the year?=December
How many weeks are in a year?=52,What is the first letter of the alphabet?=A
What is the last letter of the alphabet?=Z,What gas do we breathe?=oxygen""")
PLURALS = tuple((singular(x), x) for x in (*w.ANIMALS, *w.GOODS[:60], *w.FOODS[:30], *w.PEOPLE[:50]) if " " not in x)
PLURALS += tuple((one, many) for many, one in IRREGULAR.items() if (one, many) not in PLURALS)
Skill = Callable[[random.Random, Names, bool], tuple[str, str]]


def _form(rng: random.Random, held_out: bool, forms: tuple[str, ...], kept: str) -> str:
    return kept if held_out else rng.choice(forms)


def addition(rng: random.Random, _names: Names, held_out: bool) -> tuple[str, str]:
    r = rng.random()
    if r < 0.45:
        a, b = rng.randint(0, 30), rng.randint(0, 20)
        sign, result = "+", a + b
    elif r < 0.8:
        a = rng.randint(1, 30)
        b = rng.randint(0, a)
        sign, result = "-", a - b
    else:
        a, b = rng.randint(0, 10), rng.randint(0, 10)
        sign, result = "*", a * b
    word = {"+": "plus", "-": "minus", "*": "times"}[sign]
    form = _form(
        rng,
        held_out,
        ("{a} {s} {b} =", "What is {a} {s} {b}?", "What is {a} {w} {b}?", "Calculate {a} {s} {b}."),
        "How much is {a} {w} {b}?",
    )
    return form.format(a=a, b=b, s=sign, w=word), str(result)


def comparison(rng: random.Random, _names: Names, held_out: bool) -> tuple[str, str]:
    a, b = rng.sample(range(100), 2)
    big = rng.random() < 0.5
    word = rng.choice(("larger", "greater", "bigger")) if big else rng.choice(("smaller", "lower"))
    form = _form(
        rng,
        held_out,
        ("Which is {w}: {a} or {b}?", "Which number is {w}, {a} or {b}?"),
        "What is {w}, {a} or {b}?",
    )
    return form.format(a=a, b=b, w=word), str(max(a, b) if big else min(a, b))


def opposite(rng: random.Random, _names: Names, held_out: bool) -> tuple[str, str]:
    a, b = rng.choice(OPPOSITES)
    if rng.random() < 0.4 and a != "light":
        a, b = b, a
    form = _form(
        rng,
        held_out,
        ("What is the opposite of {a}?", "Opposite of {a}?", "Give the opposite of {a}."),
        "Which word is the opposite of {a}?",
    )
    return form.format(a=a), b


def capital(rng: random.Random, _names: Names, held_out: bool) -> tuple[str, str]:
    a, b = rng.choice(CAPITALS)
    if rng.random() < 0.25:
        return _form(
            rng,
            held_out,
            ("{b} is the capital of which country?", "Of which country is {b} the capital?"),
            "Which country has the capital {b}?",
        ).format(b=b), a
    return _form(
        rng,
        held_out,
        ("What is the capital of {a}?", "Which city is the capital of {a}?", "Capital of {a}?"),
        "Name the capital of {a}.",
    ).format(a=a), b


def everyday(rng: random.Random, _names: Names, held_out: bool) -> tuple[str, str]:
    a, b = rng.choice(FACTS)
    return (f"Tell me: {a}" if held_out else a if rng.random() < 0.8 else f"Please answer: {a}"), b


def plural(rng: random.Random, _names: Names, held_out: bool) -> tuple[str, str]:
    one, many = rng.choice(PLURALS)
    if rng.random() < 0.3:
        return _form(
            rng, held_out, ("What is the singular of {a}?", "Singular of {a}?"), "Give the singular of {a}."
        ).format(a=many), one
    return _form(
        rng,
        held_out,
        ("What is the plural of {a}?", "Plural of {a}?", "Write the plural of {a}."),
        "Give the plural of {a}.",
    ).format(a=one), many


def past(rng: random.Random, _names: Names, held_out: bool) -> tuple[str, str]:
    verb = rng.choice(VERBS)
    form = _form(
        rng,
        held_out,
        ("What is the past tense of {a}?", "Past tense of {a}?", "Put {a} into the past tense."),
        "Give the past tense of {a}.",
    )
    return form.format(a=verb[0]), verb[1]


def ordering(rng: random.Random, _names: Names, held_out: bool) -> tuple[str, str]:
    letters = rng.random() < 0.5
    n = rng.randint(3, 4)
    items = rng.sample("ABCDEFGHIJKLMNOPQRSTUVWXYZ" if letters else [str(i) for i in range(10, 100)], n)
    form = _form(
        rng,
        held_out,
        ("Sort: {a}", "Put in order: {a}", "Sort these from first to last: {a}"),
        "Order these: {a}",
    )
    return form.format(a=", ".join(items)), ", ".join(sorted(items))


def calendar(rng: random.Random, _names: Names, held_out: bool) -> tuple[str, str]:
    cycle, kind = rng.choice(((w.DAYS, "day"), (w.MONTHS, "month")))
    i, step = rng.randrange(len(cycle)), rng.choice((1, -1))
    word = "after" if step == 1 else "before"
    form = _form(
        rng,
        held_out,
        ("Which {k} comes {w} {a}?", "What {k} is {w} {a}?", "Name the {k} {w} {a}."),
        "Which {k} is {w} {a}?",
    )
    return form.format(k=kind, w=word, a=cycle[i]), cycle[(i + step) % len(cycle)]


def copying(rng: random.Random, names: Names, held_out: bool) -> tuple[str, str]:
    text = " ".join(
        rng.choice((names.draw("word").lower(), rng.choice(w.COLOURS), str(rng.randint(0, 999))))
        for _ in range(rng.randint(2, 5))
    )
    return _form(rng, held_out, ("Repeat: {a}", "Say this again: {a}", "Copy this: {a}"), "Copy: {a}").format(
        a=text
    ), text


def spelling(rng: random.Random, _names: Names, held_out: bool) -> tuple[str, str]:
    word = rng.choice((*w.COLOURS[:12], *w.ADJECTIVES[:60], *(singular(x) for x in w.ANIMALS)))
    word = word.split()[-1]
    r = rng.random()
    if r < 0.6:
        form = _form(rng, held_out, ("Spell {a}.", "How do you spell {a}?"), "Spell the word {a}.")
        return form.format(a=word), "-".join(word)
    place = rng.random() < 0.5
    form = _form(rng, held_out, ("What is the {p} letter of {a}?",), "Which is the {p} letter of {a}?")
    return form.format(p="first" if place else "last", a=word), word[0 if place else -1]


def counting(rng: random.Random, _names: Names, held_out: bool) -> tuple[str, str]:
    n = rng.randint(2, 8)
    thing = " ".join([rng.choice(w.COLOURS[:10])] * n)
    return _form(rng, held_out, ("How many words: {a}", "Count the words: {a}"), "How many words are here: {a}").format(
        a=thing
    ), str(n)


SKILLS: dict[str, Skill] = {
    "addition": addition,
    "comparison": comparison,
    "opposite": opposite,
    "capital": capital,
    "everyday": everyday,
    "plural": plural,
    "past": past,
    "ordering": ordering,
    "calendar": calendar,
    "copying": copying,
    "spelling": spelling,
    "counting": counting,
}
WEIGHTS = (5, 2, 2, 3, 3, 2, 2, 1, 2, 2, 1, 1)


def skill_document(rng: random.Random, names: Names) -> Document:
    turns = [system(rng.choice(("Answer briefly.", "You are a helpful assistant.")))] if rng.random() < 0.2 else []
    for _ in range(rng.randint(2, 8)):
        skill = rng.choices(list(SKILLS.values()), WEIGHTS)[0]
        question, answer = skill(rng, names, False)
        turns += [user(question), assistant(answer)]
    return Document("skills", tuple(turns))
