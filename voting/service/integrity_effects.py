"""`hoa verify` over what signed entries did: roll changes, marks on ballots, keys in force, and every personal
signature.

All of it is kept beside the log so that casting need not read the log; all of it must follow from the log.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.accounts.tables import PersonalKey
from hoa.kernel import canonical, signing
from hoa.kernel.clock import stamp
from hoa.kernel.errors import Refusal
from hoa.ports.keys import Keys
from voting.rules import record
from voting.rules.ledger import Holder, Ledger
from voting.rules.package import Form
from voting.service import countersigning, entries, ledgers, proposals, roll_changes, tallying
from voting.service.keys import PURPOSES
from voting.service.officials import of
from voting.tables import Assembly, BallotMark, EntrySignature, Proposal, RollEntry, RollRemoval

Logged = Sequence[tuple[str, Mapping[str, Any]]]


class Signers(NamedTuple):
    """Everyone who ever held a personal key of this assembly, by key id; and when each key ended, as stamped."""

    held: Mapping[str, Holder]
    ended: Mapping[str, str]


def logged(session: Session, keys: Keys, assembly: Assembly) -> Logged:
    """Every entry but the ballots that nobody signed, with its leaf."""
    return [
        (leaf, entry)
        for leaf, entry in ledgers.entries(session, keys, assembly)
        if entry["type"] != "ballot" or entry["by"]
    ]


def signers(assembly: Assembly, entries_: Logged) -> Signers:
    """Who could sign, by the manifest and the key changes since."""
    assert assembly.manifest is not None
    held = dict(Ledger(canonical.decode(assembly.manifest), ()).people)
    ended = {}
    for _, entry in entries_:
        if entry["type"] == "key-change" and entry["role"] not in PURPOSES:
            key = entry["key"]
            held[key["id"]] = Holder(entry["role"], key["person"], key["public"])
            if entry["old"] is not None:
                ended[entry["old"]] = entry["time"]
    return Signers(held, ended)


def assembly_columns(assembly: Assembly, entries_: Logged) -> Iterator[str]:
    """What extensions, added channels and key changes made of the assembly."""
    until = [entry["until"] for _, entry in entries_ if entry["type"] == "extend"]
    if (assembly.extended_to and stamp(assembly.extended_to)) != (until[-1] if until else None):
        yield "table assembly, column extended_to: it does not follow from the log"
    if assembly.added_channels != [entry["channel"] for _, entry in entries_ if entry["type"] == "channel-added"]:
        yield "table assembly, column added_channels: it does not follow from the log"
    changed = [entry for _, entry in entries_ if entry["type"] == "key-change" and entry["role"] in PURPOSES]
    named = [(key["purpose"], key["public"]) for key in assembly.new_keys]
    if named != [(entry["role"], entry["key"]["public"]) for entry in changed]:
        yield "table assembly, column new_keys: it does not follow from the log"


def starts(session: Session, keys: Keys, assembly: Assembly) -> Iterator[str]:
    """From which size of the log each of the platform's new keys signs."""
    places = [
        (entry["role"], seq + 1)
        for seq, (_, entry) in enumerate(ledgers.entries(session, keys, assembly))
        if entry["type"] == "key-change" and entry["role"] in PURPOSES
    ]
    if [(key["purpose"], key["from"]) for key in assembly.new_keys] != places:
        yield "table assembly, column new_keys: it does not follow from the log"


def roll(session: Session, keys: Keys, assembly: Assembly, entries_: Logged) -> Iterator[str]:
    """The rows that roll changes brought and took away."""
    mine = (RollEntry.community_id == assembly.community_id, RollEntry.assembly_id == assembly.id)
    elector_of = {row.leaf: row.elector for row in session.scalars(select(RollEntry).where(*mine))}
    brought, taken = {}, {}
    for leaf, entry in entries_:
        if entry["type"] == "roll-change":
            inherited = {heir["elector"]: heir["ballots"] for heir in entry["heirs"]}
            for row in entry["after"]:
                brought[row["elector"]] = (record.leaf(row).hex(), leaf, inherited[row["elector"]])
            taken.update({elector_of.get(old): leaf for old in entry["before"]})
    found = session.scalars(select(RollEntry).where(*mine, RollEntry.entry.is_not(None))).all()
    if {row.elector: (row.leaf, row.entry, row.inherited) for row in found} != brought:
        yield "table roll_entry: the changes of the roll are not the ones in the log"
    yield from _removals(session, keys, assembly, taken)


def _removals(session: Session, keys: Keys, assembly: Assembly, taken: Mapping[str | None, str]) -> Iterator[str]:
    query = select(RollRemoval).where(
        RollRemoval.community_id == assembly.community_id, RollRemoval.assembly_id == assembly.id
    )
    rows = session.scalars(query).all()
    for row in rows:
        if row.id != roll_changes.removal_id(keys, assembly.id, row.elector, row.entry):
            yield f"table roll_removal, elector {row.elector}: the row was changed"
    if {row.elector: row.entry for row in rows} != taken:
        yield "table roll_removal: the rows are not the changes in the log"


