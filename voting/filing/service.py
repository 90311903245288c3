"""Filing packs: which documents there are and which are missing, and the packs that were made."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, time
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hoa.accounts import service as accounts
from hoa.accounts.tables import Person
from hoa.community import service as register
from hoa.db import get
from hoa.jobs import Job, enqueue
from hoa.kernel import posts
from hoa.kernel.clock import CHINA
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.offices import ranks, registration
from hoa.offices import service as offices
from hoa.offices.after_tables import FilingRound
from hoa.offices.tables import Office
from hoa.ports.files import Files
from hoa.resolutions import rulebooks
from hoa.resolutions.meetings import minutes as meeting_minutes
from hoa.resolutions.meetings import service as meetings
from hoa.resolutions.meetings.service import FirstMeeting
from hoa.resolutions.tables import RulebookVersion
from voting.elections.service import reading as nominations
from voting.elections.tables import Undertaking
from voting.filing import taking
from voting.filing.rules import pack
from voting.filing.rules.pack import NEEDED, Missing, Paper
from voting.filing.rules.seats import Role
from voting.filing.tables import FilingPack, TakenSeat
from voting.service import minutes
from voting.tables import Assembly

TASK = "filing.pack"
MAKING, READY = "making", "ready"


class NotReady(Refusal):
    message = N_("这份材料还没有生成，请稍后再看")
    status = 409


class Fact(NamedTuple):
    """What is filed of one person (基本情况): posts, term, rooms with their areas (0.01 m²), and how they were elected.

    Heads and area are those of the signed tally; None for who came into the body otherwise.
    """

    person: Person
    offices: Sequence[Office]
    rooms: Sequence[tuple[str, int]]
    rank: int | None
    heads: int | None
    area: int | None
    undertaking: Undertaking | None

    @property
    def is_alternate(self) -> bool:
        return all(office.post == posts.COMMITTEE_ALTERNATE for office in self.offices)


class Piece(NamedTuple):
    """One document of a filing: there, or missing with whose turn it is."""

    paper: Paper
    missing: Missing | None


class Sources(NamedTuple):
    """Everything a pack is made from."""

    round: FilingRound
    assembly: Assembly | None
    result: taking.Result | None
    procedure: RulebookVersion | None
    covenant: RulebookVersion | None
    meeting: FirstMeeting | None
    people: Sequence[Fact]


# --------------------------------------------------------------------------------------------------------- sources


def sources(session: Session, found: FilingRound, now: datetime) -> Sources:
    """What there is today for a round."""
    here = found.community_id
    assembly = _assembly(session, found)
    results = [one for one in taking.results(session, here) if assembly is not None and one.assembly.id == assembly.id]
    return Sources(
        round=found,
        assembly=assembly,
        result=next((one for one in results if one.body == found.body_kind), None),
        procedure=rulebooks.current(session, here, "procedure"),
        covenant=rulebooks.current(session, here, "covenant"),
        meeting=_first_meeting(session, found),
        # Elected before the last term is over, they sit from the day on which the round counts.
        people=facts(session, here, max(now, _first_moment(found))),
    )


def _first_moment(found: FilingRound) -> datetime:
    return datetime.combine(found.event_on, time(), CHINA)


def _first_meeting(session: Session, found: FilingRound) -> FirstMeeting | None:
    """Held on or after the day of the election; a change of members needs none."""
    if found.kind != registration.ELECTION:
        return None
    return meetings.first_meeting(session, found.community_id, since=_first_moment(found))


def _assembly(session: Session, found: FilingRound) -> Assembly | None:
    if found.basis is None:
        return None
    query = select(Assembly).where(Assembly.community_id == found.community_id, Assembly.manifest_hash == found.basis)
    return session.scalars(query).one_or_none()


def facts(session: Session, community_id: str, now: datetime) -> list[Fact]:
    """Who is in the committee at this moment: the chair first, then members, then alternates in their order."""
    holders = list(offices.holders(session, community_id, posts=posts.COMMITTEE, now=now))
    holders += list(ranks.alternates(session, community_id, now))
    mine: dict[str, list[Office]] = {}
    people: dict[str, Person] = {}
    for office, person in holders:
        people[person.id] = person
        mine.setdefault(person.id, []).append(office)
    seats = _latest_seats(session, community_id, set(people))
    found = [
        _fact(session, community_id, people[person_id], held, seats.get(person_id)) for person_id, held in mine.items()
    ]
    return sorted(found, key=_in_order)


def _in_order(fact: Fact) -> tuple[bool, int, int]:
    first = min(posts.POSTS.index(office.post) for office in fact.offices)
    return fact.is_alternate, first, fact.rank if fact.rank is not None else len(posts.POSTS)


def _latest_seats(session: Session, community_id: str, people: set[str]) -> Mapping[str, TakenSeat]:
    query = select(TakenSeat).where(TakenSeat.community_id == community_id, TakenSeat.person_id.in_(people))
    return {row.person_id: row for row in session.scalars(query.order_by(TakenSeat.at, TakenSeat.id))}


def _fact(session: Session, community_id: str, person: Person, held: Sequence[Office], seat: TakenSeat | None) -> Fact:
    rooms = [(owned.unit.label, owned.unit.area) for owned in register.ownerships_of(session, community_id, person.id)]
    rank = heads = area = undertaking = None
    if seat is not None:
        assembly = session.get_one(Assembly, (community_id, seat.assembly_id))
        told = taking.result(session, assembly, seat.election).told
        ranked = next(one for one in (*told.elected, *told.alternates) if one.motion == seat.motion)
        rank, heads, area = seat.rank, ranked.agreed.heads, ranked.agreed.area
        stander = nominations.candidate_of(session, assembly, seat.motion)
        undertaking = nominations.undertaking(session, stander.candidate) if stander else None
    return Fact(person, held, rooms, rank, heads, area, undertaking)


def who_signed(session: Session, community_id: str, meeting: FirstMeeting) -> list[tuple[str, datetime, str | None]]:
    """Name, moment and key of everybody who signed the first meeting's minutes, in order of time."""
    final = meetings.latest_minutes(session, meetings.get(session, community_id, meeting.meeting_id))
    if final is None:
        return []
    return [
        (accounts.person(session, row.person_id).name, row.at, row.key_id)
        for row in meeting_minutes.signatures(session, final)
    ]


