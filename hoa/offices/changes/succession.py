"""The seat that fell vacant goes to the first alternate in rank who still may sit and agrees (rules.md R2.13;
指导规则 46)."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.community import pack_choice
from hoa.community.service import owns_today
from hoa.db import get
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.posts import COMMITTEE_ALTERNATE, COMMITTEE_MEMBER
from hoa.offices import ranks, relationships, service
from hoa.offices.after_tables import OfficeRank
from hoa.offices.changes import publishing, standing
from hoa.offices.changes.rules import Alternate, next_alternate
from hoa.offices.changes.tables import (
    ACCEPTED,
    DECLINED,
    ENDED,
    LAPSED,
    OFFERED,
    UNFIT,
    MemberChange,
    SeatOffer,
)
from hoa.offices.service import OfficeHolder

NOT_AN_OWNER = N_("今天不是业主")
EXCLUDED = N_("与现任职务或声明的关系相冲突（R2.3、R2.21）")


class NotOffered(Refusal):
    message: ClassVar[str] = N_("这个席位没有在等您答复，可能已经过期或者已经答复过了")
    status: ClassVar[int] = 409


def ask_next(session: Session, change: MemberChange, *, now: datetime) -> SeatOffer | None:
    """Ask the next alternate; whoever is passed over is written down with the rule. None when nobody is left: then
    the seat is for a supplementary election."""
    if not change.seat or change.body_kind != COMMITTEE_ALTERNATE.body or _taken(session, change):
        return None
    holders = list(ranks.alternates(session, change.community_id, now))
    asked = {offer.office_id for offer in offers(session, change)}
    busy = _asked_elsewhere(session, change)
    seen = [
        _as_seen(session, holder, place, change, refused=holder.office.id in asked, now=now)
        for place, holder in _placed(session, change.community_id, holders)
        if holder.office.id not in busy
    ]
    chosen = next_alternate(seen)
    for one in seen:
        if chosen is not None and one.place >= chosen.place:
            break
        if one.office_id not in asked:
            note = NOT_AN_OWNER if not one.owner else EXCLUDED
            session.add(_offer(change, one, UNFIT, note=note, now=now, days=0))
    if chosen is None:
        session.flush()
        return None
    days = pack_choice.current(session, change.community_id, day=today(now)).number("alternate_answer_days")
    offer = _offer(change, chosen, OFFERED, note="", now=now, days=days)
    session.add(offer)
    session.flush()
    return offer


def accept(session: Session, community_id: str, offer_id: str, *, by: str, now: datetime) -> SeatOffer:
    """The alternate agrees, under their own account: their office as alternate ends, one as member begins and lasts as
    long as the one it follows."""
    offer, change = _waiting(session, community_id, offer_id, by, now)
    if not owns_today(session, community_id, by, today(now)):
        offer.state, offer.note, offer.answered_at = LAPSED, NOT_AN_OWNER, now
        session.flush()
        ask_next(session, change, now=now)
        return offer
    basis = (
        f"候补第 {offer.place} 名递补，本人 {today(now).isoformat()} 同意（《业主大会和业主委员会指导规则》第四十六条）"
    )
    service.end(session, community_id, office_id=offer.office_id, basis=basis, by=by, now=now)
    office = service.appoint(
        session,
        community_id,
        post=COMMITTEE_MEMBER,
        person_id=by,
        starts_at=now,
        ends_at=change.term_ends_at,
        basis=basis,
        by=None,
        now=now,
    )
    offer.state, offer.answered_at, offer.granted_office_id = ACCEPTED, now, office.id
    session.flush()
    publishing.moved_up(session, change, offer, now=now)
    return offer


def decline(session: Session, community_id: str, offer_id: str, *, by: str, now: datetime) -> SeatOffer:
    """The alternate does not want the seat, stays an alternate, and the next one is asked."""
    offer, change = _waiting(session, community_id, offer_id, by, now)
    offer.state, offer.answered_at = DECLINED, now
    session.flush()
    ask_next(session, change, now=now)
    return offer


def lapse_due(session: Session, community_id: str, *, now: datetime) -> int:
    """Offers whose last day is over count as no; the next one is asked."""
    query = select(SeatOffer).where(
        SeatOffer.community_id == community_id, SeatOffer.state == OFFERED, SeatOffer.answer_by < today(now)
    )
    late = session.scalars(query.order_by(SeatOffer.offered_at, SeatOffer.id).with_for_update()).all()
    for offer in late:
        offer.state, offer.answered_at = LAPSED, now
        session.flush()
        ask_next(session, get(session, MemberChange, community_id, offer.change_id, lock=True), now=now)
    return len(late)


def offers(session: Session, change: MemberChange) -> Sequence[SeatOffer]:
    """Who was asked, and who was passed over, in order."""
    return offers_of(session, [change])[change.id]


def offers_of(session: Session, changes: Sequence[MemberChange]) -> dict[str, list[SeatOffer]]:
    """The same by the id of each of these changes, all of one community, in one question."""
    found: dict[str, list[SeatOffer]] = {change.id: [] for change in changes}
    if found:
        query = select(SeatOffer).where(
            SeatOffer.community_id == changes[0].community_id, SeatOffer.change_id.in_(found)
        )
        for offer in session.scalars(query.order_by(SeatOffer.offered_at, SeatOffer.place, SeatOffer.id)):
            found[offer.change_id].append(offer)
    return found


def waiting_for(session: Session, community_id: str, person_id: str, *, now: datetime) -> Sequence[SeatOffer]:
    """Seats that wait for this person's answer."""
    query = select(SeatOffer).where(
        SeatOffer.community_id == community_id,
        SeatOffer.person_id == person_id,
        SeatOffer.state == OFFERED,
        SeatOffer.answer_by >= today(now),
    )
    return session.scalars(query.order_by(SeatOffer.answer_by, SeatOffer.id)).all()


