"""What of supervision waits for whom: answers for the committee, decisions for the supervisors, a reply for who is
audited, a score for who rates; what was escalated, for the street office."""

from collections.abc import Sequence
from datetime import datetime

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
    found = []
    day = today(asker.now)
    for case in cases.cases(session, asker.community_id, open_only=True):
        late, url = cases.is_late(case, day), url_for("supervision.case", case_id=case.id)
        if case.state in (State.OPEN, State.ESCALATED) and ANSWER in asker.powers:
            title = gettext("请答复监督委员会：%(title)s", title=_title(case))
            found.append(Need(title=title, url=url, due=case.due_on, urgent=late))
        elif case.state == State.ANSWERED and DECIDE in asker.powers:
            title = gettext("业主委员会已答复，请认定：%(title)s", title=_title(case))
            found.append(Need(title=title, url=url))
        elif case.state == State.OPEN and late and DECIDE in asker.powers:
            title = gettext("逾期没有答复，可以提请街道处理：%(title)s", title=_title(case))
            found.append(Need(title=title, url=url, due=case.due_on, urgent=True))
    return found


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
