"""Opening, cut-off and close: by the schedule that the notice fixed, or by people once its time has come.

The machine's clock decides nothing alone once it has jumped: then two officials decide the cut-off (trust.md 10).
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import ClassVar

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hoa.db import Database
from hoa.kernel.clock import parse_stamp
from hoa.kernel.errors import N_, Refusal
from hoa.platform import Platform
from hoa.ports.keys import Keys
from voting.rules import life, record
from voting.rules.life import State
from voting.service import entries, hand, log, proposals, steps, witnessing
from voting.service.entrance import Entrance
from voting.tables import Assembly, Ballot, BallotMark, Proposal, RollEntry, RollRemoval, TreeHead

HOUR = timedelta(hours=1)
JUMP = timedelta(seconds=60)
DECIDERS = 2
# What can no longer enter the log once acceptance has ended.
BEFORE_CUT_OFF = frozenset({"issue", "reissue", "delivery", "roll-change", "extend", "channel-added"})
CUT_OFF_REASON = N_("已截止收票，这一条不能再写入日志")

events = structlog.get_logger("voting")


class HeldForPeople(Refusal):
    message: ClassVar[str] = N_(
        "服务器时钟在表决期间跳变过，不能直接截止：请由两名计票人、监票人或工作人员核对时间后签名决定截止"
    )
    status: ClassVar[int] = 409


class NotHeld(Refusal):
    message: ClassVar[str] = N_("服务器时钟没有跳变，到公告写明的时间会照常截止，不需要签名决定")
    status: ClassVar[int] = 409


class ProxiesUndecided(Refusal):
    message: ClassVar[str] = N_("还有 %(count)s 张委托票没有认定接受或不接受，认定以后才能封票")
    status: ClassVar[int] = 409


class StillWaiting(Refusal):
    message: ClassVar[str] = N_(
        "还在等签名：录入的票 %(ballots)s 张，作废和认定 %(rulings)s 条，其他 %(others)s 条。请签名或者在签名页撤下"
    )
    status: ClassVar[int] = 409


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
    """End acceptance: every accepted ballot goes into the log, then the cut-off, then a head over all of it.

    After a jump of the clock two officials decide instead (`propose_cut_off`); without officials it is a person's step.
    """
    assembly = steps.locked(session, community_id, assembly_id)
    steps.take(session, assembly, State.CUT_OFF, by=by, now=now)
    life.not_before(assembly.ends_at, now)
    if assembly.held_since is not None and len(proposals.officials(session, assembly)) >= DECIDERS:
        raise HeldForPeople
    log.only_sequencer(session, assembly, wait=True)
    log.sequence_ballots(session, keys, assembly, batch=None)
    log.append(session, keys, assembly, record.cutoff_entry(_identity(assembly), time=now, reason=""))
    _after_cut_off(session, keys, assembly, now=now)
    return assembly


def propose_cut_off(
    session: Session, keys: Keys, assembly: Assembly, *, by: str, reason: str, now: datetime
) -> Proposal:
    """Ask two officials to end acceptance after the clock jumped; both read the time elsewhere before they sign."""
    entry = record.cutoff_entry(_identity(assembly), time=now, reason=reason, decided=True)
    return proposals.propose(session, keys, assembly, entry, by=by, now=now)


def _check_decided(given: Entrance) -> None:
    if given.assembly.held_since is None:
        raise NotHeld
    life.not_before(given.assembly.ends_at, parse_stamp(given.entry["time"]))


def _decide(given: Entrance) -> None:
    steps.take(given.session, given.assembly, State.CUT_OFF, by=None, now=given.now, reason=str(given.entry["reason"]))


def _decided(given: Entrance) -> None:
    _after_cut_off(given.session, given.keys, given.assembly, now=given.now)


entries.CHECKS["cutoff"] = _check_decided
entries.EFFECTS["cutoff"] = _decide
entries.FOLLOWING["cutoff"] = _decided


def _after_cut_off(session: Session, keys: Keys, assembly: Assembly, *, now: datetime) -> None:
    """Sign the head over everything accepted; what can no longer enter the log waits for nobody."""
    log.sign_head(session, keys, assembly, purpose="cutoff", now=now)
    _refresh_turnout(session, assembly, now=now)
    for task in proposals.waiting(session, keys, assembly):
        late = task.proposal.kind == "ballot" and task.entry["channel"] != "paper"
        if late or task.proposal.kind in BEFORE_CUT_OFF:
            proposals.drop(session, assembly.community_id, task.proposal.id, reason=CUT_OFF_REASON, now=now)


def hold(session: Session, assembly: Assembly, *, now: datetime) -> bool:
    """The clock jumped: the scheduled cut-off of an open assembly waits for people. Whether that is new."""
    if assembly.step is not State.OPEN or assembly.held_since is not None:
        return False
    assembly.held_since = now
    session.flush()
    return True


def close(
    session: Session, keys: Keys, community_id: str, assembly_id: str, *, by: str | None, now: datetime
) -> Assembly:
    """Seal the log: `close` is its last entry, and its head is signed before any total is computed. Refused while a
    proxy's ballot is undecided or anything waits for signatures."""
    assembly = steps.locked(session, community_id, assembly_id)
    steps.take(session, assembly, State.CLOSED, by=by, now=now)
    obstacle = obstacle_to_close(session, keys, assembly)
    if obstacle is not None:
        raise obstacle
    # A cut-off that was decided leaves other proposals of it without an object.
    proposals.drop_all(session, assembly, reason=CUT_OFF_REASON, now=now, kinds=("cutoff",))
    log.only_sequencer(session, assembly, wait=True)
    # Paper in hand was keyed after the cut-off.
    log.sequence_ballots(session, keys, assembly, batch=None)
    log.append(session, keys, assembly, record.close_entry(_identity(assembly), time=now))
    log.sign_head(session, keys, assembly, purpose="close", now=now)
    return assembly


