"""诉求办理月报: the figures of a month that has ended, published once with every row they count, so that anybody can
derive them again (labels and days only; `hoa.affairs.rules.figures`).
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.affairs.board_tables import MonthReport
from hoa.affairs.rules import figures as rules
from hoa.affairs.rules.figures import Period
from hoa.affairs.service import figures
from hoa.affairs.service.figures import Told
from hoa.bulletin import service as bulletin
from hoa.bulletin.tables import Publication
from hoa.community.service import get_community
from hoa.community.tables import Community
from hoa.db import get
from hoa.jobs import enqueue
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.workdays import china

PUBLICATION = "suggestions"
PAPER = "suggestions.paper"


class NotOver(Refusal):
    message = N_("%(month)s还没有结束，最早 %(day)s 的次日公布月报")
    status = 409


class Reported(Refusal):
    message = N_("%(month)s的月报已经公布过了，不能再公布一次")
    status = 409


class OnlyMonths(Refusal):
    message = N_("月报按月公布，请写月份，例如 2026-09")
    status = 404


def publish(session: Session, community_id: str, month: Period, *, by: str, now: datetime) -> MonthReport:
    """Freeze a month's figures on the board, once, after its end."""
    # One at a time: two who publish at once must not both find that nobody has.
    session.scalars(select(Community).where(Community.id == community_id).with_for_update()).one()
    if month.month is None:
        raise OnlyMonths
    if not month.over(today(now)):
        raise NotOver(month=str(month), day=month.end.isoformat())
    if report(session, community_id, month) is not None:
        raise Reported(month=str(month))
    code = get_community(session, community_id).code
    publication = bulletin.publish(
        session,
        community_id,
        kind=PUBLICATION,
        title=title(month),
        content=content(figures.told(session, community_id, month, day=today(now))),
        reference=str(month),
        url=f"/c/{code}/suggestions/months/{month}",
        by=by,
        now=now,
    )
    row = MonthReport(community_id=community_id, month=str(month), publication_id=publication.id)
    session.add(row)
    session.flush()
    enqueue(session, PAPER, {"month": str(month)}, now=now, community_id=community_id)
    return row


def title(month: Period) -> str:
    """What the report is called, in the language of the notice."""
    return f"{month.year} 年 {month.month} 月诉求办理月报"


def report(session: Session, community_id: str, month: Period) -> MonthReport | None:
    """The report of a month, if it was published."""
    query = select(MonthReport).where(MonthReport.community_id == community_id, MonthReport.month == str(month))
    return session.scalars(query).one_or_none()


def publication_of(session: Session, row: MonthReport) -> Publication:
    return get(session, Publication, row.community_id, row.publication_id)


def reported(session: Session, community_id: str) -> Sequence[str]:
    """The months that were reported, the latest first."""
    query = select(MonthReport.month).where(MonthReport.community_id == community_id)
    return session.scalars(query.order_by(MonthReport.month.desc())).all()


def to_report(session: Session, community_id: str, day: date) -> Period | None:
    """The month whose report is to be published next, if anything was received in it."""
    for month in rules.to_report(day, reported(session, community_id), china()):
        if figures.anything(session, community_id, month):
            return month
    return None


def content(told: Told) -> dict[str, Any]:
    """What is hashed: the figures, and the rows from which everybody derives them."""
    since, until = told.before_days
    return {
        "title": title(told.period),
        "month": str(told.period),
        "as_of": told.day.isoformat(),
        "figures": rules.as_content(told.whole),
        "channels": [{"channel": channel, "count": times} for channel, times in told.channels],
        "overdue_now": told.overdue_now,
        "before": {
            "since": since.isoformat(),
            "until": until.isoformat(),
            "figures": rules.as_content(told.before),
        },
        "rows": [rules.as_row(fact) for fact in told.facts],
    }


def frozen(published: Mapping[str, Any]) -> Told:
    """A published report as it is told: its groups are derived from its own rows."""
    day, calendar = date.fromisoformat(published["as_of"]), china()
    facts = [rules.from_row(row) for row in published["rows"]]
    before = published["before"]
    return Told(
        period=rules.period(published["month"]),
        day=day,
        whole=rules.from_content(published["figures"]),
        before=rules.from_content(before["figures"]),
        before_days=(date.fromisoformat(before["since"]), date.fromisoformat(before["until"])),
        channels=[(row["channel"], row["count"]) for row in published["channels"]],
        sortings=rules.grouped(facts, lambda fact: fact.sorting, day=day, calendar=calendar),
        categories=rules.grouped(facts, lambda fact: fact.category, day=day, calendar=calendar),
        handlers=rules.grouped(facts, lambda fact: fact.handler, day=day, calendar=calendar),
        months=(),
        overdue_now=published["overdue_now"],
        facts=facts,
    )