# ---------------------------------------------------------------------------------------------------- what is missing


def pieces(session: Session, found: Sources) -> list[Piece]:
    """Each document that is needed, with what keeps it back."""
    look: Mapping[Paper, Callable[[], Missing | None]] = {
        Paper.APPLICATION: lambda: None,
        Paper.MINUTES: lambda: _minutes(session, found.assembly),
        Paper.RESULT: lambda: None if found.result else Missing(pack.NOT_ANNOUNCED, {}, pack.APPOINTERS),
        Paper.PROCEDURE: lambda: _text(found.procedure),
        Paper.COVENANT: lambda: _text(found.covenant),
        Paper.MEETING: lambda: _meeting(found),
        Paper.MEMBERS: lambda: _members(found),
        Paper.UNDERTAKINGS: lambda: _undertakings(found),
    }
    return [Piece(paper, look[paper]()) for paper in NEEDED[found.round.kind]]


def _minutes(session: Session, assembly: Assembly | None) -> Missing | None:
    if assembly is None:
        return Missing(pack.NOT_ANNOUNCED, {}, pack.APPOINTERS)
    if minutes.finished(session, assembly) is None:
        return Missing(pack.MINUTES_NOT_FINISHED, {}, pack.CONVENERS)
    signed = len(minutes.signatures(session, assembly))
    if signed < minutes.NEEDED:
        return Missing(pack.MINUTES_NOT_SIGNED, {"signed": signed, "needed": minutes.NEEDED}, pack.SIGNERS)
    return None


def _text(version: RulebookVersion | None) -> Missing | None:
    return None if version is not None else Missing(pack.NO_TEXT, {}, pack.WRITERS)


