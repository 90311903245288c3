"""A live meeting (rules.md R1.28): desks, who came, and the quorum on the wall. Ballots on site are keyed by officials
(`casting.keyed_entry`) and signed by two of them.
"""

import hmac
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hoa.community.tables import Owner
from hoa.db import get
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.kernel.ids import new_id
from hoa.ports.keys import Keys
from voting.rules.life import State
from voting.rules.thresholds import QUORUM, Share
from voting.service import casting, entries, proposals, proxies, seats, successions
from voting.tables import (
    Assembly,
    Ballot,
    BallotMark,
    CheckIn,
    MeetingDesk,
    Proposal,
    ProxyAuthority,
    RollEntry,
    RollRemoval,
)

CODE = "check-in-code"
CODE_DIGITS = 8
CODE_LIFE = timedelta(minutes=5)
AGENT = "agent"
OWNER = "owner"


class NotAMeeting(Refusal):
    message: ClassVar[str] = N_("本次会议没有开放现场表决，或者表决已经截止，不能签到")
    status: ClassVar[int] = 409


class DeskName(Refusal):
    message: ClassVar[str] = N_("请为签到台写一个 1 至 20 个字、没有用过的名称，例如 一号台")


class DeskClosed(Refusal):
    message: ClassVar[str] = N_("这个签到台已经撤了，请选另一个")
    status: ClassVar[int] = 409


class PresentAlready(Refusal):
    message: ClassVar[str] = N_("这位业主已经签到（%(name)s），一位业主只签到一次；换人请先签退")
    status: ClassVar[int] = 409


class NotPresent(Refusal):
    message: ClassVar[str] = N_("这位业主没有签到，或者已经签退，不能现场投票")
    status: ClassVar[int] = 409


class LevelTooLow(Refusal):
    message: ClassVar[str] = N_(
        "%(name)s 的身份还没有核验到本次会议要求的级别。请先到核验点，由两名工作人员看身份证和产权证明，再来签到"
    )
    status: ClassVar[int] = 403


class AgentsBallot(Refusal):
    message: ClassVar[str] = N_("签到的是代理人：请从“委托”页按委托书投票，不作为本人现场票录入")
    status: ClassVar[int] = 409


class KeyedAlready(Refusal):
    message: ClassVar[str] = N_("这位业主已有一张现场票在等签名，请先签完或撤下那一张")
    status: ClassVar[int] = 409


class WrongCode(Refusal):
    message: ClassVar[str] = N_("签到码不对或者已过期（五分钟换一次），请业主刷新签到码，或者用房号查找")
    status: ClassVar[int] = 404


def _here(table: Any, assembly: Assembly) -> tuple[Any, Any]:
    return table.community_id == assembly.community_id, table.assembly_id == assembly.id


# -------------------------------------------------------------------------------------------------------------- desks


def desks(session: Session, assembly: Assembly) -> Sequence[MeetingDesk]:
    """Every desk, the open ones first."""
    query = select(MeetingDesk).where(*_here(MeetingDesk, assembly))
    rows = session.scalars(query.order_by(MeetingDesk.made_at, MeetingDesk.name)).all()
    return sorted(rows, key=lambda row: row.closed_at is not None)


def add_desk(session: Session, assembly: Assembly, *, name: str, by: str, now: datetime) -> MeetingDesk:
    """Set up a desk. Its name is part of every ballot keyed at it."""
    name = name.strip()
    if not 0 < len(name) <= 20 or name in {row.name for row in desks(session, assembly)}:
        raise DeskName
    if "meeting" not in assembly.open_channels or assembly.step not in (State.NOTICED, State.OPEN):
        raise NotAMeeting
    row = MeetingDesk(
        community_id=assembly.community_id, id=new_id(), assembly_id=assembly.id, name=name, made_by=by, made_at=now
    )
    session.add(row)
    session.flush()
    return row


def close_desk(session: Session, assembly: Assembly, desk_id: str, *, now: datetime) -> None:
    row = _desk(session, assembly, desk_id)
    row.closed_at = row.closed_at or now
    session.flush()


def _desk(session: Session, assembly: Assembly, desk_id: str) -> MeetingDesk:
    row = get(session, MeetingDesk, assembly.community_id, desk_id)
    if row.assembly_id != assembly.id:
        raise NotFound
    return row


# ---------------------------------------------------------------------------------------------------- the owner's code


