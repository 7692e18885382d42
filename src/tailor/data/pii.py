"""Personal data and secrets in a text: where they stand and of what kind. What was found is never shown in full."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from tailor.data import identifiers

Kind = Literal[
    "email", "phone", "card", "iban", "ssn", "national id", "licence", "ip", "birth date", "address", "name", "secret"
]
KINDS: tuple[Kind, ...] = get_args(Kind)

# Found by form, checksum or a word beside them; names and addresses are found by what stands around them and far from
# all of them.
STRUCTURED: tuple[Kind, ...] = KINDS[:9]

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+%-]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}[^\W\d_]{2,24}(?![\w-])")
_DIGIT_RUN = r"[0-9](?:[ -]?[0-9])"
_CARD = re.compile(rf"(?<![\w.-]){_DIGIT_RUN}{{12,18}}(?![\w-])")
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}(?: ?[A-Za-z0-9]){11,30}(?![A-Za-z0-9])")
_SSN = re.compile(r"(?<![\w-])[0-9]{3}([- ])[0-9]{2}\1[0-9]{4}(?![\w-])")
_BARE_SSN = re.compile(r"(?i)\b(?:ssn|social security(?: number| no\.?)?)\W{0,3}(?:is\W{1,2})?([0-9]{9})(?!\w)")
_CPF = re.compile(r"(?<![\w.])[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}(?!\w)")
_DNI = re.compile(r"(?<!\w)(?:[0-9]{8}|[XYZ][0-9]{7})-?[A-Z](?!\w)")
_NIR = re.compile(r"(?<!\w)[12] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}(?!\w)")
_AADHAAR = re.compile(r"(?<![\w-])[2-9][0-9]{3} [0-9]{4} [0-9]{4}(?![\w-]| [0-9])")
_NINO = re.compile(r"(?<!\w)(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z](?: ?[0-9]{2}){3} ?[A-D](?!\w)")
_FISCAL_CODE = re.compile(r"(?<!\w)[A-Z]{6}[0-9]{2}[A-EHLMPRST][0-9]{2}[A-Z][0-9]{3}[A-Z](?!\w)")
_LICENCE = re.compile(
    r"(?i)\b(?:driv(?:er'?s?|er’s|ing)[ -]licen[cs]e|passport|tax(?:payer)? id|identity card|id card|steuer-?id|"
    r"personalausweis|reisepass|bsn|nhs)(?: (?:number|no\.?|nr\.?|id))?\W{0,3}(?:is|:|lautet|ist)?\W{0,3}"
    r"((?=[A-Z0-9-]*[0-9])[A-Z0-9](?:[ -]?[A-Z0-9]){5,14})(?!\w)"
)
_IPV4 = re.compile(r"(?<![\w.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?!\.?\w)")
_IPV6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){3,7}[0-9A-Fa-f]{1,4}(?![\w:])")
_BIRTH = re.compile(
    r"(?i)\b(?:born(?: on)?|date of birth|birth ?da(?:te|y)|d\.?o\.?b\.?|geboren(?: am)?|geburtsdatum)\W{0,4}"
    r"(?:is |the )?([0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{1,4}|[0-9]{1,2}\.? ?[A-Za-zä]{3,9},? [0-9]{4}|"
    r"[A-Z][a-z]{2,8} [0-9]{1,2},? [0-9]{4})"
)

_PHONE = re.compile(
    r"(?<![\w.@/+#,:$€£-])\(?\+?\(?[0-9]{1,15}\)?(?:[ ./-]{1,2}\(?[0-9]{1,12}\)?){0,6}(?: ?(?:x|ext\.?|#) ?[0-9]{1,6})?"
    r"(?![\w@%]|[./,:-][0-9]| ?[=*<+])"
)
# One kind of separator throughout; brackets only around the area code. Dots that part thousands end in three digits.
_PHONE_FORM = re.compile(
    r"(?:\(?\+?[0-9]{1,4}\)?[ -]?)?(?:\([0-9]{1,5}\)[ -]?)?[0-9]+(?:[ -][0-9]+)*"
    r"|\+?[0-9]{1,5}/[0-9]+(?:[ -][0-9]+)*|\+?[0-9]+(?:\.[0-9]+)*\.(?:[0-9]{2}|[0-9]{4,8})"
)
_YEARS = re.compile(r"(?:9|1[0-9]|2[01])[0-9]{2}\D+(?:9|1[0-9]|2[01])[0-9]{2}\)?")
_PHONE_WORD = re.compile(
    r"(?i)\b(?:call|phone|phones|telephone|tel|mobile|cell|fax|desk|office|dial|ring|whatsapp|sms|reach|contact|hotline|"
    r"telefon|handy|ruf|appel\w*|tél\w*|text me|landline|direct)\b"
)
_DATE = re.compile(
    r"(?:[0-9]{4}[-./ ][0-9]{1,2}[-./ ][0-9]{1,2}|[0-9]{1,2}[-./ ][0-9]{1,2}[-./ ](?:1[89]|20|21)[0-9]{2})"
)
_NOT_PHONE_BEFORE = re.compile(r"(?i)(?:isbn|issn|doi|version|order|invoice|ticket|\bv|[$€£])\W{0,3}$")

_CAPITAL = r"[^\W\d_a-zß-öø-ÿ][\w'’-]{1,24}"
_NAME = re.compile(
    r"(?:\b(?:[Mm](?:r|rs|s|x)|[Dd]r|[Pp]rof|Herr|Frau|Mme|Sr|Sra)\b\.? |"
    r"\b(?:[Mm]y|[Hh]is|[Hh]er|[Tt]heir|maiden|last|first|full|partner's|partner’s) [Nn]ame(?: is|:)? |"
    r"\byour (?:last |first |full )?name\? |"
    r"\b(?:[Ii]ch heiße|[Cc]alls? me|[Mm]y (?:kid|wife|husband|son|daughter|boss)) )"
    rf"({_CAPITAL}(?: (?:{_CAPITAL}|von|van|de|der|[A-Z]\.)){{0,3}})"
)
_STREET = re.compile(
    r"(?<![\w.])[0-9]{1,5}[a-zA-Z]? (?:[A-ZÀ-Þ][\w.'’-]{0,24} ){1,4}(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|"
    r"Boulevard|Blvd|Court|Ct|Place|Square|Terrace|Way)\b(?:,? ?(?:[Aa]pt|[Ss]uite|[Uu]nit)\.? ?[0-9]{1,5})?"
)
_GERMAN_STREET = re.compile(r"\b[^\W\d_]{2,24}(?:straße|strasse|str\.|gasse|weg|platz|allee)\s[0-9]{1,4}[a-z]?\b")

_SECRETS = re.compile(
    r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----(?:[^-]{0,8000}-----END (?:[A-Z]+ )?PRIVATE KEY-----)?"
    r"|(?<![A-Za-z0-9])(?:AKIA|ASIA)[0-9A-Z]{16}(?![0-9A-Za-z])"
    r"|(?<![A-Za-z0-9])gh[pousr]_[A-Za-z0-9]{36,251}|(?<![A-Za-z0-9])github_pat_[A-Za-z0-9_]{22,255}"
    r"|(?<![A-Za-z0-9])glpat-[A-Za-z0-9_-]{20,64}|(?<![A-Za-z0-9])xox[abeoprs]-[A-Za-z0-9-]{10,250}"
    r"|(?<![A-Za-z0-9])sk-(?:[A-Za-z]{2,10}-)?[A-Za-z0-9_-]{20,200}|(?<![A-Za-z0-9])hf_[A-Za-z0-9]{30,64}"
    r"|(?<![A-Za-z0-9])(?:sk|rk|pk)_live_[A-Za-z0-9]{16,128}|(?<![A-Za-z0-9])AIza[0-9A-Za-z_-]{35}"
    r"|(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,4000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{10,1000}"
)
_SECRET_MARKS = (
    "PRIVATE KEY", "AKIA", "ASIA", "gh", "glpat-", "xox", "sk-", "hf_", "_live_", "AIza", "eyJ"
)  # fmt: skip
# A password in an address, and what stands after `password =`.
_LOGIN = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{1,64}:([^\s/@]{3,128})@")
_ASSIGNED = re.compile(
    r"(?i)\b(?:password|passwd|pwd|api[_-]?key|secret(?:[_-]?key)?|access[_-]?token|auth[_-]?token|private[_-]?key)"
    r"[\"']?\s{0,3}[:=]\s{0,3}[\"']?([^\s\"'<>{}\[\],;]{8,200})"
)
_WITHOUT_DIGITS: tuple[Kind, ...] = ("secret", "email", "ip", "licence", "birth date", "name", "address")
# The least that a card, an account or a telephone number has: most texts have less and need no further look.
_MANY_DIGITS = re.compile(r"[0-9](?:[^0-9\n]{0,4}[0-9]){5}")


@dataclass(frozen=True)
class Pii:
    """One finding: characters `start` to `end` of the text. `masked` is what may be shown of it."""

    kind: Kind
    start: int
    end: int
    masked: str


def find_pii(text: str, kinds: Collection[Kind] = KINDS) -> list[Pii]:
    """Personal data and secrets in a text, in its order, without overlaps.

    E-mail addresses, telephone numbers, payment cards (Luhn), IBANs (modulo 97), US social security numbers, national
    numbers with their check digits (Brazil, Spain, France, India, and the forms of the UK and Italy), numbers of
    licences and passports that are named as such, public IP addresses, dates of birth, keys and passwords. Names after
    a title or `my name is`, and street addresses: many others of these two are not found. Linear in the text.
    """
    taken: list[Pii] = []
    busy = bytearray(len(text))
    for kind, start, end in _candidates(text, kinds):
        if start < end and 1 not in busy[start:end]:
            busy[start:end] = b"\1" * (end - start)
            taken.append(Pii(kind, start, end, _masked(kind, text[start:end])))
    return sorted(taken, key=lambda f: f.start)


def scrub(text: str, kinds: Collection[Kind] = KINDS) -> str:
    """The text with every finding replaced by its kind: `Call [phone] or write to [email].`"""
    pieces, position = [], 0
    for found in find_pii(text, kinds):
        pieces += [text[position : found.start], f"[{found.kind}]"]
        position = found.end
    return "".join(pieces) + text[position:]


def _candidates(text: str, kinds: Collection[Kind]) -> Iterator[tuple[Kind, int, int]]:
    """Spans by kind, surest first: a later one that overlaps an earlier one is dropped."""
    digits = _MANY_DIGITS.search(text) is not None
    for kind, search in _SEARCHES:
        if kind in kinds and (digits or kind in _WITHOUT_DIGITS):
            for start, end in search(text):
                yield kind, start, end


def _whole(pattern: re.Pattern[str], accept: Callable[[str], bool]) -> Callable[[str], Iterator[tuple[int, int]]]:
    """Search by a pattern and a check of what it found, its separators taken out."""

    def search(text: str) -> Iterator[tuple[int, int]]:
        for match in pattern.finditer(text):
            if accept(re.sub(r"[ .-]", "", match[0])):
                yield match.span()

    return search


def _inside(pattern: re.Pattern[str]) -> Callable[[str], Iterator[tuple[int, int]]]:
    """Search by a pattern whose first group is what was looked for."""

    def search(text: str) -> Iterator[tuple[int, int]]:
        for match in pattern.finditer(text):
            yield match.span(1)

    return search


def _always(_: str) -> bool:
    return True


def _emails(text: str) -> Iterator[tuple[int, int]]:
    if "@" in text:
        yield from (match.span() for match in _EMAIL.finditer(text))


def _secrets(text: str) -> Iterator[tuple[int, int]]:
    if any(mark in text for mark in _SECRET_MARKS):
        yield from (match.span() for match in _SECRETS.finditer(text))
    if "://" in text and "@" in text:
        yield from _inside(_LOGIN)(text)
    if "=" in text or ":" in text:
        # A word that happens to follow `password:` in prose is none; keys mix letters with digits or signs.
        for match in _ASSIGNED.finditer(text):
            if re.search(r"[^A-Za-z]", match[1].rstrip(".!?")):
                yield match.span(1)


def _ibans(text: str) -> Iterator[tuple[int, int]]:
    for match in _IBAN.finditer(text):
        # Words may follow after a space: the country says where the number ends.
        length, seen = identifiers.IBAN_LENGTH.get(match[0][:2].upper(), 0), 0
        for place, letter in enumerate(match[0]):
            seen += letter != " "
            if seen == length:
                if identifiers.is_iban(match[0][: place + 1].replace(" ", "").upper()):
                    yield match.start(), match.start() + place + 1
                break


def _phones(text: str) -> Iterator[tuple[int, int]]:
    for match in _PHONE.finditer(text):
        start, end = match.span()
        before, after = text[max(0, start - 40) : start], text[end : end + 12]
        named = bool(_PHONE_WORD.search(before) or _PHONE_WORD.search(after))
        if _is_phone(match[0], named) and not _NOT_PHONE_BEFORE.search(before):
            yield start, end


def _is_phone(text: str, named: bool) -> bool:
    """Whether digits in this form are a telephone number; `named` if a word such as `call` stands beside them."""
    number = re.split(r"x|ext|#", text)[0].strip()
    if number[0] == "(" and number.find(")") in (-1, len(number) - 1):
        # Brackets around a span of years or a sum; those of an area code close before the rest.
        number = text = number.strip("()")
    groups = re.findall(r"[0-9]+", number)
    digits, sizes = "".join(groups), [len(g) for g in groups]
    if not 7 <= len(digits) <= 15 or len(set(digits)) == 1 or _DATE.match(number) or identifiers.is_isbn(digits):
        return False
    if not _PHONE_FORM.fullmatch(number):
        return False
    if number[0] in "+(" and ("+" in number or len(groups) > 1):
        return True
    if len(groups) == 1:
        return named and len(digits) >= 8
    if _YEARS.fullmatch(number) or 1 in sizes[1:]:
        return False
    if named or text != number or (digits[0] == "0" and digits[:3] != "000" and sizes[0] <= 6):
        return True
    # Figures in a table, sums and ranges look much the same: without a word beside it only the commonest form.
    return "(" in number or sizes in ([3, 3, 4], [1, 3, 3, 4])


def _ipv6(text: str) -> Iterator[tuple[int, int]]:
    if text.count(":") > 2:
        yield from (m.span() for m in _IPV6.finditer(text) if identifiers.is_public_address(m[0]))


def _ipv4(text: str) -> Iterator[tuple[int, int]]:
    for match in _IPV4.finditer(text):
        version = re.search(r"(?i)\b(?:version|release|v|section|chapter)\W{0,2}$", text[: match.start()][-12:])
        if not version and identifiers.is_public_address(match[0]):
            yield match.span()


_SEARCHES: tuple[tuple[Kind, Callable[[str], Iterator[tuple[int, int]]]], ...] = (
    ("secret", _secrets),
    ("email", _emails),
    ("iban", _ibans),
    ("card", _whole(_CARD, identifiers.is_card)),
    ("ssn", _whole(_SSN, identifiers.is_ssn)),
    ("ssn", _inside(_BARE_SSN)),
    ("national id", _whole(_CPF, identifiers.is_cpf)),
    ("national id", _whole(_DNI, identifiers.is_dni)),
    ("national id", _whole(_NIR, identifiers.is_nir)),
    ("national id", _whole(_AADHAAR, identifiers.is_aadhaar)),
    ("national id", _whole(_NINO, _always)),
    ("national id", _whole(_FISCAL_CODE, _always)),
    ("licence", _inside(_LICENCE)),
    ("ip", _ipv4),
    ("ip", _ipv6),
    ("birth date", _inside(_BIRTH)),
    ("phone", _phones),
    ("name", _inside(_NAME)),
    ("address", _whole(_STREET, _always)),
    ("address", _whole(_GERMAN_STREET, _always)),
)


def _masked(kind: Kind, value: str) -> str:
    """At most the first two characters and, of long ones that are no secret, the last two; nothing of short secrets."""
    if kind == "secret":
        return f"{value[:2]}…" if len(value) >= 20 else "…"
    if len(value) < 6:
        return f"{value[:1]}…"
    return f"{value[:2]}…" if len(value) < 10 else f"{value[:2]}…{value[-2:]}"
