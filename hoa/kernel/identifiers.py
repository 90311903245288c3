"""Numbers that people and organisations are known by: normalised, and checked by shape and check character only.

Whether a region prefix or a birthday exists is not our business: a register holds what the certificate says, and a
wrong digit is caught by the check character.
"""

from __future__ import annotations

import re
import unicodedata

from hoa.kernel.errors import N_, Refusal

_ID = re.compile(r"\d{17}[\dX]\Z", re.ASCII)
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT = re.compile(rf"[{_CREDIT_ALPHABET}]{{18}}\Z")
_PHONE = re.compile(r"(?:(?:\+|00)?86)?(1[3-9]\d{9})\Z", re.ASCII)


class IdNumberShape(Refusal):
    message = N_("身份证号应为 18 位：17 位数字加一位数字或 X，请核对后重填")


class IdNumberCheck(Refusal):
    message = N_("身份证号的最后一位校验不符，可能有一位写错，请对照证件核对")


class CreditCodeShape(Refusal):
    message = N_("统一社会信用代码应为 18 位数字和大写字母（不含 I、O、S、V、Z），请核对后重填")


class CreditCodeCheck(Refusal):
    message = N_("统一社会信用代码的最后一位校验不符，可能有一位写错，请对照执照核对")


class NotAMobileNumber(Refusal):
    message = N_("手机号应为 11 位数字，以 1 开头，请核对后重填")


def _folded(text: str) -> str:
    """Half-width, upper case, without spaces and hyphens of any kind."""
    folded = unicodedata.normalize("NFKC", text).upper()
    return "".join(c for c in folded if not c.isspace() and unicodedata.category(c) not in ("Pd", "Cf") and c != "−")


def id_number(text: str) -> str:
    """A resident's ID number, normalised (GB 11643: ISO 7064 mod 11-2)."""
    number = _folded(text)
    if not _ID.match(number):
        raise IdNumberShape
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _ID_WEIGHTS, strict=True))
    if _ID_CHECKS[total % 11] != number[17]:
        raise IdNumberCheck
    return number


def credit_code(text: str) -> str:
    """An organisation's unified social credit code, normalised (GB 32100: weights are powers of 3 mod 31)."""
    code = _folded(text)
    if not _CREDIT.match(code):
        raise CreditCodeShape
    total = sum(_CREDIT_ALPHABET.index(character) * pow(3, place, 31) for place, character in enumerate(code[:17]))
    if _CREDIT_ALPHABET[-total % 31] != code[17]:
        raise CreditCodeCheck
    return code


def mobile(text: str) -> str:
    """A mainland mobile number as 11 digits; spaces, dashes and +86 are taken off."""
    match = _PHONE.match(_folded(text))
    if match is None:
        raise NotAMobileNumber
    return match[1]
