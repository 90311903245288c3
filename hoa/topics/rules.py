"""议题: how long owners are heard, who must be at the meeting, how opinions are counted, what may come of it. Pure.

龙王沱 (rules.md 8): 两委理事 with a written topic → 群众议事 (六方, 业主达人, public comment) → a decision → result.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from hoa.kernel.errors import N_, Refusal
from hoa.kernel.workdays import Calendar

LONGEST_TITLE, LONGEST_QUESTION = 80, 2000
LONGEST_COMMENT, MOST_COMMENTS = 1000, 10
LONGEST_MINUTES, LONGEST_CONCLUSION, LONGEST_SUMMARY, LONGEST_REASON = 8000, 2000, 4000, 500
FEWEST_PARTIES = 2


class Side(StrEnum):
    """Where an owner stands."""

    FOR = "for"
    AGAINST = "against"
    OTHER = "other"


SIDE_NAMES: Mapping[Side, str] = {Side.FOR: N_("赞成"), Side.AGAINST: N_("反对"), Side.OTHER: N_("其他意见")}


class Party(StrEnum):
    """Who sits at the table: the six, and the two who may join."""

    BRANCH = "party_branch"
    RESIDENTS = "residents_committee"
    COMMITTEE = "owners_committee"
    SUPERVISORS = "supervisory_committee"
    MANAGER = "property_manager"
    OWNERS = "owners"
    STREET = "street_office"
    POLICE = "police"


PARTY_NAMES: Mapping[Party, str] = {
    Party.BRANCH: N_("小区党支部"),
    Party.RESIDENTS: N_("居民委员会"),
    Party.COMMITTEE: N_("业主委员会"),
    Party.SUPERVISORS: N_("业主监督委员会"),
    Party.MANAGER: N_("物业服务企业"),
    Party.OWNERS: N_("业主代表、业主达人"),
    Party.STREET: N_("街道办事处"),
    Party.POLICE: N_("派出所"),
}
SIX = (Party.BRANCH, Party.RESIDENTS, Party.COMMITTEE, Party.SUPERVISORS, Party.MANAGER, Party.OWNERS)


class Outcome(StrEnum):
    """What a topic becomes."""

    MOTION = "motion"  # the owners decide
    AGENDA = "agenda"  # the committee decides
    HANDLED = "handled"  # nothing to decide


OUTCOME_NAMES: Mapping[Outcome, str] = {
    Outcome.MOTION: N_("提请业主大会表决"),
    Outcome.AGENDA: N_("提交业主委员会会议"),
    Outcome.HANDLED: N_("不需要作决定，直接处理"),
}


class Stage(StrEnum):
    """How far a topic is; told by its days and by what was written down."""

    AHEAD = "ahead"
    COMMENTS = "comments"
    MEETING = "meeting"
    SUMMARY = "summary"
    OUTCOME = "outcome"
    WAITING = "waiting"
    TAKEN_UP = "taken_up"
    HANDLED = "handled"


STAGE_NAMES: Mapping[Stage, str] = {
    Stage.AHEAD: N_("还没开始征求意见"),
    Stage.COMMENTS: N_("正在征求意见"),
    Stage.MEETING: N_("等待六方会议"),
    Stage.SUMMARY: N_("等待公布意见汇总"),
    Stage.OUTCOME: N_("等待确定怎么办"),
    Stage.WAITING: N_("等待列入会议"),
    Stage.TAKEN_UP: N_("已列入会议"),
    Stage.HANDLED: N_("已处理"),
}


class Period(NamedTuple):
    """The days on which comments are heard, both included; `provisional` while a year of it is not announced."""

    opens_on: date
    closes_on: date
    provisional: bool


class EmptyText(Refusal):
    message = N_("请写明内容")


class TextTooLong(Refusal):
    message = N_("写了 %(length)s 个字，最多 %(most)s 个字，请写短一些")


class OpensInThePast(Refusal):
    message = N_("开始征求意见的日子 %(day)s 已经过去，请从今天或以后开始")


class ClosesTooSoon(Refusal):
    message = N_("征求意见至少 %(days)s 个工作日（开始当天不算），从 %(opens)s 起，最早到 %(earliest)s 截止")


class ClosesOnRestDay(Refusal):
    """民法典 203: a term whose last day is no working day ends on the next one."""

    message = N_("%(day)s 是休息日，期限的最后一天要是工作日，请改到 %(next)s")


class NotOpen(Refusal):
    message = N_("这个议题的意见征求期是 %(opens)s 到 %(closes)s，现在不能再提意见")
    status = 409


class UnknownSide(Refusal):
    message = N_("请选择赞成、反对或者其他意见")


class TooManyComments(Refusal):
    message = N_("您对这个议题已经提了 %(most)s 条意见，请在已提的意见之外到六方会议上说明")


class PartyMissing(Refusal):
    """Which ones the page marks at their fields."""

    message = N_("六方里还有 %(count)s 方没有人到会，请补上到会的人，或者写明缺席的原因")


class NoMeeting(Refusal):
    message = N_("到会的不足 %(fewest)s 方，不是议事会议；请写明到会的人")


class HeldOutside(Refusal):
    message = N_("开会日期应在 %(first)s 与 %(last)s 之间，请核对")


class NoRecord(Refusal):
    message = N_("请写会议记录，或者上传会议记录的扫描件")


class TooEarly(Refusal):
    message = N_("议题还没有到这一步，请刷新页面，先办页面上写的下一步")
    status = 409


class AlreadySettled(Refusal):
    message = N_("这个议题已经有了结果，不能再改")
    status = 409


def written(text: str, *, most: int, needed: bool = True) -> str:
    """The text without surrounding white space; empty or too long is refused, never cut."""
    text = text.replace("\r\n", "\n").strip()
    if needed and not text:
        raise EmptyText
    if len(text) > most:
        raise TextTooLong(length=len(text), most=most)
    return text


def check_period(opens_on: date, closes_on: date, *, today: date, least_days: int, calendar: Calendar) -> Period:
    """At least so many working days; the first day does not count, the last one is a working day (民法典 201、203)."""
    if opens_on < today:
        raise OpensInThePast(day=opens_on.isoformat())
    earliest = calendar.due(opens_on, least_days)
    if closes_on < earliest.day:
        raise ClosesTooSoon(days=least_days, opens=opens_on.isoformat(), earliest=earliest.day.isoformat())
    if not calendar.is_workday(closes_on):
        following = calendar.due(closes_on, 1).day
        raise ClosesOnRestDay(day=closes_on.isoformat(), next=following.isoformat())
    announced = all(calendar.is_announced(year) for year in range(opens_on.year, closes_on.year + 1))
    return Period(opens_on, closes_on, not announced)


def check_comment(period: Period, side: str, *, today: date, earlier: int) -> Side:
    """Within the period, with a side, and not more than ten of one person."""
    if not period.opens_on <= today <= period.closes_on:
        raise NotOpen(opens=period.opens_on.isoformat(), closes=period.closes_on.isoformat())
    if side not in Side._value2member_map_:
        raise UnknownSide
    if earlier >= MOST_COMMENTS:
        raise TooManyComments(most=MOST_COMMENTS)
    return Side(side)


def counts(said: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Heads by side from (person, side) in the order they were said: whoever said several things stands where they
    said last. Hidden words count as well: hiding must not move the figures.
    """
    last = dict(said)
    return {side.value: sum(found == side for found in last.values()) for side in Side}