def code_of(keys: Keys, assembly: Assembly, person_id: str, *, now: datetime) -> str:
    """The code on the owner's page: eight figures that say who stands there, for five minutes. Nothing is stored."""
    return _code(keys, assembly, person_id, int(now.timestamp() // CODE_LIFE.total_seconds()))


def _code(keys: Keys, assembly: Assembly, person_id: str, window: int) -> str:
    digest = keys.mac(CODE, f"{assembly.community_id}\n{assembly.id}\n{person_id}\n{window}".encode())
    return str(int(digest, 16) % 10**CODE_DIGITS).zfill(CODE_DIGITS)


def electors_of_code(
    session: Session, keys: Keys, assembly: Assembly, code: str, *, now: datetime
) -> Sequence[casting.Standing]:
    """The electors of the person who shows this code; it also serves in the five minutes after its own."""
    given = "".join(code.split())
    window = int(now.timestamp() // CODE_LIFE.total_seconds())
    query = (
        select(Owner.person_id)
        .where(Owner.community_id == assembly.community_id, Owner.person_id.is_not(None))
        .distinct()
    )
    people = [person for person in session.scalars(query) if person is not None]
    found = [
        person
        for person in people
        if any(hmac.compare_digest(_code(keys, assembly, person, window - back), given) for back in (0, 1))
    ]
    if len(found) != 1:
        raise WrongCode
    return casting.standings(session, assembly, person_id=found[0], day=today(now))


# ---------------------------------------------------------------------------------------------------- coming and going


class Visitor(NamedTuple):
    """Who stands at the desk for an elector: one of its owners, or the agent of an authority."""

    owner_id: str | None = None
    authority_id: str | None = None


def present(session: Session, assembly: Assembly, elector: str) -> CheckIn | None:
    """The check-in of an elector that has come and not left."""
    query = select(CheckIn).where(*_here(CheckIn, assembly), CheckIn.elector == elector, CheckIn.left_at.is_(None))
    return session.scalars(query).one_or_none()


def check_in(
    session: Session, assembly: Assembly, *, elector: str, visitor: Visitor, desk_id: str, by: str, now: datetime
) -> CheckIn:
    """An elector has come. Below the pack's identity level nobody is checked in (R7.5)."""
    if not _is_meeting(assembly, now):
        raise NotAMeeting
    if _desk(session, assembly, desk_id).closed_at is not None:
        raise DeskClosed
    entries.on_roll(session, assembly, elector)
    there = present(session, assembly, elector)
    if there is not None:
        raise PresentAlready(name=there.name)
    person_id, name, capacity, level = _who(session, assembly, elector, visitor, now)
    row = CheckIn(
        community_id=assembly.community_id,
        id=new_id(),
        assembly_id=assembly.id,
        desk_id=desk_id,
        elector=elector,
        person_id=person_id,
        name=name,
        capacity=capacity,
        level=level,
        checked_by=by,
        at=now,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise PresentAlready(name=name) from None
    return row


def _who(
    session: Session, assembly: Assembly, elector: str, visitor: Visitor, now: datetime
) -> tuple[str | None, str, str, str]:
    """Account, name, capacity and level of whoever came."""
    if visitor.authority_id:
        authority = proxies.one(session, assembly, visitor.authority_id)
        if authority.elector != elector or not proxies.is_usable(authority, now=now):
            raise proxies.NotUsable
        return authority.agent_id, authority.agent_name, AGENT, ""
    found = seats.seat(session, assembly, elector, visitor.owner_id or "", day=today(now))
    if found.level < assembly.identity_level:
        raise LevelTooLow(name=found.owner.name)
    return found.owner.person_id, found.owner.name, found.owner.capacity or OWNER, found.level


def _is_meeting(assembly: Assembly, now: datetime) -> bool:
    in_time = assembly.step is State.OPEN and assembly.opens_at <= now < assembly.ends_at
    return "meeting" in assembly.open_channels and in_time


def check_out(session: Session, assembly: Assembly, *, elector: str, by: str, now: datetime) -> None:
    row = present(session, assembly, elector)
    if row is None:
        raise NotPresent
    row.left_at, row.left_by = now, by
    session.flush()


class Attendance(NamedTuple):
    """A line of the attendance list (R1.40)."""

    check_in: CheckIn
    desk: MeetingDesk
    entry: RollEntry


def attendance(session: Session, assembly: Assembly) -> Sequence[Attendance]:
    """Who came, in the order of coming."""
    query = (
        select(CheckIn, MeetingDesk, RollEntry)
        .join(
            MeetingDesk,
            (MeetingDesk.community_id == CheckIn.community_id) & (MeetingDesk.id == CheckIn.desk_id),
        )
        .join(
            RollEntry,
            (RollEntry.community_id == CheckIn.community_id)
            & (RollEntry.assembly_id == CheckIn.assembly_id)
            & (RollEntry.elector == CheckIn.elector),
        )
        .where(*_here(CheckIn, assembly))
        .order_by(CheckIn.at, CheckIn.id)
    )
    return [Attendance(*row) for row in session.execute(query)]


# ------------------------------------------------------------------------------------------------------- on the wall


class Quorum(NamedTuple):
    """Who is here or has voted, against two thirds; as of a full minute."""

    here: Share
    missing: Share
    roll: Share
    at: datetime

    @property
    def reached(self) -> bool:
        return self.missing == Share(0, 0)


def quorum(session: Session, assembly: Assembly, *, now: datetime) -> Quorum | None:
    """None where no desk is open: without a meeting it would tell the turnout by the minute (voting-record.md 2)."""
    if not any(desk.closed_at is None for desk in desks(session, assembly)):
        return None
    at = now.replace(second=0, microsecond=0)
    present_then = select(CheckIn.elector).where(
        *_here(CheckIn, assembly), CheckIn.at <= at, or_(CheckIn.left_at.is_(None), CheckIn.left_at > at)
    )
    gone = select(BallotMark.ballot).where(
        *_here(BallotMark, assembly), BallotMark.motion == "*", BallotMark.kind.in_(proxies.GONE)
    )
    voted = select(Ballot.elector).where(*_here(Ballot, assembly), Ballot.cast_at <= at, Ballot.leaf.not_in(gone))
    removed = select(RollRemoval.elector).where(*_here(RollRemoval, assembly))
    on_roll = (*_here(RollEntry, assembly), RollEntry.elector.not_in(removed))
    sums = select(func.count(), func.coalesce(func.sum(RollEntry.area), 0))
    heads, area = session.execute(
        sums.where(*on_roll, or_(RollEntry.elector.in_(present_then), RollEntry.elector.in_(voted)))
    ).one()
    roll = Share(*(int(value) for value in session.execute(sums.where(*on_roll)).one()))
    here = Share(int(heads), int(area))
    missing = Share(
        max(0, QUORUM.least(roll.heads) - here.heads),
        max(0, QUORUM.least(roll.area) - here.area),
    )
    return Quorum(here, missing, roll, at)


# ------------------------------------------------------------------------------------------------------ ballots on site


def key_ballot(
    session: Session,
    keys: Keys,
    assembly: Assembly,
    *,
    elector: str,
    choices: dict[str, str],
    by: str,
    now: datetime,
) -> Proposal:
    """What the owner marks at the desk, proposed for two signatures; the owner watches it being keyed."""
    row = present(session, assembly, elector)
    if row is None:
        raise NotPresent
    if row.capacity == AGENT:
        raise AgentsBallot
    if any(one.state == proposals.WAITING for one in _keyed(session, assembly, elector)):
        raise KeyedAlready
    if assembly.counting == "first" and proxies.own_ballot_stands(session, assembly, elector):
        raise casting.AlreadyVoted
    if row.person_id is not None:
        successions.demand_no_predecessor(session, assembly, person_id=row.person_id, elector=elector)
    # Unlike on paper, the owner is here and mends it.
    casting.approve_no_more(assembly.elections, choices)
    desk = _desk(session, assembly, row.desk_id)
    entry = casting.keyed_entry(
        session, assembly, elector=elector, choices=choices, channel="meeting", evidence={"desk": desk.name}, now=now
    )
    return proposals.propose(session, keys, assembly, entry, by=by, now=now, subject=row.id)


def _keyed(session: Session, assembly: Assembly, elector: str) -> Iterable[Proposal]:
    ids = session.scalars(select(CheckIn.id).where(*_here(CheckIn, assembly), CheckIn.elector == elector)).all()
    query = select(Proposal).where(*_here(Proposal, assembly), Proposal.subject.in_(ids), Proposal.kind == "ballot")
    return session.scalars(query).all()


def waits_for_signatures(session: Session, assembly: Assembly, elector: str) -> bool:
    """Whether a ballot keyed for this elector is not in the log yet."""
    return any(one.state == proposals.WAITING for one in _keyed(session, assembly, elector))


def authorities(session: Session, assembly: Assembly, elector: str, *, now: datetime) -> Sequence[ProxyAuthority]:
    """Whose agents may come to the desk for this elector."""
    return [row for row in proxies.of_elector(session, assembly, elector) if proxies.is_usable(row, now=now)]
