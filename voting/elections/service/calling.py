"""Calling an election: what is to be filled and for how long; each step with who took it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hoa.community import pack_choice
from hoa.community.service import totals
from hoa.kernel import packs
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.packs import RulePack
from hoa.kernel.posts import Post
from hoa.offices import relationships
from voting.elections.rules import clock, eligibility, life, seats
from voting.elections.rules.life import State
from voting.elections.rules.seats import Size
from voting.elections.service import reading
from voting.elections.tables import Election, ElectionStep
from voting.rules import conveners
from voting.rules.life import State as Step
from voting.service import tallying

# Posts that hold a seat; an alternate, a cashier's or a secretary's extra duty does not.
SEATED = frozenset({"chair", "deputy_chair", "member", "treasurer"})


class NothingWritten(Refusal):
    message: ClassVar[str] = N_("请写明选举的名称")


class NotCounted(Refusal):
    message: ClassVar[str] = N_("原来的选举还没有公布结果，不能补选")
    status: ClassVar[int] = 409


class NoReason(Refusal):
    message: ClassVar[str] = N_("请写明理由，理由会公开")


@dataclass(frozen=True, kw_only=True)
class Call:
    """What an election is called for. `term_ends_on` is the first day after the term."""

    title: str
    body_kind: str
    seats: int
    term_starts_on: date
    term_ends_on: date
    nominations_until: date
    convener: str


def create(
    session: Session,
    community_id: str,
    call: Call,
    *,
    by: str | None,
    now: datetime,
    posts: Iterable[Post] | None = None,
) -> Election:
    """Call for candidates under the community's pack of today (R2.1). `posts` are those of whoever calls: they say as
    what one may convene (R1.26); None is the platform itself."""
    pack = pack_choice.current(session, community_id, day=today(now))
    size = size_of(session, community_id)
    allowed = seats.check_seats(pack, call.body_kind, size, call.seats)
    seats.check_term(pack, call.term_starts_on, call.term_ends_on, today=today(now))
    return _begin(session, community_id, call, pack, size, minimum=allowed.least, by=by, now=now, posts=posts)


def supplement(
    session: Session,
    community_id: str,
    earlier_code: str,
    call: Call,
    *,
    by: str | None,
    now: datetime,
    posts: Iterable[Post] | None = None,
) -> Election:
    """补选 for what an announced election left empty, or what fell vacant since (R2.6, R2.13): of the same body, for
    the rest of the same term."""
    earlier = reading.election(session, community_id, earlier_code)
    found = vacancies(session, earlier, now=now)
    seats.check_supplement(found.vacant, call.seats)
    pack, size = pack_choice.current(session, community_id, day=today(now)), size_of(session, community_id)
    if not today(now) < call.term_starts_on < earlier.term_ends_on:
        raise seats.TermPast(day=today(now).isoformat())
    least = seats.lawful(pack, earlier.body_kind, size).least
    needed = min(call.seats, seats.still_needed(least, found.planned, found.sitting))
    fixed = Call(
        title=call.title,
        body_kind=earlier.body_kind,
        seats=call.seats,
        term_starts_on=call.term_starts_on,
        term_ends_on=earlier.term_ends_on,
        nominations_until=call.nominations_until,
        convener=call.convener,
    )
    row = _begin(session, community_id, fixed, pack, size, minimum=needed, by=by, now=now, posts=posts)
    row.supplements_id = earlier.id
    session.flush()
    return row


@dataclass(frozen=True)
class Vacancies:
    """The seats of a body as it was planned, those taken, and what is left."""

    planned: int
    sitting: int

    @property
    def vacant(self) -> int:
        return max(0, self.planned - self.sitting)


def vacancies(session: Session, earlier: Election, *, now: datetime) -> Vacancies:
    """What is vacant in the body that `earlier` elected: by the offices, or, while none was entered, by the result.

    A shortfall gave no committee, and those who passed keep what they won until the rest is filled (R2.6).
    """
    chain = [earlier]
    while chain[-1].supplements_id:
        chain.append(session.get_one(Election, (earlier.community_id, chain[-1].supplements_id)))
    planned, passed = chain[-1].seats, 0
    for row in chain:
        assembly = reading.assembly_of(session, row)
        if assembly is None or assembly.step is not Step.ANNOUNCED:
            raise NotCounted
        told = tallying.elected(session, assembly)
        passed += sum(len(one.elected) for one in told if one.contest.body == row.body_kind)
    sitting = {
        seat.person
        for seat in relationships.seats(session, earlier.community_id, since=now)
        if seat.post.body == earlier.body_kind and seat.post.kind in SEATED
    }
    return Vacancies(planned, len(sitting) or passed)


def close_nominations(session: Session, community_id: str, code: str, *, by: str, now: datetime) -> Election:
    """Begin the screening; not before the last day of nomination is over."""
    row = reading.election(session, community_id, code, lock=True)
    life.check_follows(row.step, State.SCREENING)
    clock.check_nominated(row.nominations_until, now=now)
    step(session, row, State.SCREENING, by=by, now=now)
    return row


def extend(
    session: Session, community_id: str, code: str, *, until: date, reason: str, by: str, now: datetime
) -> Election:
    """Take nominations until a later day, when too few may stand. What was screened stays."""
    row = reading.election(session, community_id, code, lock=True)
    life.check_step(row.step, State.NOMINATION, State.SCREENING)
    not_a_candidate(session, row, by)
    clock.check_until(until, now=now)
    if not reason.strip():
        raise NoReason
    row.nominations_until = until
    step(session, row, State.NOMINATION, by=by, now=now, reason=reason.strip())
    return row


def cancel(session: Session, community_id: str, code: str, *, reason: str, by: str, now: datetime) -> Election:
    """End an election before its assembly is drafted, with the reason that everybody reads."""
    row = reading.election(session, community_id, code, lock=True)
    life.check_follows(row.step, State.CANCELLED)
    not_a_candidate(session, row, by)
    if not reason.strip():
        raise NoReason
    step(session, row, State.CANCELLED, by=by, now=now, reason=reason.strip())
    return row


def step(session: Session, row: Election, state: State, *, by: str | None, now: datetime, reason: str = "") -> None:
    """Write down who took the election to this state."""
    row.state = state.value
    before = len(reading.steps(session, row))
    session.add(
        ElectionStep(
            community_id=row.community_id,
            election_id=row.id,
            no=before + 1,
            step=state.value,
            by=by,
            at=now,
            reason=reason,
        )
    )
    session.flush()


def pack_of(row: Election) -> RulePack:
    """The pack under which the election was called; it holds to the end."""
    return packs.pack(row.rule_pack, day=today(row.created_at))


def not_a_candidate(session: Session, row: Election, person_id: str) -> None:
    """Nobody screens, prolongs or ends an election in which they stand themselves."""
    found = reading.mine(session, row, person_id)
    if found is not None and found.step is not life.CandidateState.WITHDRAWN:
        raise eligibility.ReviewsOwn


def _begin(
    session: Session,
    community_id: str,
    call: Call,
    pack: RulePack,
    size: Size,
    *,
    minimum: int,
    by: str | None,
    now: datetime,
    posts: Iterable[Post] | None,
) -> Election:
    if not call.title.strip():
        raise NothingWritten
    if posts is not None:
        conveners.check(call.convener.strip(), posts)
    clock.check_until(call.nominations_until, now=now)
    row = Election(
        community_id=community_id,
        code=_next_code(session, community_id, today(now).year),
        title=call.title.strip(),
        body_kind=call.body_kind,
        seats=call.seats,
        minimum=minimum,
        alternates=seats.alternates(pack, call.seats),
        approve_at_most=seats.approve_at_most(pack, call.seats),
        rank=pack.text("election_rank"),
        rule_pack=pack.code,
        heads=size.heads,
        area=size.area,
        term_starts_on=call.term_starts_on,
        term_ends_on=call.term_ends_on,
        convener=call.convener.strip(),
        nominations_until=call.nominations_until,
        created_by=by,
        created_at=now,
    )
    session.add(row)
    session.flush()
    step(session, row, State.NOMINATION, by=by, now=now)
    return row


def size_of(session: Session, community_id: str) -> Size:
    found = totals(session, community_id)
    return Size(found.heads, found.area)


def _next_code(session: Session, community_id: str, year: int) -> str:
    query = select(func.count()).where(Election.community_id == community_id, Election.code.like(f"{year}-%"))
    return f"{year}-{(session.scalar(query) or 0) + 1:02d}"
