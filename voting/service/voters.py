"""Who has voted, and who could be told to: for staff and reminders. Nothing here opens a ballot."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from hoa.accounts import service as accounts
from hoa.community import sealing
from hoa.community.tables import Owner, Ownership
from hoa.ports.keys import Keys
from voting.service.entrance import removed
from voting.tables import Assembly, Ballot, BallotMark, RollEntry, RollUnit
from voting.tables.core import InAssembly


def _here(table: type[InAssembly], assembly: Assembly) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return (table.community_id == assembly.community_id, table.assembly_id == assembly.id)


def on_roll(session: Session, assembly: Assembly) -> set[str]:
    """The electors of today's roll."""
    every = set(session.scalars(select(RollEntry.elector).where(*_here(RollEntry, assembly))))
    return every - removed(session, assembly)


def voted(session: Session, assembly: Assembly, *, until: datetime | None = None) -> set[str]:
    """Electors of today's roll with a ballot that stands (cast by `until`, if given), in whatever channel: not void,
    not wholly invalid, not a refused proxy's.
    """
    gone = set(
        session.scalars(
            select(BallotMark.ballot).where(
                *_here(BallotMark, assembly),
                BallotMark.motion == "*",
                BallotMark.kind.in_(("void", "invalid", "proxy-refused")),
            )
        )
    )
    cast = select(Ballot.leaf, Ballot.elector).where(*_here(Ballot, assembly))
    if until is not None:
        cast = cast.where(Ballot.cast_at <= until)
    by_leaf = {leaf: elector for leaf, elector in session.execute(cast) if leaf not in gone}
    found = set(by_leaf.values())
    query = select(RollEntry.elector, RollEntry.inherited).where(
        *_here(RollEntry, assembly), RollEntry.entry.is_not(None)
    )
    for elector, inherited in session.execute(query):
        if any(leaf in by_leaf for leaf in inherited):
            found.add(elector)
    return found & on_roll(session, assembly)


class Reachable(NamedTuple):
    """Somebody to be told, once, for all their electors. `recipient` is the same for everybody with one phone."""

    recipient: str
    phone: str | None
    electors: frozenset[str]


def owners(session: Session, assembly: Assembly, electors: set[str], *, day: date) -> Mapping[str, Sequence[Owner]]:
    """Today's owners of each of these electors' units."""
    query = (
        select(RollUnit.elector, Owner)
        .join(Ownership, (Ownership.community_id == RollUnit.community_id) & (Ownership.unit_id == RollUnit.unit_id))
        .join(Owner, (Owner.community_id == Ownership.community_id) & (Owner.id == Ownership.owner_id))
        .where(
            *_here(RollUnit, assembly),
            Ownership.since <= day,
            (Ownership.until.is_(None)) | (Ownership.until > day),
        )
        .order_by(RollUnit.elector, Owner.id)
    )
    found: dict[str, dict[str, Owner]] = defaultdict(dict)
    for elector, owner in session.execute(query):
        if elector in electors:
            found[elector][owner.id] = owner
    return {elector: list(people.values()) for elector, people in found.items()}


def phone_of(session: Session, keys: Keys, owner: Owner) -> str | None:
    """The telephone of the owner's account, otherwise the one in the register."""
    known = accounts.phone_of(session, keys, owner.person_id) if owner.person_id else None
    if known is None and owner.phone_sealed is not None:
        known = sealing.open_phone(keys, owner.community_id, owner.id, owner.phone_sealed)
    return known


def reachable(
    session: Session, keys: Keys, assembly: Assembly, electors: set[str], *, day: date
) -> Sequence[Reachable]:
    """Everybody to be told about these electors; people with one telephone are told once."""
    phones: dict[str, str | None] = {}
    theirs: dict[str, set[str]] = defaultdict(set)
    for elector, people in owners(session, assembly, electors, day=day).items():
        for owner in people:
            phone = phone_of(session, keys, owner)
            recipient = sealing.phone_digest(keys, assembly.community_id, phone) if phone else owner.id
            phones[recipient] = phone
            theirs[recipient].add(elector)
    return [Reachable(recipient, phones[recipient], frozenset(theirs[recipient])) for recipient in sorted(phones)]