def obstacle_to_close(session: Session, keys: Keys, assembly: Assembly) -> Refusal | None:
    """What has to be done by hand before the log can be sealed; None when nothing is left."""
    kinds = [task.proposal.kind for task in proposals.waiting(session, keys, assembly)]
    kinds = [kind for kind in kinds if kind != "cutoff"]
    if kinds:
        ballots, rulings = kinds.count("ballot"), kinds.count("void") + kinds.count("ruling")
        return StillWaiting(ballots=ballots, rulings=rulings, others=len(kinds) - ballots - rulings)
    unkeyed = hand.unkeyed(session, keys, assembly)
    if unkeyed:
        return hand.StillToKey(count=len(unkeyed), serials="、".join(unkeyed[:3]))
    undecided = len(undecided_proxies(session, assembly))
    return ProxiesUndecided(count=undecided) if undecided else None


def undecided_proxies(session: Session, assembly: Assembly) -> list[str]:
    """Leaves of proxies' ballots that are not void and neither accepted nor refused (docs/audit-package.md 5.4)."""
    settled = select(BallotMark.ballot).where(
        BallotMark.community_id == assembly.community_id,
        BallotMark.assembly_id == assembly.id,
        BallotMark.kind.in_(("void", "proxy-accepted", "proxy-refused")),
    )
    query = select(Ballot.leaf).where(
        Ballot.community_id == assembly.community_id,
        Ballot.assembly_id == assembly.id,
        Ballot.channel == "proxy",
        Ballot.leaf.not_in(settled),
    )
    return list(session.scalars(query.order_by(Ballot.cast_at, Ballot.id)))


def _identity(assembly: Assembly) -> str:
    assert assembly.manifest_hash is not None
    return assembly.manifest_hash


STEPS = {State.OPEN: open_voting, State.CUT_OFF: cut_off, State.CLOSED: close}


