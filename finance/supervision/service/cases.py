"""The life of findings and questions: raised by a check, a supervisor or an auditor, answered by the committee, decided
by the supervisors. Every step is a row that stays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from finance.rules.life import VoucherState
from finance.service import documents
from finance.supervision.rules import cases as rules
from finance.supervision.rules.cases import CLOSED, Act, Kind, State, Terms
from finance.supervision.tables import Case, CaseStep
from finance.tables import Document, Voucher
from hoa.community import pack_choice
from hoa.community.tables import Community
from hoa.db import get
from hoa.kernel import ids, workdays
from hoa.kernel.clock import today
from hoa.kernel.errors import NotFound
from hoa.ports.files import Files

# The check that watches this very list: what it finds is followed already.
OVERDUE_CODE = "F27"
HINT = "low"


def terms(session: Session, community_id: str, *, day: date) -> Terms:
    """The clocks of the community's rule pack."""
    pack = pack_choice.current(session, community_id, day=day)
    return Terms(
        question_working_days=pack.number("supervision_question_working_days"),
        finding_working_days=pack.number("supervision_finding_working_days"),
        feedback_days=pack.number("supervision_feedback_days"),
    )


# -------------------------------------------------------------------------------------------------------------- raising


def take_up(
    session: Session,
    community_id: str,
    *,
    findings: Sequence[Mapping[str, Any]],
    start: date,
    end: date,
    by: str | None,
    now: datetime,
    report_id: str | None = None,
    hints: bool = False,
) -> list[Case]:
    """Follow what the checks found (the shape of a report's findings), each fact once by its `key`. A fact that is
    followed already is noted on its case by the report that saw it again. Hints need somebody to take them up."""
    wanted = [one for one in findings if one["code"] != OVERDUE_CODE and (hints or one["severity"] != HINT)]
    number = _next_number(session, community_id, Kind.FINDING)
    known = _by_key(session, community_id, [str(found["key"]) for found in wanted])
    seen = _seen_by(session, community_id, report_id)
    taken = []
    for found in wanted:
        case = known.get(found["key"])
        if case is None:
            case = _from_check(session, community_id, found, number, (start, end), by=by, now=now, report_id=report_id)
            known[case.key] = case
            number += 1
        elif report_id is not None and case.report_id != report_id and case.id not in seen:
            _step(session, case, Act.SEEN, because="", by=by, now=now, report_id=report_id)
            seen.add(case.id)
        taken.append(case)
    return taken


def _by_key(session: Session, community_id: str, keys: Sequence[str]) -> dict[str, Case]:
    query = select(Case).where(Case.community_id == community_id, Case.key.in_(keys))
    return {case.key: case for case in session.scalars(query)}


def _seen_by(session: Session, community_id: str, report_id: str | None) -> set[str]:
    """The cases on which this report was noted already."""
    query = select(CaseStep.case_id).where(CaseStep.community_id == community_id, CaseStep.report_id == report_id)
    return set(session.scalars(query)) if report_id is not None else set()


def _from_check(
    session: Session,
    community_id: str,
    found: Mapping[str, Any],
    number: int,
    days: tuple[date, date],
    *,
    by: str | None,
    now: datetime,
    report_id: str | None,
) -> Case:
    case = _new(
        session,
        community_id,
        Kind.FINDING,
        number,
        key=found["key"],
        code=found["code"],
        check_id=found["check"],
        severity=found["severity"],
        title=found["title"],
        sentence=found["sentence"],
        params=dict(found["params"]),
        amount_fen=found["amount_fen"],
        evidence=list(found["evidence"]),
        rule=found["rule"],
        office=found["office"],
        advice=found["advice"],
        report_id=report_id,
        starts_on=days[0],
        ends_on=days[1],
        by=by,
        now=now,
    )
    _step(session, case, Act.RAISE, because="", by=by, now=now, due_on=case.due_on, report_id=report_id, first=True)
    return case


@dataclass(frozen=True, kw_only=True)
class Written:
    """A finding in a person's own words (事实/依据/金额/责任/建议/期限)."""

    title: str
    fact: str
    severity: str
    rule: str = ""
    amount_fen: int = 0
    office: str = ""
    advice: str = ""
    due_on: date | None = None
    evidence: tuple[Mapping[str, Any], ...] = ()


