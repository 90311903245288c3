"""Taking office: from the signed tally of an announced election to rows in `office` (rules.md R2.5–R2.7, R2.13).

Nobody types a name here. Who was elected comes from the tally's bytes, whose motion it was from the nomination, and the
exclusions are those of every appointment. A re-election ends the sitting body's terms at the same moment; a
supplementary one adds to them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import ClassVar, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.community import pack_choice
from hoa.kernel.clock import CHINA, today, years_on
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.kernel.posts import (
    COMMITTEE_ALTERNATE,
    COMMITTEE_MEMBER,
    SELF_MANAGEMENT_MEMBER,
    SUPERVISOR,
    Post,
)
from hoa.offices import handover, ranks, registration
from hoa.offices import service as offices
from hoa.offices.after_tables import FilingRound, OfficeRank
from hoa.offices.tables import Office
from hoa.resolutions.rules import number_text
from hoa.resolutions.tables import Resolution
from voting.elections.service import reading as nominations
from voting.elections.tables import Election
from voting.filing.rules.seats import Role, check_stands
from voting.filing.tables import TakenSeat
from voting.rules.election import Contest
from voting.rules.life import State
from voting.service import aftermath, steps, tallying
from voting.service.tallying import ElectionResult
from voting.tables import Assembly

MEMBER_POSTS: Mapping[str, Post] = {
    "owners_committee": COMMITTEE_MEMBER,
    "supervisory_committee": SUPERVISOR,
    "self_management_committee": SELF_MANAGEMENT_MEMBER,
}
ALTERNATE_POSTS: Mapping[str, Post] = {"owners_committee": COMMITTEE_ALTERNATE}
FILED = frozenset({"owners_committee"})


class NotAnnouncedYet(Refusal):
    message: ClassVar[str] = N_("选举结果还没有公布，不能办理就任")
    status: ClassVar[int] = 409


class NoNomination(Refusal):
    message: ClassVar[str] = N_(
        "这次选举没有在平台上提名候选人，系统不知道当选的是谁，请由街道办事处或居民委员会登记任职"
    )
    status: ClassVar[int] = 409


class NobodyBehind(Refusal):
    message: ClassVar[str] = N_("“%(name)s”这一项没有对应的候选人账户，请由街道办事处或居民委员会登记任职")
    status: ClassVar[int] = 409


class Seat(NamedTuple):
    """A place that the tally gives: to whom, and the row that says they took it."""

    role: Role
    rank: int
    motion: str
    name: str
    person_id: str | None
    taken: TakenSeat | None


class Result(NamedTuple):
    """One election of an announced assembly, with everybody it gives a place to; the elected first, by rank."""

    assembly: Assembly
    told: ElectionResult
    election: Election | None
    announced_at: datetime
    seats: Sequence[Seat]

    @property
    def code(self) -> str:
        return self.told.contest.code

    @property
    def body(self) -> str:
        return self.told.contest.body

    @property
    def open(self) -> Sequence[Seat]:
        """Who has not taken their place yet."""
        return [seat for seat in self.seats if seat.taken is None]


class Entered(NamedTuple):
    """What came of entering: who is in office now, and who cannot be with the rule that says so."""

    seats: Sequence[TakenSeat]
    refused: Sequence[tuple[Seat, Refusal]]
    round: FilingRound | None


# ---------------------------------------------------------------------------------------------------------- results


def results(session: Session, community_id: str) -> list[Result]:
    """Every election that was announced in this community, the latest first."""
    query = select(Assembly).where(Assembly.community_id == community_id, Assembly.state == State.ANNOUNCED.value)
    return [
        one
        for assembly in session.scalars(query.order_by(Assembly.created_at.desc(), Assembly.code.desc()))
        if assembly.elections
        for one in _results(session, assembly)
    ]


def result(session: Session, assembly: Assembly, code: str) -> Result:
    """One election of an announced assembly."""
    if assembly.step is not State.ANNOUNCED:
        raise NotAnnouncedYet
    for one in _results(session, assembly):
        if one.code == code:
            return one
    raise NotFound


def _results(session: Session, assembly: Assembly) -> list[Result]:
    announced = aftermath.reached(session, assembly, State.ANNOUNCED)
    assert announced is not None  # asked of announced assemblies only
    taken = {row.motion: row for row in taken_seats(session, assembly)}
    return [
        Result(assembly, told, _election(session, assembly, told), announced, _seats(session, assembly, told, taken))
        for told in tallying.elected(session, assembly)
    ]


def taken_seats(session: Session, assembly: Assembly) -> Sequence[TakenSeat]:
    """Who took office from this assembly, the elected first, by rank."""
    query = select(TakenSeat).where(
        TakenSeat.community_id == assembly.community_id, TakenSeat.assembly_id == assembly.id
    )
    return session.scalars(query.order_by(TakenSeat.election, TakenSeat.role.desc(), TakenSeat.rank)).all()


def _election(session: Session, assembly: Assembly, told: ElectionResult) -> Election | None:
    """The nomination behind an election: its candidates' motions are those of the contest."""
    stander = nominations.candidate_of(session, assembly, told.contest.motions[0])
    if stander is None:
        return None
    return session.get(Election, (assembly.community_id, stander.candidate.election_id))


