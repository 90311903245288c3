"""The log out of its envelopes, and the ledger that follows from it."""

import json
from collections.abc import Iterator
from typing import Any, ClassVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.kernel import canonical, merkle
from hoa.kernel.errors import N_, Refusal
from hoa.ports.keys import Keys
from voting.rules.ledger import Ledger, OnRoll
from voting.service import casting, log
from voting.tables import Assembly, Ballot, LogEntry, RollEntry

# What `json.loads` comes to after it has looked at its eight options, a hundred thousand times.
_read_json = json.JSONDecoder().decode


class LogDamaged(Refusal):
    message: ClassVar[str] = N_("日志第 %(seq)s 条与登记的指纹不符，不能计票：数据可能被改动，请先核验数据库")
    status: ClassVar[int] = 409


def entries(session: Session, keys: Keys, assembly: Assembly) -> Iterator[tuple[str, dict[str, Any]]]:
    """Leaves with their entries in log order; an entry that is not what its leaf says stops the reading."""
    query = (
        select(LogEntry.seq, LogEntry.type, LogEntry.leaf, LogEntry.body, Ballot.entry)
        .outerjoin(
            Ballot,
            (Ballot.community_id == LogEntry.community_id)
            & (Ballot.assembly_id == LogEntry.assembly_id)
            & (Ballot.leaf == LogEntry.leaf),
        )
        .where(LogEntry.community_id == assembly.community_id, LogEntry.assembly_id == assembly.id)
        .order_by(LogEntry.seq)
    )
    for seq, kind, leaf, body, sealed in session.execute(query):
        if (sealed if body is None else body) is None:
            raise LogDamaged(seq=seq)
        if body is None:
            plain = casting.opened_bytes(keys, assembly.community_id, assembly.id, leaf, sealed)
        else:
            plain = log.entry_bytes(keys, assembly, kind, leaf, body)
        if merkle.leaf_hash(plain).hex() != leaf:
            raise LogDamaged(seq=seq)
        yield leaf, _read_json(plain.decode())


def opening_roll(session: Session, assembly: Assembly) -> list[OnRoll]:
    """The roll that the notice froze, without units and salts."""
    query = select(RollEntry.leaf, RollEntry.elector, RollEntry.area).where(
        RollEntry.community_id == assembly.community_id,
        RollEntry.assembly_id == assembly.id,
        RollEntry.entry.is_(None),
    )
    return [OnRoll._make(row) for row in session.execute(query)]


def ledger(session: Session, keys: Keys, assembly: Assembly) -> Ledger:
    """Everything that the log says so far."""
    assert assembly.manifest is not None
    opening = opening_roll(session, assembly)
    return Ledger(canonical.decode(assembly.manifest), opening).read(entries(session, keys, assembly))
