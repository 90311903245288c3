"""Changes of what was noticed while an assembly is under way: a later end, another way to vote. Each is an entry that
two officials sign, is listed publicly, posted on the board, and told to every owner (R1.37; voting-record.md 2)."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.bulletin import service as bulletin
from hoa.bulletin.tables import Publication
from hoa.kernel import canonical
from hoa.kernel.clock import parse_stamp, stamp
from hoa.kernel.errors import N_, Refusal
from hoa.ports.keys import Keys
from voting.rules import record
from voting.rules.thresholds import QUORUM
from voting.service import closing, proposals, roll, steps
from voting.tables import Assembly, EntrySignature, LogEntry, Proposal

KINDS = ("extend", "channel-added")
PUBLICATION = "assembly-rule-change"
CHANNELS = ("online", "meeting", "paper", "proxy")
CHANNEL_TITLES = {
    "online": N_("网上投票"),
    "meeting": N_("现场会议"),
    "paper": N_("纸质票"),
    "proxy": N_("委托投票"),
}
REASON_LENGTH = range(2, 501)
DISPLAY_DAYS = 15


class NoReason(Refusal):
    message: ClassVar[str] = N_("请写明理由（2 至 500 字），它会公布并告知每位业主")


class QuorumMet(Refusal):
    message: ClassVar[str] = N_("参加的人数和面积都已达到三分之二，不能再延期")
    status: ClassVar[int] = 409


class UnknownChannel(Refusal):
    message: ClassVar[str] = N_("请从名单中选一种还没有开放的投票方式")


class RuleChange(NamedTuple):
    """A change that is in force."""

    leaf: str
    kind: str
    at: datetime
    until: datetime | None
    channel: str | None
    reason: str
    signers: Sequence[str]


def made(session: Session, assembly: Assembly) -> Sequence[RuleChange]:
    """Every change in the log's order; these entries are open to anybody."""
    query = select(LogEntry).where(
        LogEntry.community_id == assembly.community_id,
        LogEntry.assembly_id == assembly.id,
        LogEntry.type.in_(KINDS),
    )
    return [_told(row) for row in session.scalars(query.order_by(LogEntry.seq))]


def _told(row: LogEntry) -> RuleChange:
    assert row.body is not None
    entry = canonical.decode(row.body)
    return RuleChange(
        row.leaf,
        row.type,
        parse_stamp(entry["time"]),
        parse_stamp(entry["until"]) if row.type == "extend" else None,
        entry["channel"] if row.type == "channel-added" else None,
        entry["reason"],
        [signer["person"] for signer in entry["by"]],
    )


def extend(
    session: Session, keys: Keys, assembly: Assembly, *, until: datetime, reason: str, by: str, now: datetime
) -> Proposal:
    """Propose a later end; only as far as the notice allowed, and only while the quorum is missing."""
    heads, area = closing.turnout(session, assembly)
    totals = roll.current(session, assembly).totals
    if QUORUM.holds(heads, totals.heads) and QUORUM.holds(area, totals.area):
        raise QuorumMet
    entry = record.extend_entry(_identity(assembly), until=until, reason=_reason(reason), time=now)
    return proposals.propose(session, keys, assembly, entry, by=by, now=now)


def add_channel(
    session: Session, keys: Keys, assembly: Assembly, *, channel: str, reason: str, by: str, now: datetime
) -> Proposal:
    """Propose one more way to vote."""
    if channel not in CHANNELS:
        raise UnknownChannel
    entry = record.channel_added_entry(_identity(assembly), channel=channel, reason=_reason(reason), time=now)
    return proposals.propose(session, keys, assembly, entry, by=by, now=now)


def _reason(text: str) -> str:
    if len(text.strip()) not in REASON_LENGTH:
        raise NoReason
    return text.strip()


def _identity(assembly: Assembly) -> str:
    assert assembly.manifest_hash is not None
    return assembly.manifest_hash


def unpublished(session: Session, assembly: Assembly) -> Sequence[RuleChange]:
    """Changes that are not on the board yet."""
    found = made(session, assembly)
    if not found:
        return []
    query = select(Publication.reference).where(
        Publication.community_id == assembly.community_id,
        Publication.kind == PUBLICATION,
        Publication.reference.in_([change.leaf for change in found]),
    )
    there = set(session.scalars(query))
    return [change for change in found if change.leaf not in there]


def publish(session: Session, assembly: Assembly, leaf: str, *, title: str, url: str, now: datetime) -> bool:
    """Put a change on the board, once; False when it is there already."""
    steps.locked(session, assembly.community_id, assembly.id)
    change = next((one for one in unpublished(session, assembly) if one.leaf == leaf), None)
    if change is None:
        return False
    what = stamp(change.until) if change.until else change.channel
    bulletin.publish(
        session,
        assembly.community_id,
        kind=PUBLICATION,
        title=title,
        body=change.reason,
        content={
            "assembly": assembly.manifest_hash,
            "entry": change.leaf,
            "type": change.kind,
            "value": what,
            "reason": change.reason,
            "signers": list(change.signers),
        },
        by=_signer(session, assembly, change.leaf),
        now=now,
        reference=change.leaf,
        url=url,
        display_days=DISPLAY_DAYS,
    )
    return True


def _signer(session: Session, assembly: Assembly, leaf: str) -> str:
    """The account of the first who signed."""
    query = (
        select(EntrySignature.person_id)
        .join(
            Proposal,
            (Proposal.community_id == EntrySignature.community_id) & (Proposal.id == EntrySignature.proposal_id),
        )
        .where(Proposal.community_id == assembly.community_id, Proposal.leaf == leaf)
        .order_by(EntrySignature.signed_at, EntrySignature.key_id)
        .limit(1)
    )
    return session.scalars(query).one()
