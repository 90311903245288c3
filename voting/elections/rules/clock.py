"""The days of an election before its ballot (rules.md R2.4): how long people may be nominated, how long the list is on
display, and the earliest day on which voting may open. Whole days of China's calendar."""

from datetime import date, datetime, timedelta
from typing import ClassVar

from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.packs import RulePack
from voting.rules import schedule
from voting.rules.schedule import Form


class NominationsPast(Refusal):
    message: ClassVar[str] = N_("提名截止日应在今天（%(day)s）以后，请修改")


class NominationsOpen(Refusal):
    message: ClassVar[str] = N_("提名到 %(day)s 为止（含当天），%(next)s 起才能开始资格审查")
    status: ClassVar[int] = 409


class NominationsOver(Refusal):
    message: ClassVar[str] = N_("提名已于 %(day)s 截止，不能再提名、联名或推荐")
    status: ClassVar[int] = 409


class OnDisplay(Refusal):
    message: ClassVar[str] = N_("候选人名单要公示满 %(days)s 天，最早 %(day)s 可以抽签定顺序")
    status: ClassVar[int] = 409


class OpensTooEarly(Refusal):
    message: ClassVar[str] = N_(
        "开始表决太早：名单公布后要满 %(publish)s 天，公告后要满 %(notice)s 天，最早是 %(day)s，请修改开始时间"
    )


def check_until(until: date, *, now: datetime) -> None:
    if until <= today(now):
        raise NominationsPast(day=today(now).isoformat())


def check_nominating(until: date, *, now: datetime) -> None:
    """Nominations are taken up to and including the last day."""
    if today(now) > until:
        raise NominationsOver(day=until.isoformat())


def check_nominated(until: date, *, now: datetime) -> None:
    """Screening begins when the last day of nomination is over."""
    if today(now) <= until:
        raise NominationsOpen(day=until.isoformat(), next=(until + timedelta(days=1)).isoformat())


def display_over(pack: RulePack, published: datetime) -> date:
    """The first day after the display; the day of publication does not count (民法典 201)."""
    return today(published) + timedelta(days=pack.number("candidate_display_days") + 1)


def check_display(pack: RulePack, published: datetime, *, now: datetime) -> None:
    """Refuse to draw while the list is still on display (Hangzhou 26: at least seven days)."""
    earliest = display_over(pack, published)
    if today(now) < earliest:
        raise OnDisplay(days=pack.number("candidate_display_days"), day=earliest.isoformat())


def earliest_opening(pack: RulePack, published: datetime, *, form: Form, now: datetime) -> date:
    """The first lawful day of voting if the notice goes out today: the list was public for the pack's days, and the
    notice is given in time (R1.27)."""
    return max(
        today(published) + timedelta(days=pack.number("candidate_publish_days")),
        today(now) + timedelta(days=schedule.notice_days(pack, form)),
    )


def check_opening(pack: RulePack, published: datetime, opens: datetime, *, form: Form, now: datetime) -> None:
    earliest = earliest_opening(pack, published, form=form, now=now)
    if today(opens) < earliest:
        raise OpensTooEarly(
            publish=pack.number("candidate_publish_days"),
            notice=schedule.notice_days(pack, form),
            day=earliest.isoformat(),
        )
