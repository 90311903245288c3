"""`hoa verify` over the voting tables: every final row is compared with what was signed, hashed or sealed (trust.md
12)."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.kernel import canonical, checkpoint, merkle, packs, signing
from hoa.kernel.clock import parse_stamp, stamp, today
from hoa.kernel.errors import Refusal
from hoa.platform import Platform
from hoa.ports.keys import Keys
from voting.rules import record
from voting.rules.life import ORDER, State
from voting.service import (
    casting,
    drafts,
    integrity_after,
    log,
    notice,
    roll_changes,
    steps,
    tallying,
    witnessing,
)
from voting.service import integrity_effects as effects
from voting.service.evidence import counted_again
from voting.service.keys import in_force, publics, row_id
from voting.tables import Assembly, Ballot, CountedRow, LogEntry, RollEntry, RollUnit

UNREADABLE = (Refusal, ValueError, TypeError, LookupError, ArithmeticError)


def verify_records(platform: Platform, session: Session, community_id: str) -> list[str]:
    """A sentence for every row of this community's assemblies that is not what it was when it was written."""
    query = select(Assembly).where(Assembly.community_id == community_id).order_by(Assembly.code)
    problems: list[str] = []
    for assembly in session.scalars(query):
        if assembly.step is not State.DRAFT:
            found = _problems(platform, session, assembly)
            problems += [f"assembly {assembly.code}: {problem}" for problem in found]
    return problems


def _problems(platform: Platform, session: Session, assembly: Assembly) -> Iterator[str]:
    if assembly.manifest is None or record.identity(assembly.manifest) != assembly.manifest_hash:
        yield "table assembly: the manifest does not have the hash that was printed on the notice"
        return
    keys = platform.keys
    sections = {
        "assembly": _assembly(session, assembly),
        "assembly_event": _events(session, assembly),
        "roll_entry": _roll(session, keys, assembly),
        "ballot": _ballots(session, keys, assembly),
        "log_entry": _log(session, keys, assembly),
        "tree_head": _heads(session, keys, assembly),
        "cosignature": witnessing.findings(session, keys, assembly),
    }
    try:
        sections |= _followed(session, keys, assembly)
    except UNREADABLE as error:
        yield f"table log_entry or ballot: the log cannot be read ({error})"
    if assembly.step in (State.TALLIED, State.ANNOUNCED):
        sections["assembly_tally"] = _tally(platform, session, assembly)
        sections["counted_row"] = _counted(session, keys, assembly)
    sections["sample_draw, sample_row or sample_answer"] = integrity_after.drawn(session, keys, assembly)
    sections["assembly_minutes, minutes_note or minutes_signature"] = integrity_after.written(session, keys, assembly)
    sections["evidence_hold"] = integrity_after.held(session, keys, assembly)
    for table, found in sections.items():
        yield from _to_the_end(table, found)


def _followed(session: Session, keys: Keys, assembly: Assembly) -> dict[str, Iterator[str]]:
    """What must follow from the log, by table."""
    entries = effects.logged(session, keys, assembly)
    known = effects.signers(assembly, entries)
    sections = {
        "assembly, what entries changed": effects.assembly_columns(assembly, entries),
        "assembly, column new_keys": effects.starts(session, keys, assembly),
        "roll_entry or roll_removal": effects.roll(session, keys, assembly, entries),
        "ballot_mark": effects.marks(session, keys, assembly, entries),
        "official": effects.officials(session, assembly, known),
        "entry_signature or proposal": effects.signatures(session, keys, assembly, entries, known),
    }
    if assembly.step in (State.TALLIED, State.ANNOUNCED):
        sections["tally_signature"] = effects.countersignatures(session, assembly, known)
    return sections


def _to_the_end(table: str, found: Iterator[str]) -> Iterator[str]:
    """A value that cannot even be read (a text where bytes belong) is itself a finding, not the end of the check."""
    try:
        yield from found
    except UNREADABLE as error:
        yield f"table {table}: a row holds a value that cannot be read ({type(error).__name__})"


def _assembly(session: Session, assembly: Assembly) -> Iterator[str]:
    assert assembly.manifest is not None
    manifest = canonical.decode(assembly.manifest)
    receipt_key = next(key["public"] for key in manifest["keys"]["platform"] if key["purpose"] == "receipt")
    written = {
        "code": (assembly.code, manifest["code"]),
        "title": (assembly.title, manifest["title"]),
        "convener": (assembly.convener, manifest["convener"]),
        "counting": (assembly.counting, manifest["counting"]),
        "rule_pack": (assembly.rule_pack, manifest["rules"]["pack"]),
        "identity_level": (assembly.identity_level, _identity_level(manifest)),
        "opens_at": (stamp(assembly.opens_at), manifest["times"]["opens"]),
        "closes_at": (stamp(assembly.closes_at), manifest["times"]["closes"]),
        "roll_heads": (assembly.roll_heads, manifest["totals"]["heads"]),
        "roll_area": (assembly.roll_area, manifest["totals"]["area"]),
        "receipt_key": (assembly.receipt_key, receipt_key),
        "channels": (sorted(assembly.channels), manifest["channels"]),
        "silent_rule": (assembly.silent_rule, manifest["silent_rule"]),
        "proxy_cap": (assembly.proxy_cap, manifest["proxy_cap"]),
        "extension_clause": (assembly.extension_clause, (manifest["extension"] or {}).get("clause")),
        "extension_latest": (
            assembly.extension_latest and stamp(assembly.extension_latest),
            (manifest["extension"] or {}).get("latest"),
        ),
        "elections": (assembly.elections, manifest.get("elections", [])),
        "clauses": (_cited(assembly.clauses), _cited(manifest["clauses"])),
    }
    for column, (now, then) in written.items():
        if now != then:
            yield f"table assembly, column {column}: says {now}, the notice said {then}"
    if [notice.noticed(motion).value for motion in drafts.motions(session, assembly)] != manifest["motions"]:
        yield "table motion: the motions are not the ones of the notice"


