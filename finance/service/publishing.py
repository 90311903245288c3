"""Publishing the books: looked at before, frozen, and compared afterwards (books.md 3, R2.25, R4.7)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.disclosure.tables import PreviewMark
from finance.rules.moved import Moved, what_moved
from finance.rules.spans import Half, Published, parse_published
from finance.service import contents
from finance.service import publication as ledger
from finance.service.books import trust_book
from hoa.accounts.tables import Person
from hoa.bulletin import service as bulletin
from hoa.bulletin.tables import Publication
from hoa.community import pack_choice
from hoa.community.service import get_community
from hoa.kernel import canonical, masking
from hoa.kernel.clock import stamp, today
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.posts import COMMITTEE_CHAIR, COMMITTEE_TREASURER
from hoa.offices.service import roster

AGREED, OBJECTED = "agreed", "objected"
# Books that no longer add up are certainly not what was published.
BROKEN = "0" * 64


class MaintenanceMissing(Refusal):
    message = N_("还没有登记这半年的维修资金数字，请先照专户管理部门给的对账单登记")


class PreviewOver(Refusal):
    message = N_("这一期已经公示了，请在公示页面提出异议")
    status = 409


class ObjectionNeedsReason(Refusal):
    message = N_("请写明不同意的理由，业主委员会和业主都会看到")


class PreviewMoved(Refusal):
    message = N_("账目在您查看以后有变动，请重新看一遍再提交")
    status = 409


def publish(session: Session, community_id: str, *, span: Published, code: str, by: str, now: datetime) -> Publication:
    """Freeze a span and publish it. Its months are closed first; every invariant is checked on the way. A further
    publication of the same span names the one before it and what changed.
    """
    book = trust_book(session, community_id, lock=True)
    ledger.check_over(session, book, span, day=today(now))
    if isinstance(span, Half) and contents.maintenance(session, community_id, span) is None:
        raise MaintenanceMissing
    latest = ledger.latest_publication(session, community_id, span)
    if latest is not None and not moved(session, community_id, latest):
        raise ledger.NothingChanged
    content = contents.content(session, community_id, span)
    content["signers"] = _signers(session, community_id, now)
    content["contact"] = get_community(session, community_id).help_phone or ""
    if latest is not None:
        content["replaces"] = {
            "id": latest.id,
            "hash": latest.content_hash,
            "published_at": stamp(latest.published_at),
            "moved": [
                {"message": row.message, "params": dict(row.params)} for row in moved(session, community_id, latest)
            ],
        }
    pack = pack_choice.current(session, community_id, day=today(now))
    return bulletin.publish(
        session,
        community_id,
        kind=ledger.kind_of(span),
        title=ledger.title(span),
        content=content,
        by=by,
        now=now,
        reference=str(span),
        url=ledger.path(code, span),
        display_days=pack.number("publication_display_days"),
    )


def _signers(session: Session, community_id: str, now: datetime) -> list[dict[str, str]]:
    """Who stands for the publication: the chair and the treasurer of the day, their names masked."""
    people = roster(session, community_id, now=now)
    wanted = (COMMITTEE_CHAIR, COMMITTEE_TREASURER)
    return [
        {"post": str(row.office.post), "name": masking.name(row.person.name)}
        for row in people
        if row.office.post in wanted
    ]


def moved(session: Session, community_id: str, published: Publication) -> list[Moved]:
    """What changed in the ledger under a publication, in words; nothing when it is still what was published."""
    span = parse_published(published.reference or "")
    try:
        now = contents.as_published(session, community_id, span, published.content)
    except Refusal as refusal:
        return [Moved(message=refusal.message, params={key: str(value) for key, value in refusal.params.items()})]
    return what_moved(published.content, now) if canonical.digest(now) != published.content_hash else []


def current_hash(
    session: Session, community_id: str, reference: str, published: Mapping[str, Any] | None = None
) -> str | None:
    """What a span would be published as now; the bulletin compares it with what was published (Protocol
    CurrentContent).
    """
    span = parse_published(reference)
    try:
        return canonical.digest(contents.as_published(session, community_id, span, published or {"format": 2}))
    except Refusal:
        return BROKEN


def preview_hash(session: Session, community_id: str, span: Published) -> str:
    """The hash of what would be published now: supervisors say what they had before their eyes."""
    return canonical.digest(contents.content(session, community_id, span))


def mark_preview(
    session: Session,
    community_id: str,
    *,
    span: Published,
    content_hash: str,
    word: str,
    reason: str,
    by: str,
    now: datetime,
) -> PreviewMark:
    """A supervisor says before the publication that it may go out, or objects with a reason (R2.25). It keeps nobody
    from publishing: it is shown to the treasurer, and beside the publication afterwards.
    """
    if ledger.latest_publication(session, community_id, span) is not None:
        raise PreviewOver
    if word == OBJECTED and not reason.strip():
        raise ObjectionNeedsReason
    if content_hash != preview_hash(session, community_id, span):
        raise PreviewMoved
    row = PreviewMark(
        community_id=community_id,
        kind=ledger.kind_of(span),
        reference=str(span),
        content_hash=content_hash,
        person_id=by,
        word=word,
        reason=reason.strip(),
        at=now,
    )
    session.add(row)
    session.flush()
    return row


def preview_marks(session: Session, community_id: str, span: Published) -> Sequence[tuple[PreviewMark, Person]]:
    """What supervisors said before the publication, each person's last word, the latest first."""
    query = (
        select(PreviewMark, Person)
        .join(Person, Person.id == PreviewMark.person_id)
        .where(
            PreviewMark.community_id == community_id,
            PreviewMark.kind == ledger.kind_of(span),
            PreviewMark.reference == str(span),
        )
        .order_by(PreviewMark.at.desc(), PreviewMark.id.desc())
    )
    last: dict[str, tuple[PreviewMark, Person]] = {}
    for mark, person in session.execute(query):
        last.setdefault(person.id, (mark, person))
    return list(last.values())
