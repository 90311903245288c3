"""By when each step is due, whose turn it is, and what is late (rules.md R1.22, R1.23, R2.15).

How days are counted is decided here once, for every step:

* The day on which a term begins does not count (民法典 201).
* "Within n days": where the n-th day is a rest day, the next working day is the last one (民法典 203).
* "At least n days before": nothing is gained by the rest day. The day stays; who wants to be in time acts on the last
  working day before it.
* A term that hangs on a step which has not been taken yet is a forecast; a forecast is never late.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from hoa.kernel.clock import months_on
from hoa.kernel.workdays import Calendar


class Turn(StrEnum):
    """Whose turn a step is."""

    DEVELOPER = "developer"
    COMMITTEE = "committee"
    STREET = "street"
    GROUP = "group"


class State(StrEnum):
    """How a step stands today."""

    DONE = "done"
    DONE_LATE = "done-late"
    LATE = "late"
    NOW = "now"
    WAITING = "waiting"


@dataclass(frozen=True)
class Deadline:
    """A last day. `counted` is the day the count ends on, `day` the last one in time, `practical` the working day on
    which it can be done at the latest.

    `provisional` while a year it rests on has not been announced; `forecast` while it hangs on a step not taken.
    """

    counted: date
    day: date
    practical: date
    since: date | None = None
    provisional: bool = False
    forecast: bool = False


@dataclass(frozen=True)
class Mark:
    """That a step was taken, on which day."""

    step: str
    on: date


@dataclass(frozen=True)
class Step:
    """One line of the checklist. `parameter` names the rule pack's entry that its term comes from ("" for none)."""

    code: str
    turn: Turn
    deadline: Deadline | None
    done_on: date | None
    ready: bool
    parameter: str = ""

    def state(self, today: date) -> State:
        if self.done_on is not None:
            return State.DONE_LATE if self.deadline and self.done_on > self.deadline.day else State.DONE
        if self.deadline and not self.deadline.forecast and today > self.deadline.day:
            return State.LATE
        return State.NOW if self.ready else State.WAITING

    def days_left(self, today: date) -> int | None:
        """Calendar days to the last day; negative when it is past. None without a term."""
        return (self.deadline.day - today).days if self.deadline else None

    def days_passed(self, today: date) -> int | None:
        """Calendar days since the term began; None where it is counted back from an event."""
        return (today - self.deadline.since).days if self.deadline and self.deadline.since else None


@dataclass(frozen=True)
class Terms:
    """The rule pack's numbers; months and days. `review` 0: nobody must answer first."""

    form: int
    announce: int
    publish: int
    assembly: int
    review: int = 0
    lead_months: int = 0


@dataclass(frozen=True)
class Facts:
    """What the clock starts from. `received` is the day on which the street had the report or the owners' request."""

    received: date
    formed: date | None = None
    meeting: date | None = None
    papers_by: date | None = None
    term_ends: date | None = None


def within(start: date, days: int, calendar: Calendar, *, forecast: bool = False) -> Deadline:
    """The last day of "within `days` days" from `start` (民法典 201, 203)."""
    counted = start + timedelta(days=days)
    day = counted
    while not calendar.is_workday(day):
        day += timedelta(days=1)
    known = calendar.is_announced(counted.year) and calendar.is_announced(day.year)
    return Deadline(counted, day, day, since=start, provisional=not known, forecast=forecast)


def on_or_before(day: date, calendar: Calendar, *, forecast: bool = False) -> Deadline:
    """A fixed last day, and the last working day not after it."""
    practical = day
    while not calendar.is_workday(practical):
        practical -= timedelta(days=1)
    known = calendar.is_announced(day.year) and calendar.is_announced(practical.year)
    return Deadline(day, day, practical, provisional=not known, forecast=forecast)


def before(event: date, days: int, calendar: Calendar, *, forecast: bool = False) -> Deadline:
    """The last day that is at least `days` days before `event`."""
    return on_or_before(event - timedelta(days=days), calendar, forecast=forecast)


