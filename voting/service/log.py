"""The log: accepted ballots and steps become leaves of one tree, and the tree's heads are signed (voting-record.md
4–6).

Casting only writes a ballot. A *pass* of the sequencer appends what is not in the log yet; one pass at a time, in
one transaction, so that a crash loses nothing and doubles nothing.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, insert, select, text
from sqlalchemy.orm import Session

from hoa.kernel import canonical, checkpoint, merkle
from hoa.kernel.clock import stamp
from hoa.ports.keys import Keys
from voting.rules.record import OPEN_TYPES
from voting.service.keys import in_force, place, row_id
from voting.tables import Assembly, Ballot, LogEntry, TreeHead

BATCH = 1000
ENTRY = "log-entry"


def only_sequencer(session: Session, assembly: Assembly, *, wait: bool) -> bool:
    """Be the only pass over this assembly's log until the transaction ends; False when another one is at it.

    SQLite's writer is alone already; PostgreSQL gives an advisory lock.
    """
    if session.get_bind().dialect.name == "sqlite":
        return True
    number = int.from_bytes(hashlib.sha256(assembly.id.encode()).digest()[:8], signed=True)
    verb = "pg_advisory_xact_lock" if wait else "pg_try_advisory_xact_lock"
    return session.scalar(text(f"SELECT {verb}(:number)"), {"number": number}) is not False


def waiting(assembly: Assembly) -> Any:
    """The query for ballots that are accepted and not in the log, in order of acceptance."""
    logged = exists().where(
        LogEntry.community_id == Ballot.community_id,
        LogEntry.assembly_id == Ballot.assembly_id,
        LogEntry.leaf == Ballot.leaf,
    )
    return (
        select(Ballot.leaf)
        .where(Ballot.community_id == assembly.community_id, Ballot.assembly_id == assembly.id, ~logged)
        .order_by(Ballot.cast_at, Ballot.id)
    )


def sequence_ballots(session: Session, keys: Keys, assembly: Assembly, *, batch: int | None = BATCH) -> int:
    """Append accepted ballots to the log, at most `batch` of them (None: all); the caller is the only sequencer."""
    leaves = session.scalars(waiting(assembly).limit(batch)).all()
    start = size(session, assembly)
    if leaves:
        session.execute(
            insert(LogEntry),
            [
                _row(keys, assembly, seq=start + place, kind="ballot", leaf=leaf, body=None)
                for place, leaf in enumerate(leaves)
            ],
        )
    return len(leaves)


def append(session: Session, keys: Keys, assembly: Assembly, entry: dict[str, Any]) -> None:
    """Append one entry that is not a ballot; what names an elector is sealed."""
    body = canonical.encode(entry)
    leaf = merkle.leaf_hash(body).hex()
    kept = body if entry["type"] in OPEN_TYPES else keys.seal(ENTRY, body, _entry_place(assembly, leaf))
    row = _row(keys, assembly, seq=size(session, assembly), kind=entry["type"], leaf=leaf, body=kept)
    session.execute(insert(LogEntry), [row])


def entry_bytes(keys: Keys, assembly: Assembly, kind: str, leaf: str, body: bytes) -> bytes:
    """The canonical bytes of an entry that is not a ballot, out of its envelope if it has one."""
    return body if kind in OPEN_TYPES else keys.open(ENTRY, body, _entry_place(assembly, leaf))


def _entry_place(assembly: Assembly, leaf: str) -> bytes:
    return place(assembly.community_id, assembly.id, "entry", leaf)


def _row(keys: Keys, assembly: Assembly, *, seq: int, kind: str, leaf: str, body: bytes | None) -> dict[str, Any]:
    return {
        "community_id": assembly.community_id,
        "id": row_id(keys, assembly.id, str(seq), kind, leaf),
        "assembly_id": assembly.id,
        "seq": seq,
        "type": kind,
        "leaf": leaf,
        "body": body,
    }


def size(session: Session, assembly: Assembly) -> int:
    """How many entries the log has."""
    latest = session.scalar(
        select(func.max(LogEntry.seq)).where(
            LogEntry.community_id == assembly.community_id, LogEntry.assembly_id == assembly.id
        )
    )
    return 0 if latest is None else latest + 1


def leaves(session: Session, assembly: Assembly) -> list[bytes]:
    """All leaf hashes in log order."""
    query = select(LogEntry.leaf).where(
        LogEntry.community_id == assembly.community_id, LogEntry.assembly_id == assembly.id
    )
    return [bytes.fromhex(leaf) for leaf in session.scalars(query.order_by(LogEntry.seq))]


def origin(host: str, community_code: str, assembly: Assembly) -> str:
    """The name under which this log signs."""
    return f"{host}/{community_code}/{assembly.manifest_hash}"


def sign_head(session: Session, keys: Keys, assembly: Assembly, *, purpose: str, now: datetime) -> TreeHead:
    """Sign the log as it is now."""
    assert assembly.manifest is not None
    manifest = canonical.decode(assembly.manifest)
    name = origin(manifest["host"], manifest["community"]["code"], assembly)
    frontier = merkle.Frontier().extend(leaves(session, assembly))
    key = in_force(keys, assembly, "log", size=frontier.size)
    head = checkpoint.Checkpoint(name, frontier.size, frontier.root)
    verifier = checkpoint.VerifierKey(name, checkpoint.KeyType.LOG, key.public)
    note = checkpoint.Note(head, (checkpoint.sign_head(head, verifier, key.sign),))
    row = TreeHead(
        id=head_id(keys, assembly.id, purpose, now, note.text),
        community_id=assembly.community_id,
        assembly_id=assembly.id,
        size=head.size,
        reason=purpose,
        note=note.text,
        signed_at=now,
    )
    session.add(row)
    session.flush()
    return row


def head_id(keys: Keys, assembly_id: str, purpose: str, signed_at: datetime, note: bytes) -> str:
    return row_id(keys, assembly_id, purpose, stamp(signed_at), note.hex())


def heads(session: Session, assembly: Assembly) -> Sequence[TreeHead]:
    """Every signed head, in order of signing."""
    query = select(TreeHead).where(TreeHead.community_id == assembly.community_id, TreeHead.assembly_id == assembly.id)
    order = {"notice": 0, "opening": 1, "hourly": 2, "cutoff": 3, "close": 4}
    return sorted(session.scalars(query), key=lambda head: (head.signed_at, order[head.reason], head.size))
