"""Annotations beside vouchers, and the supervisors' objections to publications (R2.25). Neither changes what it is
about."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.supervision.rules.cases import check_words
from finance.supervision.tables import Annotation, SupervisorsObjection
from finance.tables import Voucher
from hoa.bulletin.marks import Mark
from hoa.bulletin.tables import Publication
from hoa.db import get
from hoa.kernel.errors import N_, Refusal


class AlreadyLifted(Refusal):
    message: ClassVar[str] = N_("这条异议已经解除")
    status: ClassVar[int] = 409


def annotate(session: Session, community_id: str, *, voucher_id: str, text: str, by: str, now: datetime) -> Annotation:
    """A supervisor's words beside a voucher, for those inside."""
    get(session, Voucher, community_id, voucher_id)
    row = Annotation(community_id=community_id, voucher_id=voucher_id, text=check_words(text), by=by, at=now)
    session.add(row)
    session.flush()
    return row


def annotations(session: Session, community_id: str, voucher_id: str | None = None) -> Sequence[Annotation]:
    """Of one voucher, or all, the earliest first."""
    query = select(Annotation).where(Annotation.community_id == community_id)
    if voucher_id is not None:
        query = query.where(Annotation.voucher_id == voucher_id)
    return session.scalars(query.order_by(Annotation.at, Annotation.id)).all()


def object_to(
    session: Session, community_id: str, *, publication_id: str, text: str, by: str, now: datetime
) -> SupervisorsObjection:
    """Mark a publication as objected to, with the reasons. It stays published: supervisors block nothing (R2.25)."""
    get(session, Publication, community_id, publication_id)
    row = SupervisorsObjection(
        community_id=community_id,
        publication_id=publication_id,
        text=check_words(text),
        by=by,
        at=now,
        lifted_because="",
    )
    session.add(row)
    session.flush()
    return row


def lift(
    session: Session, community_id: str, objection_id: str, *, because: str, by: str, now: datetime
) -> SupervisorsObjection:
    """The reason to object is gone; both stay to be read."""
    row = get(session, SupervisorsObjection, community_id, objection_id, lock=True)
    if row.lifted_at is not None:
        raise AlreadyLifted
    row.lifted_because, row.lifted_by, row.lifted_at = check_words(because), by, now
    session.flush()
    return row


def objections(
    session: Session, community_id: str, publication_id: str | None = None
) -> Sequence[SupervisorsObjection]:
    query = select(SupervisorsObjection).where(SupervisorsObjection.community_id == community_id)
    if publication_id is not None:
        query = query.where(SupervisorsObjection.publication_id == publication_id)
    return session.scalars(query.order_by(SupervisorsObjection.at, SupervisorsObjection.id)).all()


def marks(session: Session, community_id: str, publication_ids: Sequence[str]) -> Sequence[Mark]:
    """What the notice board shows on publications (`hoa.bulletin.marks`)."""
    query = select(SupervisorsObjection).where(
        SupervisorsObjection.community_id == community_id,
        SupervisorsObjection.publication_id.in_(publication_ids),
    )
    return [
        Mark(
            id=row.id,
            publication_id=row.publication_id,
            text=row.text,
            at=row.at,
            lifted_because=row.lifted_because,
            lifted_at=row.lifted_at,
        )
        for row in session.scalars(query.order_by(SupervisorsObjection.at, SupervisorsObjection.id))
    ]
