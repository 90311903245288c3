"""When a member's office ends before its term, who moves up, when too few are left, who may demand a recall
(rules.md R2.12, R2.13; 指导规则 43–46)."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import ClassVar, NamedTuple

from hoa.kernel.clock import CHINA, today
from hoa.kernel.errors import N_, Refusal

# Bodies whose members are elected by the owners; others are named by whoever sends them and leave by their word.
ELECTED = ("owners_committee", "supervisory_committee", "self_management_committee")
ALTERNATE = "alternate"
LATEST_DAYS = 90
TEXT_LENGTH = 2000


class Reason(StrEnum):
    """Why an office ends before its term."""

    RESIGNED = "resigned"
    NOT_OWNER = "not_owner"
    INCAPACITY = "incapacity"
    LIBERTY = "liberty"
    RECALLED = "recalled"


# What the public reads: the ground and its article, never the circumstances.
TITLES: Mapping[str, str] = {
    Reason.RESIGNED: N_("本人书面辞职"),
    Reason.NOT_OWNER: N_("不再是本小区业主"),
    Reason.INCAPACITY: N_("丧失民事行为能力"),
    Reason.LIBERTY: N_("依法被限制人身自由"),
    Reason.RECALLED: N_("业主大会决定罢免"),
}
ARTICLES: Mapping[str, str] = {
    Reason.RESIGNED: N_("《民法典》第一百三十七条：书面的意思表示自到达时生效"),
    Reason.NOT_OWNER: N_("《业主大会和业主委员会指导规则》第四十三条"),
    Reason.INCAPACITY: N_("《业主大会和业主委员会指导规则》第四十三条"),
    Reason.LIBERTY: N_("《业主大会和业主委员会指导规则》第四十三条"),
    Reason.RECALLED: N_("《民法典》第二百七十八条第一款第三项"),
}
# The grounds on which an office ends by itself; somebody proposes, somebody else confirms.
AUTOMATIC = (Reason.NOT_OWNER, Reason.INCAPACITY, Reason.LIBERTY)
# Nobody but the register is needed to see that somebody has sold; the others need a paper.
NEEDS_PAPER = (Reason.INCAPACITY, Reason.LIBERTY)


class NotAnAutomaticEnd(Refusal):
    message: ClassVar[str] = N_("这里只能登记：不再是业主、丧失民事行为能力、被限制人身自由；其他情形请走辞职或罢免")


class NothingSaid(Refusal):
    message: ClassVar[str] = N_("请写明内容，最多 %(most)s 个字")


class NoPaper(Refusal):
    message: ClassVar[str] = N_("这种情形要附证明文件（PDF、PNG 或 JPEG），文件密封保存，不公开")


class WrongEffectiveDay(Refusal):
    message: ClassVar[str] = N_("生效日期应在 %(first)s 与 %(last)s 之间，请改正")


class AlreadyReceived(Refusal):
    message: ClassVar[str] = N_("委员会或居民委员会已经收到这份辞职，不能再撤回（《民法典》第一百四十一条）")
    status: ClassVar[int] = 409


class AlreadyInEffect(Refusal):
    message: ClassVar[str] = N_("辞职已经生效，不能再撤回")
    status: ClassVar[int] = 409


class OwnCase(Refusal):
    message: ClassVar[str] = N_("不能办理自己的事，请由另一位有权的人办理")
    status: ClassVar[int] = 403


class SecondPersonNeeded(Refusal):
    message: ClassVar[str] = N_("提出的人不能自己确认，请由另一位有权的人办理")
    status: ClassVar[int] = 403


def check_automatic(reason: Reason, explanation: str, *, paper: bool) -> None:
    """An end that is entered by hand says what happened, and shows a paper where the register cannot know."""
    if reason not in AUTOMATIC:
        raise NotAnAutomaticEnd
    check_text(explanation)
    if reason in NEEDS_PAPER and not paper:
        raise NoPaper


def check_text(text: str) -> None:
    if not 0 < len(text.strip()) <= TEXT_LENGTH:
        raise NothingSaid(most=TEXT_LENGTH)


# ---------------------------------------------------------------------------------------------------- resignation


def effective_at(day: date, *, now: datetime, term_ends: datetime) -> datetime:
    """From when a resignation counts: now when the day is today, else the first minute of that day. Not later than 90
    days from now, and within the term: later there is nothing left to resign from."""
    first = today(now)
    last = min(first + timedelta(days=LATEST_DAYS), today(term_ends - timedelta(microseconds=1)))
    if not first <= day <= last:
        raise WrongEffectiveDay(first=first.isoformat(), last=last.isoformat())
    return now if day == first else datetime(day.year, day.month, day.day, tzinfo=CHINA)


def check_withdrawal(*, received: bool, effective: datetime, now: datetime) -> None:
    """A declaration may be taken back until it has arrived (民法典 137, 141); arrived is what the committee or the
    residents' committee has acknowledged, and at the latest what has come into effect."""
    if effective <= now:
        raise AlreadyInEffect
    if received:
        raise AlreadyReceived


# ------------------------------------------------------------------------------------------ how many are left


class Standing(NamedTuple):
    """A body's planned seats and the members who hold one now, both in heads; planned 0: nobody wrote it down."""

    planned: int
    sitting: int

    @property
    def vacant(self) -> int:
        return max(0, self.planned - self.sitting)

    @property
    def reelection(self) -> bool:
        """Fewer than half of the planned members are left (指导规则 46, strict): 3 of 7, not 4; 2 of 5."""
        return 2 * self.sitting < self.planned


# ------------------------------------------------------------------------------------------------------ moving up


class Alternate(NamedTuple):
    """An alternate as whoever fills a seat must see them. `excluded` is the rule that keeps them out, if one does."""

    office_id: str
    person_id: str
    place: int
    owner: bool
    excluded: bool = False
    refused: bool = False

    @property
    def fit(self) -> bool:
        return self.owner and not self.excluded and not self.refused


def next_alternate(alternates: Iterable[Alternate]) -> Alternate | None:
    """The first in rank who still may sit: an owner today, excluded by no rule, who has not refused this seat."""
    return next((one for one in sorted(alternates, key=lambda one: one.place) if one.fit), None)


# --------------------------------------------------------------------------------------------------------- recall


def share(text: str) -> Fraction:
    """A share as a rule pack writes it: `1/3`."""
    top, _, bottom = text.partition("/")
    return Fraction(int(top), int(bottom))


def members_needed(members: int, needed: Fraction) -> int:
    """How many members demand a recall (指导规则 44): a third of seven is three, a third of nine is three as well."""
    return -(-members * needed.numerator // needed.denominator)


def absent_enough(*, absent: int, held: int, percent: int) -> bool:
    """Absent from at least this share of the meetings of a year (北京 46): 3 of 6 at 50 percent, not 2 of 5."""
    return held > 0 and 100 * absent >= percent * held
