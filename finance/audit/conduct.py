"""Copies what the checks of conduct look at (F22, F23, F27, F29) out of the rooms that keep it. It judges nothing."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import TypedDict

from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.audit.rules.data import BallotFacts, CaseFacts, MeetingFacts, SealUseFacts
from finance.supervision.rules.cases import KIND_NAMES, Kind
from finance.supervision.service import cases
from hoa.kernel.clock import CHINA, today
from hoa.resolutions import evidence
from hoa.resolutions.meetings import ballots, service
from hoa.resolutions.meetings.rules import ItemKind
from hoa.resolutions.meetings.tables import CommitteeMeeting
from hoa.resolutions.seals.tables import Seal, SealDecision, SealUse


class Facts(TypedDict):
    """The fields of `PeriodData` that this module fills."""

    seal_uses: tuple[SealUseFacts, ...]
    meetings: tuple[MeetingFacts, ...]
    cases: tuple[CaseFacts, ...]
    ballots: tuple[BallotFacts, ...]


def facts(session: Session, community_id: str, *, start: date, end: date, as_of: date) -> Facts:
    """What is known on `as_of` of the days from `start` to `end`."""
    return Facts(
        seal_uses=_seal_uses(session, community_id, start, end),
        meetings=_meetings(session, community_id, start, end),
        cases=_cases(session, community_id, as_of),
        ballots=_ballots(session, community_id, start, end),
    )


def _between(start: date, end: date) -> tuple[datetime, datetime]:
    first = datetime.combine(start, time(), CHINA)
    return first, datetime.combine(end, time(), CHINA) + timedelta(days=1)


def _seal_uses(session: Session, community_id: str, start: date, end: date) -> tuple[SealUseFacts, ...]:
    first, after = _between(start, end)
    query = (
        select(SealUse, Seal.name)
        .join(Seal, (Seal.community_id == SealUse.community_id) & (Seal.id == SealUse.seal_id))
        .where(SealUse.community_id == community_id, SealUse.applied_at >= first, SealUse.applied_at < after)
    )
    later = set(session.scalars(select(SealDecision.use_id).where(SealDecision.community_id == community_id)))
    return tuple(
        SealUseFacts(
            id=use.id,
            label=f"{use.year}-{use.number:03d} {name}",
            document=use.document,
            applied_on=today(use.applied_at),
            decided=use.resolution_id is not None or use.id in later,
        )
        for use, name in session.execute(query.order_by(SealUse.year, SealUse.number))
        if use.applied_at is not None
    )


def _meetings(session: Session, community_id: str, start: date, end: date) -> tuple[MeetingFacts, ...]:
    first, after = _between(start, end)
    query = select(CommitteeMeeting).where(
        CommitteeMeeting.community_id == community_id,
        CommitteeMeeting.ended_at >= first,
        CommitteeMeeting.ended_at < after,
    )
    return tuple(_meeting(session, row) for row in session.scalars(query.order_by(CommitteeMeeting.ended_at)))


def _meeting(session: Session, row: CommitteeMeeting) -> MeetingFacts:
    assert row.ended_at is not None  # only meetings that ended are asked for
    return MeetingFacts(
        id=row.id,
        label=service.number_text(row).strip(),
        held_on=today(row.ended_at),
        post_by=row.post_by,
        planned=row.planned,
        has_minutes=service.latest_minutes(session, row) is not None,
        settled_on=today(row.settled_at) if row.settled_at else None,
        decided=tuple(
            (item.title, vote.present or 0)
            for item in service.agenda(session, row)
            if item.kind == ItemKind.DECISION
            for vote in ballots.votes(session, item)
            if vote.winner is not None
        ),
    )


def _cases(session: Session, community_id: str, as_of: date) -> tuple[CaseFacts, ...]:
    """Findings and questions that were raised by then; of a check the title is a message id and stays one."""
    return tuple(
        CaseFacts(
            id=row.id,
            label=f"{KIND_NAMES[Kind(row.kind)]} {row.number}",
            title=row.title,
            raised_on=today(row.raised_at),
            due_on=row.due_on,
            closed_on=today(row.closed_at) if row.closed_at else None,
            amount_fen=row.amount_fen,
        )
        for row in cases.cases(session, community_id)
        if today(row.raised_at) <= as_of
    )


def _ballots(session: Session, community_id: str, start: date, end: date) -> tuple[BallotFacts, ...]:
    found: Sequence[evidence.BallotSigns] = evidence.ballot_signs(session, community_id, start=start, end=end)
    return tuple(
        BallotFacts(
            code=row.code,
            title=row.title,
            closed_on=row.closed_on,
            count=row.count,
            proxy_cap=row.proxy_cap,
            proxies=row.proxies,
            helped=row.helped,
            devices=row.devices,
            before_close=row.before_close,
        )
        for row in found
    )
