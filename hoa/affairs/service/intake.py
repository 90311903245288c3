"""Before a suggestion is sent: what others already reported, following it instead, and how much one person may send."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hoa.affairs.rules import intake as rules
from hoa.affairs.rules.states import OPEN, State
from hoa.affairs.service import public, reporters
from hoa.affairs.tables import Follower, Place, Suggestion
from hoa.db import get
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.ports.keys import Keys

MOST_SHOWN = 5
LOOKED_AT = 300
_UNFOLLOW = "suggestion-unfollow"


class NothingToFollow(Refusal):
    message = N_("这件诉求已经办结，不用再关注了；如果问题又出现，请重新提交")
    status = 409


@dataclass(frozen=True, kw_only=True)
class Similar:
    """Another open suggestion about the same thing, in public words only: the title that triage gave it, else none."""

    id: str
    label: str
    title: str
    category: str
    where: str
    state: str
    received_at: datetime


def similar(
    session: Session,
    keys: Keys,
    community_id: str,
    *,
    category: str,
    text: str,
    place_id: str | None = None,
    building: str = "",
    entrance: str = "",
) -> Sequence[Similar]:
    """Open suggestions of the same kind at the same place, or with a title that says the same, the nearest first.

    Only public words are compared: comparing with what others wrote would let a stranger guess at it.
    """
    query = (
        select(Suggestion, Place)
        .outerjoin(Place, (Place.community_id == Suggestion.community_id) & (Place.id == Suggestion.place_id))
        .where(
            Suggestion.community_id == community_id,
            Suggestion.category == category,
            Suggestion.state.in_([str(state) for state in OPEN]),
        )
        .order_by(Suggestion.received_at.desc(), Suggestion.id)
        .limit(LOOKED_AT)
    )
    found = []
    for row, place in session.execute(query):
        likeness = rules.similarity(text, row.title)
        here = _same_place(row, place_id, building, entrance)
        if here or likeness >= rules.SAME_WORDS:
            found.append((here + likeness, row, place))
    found.sort(key=lambda item: -item[0])
    return [_shown(session, keys, row, place, place_id) for _, row, place in found[:MOST_SHOWN]]


def _same_place(row: Suggestion, place_id: str | None, building: str, entrance: str) -> bool:
    if place_id is not None and row.place_id == place_id:
        return True
    return bool(building) and row.building == building and (not entrance or row.entrance in ("", entrance))


def _shown(session: Session, keys: Keys, row: Suggestion, place: Place | None, place_id: str | None) -> Similar:
    return Similar(
        id=row.id,
        label=row.label,
        title=public.title(session, keys, row),
        category=row.category,
        where=public.where(row, place, here=place_id is not None and row.place_id == place_id),
        state=row.state,
        received_at=row.received_at,
    )


def following(session: Session, community_id: str, suggestion_id: str) -> Sequence[Follower]:
    query = select(Follower).where(Follower.community_id == community_id, Follower.suggestion_id == suggestion_id)
    return session.scalars(query.order_by(Follower.since, Follower.id)).all()


def may_follow(row: Suggestion) -> bool:
    """Whether something may still happen to it."""
    return State(row.state) in OPEN


def follow(
    session: Session,
    keys: Keys,
    community_id: str,
    suggestion_id: str,
    *,
    person_id: str | None = None,
    phone: str | None = None,
    now: datetime,
) -> Follower:
    """Hear what becomes of an open suggestion, by account or by a phone that was proven; twice is once."""
    row = get(session, Suggestion, community_id, suggestion_id)
    if not may_follow(row):
        raise NothingToFollow
    key = reporters.phone_key(keys, community_id, phone) if phone else None
    there = _follower(session, row, person_id, key)
    if there is not None:
        return there
    made = Follower(
        community_id=community_id,
        suggestion_id=row.id,
        person_id=person_id,
        phone_key=key,
        phone_sealed=None,
        since=now,
    )
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError:  # pressed twice at once
        there = _follower(session, row, person_id, key)
        if there is None:
            raise
        return there
    if phone:
        made.phone_sealed = reporters.seal(keys, community_id, made.id, phone)
        session.flush()
    return made


def _follower(session: Session, row: Suggestion, person_id: str | None, key: str | None) -> Follower | None:
    query = select(Follower).where(
        Follower.community_id == row.community_id,
        Follower.suggestion_id == row.id,
        or_(
            (Follower.person_id == person_id) & Follower.person_id.is_not(None),
            (Follower.phone_key == key) & Follower.phone_key.is_not(None),
        ),
    )
    return session.scalars(query.limit(1)).one_or_none()


def unfollow_token(keys: Keys, follower: Follower) -> str:
    """What stands in the link that ends the messages: derived, kept nowhere."""
    return keys.mac(_UNFOLLOW, f"{follower.community_id}\n{follower.id}".encode())[:24]


def unfollow_path(keys: Keys, code: str, follower: Follower) -> str:
    return f"/c/{code}/s/{follower.suggestion_id}/unfollow/{follower.id}/{unfollow_token(keys, follower)}"


def find_follower(
    session: Session, keys: Keys, community_id: str, suggestion_id: str, token: str, row_id: str
) -> Follower:
    """The follower whose link this is; anything else does not exist."""
    row = get(session, Follower, community_id, row_id)
    if row.suggestion_id != suggestion_id or not hmac.compare_digest(
        unfollow_token(keys, row).encode(), token.encode()
    ):
        raise NotFound
    return row


def unfollow(session: Session, follower: Follower) -> None:
    session.delete(follower)
    session.flush()


def demand_not_too_many(
    session: Session, community_id: str, *, reporter_id: str | None, phone_key: str | None, now: datetime
) -> None:
    """Refuse when this person, or this proven phone, has sent as many as is sensible; what was written waits."""
    mine = []
    if reporter_id is not None:
        mine.append(Suggestion.reporter_id == reporter_id)
    if phone_key is not None:
        mine.append(Suggestion.reporter_phone_key == phone_key)
    query = select(Suggestion.received_at).where(
        Suggestion.community_id == community_id, Suggestion.received_at > now - rules.DAY, or_(*mine)
    )
    rules.demand_not_too_many(session.scalars(query).all(), now=now)
