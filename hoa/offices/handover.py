"""Handing over (移交): what a leaving member or a committee at the end of its term gives to whom, each thing confirmed
by both under their own accounts (rules.md R2.14).

Whoever left has no power any more, so giving is not a power: it belongs to those who held the posts. The platform's own
keys are on the list too: posts end by themselves, a personal key is never passed on, and passwords for administering
the platform change hands like any key to a cupboard.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import ClassVar, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.community import pack_choice
from hoa.db import get
from hoa.kernel.clock import CHINA, today
from hoa.kernel.errors import N_, NotAllowed, Refusal
from hoa.kernel.posts import AUTHORITIES, COMMITTEE
from hoa.kernel.workdays import china
from hoa.offices import service
from hoa.offices.after_tables import Handover, HandoverItem, HandoverMark
from hoa.offices.clocks import Deadline, after_days
from hoa.offices.reelection import last_day
from hoa.offices.tables import Office

MOST_ITEMS = 60
TEXT_LENGTH = 200


class Thing(StrEnum):
    """What R2.14 lists."""

    ARCHIVES = "archives"
    SEALS = "seals"
    ACCOUNTS = "accounts"
    TOKENS = "tokens"
    CONTRACTS = "contracts"
    ASSETS = "assets"
    SYSTEMS = "systems"
    PLATFORM = "platform"
    OTHER = "other"


THINGS: Mapping[Thing, str] = {
    Thing.ARCHIVES: N_("档案：会议记录、决定、业主名册、选举和备案资料"),
    Thing.SEALS: N_("印章和用印登记"),
    Thing.ACCOUNTS: N_("会计资料：账簿、凭证、报表、票据"),
    Thing.TOKENS: N_("银行开户资料、印鉴卡、网银盾和密码"),
    Thing.CONTRACTS: N_("合同和其他法律文件"),
    Thing.ASSETS: N_("共有财产、办公用品和钥匙"),
    Thing.SYSTEMS: N_("其他系统的管理账号：门禁、监控、公众号、业主群"),
    Thing.PLATFORM: N_("本平台：任职已经结束，代管的激活信、纸质选票和平台管理密码已交出；个人签名钥匙归本人，不移交"),
    Thing.OTHER: N_("其他"),
}


class Word(StrEnum):
    """What somebody says of an item. Whoever gives says given or none, whoever takes says taken or missing."""

    GIVEN = "given"
    NONE = "none"
    TAKEN = "taken"
    MISSING = "missing"


GIVERS_WORDS = frozenset({Word.GIVEN, Word.NONE})
WORDS: Mapping[Word, str] = {
    Word.GIVEN: N_("已移交，等接收人确认"),
    Word.NONE: N_("移交人说没有此项，等接收人确认"),
    Word.TAKEN: N_("双方已确认"),
    Word.MISSING: N_("缺失"),
}


class StillInOffice(Refusal):
    message: ClassVar[str] = N_("您在业主委员会的任职还没有结束，这一项要等任职结束以后再确认")
    status: ClassVar[int] = 409


class NotGivenYet(Refusal):
    message: ClassVar[str] = N_("移交人还没有确认移交这一项，不能确认接收；没有收到请选“缺失”")
    status: ClassVar[int] = 409


class TwoPeople(Refusal):
    message: ClassVar[str] = N_("移交和接收要由两个人各自确认，您已经确认过移交")


class AlreadySettled(Refusal):
    message: ClassVar[str] = N_("这一项双方已经确认，不能再改")
    status: ClassVar[int] = 409


class SayWhatIsMissing(Refusal):
    message: ClassVar[str] = N_("请写明缺什么、怎么补，最多 %(most)s 个字")


class NoText(Refusal):
    message: ClassVar[str] = N_("请写明移交的是什么，最多 %(most)s 个字")


class TooMany(Refusal):
    message: ClassVar[str] = N_("一份清单最多 %(most)s 项，请合并后再加")


class NotLeft(Refusal):
    message: ClassVar[str] = N_("这个人在 %(day)s 没有结束业主委员会的任职，请核对")


# --------------------------------------------------------------------------------------------- who gives what to whom


class Departure(NamedTuple):
    """Somebody, or a whole committee (`person_id` None), that left on a day, and by when things must be handed over."""

    subject: str
    person_id: str | None
    left_on: date
    due: Deadline


def departures(session: Session, community_id: str, now: datetime) -> list[Departure]:
    """Everybody who has to hand over, begun or not, as the offices say: terms that ran out together, and members who
    left early. An office that was over before it was written down here does not count."""
    offices = _committee_offices(session, community_id)
    ended = [row for row in offices if row.granted_at < row.ends_at <= now]
    sitting = {holder.person.id for holder in service.holders(session, community_id, posts=COMMITTEE, now=now)}
    together = {
        last_day(row.ends_at)
        for row in ended
        if row.ended_at is None and not any(one.starts_at < row.ends_at < one.ends_at for one in offices)
    }
    together |= {row.left_on for row in begun(session, community_id) if row.person_id is None}
    found = [_departure(session, community_id, None, day) for day in sorted(together)]
    left: dict[str, date] = {}
    for row in ended:
        day = last_day(row.ends_at)
        if row.person_id not in sitting and day not in together:
            left[row.person_id] = max(day, left.get(row.person_id, day))
    return [*found, *(_departure(session, community_id, person, day) for person, day in sorted(left.items()))]


def _departure(session: Session, community_id: str, person_id: str | None, day: date) -> Departure:
    name = "leaving_handover_days" if person_id else "committee_handover_days"
    days = pack_choice.current(session, community_id, day=day).number(name)
    return Departure(_subject(person_id, day), person_id, day, after_days(day, days, china()))


def _subject(person_id: str | None, day: date) -> str:
    return f"member:{person_id}:{day.isoformat()}" if person_id else f"committee:{day.isoformat()}"


def givers(session: Session, found: Handover) -> frozenset[str]:
    """Who may say that something was given: the member who left, or anybody whose term ended with the committee's."""
    if found.person_id is not None:
        return frozenset({found.person_id})
    start = datetime.combine(found.left_on, time(), CHINA)
    return frozenset(
        row.person_id
        for row in _committee_offices(session, found.community_id)
        if start < row.ends_at <= start + timedelta(days=1)
    )


