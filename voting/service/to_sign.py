"""What waits for one official's signature, and what others may see of it.

A keyed ballot tells a choice: it is shown only to those who key (clerks, where there are two or more of them).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hoa.kernel import canonical
from hoa.kernel.sign_files import Item
from hoa.ports.keys import Keys
from voting.rules import record
from voting.rules.life import State
from voting.rules.officials import Role
from voting.rules.package import Form
from voting.service import countersigning, officials, proposals, tallying
from voting.tables import Assembly, Ballot, EntrySignature, Official, Proposal, RollEntry

CLERKS_WHO_KEY = 2
TALLY_ITEMS = {Form.PUBLIC: "tally-public", Form.FULL: "tally-full"}
# So many at once: a page and a form that a phone still handles.
MOST = 1000


class Waiting(NamedTuple):
    """A proposal as one reader may see it: `entry` is None when it is not for their eyes."""

    proposal: Proposal
    entry: Mapping[str, Any] | None
    signed_by: Sequence[str]
    mine: bool

    @property
    def item(self) -> Item:
        """What is signed; only of entries that the reader may sign."""
        assert self.entry is not None
        return Item(self.proposal.id, "entry", canonical.encode(record.unsigned(self.entry)).decode())


def sees_ballots(session: Session, assembly: Assembly, person_id: str) -> bool:
    """Whether this person keys ballots here, and so may see the one that waits for a second signature."""
    clerks = [one.person_id for one in proposals.officials(session, assembly, Role.CLERK.value)]
    if len(clerks) >= CLERKS_WHO_KEY:
        return person_id in clerks
    return person_id in {one.person_id for one in proposals.officials(session, assembly)}


def entries(session: Session, keys: Keys, assembly: Assembly, *, person_id: str) -> list[Waiting]:
    """Everything that waits, the oldest first; `mine` is what this official may sign and has not signed."""
    names = {one.key_id: one.name for one in officials.of(session, assembly)}
    in_force = {one.person_id: one.key_id for one in proposals.officials(session, assembly)}
    signed: dict[str, list[str]] = defaultdict(list)
    by_me = set()
    query = select(EntrySignature).where(
        EntrySignature.community_id == assembly.community_id, EntrySignature.assembly_id == assembly.id
    )
    for row in session.scalars(query.order_by(EntrySignature.signed_at)):
        if row.key_id in in_force.values():
            signed[row.proposal_id].append(names.get(row.key_id, row.key_id))
        if row.key_id == in_force.get(person_id):
            by_me.add(row.proposal_id)
    ballots = sees_ballots(session, assembly, person_id)
    found = []
    for proposal in session.scalars(_waiting(assembly).order_by(Proposal.made_at, Proposal.id).limit(MOST)):
        seen = ballots or proposal.kind != "ballot"
        entry = proposals.opened(keys, proposal) if seen else None
        mine = seen and person_id in in_force and proposal.id not in by_me
        found.append(Waiting(proposal, entry, signed[proposal.id], mine))
    return found


def _waiting(assembly: Assembly) -> Any:
    return select(Proposal).where(
        Proposal.community_id == assembly.community_id,
        Proposal.assembly_id == assembly.id,
        Proposal.state == proposals.WAITING,
    )


def tally_items(session: Session, assembly: Assembly, official: Official) -> list[Item]:
    """Both forms of the tally while this counter or scrutineer has not signed them."""
    if assembly.step is not State.TALLIED or official.role not in countersigning.SIGNING_ROLES:
        return []
    if official.key_id in {row.key_id for row in countersigning.signatures(session, assembly)}:
        return []
    values = countersigning.forms(tallying.tally_of(session, assembly))
    return [Item(TALLY_ITEMS[form], "tally", canonical.encode(values[form]).decode()) for form in Form]


def count(session: Session, assembly: Assembly, person_id: str) -> int:
    """How many signatures of this person are waited for; the tally's two forms are one."""
    official = next((one for one in proposals.officials(session, assembly) if one.person_id == person_id), None)
    if official is None or official.key_id is None:
        return 0
    mine = select(EntrySignature.proposal_id).where(
        EntrySignature.community_id == assembly.community_id,
        EntrySignature.assembly_id == assembly.id,
        EntrySignature.key_id == official.key_id,
    )
    query = _waiting(assembly).where(Proposal.id.not_in(mine))
    if not sees_ballots(session, assembly, person_id):
        query = query.where(Proposal.kind != "ballot")
    number = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    return number + bool(tally_items(session, assembly, official))


def assemblies(session: Session, community_id: str, person_id: str) -> Sequence[Assembly]:
    """The assemblies under way in which this person signs."""
    query = (
        select(Assembly)
        .join(
            Official,
            (Official.community_id == Assembly.community_id) & (Official.assembly_id == Assembly.id),
        )
        .where(
            Assembly.community_id == community_id,
            Official.person_id == person_id,
            Official.ended_at.is_(None),
            Assembly.state.not_in((State.DRAFT.value, State.ANNOUNCED.value)),
        )
    )
    return session.scalars(query.order_by(Assembly.code)).unique().all()


def rooms(session: Session, assembly: Assembly) -> dict[str, str]:
    """What people call each elector of the roll: their rooms."""
    query = select(RollEntry.elector, RollEntry.units).where(
        RollEntry.community_id == assembly.community_id, RollEntry.assembly_id == assembly.id
    )
    return {elector: "、".join(unit["unit"] for unit in units) for elector, units in session.execute(query)}


def electors_of_ballots(session: Session, assembly: Assembly, leaves: Sequence[str]) -> dict[str, str]:
    """Whose ballots these are, by leaf."""
    if not leaves:
        return {}
    query = select(Ballot.leaf, Ballot.elector).where(
        Ballot.community_id == assembly.community_id, Ballot.assembly_id == assembly.id, Ballot.leaf.in_(leaves)
    )
    return dict(session.execute(query).tuples().all())
