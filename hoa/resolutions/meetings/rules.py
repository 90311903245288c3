"""When a committee may meet, when it can decide and what it may not decide (rules.md R2.7, R2.9–R2.11).

PURE. Every fraction is of the *planned* members: 全体委员 is ambiguous when seats are vacant, and the stricter reading
is the safe one. Numbers of days come from the rule pack.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import ClassVar, NamedTuple

from hoa.kernel.clock import today
from hoa.kernel.errors import N_, NotAllowed, Refusal
from hoa.kernel.posts import (
    AUTHORITIES,
    COMMITTEE,
    COMMITTEE_CHAIR,
    COMMITTEE_DEPUTY,
    COMMITTEE_SECRETARY,
    PREPARATORY_GROUP,
    Post,
)

CHECK_IN_BEFORE = timedelta(hours=1)
LONGEST_TITLE, LONGEST_TEXT = 80, 4000


class Kind(StrEnum):
    FIRST = "first"
    REGULAR = "regular"
    EXTRAORDINARY = "extraordinary"


KIND_TITLES: Mapping[str, str] = {
    Kind.FIRST: N_("首次会议"),
    Kind.REGULAR: N_("定期会议"),
    Kind.EXTRAORDINARY: N_("临时会议"),
}


class ItemKind(StrEnum):
    DECISION = "decision"
    REPORT = "report"
    CHAIR = "chair"
    DEPUTY = "deputy"


ITEM_TITLES: Mapping[str, str] = {
    ItemKind.DECISION: N_("需要决定的事项"),
    ItemKind.REPORT: N_("通报、讨论"),
    ItemKind.CHAIR: N_("推选主任"),
    ItemKind.DEPUTY: N_("推选副主任"),
}
ELECTIONS = (ItemKind.CHAIR, ItemKind.DEPUTY)
ELECTED_POSTS: Mapping[str, Post] = {ItemKind.CHAIR: COMMITTEE_CHAIR, ItemKind.DEPUTY: COMMITTEE_DEPUTY}

AGREE, OPPOSE, ABSTAIN = "agree", "oppose", "abstain"
CHOICE_TITLES: Mapping[str, str] = {AGREE: N_("同意"), OPPOSE: N_("反对"), ABSTAIN: N_("弃权")}


class Presence(StrEnum):
    PRESENT = "present"
    LATE = "late"
    ABSENT = "absent"


PRESENCE_TITLES: Mapping[str, str] = {
    Presence.PRESENT: N_("到会"),
    Presence.LATE: N_("迟到"),
    Presence.ABSENT: N_("缺席"),
}


class NoSeats(Refusal):
    message: ClassVar[str] = N_("还没有登记业主委员会的席数，请填写选举时确定的席数")


class BadSeats(Refusal):
    message: ClassVar[str] = N_(
        "业主委员会的席数应当是 %(least)s 到 %(most)s 之间的单数，而且不少于现任 %(sitting)s 人"
    )


class NoQuorum(Refusal):
    message: ClassVar[str] = N_(
        "到会 %(present)s 人，没有超过应到委员 %(planned)s 人的一半，会议不能作出决定；至少要 %(needed)s 人到会"
    )
    status: ClassVar[int] = 409


class TooLateForAgenda(Refusal):
    message: ClassVar[str] = N_(
        "定期会议要在 %(agenda)s 天以前公告议程、%(tell)s 天以前告知居民委员会，最早可以定在 %(earliest)s；"
        "急需开会的请选“临时会议”并写明原因"
    )


class UrgencyNeedsReason(Refusal):
    message: ClassVar[str] = N_("距离开会不足 %(agenda)s 天，请写明为什么必须临时召开；原因会写进通知和会议记录")


class InThePast(Refusal):
    message: ClassVar[str] = N_("开会时间已经过去，请改成将来的时间")


class NotTheCaller(NotAllowed):
    message: ClassVar[str] = N_(
        "会议由主任、副主任或者秘书召集；没有主任、或者委员提议逾期没有召集的，任何一名委员都可以召集"
    )


class FirstOnlyWithoutChair(Refusal):
    message: ClassVar[str] = N_("已经有主任在任，不再是首次会议，请选定期会议或者临时会议")


class NoAgenda(Refusal):
    message: ClassVar[str] = N_("议程是空的，请至少列出一项")


class ItemIncomplete(Refusal):
    message: ClassVar[str] = N_("第 %(no)s 项议程没有写明标题或者内容，请补上")


class ItemTooLong(Refusal):
    message: ClassVar[str] = N_("第 %(no)s 项议程太长：标题最多 %(title)s 个字，内容最多 %(text)s 个字")


class NegativeLimit(Refusal):
    message: ClassVar[str] = N_("第 %(no)s 项的授权支出上限不能小于零")


class ReservedForAssembly(Refusal):
    message: ClassVar[str] = N_(
        "第 %(no)s 项里的“%(word)s”看起来是业主共同决定的事项（%(matter)s），业主委员会不能自行决定。"
        "请改成通报或提请业主大会，或者写明为什么它不是"
    )


class ChairTwice(Refusal):
    message: ClassVar[str] = N_("一次会议只能推选一位主任")


class NotAChoice(Refusal):
    message: ClassVar[str] = N_("请从列出的选项里选一项")


# ----------------------------------------------------------------------------------------------------- the fractions


def more_than_half(planned: int) -> int:
    """The least number that is more than half of the planned members: 4 of 7, 6 of 11."""
    return planned // 2 + 1


def has_quorum(present: int, planned: int) -> bool:
    """A meeting needs more than half of the planned members in person; nobody stands in for a member (R2.9)."""
    return 2 * present > planned


def is_decided(agreed: int, planned: int) -> bool:
    """A decision needs more than half of all planned members, however many sit or came."""
    return 2 * agreed > planned


def line(agreed: int, planned: int) -> str:
    """The inequality with its numbers: `4 > 7/2`, or `3 ≤ 7/2` where it fails."""
    return f"{agreed} {'>' if is_decided(agreed, planned) else '≤'} {planned}/2"


def may_demand(members_asking: int, sitting: int) -> bool:
    """A third of the sitting members may demand a meeting (指导规则 37): 3 of 7, 2 of 5, 4 of 11."""
    return members_asking > 0 and 3 * members_asking >= sitting


def check_seats(seats: int, *, least: int, most: int, sitting: int) -> None:
    """Odd, within the pack's bounds, and not fewer than sit there already (R2.1)."""
    if seats % 2 == 0 or not least <= seats <= most or seats < sitting:
        raise BadSeats(least=least, most=most, sitting=sitting)


