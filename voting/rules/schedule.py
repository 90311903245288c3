"""The calendar of an assembly: notice, opening, closing, announcement, as the rule pack has them (rules.md R1.27,
R1.28, R1.39). Whole days of China's calendar; a pack is an argument."""

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import ClassVar, NamedTuple

from hoa.kernel.clock import CHINA, today
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.packs import RulePack

# What a draft suggests where nobody has said otherwise; whoever drafts may change it within the pack's bounds.
OPENING_HOUR, CLOSING_HOUR, USUAL_DAYS = time(9), time(18), 14


class Form(StrEnum):
    """定期会议, 临时会议 or 首次会议 (物业管理条例 13; 指导规则 15, 21)."""

    REGULAR = "regular"
    EXTRAORDINARY = "extraordinary"
    FIRST = "first"


FORM_TITLES = {
    Form.REGULAR: N_("定期会议"),
    Form.EXTRAORDINARY: N_("临时会议"),
    Form.FIRST: N_("首次会议"),
}


class UnknownForm(Refusal):
    message: ClassVar[str] = N_("会议种类只能是定期会议、临时会议或首次会议")


class NoticeTooShort(Refusal):
    message: ClassVar[str] = N_(
        "距开始表决不足 %(days)s 天：公告须在会议召开 %(days)s 日以前发出，请把开始时间改到 %(day)s 或以后"
    )


class WindowTooShort(Refusal):
    message: ClassVar[str] = N_("表决期只有 %(found)s 天，按规则包至少 %(days)s 天，请把截止时间改到 %(day)s 或以后")


class WindowTooLong(Refusal):
    message: ClassVar[str] = N_("表决期有 %(found)s 天，按规则包最多 %(days)s 天，请把截止时间改到 %(day)s 或以前")


def form(text: str) -> Form:
    if text not in tuple(Form):
        raise UnknownForm
    return Form(text)


def notice_days(pack: RulePack, kind: Form, *, longer: int | None = None) -> int:
    """How many days before the opening the notice must be given; a rulebook may only make it more."""
    lawful = pack.number("extraordinary_notice_days" if kind is Form.EXTRAORDINARY else "notice_days")
    return max(lawful, longer or 0)


def check_notice(opens: datetime, *, now: datetime, days: int) -> None:
    """Refuse a notice that comes too late for its opening (R1.27)."""
    earliest = today(now) + timedelta(days=days)
    if today(opens) < earliest:
        raise NoticeTooShort(days=days, day=earliest.isoformat())


def check_window(pack: RulePack, opens: datetime, closes: datetime) -> None:
    """Refuse a time for voting that the pack does not allow (Hangzhou: 5 to 60 days, R1.28)."""
    found = window_days(opens, closes)
    least, most = pack.number("window_min_days"), pack.number("window_max_days")
    if closes < opens + timedelta(days=least):
        raise WindowTooShort(found=found, days=least, day=today(opens + timedelta(days=least)).isoformat())
    if closes > opens + timedelta(days=most):
        raise WindowTooLong(found=found, days=most, day=today(opens + timedelta(days=most)).isoformat())


def window_days(opens: datetime, closes: datetime) -> int:
    """Whole days from opening to closing."""
    return (closes - opens).days


def usual_window(pack: RulePack, day: date) -> tuple[datetime, datetime]:
    """Opening and closing of a vote that begins on this day: at the usual hours, two weeks or as near as the pack
    allows (R1.28)."""
    opens = datetime.combine(day, OPENING_HOUR, CHINA)
    days = max(pack.number("window_min_days"), min(USUAL_DAYS, pack.number("window_max_days") - 1))
    return opens, datetime.combine(day + timedelta(days=days), CLOSING_HOUR, CHINA)


class Calendar(NamedTuple):
    """The days that follow if the notice is given today. `last_notice` is the last day on which it may be given for the
    opening that the draft names."""

    notice: date
    days: int
    earliest: date
    last_notice: date
    opens: datetime
    closes: datetime
    announce_by: date

    @property
    def in_time(self) -> bool:
        return self.notice <= self.last_notice


def calendar(
    pack: RulePack, kind: Form, *, opens: datetime, closes: datetime, now: datetime, longer: int | None = None
) -> Calendar:
    days = notice_days(pack, kind, longer=longer)
    return Calendar(
        notice=today(now),
        days=days,
        earliest=today(now) + timedelta(days=days),
        last_notice=today(opens) - timedelta(days=days),
        opens=opens,
        closes=closes,
        announce_by=announce_by(pack, closes),
    )


def announce_by(pack: RulePack, closes: datetime) -> date:
    """The last day on which the result is to be announced (R1.39)."""
    return today(closes) + timedelta(days=pack.number("announce_days"))
