"""What supervision tells the report (`finance.audit.provided`): earlier findings, answers, questions, scores,
samples."""

from collections.abc import Sequence
from datetime import date, datetime, time

from sqlalchemy.orm import Session

from finance.audit.provided import Answered, Carried, Question, Sampled, Scored
from finance.service.vouchers import label
from finance.supervision.rules.cases import CLOSED, KIND_NAMES, STATE_NAMES, Act, Kind, State
from finance.supervision.rules.sampling import METHOD_NAMES, RESULT_NAMES, Method, Result
from finance.supervision.service import cases, samples, scores
from finance.supervision.tables import Case, CaseStep
from finance.tables import Voucher
from hoa.db import get
from hoa.kernel.clock import CHINA, today
from hoa.kernel.errors import N_

NOT_LOOKED_AT = N_("还没有核对")
# Points of a scorecard in thousandths, from hundredths.
_MILLI_OF_CENTI = 10


def carried(session: Session, community_id: str, *, start: date, end: date) -> Sequence[Carried]:
    """Findings raised before the period that waited into it, and those that were settled during it."""
    first = datetime.combine(start, time(), CHINA)
    found = [
        case
        for case in cases.cases(session, community_id, kind=Kind.FINDING)
        if case.raised_at < first and (case.closed_at is None or today(case.closed_at) >= start)
    ]
    steps = cases.steps_of(session, community_id, found)
    return [_carried(session, case, steps[case.id], end) for case in sorted(found, key=lambda one: one.number)]


def _carried(session: Session, case: Case, steps: Sequence[CaseStep], end: date) -> Carried:
    return Carried(
        report=case.ends_on.isoformat() if case.ends_on else "",
        no=case.number,
        code=case.code,
        title=case.title,
        sentence=case.sentence if case.check_id else "%(fact)s",
        params=dict(case.params) if case.check_id else {"fact": case.sentence},
        amount_fen=case.amount_fen,
        severity=case.severity,
        state_name=STATE_NAMES[State(case.state)],
        due_on=case.due_on,
        answer=_answer(session, steps, until=end),
    )


def _answer(session: Session, steps: Sequence[CaseStep], *, until: date | None = None) -> str:
    """The committee's latest answer, and by which voucher or paper it was put right."""
    told = [step for step in steps if until is None or today(step.at) <= until or step.act == Act.CORRECT]
    answers = [step.because for step in told if step.act == Act.ANSWER]
    named = []
    for step in told:
        if step.voucher_id:
            named.append(label(get(session, Voucher, step.community_id, step.voucher_id)))
        if step.paper:
            named.append(step.paper)
    return "；".join([*answers[-1:], *named])


def answers(session: Session, community_id: str, *, start: date, end: date) -> Sequence[Answered]:
    """What became of every finding that is followed, by its key: the report picks those it tells of."""
    del start, end  # a finding is known by its key, whichever period it is told in
    found = cases.cases(session, community_id, kind=Kind.FINDING)
    steps = cases.steps_of(session, community_id, found)
    return [
        Answered(
            key=case.key,
            state_name=STATE_NAMES[State(case.state)],
            answer=_answer(session, steps[case.id]),
            answered_on=_answered_on(steps[case.id]),
            due_on=case.due_on,
        )
        for case in found
    ]


def _answered_on(steps: Sequence[CaseStep]) -> date | None:
    days = [today(step.at) for step in steps if step.act == Act.ANSWER]
    return days[-1] if days else None


def questions(session: Session, community_id: str, *, start: date, end: date) -> Sequence[Question]:
    """Questions asked in the period, and earlier ones that waited into it."""
    found = [
        case
        for case in cases.cases(session, community_id, kind=Kind.QUESTION)
        if today(case.raised_at) <= end and (case.closed_at is None or today(case.closed_at) >= start)
    ]
    steps = cases.steps_of(session, community_id, found)
    return [
        Question(
            number=f"{KIND_NAMES[Kind.QUESTION]} {case.number}",
            about=case.title,
            asked_on=today(case.raised_at),
            due_on=case.due_on,
            answered_on=_answered_on(steps[case.id]),
            settled=State(case.state) in CLOSED,
            answer=_answer(session, steps[case.id]),
        )
        for case in sorted(found, key=lambda one: one.number)
    ]


def evaluation(session: Session, community_id: str, *, start: date, end: date) -> Sequence[Scored]:
    """Evaluations of days in the period that were published: the supervisors' averages, and the owners' beside them."""
    told = []
    for row in scores.evaluations(session, community_id):
        if row.closed_at is None or row.ends_on < start or row.starts_on > end:
            continue
        found = scores.outcome(session, row)
        title = f"{row.starts_on.isoformat()} – {row.ends_on.isoformat()}"
        for rater, mean in ((N_("监督委员"), found.supervisors), (N_("业主"), found.owners)):
            if mean is None:
                continue
            told += [
                Scored(
                    title=f"{title} {rater}",
                    item=criterion.title,
                    most=10,
                    average_milli=centi * _MILLI_OF_CENTI,
                    raters=mean.raters,
                    published_on=today(row.closed_at),
                )
                for criterion, centi in zip(found.criteria, mean.criteria_centi, strict=True)
            ]
    return told


def sampled(session: Session, community_id: str, *, start: date, end: date) -> Sequence[Sampled]:
    """Every drawn voucher of the lists whose days touch the period, in the order of the draws (抽凭清单)."""
    found = [row for row in samples.samples(session, community_id) if row.starts_on <= end and row.ends_on >= start]
    return [
        Sampled(
            method=METHOD_NAMES[Method(row.method)],
            seed=row.seed,
            voucher_id=line.voucher.id,
            voucher=line.label,
            result=RESULT_NAMES[Result(line.item.result)] if line.item.result else NOT_LOOKED_AT,
            note=line.item.note,
        )
        for row in sorted(found, key=lambda one: one.number)
        for line in samples.lines(session, row)
    ]


PROVIDERS = {
    "carried": carried,
    "answers": answers,
    "questions": questions,
    "evaluation": evaluation,
    "samples": sampled,
}