def needs_quorum(present: int, planned: int) -> None:
    if not has_quorum(present, planned):
        raise NoQuorum(present=present, planned=planned, needed=more_than_half(planned))


# ------------------------------------------------------------------------------------------------------- the calendar


class Terms(NamedTuple):
    """The pack's numbers for meetings: days, and months between two of them."""

    agenda_days: int
    tell_days: int
    request_days: int
    post_days: int
    first_days: int
    interval_months: int


def on_time(called_on: date, starts_on: date, days: int) -> bool:
    """Whether so many days lie between the two."""
    return (starts_on - called_on).days >= days


def check_call(kind: Kind, *, now: datetime, starts_at: datetime, terms: Terms, reason: str) -> None:
    """A regular meeting keeps the notice times; an extraordinary one may be shorter, with a reason on record. The first
    one has only seven days altogether, so its agenda is told at once and no reason is asked."""
    if starts_at <= now:
        raise InThePast
    called_on, starts_on = today(now), today(starts_at)
    kept = on_time(called_on, starts_on, terms.agenda_days) and on_time(called_on, starts_on, terms.tell_days)
    if kept or kind is Kind.FIRST:
        return
    longest = max(terms.agenda_days, terms.tell_days)
    if kind is Kind.REGULAR:
        earliest = called_on + timedelta(days=longest)
        raise TooLateForAgenda(agenda=terms.agenda_days, tell=terms.tell_days, earliest=earliest.isoformat())
    if not reason.strip():
        raise UrgencyNeedsReason(agenda=longest)


def check_caller(posts: Iterable[Post], *, kind: Kind, chair_sits: bool, request_overdue: bool) -> None:
    """Who may call: chair, deputy or secretary; any member where no chair sits or a demand was left lying; the first
    meeting also whoever prepared the election, the residents' committee and the street (R2.7)."""
    held = set(posts)
    if kind is Kind.FIRST and chair_sits:
        raise FirstOnlyWithoutChair
    allowed = {COMMITTEE_CHAIR, COMMITTEE_DEPUTY, COMMITTEE_SECRETARY}
    if not chair_sits or request_overdue:
        allowed |= COMMITTEE
    if kind is Kind.FIRST:
        allowed |= PREPARATORY_GROUP | AUTHORITIES
    if not held & allowed:
        raise NotTheCaller


