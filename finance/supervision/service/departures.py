"""Audits at the end of a term and of leaving members (离任审计): proposed by the offices, checked point by point, told
to those concerned, who have some days to answer, then final."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.audit import service as audit
from finance.service.books import trust_book
from finance.supervision.rules import departures as rules
from finance.supervision.rules.departures import Stage
from finance.supervision.service.cases import terms
from finance.supervision.tables import TermAudit, TermAuditMark, TermAuditReply
from hoa.db import get
from hoa.jobs import Job
from hoa.kernel.clock import today
from hoa.kernel.errors import NotFound
from hoa.offices import handover
from hoa.offices.handover import Departure
from hoa.offices.reelection import last_day
from hoa.offices.tables import Office


class Proposal(NamedTuple):
    """A departure without an audit so far: who left when, and the days of the office that would be looked at."""

    departure: Departure
    starts_on: date
    ends_on: date


def audits(session: Session, community_id: str) -> Sequence[TermAudit]:
    """All of them, the latest departure first."""
    query = select(TermAudit).where(TermAudit.community_id == community_id)
    return session.scalars(query.order_by(TermAudit.left_on.desc(), TermAudit.subject)).all()


def proposals(session: Session, community_id: str, now: datetime) -> list[Proposal]:
    """What the offices propose: every term that ran out and every member who left, unless an audit was begun."""
    begun = {row.subject for row in audits(session, community_id)}
    return [
        _proposal(session, community_id, departure)
        for departure in handover.departures(session, community_id, now)
        if departure.subject not in begun
    ]


def _proposal(session: Session, community_id: str, departure: Departure) -> Proposal:
    """From the first day in office (of the books at the earliest) to the last."""
    query = select(Office.starts_at).where(Office.community_id == community_id, Office.body_kind == "owners_committee")
    if departure.person_id is not None:
        query = query.where(Office.person_id == departure.person_id)
    first = min(today(at) for at in session.scalars(query) if today(at) <= departure.left_on)
    opened = trust_book(session, community_id).opened_on
    return Proposal(departure, min(max(first, opened), departure.left_on), departure.left_on)


def begin(session: Session, community_id: str, subject: str, *, by: str, now: datetime) -> TermAudit:
    """Take a proposal up; begun twice it is begun once."""
    query = select(TermAudit).where(TermAudit.community_id == community_id, TermAudit.subject == subject)
    trust_book(session, community_id, lock=True)
    if (known := session.scalars(query).one_or_none()) is not None:
        return known
    found = next((one for one in proposals(session, community_id, now) if one.departure.subject == subject), None)
    if found is None:
        raise NotFound
    row = TermAudit(
        community_id=community_id,
        subject=subject,
        person_id=found.departure.person_id,
        left_on=found.departure.left_on,
        starts_on=found.starts_on,
        ends_on=found.ends_on,
        begun_by=by,
        begun_at=now,
        draft="",
        opinion="",
    )
    session.add(row)
    session.flush()
    return row


def stage(row: TermAudit) -> Stage:
    if row.final_at is not None:
        return Stage.FINAL
    return Stage.FEEDBACK if row.draft_at is not None else Stage.CHECKING


def _needs(row: TermAudit, *wanted: Stage) -> None:
    if stage(row) not in wanted:
        raise rules.WrongStage(stage=rules.STAGE_NAMES[stage(row)])


def mark(
    session: Session, community_id: str, audit_id: str, *, point: str, word: str, note: str, by: str, now: datetime
) -> TermAuditMark:
    """What was found of one point; said again it replaces what was said before, until the draft went out."""
    row = get(session, TermAudit, community_id, audit_id, lock=True)
    _needs(row, Stage.CHECKING)
    found = rules.check_word(point, word, note)
    made = TermAuditMark(
        community_id=community_id, audit_id=row.id, point=point, word=str(found), note=note.strip(), by=by, at=now
    )
    session.add(made)
    session.flush()
    return made


def marks(session: Session, row: TermAudit) -> dict[str, TermAuditMark]:
    """The latest word on each point."""
    query = select(TermAuditMark).where(
        TermAuditMark.community_id == row.community_id, TermAuditMark.audit_id == row.id
    )
    return {one.point: one for one in session.scalars(query.order_by(TermAuditMark.at, TermAuditMark.id))}


def ask_report(
    session: Session, community_id: str, audit_id: str, *, by: str, now: datetime
) -> tuple[TermAudit, Job | None]:
    """Have the audit report of exactly these days made; once."""
    row = get(session, TermAudit, community_id, audit_id, lock=True)
    _needs(row, Stage.CHECKING)
    if row.report_id is not None:
        return row, None
    report, job = audit.ask(session, community_id, start=row.starts_on, end=row.ends_on, by=by, now=now)
    row.report_id = report.id
    session.flush()
    return row, job


def send_draft(session: Session, community_id: str, audit_id: str, *, text: str, by: str, now: datetime) -> TermAudit:
    """征求意见: every point has its word; those concerned have the pack's days to answer."""
    row = get(session, TermAudit, community_id, audit_id, lock=True)
    _needs(row, Stage.CHECKING)
    missing = len(rules.POINTS) - len(marks(session, row))
    if missing:
        raise rules.NotAllChecked(count=missing)
    days = terms(session, community_id, day=today(now)).feedback_days
    row.draft, row.draft_by, row.draft_at = rules.check_opinion(text), by, now
    row.feedback_until = rules.feedback_until(today(now), days)
    session.flush()
    return row