def _meeting(found: Sources) -> Missing | None:
    if found.meeting is None:
        return Missing(pack.NOT_MET, {}, pack.COMMITTEE)
    if found.meeting.content is None:
        return Missing(pack.MEETING_NOT_SETTLED, {}, pack.COMMITTEE)
    chairs = [office for fact in found.people for office in fact.offices if office.post == posts.COMMITTEE_CHAIR]
    return None if chairs else Missing(pack.NO_CHAIR, {}, pack.COMMITTEE)


def _members(found: Sources) -> Missing | None:
    if not any(not fact.is_alternate for fact in found.people):
        return Missing(pack.NOBODY, {}, pack.APPOINTERS)
    waiting = [seat for seat in found.result.open if seat.role is Role.ELECTED] if found.result else []
    return Missing(pack.NOT_IN_OFFICE, {"number": len(waiting)}, pack.APPOINTERS) if waiting else None


def _undertakings(found: Sources) -> Missing | None:
    without = [fact.person.name for fact in found.people if fact.undertaking is None]
    if not found.people:
        return Missing(pack.NOBODY, {}, pack.APPOINTERS)
    if not without:
        return None
    return Missing(pack.NO_UNDERTAKING, {"number": len(without), "names": "、".join(without)}, pack.CANDIDATES)


# ------------------------------------------------------------------------------------------------------------ packs


def packs(session: Session, found: FilingRound) -> Sequence[FilingPack]:
    """What was made for a round, the latest first."""
    query = select(FilingPack).where(FilingPack.community_id == found.community_id, FilingPack.round_id == found.id)
    return session.scalars(query.order_by(FilingPack.number.desc())).all()


def ask(
    session: Session, found: FilingRound, *, draft: bool, source: str, by: str, now: datetime
) -> tuple[FilingPack, Job | None]:
    """Have a pack made from these documents (`source`, in the files port); the same ones are not made twice."""
    get(session, FilingRound, found.community_id, found.id, lock=True)
    same = (FilingPack.community_id == found.community_id, FilingPack.round_id == found.id)
    known = session.scalars(select(FilingPack).where(*same, FilingPack.source == source)).first()
    if known is not None and known.state == READY:
        return known, None
    if known is None:
        latest = session.scalar(select(func.max(FilingPack.number)).where(*same)) or 0
        known = FilingPack(
            community_id=found.community_id,
            round_id=found.id,
            number=latest + 1,
            draft=draft,
            source=source,
            state=MAKING,
            asked_by=by,
            asked_at=now,
        )
        session.add(known)
        session.flush()
    payload = {"pack": known.id}
    return known, enqueue(session, TASK, payload, now=now, community_id=found.community_id, person_id=by)


def keep(
    session: Session,
    community_id: str,
    pack_id: str,
    *,
    contents: list[Any],
    pdf: str,
    archive: str,
    now: datetime,
) -> FilingPack:
    """Write down what was made; keeping it again (a job that ran twice) changes nothing."""
    row = get(session, FilingPack, community_id, pack_id, lock=True)
    if row.state == READY:
        return row
    row.contents, row.pdf_digest, row.zip_digest = contents, pdf, archive
    row.made_at, row.state = now, READY
    session.flush()
    return row


def ready(session: Session, community_id: str, pack_id: str) -> FilingPack:
    """A pack that can be read, or why not yet."""
    row = get(session, FilingPack, community_id, pack_id)
    if row.state != READY:
        raise NotReady
    return row


def round_numbered(session: Session, community_id: str, number: int) -> FilingRound:
    """One round by its number, or NotFound."""
    query = select(FilingRound).where(FilingRound.community_id == community_id, FilingRound.number == number)
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NotFound
    return found


def round_of(session: Session, row: FilingPack) -> FilingRound:
    """The round that a pack belongs to."""
    return get(session, FilingRound, row.community_id, row.round_id)


def verify(session: Session, files: Files, community_id: str) -> list[str]:
    """`hoa verify`: every pack that was handed out is still there, byte for byte."""
    query = select(FilingPack).where(FilingPack.community_id == community_id, FilingPack.state == READY)
    told = []
    for row in session.scalars(query):
        for digest in (row.pdf_digest, row.zip_digest):
            try:
                files.get(digest or "")
            except Refusal as refusal:
                told.append(f"table filing_pack: {row.id}: {refusal}")
    return told
