"""承办单位: who a suggestion can be given to, who works for them, and how an outside unit's contact gets in.

Handling is no power of an office: whoever works for the unit to which a suggestion was given may answer it, and nothing
else follows from that (首问负责: one unit answers for one suggestion, rules.md 8).
"""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from hoa.accounts import service as accounts
from hoa.accounts.tables import LoginSession, Person
from hoa.affairs.rules.states import State
from hoa.affairs.service.reading import overdue
from hoa.affairs.tables import Handler, HandlerLink, Suggestion
from hoa.community.service import communities_of, get_community
from hoa.db import get
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.posts import COMMITTEE_ALTERNATE
from hoa.offices import service as offices
from hoa.offices.rules import BODIES
from hoa.ports.keys import Keys

# Bodies that handle what was said; a preparatory group, who counts votes, and an auditor do not.
HANDLING = (
    "property_manager",
    "owners_committee",
    "self_management_committee",
    "residents_committee",
    "party_branch",
    "street_office",
    "supervisory_committee",
)
# Three days: over a weekend, and no longer. The contact can have a new one at any hour.
LINK_LIFE = timedelta(hours=72)
LINK = "link"  # how a session came about (LoginSession.method)
NAME_LENGTH = 60


class NotABody(Refusal):
    message = N_("请选择承办诉求的机构")
    status = 422


class NoHandlerName(Refusal):
    message = N_("请填写承办单位的名称和联系人")
    status = 422


class NameTaken(Refusal):
    message = N_("已经有一个叫“%(name)s”的承办单位，不用再加")
    status = 409


class OtherName(Refusal):
    message = N_("这个手机号登记的姓名不同，请核对姓名和手机号")
    status = 422


class HandlerEnded(Refusal):
    message = N_("“%(name)s”已经不再承办，请选择别的单位")
    status = 409


class StillHandling(Refusal):
    message = N_("“%(name)s”还有 %(count)s 件没有办完，请先改派给别的单位")
    status = 409


class NotOutside(Refusal):
    message = N_("机构的人用自己的手机号登录，不用链接")
    status = 409


class WrongLink(Refusal):
    message = N_("这个登录链接已经用过或者过期，请要一个新的")
    status = 410


class UseCode(Refusal):
    """Whoever can do more than handle proves it with a code: a link that was passed on must not open that."""

    message = N_("您在平台上还有别的身份，请用手机验证码登录")
    status = 403


class Load(NamedTuple):
    """What a unit has on its desk."""

    open: int
    overdue: int


# ------------------------------------------------------------------------------------------------------ the register


def handlers(session: Session, community_id: str, *, ended: bool = False) -> Sequence[Handler]:
    """The units that may be given something, in the order they were added; with `ended`, also those of the past."""
    query = select(Handler).where(Handler.community_id == community_id)
    if not ended:
        query = query.where(Handler.ended_at.is_(None))
    return session.scalars(query.order_by(Handler.added_at, Handler.id)).all()


def find(session: Session, community_id: str, handler_id: str, *, lock: bool = False) -> Handler:
    """A unit of this community, also one of the past, or NotFound."""
    return get(session, Handler, community_id, handler_id, lock=lock)


def working(session: Session, community_id: str, handler_id: str, *, lock: bool = False) -> Handler:
    """A unit that may be given something today; with `lock` it is not ended before it has been given it (`end`)."""
    row = find(session, community_id, handler_id, lock=lock)
    if row.ended_at is not None:
        raise HandlerEnded(name=row.name)
    return row


def name_of(session: Session, community_id: str, handler_id: str | None) -> str:
    """What the unit is called; empty for none."""
    return find(session, community_id, handler_id).name if handler_id else ""


def handled_by(session: Session, community_id: str, person_id: str, now: datetime) -> Sequence[Handler]:
    """The units this person works for at this moment: bodies in which they hold a post, and the outside unit whose
    contact they are.
    """
    bodies = _bodies(session, community_id, person_id, now)
    return [row for row in handlers(session, community_id) if row.person_id == person_id or row.body in bodies]


def people(session: Session, row: Handler, now: datetime) -> Sequence[str]:
    """The ids of the people who work for this unit at this moment: whom a message goes to."""
    if row.ended_at is not None:
        return []
    if not row.body:
        return [row.person_id] if row.person_id else []
    inside = {
        holder.person.id
        for holder in offices.roster(session, row.community_id, now=now)
        if holder.office.body_kind == row.body
    }
    # The roster lists those who resigned or are suspended too: what they hold decides.
    return sorted(one for one in inside if row.body in _bodies(session, row.community_id, one, now))


def _bodies(session: Session, community_id: str, person_id: str, now: datetime) -> set[str]:
    """The bodies for which this person acts. An alternate member of the committee does not sit there yet."""
    return {post.body for post in offices.posts_held(session, community_id, person_id, now) - {COMMITTEE_ALTERNATE}}


def loads(session: Session, community_id: str, today: date) -> Mapping[str, Load]:
    """How much each unit has open, and how much of it is past its last day."""
    late = case((overdue(today), 1), else_=0)
    query = select(Suggestion.handler_id, func.count(), func.sum(late)).where(
        Suggestion.community_id == community_id, Suggestion.state.in_((State.ASSIGNED, State.PAUSED))
    )
    rows = session.execute(query.group_by(Suggestion.handler_id))
    return {handler_id: Load(count, late_ones) for handler_id, count, late_ones in rows}