def _cited(clauses: Sequence[Mapping[str, str]]) -> set[tuple[str, str]]:
    """The rulebook clauses relied on, whichever parameters cite them."""
    return {(clause["clause"], clause["document"]) for clause in clauses}


def _identity_level(manifest: Mapping[str, Any]) -> str:
    """What the noticed rule pack asks of whoever votes (R7.5)."""
    day = today(parse_stamp(manifest["times"]["noticed"]))
    return packs.pack(manifest["rules"]["pack"], day=day).text("identity_level")


def _events(session: Session, assembly: Assembly) -> Iterator[str]:
    taken = steps.events(session, assembly)
    for event in taken:
        if event.id != steps.event_id(event.assembly_id, event.state, event.person_id, event.at, event.reason):
            yield f"table assembly_event, state {event.state}: the row was changed"
    reached = ORDER[: ORDER.index(assembly.step) + 1]
    if [event.state for event in taken] != [state.value for state in reached]:
        yield f"table assembly, column state: {assembly.state} does not follow from the events"


def _roll(session: Session, keys: Keys, assembly: Assembly) -> Iterator[str]:
    mine = (RollEntry.community_id == assembly.community_id, RollEntry.assembly_id == assembly.id)
    assert assembly.manifest is not None
    units: dict[str, list[str]] = {}
    query = select(RollUnit).where(RollUnit.community_id == assembly.community_id, RollUnit.assembly_id == assembly.id)
    for unit in session.scalars(query):
        units.setdefault(unit.elector, []).append(unit.unit_id)
        if unit.id != row_id(keys, assembly.id, "unit", unit.unit_id, unit.elector):
            yield f"table roll_unit, row {unit.id}: the row was changed"
    leaves = []
    for row in session.scalars(select(RollEntry).where(*mine)):
        if row.entry is None:
            leaves.append(bytes.fromhex(row.leaf))
        try:
            opened = tallying.opened_entry(keys, assembly, row, units.get(row.elector, ()))
        except Refusal as refusal:
            yield f"table roll_entry, elector {row.elector}: {refusal}"
            continue
        same = (opened.leaf.hex(), opened.share.heads, opened.share.area) == (row.leaf, row.heads, row.area)
        if not same or row.id != roll_changes.roll_id(keys, assembly.id, row.leaf, row.entry, row.inherited):
            yield f"table roll_entry, elector {row.elector}: the row was changed"
    if merkle.root(sorted(leaves)).hex() != canonical.decode(assembly.manifest)["roll_root"]:
        yield "table roll_entry: the roll is not the one that the notice froze"


def _ballots(session: Session, keys: Keys, assembly: Assembly) -> Iterator[str]:
    query = select(Ballot).where(Ballot.community_id == assembly.community_id, Ballot.assembly_id == assembly.id)
    known = {record.key_id(bytes.fromhex(public)): public for _, public in publics(assembly, "receipt")}
    for ballot in session.scalars(query):
        try:
            same = _is_as_cast(keys, ballot, known)
        except (Refusal, ValueError, KeyError):
            same = False
        if not same:
            yield f"table ballot, row {ballot.id} (leaf {ballot.leaf[:12]}…): the row was changed"


def _is_as_cast(keys: Keys, ballot: Ballot, known: Mapping[str, str]) -> bool:
    """`known`: the receipt keys of this assembly (hex) by their ids."""
    entry = casting.opened(keys, ballot.community_id, ballot.assembly_id, ballot.leaf, ballot.entry)
    receipt = canonical.decode(ballot.receipt)
    written = (entry["elector"], entry["previous"], entry["channel"], entry["time"], receipt["leaf"])
    row = (ballot.elector, ballot.previous, ballot.channel, receipt["time"], ballot.leaf)
    # What officials key in is accepted with its last signature, later than its entry was written.
    cast_at = stamp(ballot.cast_at)
    in_time = cast_at == entry["time"] if not entry["by"] else cast_at >= entry["time"]
    made = casting.ballot_id(
        keys,
        ballot.assembly_id,
        ballot.elector,
        ballot.client_nonce,
        ballot.leaf,
        ballot.cast_at,
        ballot.receipt,
    )
    return (
        record.leaf(entry).hex() == ballot.leaf
        and written == row
        and in_time
        and ballot.id == made
        and signing.verify_ed25519(
            public=bytes.fromhex(known[receipt["key"]]),
            signature=bytes.fromhex(receipt["signature"]),
            message=signing.message("receipt", receipt),
        )
    )


