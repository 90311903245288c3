"""Signs in the ballots that somebody should look at (rules.md F29): who brought many, and when they came. They leave
this room as counts beside a digest or a masked name (Protocol in hoa.resolutions); nobody learns from them who voted
how.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.kernel import masking
from hoa.kernel.clock import CHINA, today
from hoa.ports.keys import Keys
from hoa.resolutions.evidence import BallotSigns
from voting.rules.life import State
from voting.tables import Assembly, AssistedSession, Ballot, BallotTrace, ProxyAuthority, RollEntry

# A browser that voted keeps a random word, so that the next ballot from it is known to be from the same device.
COOKIE = "hoa_device"
KEPT_SECONDS = 400 * 24 * 3600
LONGEST = 40
_PURPOSE = "ballot-device"
_DIGEST = 16
# Voting is over: what is still open is nobody's to count.
_OVER = (State.CLOSED.value, State.TALLIED.value, State.ANNOUNCED.value)
_DAY_MINUTES = 24 * 60


def note(session: Session, keys: Keys, assembly: Assembly, *, leaf: str, device: str) -> None:
    """Remember that a ballot came from a device, by a digest that is good for this assembly alone. A retry, which leads
    to the same ballot, is noted once."""
    known = select(BallotTrace.id).where(
        BallotTrace.community_id == assembly.community_id,
        BallotTrace.assembly_id == assembly.id,
        BallotTrace.leaf == leaf,
    )
    if session.scalar(known) is None:
        digest = keys.mac(_PURPOSE, f"{assembly.id}\n{device[:LONGEST]}".encode())[:_DIGEST]
        session.add(BallotTrace(community_id=assembly.community_id, assembly_id=assembly.id, leaf=leaf, device=digest))
        session.flush()


def signs(session: Session, community_id: str, *, start: date, end: date) -> Sequence[BallotSigns]:
    """The assemblies of a community whose voting ended in the period."""
    first = datetime.combine(start, time(), CHINA)
    after = datetime.combine(end, time(), CHINA) + timedelta(days=1)
    query = select(Assembly).where(Assembly.community_id == community_id, Assembly.state.in_(_OVER))
    found = [row for row in session.scalars(query) if first <= row.ends_at < after]
    return [_signs(session, row) for row in sorted(found, key=lambda row: (row.ends_at, row.id))]


def _signs(session: Session, assembly: Assembly) -> BallotSigns:
    mine = (Ballot.community_id == assembly.community_id, Ballot.assembly_id == assembly.id)
    ballots = session.execute(select(Ballot.leaf, Ballot.elector, Ballot.cast_at).where(*mine)).all()
    units = _units(session, assembly)
    elector = {row.leaf: row.elector for row in ballots}
    minutes = Counter(int((assembly.ends_at - row.cast_at).total_seconds() // 60) for row in ballots)
    return BallotSigns(
        code=assembly.code,
        title=assembly.title,
        closed_on=today(assembly.ends_at),
        count=len(ballots),
        proxy_cap=assembly.proxy_cap,
        proxies=_proxies(session, assembly, elector),
        helped=_helped(session, assembly, units),
        devices=_devices(session, assembly, elector, units),
        before_close=tuple(sorted((minute, count) for minute, count in minutes.items() if minute < _DAY_MINUTES)),
    )


def _units(session: Session, assembly: Assembly) -> dict[str, int]:
    """How many units each elector of the roll votes for."""
    query = select(RollEntry.elector, RollEntry.units).where(
        RollEntry.community_id == assembly.community_id, RollEntry.assembly_id == assembly.id
    )
    return {row.elector: len(row.units) for row in session.execute(query)}


def _proxies(session: Session, assembly: Assembly, elector: dict[str, str]) -> tuple[tuple[str, int], ...]:
    """Each agent, masked, with how many electors they voted for."""
    query = select(ProxyAuthority).where(
        ProxyAuthority.community_id == assembly.community_id,
        ProxyAuthority.assembly_id == assembly.id,
        ProxyAuthority.leaf.is_not(None),
    )
    served: dict[str, set[str]] = {}
    names: dict[str, str] = {}
    for row in session.scalars(query):
        if row.leaf in elector:
            served.setdefault(row.agent, set()).add(row.elector)
            names[row.agent] = masking.name(row.agent_name)
    return tuple(sorted((names[agent], len(electors)) for agent, electors in served.items()))


def _helped(session: Session, assembly: Assembly, units: dict[str, int]) -> tuple[tuple[str, int], ...]:
    """Each helper, masked, with how many units they helped to vote."""
    query = select(AssistedSession).where(
        AssistedSession.community_id == assembly.community_id,
        AssistedSession.assembly_id == assembly.id,
        AssistedSession.leaf.is_not(None),
    )
    served: dict[str, set[str]] = {}
    for row in session.scalars(query):
        served.setdefault(row.helper, set()).add(row.elector)
    return tuple(
        sorted((masking.name(helper), sum(units.get(one, 0) for one in own)) for helper, own in served.items())
    )


def _devices(
    session: Session, assembly: Assembly, elector: dict[str, str], units: dict[str, int]
) -> tuple[tuple[str, int], ...]:
    """Each device that several electors voted from, by its digest, with how many units. One owner of many units who
    votes on their own telephone is no sign of anything.
    """
    query = select(BallotTrace).where(
        BallotTrace.community_id == assembly.community_id, BallotTrace.assembly_id == assembly.id
    )
    served: dict[str, set[str]] = {}
    for row in session.scalars(query):
        if row.leaf in elector:
            served.setdefault(row.device, set()).add(elector[row.leaf])
    return tuple(
        sorted((device, sum(units.get(one, 0) for one in own)) for device, own in served.items() if len(own) > 1)
    )