def takers(session: Session, found: Handover, now: datetime) -> frozenset[str]:
    """Who may say that something was taken: who sits on the committee; without one the residents' committee or the
    street keep things until there is one."""
    for posts in (COMMITTEE, AUTHORITIES):
        people = {holder.person.id for holder in service.holders(session, found.community_id, posts=posts, now=now)}
        if people - {found.person_id}:
            return frozenset(people - {found.person_id})
    return frozenset()


def _committee_offices(session: Session, community_id: str) -> Sequence[Office]:
    query = select(Office).where(
        Office.community_id == community_id,
        Office.body_kind == "owners_committee",
        Office.post_kind.in_({post.kind for post in COMMITTEE}),
    )
    return session.scalars(query).all()


# ------------------------------------------------------------------------------------------------------------ beginning


def begin_member(
    session: Session, community_id: str, person_id: str, left_on: date, reason: str, by: str | None, now: datetime
) -> Handover:
    """The list of a member who left early; begun twice it is begun once."""
    return _begin(session, _departure(session, community_id, person_id, left_on), community_id, reason, by=by, now=now)


def begin_committee(
    session: Session, community_id: str, left_on: date, reason: str, by: str | None, now: datetime
) -> Handover:
    """The list of a committee whose term is over."""
    return _begin(session, _departure(session, community_id, None, left_on), community_id, reason, by=by, now=now)


def begin(session: Session, community_id: str, subject: str, reason: str, by: str, now: datetime) -> Handover:
    """Begin the list of one of the departures that the offices show."""
    for one in departures(session, community_id, now):
        if one.subject == subject:
            return _begin(session, one, community_id, reason, by=by, now=now)
    raise NotLeft(day=subject.rpartition(":")[2])


def _begin(
    session: Session, one: Departure, community_id: str, reason: str, *, by: str | None, now: datetime
) -> Handover:
    query = select(Handover).where(Handover.community_id == community_id, Handover.subject == one.subject)
    found = session.scalars(query).one_or_none()
    if found is not None:
        return found
    row = Handover(
        community_id=community_id,
        subject=one.subject,
        person_id=one.person_id,
        reason=reason.strip()[:TEXT_LENGTH],
        left_on=one.left_on,
        due_on=one.due.last_day,
        provisional=one.due.provisional,
        begun_by=by,
        begun_at=now,
    )
    session.add(row)
    session.flush()
    for position, thing in enumerate((thing for thing in Thing if thing is not Thing.OTHER), 1):
        session.add(_item(row, position, thing, "", by=by, now=now))
    session.flush()
    return row


def add_item(
    session: Session, community_id: str, handover_id: str, *, thing: Thing, text: str, by: str, now: datetime
) -> HandoverItem:
    """One more line, for example each seal or each contract by its number."""
    found = get(session, Handover, community_id, handover_id, lock=True)
    _demand_part(session, found, by, now)
    if not 0 < len(text.strip()) <= TEXT_LENGTH:
        raise NoText(most=TEXT_LENGTH)
    position = len(items(session, found)) + 1
    if position > MOST_ITEMS:
        raise TooMany(most=MOST_ITEMS)
    row = _item(found, position, thing, text.strip(), by=by, now=now)
    session.add(row)
    session.flush()
    return row


def _item(found: Handover, position: int, thing: Thing, text: str, *, by: str | None, now: datetime) -> HandoverItem:
    return HandoverItem(
        community_id=found.community_id,
        handover_id=found.id,
        position=position,
        kind=thing.value,
        text=text,
        added_by=by,
        added_at=now,
    )