def marks(session: Session, keys: Keys, assembly: Assembly, entries_: Logged) -> Iterator[str]:
    """What voids and rulings said about ballots."""
    query = select(BallotMark).where(
        BallotMark.community_id == assembly.community_id, BallotMark.assembly_id == assembly.id
    )
    rows = session.scalars(query).all()
    for row in rows:
        if row.id != entries.mark_id(keys, assembly.id, row.ballot, row.kind, row.motion, row.reason, row.entry):
            yield f"table ballot_mark, row {row.id} (ballot {row.ballot[:12]}…): the row was changed"
    said = {
        (entry["leaf"], *entries.marked(entry), entry["reason"], leaf)
        for leaf, entry in entries_
        if entry["type"] in ("void", "ruling")
    }
    if {(row.ballot, row.kind, row.motion, row.reason, row.entry) for row in rows} != said:
        yield "table ballot_mark: the marks are not the voids and rulings in the log"


def officials(session: Session, assembly: Assembly, known: Signers) -> Iterator[str]:
    """Everyone who signs, as the manifest and the key changes name them."""
    rows = of(session, assembly)
    owners: dict[str, str] = {
        key.key_id: key.person_id
        for key in session.scalars(select(PersonalKey).where(PersonalKey.key_id.in_(known.held)))
    }
    for row in rows:
        named = known.held.get(row.key_id or "")
        ended = row.ended_at and stamp(row.ended_at)
        same = named == Holder(row.role, row.name, row.public or "") and owners.get(row.key_id or "") == row.person_id
        if not same or ended != known.ended.get(row.key_id or ""):
            yield f"table official, row {row.id} ({row.name}): it does not follow from the notice and the log"
    if len(rows) != len(known.held):
        yield "table official: there are not as many rows as keys in the notice and the log"


def signatures(session: Session, keys: Keys, assembly: Assembly, entries_: Logged, known: Signers) -> Iterator[str]:
    """Every personal signature over a proposal still holds, and what was appended is what was signed."""
    entry_of = dict(entries_)
    mine = (Proposal.community_id == assembly.community_id, Proposal.assembly_id == assembly.id)
    opened: dict[str, tuple[Proposal, dict[str, Any]]] = {}
    for row in session.scalars(select(Proposal).where(*mine)):
        try:
            entry = proposals.opened(keys, row)
        except Refusal as refusal:
            yield f"table proposal, row {row.id}: {refusal}"
            continue
        opened[row.id] = row, entry
        appended = row.state == proposals.APPENDED
        in_log = entry_of.get(row.leaf or "") if appended else None
        same = row.kind == entry["type"] and row.needed == record.signers_needed(entry)
        same = same and appended == (row.leaf is not None) == (in_log is not None)
        if not same or (in_log is not None and record.unsigned(in_log) != entry):
            yield f"table proposal, row {row.id}: it is not what was signed"
    query = select(EntrySignature).where(
        EntrySignature.community_id == assembly.community_id, EntrySignature.assembly_id == assembly.id
    )
    for signature in session.scalars(query):
        if not _holds(keys, opened.get(signature.proposal_id), signature, known):
            yield f"table entry_signature, row {signature.id}: the signature does not hold or the row was changed"


def _holds(
    keys: Keys, of_proposal: tuple[Proposal, dict[str, Any]] | None, row: EntrySignature, known: Signers
) -> bool:
    holder = known.held.get(row.key_id)
    if of_proposal is None or holder is None:
        return False
    proposal, entry = of_proposal
    made = proposals.signature_id(keys, proposal, row.person_id, row.key_id, row.signature, row.signed_at)
    return row.id == made and signing.verify_p256(
        public=bytes.fromhex(holder.public),
        signature=bytes.fromhex(row.signature),
        message=signing.message("entry", entry),
    )


def countersignatures(session: Session, assembly: Assembly, known: Signers) -> Iterator[str]:
    """Counters' and scrutineers' signatures over both forms of the tally."""
    forms = countersigning.forms(tallying.tally_of(session, assembly))
    for row in countersigning.signatures(session, assembly):
        holder = known.held.get(row.key_id)
        made = countersigning.signature_id(
            assembly.id, row.key_id, row.public_signature, row.full_signature, row.signed_at
        )
        given = {Form.PUBLIC: row.public_signature, Form.FULL: row.full_signature}
        same = holder is not None and (holder.role, holder.person) == (row.role, row.name) and row.id == made
        if (
            holder is None
            or not same
            or not all(
                signing.verify_p256(
                    public=bytes.fromhex(holder.public),
                    signature=bytes.fromhex(given[form]),
                    message=signing.message("tally", value),
                )
                for form, value in forms.items()
            )
        ):
            yield f"table tally_signature, row {row.id} ({row.name}): it does not hold or was changed"
