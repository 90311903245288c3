"""What a handler may do with what it was given, and until when (首问负责, 限时办结; rules.md 8). Pure.

首问负责: whoever was asked first does not simply send people on. A unit that is not the right one says so at once and
says whose it is; after the first working day it is theirs, and only the desk can still move it. A reopened suggestion
was answered by this unit before, so that it is theirs from the start. The clock stands still only for a reason that the
reporter reads, with a day on which it is expected to go on, and never to get out of being late.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from hoa.affairs.rules import wording
from hoa.affairs.rules.clocks import overdue_days
from hoa.affairs.rules.states import Action
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.workdays import Calendar

HAND_BACK_WORKING_DAYS = 1
LONGEST_PAUSE_DAYS = 90
OWNER_LENGTH = 60


class TooLateToHandBack(Refusal):
    message = N_("交办后第 1 个工作日（%(last)s）以内才能退回；请先办理，确实不归您单位管的，请联系梳理人员改派")
    status = 409


class HandBackAfterReopening(Refusal):
    message = N_("这件诉求您单位答复过，提出人要求重办，不能退回；请继续办理")
    status = 409


class WhoseIsIt(Refusal):
    message = N_("请写明应当由谁办理，首问负责不能只说“不归我管”")
    status = 422


class PauseUntil(Refusal):
    message = N_("预计继续办理的日子应当在明天到 %(last)s 之间")
    status = 422


class LateCannotPause(Refusal):
    message = N_("这件诉求已经逾期，不能中止计时；请反馈进展，说明什么时候能办好")
    status = 409


class Given(NamedTuple):
    """How a suggestion came to the unit that has it: by which action, on which day."""

    action: str
    day: date


def given(steps: Sequence[Given]) -> Given | None:
    """The last time it was given to somebody, of all its steps in order; None when it never was."""
    giving = {Action.ASSIGN.value, Action.REASSIGN.value, Action.REOPEN.value}
    return next((step for step in reversed(steps) if step.action in giving), None)


def last_hand_back_day(given_on: date, calendar: Calendar) -> date:
    return calendar.due(given_on, HAND_BACK_WORKING_DAYS).day


def may_hand_back(last: Given | None, today: date, calendar: Calendar) -> bool:
    """Whether it may still go back; what was given on a day off may go back through the first working day after it."""
    if last is None or last.action == Action.REOPEN:
        return False
    return today <= last_hand_back_day(last.day, calendar)


def check_hand_back(last: Given | None, today: date, calendar: Calendar) -> None:
    if may_hand_back(last, today, calendar):
        return
    if last is None or last.action == Action.REOPEN:
        raise HandBackAfterReopening
    raise TooLateToHandBack(last=last_hand_back_day(last.day, calendar).isoformat())


def handed_back(belongs_to: str, why: str) -> str:
    """The reason as it is kept and read: whose it is, and why."""
    owner = " ".join(wording.tidy(belongs_to).split())
    if not owner:
        raise WhoseIsIt
    return wording.reason(f"应由{owner}办理：{wording.reason(why)}")


def check_pause(due: date | None, until: date, today: date, calendar: Calendar) -> None:
    """Not once it is late, and not without an end in sight."""
    if due is not None and overdue_days(due, today, calendar):
        raise LateCannotPause
    last = today + timedelta(days=LONGEST_PAUSE_DAYS)
    if not today < until <= last:
        raise PauseUntil(last=last.isoformat())
