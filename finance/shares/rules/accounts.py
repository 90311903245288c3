"""Account numbers that owners give for their own money. PURE."""

import re
from typing import ClassVar

from hoa.kernel.errors import N_, Refusal

_DIGITS = re.compile(r"\d{8,32}\Z", re.ASCII)


class BadAccountNumber(Refusal):
    message: ClassVar[str] = N_("账号应当是 8 到 32 位数字，请照银行卡或存折填写")


class CheckDigitWrong(Refusal):
    message: ClassVar[str] = N_("这个卡号的校验位不对，可能有一位写错了，请再核对一次")


class BankNeeded(Refusal):
    message: ClassVar[str] = N_("请填写开户银行，最多 60 个字")


def number(text: str) -> str:
    """Digits only. A 16 to 19 digit number that begins with 62 is a UnionPay card and carries a check digit
    (GB/T 15694), which finds a mistyped digit before the bank returns the money.
    """
    plain = re.sub(r"[\s\-]", "", text)
    if not _DIGITS.match(plain):
        raise BadAccountNumber
    if plain.startswith("62") and 16 <= len(plain) <= 19 and not luhn(plain):
        raise CheckDigitWrong
    return plain


def luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def masked(plain: str) -> str:
    """**** **** 1234: enough to know one's own card by."""
    return f"**** {plain[-4:]}"


def bank(text: str) -> str:
    if not 0 < len(text.strip()) <= 60:
        raise BankNeeded
    return text.strip()