def _demand_part(session: Session, found: Handover, person_id: str, now: datetime) -> None:
    if person_id not in givers(session, found) | takers(session, found, now):
        raise NotAllowed


# ------------------------------------------------------------------------------------------------------------- marking


class Line(NamedTuple):
    """An item with what was said of it. `word` is the last one said; `given` and `taken` are the marks that hold."""

    item: HandoverItem
    word: Word | None
    given: HandoverMark | None
    taken: HandoverMark | None
    missing: HandoverMark | None

    @property
    def settled(self) -> bool:
        return self.word is Word.TAKEN


def line(item: HandoverItem, marks: Iterable[HandoverMark]) -> Line:
    """Where an item stands, from its marks in order of time: what is missing may still be given later."""
    held = Line(item, None, None, None, None)
    for mark in marks:
        word = Word(mark.word)
        if word in GIVERS_WORDS:
            held = held._replace(word=word, given=mark, missing=None)
        elif word is Word.TAKEN:
            held = held._replace(word=word, taken=mark, missing=None)
        else:
            held = held._replace(word=word, missing=mark)
    return held


def items(session: Session, found: Handover) -> Sequence[HandoverItem]:
    query = select(HandoverItem).where(
        HandoverItem.community_id == found.community_id, HandoverItem.handover_id == found.id
    )
    return session.scalars(query.order_by(HandoverItem.position)).all()


def lines(session: Session, found: Handover) -> list[Line]:
    """The whole list with what was said of each thing."""
    rows = items(session, found)
    query = select(HandoverMark).where(
        HandoverMark.community_id == found.community_id, HandoverMark.item_id.in_([row.id for row in rows])
    )
    marks = session.scalars(query.order_by(HandoverMark.at, HandoverMark.id)).all()
    return [line(row, [mark for mark in marks if mark.item_id == row.id]) for row in rows]


def mark(
    session: Session, community_id: str, item_id: str, *, word: Word, note: str, by: str, now: datetime
) -> HandoverMark:
    """Say one word on an item. Giver and taker are two people; what both confirmed is settled for good."""
    item = get(session, HandoverItem, community_id, item_id)
    found = get(session, Handover, community_id, item.handover_id, lock=True)
    held = next(one for one in lines(session, found) if one.item.id == item_id)
    if by not in (givers(session, found) if word in GIVERS_WORDS else takers(session, found, now)):
        raise NotAllowed
    if held.settled:
        raise AlreadySettled
    _check(session, found, held, word, note, by, now)
    row = HandoverMark(community_id=community_id, item_id=item_id, word=word.value, note=note.strip(), by=by, at=now)
    session.add(row)
    session.flush()
    return row


def _check(session: Session, found: Handover, held: Line, word: Word, note: str, by: str, now: datetime) -> None:
    if len(note) > TEXT_LENGTH or (word is Word.MISSING and not note.strip()):
        raise SayWhatIsMissing(most=TEXT_LENGTH)
    leaves_platform = word is Word.GIVEN and held.item.kind == Thing.PLATFORM and found.person_id is not None
    if leaves_platform and service.posts_held(session, found.community_id, by, now) & COMMITTEE:
        raise StillInOffice
    if word is Word.TAKEN:
        if held.given is None or held.word is Word.MISSING:
            raise NotGivenYet
        if held.given.by == by:
            raise TwoPeople


# ----------------------------------------------------------------------------------------------------------- looking on


def begun(session: Session, community_id: str) -> Sequence[Handover]:
    """Every handover, the latest first."""
    query = select(Handover).where(Handover.community_id == community_id)
    return session.scalars(query.order_by(Handover.left_on.desc(), Handover.id)).all()


class State(NamedTuple):
    """One departure: its handover if it was begun, and how much of it is settled."""

    departure: Departure
    handover: Handover | None
    settled: int
    total: int
    missing: int

    @property
    def done(self) -> bool:
        return self.handover is not None and self.settled == self.total

    def late(self, day: date) -> int:
        """Days past the last one; 0 once everything is settled."""
        return 0 if self.done else self.departure.due.late(day)


def states(session: Session, community_id: str, now: datetime) -> list[State]:
    """How far each handover is, the latest departure first; those begun by hand are told too."""
    rows = {row.subject: row for row in begun(session, community_id)}
    seen = {one.subject: one for one in departures(session, community_id, now)}
    for subject, row in rows.items():
        seen.setdefault(subject, Departure(subject, row.person_id, row.left_on, Deadline(row.due_on, row.provisional)))
    told = []
    for subject, one in seen.items():
        found = rows.get(subject)
        held = lines(session, found) if found else []
        missing = sum(one.word is Word.MISSING for one in held)
        told.append(State(one, found, sum(one.settled for one in held), len(held), missing))
    return sorted(told, key=lambda state: (state.departure.left_on, state.departure.subject), reverse=True)


def reached(state: State, now: datetime) -> bool:
    """Whether its last day has come and gone."""
    return state.late(today(now)) > 0
