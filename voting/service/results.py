"""What a result page, its paper and the minutes tell beside the tally's own figures."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from hoa.bulletin import service as bulletin
from hoa.bulletin.tables import Objection, Publication
from hoa.kernel import canonical
from hoa.ports.keys import Keys
from voting.rules.election import OVER_VOTE, contest, over_voted
from voting.rules.published import FEWEST_HEADS_WITH_AREA
from voting.service import casting, tallying
from voting.tables import Assembly, Ballot, BallotMark, CountedRow, LogEntry

CHANNELS = ("online", "meeting", "paper", "proxy")
OBJECTED = ("assembly-notice", "assembly-rule-change", "assembly-result")


class Turnout(NamedTuple):
    """Counted ballots of one channel; `channels` are several where one alone would be fewer than five electors."""

    channels: tuple[str, ...]
    heads: int


def turnout_by_channel(session: Session, assembly: Assembly) -> list[Turnout]:
    """How the counted ballots came. Channels of fewer than five electors are told together, and with the next smallest
    while they still are fewer than five (voting-record.md 9)."""
    query = (
        select(Ballot.channel, func.count())
        .join(
            CountedRow,
            (CountedRow.community_id == Ballot.community_id)
            & (CountedRow.assembly_id == Ballot.assembly_id)
            & (CountedRow.counted == Ballot.leaf),
        )
        .where(Ballot.community_id == assembly.community_id, Ballot.assembly_id == assembly.id)
        .group_by(Ballot.channel)
    )
    return merged({str(channel): int(number) for channel, number in session.execute(query)})


def merged(heads: Mapping[str, int]) -> list[Turnout]:
    """Channels in their usual order, the small ones as one."""
    shown = {channel: heads[channel] for channel in CHANNELS if heads.get(channel)}
    small = [channel for channel, number in shown.items() if number < FEWEST_HEADS_WITH_AREA]
    while small and sum(shown[channel] for channel in small) < FEWEST_HEADS_WITH_AREA and len(small) < len(shown):
        rest = [channel for channel in shown if channel not in small]
        small.append(min(rest, key=lambda channel: shown[channel]))
    alone = [Turnout((channel,), number) for channel, number in shown.items() if channel not in small]
    together = tuple(channel for channel in CHANNELS if channel in small)
    return [*alone, Turnout(together, sum(shown[channel] for channel in small))] if small else alone


# ---------------------------------------------------------------------------------------------------- my own ballots


class Fate(NamedTuple):
    """What became of one ballot of mine. `kind`: counted, invalid (counted, and invalid for `motions`), void, refused,
    set-aside (another ballot is good), own-first, superseded. `reasons` as ruled, by motion (`*`: all); `over` are the
    elections' candidates of whom it says nothing because it agrees to too many."""

    ballot: Ballot
    kind: str
    reasons: Mapping[str, str]
    over: frozenset[str] = frozenset()


def fates(
    session: Session, keys: Keys, assembly: Assembly, ballots: Sequence[Ballot], counted: str | None
) -> list[Fate]:
    """Each ballot of an elector's chain with what became of it, after the count (docs/audit-package.md 5.2)."""
    marks = _marks(session, assembly, [ballot.leaf for ballot in ballots])
    channel = next((ballot.channel for ballot in ballots if ballot.leaf == counted), None)
    over = {ballot.leaf: _over(keys, assembly, ballot) for ballot in ballots if ballot.leaf == counted}
    return [_fate(ballot, marks[ballot.leaf], counted, channel, over) for ballot in ballots]


def _over(keys: Keys, assembly: Assembly, ballot: Ballot) -> frozenset[str]:
    """The candidates of elections in which this ballot agrees to too many."""
    if not assembly.elections:
        return frozenset()
    entry = casting.opened(keys, assembly.community_id, assembly.id, ballot.leaf, ballot.entry)
    return over_voted([contest(value) for value in assembly.elections], entry["choices"])


def _fate(
    ballot: Ballot,
    marks: Sequence[BallotMark],
    counted: str | None,
    channel: str | None,
    over: Mapping[str, frozenset[str]],
) -> Fate:
    by_kind = {mark.kind: mark for mark in marks}
    invalid = {mark.motion: mark.reason for mark in marks if mark.kind == "invalid"}
    if "proxy-refused" in by_kind:
        invalid.setdefault("*", "no-authority")
    if "void" in by_kind:
        return Fate(ballot, "void", {"*": by_kind["void"].reason})
    if ballot.leaf == counted:
        unsaid = over[ballot.leaf] - invalid.keys() if "*" not in invalid else frozenset()
        reasons = {**invalid, **dict.fromkeys(unsaid, OVER_VOTE)}
        return Fate(ballot, "invalid" if reasons else "counted", reasons, unsaid)
    if "proxy-refused" in by_kind:
        return Fate(ballot, "refused", invalid)
    if "*" in invalid:
        return Fate(ballot, "set-aside", invalid)
    own_first = ballot.channel == "proxy" and channel not in (None, "proxy")
    return Fate(ballot, "own-first" if own_first else "superseded", {})


def _marks(session: Session, assembly: Assembly, leaves: Sequence[str]) -> dict[str, list[BallotMark]]:
    found: dict[str, list[BallotMark]] = defaultdict(list)
    query = select(BallotMark).where(
        BallotMark.community_id == assembly.community_id,
        BallotMark.assembly_id == assembly.id,
        BallotMark.ballot.in_(leaves),
    )
    for mark in session.scalars(query):
        found[mark.ballot].append(mark)
    return found


# --------------------------------------------------------------------------------------------- objections and answers


class Objected(NamedTuple):
    """A publication of this assembly with the objections to it."""

    publication: Publication
    objections: Sequence[Objection]


def objections(session: Session, assembly: Assembly) -> list[Objected]:
    """Everything that was published of this assembly, with what owners objected and what they were answered (R1.39)."""
    changes = select(LogEntry.leaf).where(
        LogEntry.community_id == assembly.community_id,
        LogEntry.assembly_id == assembly.id,
        LogEntry.type.in_(("extend", "channel-added")),
    )
    query = select(Publication).where(
        Publication.community_id == assembly.community_id,
        Publication.kind.in_(OBJECTED),
        or_(Publication.reference == assembly.id, Publication.reference.in_(changes)),
    )
    found = session.scalars(query.order_by(Publication.published_at, Publication.id))
    return [Objected(row, bulletin.objections(session, assembly.community_id, row.id)) for row in found]


def invalid_by_reason(session: Session, assembly: Assembly) -> dict[str, Mapping[str, Any]]:
    """Per motion the invalid ballots by reason, from the full tally: for those who may see it whole."""
    full = canonical.decode(tallying.tally_of(session, assembly).full)
    return {motion["motion"]: motion["invalid"]["reasons"] for motion in full["motions"]}
