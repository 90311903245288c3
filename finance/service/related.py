"""Who of the office holders is close to whom we pay: companies that were declared here, joined with the spouses,
relatives and property-company ties that were declared in the offices' room (R2.21, F07).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from finance.rules.life import SummaryNeeded
from finance.tables import RelatedParty
from hoa.accounts.tables import Person
from hoa.db import get
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.posts import COMMITTEE, SUPERVISORS
from hoa.offices import relationships
from hoa.offices.rules import KINSHIP
from hoa.offices.tables import Office

BODIES = frozenset(post.body for post in COMMITTEE | SUPERVISORS)


class AlreadyDeclared(Refusal):
    message = N_("“%(party)s”的关联关系已经申报过了")
    status = 409


class AlreadyEnded(Refusal):
    message = N_("这项申报已经登记结束了")
    status = 409


class EndsBeforeItBegan(Refusal):
    message = N_("结束日期不能早于关系开始的 %(since)s")


class BeginsLater(Refusal):
    message = N_("关系的开始日期不能在今天以后")


class NoEndBasis(Refusal):
    message = N_("请写明为什么结束、看过什么材料")


class OwnDeclaration(Refusal):
    message = N_("自己申报的关系，请由另一位委员或监督委员登记结束")


@dataclass(frozen=True, kw_only=True)
class Related:
    """A name that money must not quietly go to, how it is related, and from when until when (exclusive)."""

    party: str
    relation: str
    since: date | None
    until: date | None


def declare(
    session: Session,
    community_id: str,
    *,
    party: str,
    relation: str,
    by: str,
    now: datetime,
    person_id: str | None = None,
    since: date | None = None,
) -> RelatedParty:
    """Somebody declares that a payee belongs to an office holder (`person_id`, None: not said who) or to somebody close
    to them (F07).
    """
    name = party.strip()
    if not name or not relation.strip():
        raise SummaryNeeded
    if since is not None and since > today(now):
        raise BeginsLater
    same = select(RelatedParty.id).where(
        RelatedParty.community_id == community_id,
        RelatedParty.party == name,
        RelatedParty.ended_at.is_(None),
        or_(RelatedParty.person_id.is_(None), RelatedParty.person_id == person_id),
    )
    if session.scalars(same).first() is not None:
        raise AlreadyDeclared(party=name)
    row = RelatedParty(
        community_id=community_id,
        party=name,
        relation=relation.strip(),
        declared_by_id=by,
        declared_at=now,
        person_id=person_id,
        since=since,
    )
    session.add(row)
    session.flush()
    return row


def end(
    session: Session, community_id: str, *, related_id: str, until: date, basis: str, by: str, now: datetime
) -> RelatedParty:
    """The relation is over from `until` on; not said by the one it is about, nor by whoever declared it."""
    row = get(session, RelatedParty, community_id, related_id, lock=True)
    if row.ended_at is not None:
        raise AlreadyEnded
    if by in (row.person_id, row.declared_by_id):
        raise OwnDeclaration
    if row.since is not None and until < row.since:
        raise EndsBeforeItBegan(since=row.since.isoformat())
    if not basis.strip():
        raise NoEndBasis
    row.until, row.end_basis, row.ended_by_id, row.ended_at = until, basis.strip(), by, now
    session.flush()
    return row


def declarations(session: Session, community_id: str) -> Sequence[RelatedParty]:
    """What was declared about companies and other payees, the latest first."""
    query = select(RelatedParty).where(RelatedParty.community_id == community_id)
    return session.scalars(query.order_by(RelatedParty.declared_at.desc(), RelatedParty.id)).all()


def everything(session: Session, community_id: str) -> list[Related]:
    """Every name F07 looks for: declared payees, and the relatives and property-company ties of whoever ever sat in the
    owners' committee or among the supervisors.
    """
    found = [
        Related(party=row.party, relation=row.relation, since=row.since, until=row.until)
        for row in declarations(session, community_id)
    ]
    return found + _from_offices(session, community_id)


def _from_offices(session: Session, community_id: str) -> list[Related]:
    seated = set(
        session.scalars(
            select(Office.person_id).where(Office.community_id == community_id, Office.body_kind.in_(BODIES))
        )
    )
    found = []
    for row, person, other in relationships.listed(session, community_id):
        if row.kind not in KINSHIP or other is None:
            # Who works for the property company is paid by it, not by us: money to them needs an explanation.
            found.append(_related(person, N_("受雇于物业服务企业或与它有利害关系"), row.since, row.until))
            continue
        for one, close in ((person, other), (other, person)):
            if one.id in seated:
                found.append(_related(close, N_("委员的配偶或直系亲属"), row.since, row.until))
    return found


def _related(person: Person, relation: str, since: date, until: date | None) -> Related:
    return Related(party=person.name, relation=relation, since=since, until=until)
