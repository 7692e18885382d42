"""Values of many kinds: numbers, dates, prices, addresses, roles, lists and longer noun phrases."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tailor.models.builtin.corpus import words as w
from tailor.models.builtin.corpus.names import CITIES, Names
from tailor.models.builtin.corpus.plurals import singular as singular

UNITS = ("minute", "hour", "day", "week", "month", "year", "working day", "business day")


def number(rng: random.Random, low: int, high: int) -> str:
    """A number in words (small ones, half of the time) or digits with thousands separators."""
    n = rng.randint(low, high)
    if n <= 20 and rng.random() < 0.6:
        return w.NUMBER_WORDS[n]
    return f"{n:,}"


def joined(items: Sequence[str], rng: random.Random) -> str:
    comma = "," if len(items) > 2 and rng.random() < 0.3 else ""
    return ", ".join(items[:-1]) + f"{comma} and {items[-1]}"


def span(rng: random.Random, units: Sequence[str] = UNITS) -> str:
    unit = rng.choice(units)
    n = rng.choice((1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 15, 18, 20, 24, 28, 30, 36, 45, 48, 60, 90))
    if n == 1:
        return f"one {unit}"
    return f"{w.NUMBER_WORDS[n] if n <= 12 and rng.random() < 0.65 else n} {unit}s"


def a(noun: str) -> str:
    """The noun phrase with its indefinite article."""
    vowel = noun[0].lower() in "aeio" or noun.startswith(("un", "honest", "hour"))
    return ("an " if vowel else "a ") + noun


class Values:
    """Draws a value of a named kind; proper names come from the given split."""

    def __init__(self, rng: random.Random, names: Names) -> None:
        self.rng = rng
        self.names = names

    def draw(self, kind: str) -> str:
        """Value of `kind`: a method of this class, a list of words ("list:NAME") or one word ("one:NAME")."""
        if ":" in kind:
            form, name = kind.split(":")
            pool: tuple[str, ...] = getattr(w, name)
            if form == "one":
                return self.rng.choice(pool)
            return joined(self.rng.sample(pool, self.rng.choice((2, 2, 3, 3, 3, 4, 5))), self.rng)
        value: str = getattr(self, kind)()
        return value

    def person(self) -> str:
        return self.names.draw("person")

    def people(self) -> str:
        return joined([self.person() for _ in range(self.rng.choice((2, 2, 3)))], self.rng)

    def place(self) -> str:
        return self.rng.choice(CITIES) if self.rng.random() < 0.5 else self.names.draw("place")

    def places(self) -> str:
        found = dict.fromkeys(self.place() for _ in range(self.rng.choice((2, 3, 3, 4))))
        return joined(list(found), self.rng) if len(found) > 1 else next(iter(found))

    def company(self) -> str:
        return self.names.draw("company")

    def product(self) -> str:
        return self.names.draw("product")

    def project(self) -> str:
        return self.names.draw("project")

    def year(self) -> str:
        return str(self.rng.randint(1890, 2029) if self.rng.random() < 0.3 else self.rng.randint(1985, 2027))

    def day(self) -> str:
        d, m = self.rng.randint(1, 28), self.rng.choice(w.MONTHS)
        return f"{d} {m}" if self.rng.random() < 0.6 else f"{m} {d}"

    def date(self) -> str:
        r = self.rng.random()
        d, m, y = self.rng.randint(1, 28), self.rng.randint(1, 12), self.rng.randint(1990, 2028)
        if r < 0.45:
            return f"{d} {w.MONTHS[m - 1]} {y}"
        if r < 0.88:
            return f"{w.MONTHS[m - 1]} {d}, {y}"
        return f"{y}-{m:02}-{d:02}"

    def clock(self) -> str:
        h, m = self.rng.randint(1, 12), self.rng.choice((0, 0, 15, 30, 45))
        r = self.rng.random()
        if r < 0.4:
            return f"{h}{f':{m}' if m else ''} {self.rng.choice(('am', 'pm'))}"
        if r < 0.8:
            return f"{self.rng.randint(6, 22)}:{m:02}"
        return f"{self.rng.choice(('half past', 'quarter past'))} {w.NUMBER_WORDS[h]}"

    def hours(self) -> str:
        h = self.rng.randint(6, 11)
        e = self.rng.randint(4, 9)
        r = self.rng.random()
        if r < 0.35:
            return f"from {h} am to {e} pm"
        if r < 0.7:
            return f"from {h:02}:{self.rng.choice(('00', '30'))} to {e + 12}:{self.rng.choice(('00', '30'))}"
        days = self.rng.choice(("Monday to Friday", "Monday to Saturday", "Tuesday to Sunday"))
        return f"{days} from {h} am to {e} pm"

    def money(self) -> str:
        n = self.rng.choice((self.rng.randint(2, 99), self.rng.randint(10, 60) * 10, self.rng.randint(2, 95) * 100))
        r = self.rng.random()
        if r < 0.4:
            return f"{self.rng.choice('$€£')}{n:,}"
        if r < 0.9:
            return f"{n:,} {self.rng.choice(('euros', 'dollars', 'pounds', 'euros', 'dollars', 'crowns', 'francs'))}"
        return f"${n}.{self.rng.choice(('50', '99', '95', '20'))}"

    def fee(self) -> str:
        per = (
            "per month",
            "a month",
            "per user per month",
            "per seat",
            "per year",
            "a year",
            "per hour",
            "per day",
            "per person",
            "an hour",
        )
        return f"{self.money()} {self.rng.choice(per)}"

    def fortune(self) -> str:
        n = self.rng.randint(1, 99)
        amount = f"{n}.{self.rng.randint(1, 9)}" if self.rng.random() < 0.4 else str(n)
        return f"{amount} million {self.rng.choice(('euros', 'dollars', 'pounds'))}"

    def percent(self) -> str:
        n = self.rng.choice((self.rng.randint(1, 99), self.rng.randint(1, 19) * 5))
        return f"{n}%" if self.rng.random() < 0.5 else f"{n} percent"

    def count(self) -> str:
        r = self.rng.random()
        return (
            number(self.rng, 2, 20)
            if r < 0.35
            else number(self.rng, 20, 400)
            if r < 0.75
            else number(self.rng, 400, 20000)
        )

    def few(self) -> str:
        return number(self.rng, 2, 20)

    def two_to_four(self) -> str:
        return number(self.rng, 2, 4)

    def people_count(self) -> str:
        return f"{self.rng.randint(2, 99) * self.rng.choice((1, 1, 10, 100)):,}"

    def duration(self) -> str:
        return span(self.rng)

    def long_time(self) -> str:
        return span(self.rng, ("week", "month", "year", "day"))

    def speed(self) -> str:
        return f"{self.rng.choice(('within', 'within', 'within', 'in less than', 'in under'))} {span(self.rng)}"

    def days_off(self) -> str:
        n = self.rng.randint(2, 40)
        return f"{n} {self.rng.choice(('days', 'days', 'working days', 'paid days', 'calendar days'))}"

    def email(self) -> str:
        left = self.rng.choice((self.rng.choice(w.TEAMS), self.names.draw("word").lower(), "info", "hello", "help"))
        if self.rng.random() < 0.2:
            left += "." + self.names.draw("word").lower()
        return f"{left}@{self._domain()}"

    def _domain(self) -> str:
        return f"{self.names.draw('company').replace(' & ', '').replace(' ', '').lower()}" + self.rng.choice(
            (".com", ".org", ".net", ".io", ".example", ".eu")
        )

    def url(self) -> str:
        start = self.rng.choice(("https://", "www.", "https://www.", ""))
        tail = self.rng.choice(("", "/help", "/jobs", "/status", "/docs", "/portal", "/news"))
        return start + self._domain() + tail

    def version(self) -> str:
        return f"{self.rng.randint(1, 14)}.{self.rng.randint(0, 20)}" + (
            f".{self.rng.randint(0, 9)}" if self.rng.random() < 0.5 else ""
        )

    def phone(self) -> str:
        return f"+{self.rng.randint(1, 99)} {self.rng.randint(10, 999)} {self.rng.randint(100, 9999)} " + str(
            self.rng.randint(100, 999)
        )

    def code(self) -> str:
        letters = "".join(self.rng.choice("ABCDEFGHJKLMNPRSTUVWXYZ") for _ in range(self.rng.choice((1, 2, 2, 3))))
        return f"{letters}{self.rng.choice(('-', '', ' '))}{self.rng.randint(1, 9999)}"

    def distance(self) -> str:
        return f"{number(self.rng, 2, 900)} {self.rng.choice(('kilometres', 'miles', 'metres'))}"

    def weight(self) -> str:
        return f"{number(self.rng, 2, 900)} {self.rng.choice(('kilograms', 'grams', 'tonnes', 'pounds'))}"

    def temperature(self) -> str:
        return f"{self.rng.randint(2, 95)} degrees"

    def role(self) -> str:
        return self.rng.choice(w.ROLES)

    def a_role(self) -> str:
        role = self.role()
        return a(role)

    def terms(self) -> str:
        n = self.rng.choice((7, 10, 14, 15, 20, 21, 28, 30, 45, 60, 90))
        p = self.rng.choice((10, 20, 25, 30, 40, 50))
        return self.rng.choice(
            (
                f"net {n} days",
                f"{n} days after delivery",
                f"{p}% in advance and the rest on delivery",
                "cash on delivery",
                f"{n} days from the invoice date",
                "half in advance and half on delivery",
                "monthly in advance",
                f"{n} days end of month",
                "full payment before work starts",
                f"within {n} days of the invoice",
            )
        )

    def thing(self) -> str:
        """A concrete noun phrase with article, e.g. "a small wooden chair" (singular of a plural list)."""
        adjective = self.rng.choice(w.ADJECTIVES)
        noun = singular(
            self.rng.choice(self.rng.choice((w.GOODS, w.FOODS, w.PAPERS))).split(" on ")[0].split(" for ")[0]
        )
        return a(f"{adjective} {noun}")

    def things(self) -> str:
        pool = self.rng.choice((w.GOODS, w.FOODS, w.PAPERS, w.NATURE))
        items = [self.rng.choice(pool) for _ in range(self.rng.choice((2, 3)))]
        return joined(list(dict.fromkeys([*items, self.rng.choice(w.ANIMALS)])), self.rng)

    def plural(self) -> str:
        return f"{self.rng.choice(w.ADJECTIVES)} {self.rng.choice(self.rng.choice((w.GOODS, w.FOODS, w.PAPERS)))}"

    def frequency(self) -> str:
        return self.rng.choice(w.FREQUENCIES)

    def channel(self) -> str:
        return self.rng.choice(w.MANNERS)

    def storage(self) -> str:
        return f"{self.rng.randint(2, 900)} {self.rng.choice(('GB', 'MB', 'TB', 'gigabytes'))}"

    def meeting(self) -> str:
        return f"on {self.rng.choice(w.DAYS)} at {self.clock()}"

    def street(self) -> str:
        kind = self.rng.choice(("Street", "Road", "Lane", "Square", "Avenue"))
        return f"{self.rng.randint(1, 240)} {self.names.draw('place')} {kind}"

    def riverword(self) -> str:
        return self.names.draw("word")

    def species(self) -> str:
        return a(f"{self.rng.choice(w.COLOURS)} {singular(self.rng.choice(w.ANIMALS))}")

    def foodword(self) -> str:
        return f"{self.rng.choice(w.ADJECTIVES[17:40])} {self.rng.choice(w.FOODS)}"

    def room(self) -> str:
        return self.rng.choice(w.PLACES_IN)

    def software(self) -> str:
        kind = self.rng.choice(("app", "platform", "tool", "website", "assistant", "dashboard", "portal", "service"))
        return f"{a(kind)} for {self.rng.choice((self.rng.choice(w.PEOPLE), self.rng.choice(w.INDUSTRIES)))}"

    # Kinds for the prose of handbooks; drawn by no relation of the world.

    def days(self) -> str:
        return span(self.rng, ("day", "day", "working day", "business day", "calendar day"))

    def weeks(self) -> str:
        return span(self.rng, ("week",))

    def months(self) -> str:
        return span(self.rng, ("month",))

    def years(self) -> str:
        return f"{number(self.rng, 2, 12)} years"

    def minutes(self) -> str:
        return span(self.rng, ("minute",))

    def some_hours(self) -> str:
        return span(self.rng, ("hour",))

    def month(self) -> str:
        return self.rng.choice(w.MONTHS)

    def month_year(self) -> str:
        return f"{self.month()} {self.rng.randint(1995, 2028)}"

    def uptime(self) -> str:
        return self.rng.choice(("98.5", "99", "99.5", "99.8", "99.9", "99.95", "99.99")) + self.rng.choice(
            ("%", "%", " percent")
        )

    def amount(self) -> str:
        """A price without a unit of time, e.g. "$45" or "120 euros"."""
        n = self.rng.choice((self.rng.randint(2, 99), self.rng.randint(10, 60) * 10, self.rng.randint(2, 95) * 100))
        if self.rng.random() < 0.55:
            return f"{self.rng.choice('$€£')}{n:,}"
        return f"{n:,} {self.rng.choice(('euros', 'dollars', 'pounds', 'francs'))}"

    def ordinal(self) -> str:
        return self.rng.choice(
            ("first", "second", "third", "fourth", "fifth", "10th", "12th", "15th", "20th", "25th", "28th", "last")
        )

    def floor(self) -> str:
        return f"{self.rng.choice(('ground', 'first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'top'))} floor"

    def mascot(self) -> str:
        return f"{self.species()} {self.rng.choice(('called', 'named'))} {self.riverword()}"

    def multiple(self) -> str:
        return self.rng.choice(("double", "one and a half times", "1.25 times", "1.5 times", "twice", "three times"))

    def characters(self) -> str:
        return str(self.rng.randint(8, 24))

    def reviewers(self) -> str:
        return f"{number(self.rng, 2, 4)} {self.rng.choice(('colleagues', 'engineers', 'managers', 'reviewers'))}"
