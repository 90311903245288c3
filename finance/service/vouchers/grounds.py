"""What a voucher rests on: documents, resolutions, and what the owners let the committee decide alone."""

from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from finance.rules import life
from finance.rules.cash import CashMissing
from finance.rules.ledger import VoucherKind
from finance.rules.life import VoucherState
from finance.service.vouchers.reading import documents_of
from finance.tables import Match, Voucher
from hoa.community import pack_choice
from hoa.db import get
from hoa.kernel import money
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.posts import COMMITTEE_CASHIER
from hoa.offices.service import posts_held
from hoa.resolutions import authority
from hoa.resolutions import service as resolutions
from hoa.resolutions.tables import Resolution


class ResolutionNotInForce(Refusal):
    message = N_("决议“%(title)s”在 %(day)s 还没有作出或已经过期，不能作为依据")


def in_force(session: Session, community_id: str, resolution_id: str, day: date) -> bool:
    """Whether the assembly made the resolution; refused when it was not in force on the day."""
    resolution = resolutions.get(session, community_id, resolution_id)
    if resolution.decided_on > day or (resolution.valid_until is not None and resolution.valid_until < day):
        raise ResolutionNotInForce(title=resolution.title, day=day.isoformat())
    return resolution.source == "assembly"


def keeps_no_cash(session: Session, community_id: str, person_id: str, now: datetime) -> None:
    """Whoever holds the cashier's post keeps no books (会计法 35)."""
    if COMMITTEE_CASHIER in posts_held(session, community_id, person_id, now):
        raise life.CashierKeepsBooks


def check_ready(session: Session, voucher: Voucher, day: date) -> None:
    """Everything a voucher needs before a second person looks at it (R5.2)."""
    by_assembly = voucher.resolution_id is not None and in_force(
        session, voucher.community_id, voucher.resolution_id, voucher.day
    )
    check_cash(session, voucher)
    halves = [voucher]
    if voucher.twin_id is not None:
        # One paper proves both halves of a transfer: the bank's slip of money that left one account for the other.
        halves.append(get(session, Voucher, voucher.community_id, voucher.twin_id))
    matched = session.scalars(
        select(Match.id).where(
            Match.community_id == voucher.community_id,
            Match.voucher_id.in_([half.id for half in halves]),
            Match.released_at.is_(None),
        )
    ).first()
    life.check_ready(
        kind=VoucherKind(voucher.kind),
        amount_fen=voucher.amount_fen,
        spent_fen=_needs_grounds_fen(session, voucher),
        day=voucher.day,
        today=day,
        summary=voucher.summary,
        party=voucher.party,
        documents=sum(len(documents_of(session, half)) for half in halves),
        matched=matched is not None,
        grounds=life.Grounds(resolution_id=voucher.resolution_id, by_assembly=by_assembly, authority=voucher.grounds),
        allowance=_allowance(session, voucher),
        corrects=voucher.corrects_id is not None,
    )


def check_cash(session: Session, voucher: Voucher) -> None:
    """Nobody pays with cash that the box does not hold; what only puts an entry right moves no coin."""
    if not voucher.cash_fen or voucher.cash_fen > 0:
        return
    if voucher.kind in (VoucherKind.REVERSAL, VoucherKind.DIFFERENCE) or voucher.corrects_id is not None:
        return
    query = select(func.coalesce(func.sum(Voucher.cash_fen), 0)).where(
        Voucher.community_id == voucher.community_id,
        Voucher.book_id == voucher.book_id,
        Voucher.state == VoucherState.POSTED,
    )
    held = int(session.scalar(query) or 0)
    if held + voucher.cash_fen < 0:
        raise CashMissing(held=money.show(held), amount=money.show(-voucher.cash_fen))


def approvals_needed(session: Session, voucher: Voucher, day: date) -> int:
    """How many people let a voucher through: by what leaves the fund, as the community's rules say."""
    pack = pack_choice.current(session, voucher.community_id, day=day)
    steps = tuple(pack.number(name) for name in ("two_approvals_above_fen", "three_approvals_above_fen"))
    return life.approvals_needed(_needs_grounds_fen(session, voucher), steps)


def spent_fen(voucher: Voucher) -> int:
    """What leaves the fund by a voucher, in fen; nothing when money only changes its place."""
    if voucher.bank_fen is None or voucher.cash_fen is None:
        return voucher.amount_fen if voucher.kind == VoucherKind.PAYMENT else 0
    if voucher.kind in (VoucherKind.OPENING, VoucherKind.REVERSAL):
        return 0
    return max(0, -voucher.bank_fen - voucher.cash_fen)


def _needs_grounds_fen(session: Session, voucher: Voucher) -> int:
    """`spent_fen`, but nothing when a difference makes a receipt smaller: that money never came in."""
    if voucher.kind == VoucherKind.DIFFERENCE and voucher.corrects_id is not None:
        original = get(session, Voucher, voucher.community_id, voucher.corrects_id)
        if original.kind == VoucherKind.RECEIPT:
            return 0
    return spent_fen(voucher)


def _spent() -> ColumnElement[int]:
    """`spent_fen` in the database."""
    left = -(Voucher.bank_fen + Voucher.cash_fen)
    return case((Voucher.bank_fen.is_(None), Voucher.amount_fen), else_=left)


def _is_spending() -> ColumnElement[bool]:
    before = and_(Voucher.bank_fen.is_(None), Voucher.kind == VoucherKind.PAYMENT)
    own = Voucher.kind.not_in((VoucherKind.OPENING, VoucherKind.REVERSAL))
    return or_(before, and_(own, Voucher.bank_fen + Voucher.cash_fen < 0))


def _allowance(session: Session, voucher: Voucher) -> life.Allowance:
    """What the owners let the committee decide alone on the voucher's day, and how much of the year is used: every
    other payment on its way or posted, from either fund, that no resolution of the assembly stands behind. A red
    voucher gives room back once it is posted: one that is only sent off may still be taken away.
    """
    found = authority.limits(session, voucher.community_id, on=voucher.day)
    if found is None:
        return life.Allowance()
    red, original = aliased(Voucher), aliased(Voucher)
    query = (
        select(func.coalesce(func.sum(_spent()), 0))
        .outerjoin(
            Resolution,
            (Resolution.community_id == Voucher.community_id) & (Resolution.id == Voucher.resolution_id),
        )
        .where(
            Voucher.community_id == voucher.community_id,
            Voucher.id != voucher.id,
            _is_spending(),
            Voucher.state != VoucherState.DRAFT,
            Voucher.day >= voucher.day.replace(month=1, day=1),
            Voucher.day <= voucher.day.replace(month=12, day=31),
            or_(Resolution.source.is_(None), Resolution.source != "assembly"),
            ~exists().where(
                red.community_id == Voucher.community_id,
                red.reverses_id == Voucher.id,
                red.state == VoucherState.POSTED,
            ),
            ~exists().where(
                Voucher.kind == VoucherKind.DIFFERENCE,
                original.community_id == Voucher.community_id,
                original.id == Voucher.corrects_id,
                original.kind == VoucherKind.RECEIPT,
            ),
        )
    )
    return life.Allowance(
        single_fen=found.single_fen, yearly_fen=found.yearly_fen, spent_fen=int(session.scalar(query) or 0)
    )
