"""Counting: the log is opened once it is closed, every elector gets a row, and the tally is signed
(voting-record.md 7)."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from hoa.kernel import canonical, merkle, signing
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.ports.keys import Keys
from voting.rules import published, record
from voting.rules.counting import CastBallot, Counting, counted
from voting.rules.life import State
from voting.rules.matters import Majority, matter
from voting.rules.tally import MotionTally, Question, tally
from voting.rules.thresholds import Share
from voting.service import casting, drafts, log, steps
from voting.service.keys import SALT, frozen, place, roll_place, row_id
from voting.tables import Assembly, Ballot, CountedRow, LogEntry, Motion, RollEntry, RollUnit, Tally


class LogDamaged(Refusal):
    message: ClassVar[str] = N_("日志第 %(seq)s 条与登记的指纹不符，不能计票：数据可能被改动，请先核验数据库")
    status: ClassVar[int] = 409


class NotOnThisRoll(Refusal):
    message: ClassVar[str] = N_("业主 %(elector)s 的票在日志里，名册上却没有这位业主，不能计票：请先核验数据库")
    status: ClassVar[int] = 409


class Recount(NamedTuple):
    """What the log says when it is counted: per motion, and which ballot counts for whom."""

    motions: Sequence[MotionTally]
    counted: Mapping[str, CastBallot]
    logged: int


def ballots(session: Session, keys: Keys, assembly: Assembly) -> list[CastBallot]:
    """The ballots of the log out of their envelopes; one that is not what its leaf says stops the count."""
    query = (
        select(LogEntry.seq, LogEntry.leaf, Ballot.entry)
        .join(
            Ballot,
            (Ballot.community_id == LogEntry.community_id)
            & (Ballot.assembly_id == LogEntry.assembly_id)
            & (Ballot.leaf == LogEntry.leaf),
        )
        .where(
            LogEntry.community_id == assembly.community_id,
            LogEntry.assembly_id == assembly.id,
            LogEntry.type == "ballot",
        )
        .order_by(LogEntry.seq)
    )
    return [_ballot(keys, assembly, seq, leaf, entry) for seq, leaf, entry in session.execute(query)]


def _ballot(keys: Keys, assembly: Assembly, seq: int, leaf: str, sealed: bytes) -> CastBallot:
    body = casting.opened_bytes(keys, assembly.community_id, assembly.id, leaf, sealed)
    if merkle.leaf_hash(body).hex() != leaf:
        raise LogDamaged(seq=seq)
    entry = json.loads(body.decode())
    return CastBallot(leaf, entry["elector"], entry["previous"], entry["choices"])


def question(motion: Motion) -> Question:
    """A motion as far as counting needs it."""
    return Question(motion.code, matter(motion.matter), Majority(motion.majority))


def recount(session: Session, keys: Keys, assembly: Assembly) -> Recount:
    """Count the closed log; the same function gives the first count and every later one."""
    cast = ballots(session, keys, assembly)
    chosen = counted(cast, Counting(assembly.counting))
    query = select(RollEntry.elector, RollEntry.heads, RollEntry.area).where(
        RollEntry.community_id == assembly.community_id, RollEntry.assembly_id == assembly.id
    )
    roll = {elector: Share(heads, area) for elector, heads, area in session.execute(query)}
    for elector in sorted(chosen.keys() - roll.keys()):
        raise NotOnThisRoll(elector=elector)
    motions = [
        tally(question(motion), roll=roll, counted=chosen, invalid={}) for motion in drafts.motions(session, assembly)
    ]
    return Recount(motions, chosen, len(cast))


def count(session: Session, keys: Keys, community_id: str, assembly_id: str, *, by: str | None, now: datetime) -> Tally:
    """Take the step `tallied`: counted rows, both forms of the tally, the platform's signatures."""
    assembly = steps.locked(session, community_id, assembly_id)
    steps.take(session, assembly, State.TALLIED, by=by, now=now)
    assert assembly.manifest is not None
    assert assembly.manifest_hash is not None
    result = recount(session, keys, assembly)
    rows = _rows(session, assembly, result)
    _keep_rows(session, keys, assembly, rows)
    full = published.full_tally(
        assembly.manifest_hash,
        time=now,
        roots=_roots(session, assembly, rows),
        ballots=published.BallotCounts(
            logged=result.logged,
            counted=len(result.counted),
            superseded=result.logged - len(result.counted),
            voided=0,
        ),
        motions=result.motions,
    )
    return _sign(session, keys, assembly, full, now=now)


def _rows(session: Session, assembly: Assembly, result: Recount) -> list[record.CountedBallot]:
    query = select(RollEntry.elector).where(
        RollEntry.community_id == assembly.community_id, RollEntry.assembly_id == assembly.id
    )
    return [
        record.CountedBallot(
            elector, result.counted[elector].leaf if elector in result.counted else None, record.fresh()
        )
        for elector in session.scalars(query)
    ]