def _log(session: Session, keys: Keys, assembly: Assembly) -> Iterator[str]:
    mine = (LogEntry.community_id == assembly.community_id, LogEntry.assembly_id == assembly.id)
    entries = session.scalars(select(LogEntry).where(*mine).order_by(LogEntry.seq)).all()
    for place, entry in enumerate(entries):
        if entry.seq != place:
            yield f"table log_entry, seq {place}: the entry is missing"
            return
        same = entry.id == row_id(keys, assembly.id, str(entry.seq), entry.type, entry.leaf)
        if entry.body is not None:
            same = same and _is_as_appended(keys, assembly, entry)
        if not same or (entry.body is None) != (entry.type == "ballot"):
            yield f"table log_entry, seq {entry.seq}: the row was changed"
    cast = select(Ballot.leaf).where(Ballot.community_id == assembly.community_id, Ballot.assembly_id == assembly.id)
    missing = {entry.leaf for entry in entries if entry.type == "ballot"} - set(session.scalars(cast))
    for leaf in sorted(missing):
        yield f"table ballot: the ballot with leaf {leaf[:12]}… is in the log and gone from the table"
    if assembly.step not in (State.NOTICED, State.OPEN) and session.scalars(log.waiting(assembly).limit(1)).first():
        yield "table log_entry: an accepted ballot never entered the log"


def _is_as_appended(keys: Keys, assembly: Assembly, entry: LogEntry) -> bool:
    assert entry.body is not None
    try:
        body = log.entry_bytes(keys, assembly, entry.type, entry.leaf, entry.body)
    except Refusal:
        return False
    return merkle.leaf_hash(body).hex() == entry.leaf


def _heads(session: Session, keys: Keys, assembly: Assembly) -> Iterator[str]:
    assert assembly.manifest is not None
    manifest = canonical.decode(assembly.manifest)
    name = log.origin(manifest["host"], manifest["community"]["code"], assembly)
    tree = merkle.Tree(log.leaves(session, assembly))
    heads = log.heads(session, assembly)
    for head in heads:
        where = f"table tree_head, row {head.id} (size {head.size})"
        if head.id != log.head_id(keys, assembly.id, head.reason, head.signed_at, head.note):
            yield f"{where}: the row was changed"
        try:
            note = checkpoint.parse(head.note)
            public = in_force(keys, assembly, "log", size=head.size).public
            signed = checkpoint.verify(note, [checkpoint.VerifierKey(name, checkpoint.KeyType.LOG, public)])
        except Refusal as refusal:
            yield f"{where}: {refusal}"
            continue
        covered = note.checkpoint.size == head.size <= len(tree)
        if not signed or not covered or tree.root(head.size) != note.checkpoint.root:
            yield f"{where}: the log is not the one that was signed"
    if not heads or heads[0].reason != "notice":
        yield "table tree_head: the head of the notice is missing"


def _tally(platform: Platform, session: Session, assembly: Assembly) -> Iterator[str]:
    assert assembly.manifest is not None
    row = tallying.tally_of(session, assembly)
    keys = platform.keys
    if row.id != tallying.tally_id(keys, assembly.id, row.full, row.public_signatures, row.full_signatures):
        yield "table assembly_tally: the row was changed"
    if row.digest != hashlib.sha256(row.public).hexdigest():
        yield "table assembly_tally, column public or digest: the tally is not the one that was published"
    try:
        full = canonical.decode(row.full)
    except Refusal as refusal:
        yield f"table assembly_tally, column full: {refusal}"
        return
    if full["time"] != stamp(row.made_at):
        yield "table assembly_tally, column made_at: it is not the time in the signed tally"
    if full["public"] != row.digest:
        yield "table assembly_tally, column public: it does not follow from the full tally"
    if problem := counted_again(platform, session, assembly, full):
        yield f"table assembly_tally: {problem}"


def _counted(session: Session, keys: Keys, assembly: Assembly) -> Iterator[str]:
    root = canonical.decode(tallying.tally_of(session, assembly).full)["counted"]["root"]
    query = select(CountedRow).where(
        CountedRow.community_id == assembly.community_id, CountedRow.assembly_id == assembly.id
    )
    rows: Sequence[CountedRow] = session.scalars(query).all()
    for row in rows:
        try:
            same = tallying.opened_row(keys, row).leaf.hex() == row.leaf
        except Refusal:
            same = False
        if not same or row.id != row_id(keys, assembly.id, "row", row.leaf, row.counted or ""):
            yield f"table counted_row, elector {row.elector}: the row was changed"
    if merkle.root(sorted(bytes.fromhex(row.leaf) for row in rows)).hex() != root:
        yield "table counted_row: the rows are not the ones that the tally was signed over"
