"""What of supervision waits for whom: answers for the committee, decisions for the supervisors, a reply for who is
audited, a score for who rates; what was escalated, for the street office."""

from collections.abc import Sequence
from datetime import date, datetime

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from finance.supervision.powers import ANSWER, DECIDE, RATE, SCORE
from finance.supervision.present import case_told
from finance.supervision.rules.cases import KIND_NAMES, Kind, State
from finance.supervision.service import cases, departures, scores
from finance.supervision.tables import Case
from hoa.community.service import get_community
from hoa.kernel.clock import today
from hoa.web.room import Asker, Need, Overdue


def needs(session: Session, asker: Asker) -> Sequence[Need]:
    found = [*_of_cases(session, asker), *_of_scores(session, asker)]
    for row in departures.concerning(session, asker.community_id, asker.person_id):
        url = url_for("supervision.term", term_audit_id=row.id)
        found.append(Need(title=gettext("离任审计征求您的意见"), url=url, due=row.feedback_until))
    return found


def _title(case: Case) -> str:
    return f"{gettext(KIND_NAMES[Kind(case.kind)])} {case.number} {case_told(case)['title']}"


def _of_cases(session: Session, asker: Asker) -> list[Need]:
    """The committee sees what it must answer and by when, the supervisors what came back and what is late."""
    if not asker.powers & {ANSWER, DECIDE}:
        return []
    day, rows = today(asker.now), cases.cases(session, asker.community_id, open_only=True)
    waiting = [case for case in rows if case.state in (State.OPEN, State.ESCALATED)]
    late = [case for case in waiting if case.state == State.OPEN and cases.is_late(case, day)]
    answered = [case for case in rows if case.state == State.ANSWERED]
    found = []
    if ANSWER in asker.powers:
        found += _need(gettext("请答复监督委员会"), waiting, day, due=True)
    if DECIDE in asker.powers:
        found += _need(gettext("业主委员会已答复，请认定"), answered, day, due=False)
        found += _need(gettext("逾期没有答复，可以提请街道处理"), late, day, due=True)
    return found


def _need(words: str, rows: Sequence[Case], day: date, *, due: bool) -> list[Need]:
    """One line for a case by name, or for all of them with the earliest last day."""
    if not rows:
        return []
    last = min(case.due_on for case in rows) if due else None
    urgent = last is not None and last < day
    if len(rows) == 1:
        title = gettext("%(words)s：%(title)s", words=words, title=_title(rows[0]))
        return [Need(title=title, url=url_for("supervision.case", case_id=rows[0].id), due=last, urgent=urgent)]
    title = gettext("%(words)s（%(count)s 项）", words=words, count=len(rows))
    return [Need(title=title, url=url_for("supervision.index"), due=last, urgent=urgent)]


def _of_scores(session: Session, asker: Asker) -> list[Need]:
    return [
        Need(title=gettext("请给业主委员会的履职打分"), url=url_for("supervision.score", evaluation_id=row.id))
        for row in scores.evaluations(session, asker.community_id)
        if row.closed_at is None
        and (SCORE in asker.powers or (row.owners and RATE in asker.powers))
        and all(one.rater_id != asker.person_id for one in scores.ratings(session, row))
    ]


def overdue(session: Session, community_id: str, now: datetime) -> Sequence[Overdue]:
    """What the supervisors took to the street office and what is still open of it (R2.23)."""
    code = get_community(session, community_id).code
    return [
        Overdue(
            title=gettext("监督委员会提请处理：%(title)s", title=_title(case)),
            url=url_for("supervision.case", community_code=code, case_id=case.id),
            since=min(case.due_on, today(case.escalated_at)),
        )
        for case in cases.cases(session, community_id, open_only=True)
        if case.escalated_at is not None and today(case.escalated_at) <= today(now)
    ]
