"""Money: integer fen everywhere (books.md 1). Reading, writing, capital letters for vouchers, and fair division."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hoa.kernel import numerals
from hoa.kernel.errors import N_, Refusal

_MARK = re.compile(r"([-+]?)(?:人民币|CNY|RMB)?¥?([-+]?)", re.IGNORECASE)
_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("仟", "佰", "拾", "")


class NotMoney(Refusal):
    message = N_("“%(text)s” 不是金额，请写成 1234.56 这样的数字，单位为元")


class FractionOfAFen(Refusal):
    message = N_("金额 “%(text)s” 的小数超过两位，最小单位是分，请改为两位小数")


class MoneyTooLarge(Refusal):
    message = N_("金额 “%(text)s” 超出系统能记的范围")


class NothingToShareBy(Refusal):
    message = N_("没有可以分摊的份额：各项权重之和为零")


def parse(value: str | int | float) -> int:
    """Fen of an amount in yuan: ``¥1,234.56``, ``１２３４．５``, ``1234.5元``, or a number from a spreadsheet."""
    text = str(value)[:60]
    if isinstance(value, str):
        bare = numerals.plain(value).removesuffix("元整").removesuffix("元")
        mark = _MARK.match(bare)
        assert mark is not None  # the pattern also matches nothing
        if mark[1] and mark[2]:
            raise NotMoney(text=text)
        rest = bare[mark.end() :]
        value = (mark[1] or mark[2]) + rest if rest[:1].isdigit() else "?"
    try:
        return numerals.hundredths(value)
    except numerals.NotAFigure:
        raise NotMoney(text=text) from None
    except numerals.TooPrecise:
        raise FractionOfAFen(text=text) from None
    except numerals.TooLarge:
        raise MoneyTooLarge(text=text) from None


def show(fen: int) -> str:
    """``¥1,234.56``; a negative amount is ``-¥1,234.56``."""
    return f"{'-' if fen < 0 else ''}¥{numerals.grouped(abs(fen))}"


def plain(fen: int) -> str:
    """``1234.56``: for files that other programs read."""
    return numerals.grouped(fen).replace(",", "")


def capital(fen: int) -> str:
    """大写金额 as written on vouchers and receipts (支付结算办法, annex 1): ``壹仟肆佰零玖元伍角整``."""
    yuan, rest = divmod(abs(fen), 100)
    jiao, cents = divmod(rest, 10)
    words = "负" if fen < 0 else ""
    if yuan or not rest:
        words += (_capital_integer(yuan) or "零") + "元"
    if not rest:
        return words + "整"
    # A zero is read where a place between two figures is empty.
    if yuan and (not jiao or yuan % 10 == 0):
        words += "零"
    if jiao:
        words += _DIGITS[jiao] + "角"
    return words + (_DIGITS[cents] + "分" if cents else "整")


def _capital_integer(number: int) -> str:
    for unit, size in (("亿", 10**8), ("万", 10**4)):
        if number >= size:
            high, low = divmod(number, size)
            # A zero is read where the part below begins with empty places.
            joint = "零" if 0 < low < size // 10 else ""
            return _capital_integer(high) + unit + joint + _capital_integer(low)
    return _capital_group(number)


def _capital_group(group: int) -> str:
    words, zero = "", False
    for place, divisor in zip(_PLACES, (1000, 100, 10, 1), strict=True):
        digit = group // divisor % 10
        if digit:
            words += ("零" if zero else "") + _DIGITS[digit] + place
            zero = False
        elif words:
            zero = True
    return words


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Divide ``total`` fen by weights (say, areas) without losing one: largest remainder, ties by position.

    Callers who want ties broken by unit id pass the weights in the order of the ids. A negative total mirrors the
    positive one exactly, so that a reversal undoes a distribution (民法典 283; books.md 2).
    """
    if any(weight < 0 for weight in weights):
        raise ValueError("a share cannot be negative")
    whole = sum(weights)
    if whole == 0:
        raise NothingToShareBy
    if total < 0:
        return [-share for share in apportion(-total, weights)]
    shares = [total * weight // whole for weight in weights]
    largest_first = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for index in largest_first[: total - sum(shares)]:
        shares[index] += 1
    return shares
