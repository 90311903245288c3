"""From the trust fund to the work fund (R4.6): the owners' assembly decides, two vouchers say it, one in each book."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from finance.rules.charts import TRUST, WORK
from finance.rules.ledger import VoucherKind
from finance.rules.life import TransferNeedsAssembly, VoucherState
from finance.service.books import NAMES, chart_of, trust_book, work_book
from finance.service.vouchers.grounds import in_force
from finance.service.vouchers.writing import VoucherFields, draft
from finance.tables import Voucher
from hoa.kernel import money
from hoa.kernel.errors import N_, Refusal
from hoa.resolutions import service as resolutions

USE = "U4"


class MoreThanDecided(Refusal):
    message = N_("决议“%(title)s”最多转 %(limit)s，这笔是 %(amount)s")


class MoreThanIsLeft(Refusal):
    message = N_("决议“%(title)s”最多转 %(limit)s，已经转了 %(used)s，再加 %(amount)s 就超过了")


@dataclass(frozen=True, kw_only=True)
class TransferFields:
    """What is transferred. `restricted`: the assembly said what for, so that it stays restricted income (R5.1)."""

    day: date
    amount_fen: int
    resolution_id: str
    summary: str
    restricted: bool = False


def transfer(session: Session, community_id: str, *, fields: TransferFields, by: str, now: datetime) -> Voucher:
    """Write both halves: the trust fund pays it out for use, the work fund has it as income. The half in the trust fund
    is given back; every later step takes both.
    """
    if not in_force(session, community_id, fields.resolution_id, fields.day):
        raise TransferNeedsAssembly
    _within(session, community_id, fields)
    role = "other_income.restricted" if fields.restricted else "other_income.unrestricted"
    account = chart_of(work_book(session, community_id)).by_role(role).code
    halves = [
        draft(
            session,
            community_id,
            fields=VoucherFields(
                kind=VoucherKind.TRANSFER,
                book=book,
                day=fields.day,
                summary=fields.summary,
                party=NAMES[other],
                amount_fen=fields.amount_fen,
                purpose=USE if book == TRUST else None,
                account=None if book == TRUST else account,
                resolution_id=fields.resolution_id,
            ),
            by=by,
            now=now,
        )
        for book, other in ((TRUST, WORK), (WORK, TRUST))
    ]
    trust, work = halves
    trust.twin_id, work.twin_id = work.id, trust.id
    session.flush()
    return trust


def _within(session: Session, community_id: str, fields: TransferFields) -> None:
    """A decision that names an amount is not exceeded, by one transfer or by several under it."""
    decision = resolutions.get(session, community_id, fields.resolution_id)
    if decision.limit_fen is None:
        return
    limit, amount = money.show(decision.limit_fen), money.show(fields.amount_fen)
    if fields.amount_fen > decision.limit_fen:
        raise MoreThanDecided(title=decision.title, limit=limit, amount=amount)
    trust_book(session, community_id, lock=True)  # two who transfer at once must not both find room
    used = _used(session, community_id, fields.resolution_id)
    if used + fields.amount_fen > decision.limit_fen:
        raise MoreThanIsLeft(title=decision.title, limit=limit, amount=amount, used=money.show(used))


def _used(session: Session, community_id: str, resolution_id: str) -> int:
    """What other transfers took under a decision, also those on their way, in fen; a red one gives it back once it is
    posted.
    """
    red = aliased(Voucher)
    taken_back = exists().where(
        red.community_id == Voucher.community_id, red.reverses_id == Voucher.id, red.state == VoucherState.POSTED
    )
    query = select(func.coalesce(func.sum(Voucher.amount_fen), 0)).where(
        Voucher.community_id == community_id,
        Voucher.kind == VoucherKind.TRANSFER,
        Voucher.resolution_id == resolution_id,
        Voucher.purpose == USE,  # the half in the trust fund
        ~taken_back,
    )
    return int(session.scalar(query) or 0)