def write(session: Session, community_id: str, *, written: Written, by: str, now: datetime) -> Case:
    """A finding that a supervisor or an auditor writes down by hand."""
    return _by_hand(session, community_id, Kind.FINDING, written, by=by, now=now)


def ask(
    session: Session,
    community_id: str,
    *,
    text: str,
    title: str,
    evidence: Sequence[Mapping[str, Any]] = (),
    by: str,
    now: datetime,
) -> Case:
    """质询 (R2.23): about the committee's work, or one voucher, bank line or contract; answered in ten working days."""
    written = Written(title=title, fact=text, severity="medium", evidence=tuple(evidence))
    return _by_hand(session, community_id, Kind.QUESTION, written, by=by, now=now)


def _by_hand(session: Session, community_id: str, kind: Kind, written: Written, *, by: str, now: datetime) -> Case:
    if written.due_on is not None and written.due_on < today(now):
        raise rules.DueInThePast(due=written.due_on.isoformat())
    case = _new(
        session,
        community_id,
        kind,
        _next_number(session, community_id, kind),
        key=f"hand:{ids.new_id()}",
        code="",
        check_id="",
        severity=written.severity,
        title=rules.check_title(written.title),
        sentence=rules.check_words(written.fact),
        params={},
        amount_fen=written.amount_fen,
        evidence=[dict(item) for item in written.evidence],
        rule=written.rule.strip(),
        office=written.office.strip(),
        advice=written.advice.strip(),
        report_id=None,
        starts_on=None,
        ends_on=None,
        by=by,
        now=now,
        due_on=written.due_on,
    )
    _step(session, case, Act.RAISE, because="", by=by, now=now, due_on=case.due_on)
    return case


def _next_number(session: Session, community_id: str, kind: Kind) -> int:
    """The next number of its kind, under the community's lock: two who find at once get two numbers."""
    session.scalars(select(Community).where(Community.id == community_id).with_for_update()).one()
    query = select(func.max(Case.number)).where(Case.community_id == community_id, Case.kind == str(kind))
    return (session.scalar(query) or 0) + 1


def _new(
    session: Session,
    community_id: str,
    kind: Kind,
    number: int,
    *,
    by: str | None,
    now: datetime,
    due_on: date | None = None,
    **facts: Any,
) -> Case:
    due = rules.answer_due(kind, today(now), workdays.china(), terms(session, community_id, day=today(now)))
    case = Case(
        community_id=community_id,
        kind=str(kind),
        number=number,
        raised_by=by,
        raised_at=now,
        state=str(State.OPEN),
        due_on=due_on or due.day,
        provisional=due_on is None and due.provisional,
        **facts,
    )
    session.add(case)
    session.flush()
    return case


# --------------------------------------------------------------------------------------------------------------- steps


def answer(
    session: Session,
    community_id: str,
    case_id: str,
    *,
    text: str,
    by: str,
    now: datetime,
    files: Files | None = None,
    papers: Sequence[tuple[str, bytes]] = (),
) -> CaseStep:
    """What the committee says to it, with documents (name, content)."""
    case = get(session, Case, community_id, case_id, lock=True)
    state = rules.after(Act.ANSWER, State(case.state))
    words = rules.check_words(text)
    stored = []
    for name, data in papers:
        assert files is not None  # whoever brings papers brings the store
        row = documents.store(session, files, community_id, name=name, data=data, kind="other", by=by, now=now)
        stored.append(row.id)
    case.state = str(state)
    return _step(session, case, Act.ANSWER, because=words, by=by, now=now, documents=stored)