def may_record(posts: Iterable[Post], *, is_caller: bool) -> bool:
    """Who keeps the record of a meeting: chair, deputy, secretary, and whoever called it."""
    return is_caller or bool(set(posts) & {COMMITTEE_CHAIR, COMMITTEE_DEPUTY, COMMITTEE_SECRETARY})


# --------------------------------------------------------------------------------------------------------- the agenda

# What 民法典 278 reserves to the owners together, by words that usually mean it. The proposer answers for the rest.
RESERVED: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("M1", N_("制定和修改业主大会议事规则"), ("议事规则",)),
    ("M2", N_("制定和修改管理规约"), ("管理规约",)),
    ("M3", N_("选举业主委员会或者更换委员"), ("选举委员", "更换委员", "罢免", "增补委员")),
    ("M4", N_("选聘和解聘物业服务企业"), ("选聘", "解聘", "续聘物业")),
    ("M5", N_("使用维修资金"), ("使用维修资金", "动用维修资金", "使用专项维修")),
    ("M6", N_("筹集维修资金"), ("续筹", "筹集")),
    ("M7", N_("改建、重建建筑物及其附属设施"), ("改建", "重建", "加装电梯")),
    ("M8", N_("改变共有部分用途或者利用共有部分经营"), ("改变用途", "改变共有", "共有部分经营", "出租共有", "广告位")),
    ("M9", N_("有关共有和共同管理权利的其他重大事项"), ("分红", "收益分配", "委员津贴", "委员补贴")),
)


class Reserved(NamedTuple):
    word: str
    matter: str
    title: str


def reserved(text: str) -> Reserved | None:
    """The first word that suggests a matter of the owners' assembly."""
    for matter, title, words in RESERVED:
        for word in words:
            if word in text:
                return Reserved(word, matter, title)
    return None


class Item(NamedTuple):
    """One item as somebody proposes it. `not_reserved` says why it is no matter of the assembly's."""

    kind: ItemKind
    title: str
    text: str = ""
    secret: bool = False
    limit_fen: int | None = None
    valid_until: date | None = None
    not_reserved: str = ""


def check_agenda(items: Sequence[Item]) -> None:
    """Something to talk about, each item said in words, nothing that only the assembly may decide (R2.11)."""
    if not items:
        raise NoAgenda
    if sum(item.kind is ItemKind.CHAIR for item in items) > 1:
        raise ChairTwice
    for no, item in enumerate(items, 1):
        if not item.title.strip() or (item.kind is ItemKind.DECISION and not item.text.strip()):
            raise ItemIncomplete(no=no)
        if len(item.title) > LONGEST_TITLE or len(item.text) > LONGEST_TEXT or len(item.not_reserved) > LONGEST_TEXT:
            raise ItemTooLong(no=no, title=LONGEST_TITLE, text=LONGEST_TEXT)
        if item.limit_fen is not None and item.limit_fen < 0:
            raise NegativeLimit(no=no)
        found = reserved(f"{item.title}\n{item.text}") if item.kind is ItemKind.DECISION else None
        if found is not None and not item.not_reserved.strip():
            raise ReservedForAssembly(no=no, word=found.word, matter=f"{found.matter} {found.title}")


# ---------------------------------------------------------------------------------------------------------- the votes


class Outcome(NamedTuple):
    """What a vote came to. `winner` is the choice with more than half of the planned members, if there is one."""

    winner: str | None
    most: int
    line: str


def outcome(kind: ItemKind, counts: Mapping[str, int], planned: int) -> Outcome:
    """A decision passes, or one member is elected, with more than half of all planned members; abstaining and not
    voting count for nothing."""
    if kind in ELECTIONS:
        people = {choice: number for choice, number in counts.items() if choice not in CHOICE_TITLES}
        most = max(people.values(), default=0)
        winner = next((choice for choice, number in people.items() if is_decided(number, planned)), None)
        return Outcome(winner, most, line(most, planned))
    agreed = counts.get(AGREE, 0)
    return Outcome(AGREE if is_decided(agreed, planned) else None, agreed, line(agreed, planned))
