"""Questions that pages ask."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import bindparam, case, select
from sqlalchemy.orm import Session

from hoa.kernel import canonical, merkle
from hoa.kernel.errors import NotFound
from voting.rules.life import ORDER, State
from voting.service import casting, log, successions, tallying
from voting.tables import Assembly, Ballot, LogEntry

UNDER_WAY = (State.OPEN, State.CUT_OFF, State.CLOSED, State.TALLIED, State.NOTICED)


# Casting begins with it; building the statement takes longer than answering it.
_BY_CODE = select(Assembly).where(
    Assembly.community_id == bindparam("community_id"), Assembly.code == bindparam("code")
)


def by_code(session: Session, community_id: str, code: str) -> Assembly:
    """The assembly of this community with this code."""
    found = session.scalars(_BY_CODE, {"community_id": community_id, "code": code}).one_or_none()
    if found is None:
        raise NotFound
    return found


def assemblies(session: Session, community_id: str, *, drafts: bool) -> Sequence[Assembly]:
    """What is under way first, then the latest; drafts only for those who write them."""
    rank = case({state.value: place for place, state in enumerate(UNDER_WAY)}, value=Assembly.state, else_=len(ORDER))
    query = select(Assembly).where(Assembly.community_id == community_id)
    if not drafts:
        query = query.where(Assembly.state != State.DRAFT.value)
    return session.scalars(query.order_by(rank, Assembly.created_at.desc(), Assembly.code.desc())).all()


class Mine(NamedTuple):
    """One of my electors in an assembly, and whether a ballot was cast for it."""

    standing: casting.Standing
    ballots: Sequence[Ballot]
    valid: Sequence[Ballot]
    checked: bool

    @property
    def voted(self) -> bool:
        """Void and refused ballots are no vote: their owner is asked again."""
        return bool(self.valid)


def mine(session: Session, assembly: Assembly, *, person_id: str, day: date) -> Sequence[Mine]:
    """My electors, those without a ballot first."""
    found = []
    for standing in casting.standings(session, assembly, person_id=person_id, day=day):
        ballots = successions.ballots(session, assembly, standing.elector)
        valid = successions.standing_ballots(session, assembly, ballots)
        found.append(Mine(standing, ballots, valid, standing.level >= assembly.identity_level))
    return sorted(found, key=lambda one: one.voted)


def waiting_for(session: Session, community_id: str, *, person_id: str, day: date) -> Sequence[tuple[Assembly, bool]]:
    """Open assemblies in which this person has not voted for every elector they may act for, and whether they are
    known well enough to do so now (rules.md R7.5).
    """
    query = select(Assembly).where(Assembly.community_id == community_id, Assembly.state == State.OPEN.value)
    waiting = []
    for assembly in session.scalars(query.order_by(Assembly.closes_at)):
        left = [one for one in mine(session, assembly, person_id=person_id, day=day) if not one.voted]
        if left:
            waiting.append((assembly, any(one.checked for one in left)))
    return waiting


def inclusion(session: Session, assembly: Assembly, leaf: str, size: int | None) -> dict[str, Any]:
    """The proof that a leaf is in the log of this size (RFC 9162 2.1.3)."""
    query = select(LogEntry.seq).where(
        LogEntry.community_id == assembly.community_id, LogEntry.assembly_id == assembly.id, LogEntry.leaf == leaf
    )
    index = session.scalar(query)
    tree, signed = merkle.Tree(log.leaves(session, assembly)), _signed(session, assembly)
    whole = signed if size is None else size
    if index is None or not index < whole <= signed:
        raise NotFound
    proof = [node.hex() for node in tree.inclusion_proof(index, whole)]
    return {"leaf": leaf, "index": index, "size": whole, "root": tree.root(whole).hex(), "proof": proof}


def consistency(session: Session, assembly: Assembly, old: int, new: int) -> dict[str, Any]:
    """The proof that the log of `new` entries begins with the log of `old` (RFC 9162 2.1.4)."""
    tree = merkle.Tree(log.leaves(session, assembly))
    if not 0 <= old <= new <= _signed(session, assembly):
        raise NotFound
    proof = [node.hex() for node in tree.consistency_proof(old, new)]
    return {
        "old": old,
        "new": new,
        "old-root": tree.root(old).hex(),
        "new-root": tree.root(new).hex(),
        "proof": proof,
    }


def _signed(session: Session, assembly: Assembly) -> int:
    """The size of the largest signed head. Proofs go no further: the log's own length, asked for every minute, would
    tell the exact turnout as it grows (voting-record.md 2).
    """
    return max((head.size for head in log.heads(session, assembly)), default=0)


def public_tally(session: Session, assembly: Assembly) -> dict[str, Any]:
    """The published tally."""
    tally: dict[str, Any] = canonical.decode(tallying.tally_of(session, assembly).public)
    return tally


class Found(NamedTuple):
    """What the server says of a leaf: where it is in the log, which head covers it, and whether it counted."""

    seq: int | None
    covered: bool
    counted: bool | None


def find_leaf(session: Session, assembly: Assembly, leaf: str) -> Found | None:
    """Where a ballot's leaf is; None when nobody here knows it."""
    mine_here = (Ballot.community_id == assembly.community_id, Ballot.assembly_id == assembly.id)
    elector = session.scalar(select(Ballot.elector).where(*mine_here, Ballot.leaf == leaf))
    if elector is None:
        return None
    seq = session.scalar(
        select(LogEntry.seq).where(
            LogEntry.community_id == assembly.community_id, LogEntry.assembly_id == assembly.id, LogEntry.leaf == leaf
        )
    )
    heads = log.heads(session, assembly)
    covered = seq is not None and any(head.size > seq for head in heads)
    return Found(seq, covered, tallying.counts(session, assembly, leaf))
