"""Who receives a part for which the list named nobody: one person writes it down, another confirms it (会计法 25).

The checker of a list has seen every payee on it; one who is named afterwards nobody would have seen but the treasurer,
who also orders the payment. Only a confirmed name is a claim, and only a claim is paid.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.shares.rules import runs as rules
from finance.shares.rules.runs import RunState
from finance.shares.service import register
from finance.shares.service.standing import parts_of
from finance.shares.tables import ShareClaim, ShareLine, ShareNaming, SharePart, ShareRun
from hoa.community.tables import Owner
from hoa.db import get
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, NotFound, Refusal


class ClaimedAlready(Refusal):
    message: ClassVar[str] = N_("这一份已经有收款人")
    status: ClassVar[int] = 409


class NamedAlready(Refusal):
    message: ClassVar[str] = N_("这一份已经写明收款人，正等另一位委员确认")
    status: ClassVar[int] = 409


class DecidedAlready(Refusal):
    message: ClassVar[str] = N_("这一笔已经有人确认或退回过，请刷新页面看最新状态")
    status: ClassVar[int] = 409


class WhyRefused(Refusal):
    message: ClassVar[str] = N_("请写明退回的原因，最多 200 个字")


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A name that waits for a second person, with where it belongs."""

    naming: ShareNaming
    run: ShareRun
    line: ShareLine
    part: SharePart
    owner: Owner


def name(
    session: Session, community_id: str, *, part_id: str, owner_id: str, basis: str, by: str, now: datetime
) -> ShareNaming:
    """Write down who is to receive a part that the list left to nobody, with the co-owners' paper."""
    part = get(session, SharePart, community_id, part_id, lock=True)
    line = get(session, ShareLine, community_id, part.line_id)
    run = get(session, ShareRun, community_id, line.run_id)
    rules.require_state(run.state, RunState.CHECKED)
    if not 0 < len(basis.strip()) <= 200:
        raise rules.ReasonForUnit
    _check_unclaimed(session, run, line, part)
    if waiting(session, community_id, parts=[part.id]):
        raise NamedAlready
    candidates = register.owners_on(session, community_id, unit_id=line.unit_id, day=today(now))
    early = register.owners_on(session, community_id, unit_id=line.unit_id, day=run.record_on)
    if owner_id not in {owner.id for owner in (*candidates, *early)}:
        raise NotFound
    row = ShareNaming(
        community_id=community_id,
        part_id=part.id,
        owner_id=owner_id,
        basis=basis.strip(),
        by_id=by,
        at=now,
        refused_because="",
    )
    session.add(row)
    session.flush()
    return row


def confirm(session: Session, community_id: str, *, naming_id: str, by: str, now: datetime) -> ShareClaim:
    """A second person has seen the paper: from now on this owner is paid."""
    found = _open(session, community_id, naming_id)
    row = found.naming
    rules.check_confirming(namer_id=row.by_id, payee_id=found.owner.person_id, checker_id=by)
    _check_unclaimed(session, found.run, found.line, found.part)
    row.decided_by_id, row.decided_at = by, now
    claim = ShareClaim(
        community_id=community_id, part_id=row.part_id, owner_id=row.owner_id, basis=row.basis, by_id=row.by_id, at=now
    )
    session.add(claim)
    session.flush()
    return claim


def refuse(session: Session, community_id: str, *, naming_id: str, because: str, by: str, now: datetime) -> ShareNaming:
    """Send a name back, with the reason: the part waits for another one."""
    row = _open(session, community_id, naming_id).naming
    if not 0 < len(because.strip()) <= 200:
        raise WhyRefused
    row.decided_by_id, row.decided_at, row.refused_because = by, now, because.strip()
    session.flush()
    return row


def waiting(session: Session, community_id: str, *, parts: Collection[str] | None = None) -> Sequence[Waiting]:
    """Names that wait for a second person, the oldest first; only those of some parts where those are given."""
    query = (
        select(ShareNaming, ShareRun, ShareLine, SharePart, Owner)
        .join(SharePart, (SharePart.community_id == ShareNaming.community_id) & (SharePart.id == ShareNaming.part_id))
        .join(ShareLine, (ShareLine.community_id == SharePart.community_id) & (ShareLine.id == SharePart.line_id))
        .join(ShareRun, (ShareRun.community_id == ShareLine.community_id) & (ShareRun.id == ShareLine.run_id))
        .join(Owner, (Owner.community_id == ShareNaming.community_id) & (Owner.id == ShareNaming.owner_id))
        .where(ShareNaming.community_id == community_id, ShareNaming.decided_at.is_(None))
    )
    if parts is not None:
        query = query.where(ShareNaming.part_id.in_(parts))
    return [
        Waiting(naming=naming, run=run, line=line, part=part, owner=owner)
        for naming, run, line, part, owner in session.execute(query.order_by(ShareNaming.at, ShareNaming.id))
    ]


def show(session: Session, community_id: str, naming_id: str) -> Waiting:
    """One name that waits, or DecidedAlready."""
    row = get(session, ShareNaming, community_id, naming_id)
    for found in waiting(session, community_id, parts=[row.part_id]):
        if found.naming.id == row.id:
            return found
    raise DecidedAlready


def last_refused(session: Session, community_id: str, part_id: str) -> ShareNaming | None:
    """The name of a part that was sent back last: whoever writes the next one reads why."""
    query = select(ShareNaming).where(
        ShareNaming.community_id == community_id, ShareNaming.part_id == part_id, ShareNaming.refused_because != ""
    )
    return session.scalars(query.order_by(ShareNaming.decided_at.desc())).first()


def verify(session: Session, community_id: str) -> list[str]:
    """A sentence for each claim that nobody confirmed."""
    confirmed = select(ShareNaming.part_id, ShareNaming.owner_id).where(
        ShareNaming.community_id == community_id,
        ShareNaming.decided_at.is_not(None),
        ShareNaming.refused_because == "",
    )
    known = {(row.part_id, row.owner_id) for row in session.execute(confirmed)}
    claims = session.scalars(select(ShareClaim).where(ShareClaim.community_id == community_id).order_by(ShareClaim.at))
    return [f"收款人 {row.id}：没有第二人确认的记录" for row in claims if (row.part_id, row.owner_id) not in known]


def _open(session: Session, community_id: str, naming_id: str) -> Waiting:
    """A name to decide on, locked: two who decide at once decide one after the other."""
    get(session, ShareNaming, community_id, naming_id, lock=True)
    return show(session, community_id, naming_id)


def _check_unclaimed(session: Session, run: ShareRun, line: ShareLine, part: SharePart) -> None:
    standing = parts_of(session, run, lines=[line.id]).get(part.id)
    if standing is None or standing.owner_id is not None:
        raise ClaimedAlready