def _seats(session: Session, assembly: Assembly, told: ElectionResult, taken: Mapping[str, TakenSeat]) -> list[Seat]:
    seats = []
    for role, ranking in ((Role.ELECTED, told.elected), (Role.ALTERNATE, told.alternates)):
        for rank, one in enumerate(ranking, 1):
            stander = nominations.candidate_of(session, assembly, one.motion)
            person = stander.person_id if stander else None
            seats.append(Seat(role, rank, one.motion, one.name, person, taken.get(one.motion)))
    return seats


# --------------------------------------------------------------------------------------------------------- entering


def enter(session: Session, community_id: str, assembly_id: str, code: str, *, by: str, now: datetime) -> Entered:
    """Put everybody into office whom the tally gives a place and no rule keeps from it. Done twice it is done once; who
    was refused can be entered later, when the reason is gone. Nothing changes where nobody can be entered."""
    assembly = steps.locked(session, community_id, assembly_id)
    found = result(session, assembly, code)
    starts_at, ends_at = term(session, found, now)
    together = chain(session, found)
    check(session, together, now)
    adds = _sits(session, together, now)
    if not adds and not any(seat.taken for one in together for seat in one.seats):
        _end_the_sitting(session, together, starts_at, by=by, now=now)
    entered, refused = [], []
    for one in together:
        for seat in one.open:
            try:
                entered.append(_enter(session, one, seat, starts_at, ends_at, adds=adds, by=by, now=now))
            except Refusal as refusal:
                refused.append((seat, refusal))
    if refused and not entered and not any(seat.taken for one in together for seat in one.seats):
        raise refused[0][1]
    return Entered(entered, refused, _round(session, found, starts_at, by=by, now=now))


def check(session: Session, together: Sequence[Result], now: datetime) -> None:
    """Refuse while the outcome is open, or where all that was elected makes no lawful body."""
    newest, first = together[-1], together[0]
    won = sum(len(one.told.elected) for one in together)
    adds = len(together) == 1 and _supplements(newest) is not None
    members = won + (len(_sitting(session, newest, now)) if adds else 0)
    check_stands([one.told.outcome for one in together], _whole(session, first), members)


def chain(session: Session, found: Result) -> list[Result]:
    """The elections whose winners make the body together, the first one first: a supplementary election fills up what
    an earlier one left below the minimum, whose winners keep what they won (R2.6). Where the earlier one made a body,
    its members sit already and the supplementary one stands alone."""
    together = [found]
    while (earlier := _supplements(together[0])) is not None:
        row = session.get(Election, (found.assembly.community_id, earlier))
        assembly = nominations.assembly_of(session, row) if row else None
        if assembly is None or assembly.step is not State.ANNOUNCED:
            break
        before = next((one for one in _results(session, assembly) if one.body == found.body), None)
        if before is None or before.told.stands:
            break
        together.insert(0, before)
    return together


def _supplements(found: Result) -> str | None:
    return found.election.supplements_id if found.election else None


def _whole(session: Session, first: Result) -> Contest:
    """The contest of the full body: of a supplementary election that adds to one, with the body's planned seats."""
    contest = first.told.contest
    earlier = _supplements(first)
    row = session.get(Election, (first.assembly.community_id, earlier)) if earlier else None
    while row is not None and row.supplements_id:
        row = session.get(Election, (first.assembly.community_id, row.supplements_id))
    return contest._replace(seats=row.seats, minimum=row.minimum) if row else contest


def term(session: Session, found: Result, now: datetime) -> tuple[datetime, datetime]:
    """From the noticed first day where another body sits until then; otherwise from now, because the body is there
    since the assembly elected it (R1.24) and has to meet within days. To the noticed end, never beyond the longest
    lawful term."""
    if found.election is None:
        raise NoNomination
    here = found.assembly.community_id
    noticed = datetime.combine(found.election.term_starts_on, time(), CHINA)
    starts_at = max(now, noticed) if _sitting(session, found, now) else now
    years = pack_choice.current(session, here, day=today(now)).number("committee_term_max_years")
    longest = datetime.combine(years_on(today(starts_at), years), starts_at.timetz())
    return starts_at, min(longest, datetime.combine(found.election.term_ends_on, time(), CHINA))


def _sits(session: Session, together: Sequence[Result], now: datetime) -> bool:
    """Whether this election fills seats of a body that sits: then nobody's term ends by it. One that completes a
    shortfall makes a new body."""
    found = together[-1]
    if len(together) > 1 or _supplements(found) is None:
        return False
    return bool(_sitting(session, found, now))


