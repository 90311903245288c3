"""How long each kind of paper is kept (会计档案管理办法, R4.9): some for ever, the others so many years from the first
day after the year they belong to. Nothing leaves before its time.
"""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, NamedTuple

from hoa.kernel import canonical
from hoa.kernel.errors import N_, Refusal

SIGNERS = 2
COMMITTEE, SUPERVISORS = "committee", "supervisors"


class Kind(NamedTuple):
    """A kind of paper: its name and the pack's parameter that says how many years; None is for ever."""

    code: str
    name: str
    parameter: str | None


KINDS = (
    Kind("vouchers", N_("会计凭证"), "retention_vouchers_years"),
    Kind("ledgers", N_("总账、明细账、日记账"), "retention_ledgers_years"),
    Kind("statements", N_("月度、季度、半年度财务报告"), "retention_statements_years"),
    Kind("yearly", N_("年度财务报告"), None),
    Kind("bank", N_("银行对账单、余额调节表"), "retention_bank_years"),
    Kind("handover", N_("会计档案移交清册"), "retention_handover_years"),
    Kind("custody", N_("会计档案保管清册、销毁清册、鉴定意见书"), None),
)
BY_CODE = {kind.code: kind for kind in KINDS}


class TooEarly(Refusal):
    message: ClassVar[str] = N_("%(what)s（%(year)s 年）要保管到 %(until)s，还不能销毁")


class KeptForEver(Refusal):
    message: ClassVar[str] = N_("%(what)s永久保管，不能销毁")


class NothingChosen(Refusal):
    message: ClassVar[str] = N_("请至少选择一项到期的档案")


class ReasonMissing(Refusal):
    message: ClassVar[str] = N_("请写明鉴定意见：为什么可以销毁")


class SignedAlready(Refusal):
    message: ClassVar[str] = N_("您已经在这份清册上签过字")
    status: ClassVar[int] = 409


class OneOfEachSide(Refusal):
    message: ClassVar[str] = N_("销毁清册要业主委员会和业主监督委员会各一人签字，这一方已经签过")
    status: ClassVar[int] = 409


class NotSigned(Refusal):
    message: ClassVar[str] = N_("销毁清册还没有两方签字，不能登记销毁")
    status: ClassVar[int] = 409


class WatcherMissing(Refusal):
    message: ClassVar[str] = N_("请写明谁到场监销")


class CarriedOut(Refusal):
    message: ClassVar[str] = N_("这份清册已经登记销毁，不能再改")
    status: ClassVar[int] = 409


class Kept(NamedTuple):
    """A kind of paper of one book and year: the last day it is kept, None for ever."""

    kind: Kind
    book: str
    year: int
    until: date | None

    def over(self, day: date) -> bool:
        """Whether its time is over on `day`: the last day itself still counts."""
        return self.until is not None and day > self.until

    @property
    def key(self) -> str:
        return f"{self.kind.code}:{self.book}:{self.year}"


def kept_until(year: int, years: int) -> date:
    """The last day of `years` full years, counted from the first day after the end of the accounting year."""
    return date(year + years, 12, 31)


def kept(books: Mapping[str, Sequence[int]], years: Callable[[str], int]) -> list[Kept]:
    """Every kind of paper of every book and year. `years` gives a parameter of the rule pack."""
    return [
        Kept(kind, book, year, None if kind.parameter is None else kept_until(year, years(kind.parameter)))
        for book, found in sorted(books.items())
        for year in found
        for kind in KINDS
    ]


def chosen(keys: Sequence[str], there: Sequence[Kept], *, day: date) -> list[Kept]:
    """What somebody wants to destroy, when all of it may be."""
    by_key = {one.key: one for one in there}
    found = [by_key[key] for key in dict.fromkeys(keys) if key in by_key]
    if not found or len(found) != len(set(keys)):
        raise NothingChosen
    for one in found:
        if one.until is None:
            raise KeptForEver(what=one.kind.name)
        if not one.over(day):
            raise TooEarly(what=one.kind.name, year=one.year, until=one.until.isoformat())
    return found


def written(items: Sequence[Kept]) -> list[dict[str, Any]]:
    """The items as the list keeps them."""
    return [
        {
            "kind": one.kind.code,
            "book": one.book,
            "year": one.year,
            "kept_until": one.until.isoformat() if one.until else None,
        }
        for one in items
    ]


def digest(number: int, reason: str, items: Sequence[Mapping[str, Any]]) -> str:
    """What each signature under a list is over."""
    return canonical.digest(
        {"items": [dict(item) for item in items], "number": number, "reason": unicodedata.normalize("NFC", reason)}
    )


def check_signature(sides: Sequence[str], people: Sequence[str], *, side: str, by: str) -> None:
    """One person of each side: who keeps the books and who watches over them (会计档案管理办法 18)."""
    if by in people:
        raise SignedAlready
    if side in sides:
        raise OneOfEachSide
