"""Counting: the log is opened once it is closed, every elector gets a row, and the tally is signed
(voting-record.md 7)."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from hoa.kernel import canonical, merkle, signing
from hoa.kernel.errors import NotFound
from hoa.kernel.memory import without_collecting
from hoa.ports.keys import Keys
from voting.rules import published, record
from voting.rules.counting import CastBallot
from voting.rules.election import Candidate, Contest, Elected, Standing, contest, elect, stands
from voting.rules.ledger import Ledger
from voting.rules.life import State
from voting.rules.matters import Majority, matter
from voting.rules.silent import SilentRule
from voting.rules.tally import MotionTally, Question, tally
from voting.rules.thresholds import NOTHING, Share
from voting.service import drafts, ledgers, log, sampling, steps, witnessing
from voting.service.keys import SALT, in_force, place, roll_place, row_id
from voting.tables import Assembly, CountedRow, Motion, RollEntry, RollUnit, Tally


class Recount(NamedTuple):
    """What the log says when it is counted: per motion, which ballot counts for whom, and the ledger behind both."""

    motions: Sequence[MotionTally]
    counted: Mapping[str, CastBallot]
    ledger: Ledger


def question(motion: Motion) -> Question:
    """A motion as far as counting needs it."""
    return Question(motion.code, matter(motion.matter), Majority(motion.majority))


def recount(session: Session, keys: Keys, assembly: Assembly) -> Recount:
    """Count the closed log; the same function gives the first count and every later one."""
    with without_collecting():
        return _recount(session, keys, assembly)


def _recount(session: Session, keys: Keys, assembly: Assembly) -> Recount:
    ledger = ledgers.ledger(session, keys, assembly)
    chosen, weights = ledger.counted(), ledger.weights
    silent = None
    if assembly.silent_rule == SilentRule.FOLLOW_MAJORITY:
        silent = sum((weights[elector] for elector in ledger.delivered - chosen.keys()), NOTHING)
    motions = [
        tally(
            question(motion),
            roll=weights,
            counted=chosen,
            invalid=ledger.reasons(chosen, motion.code),
            silent=silent,
        )
        for motion in drafts.motions(session, assembly)
    ]
    return Recount(motions, chosen, ledger)


def count(session: Session, keys: Keys, community_id: str, assembly_id: str, *, by: str | None, now: datetime) -> Tally:
    """Take the step `tallied`: counted rows, what came of asking a sample of recorded voters, both forms of the tally,
    the platform's signatures."""
    assembly = steps.locked(session, community_id, assembly_id)
    steps.take(session, assembly, State.TALLIED, by=by, now=now)
    witnessing.need_before_the_count(session, assembly, now)
    assert assembly.manifest_hash is not None
    result = recount(session, keys, assembly)
    rows = _rows(result)
    sample = sampling.outcome(session, keys, assembly, result.counted, now=now)
    _keep_rows(session, keys, assembly, rows)
    full = published.full_tally(
        assembly.manifest_hash,
        time=now,
        roots=_roots(session, assembly, result.ledger, rows),
        ballots=result.ledger.ballot_counts(result.counted),
        paper=result.ledger.paper,
        motions=result.motions,
        sample=sample,
        elections=elections(result, sample["seed"] if sample else sampling.seed_now(session, assembly, now)),
    )
    return _sign(session, keys, assembly, full, now=now)


def elections(result: Recount, seed: str) -> list[Elected]:
    """What a count comes to in each election; `seed` (hex) is the lot's, the same for all and the sample's."""
    counted = {
        motion.question.code: Candidate(motion.question.code, motion.agreed, motion.outcome)
        for motion in result.motions
    }
    return [elect(one, seed, [counted[code] for code in one.motions]) for one in result.ledger.contests]


def _rows(result: Recount) -> list[record.CountedBallot]:
    """One row per elector of the final roll, voter or not."""
    chosen = result.counted
    return [
        record.CountedBallot(elector, chosen[elector].leaf if elector in chosen else None, record.fresh())
        for elector in result.ledger.roll
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


def _roots(
    session: Session, assembly: Assembly, ledger: Ledger, rows: Sequence[record.CountedBallot]
) -> published.Roots:
    leaves = log.leaves(session, assembly)
    return published.Roots(
        log_size=len(leaves),
        log_root=merkle.root(leaves),
        opening=ledger.opening_roll,
        final=ledger.final_roll,
        counted_root=merkle.root(sorted(row.leaf for row in rows)),
        counted_rows=len(rows),
    )


def _sign(session: Session, keys: Keys, assembly: Assembly, full: Mapping[str, Any], *, now: datetime) -> Tally:
    public = published.public_tally(full)
    key = in_force(keys, assembly, "record")

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


class Ranked(NamedTuple):
    """Somebody who passed: the place in the ranking (from 1), the motion, its title (the candidate's name), and who
    agreed."""

    place: int
    motion: str
    name: str
    agreed: Share


class ElectionResult(NamedTuple):
    """An election as the signed tally has it. Only where it `stands` is there a committee: otherwise `elected` are
    those who passed and take no office."""

    contest: Contest
    outcome: Standing
    elected: tuple[Ranked, ...]
    alternates: tuple[Ranked, ...]
    vacant: int
    seed: str

    @property
    def stands(self) -> bool:
        return stands(self.outcome)


def elected(session: Session, assembly: Assembly) -> list[ElectionResult]:
    """What a counted assembly elected, from the bytes that were signed; empty when it elects nobody."""
    full = canonical.decode(tally_of(session, assembly).full)
    contests = {value["code"]: contest(value) for value in assembly.elections}
    names = {motion.code: motion.title for motion in drafts.motions(session, assembly)}
    return [_result(contests[one["election"]], one, names) for one in full.get("elections", ())]


def _result(one: Contest, told: Mapping[str, Any], names: Mapping[str, str]) -> ElectionResult:
    ranking = {
        entry["motion"]: Ranked(place, entry["motion"], names[entry["motion"]], Share(entry["heads"], entry["area"]))
        for place, entry in enumerate(told["ranking"], start=1)
    }
    return ElectionResult(
        contest=one,
        outcome=Standing(told["outcome"]),
        elected=tuple(ranking[code] for code in told["elected"]),
        alternates=tuple(ranking[code] for code in told["alternates"]),
        vacant=told["vacant"],
        seed=told["seed"],
    )


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


def opened_roll(session: Session, keys: Keys, assembly: Assembly) -> list[record.RollRow]:
    """The opening roll with its salts out of their envelopes. What changed since is in the log."""
    mine = (RollUnit.community_id == assembly.community_id, RollUnit.assembly_id == assembly.id)
    units: dict[str, list[str]] = defaultdict(list)
    for elector, unit_id in session.execute(select(RollUnit.elector, RollUnit.unit_id).where(*mine)):
        units[elector].append(unit_id)
    query = select(RollEntry).where(
        RollEntry.community_id == assembly.community_id,
        RollEntry.assembly_id == assembly.id,
        RollEntry.entry.is_(None),
    )
    return [opened_entry(keys, assembly, row, units[row.elector]) for row in session.scalars(query)]


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
