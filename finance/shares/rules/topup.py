"""How much of the common revenue tops up the maintenance fund (rules.md R4.4 U1; 条例 54). PURE."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from hoa.kernel.errors import N_, Refusal

NONE, MORE_THAN, IF_LOW = "topup-free", "topup-more-than", "topup-if-low"


class BadPercent(Refusal):
    message: ClassVar[str] = N_("比例应当在 0 到 100 之间，并且不低于当地规定的百分之 %(floor)s")


class TermNeedsGround(Refusal):
    message: ClassVar[str] = N_("请选业主大会的决议作为比例的依据")


class NoCertificate(Refusal):
    message: ClassVar[str] = N_("请上传维修资金管理机构出具的证明（PDF、PNG 或 JPEG）")


class BadCertificate(Refusal):
    message: ClassVar[str] = N_("证明的金额必须大于零，日期不能晚于今天")


@dataclass(frozen=True, kw_only=True)
class TopUpRule:
    """What the place asks: `kind` says how the percentage is meant, `source` where it stands."""

    kind: str
    percent: int
    source: str
    verified: bool


@dataclass(frozen=True, kw_only=True)
class TopUpYear:
    """A year's top-up: due, paid and proved, in fen. `due_fen` None: the place's condition is not known yet."""

    year: int
    income_fen: int
    percent: int
    due_fen: int | None
    paid_fen: int
    proved_fen: int

    @property
    def missing_fen(self) -> int:
        return max((self.due_fen or 0) - self.paid_fen, 0)

    @property
    def unproved_fen(self) -> int:
        return max(self.paid_fen - self.proved_fen, 0)


def due_fen(rule: TopUpRule, *, income_fen: int, own_percent: int | None, fund_low: bool | None) -> int | None:
    """What has to go into the fund for the income of a year.

    The assembly's own percentage (`own_percent`) counts where the place asks for less. Beijing asks only while the
    fund is below 30 % of what it was first (`fund_low`; None: nobody has said). Rounded up: half of an odd fen is
    not yet half; "more than" is one fen more.
    """
    local = 0 if rule.kind == NONE else rule.percent
    if rule.kind == IF_LOW and fund_low is not True:
        if fund_low is None and own_percent is None:
            return None
        local = 0
    percent = max(local, own_percent or 0)
    if percent == 0 or income_fen <= 0:
        return 0
    if rule.kind == MORE_THAN and percent == local and percent < 100:
        return income_fen * percent // 100 + 1
    return -(-income_fen * percent // 100)


def check_term(rule: TopUpRule, percent: int) -> None:
    """The assembly may ask for more than the place, never for less."""
    floor = rule.percent if rule.kind == MORE_THAN else 0
    if not floor <= percent <= 100:
        raise BadPercent(floor=floor)


def due_by(year: int) -> date:
    """The annual accounts are published by 31 January (R4.7); until then a year's top-up can be made."""
    return date(year + 1, 1, 31)


KIND_NAMES: Mapping[str, str] = {
    NONE: N_("没有固定比例，由业主大会决定"),
    MORE_THAN: N_("超过收益的百分之 %(percent)s"),
    IF_LOW: N_("维修资金余额不足首期百分之三十时，不低于收益的百分之 %(percent)s"),
}
