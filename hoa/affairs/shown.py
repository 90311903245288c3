"""What a community's first page tells anybody of the suggestions: one line."""

from collections.abc import Sequence
from datetime import datetime

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from hoa.affairs.rules.figures import Period, count
from hoa.affairs.service import figures
from hoa.kernel.clock import today
from hoa.kernel.workdays import china
from hoa.web.room import Shown


def shown(session: Session, community_id: str, now: datetime) -> Sequence[Shown]:
    """How many came in this month, and how many of those due were answered in time; nothing before the first."""
    day = today(now)
    month = Period(day.year, day.month)
    found = figures.facts(session, community_id, since=month.start, until=month.end)
    overdue = figures.overdue_now(session, community_id, day)
    if not found and not overdue:
        return ()
    whole = count(found, day=day, calendar=china())
    words = gettext("本月收到 %(received)s 件，已答复 %(done)s 件", received=whole.received, done=whole.done)
    if whole.in_time_permille is not None:
        share = f"{whole.in_time_permille // 10}.{whole.in_time_permille % 10}%"
        words += gettext("，按期 %(share)s", share=share)
    parts = [words]
    if overdue:
        # Of every month: without saying so it would contradict this month's share.
        parts.append(gettext("不论哪月收到，现在逾期 %(n)s 件", n=overdue))
    return [Shown(title=gettext("码上提"), url=url_for("suggestions.board"), text=" · ".join(parts))]
