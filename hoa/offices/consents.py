"""Who agreed that their posts in the party's organisation are shown to everybody, and who of them sits in a committee
too (交叉任职, R2.16).

Membership is sensitive (个保法 28): it is shown by a consent given for this alone, which can be withdrawn at any time
(个保法 15, 29). It is an attribute of the roster and nothing else: no roll, ballot, seat or count knows of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.kernel.errors import N_, Refusal
from hoa.offices.rules import PARTY, crosses
from hoa.offices.service import OfficeHolder, roster
from hoa.offices.tables import PartyConsent


class NoPartyPost(Refusal):
    message = N_("您在本小区没有登记党组织职务，不需要同意")


def consented(session: Session, community_id: str) -> frozenset[str]:
    """The ids of those whose consent stands now."""
    query = select(PartyConsent.person_id).where(
        PartyConsent.community_id == community_id, PartyConsent.withdrawn_at.is_(None)
    )
    return frozenset(session.scalars(query))


def history(session: Session, community_id: str, person_id: str) -> Sequence[PartyConsent]:
    """What this person gave and withdrew, the latest first."""
    query = select(PartyConsent).where(PartyConsent.community_id == community_id, PartyConsent.person_id == person_id)
    return session.scalars(query.order_by(PartyConsent.given_at.desc(), PartyConsent.id)).all()


def give(session: Session, community_id: str, *, person_id: str, now: datetime) -> None:
    """The person's own word, and only theirs; a second one changes nothing."""
    holders = roster(session, community_id, now=now)
    if not any(holder.person.id == person_id and holder.office.post in PARTY for holder in holders):
        raise NoPartyPost
    if person_id not in consented(session, community_id):
        session.add(PartyConsent(community_id=community_id, person_id=person_id, given_at=now))
        session.flush()


def withdraw(session: Session, community_id: str, *, person_id: str, now: datetime) -> None:
    """From now on not shown any more; withdrawing what was not given changes nothing."""
    for row in history(session, community_id, person_id):
        if row.withdrawn_at is None:
            row.withdrawn_at = now
    session.flush()


def cross_appointed(holders: Iterable[OfficeHolder]) -> Mapping[str, list[OfficeHolder]]:
    """The offices of everybody who is in a party organisation and in a committee or the supervisors, by person."""
    by_person: dict[str, list[OfficeHolder]] = {}
    for holder in holders:
        by_person.setdefault(holder.person.id, []).append(holder)
    return {
        person_id: offices
        for person_id, offices in by_person.items()
        if crosses(holder.office.post for holder in offices)
    }