def _keep_rows(session: Session, keys: Keys, assembly: Assembly, rows: Sequence[record.CountedBallot]) -> None:
    session.execute(
        insert(CountedRow),
        [
            {
                "community_id": assembly.community_id,
                "id": row_id(keys, assembly.id, "row", row.leaf.hex(), row.counted or ""),
                "assembly_id": assembly.id,
                "elector": row.elector,
                "counted": row.counted,
                "salt": keys.seal(
                    SALT, bytes.fromhex(row.salt), place(assembly.community_id, assembly.id, "row", row.elector)
                ),
                "leaf": row.leaf.hex(),
            }
            for row in rows
        ],
    )


def _roots(session: Session, assembly: Assembly, rows: Sequence[record.CountedBallot]) -> published.Roots:
    assert assembly.manifest is not None
    leaves = log.leaves(session, assembly)
    return published.Roots(
        log_size=len(leaves),
        log_root=merkle.root(leaves),
        roll_root=bytes.fromhex(canonical.decode(assembly.manifest)["roll_root"]),
        roll=Share(assembly.roll_heads, assembly.roll_area),
        counted_root=merkle.root(sorted(row.leaf for row in rows)),
        counted_rows=len(rows),
    )


def _sign(session: Session, keys: Keys, assembly: Assembly, full: Mapping[str, Any], *, now: datetime) -> Tally:
    assert assembly.manifest is not None
    public = published.public_tally(full)
    key = frozen(keys, assembly.manifest, "record")

    def signatures(value: Mapping[str, Any]) -> bytes:
        line = {"role": "platform", "person": "", "key": key.id}
        return canonical.encode_lines([{**line, "signature": key.sign(signing.message("tally", value)).hex()}])

    public_bytes = canonical.encode(public)
    signed = signatures(public), signatures(full)
    row = Tally(
        id=tally_id(keys, assembly.id, canonical.encode(full), *signed),
        community_id=assembly.community_id,
        assembly_id=assembly.id,
        public=public_bytes,
        full=canonical.encode(full),
        digest=hashlib.sha256(public_bytes).hexdigest(),
        public_signatures=signed[0],
        full_signatures=signed[1],
        made_at=now,
    )
    session.add(row)
    session.flush()
    return row


def tally_id(keys: Keys, assembly_id: str, full: bytes, public_signatures: bytes, full_signatures: bytes) -> str:
    return row_id(keys, assembly_id, "tally", full.hex(), public_signatures.hex(), full_signatures.hex())


def tally_of(session: Session, assembly: Assembly) -> Tally:
    """The signed tally of an assembly that was counted."""
    query = select(Tally).where(Tally.community_id == assembly.community_id, Tally.assembly_id == assembly.id)
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NotFound
    return found


def counted_row(session: Session, keys: Keys, assembly: Assembly, elector: str) -> record.CountedBallot | None:
    """An elector's own row, with the salt that only they and the full package get; None before the count."""
    query = select(CountedRow).where(
        CountedRow.community_id == assembly.community_id,
        CountedRow.assembly_id == assembly.id,
        CountedRow.elector == elector,
    )
    row = session.scalars(query).one_or_none()
    return None if row is None else opened_row(keys, row)


def opened_row(keys: Keys, row: CountedRow) -> record.CountedBallot:
    """A counted row with its salt out of the envelope."""
    salt = keys.open(SALT, row.salt, place(row.community_id, row.assembly_id, "row", row.elector))
    return record.CountedBallot(row.elector, row.counted, salt.hex())


def opened_roll(session: Session, keys: Keys, assembly: Assembly) -> dict[str, record.RollRow]:
    """The frozen roll with its salts out of their envelopes, by the ids of its entries."""
    mine = (RollUnit.community_id == assembly.community_id, RollUnit.assembly_id == assembly.id)
    units: dict[str, list[str]] = defaultdict(list)
    for elector, unit_id in session.execute(select(RollUnit.elector, RollUnit.unit_id).where(*mine)):
        units[elector].append(unit_id)
    query = select(RollEntry).where(
        RollEntry.community_id == assembly.community_id, RollEntry.assembly_id == assembly.id
    )
    return {row.id: opened_entry(keys, assembly, row, units[row.elector]) for row in session.scalars(query)}


def opened_entry(keys: Keys, assembly: Assembly, row: RollEntry, unit_ids: Sequence[str]) -> record.RollRow:
    """A roll entry with its salt out of the envelope; it opens only beside the units it was written with."""
    salt = keys.open(SALT, row.salt, roll_place(assembly, row.elector, unit_ids))
    return record.RollRow(row.elector, tuple((unit["unit"], unit["area"]) for unit in row.units), salt.hex())


def counts(session: Session, assembly: Assembly, leaf: str) -> bool | None:
    """Whether a ballot is the one that counted for its elector; None before the count."""
    if assembly.step not in (State.TALLIED, State.ANNOUNCED):
        return None
    query = select(CountedRow.id).where(
        CountedRow.community_id == assembly.community_id,
        CountedRow.assembly_id == assembly.id,
        CountedRow.counted == leaf,
    )
    return session.scalar(query) is not None
