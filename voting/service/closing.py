"""Opening, cut-off and close: by the schedule that the notice fixed, or by a person once its time has come."""

from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hoa.db import Database
from hoa.platform import Platform
from hoa.ports.keys import Keys
from voting.rules import life, record
from voting.rules.life import State
from voting.service import log, steps, witnessing
from voting.tables import Assembly, Ballot, RollEntry, TreeHead

HOUR = timedelta(hours=1)

events = structlog.get_logger("voting")


def open_voting(
    session: Session, keys: Keys, community_id: str, assembly_id: str, *, by: str | None, now: datetime
) -> Assembly:
    """Begin acceptance; the head signed now shows that no ballot came before."""
    assembly = steps.locked(session, community_id, assembly_id)
    steps.take(session, assembly, State.OPEN, by=by, now=now)
    life.not_before(assembly.opens_at, now)
    witnessing.need_before_opening(session, assembly, now)
    log.sign_head(session, keys, assembly, purpose="opening", now=now)
    return assembly


def cut_off(
    session: Session, keys: Keys, community_id: str, assembly_id: str, *, by: str | None, now: datetime
) -> Assembly:
    """End acceptance: every accepted ballot goes into the log, then the cut-off, then a head over all of it."""
    assembly = steps.locked(session, community_id, assembly_id)
    steps.take(session, assembly, State.CUT_OFF, by=by, now=now)
    life.not_before(assembly.closes_at, now)
    log.only_sequencer(session, assembly, wait=True)
    log.sequence_ballots(session, keys, assembly, batch=None)
    log.append(session, keys, assembly, record.cutoff_entry(_identity(assembly), time=now, reason=""))
    log.sign_head(session, keys, assembly, purpose="cutoff", now=now)
    _refresh_turnout(session, assembly, now=now)
    return assembly


def close(
    session: Session, keys: Keys, community_id: str, assembly_id: str, *, by: str | None, now: datetime
) -> Assembly:
    """Seal the log: `close` is its last entry, and its head is signed before any total is computed."""
    assembly = steps.locked(session, community_id, assembly_id)
    steps.take(session, assembly, State.CLOSED, by=by, now=now)
    log.only_sequencer(session, assembly, wait=True)
    log.append(session, keys, assembly, record.close_entry(_identity(assembly), time=now))
    log.sign_head(session, keys, assembly, purpose="close", now=now)
    return assembly


def _identity(assembly: Assembly) -> str:
    assert assembly.manifest_hash is not None
    return assembly.manifest_hash


STEPS = {State.OPEN: open_voting, State.CUT_OFF: cut_off, State.CLOSED: close}


def turnout(session: Session, assembly: Assembly) -> tuple[int, int]:
    """Heads and area (0.01 m²) of the electors who have cast a ballot. For staff; the public sees the hourly figure."""
    voted = select(Ballot.elector).where(
        Ballot.community_id == assembly.community_id, Ballot.assembly_id == assembly.id
    )
    query = select(func.count(), func.coalesce(func.sum(RollEntry.area), 0)).where(
        RollEntry.community_id == assembly.community_id,
        RollEntry.assembly_id == assembly.id,
        RollEntry.elector.in_(voted),
    )
    heads, area = session.execute(query).one()
    return int(heads), int(area)


def _refresh_turnout(session: Session, assembly: Assembly, *, now: datetime) -> None:
    assembly.turnout_heads, assembly.turnout_area = turnout(session, assembly)
    assembly.turnout_at = now
    session.flush()


def hourly(session: Session, keys: Keys, assembly: Assembly, *, now: datetime) -> bool:
    """Once an hour while open: public turnout, and a head when the log has grown."""
    if assembly.turnout_at is not None and now - assembly.turnout_at < HOUR:
        return False
    _refresh_turnout(session, assembly, now=now)
    log.only_sequencer(session, assembly, wait=True)
    log.sequence_ballots(session, keys, assembly, batch=None)
    if log.size(session, assembly) > _last_head_size(session, assembly):
        log.sign_head(session, keys, assembly, purpose="hourly", now=now)
    return True


def _last_head_size(session: Session, assembly: Assembly) -> int:
    query = select(func.max(TreeHead.size)).where(
        TreeHead.community_id == assembly.community_id, TreeHead.assembly_id == assembly.id
    )
    return session.scalar(query) or 0


# ------------------------------------------------------------------------------------------ the worker's periodic work


def _in_states(database: Database, *states: State) -> list[Assembly]:
    """A look through the reading engine first: most passes find nothing and take no lock."""
    with database.reading() as session:
        return list(session.scalars(select(Assembly).where(Assembly.state.in_([state.value for state in states]))))


def run_sequencer(platform: Platform) -> None:
    """One pass over every open assembly; harmless when two workers do it at once."""
    for assembly in _in_states(platform.database, State.OPEN):
        with platform.database.reading() as session:
            if session.scalars(log.waiting(assembly).limit(1)).first() is None:
                continue
        with platform.database.writing() as session:
            if log.only_sequencer(session, assembly, wait=False):
                log.sequence_ballots(session, platform.keys, assembly)


def run_schedule(platform: Platform) -> None:
    """Take the steps whose time has come, and the hourly head and turnout."""
    for seen in _in_states(platform.database, State.NOTICED, State.OPEN, State.CUT_OFF):
        now = platform.now()
        due = life.due_step(seen.step, opens=seen.opens_at, closes=seen.closes_at, now=now)
        if due is not None:
            _take_due(platform, seen, due, now)
        elif seen.step is State.OPEN and (seen.turnout_at is None or now - seen.turnout_at >= HOUR):
            with platform.database.writing() as session:
                assembly = steps.locked(session, seen.community_id, seen.id)
                if assembly.step is State.OPEN:
                    hourly(session, platform.keys, assembly, now=now)


def _take_due(platform: Platform, seen: Assembly, due: State, now: datetime) -> None:
    try:
        with platform.database.writing() as session:
            STEPS[due](session, platform.keys, seen.community_id, seen.id, by=None, now=now)
    except life.NotTheNextStep:
        events.info("assembly.step_taken_elsewhere", assembly=seen.code, step=due.value)
    except witnessing.WaitsForAWitness:
        events.info("assembly.waits_for_a_witness", assembly=seen.code)