def first_assembly(facts: Facts, terms: Terms, marks: Sequence[Mark], calendar: Calendar) -> tuple[Step, ...]:
    """From the report to the first assembly (指导规则 8 to 15)."""
    done = {mark.step: mark.on for mark in marks}
    asked = on_or_before(facts.papers_by, calendar) if facts.papers_by else None
    steps = [Step("papers", Turn.DEVELOPER, asked, done.get("papers"), ready=True)]
    if terms.review:
        term = within(facts.received, terms.review, calendar)
        steps.append(Step("review", Turn.STREET, term, done.get("review"), True, "preparatory_review_days"))
    form = within(facts.received, terms.form, calendar)
    steps.append(Step("form", Turn.STREET, form, facts.formed, ready=True, parameter="preparatory_form_days"))
    formed = facts.formed or form.day
    assembly = within(formed, terms.assembly, calendar, forecast=facts.formed is None)
    return (*steps, *_from_group_to_assembly(facts, terms, done, calendar, assembly, "first_assembly_days"))


def re_election(facts: Facts, terms: Terms, marks: Sequence[Mark], calendar: Calendar) -> tuple[Step, ...]:
    """From the report to the next election (指导规则 47). Without an end of term (members below half) the days of a
    first assembly are used, counted from the group's forming.
    """
    done = {mark.step: mark.on for mark in marks}
    steps: list[Step] = []
    if facts.term_ends:
        lead = on_or_before(months_on(facts.term_ends, -terms.lead_months), calendar)
        steps.append(Step("report", Turn.COMMITTEE, lead, facts.received, True, "reelection_lead_months"))
    form = within(facts.received, terms.form, calendar)
    steps.append(Step("form", Turn.STREET, form, facts.formed, ready=True, parameter="reelection_group_days"))
    if facts.term_ends:
        assembly, parameter = on_or_before(facts.term_ends, calendar), "reelection_lead_months"
    else:
        formed = facts.formed or form.day
        assembly = within(formed, terms.assembly, calendar, forecast=facts.formed is None)
        parameter = "first_assembly_days"
    return (*steps, *_from_group_to_assembly(facts, terms, done, calendar, assembly, parameter))


def _from_group_to_assembly(
    facts: Facts,
    terms: Terms,
    done: dict[str, date],
    calendar: Calendar,
    assembly: Deadline,
    parameter: str,
) -> tuple[Step, ...]:
    """Name the members, publish what owners must know, hold the assembly: alike for both kinds."""
    formed = facts.formed is not None
    members = within(facts.formed or facts.received, terms.announce, calendar, forecast=not formed)
    if not formed:
        members = within(within(facts.received, terms.form, calendar).day, terms.announce, calendar, forecast=True)
    event = facts.meeting or assembly.day
    # Without a day for the meeting the last one on which it could be held is what the notice is counted from.
    publish = before(event, terms.publish, calendar, forecast=facts.meeting is None and assembly.forecast)
    return (
        Step("members", Turn.GROUP, members, done.get("members"), formed, "preparatory_announce_days"),
        Step("publish", Turn.GROUP, publish, done.get("publish"), formed, "preparatory_publish_days"),
        Step("assembly", Turn.GROUP, assembly, done.get("assembly"), "publish" in done, parameter),
    )


def first_of(steps: Sequence[Step], today: date) -> Step | None:
    """What to look at first: what is late, the longest overdue before; else what can be done, the earliest due before;
    None when nothing is left.
    """
    late = [step for step in steps if step.state(today) is State.LATE]
    open_now = [step for step in steps if step.state(today) is State.NOW]
    ranked = sorted(late or open_now, key=_urgency)
    return ranked[0] if ranked else None


def _urgency(step: Step) -> tuple[bool, date]:
    return (step.deadline is None, step.deadline.day if step.deadline else date.max)