def add_office(session: Session, community_id: str, *, body: str, by: str, now: datetime) -> Handler:
    """A body of the community as a unit, by the name that it has here: whoever holds a post there works for it."""
    if body not in HANDLING:
        raise NotABody
    get_community(session, community_id, lock=True)  # two who add the same body at once add one
    name = offices.ensure_body(session, community_id, kind=body).name or BODIES[body]
    row = next((one for one in handlers(session, community_id) if one.body == body), None)
    if row is not None:
        raise NameTaken(name=row.name)
    return _add(session, community_id, name=name, body=body, person_id=None, by=by, now=now)


def add_outside(
    session: Session, keys: Keys, community_id: str, *, name: str, contact: str, phone: str, by: str, now: datetime
) -> Handler:
    """A unit from outside (a lift company, a utility) with the person who answers for it. A phone that is known by
    another name is refused: the message would reach somebody else.
    """
    name, contact = name.strip(), contact.strip()
    if not name or not contact:
        raise NoHandlerName
    get_community(session, community_id, lock=True)
    person = accounts.person_for_phone(session, keys, phone=phone, name=contact, now=now)
    if person.name != contact:
        raise OtherName
    return _add(session, community_id, name=name, body="", person_id=person.id, by=by, now=now)


def _add(
    session: Session, community_id: str, *, name: str, body: str, person_id: str | None, by: str, now: datetime
) -> Handler:
    if any(one.name == name for one in handlers(session, community_id)):
        raise NameTaken(name=name)
    row = Handler(community_id=community_id, name=name, body=body, person_id=person_id, added_at=now, added_by_id=by)
    session.add(row)
    session.flush()
    return row


def end(session: Session, community_id: str, handler_id: str, *, now: datetime) -> Handler:
    """Nothing more is given to this unit, and its people get in no more. Refused while it has something open: every
    suggestion has one unit that answers for it.
    """
    row = find(session, community_id, handler_id, lock=True)
    if row.ended_at is not None:
        raise HandlerEnded(name=row.name)
    open_here = select(func.count()).where(
        Suggestion.community_id == community_id,
        Suggestion.handler_id == handler_id,
        Suggestion.state.in_((State.ASSIGNED, State.PAUSED)),
    )
    if count := session.scalar(open_here):
        raise StillHandling(name=row.name, count=count)
    row.ended_at = now
    _forget_links(session, row, now)
    session.flush()
    return row


# --------------------------------------------------------------------------------------------------------- the links


def handles_only(session: Session, person_id: str, now: datetime) -> bool:
    """Whether this person has nothing on the platform that a link must not open: no office, no unit, anywhere, and no
    administration.
    """
    person = accounts.person(session, person_id)
    return not (
        person.is_platform_administrator
        or offices.communities_served(session, person_id, now)
        or communities_of(session, person_id)
    )


def make_link(session: Session, community_id: str, handler_id: str, *, now: datetime) -> str:
    """The token of a new link for an outside unit's contact; any earlier one that was not used yet is dead. UseCode for
    whoever has more on the platform than this.
    """
    row = find(session, community_id, handler_id, lock=True)
    if row.ended_at is not None:
        raise HandlerEnded(name=row.name)
    if row.person_id is None:
        raise NotOutside
    if not handles_only(session, row.person_id, now):
        raise UseCode
    _forget_links(session, row, now)
    token = secrets.token_urlsafe(32)
    session.add(
        HandlerLink(
            community_id=community_id,
            handler_id=row.id,
            token_hash=_digest(token),
            made_at=now,
            expires_at=now + LINK_LIFE,
        )
    )
    session.flush()
    return token


def link(session: Session, community_id: str, token: str, *, now: datetime) -> Handler | None:
    """The unit whom a link would let in, without using it up: WeChat fetches pages before anybody opens them."""
    found = _alive(session, community_id, token, now)
    return None if found is None else found[1]


def redeem_link(session: Session, community_id: str, token: str, *, now: datetime) -> Handler:
    """Use the link up; the unit whose contact it lets in. WrongLink for one that is used, old, replaced, of another
    community or of a unit that has ended. The contact's other sessions by link end: a link that somebody passed on is
    put out by the next one.
    """
    found = _alive(session, community_id, token, now, lock=True)
    if found is None:
        raise WrongLink
    row, handler = found
    assert handler.person_id is not None
    if not handles_only(session, handler.person_id, now):
        raise UseCode
    row.used_at = now
    sessions = select(LoginSession).where(
        LoginSession.person_id == handler.person_id, LoginSession.method == LINK, LoginSession.ended_at.is_(None)
    )
    for other in session.scalars(sessions):
        other.ended_at = now
    session.flush()
    return handler


def outside_units(session: Session, keys: Keys, community_id: str, phone: str) -> Sequence[Handler]:
    """The outside units here whose contact has this phone, which may be nobody's."""
    person: Person | None = accounts.find_by_phone(session, keys, phone)
    return [row for row in handlers(session, community_id) if person is not None and row.person_id == person.id]


def _alive(
    session: Session, community_id: str, token: str, now: datetime, *, lock: bool = False
) -> tuple[HandlerLink, Handler] | None:
    query = select(HandlerLink).where(
        HandlerLink.community_id == community_id, HandlerLink.token_hash == _digest(token)
    )
    row = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if row is None or row.used_at is not None or now >= row.expires_at:
        return None
    handler = find(session, community_id, row.handler_id)
    return None if handler.ended_at is not None else (row, handler)


def _forget_links(session: Session, row: Handler, now: datetime) -> None:
    query = select(HandlerLink).where(
        HandlerLink.community_id == row.community_id,
        HandlerLink.handler_id == row.id,
        HandlerLink.used_at.is_(None),
        HandlerLink.expires_at > now,
    )
    for old in session.scalars(query):
        old.expires_at = now


def _digest(token: str) -> str:
    """256 random bits: a plain hash is enough."""
    return hashlib.sha256(b"hoa-handler-link\n" + token.encode()).hexdigest()
