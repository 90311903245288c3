"""What the books know of the chain: contracts that rest on a resolution, and payments under them.

Of a payment everybody is told that it was made, as the contract's page tells it; its number and amount once its period
is published (R4.7), and before that whoever reads the books.
"""

from collections.abc import Mapping, Sequence

from flask import url_for
from flask_babel import gettext
from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from finance.rules.contracts import Direction, DueState
from finance.rules.ledger import VoucherKind
from finance.rules.life import VoucherState
from finance.service import contracts, publication
from finance.service.vouchers import label
from finance.tables import Contract, Voucher
from hoa.kernel.clock import today
from hoa.resolutions.chain import Key, Kind, Link, Reader
from hoa.web.i18n import money

READ = "books.read"
MOVES = (VoucherKind.PAYMENT, VoucherKind.RECEIPT)


class FinanceLinks:
    """Contracts, and the posted vouchers that moved money under one, or under a resolution alone."""

    def tell(self, session: Session, community_id: str, keys: Sequence[Key], reader: Reader, /) -> Mapping[Key, Link]:
        found = {}
        for key in keys:
            if key.kind is Kind.CONTRACT and (row := session.get(Contract, (community_id, key.id))):
                found[key] = _contract(session, key, row, reader)
            if key.kind is Kind.PAYMENT and (voucher := _paid(session, community_id, key.id)):
                found[key] = _payment(session, key, voucher, reader)
        return found

    def up(self, session: Session, community_id: str, key: Key) -> Sequence[Key]:
        if key.kind is Kind.CONTRACT:
            row = session.get(Contract, (community_id, key.id))
            return [Key(Kind.RESOLUTION, row.resolution_id)] if row and row.resolution_id else ()
        voucher = _paid(session, community_id, key.id) if key.kind is Kind.PAYMENT else None
        if voucher is None:
            return ()
        if voucher.contract_id:
            return [Key(Kind.CONTRACT, voucher.contract_id)]
        return [Key(Kind.RESOLUTION, voucher.resolution_id)] if voucher.resolution_id else ()

    def down(self, session: Session, community_id: str, key: Key) -> Sequence[Key]:
        if key.kind is Kind.CONTRACT:
            return _payments(session, community_id, contract_id=key.id)
        if key.kind is not Kind.RESOLUTION:
            return ()
        query = select(Contract.id).where(Contract.community_id == community_id, Contract.resolution_id == key.id)
        signed = [Key(Kind.CONTRACT, contract_id) for contract_id in session.scalars(query)]
        return [*signed, *_payments(session, community_id, resolution_id=key.id)]


def _paid(session: Session, community_id: str, voucher_id: str) -> Voucher | None:
    row = session.get(Voucher, (community_id, voucher_id))
    return row if row and row.state == VoucherState.POSTED and row.kind in MOVES else None


def _payments(
    session: Session, community_id: str, *, contract_id: str | None = None, resolution_id: str | None = None
) -> list[Key]:
    """Posted payments and receipts under a contract; or those that rest on a resolution without one."""
    under = (
        Voucher.contract_id == contract_id
        if contract_id
        else and_(Voucher.contract_id.is_(None), Voucher.resolution_id == resolution_id)
    )
    query = select(Voucher.id).where(
        Voucher.community_id == community_id, Voucher.state == VoucherState.POSTED, Voucher.kind.in_(MOVES), under
    )
    return [Key(Kind.PAYMENT, voucher_id) for voucher_id in session.scalars(query)]


def _contract(session: Session, key: Key, row: Contract, reader: Reader) -> Link:
    """As its page tells it to everybody."""
    view = contracts.view(session, row, today=today(reader.now))
    left = [due.due for due in view.dues if due.state is not DueState.SETTLED]
    says = [row.party, gettext("付钱的合同") if row.direction == Direction.SPENDING else gettext("收钱的合同")]
    if view.dues:
        whole = sum(due.due.amount_fen for due in view.dues)
        says.append(gettext("合计 %(amount)s，还有 %(count)s 期没有收付", amount=money(whole), count=len(left)))
    return Link(
        key=key,
        label=gettext("合同 %(number)s", number=row.number),
        title=row.title,
        on=row.starts_on,
        says=" · ".join(says),
        follows=gettext("等待第一笔付款，最近一期 %(day)s 到期。", day=left[0].day.isoformat())
        if left
        else gettext("等待第一笔付款。"),
        url=url_for("finance.contract", number=row.number),
    )


def _payment(session: Session, key: Key, row: Voucher, reader: Reader) -> Link:
    inside = READ in reader.powers
    if not inside and not publication.is_public(session, row):
        return Link(
            key=key,
            label="",
            title=gettext("已记账，账目公示以后可以看到凭证和金额"),
            on=row.day,
            says=gettext("已收付"),
        )
    spent = row.kind == VoucherKind.PAYMENT
    amount = money(row.amount_fen)
    says = gettext("付出 %(amount)s", amount=amount) if spent else gettext("收到 %(amount)s", amount=amount)
    return Link(
        key=key,
        label=label(row),
        title=row.summary,
        on=row.day,
        says=gettext("%(text)s（已冲销）", text=says) if _is_taken_back(session, row) else says,
        url=url_for("finance.voucher", voucher_id=row.id),
    )


def _is_taken_back(session: Session, row: Voucher) -> bool:
    """Whether a posted red voucher takes it back."""
    query = select(Voucher.id).where(
        Voucher.community_id == row.community_id, Voucher.reverses_id == row.id, Voucher.state == VoucherState.POSTED
    )
    return session.scalar(query.limit(1)) is not None
