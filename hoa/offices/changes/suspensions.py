"""Suspended until the assembly has voted on a recall, where the rule pack allows it (北京 46, 47; rules.md R2.12). The
offices go on, the powers do not (`held`)."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.db import get
from hoa.kernel.errors import N_, Refusal
from hoa.offices.changes import rules
from hoa.offices.changes.tables import OfficeSuspension


class AlreadySuspended(Refusal):
    message: ClassVar[str] = N_("这个人在这个机构的职务已经暂停")
    status: ClassVar[int] = 409


def order(
    session: Session, community_id: str, *, body_kind: str, person_id: str, basis: str, by: str, now: datetime
) -> OfficeSuspension:
    """From now on; `basis` is shown to everybody."""
    if person_id == by:
        raise rules.OwnCase
    rules.check_text(basis)
    if any((row.person_id, row.body_kind) == (person_id, body_kind) for row in current(session, community_id)):
        raise AlreadySuspended
    row = OfficeSuspension(
        community_id=community_id,
        body_kind=body_kind,
        person_id=person_id,
        since=now,
        basis=basis.strip(),
        ordered_by=by,
    )
    session.add(row)
    session.flush()
    return row


def lift(
    session: Session, community_id: str, suspension_id: str, *, basis: str, by: str | None, now: datetime
) -> OfficeSuspension:
    """The powers are back; lifted twice is lifted once."""
    row = get(session, OfficeSuspension, community_id, suspension_id, lock=True)
    if row.until is None:
        row.until, row.end_basis, row.lifted_by = now, basis, by
        session.flush()
    return row


def current(session: Session, community_id: str) -> Sequence[OfficeSuspension]:
    """Whose offices are suspended now."""
    query = select(OfficeSuspension).where(
        OfficeSuspension.community_id == community_id, OfficeSuspension.until.is_(None)
    )
    return session.scalars(query.order_by(OfficeSuspension.since, OfficeSuspension.id)).all()