def unfilled(session: Session, community_id: str, *, now: datetime) -> list[MemberChange]:
    """Changes of this term whose seat nobody took and nobody is asked for any more, while the body lacks members."""
    query = select(MemberChange).where(
        MemberChange.community_id == community_id,
        MemberChange.state == ENDED,
        MemberChange.seat,
        MemberChange.term_ends_at > now,
    )
    lacking = {kind for kind, found in standing.all_bodies(session, community_id, now=now) if found.vacant}
    rows = [
        row
        for row in session.scalars(query.order_by(MemberChange.effective_at, MemberChange.id))
        if row.body_kind in lacking
    ]
    asked = offers_of(session, rows)
    return [row for row in rows if not _settled(asked[row.id])]


def _taken(session: Session, change: MemberChange) -> bool:
    return _settled(offers(session, change))


def _settled(asked: Iterable[SeatOffer]) -> bool:
    """Whether somebody took the seat or may still take it."""
    return any(one.state in (ACCEPTED, OFFERED) for one in asked)


def _asked_elsewhere(session: Session, change: MemberChange) -> set[str]:
    """Alternates who are being asked about another seat: nobody is asked for two at once."""
    query = select(SeatOffer.office_id).where(
        SeatOffer.community_id == change.community_id, SeatOffer.state == OFFERED, SeatOffer.change_id != change.id
    )
    return set(session.scalars(query))


def _placed(session: Session, community_id: str, holders: Sequence[OfficeHolder]) -> list[tuple[int, OfficeHolder]]:
    """Each alternate with the place taken in the election, which stays theirs when others before them moved up; those
    without one come after them in the order given."""
    query = select(OfficeRank.office_id, OfficeRank.rank).where(OfficeRank.community_id == community_id)
    taken = {row.office_id: row.rank for row in session.execute(query)}
    last = max(taken.values(), default=0)
    return [(taken.get(holder.office.id, last + number), holder) for number, holder in enumerate(holders, 1)]


def _as_seen(
    session: Session, holder: OfficeHolder, place: int, change: MemberChange, *, refused: bool, now: datetime
) -> Alternate:
    excluded = relationships.conflicts(
        session, change.community_id, holder.person.id, COMMITTEE_MEMBER, now, until=change.term_ends_at
    )
    return Alternate(
        office_id=holder.office.id,
        person_id=holder.person.id,
        place=place,
        owner=owns_today(session, change.community_id, holder.person.id, today(now)),
        excluded=bool(excluded),
        refused=refused,
    )


def _offer(change: MemberChange, one: Alternate, state: str, *, note: str, now: datetime, days: int) -> SeatOffer:
    return SeatOffer(
        community_id=change.community_id,
        change_id=change.id,
        office_id=one.office_id,
        person_id=one.person_id,
        place=one.place,
        state=state,
        note=note,
        offered_at=now,
        answer_by=today(now) + timedelta(days=days),
        answered_at=now if state == UNFIT else None,
    )


def _waiting(
    session: Session, community_id: str, offer_id: str, by: str, now: datetime
) -> tuple[SeatOffer, MemberChange]:
    offer = get(session, SeatOffer, community_id, offer_id, lock=True)
    if offer.person_id != by or offer.state != OFFERED or offer.answer_by < today(now):
        raise NotOffered
    return offer, get(session, MemberChange, community_id, offer.change_id, lock=True)
