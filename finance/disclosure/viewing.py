"""Who looked at what (R2.22): one function that views call, one row a look, one page where supervisors read it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from flask import g
from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from finance.disclosure.tables import ViewLog
from hoa.accounts.tables import Person
from hoa.kernel.errors import N_
from hoa.web import context

# Whoever reads the books without keeping them; what they look at is written down.
WATCHED = "books.watched"
LATELY = timedelta(minutes=10)
KINDS = {
    "voucher": N_("凭证"),
    "document": N_("单据"),
    "bank": N_("银行流水"),
    "export": N_("导出账目"),
    "statement": N_("报表"),
    "contract": N_("合同"),
    "report": N_("审计报告"),
    "log": N_("查阅记录"),
    "page": N_("页面"),
}


def seen(kind: str, object_id: str, label: str = "", *, engagement_id: str | None = None, always: bool = False) -> None:
    """Write down that the person of this request looked at something of this community.

    Supervisors and auditors always leave a trace; somebody let in by an engagement or a granted request does so with
    `engagement_id` or `always`. The committee keeps the books and owners read what is published: neither is logged.
    Call it once access is settled; it takes a transaction of its own, so what a failing page showed is logged too.
    An engaged auditor's looks carry their engagement without its being said.
    """
    me, engagement_id = context.me(), engagement_id or g.get("engagement_id")
    if me is None or not (always or engagement_id or context.may(WATCHED)):
        return
    with context.platform().database.writing() as session:
        record(
            session,
            context.community().id,
            person_id=me.id,
            kind=kind,
            object_id=object_id,
            label=label,
            engagement_id=engagement_id,
            now=context.now(),
        )
    g.look_logged = True


def seen_lately(object_id: str, *, within: timedelta = LATELY) -> bool:
    """Whether this person's look at something was just written down: the pictures of a page belong to it."""
    query = select(ViewLog.id).where(
        ViewLog.community_id == context.community().id,
        ViewLog.person_id == context.person_id(),
        ViewLog.object_id == object_id,
        ViewLog.at > context.now() - within,
    )
    return context.reading().scalars(query.limit(1)).first() is not None


def record(
    session: Session,
    community_id: str,
    *,
    person_id: str,
    kind: str,
    object_id: str,
    now: datetime,
    label: str = "",
    engagement_id: str | None = None,
) -> None:
    """One look, for whoever has a session already."""
    session.add(
        ViewLog(
            community_id=community_id,
            person_id=person_id,
            engagement_id=engagement_id,
            kind=kind,
            object_id=object_id,
            label=label[:200],
            at=now,
        )
    )


def looks(
    session: Session,
    community_id: str,
    *,
    text: str = "",
    engagement_id: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> Sequence[tuple[ViewLog, Person]]:
    """Who looked at what, the latest first; with words of a name or a label, or of one engagement."""
    query = _of(community_id, text, engagement_id).order_by(ViewLog.at.desc(), ViewLog.id.desc())
    return [(log, person) for log, person in session.execute(query.limit(limit).offset(offset))]


def number_of_looks(session: Session, community_id: str, *, text: str = "", engagement_id: str | None = None) -> int:
    query = _of(community_id, text, engagement_id).with_only_columns(ViewLog.id).subquery()
    return session.scalar(select(func.count()).select_from(query)) or 0


def _of(community_id: str, text: str, engagement_id: str | None) -> Select[ViewLog, Person]:
    wanted: list[ColumnElement[bool]] = [ViewLog.community_id == community_id]
    if engagement_id is not None:
        wanted.append(ViewLog.engagement_id == engagement_id)
    if text:
        wanted.append(or_(ViewLog.label.contains(text, autoescape=True), Person.name.contains(text, autoescape=True)))
    return select(ViewLog, Person).join(Person, Person.id == ViewLog.person_id).where(*wanted)
