"""What is asked of elections and their candidates; nothing here writes."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hoa.kernel.errors import NotFound
from voting.elections.rules.life import CandidateState, State
from voting.elections.tables import (
    Appeal,
    Candidate,
    CriterionCheck,
    Election,
    ElectionStep,
    Nomination,
    Question,
    ScreeningDecision,
    Supporter,
    Undertaking,
)
from voting.tables import Assembly, Motion

Row = TypeVar("Row", Nomination, Supporter, Undertaking, CriterionCheck, ScreeningDecision, Appeal, Question)

_ORDER: Mapping[type[Any], str] = {
    Supporter: "signed_at",
    Question: "asked_at",
    Undertaking: "no",
    CriterionCheck: "no",
    ScreeningDecision: "no",
}

Numbered = TypeVar("Numbered", Undertaking, CriterionCheck, ScreeningDecision)


class Stander(NamedTuple):
    """Who stands behind a motion of an election, for what follows the count."""

    person_id: str
    name: str
    candidate: Candidate


def candidate_of(session: Session, assembly: Assembly, motion_code: str) -> Stander | None:
    """The candidate whose motion this is; None for an ordinary motion, and for one that no nomination brought."""
    query = (
        select(Candidate)
        .join(Motion, (Motion.community_id == Candidate.community_id) & (Motion.id == Candidate.motion_id))
        .where(
            Motion.community_id == assembly.community_id,
            Motion.assembly_id == assembly.id,
            Motion.code == motion_code,
        )
    )
    found = session.scalars(query).one_or_none()
    return Stander(found.person_id, found.name, found) if found else None


def elections(session: Session, community_id: str) -> Sequence[Election]:
    """All elections of a community, the latest first."""
    query = select(Election).where(Election.community_id == community_id)
    return session.scalars(query.order_by(Election.created_at.desc(), Election.code.desc())).all()


def election(session: Session, community_id: str, code: str, *, lock: bool = False) -> Election:
    """The election of this code in this community, or NotFound."""
    query = select(Election).where(Election.community_id == community_id, Election.code == code)
    row = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound
    return row


def of_assembly(session: Session, assembly: Assembly) -> Sequence[Election]:
    """The elections whose candidates this assembly votes on."""
    query = select(Election).where(Election.community_id == assembly.community_id, Election.assembly_id == assembly.id)
    return session.scalars(query.order_by(Election.code)).all()


def assembly_of(session: Session, row: Election) -> Assembly | None:
    """The assembly that votes, once it is drafted."""
    return session.get(Assembly, (row.community_id, row.assembly_id)) if row.assembly_id else None


def candidates(session: Session, row: Election, *states: CandidateState) -> Sequence[Candidate]:
    """The candidates by number; of these states only, when any is named."""
    query = select(Candidate).where(Candidate.community_id == row.community_id, Candidate.election_id == row.id)
    if states:
        query = query.where(Candidate.state.in_([state.value for state in states]))
    return session.scalars(query.order_by(Candidate.number)).all()


def candidate(session: Session, row: Election, number: int, *, lock: bool = False) -> Candidate:
    """The candidate of this number, or NotFound."""
    query = select(Candidate).where(
        Candidate.community_id == row.community_id, Candidate.election_id == row.id, Candidate.number == number
    )
    found = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if found is None:
        raise NotFound
    return found


def mine(session: Session, row: Election, person_id: str, *, lock: bool = False) -> Candidate | None:
    """This person's candidacy in this election."""
    query = select(Candidate).where(
        Candidate.community_id == row.community_id, Candidate.election_id == row.id, Candidate.person_id == person_id
    )
    return session.scalars(query.with_for_update() if lock else query).one_or_none()


def stands_in(session: Session, community_id: str, person_id: str) -> frozenset[str]:
    """The ids of the elections in which this person is a candidate."""
    query = select(Candidate.election_id).where(
        Candidate.community_id == community_id, Candidate.person_id == person_id
    )
    return frozenset(session.scalars(query))


def in_order(session: Session, row: Election) -> list[Candidate]:
    """Who stands, in the drawn order once it is drawn; before that by number, which is the order of nomination."""
    standing = list(candidates(session, row, CandidateState.ACCEPTED))
    if row.drawn_at is None:
        return standing
    place = {number: index for index, number in enumerate(row.drawn)}
    return sorted(standing, key=lambda one: place.get(one.number, len(place)))


def is_public(row: Election, one: Candidate) -> bool:
    """Whether anybody may read this candidate's page: they are on the published list and still stand."""
    return row.step in (State.DISPLAY, State.DRAFTED) and one.frozen and one.step is CandidateState.ACCEPTED


def about(session: Session, one: Candidate, table: type[Row]) -> Sequence[Row]:
    """Rows of one kind about a candidate, the earliest first."""
    order = getattr(table, _ORDER.get(table, "at"))
    query = select(table).where(table.community_id == one.community_id, table.candidate_id == one.id)
    return session.scalars(query.order_by(order, table.id)).all()


def next_no(session: Session, one: Candidate, table: type[Numbered]) -> int:
    """The number of the next row of this kind; the candidate's row is held meanwhile."""
    query = select(func.max(table.no)).where(table.community_id == one.community_id, table.candidate_id == one.id)
    return (session.scalar(query) or 0) + 1


def undertaking(session: Session, one: Candidate) -> Undertaking | None:
    """The undertaking that holds: the latest."""
    return next(reversed(about(session, one, Undertaking)), None)


def decision(session: Session, one: Candidate) -> ScreeningDecision | None:
    """The decision that holds: the latest."""
    return next(reversed(about(session, one, ScreeningDecision)), None)


def checks(session: Session, one: Candidate) -> dict[str, CriterionCheck]:
    """The latest look at each criterion, by its code."""
    return {row.criterion: row for row in about(session, one, CriterionCheck)}


def results(session: Session, one: Candidate) -> dict[str, str]:
    """The latest result of each criterion that was looked at."""
    return {code: row.result for code, row in checks(session, one).items()}


def supporters(session: Session, one: Candidate) -> list[Supporter]:
    """The electors behind a joint nomination who did not take it back."""
    return [row for row in about(session, one, Supporter) if row.withdrawn_at is None]


def heads_behind(session: Session, one: Candidate) -> int:
    """How many heads stand behind a joint nomination."""
    return sum(row.heads for row in supporters(session, one))


def steps(session: Session, row: Election) -> Sequence[ElectionStep]:
    """What happened to an election, the earliest first."""
    query = select(ElectionStep).where(
        ElectionStep.community_id == row.community_id, ElectionStep.election_id == row.id
    )
    return session.scalars(query.order_by(ElectionStep.no)).all()
