"""After the close: until when the result must be announced, and until when the evidence stays (rules.md R1.39, R1.11).

Nothing of a noticed assembly can be deleted through the platform at any time; the lock says until when whoever keeps
the machines, the backups and the paper must keep them too.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import ClassVar, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.kernel import canonical, packs
from hoa.kernel.clock import parse_stamp, today
from hoa.kernel.errors import N_, Refusal
from hoa.ports.keys import Keys
from voting.rules import afterwards
from voting.rules.afterwards import Deadline
from voting.rules.life import State
from voting.service import steps
from voting.service.keys import row_id
from voting.tables import Assembly, AssemblyEvent, EvidenceHold

REASON_LENGTH = 400
WAITING = (State.CLOSED, State.TALLIED)


class NotAnnounced(Refusal):
    message: ClassVar[str] = N_("结果还没有公布，证据本来就不能动，不需要延长")
    status: ClassVar[int] = 409


class NotLonger(Refusal):
    message: ClassVar[str] = N_("证据已经要保存到 %(day)s，新的日期要比它晚")


class NoReason(Refusal):
    message: ClassVar[str] = N_("请写明延长的原因，例如法院案号，最多 %(most)s 个字")


class Lock(NamedTuple):
    """Until when the evidence stays, and what says so: the year of R1.11, or a hold."""

    until: date
    holds: Sequence[EvidenceHold]


def reached(session: Session, assembly: Assembly, state: State) -> datetime | None:
    """When the assembly took a step."""
    query = select(AssemblyEvent.at).where(
        AssemblyEvent.community_id == assembly.community_id,
        AssemblyEvent.assembly_id == assembly.id,
        AssemblyEvent.state == state.value,
    )
    return session.scalar(query)


# ----------------------------------------------------------------------------------------------------- announcing


def deadline(session: Session, assembly: Assembly) -> Deadline | None:
    """When the result must be announced at the latest, by the noticed rule pack; None before the close."""
    closed = reached(session, assembly, State.CLOSED)
    if closed is None or assembly.manifest is None:
        return None
    noticed = today(parse_stamp(canonical.decode(assembly.manifest)["times"]["noticed"]))
    return afterwards.announcement(packs.pack(assembly.rule_pack, day=noticed), closed)


def to_announce(session: Session, community_id: str) -> list[tuple[Assembly, Deadline]]:
    """Assemblies that are closed and not announced, with their deadlines."""
    query = select(Assembly).where(
        Assembly.community_id == community_id, Assembly.state.in_([state.value for state in WAITING])
    )
    found = ((row, deadline(session, row)) for row in session.scalars(query.order_by(Assembly.code)))
    return [(row, due) for row, due in found if due is not None]


# --------------------------------------------------------------------------------------------------- the evidence


def lock(session: Session, assembly: Assembly) -> Lock | None:
    """The evidence lock of an announced assembly; None while it is under way (then nothing may go anyway)."""
    announced = reached(session, assembly, State.ANNOUNCED)
    if announced is None:
        return None
    query = select(EvidenceHold).where(
        EvidenceHold.community_id == assembly.community_id, EvidenceHold.assembly_id == assembly.id
    )
    holds = session.scalars(query.order_by(EvidenceHold.at, EvidenceHold.id)).all()
    year = afterwards.a_year_after(today(announced))
    return Lock(max([year, *(hold.until for hold in holds)]), holds)


def hold(
    session: Session,
    keys: Keys,
    community_id: str,
    assembly_id: str,
    *,
    until: date,
    reason: str,
    by: str,
    now: datetime,
) -> EvidenceHold:
    """Keep the evidence longer, for example because a suit was filed; never shorter."""
    assembly = steps.locked(session, community_id, assembly_id)
    held = lock(session, assembly)
    if held is None:
        raise NotAnnounced
    if until <= held.until:
        raise NotLonger(day=held.until.isoformat())
    if not 0 < len(reason) <= REASON_LENGTH:
        raise NoReason(most=REASON_LENGTH)
    row = EvidenceHold(
        community_id=community_id,
        id=hold_id(keys, assembly_id, until, reason, by, now),
        assembly_id=assembly_id,
        until=until,
        reason=reason,
        by=by,
        at=now,
    )
    session.add(row)
    session.flush()
    return row


def hold_id(keys: Keys, assembly_id: str, until: date, reason: str, by: str, at: datetime) -> str:
    return row_id(keys, assembly_id, "hold", until.isoformat(), reason, by, at.isoformat())