def decide(
    session: Session,
    community_id: str,
    case_id: str,
    *,
    act: Act,
    because: str,
    by: str,
    now: datetime,
    voucher_id: str | None = None,
    paper: str = "",
) -> CaseStep:
    """What the supervisors make of it: accepted, corrected by a named voucher or paper, sent back, taken to the street
    office, withdrawn, opened again."""
    case = get(session, Case, community_id, case_id, lock=True)
    state = rules.after(act, State(case.state))
    words = rules.check_words(because)
    if act is Act.CORRECT and not voucher_id and not paper.strip():
        raise rules.NothingNamed
    if voucher_id:
        voucher = get(session, Voucher, community_id, voucher_id)
        if voucher.state != VoucherState.POSTED:
            raise NotFound
    due_on = _restart(session, case, now) if act in rules.RESTARTS else None
    case.state = str(state)
    case.closed_at = now if state in CLOSED else None
    if act is Act.ESCALATE and case.escalated_at is None:
        case.escalated_at = now
    return _step(
        session,
        case,
        act,
        because=words,
        by=by,
        now=now,
        due_on=due_on,
        voucher_id=voucher_id if act is Act.CORRECT else None,
        paper=paper.strip() if act is Act.CORRECT else "",
    )


def _restart(session: Session, case: Case, now: datetime) -> date:
    due = rules.answer_due(
        Kind(case.kind), today(now), workdays.china(), terms(session, case.community_id, day=today(now))
    )
    case.due_on, case.provisional = due.day, due.provisional
    return due.day


def publish(session: Session, community_id: str, case_id: str, *, by: str, now: datetime) -> Case:
    """Let every owner read it with its answers; done once, for good."""
    case = get(session, Case, community_id, case_id, lock=True)
    if case.published_at is None:
        case.published_at = now
        _step(session, case, Act.PUBLISH, because="", by=by, now=now)
    return case


def _step(
    session: Session,
    case: Case,
    act: Act,
    *,
    because: str,
    by: str | None,
    now: datetime,
    due_on: date | None = None,
    voucher_id: str | None = None,
    paper: str = "",
    report_id: str | None = None,
    documents: Sequence[str] = (),
    first: bool = False,
) -> CaseStep:
    """The next step of a case; `first` of one that has none yet saves the question."""
    query = select(func.max(CaseStep.no)).where(CaseStep.community_id == case.community_id, CaseStep.case_id == case.id)
    last = 0 if first else session.scalar(query)
    row = CaseStep(
        community_id=case.community_id,
        case_id=case.id,
        no=(last or 0) + 1,
        act=str(act),
        because=because,
        by=by,
        at=now,
        due_on=due_on,
        voucher_id=voucher_id,
        paper=paper,
        report_id=report_id,
        documents=list(documents),
    )
    session.add(row)
    session.flush()
    return row


# ------------------------------------------------------------------------------------------------------------- reading


def cases(
    session: Session, community_id: str, *, kind: Kind | None = None, open_only: bool = False, published: bool = False
) -> Sequence[Case]:
    """Findings and questions: those that wait before those that are settled, then by their numbers."""
    query = select(Case).where(Case.community_id == community_id)
    if kind is not None:
        query = query.where(Case.kind == str(kind))
    if open_only:
        query = query.where(Case.state.not_in([str(state) for state in CLOSED]))
    if published:
        query = query.where(Case.published_at.is_not(None))
    return session.scalars(query.order_by(Case.kind, Case.closed_at.is_not(None), Case.number)).all()


def steps(session: Session, case: Case) -> Sequence[CaseStep]:
    query = select(CaseStep).where(CaseStep.community_id == case.community_id, CaseStep.case_id == case.id)
    return session.scalars(query.order_by(CaseStep.no)).all()


def steps_of(session: Session, community_id: str, found: Sequence[Case]) -> dict[str, list[CaseStep]]:
    """The steps of several cases, by the case's id."""
    query = select(CaseStep).where(CaseStep.community_id == community_id, CaseStep.case_id.in_([c.id for c in found]))
    told: dict[str, list[CaseStep]] = {case.id: [] for case in found}
    for step in session.scalars(query.order_by(CaseStep.case_id, CaseStep.no)):
        told[step.case_id].append(step)
    return told


def paper(session: Session, community_id: str, case_id: str, document_id: str) -> Document:
    """A document that an answer to this very case brought, or NotFound."""
    case = get(session, Case, community_id, case_id)
    if not any(document_id in step.documents for step in steps(session, case)):
        raise NotFound
    return get(session, Document, community_id, document_id)


def followed(session: Session, community_id: str, keys: Sequence[str]) -> dict[str, Case]:
    """The cases of these facts, by their keys."""
    return _by_key(session, community_id, keys)


def is_late(case: Case, day: date) -> bool:
    return rules.is_late(State(case.state), case.due_on, day)