def missing(present: Collection[Party]) -> tuple[Party, ...]:
    """Those of the six who were not there."""
    return tuple(party for party in SIX if party not in present)


def check_parties(present: Mapping[Party, tuple[str, ...]], *, because: str) -> None:
    """Two parties make a meeting; one of the six may stay away for a reason that is recorded."""
    there = {party for party, names in present.items() if names}
    if len(there) < FEWEST_PARTIES:
        raise NoMeeting(fewest=FEWEST_PARTIES)
    absent = missing(there)
    if absent and not because.strip():
        raise PartyMissing(count=len(absent))


def check_held(held_on: date, *, raised_on: date, today: date) -> None:
    if not raised_on <= held_on <= today:
        raise HeldOutside(first=raised_on.isoformat(), last=today.isoformat())


def stage(
    period: Period, *, today: date, met: bool, summarized: bool, outcome: Outcome | None, taken_up: bool
) -> Stage:
    """Where a topic stands. The meeting may be held while comments still come in; the summary waits for both."""
    if outcome is Outcome.HANDLED:
        return Stage.HANDLED
    if outcome is not None:
        return Stage.TAKEN_UP if taken_up else Stage.WAITING
    if summarized:
        return Stage.OUTCOME
    if today < period.opens_on:
        return Stage.AHEAD
    if today <= period.closes_on:
        return Stage.COMMENTS
    return Stage.SUMMARY if met else Stage.MEETING


def names(text: str) -> tuple[str, ...]:
    """The names typed for one party, separated by anything people use."""
    for mark in ("，", ",", "、", "；", ";", "\n", "\r", "\t"):
        text = text.replace(mark, " ")
    return tuple(dict.fromkeys(text.split()))
