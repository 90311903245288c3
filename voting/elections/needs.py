"""Whose turn it is in an election before its ballot."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from hoa.kernel.clock import today
from hoa.web.room import Asker, Need
from voting.elections.powers import PREPARE
from voting.elections.rules import clock
from voting.elections.rules.life import CandidateState, State
from voting.elections.service import calling, questions, reading, screening
from voting.elections.tables import Candidate, Election, Question


def of(session: Session, asker: Asker) -> Sequence[Need]:
    """What waits for this person: the group's next steps, and what a candidate has not done yet."""
    found: list[Need] = []
    for row in reading.elections(session, asker.community_id):
        if row.step is State.CANCELLED:
            continue
        if PREPARE in asker.powers:
            found += _groups(session, row, asker)
        one = reading.mine(session, row, asker.person_id)
        if one is not None and one.step is not CandidateState.WITHDRAWN:
            found += _candidates(session, row, one, asker)
    return found


def _groups(session: Session, row: Election, asker: Asker) -> Iterator[Need]:
    day, page = today(asker.now), url_for("elections.manage", election=row.code)
    if row.step is State.NOMINATION and day > row.nominations_until:
        title = gettext("提名已到期，请开始资格审查：%(title)s", title=row.title)
        yield Need(title=title, url=page, due=row.nominations_until + timedelta(days=1))
    elif row.step is State.SCREENING:
        waiting = len(reading.candidates(session, row, CandidateState.NOMINATED))
        title = (
            gettext("还有 %(n)s 位候选人待审查：%(title)s", n=waiting, title=row.title)
            if waiting
            else gettext("审查完毕，请公布候选人名单：%(title)s", title=row.title)
        )
        yield Need(title=title, url=page)
    elif row.step is State.DISPLAY and row.published_at is not None:
        if row.drawn_at is not None:
            yield Need(title=gettext("顺序已抽定，请起草会议：%(title)s", title=row.title), url=page)
        elif day >= clock.display_over(calling.pack_of(row), row.published_at):
            yield Need(title=gettext("公示已满，请抽签定顺序：%(title)s", title=row.title), url=page)
    if row.step in (State.SCREENING, State.DISPLAY) and screening.appeals_waiting(session, row):
        yield Need(title=gettext("候选人申诉等答复：%(title)s", title=row.title), url=page, urgent=True)


def _candidates(session: Session, row: Election, one: Candidate, asker: Asker) -> Iterator[Need]:
    page = url_for("elections.mine", election=row.code)
    if row.step in (State.NOMINATION, State.SCREENING) and not one.frozen:
        if reading.undertaking(session, one) is None:
            title = gettext("请签署承诺书：%(title)s", title=row.title)
            yield Need(title=title, url=page, due=row.nominations_until)
        elif not one.statement:
            yield Need(title=gettext("请写自述：%(title)s", title=row.title), url=page, due=row.nominations_until)
    decided = reading.decision(session, one)
    if decided is not None and screening.may_appeal(session, row, one, now=asker.now):
        due = screening.appeal_until(calling.pack_of(row), decided)
        yield Need(title=gettext("资格审查没有通过，可以申诉：%(title)s", title=row.title), url=page, due=due)
    if questions.is_open(session, row, asker.now):
        asked = [ask for ask in reading.about(session, one, Question) if ask.answered_at is None and not ask.hidden_at]
        if asked:
            title = gettext("业主向您提了 %(n)s 个问题：%(title)s", n=len(asked), title=row.title)
            yield Need(title=title, url=page + "#questions")