def voted(session: Session, assembly: Assembly) -> dict[str, int]:
    """The electors of the roll as it is now who have a ballot that is not void, with their areas (0.01 m²)."""
    void = select(BallotMark.ballot).where(
        BallotMark.community_id == assembly.community_id,
        BallotMark.assembly_id == assembly.id,
        BallotMark.kind == "void",
    )
    gone = select(RollRemoval.elector).where(
        RollRemoval.community_id == assembly.community_id, RollRemoval.assembly_id == assembly.id
    )
    cast = select(Ballot.leaf, Ballot.elector).where(
        Ballot.community_id == assembly.community_id, Ballot.assembly_id == assembly.id, Ballot.leaf.not_in(void)
    )
    standing = {row.leaf: row.elector for row in session.execute(cast)}
    electors = set(standing.values())
    roll = select(RollEntry.elector, RollEntry.area, RollEntry.inherited).where(
        RollEntry.community_id == assembly.community_id,
        RollEntry.assembly_id == assembly.id,
        RollEntry.elector.not_in(gone),
    )
    return {
        elector: area
        for elector, area, inherited in session.execute(roll)
        if elector in electors or any(leaf in standing for leaf in inherited)
    }


def turnout(session: Session, assembly: Assembly) -> tuple[int, int]:
    """Heads and area (0.01 m²) of the electors who have cast a ballot. For staff; the public sees the hourly figure."""
    areas = voted(session, assembly)
    return len(areas), sum(areas.values())


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


class Schedule:
    """The worker's view of time: wall clock and monotonic clock must run alike between two passes. When they part by
    more than a minute while an assembly is open, its cut-off waits for people (trust.md 10)."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._last: tuple[datetime, float] | None = None

    def __call__(self, platform: Platform) -> None:
        now, tick = platform.now(), self._monotonic()
        if self._last is not None:
            drift = (now - self._last[0]) - timedelta(seconds=tick - self._last[1])
            if abs(drift) > JUMP:
                self._hold_all(platform, now, drift)
        self._last = (now, tick)
        run_schedule(platform)

    @staticmethod
    def _hold_all(platform: Platform, now: datetime, drift: timedelta) -> None:
        for seen in _in_states(platform.database, State.OPEN):
            with platform.database.writing() as session:
                assembly = steps.locked(session, seen.community_id, seen.id)
                if hold(session, assembly, now=now):
                    events.warning("assembly.clock_jumped", assembly=seen.code, seconds=drift.total_seconds())


def run_schedule(platform: Platform) -> None:
    """Take the steps whose time has come, and the hourly head and turnout."""
    for seen in _in_states(platform.database, State.NOTICED, State.OPEN, State.CUT_OFF):
        now = platform.now()
        due = life.due_step(
            seen.step,
            opens=seen.opens_at,
            closes=seen.ends_at,
            now=now,
            held=seen.held_since is not None,
            settled=_settled(platform, seen),
        )
        if due is not None:
            _take_due(platform, seen, due, now)
        elif seen.step is State.OPEN and (seen.turnout_at is None or now - seen.turnout_at >= HOUR):
            with platform.database.writing() as session:
                assembly = steps.locked(session, seen.community_id, seen.id)
                if assembly.step is State.OPEN:
                    hourly(session, platform.keys, assembly, now=now)


def _settled(platform: Platform, assembly: Assembly) -> bool:
    """Whether nothing is left for people before the close: with paper, a meeting or proxies there may be, so there they
    close."""
    if assembly.step is not State.CUT_OFF or assembly.open_channels != {"online"}:
        return False
    with platform.database.reading() as session:
        return obstacle_to_close(session, platform.keys, assembly) is None


def _take_due(platform: Platform, seen: Assembly, due: State, now: datetime) -> None:
    try:
        with platform.database.writing() as session:
            STEPS[due](session, platform.keys, seen.community_id, seen.id, by=None, now=now)
    except life.NotTheNextStep:
        events.info("assembly.step_taken_elsewhere", assembly=seen.code, step=due.value)
    except witnessing.WaitsForAWitness:
        events.info("assembly.waits_for_a_witness", assembly=seen.code)
