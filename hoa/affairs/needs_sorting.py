"""What waits at the desk: sorting within its working day, publishing what was rated, and the report of a month."""

from collections.abc import Sequence

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from hoa.affairs.powers import PUBLISH, READ, SORT
from hoa.affairs.rules.states import State
from hoa.affairs.service import desk, months, reading
from hoa.kernel.clock import today
from hoa.web.room import Asker, Need


def needs(session: Session, asker: Asker) -> Sequence[Need]:
    return [*_to_sort(session, asker), *_to_publish(session, asker), *_to_report(session, asker)]


def _to_sort(session: Session, asker: Asker) -> Sequence[Need]:
    """One line for all that waits, due when the first of it is."""
    queue = desk.waiting(session, asker.community_id) if SORT in asker.powers else ()
    if not queue:
        return ()
    due = min((row.due_on for row in queue if row.due_on), default=None)
    late = due is not None and due < today(asker.now)
    title = gettext("%(count)s 件诉求待梳理", count=len(queue))
    return (Need(title=title, url=url_for("sorting.index"), due=due, urgent=late),)


def _to_publish(session: Session, asker: Asker) -> Sequence[Need]:
    if not {PUBLISH, READ} <= asker.powers:
        return ()
    rated = reading.count(session, asker.community_id, states=[State.RATED])
    if not rated:
        return ()
    title = gettext("%(count)s 件诉求已评价，可以公示", count=rated)
    return (Need(title=title, url=url_for("sorting.list", state=State.RATED.value)),)


def _to_report(session: Session, asker: Asker) -> Sequence[Need]:
    """The month that is over and was not reported; supervisors may publish it too, but it is the desk's to do."""
    if not {PUBLISH, SORT} <= asker.powers:
        return ()
    month = months.to_report(session, asker.community_id, today(asker.now))
    if month is None:
        return ()
    title = gettext("请公示：%(title)s", title=months.title(month))
    return (Need(title=title, url=url_for("suggestions.month", month=str(month))),)
