"""Checksums and rules of numbers that name a person or an account. Facts from the standards named at each function."""

from __future__ import annotations

import ipaddress

# Length of an IBAN by country (SWIFT, IBAN Registry).
IBAN_LENGTH = {
    **dict.fromkeys(("NO",), 15),
    **dict.fromkeys(("BE", "BI"), 16),
    **dict.fromkeys(("DK", "FI", "FO", "GL", "NL", "SD"), 18),
    **dict.fromkeys(("MK", "SI"), 19),
    **dict.fromkeys(("AT", "BA", "EE", "KZ", "LT", "LU", "XK"), 20),
    **dict.fromkeys(("CH", "CR", "HR", "LI", "LV"), 21),
    **dict.fromkeys(("BG", "BH", "DE", "GB", "GE", "IE", "ME", "RS", "VA"), 22),
    **dict.fromkeys(("AE", "GI", "IL", "IQ", "TL"), 23),
    **dict.fromkeys(("AD", "CZ", "ES", "MD", "PK", "RO", "SA", "SE", "SK", "TN", "VG"), 24),
    **dict.fromkeys(("LY", "PT", "ST"), 25),
    **dict.fromkeys(("IS", "TR"), 26),
    **dict.fromkeys(("FR", "GR", "IT", "MC", "MR", "SM"), 27),
    **dict.fromkeys(("AL", "AZ", "BY", "CY", "DO", "GT", "HU", "LB", "NI", "PL", "SV"), 28),
    **dict.fromkeys(("BR", "EG", "PS", "QA", "UA"), 29),
    **dict.fromkeys(("JO", "KW", "MU"), 30),
    **dict.fromkeys(("MT", "SC"), 31),
    "LC": 32,
    "RU": 33,
}
_VERHOEFF_PRODUCT = (
    "0123456789",
    "1234067895",
    "2340178956",
    "3401289567",
    "4012395678",
    "5987604321",
    "6598710432",
    "7659821043",
    "8765932104",
    "9876543210",
)
_VERHOEFF_TURN = (
    "0123456789",
    "1576283094",
    "5803796142",
    "8916043527",
    "9453126870",
    "4286573901",
    "2793806415",
    "7046913258",
)


def luhn(digits: str) -> bool:
    """Whether a number ends with its check digit (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 * (value > 9)
    return total % 10 == 0


def is_card(digits: str) -> bool:
    """A payment card: 13 to 19 digits of a known issuer range, with a right check digit."""
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1 or not luhn(digits):
        return False
    two, four = int(digits[:2]), int(digits[:4])
    visa = digits[0] == "4" and len(digits) in (13, 16, 19)
    mastercard = (51 <= two <= 55 or 2221 <= four <= 2720) and len(digits) == 16
    amex = two in (34, 37) and len(digits) == 15
    diners = (two in (36, 38, 39) or 300 <= int(digits[:3]) <= 305) and len(digits) in (14, 16)
    others = two in (35, 50, 56, 57, 58, 60, 62, 63, 64, 65, 67, 81) and len(digits) >= 12
    return visa or mastercard or amex or diners or others


def is_iban(text: str) -> bool:
    """An IBAN without spaces: the length of its country, and 1 modulo 97 (ISO 13616, ISO 7064 MOD 97-10)."""
    if IBAN_LENGTH.get(text[:2]) != len(text):
        return False
    turned = text[4:] + text[:4]
    return int("".join(str(int(c, 36)) for c in turned)) % 97 == 1


def is_ssn(digits: str) -> bool:
    """A US social security number that can have been given out (Social Security Administration, since 2011)."""
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return len(digits) == 9 and area not in ("000", "666") and area[0] != "9" and group != "00" and serial != "0000"


def is_cpf(digits: str) -> bool:
    """A Brazilian CPF: 11 digits, the last two are checks modulo 11 (Receita Federal)."""
    if len(digits) != 11 or len(set(digits)) == 1:
        return False
    for n in (9, 10):
        total = sum(int(d) * (n + 1 - i) for i, d in enumerate(digits[:n]))
        if total * 10 % 11 % 10 != int(digits[n]):
            return False
    return True


def is_dni(text: str) -> bool:
    """A Spanish DNI or NIE: the letter is the number modulo 23 (Real Decreto 1553/2005)."""
    number = {"X": "0", "Y": "1", "Z": "2"}.get(text[0], text[0]) + text[1:-1]
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == text[-1]


def is_nir(digits: str) -> bool:
    """A French social security number: 13 digits and a check, 97 minus the number modulo 97 (INSEE)."""
    return len(digits) == 15 and digits[0] in "12" and 97 - int(digits[:13]) % 97 == int(digits[13:])


def is_aadhaar(digits: str) -> bool:
    """An Indian Aadhaar number: 12 digits, not from 0 or 1, with Verhoeff's check digit (UIDAI)."""
    if len(digits) != 12 or digits[0] in "01":
        return False
    check = 0
    for place, digit in enumerate(reversed(digits)):
        check = int(_VERHOEFF_PRODUCT[check][int(_VERHOEFF_TURN[place % 8][int(digit)])])
    return check == 0


def is_isbn(digits: str) -> bool:
    """An ISBN-13, which is no telephone number (ISO 2108)."""
    return (
        len(digits) == 13
        and digits[:3] in ("978", "979")
        and sum(int(d) * (1 + 2 * (i % 2)) for i, d in enumerate(digits)) % 10 == 0
    )


def is_public_address(text: str) -> bool:
    """An IP address of the internet; private, local and documentation addresses name nobody."""
    try:
        return ipaddress.ip_address(text).is_global
    except ValueError:
        return False