def concerned(session: Session, row: TermAudit) -> frozenset[str]:
    """Who is audited: the member who left, or everybody whose office in the committee ended that day or before it
    within the audited days."""
    if row.person_id is not None:
        return frozenset({row.person_id})
    query = select(Office.person_id, Office.starts_at, Office.ends_at).where(
        Office.community_id == row.community_id, Office.body_kind == "owners_committee"
    )
    return frozenset(
        person
        for person, starts_at, ends_at in session.execute(query)
        if today(starts_at) <= row.left_on and last_day(ends_at) >= row.left_on
    )


def reply(session: Session, community_id: str, audit_id: str, *, text: str, by: str, now: datetime) -> TermAuditReply:
    """Somebody concerned answers the draft."""
    row = get(session, TermAudit, community_id, audit_id, lock=True)
    _needs(row, Stage.FEEDBACK)
    if by not in concerned(session, row):
        raise rules.NotConcerned
    made = TermAuditReply(community_id=community_id, audit_id=row.id, text=rules.check_opinion(text), by=by, at=now)
    session.add(made)
    session.flush()
    return made


def replies(session: Session, row: TermAudit) -> Sequence[TermAuditReply]:
    query = select(TermAuditReply).where(
        TermAuditReply.community_id == row.community_id, TermAuditReply.audit_id == row.id
    )
    return session.scalars(query.order_by(TermAuditReply.at, TermAuditReply.id)).all()


def finish(session: Session, community_id: str, audit_id: str, *, text: str, by: str, now: datetime) -> TermAudit:
    """The final opinion, after the days of feedback or when everybody concerned has answered."""
    row = get(session, TermAudit, community_id, audit_id, lock=True)
    _needs(row, Stage.FEEDBACK)
    assert row.feedback_until is not None
    answered = {one.by for one in replies(session, row)}
    rules.check_final(row.feedback_until, today(now), all_answered=concerned(session, row) <= answered)
    row.opinion, row.final_by, row.final_at = rules.check_opinion(text), by, now
    session.flush()
    return row


def concerning(session: Session, community_id: str, person_id: str) -> list[TermAudit]:
    """Audits that wait for this person's word."""
    return [
        row
        for row in audits(session, community_id)
        if stage(row) is Stage.FEEDBACK
        and person_id in concerned(session, row)
        and all(one.by != person_id for one in replies(session, row))
    ]
