"""An engagement's bounds: what a third-party auditor may see, and on which days they may look (books.md 4). Pure."""

from collections.abc import Collection
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from hoa.kernel.errors import N_, Refusal


class Part(StrEnum):
    """What an engagement covers."""

    BOOKS = "books"
    VOTES = "votes"


PARTS = {
    Part.BOOKS: N_("账目：凭证、单据、银行流水、账簿、报表、对账"),
    Part.VOTES: N_("表决记录：这段时间公布结果的业主大会会议"),
}


class Stage(StrEnum):
    """How far an engagement is."""

    AHEAD = "ahead"
    OPEN = "open"
    OVER = "over"


STAGES = {Stage.AHEAD: N_("还没有开放"), Stage.OPEN: N_("正在审计"), Stage.OVER: N_("已经结束")}


class PartNeeded(Refusal):
    message = N_("请至少选择一项审计内容")


class PeriodUpsideDown(Refusal):
    message = N_("审计期间的截止日 %(end)s 早于起始日 %(start)s，请改正")


class OpensBeforeToday(Refusal):
    message = N_("开放日期 %(day)s 已经过去，请从今天或以后开始")


class OpenTooLong(Refusal):
    message = N_("开放的最后一天应在 %(first)s 至 %(last)s 之间")


class Bounds(NamedTuple):
    """The days audited, and the days of access; all inclusive."""

    starts_on: date
    ends_on: date
    opens_on: date
    closes_on: date

    def covers(self, start: date, end: date) -> bool:
        """Whether everything from `start` to `end` lies in the period audited."""
        return self.starts_on <= start <= end <= self.ends_on

    def stage(self, today: date, *, ended: bool) -> Stage:
        """Open from the first day of access to the last, unless it was ended earlier."""
        if ended or today > self.closes_on:
            return Stage.OVER
        return Stage.AHEAD if today < self.opens_on else Stage.OPEN


def check(bounds: Bounds, parts: Collection[str], *, today: date, most_days: int) -> None:
    """Refuse an engagement that covers nothing, is upside down, begins in the past or stays open too long."""
    if not parts:
        raise PartNeeded
    for part in parts:
        Part(part)
    if bounds.ends_on < bounds.starts_on:
        raise PeriodUpsideDown(start=bounds.starts_on.isoformat(), end=bounds.ends_on.isoformat())
    if bounds.opens_on < today:
        raise OpensBeforeToday(day=bounds.opens_on.isoformat())
    last = bounds.opens_on + timedelta(days=most_days - 1)
    if not bounds.opens_on <= bounds.closes_on <= last:
        raise OpenTooLong(first=bounds.opens_on.isoformat(), last=last.isoformat())
