"""Whose ballot a ballot is when a flat was sold in mid-vote (R1.20): the successor votes if no ballot was cast, and
never sees what the predecessor chose.

Ballots keep no person. What decides is the register: who was an owner, and was known to it as one, when the ballot was
cast. A sale that is entered late with an early date therefore opens nothing.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import ClassVar, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.community.tables import Owner, Ownership
from hoa.kernel.clock import CHINA, today
from hoa.kernel.errors import N_, Refusal
from voting.service import casting
from voting.tables import Assembly, Ballot, BallotMark, RollEntry, RollUnit


class PredecessorVoted(Refusal):
    message: ClassVar[str] = N_(
        "过户以前，原业主已经为这套房屋投过票，那张票有效，本次会议不能再投。对此有异议请到核验点提出"
    )
    status: ClassVar[int] = 409


class NotYourChoice(Refusal):
    message: ClassVar[str] = N_("这张票是原业主在过户以前投的，里面的选择只有当时的业主能看")
    status: ClassVar[int] = 403


class Tenure(NamedTuple):
    """From when until when somebody was known to the register as an owner; `until` is the day on which it ended."""

    known: datetime
    until: date | None

    def covers(self, moment: datetime) -> bool:
        return self.known <= moment and (self.until is None or today(moment) <= self.until)


def tenures(session: Session, assembly: Assembly, *, person_id: str, elector: str) -> Sequence[Tenure]:
    """The times in which this person owned a unit of the elector, ended ones too."""
    query = (
        select(Ownership)
        .join(Owner, (Owner.community_id == Ownership.community_id) & (Owner.id == Ownership.owner_id))
        .join(
            RollUnit,
            (RollUnit.community_id == Ownership.community_id) & (RollUnit.unit_id == Ownership.unit_id),
        )
        .where(
            RollUnit.community_id == assembly.community_id,
            RollUnit.assembly_id == assembly.id,
            RollUnit.elector == elector,
            Owner.person_id == person_id,
        )
    )
    return [Tenure(_known(row), row.until) for row in session.scalars(query)]


def _known(ownership: Ownership) -> datetime:
    """When the register knew; of an older row only the day is known, so the whole of that day does not count."""
    if ownership.recorded_at is not None:
        return max(ownership.recorded_at, datetime.combine(ownership.since, time(), CHINA))
    return datetime.combine(ownership.since + timedelta(days=1), time(), CHINA)


def ballots(session: Session, assembly: Assembly, elector: str) -> Sequence[Ballot]:
    """An elector's ballots in order, with those that a roll change gave it."""
    mine = (Ballot.community_id == assembly.community_id, Ballot.assembly_id == assembly.id)
    entry = (RollEntry.community_id == assembly.community_id, RollEntry.assembly_id == assembly.id)
    inherited = session.scalar(select(RollEntry.inherited).where(*entry, RollEntry.elector == elector)) or []
    query = select(Ballot).where(*mine, (Ballot.elector == elector) | Ballot.leaf.in_(inherited))
    return session.scalars(query.order_by(Ballot.cast_at, Ballot.id)).all()


def readable(session: Session, assembly: Assembly, found: Iterable[Ballot], *, person_id: str) -> Sequence[Ballot]:
    """Those whose choices this person may see: who owned a unit of the elector that the ballot was cast for, then. A
    roll change that gave the ballot to another elector gives nobody a look into it.
    """
    known: dict[str, Sequence[Tenure]] = {}
    seen = []
    for ballot in found:
        if ballot.elector not in known:
            known[ballot.elector] = tenures(session, assembly, person_id=person_id, elector=ballot.elector)
        if any(tenure.covers(ballot.cast_at) for tenure in known[ballot.elector]):
            seen.append(ballot)
    return seen


def demand_readable(session: Session, assembly: Assembly, ballot: Ballot, *, person_id: str) -> None:
    """Refuse to show a predecessor's choices."""
    if not readable(session, assembly, [ballot], person_id=person_id):
        raise NotYourChoice


def predecessor_voted(session: Session, assembly: Assembly, *, person_id: str, elector: str) -> bool:
    """Whether a ballot that still stands was cast for the elector when this person was no owner of it."""
    if casting.is_untouched(session, assembly, elector):
        return False
    found = standing_ballots(session, assembly, ballots(session, assembly, elector))
    if not found:
        return False
    known = tenures(session, assembly, person_id=person_id, elector=elector)
    return not all(any(tenure.covers(ballot.cast_at) for tenure in known) for ballot in found)


def demand_no_predecessor(session: Session, assembly: Assembly, *, person_id: str, elector: str) -> None:
    """Refuse a second vote for a unit whose seller has voted, also where the last ballot counts."""
    if predecessor_voted(session, assembly, person_id=person_id, elector=elector):
        raise PredecessorVoted


def standing_ballots(session: Session, assembly: Assembly, found: Sequence[Ballot]) -> Sequence[Ballot]:
    """Without those that are void, wholly invalid, or a refused proxy's."""
    if not found:
        return []
    gone = select(BallotMark.ballot).where(
        BallotMark.community_id == assembly.community_id,
        BallotMark.assembly_id == assembly.id,
        BallotMark.ballot.in_([ballot.leaf for ballot in found]),
        BallotMark.motion == "*",
        BallotMark.kind.in_(("void", "invalid", "proxy-refused")),
    )
    out = set(session.scalars(gone))
    return [ballot for ballot in found if ballot.leaf not in out]


def former_standing(session: Session, assembly: Assembly, *, person_id: str, elector: str) -> casting.Standing | None:
    """Somebody who sold after voting still finds their own receipt; they cannot vote any more."""
    if not readable(session, assembly, ballots(session, assembly, elector), person_id=person_id):
        return None
    entry = (RollEntry.community_id == assembly.community_id, RollEntry.assembly_id == assembly.id)
    row = session.scalars(select(RollEntry).where(*entry, RollEntry.elector == elector)).one()
    level = (
        select(Ownership.level)
        .join(Owner, (Owner.community_id == Ownership.community_id) & (Owner.id == Ownership.owner_id))
        .join(
            RollUnit,
            (RollUnit.community_id == Ownership.community_id) & (RollUnit.unit_id == Ownership.unit_id),
        )
        .where(
            Owner.community_id == assembly.community_id,
            Owner.person_id == person_id,
            RollUnit.assembly_id == assembly.id,
            RollUnit.elector == elector,
        )
    )
    return casting.Standing(elector, row.area, row.units, max(session.scalars(level)))