def _sitting(session: Session, found: Result, now: datetime) -> set[str]:
    """Who sits in the body at this moment without having come from this election."""
    here, posts = found.assembly.community_id, frozenset({MEMBER_POSTS[found.body]})
    taken = {seat.person_id for seat in found.seats if seat.taken}
    return {holder.person.id for holder in offices.holders(session, here, posts=posts, now=now)} - taken


def _end_the_sitting(
    session: Session, together: Sequence[Result], starts_at: datetime, *, by: str, now: datetime
) -> None:
    """The body was elected anew: seats as noticed, and the terms that still run end as the new ones begin."""
    found, seats = together[-1], _whole(session, together[0]).seats
    here, basis = found.assembly.community_id, _basis(session, found)
    if starts_at <= now:
        query = select(Office).where(
            Office.community_id == here,
            Office.body_kind == found.body,
            Office.starts_at <= now,
            Office.ends_at > now,
        )
        sitting = session.scalars(query).all()
        for office in sitting:
            offices.end(session, here, office_id=office.id, basis=f"换届：{basis}", by=by, now=now)
        if sitting and found.body in FILED:
            handover.begin_committee(session, here, today(now), f"换届：{basis}", by, now)
    offices.describe_body(session, here, kind=found.body, seats=seats, basis=basis, by=by, now=now)


def _enter(
    session: Session,
    found: Result,
    seat: Seat,
    starts_at: datetime,
    ends_at: datetime,
    *,
    adds: bool,
    by: str,
    now: datetime,
) -> TakenSeat:
    if seat.person_id is None:
        raise NobodyBehind(name=seat.name)
    here, elected = found.assembly.community_id, seat.role is Role.ELECTED
    post = MEMBER_POSTS[found.body] if elected else ALTERNATE_POSTS.get(found.body)
    office = None
    if post is not None:
        office = offices.appoint(
            session,
            here,
            post=post,
            person_id=seat.person_id,
            starts_at=starts_at,
            ends_at=ends_at,
            basis=_basis(session, found),
            by=by,
            now=now,
        )
        if not elected:
            ranks.give(session, office, seat.rank + (_places_before(session, found, now) if adds else 0))
    row = TakenSeat(
        community_id=here,
        assembly_id=found.assembly.id,
        election=found.code,
        motion=seat.motion,
        person_id=seat.person_id,
        role=seat.role.value,
        rank=seat.rank,
        office_id=office.id if office else None,
        by=by,
        at=now,
    )
    session.add(row)
    session.flush()
    return row


def _places_before(session: Session, found: Result, now: datetime) -> int:
    """Alternates of a supplementary election stand behind those who were there: the last place that one of them has."""
    own = [row.office_id for row in taken_seats(session, found.assembly) if row.office_id]
    query = (
        select(OfficeRank.rank)
        .join(Office, (Office.community_id == OfficeRank.community_id) & (Office.id == OfficeRank.office_id))
        .where(OfficeRank.community_id == found.assembly.community_id)
        .where(Office.ends_at > now, Office.id.not_in(own))
    )
    return max(session.scalars(query), default=0)


def _basis(session: Session, found: Result) -> str:
    """The resolution's number and the assembly's identity: what anybody can look up and recount."""
    query = select(Resolution).where(
        Resolution.community_id == found.assembly.community_id,
        Resolution.source == "assembly",
        Resolution.evidence == found.assembly.manifest_hash,
        Resolution.title == found.told.contest.title,
    )
    row = session.scalars(query.order_by(Resolution.number)).first()
    number = f"{number_text(row.source, row.year, row.number)} · " if row else ""
    return f"{number}业主大会会议 {found.assembly.code} · {(found.assembly.manifest_hash or '')[:16]}"


def _round(session: Session, found: Result, starts_at: datetime, *, by: str, now: datetime) -> FilingRound | None:
    """The filing of an owners' committee begins with its election; its days run from the announcement, or from the
    first day of a term that begins later (R2.7, R2.8)."""
    if found.body not in FILED:
        return None
    known = _known_round(session, found)
    return known or registration.begin(
        session,
        found.assembly.community_id,
        kind=registration.ELECTION,
        reason=found.assembly.title,
        event_on=today(max(found.announced_at, starts_at)) if starts_at > now else today(found.announced_at),
        basis=found.assembly.manifest_hash,
        body_kind=found.body,
        by=by,
        now=now,
    )


def _known_round(session: Session, found: Result) -> FilingRound | None:
    query = select(FilingRound).where(
        FilingRound.community_id == found.assembly.community_id,
        FilingRound.basis == found.assembly.manifest_hash,
        FilingRound.body_kind == found.body,
    )
    return session.scalars(query).first()
