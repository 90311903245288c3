"""The maintenance fund's half-year, as its keeper states it: written down, checked against itself and our books, never
computed (R4.10: its own account and ledger; R4.7: published every half-year).
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from finance.disclosure.tables import MaintenanceStatement
from finance.rules.spans import Half
from finance.service import contents
from hoa.kernel import money
from hoa.kernel.errors import N_, Refusal


class DoesNotAdd(Refusal):
    message = N_("期初加各项收入减支出应为 %(wanted)s，填的期末余额是 %(closing)s，请对照账单改正")


class NegativeFigure(Refusal):
    message = N_("金额不能小于零，请改正")


class TopUpDiffers(Refusal):
    message = N_("账簿里这半年用公共收益补充维修资金 %(booked)s，填的是 %(stated)s，请先查明差在哪里")


class KeeperMissing(Refusal):
    message = N_("请写明维修资金由谁管理")


@dataclass(frozen=True, kw_only=True)
class Figures:
    """A keeper's statement of half a year, in fen."""

    opening_fen: int
    interest_fen: int
    from_revenue_fen: int
    other_in_fen: int
    spent_fen: int
    closing_fen: int
    keeper: str
    note: str = ""

    def check(self) -> None:
        """Refuse figures that do not add up."""
        incoming = self.interest_fen + self.from_revenue_fen + self.other_in_fen
        parts = (self.opening_fen, self.interest_fen, self.from_revenue_fen, self.other_in_fen, self.spent_fen)
        if min(parts) < 0 or self.closing_fen < 0:
            raise NegativeFigure
        wanted = self.opening_fen + incoming - self.spent_fen
        if wanted != self.closing_fen:
            raise DoesNotAdd(wanted=money.show(wanted), closing=money.show(self.closing_fen))
        if not self.keeper.strip():
            raise KeeperMissing


def state(
    session: Session, community_id: str, *, half: Half, figures: Figures, by: str, now: datetime
) -> MaintenanceStatement:
    """Write the figures of a half-year down; written again, the later ones count and the earlier ones stay."""
    figures.check()
    booked = contents.topped_up(session, community_id, half)
    if booked != figures.from_revenue_fen:
        raise TopUpDiffers(booked=money.show(booked), stated=money.show(figures.from_revenue_fen))
    row = MaintenanceStatement(
        community_id=community_id,
        half=str(half),
        opening_fen=figures.opening_fen,
        interest_fen=figures.interest_fen,
        from_revenue_fen=figures.from_revenue_fen,
        other_in_fen=figures.other_in_fen,
        spent_fen=figures.spent_fen,
        closing_fen=figures.closing_fen,
        keeper=figures.keeper.strip(),
        note=figures.note.strip(),
        made_by_id=by,
        made_at=now,
    )
    session.add(row)
    session.flush()
    return row
