"""What the property fee covers by contract, so that the common revenue does not pay for it again (F21)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.shares.tables import FeeItem
from hoa.db import get
from hoa.kernel.errors import N_, Refusal


class FeeItemNeedsWords(Refusal):
    message: ClassVar[str] = N_("请写明项目、物业服务企业，以及凭证上常用的叫法（每个至少两个字）")


class FeeItemDays(Refusal):
    message: ClassVar[str] = N_("结束日期不能早于开始日期")


def split_words(text: str) -> tuple[str, ...]:
    """The names under which such work stands on vouchers."""
    for mark in "，；;、\n\t ":
        text = text.replace(mark, ",")
    return tuple(dict.fromkeys(word for word in text.split(",") if word))


def add(
    session: Session,
    community_id: str,
    *,
    title: str,
    words: str,
    company: str,
    from_on: date,
    until_on: date | None,
    by: str,
    now: datetime,
) -> FeeItem:
    found = split_words(words)
    if not title.strip() or not company.strip() or not found or any(len(word) < 2 for word in found):
        raise FeeItemNeedsWords
    if until_on is not None and until_on < from_on:
        raise FeeItemDays
    row = FeeItem(
        community_id=community_id,
        title=title.strip(),
        words=",".join(found),
        company=company.strip(),
        from_on=from_on,
        until_on=until_on,
        by_id=by,
        at=now,
    )
    session.add(row)
    session.flush()
    return row


def end(session: Session, community_id: str, *, item_id: str, until_on: date) -> FeeItem:
    row = get(session, FeeItem, community_id, item_id, lock=True)
    if until_on < row.from_on:
        raise FeeItemDays
    row.until_on = until_on
    session.flush()
    return row


def items(session: Session, community_id: str) -> Sequence[FeeItem]:
    query = select(FeeItem).where(FeeItem.community_id == community_id)
    return session.scalars(query.order_by(FeeItem.from_on.desc(), FeeItem.title, FeeItem.id)).all()
