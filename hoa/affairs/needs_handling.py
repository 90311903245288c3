"""What waits for those who handle and those who supervise; what the street office sees over all its communities."""

from collections.abc import Sequence
from datetime import datetime

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from hoa.affairs.powers import SUPERVISE
from hoa.affairs.rules.states import State
from hoa.affairs.service import handlers, handling, letters, reading, terms
from hoa.affairs.views.words import name_word
from hoa.community.service import get_community
from hoa.kernel.clock import today
from hoa.web.room import Asker, Need, Overdue

# More than this are one line with the earliest last day.
ONE_BY_ONE = 3


def needs(session: Session, asker: Asker) -> Sequence[Need]:
    return [*_of_handlers(session, asker), *_of_supervisors(session, asker)]


def _of_handlers(session: Session, asker: Asker) -> Sequence[Need]:
    """What the person's units have to answer, and what stands still longer than was said."""
    units = handlers.handled_by(session, asker.community_id, asker.person_id, asker.now)
    if not units:
        return ()
    day = today(asker.now)
    tasks = handling.waiting(session, asker.community_id, units, day)
    running = [task for task in tasks if not task.standing.paused]
    stuck = [task for task in tasks if task.standing.paused and task.until is not None and task.until < day]
    found = [
        Need(
            title=gettext("说好继续办理的日子已过：%(title)s", title=name_word(task.row)),
            url=url_for("handling.show", suggestion_id=task.row.id),
            due=task.until,
        )
        for task in stuck
    ]
    if len(running) > ONE_BY_ONE:
        late = sum(bool(task.standing.overdue) for task in running)
        words = (
            gettext("请办理 %(count)s 件诉求，其中 %(late)s 件逾期", count=len(running), late=late)
            if late
            else gettext("请办理 %(count)s 件诉求", count=len(running))
        )
        return [Need(title=words, url=url_for("handling.index"), due=running[0].row.due_on, urgent=late > 0), *found]
    due = [
        Need(
            title=gettext("请办理：%(title)s", title=name_word(task.row)),
            url=url_for("handling.show", suggestion_id=task.row.id),
            due=task.row.due_on,
            urgent=task.standing.overdue > 0,
        )
        for task in running
    ]
    return [*due, *found]


def _of_supervisors(session: Session, asker: Asker) -> Sequence[Need]:
    """What is overdue with a handler and has no letter that still runs."""
    if SUPERVISE not in asker.powers:
        return ()
    day = today(asker.now)
    rows = reading.listed(session, asker.community_id, states=[State.ASSIGNED], overdue_on=day, by_due=True, limit=None)
    bare = [
        row
        for row in rows
        if all(
            letter.answer_by < day for letter in letters.letters(session, row) if letter.handler_id == row.handler_id
        )
    ]
    if not bare:
        return ()
    title = (
        gettext("逾期未办，请督办：%(title)s", title=name_word(bare[0]))
        if len(bare) == 1
        else gettext("%(count)s 件逾期诉求要写督办函", count=len(bare))
    )
    url = url_for("letters.new", suggestion_id=bare[0].id) if len(bare) == 1 else url_for("letters.index")
    return [Need(title=title, url=url, due=bare[0].due_on, urgent=True)]


def overdue(session: Session, community_id: str, now: datetime) -> Sequence[Overdue]:
    """What has been overdue so long that it is the street's (the pack's third step), whether or not the clock's own
    step is written yet.
    """
    day = today(now)
    rows = reading.listed(session, community_id, overdue_on=day, by_due=True, limit=None)
    if not rows:
        return ()
    street, code = terms.levels(session, community_id, day)[2], get_community(session, community_id).code
    return [
        Overdue(
            title=gettext(
                "诉求 %(label)s 逾期：%(title)s（%(name)s）",
                label=row.label,
                title=name_word(row),
                name=handlers.name_of(session, community_id, row.handler_id) or gettext("待梳理"),
            ),
            url=url_for("sorting.show", community_code=code, suggestion_id=row.id),
            since=row.due_on,
        )
        for row in rows
        if row.due_on is not None and (row.level >= 3 or reading.standing(row, day).overdue >= street)
    ]
