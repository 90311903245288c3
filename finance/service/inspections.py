"""Owners ask to see original vouchers (司法解释 13, R4.8): asked, answered within ten working days; granted from a day
to a day with every look logged, or refused with a reason.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.disclosure.tables import Inspection
from finance.service.books import trust_book
from hoa.accounts.tables import Person
from hoa.community import pack_choice
from hoa.db import get
from hoa.kernel import workdays
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal

GRANTED, REFUSED = "granted", "refused"


class UpsideDown(Refusal):
    message = N_("截止日 %(end)s 早于起始日 %(start)s，请改正")


class NotSaidWhat(Refusal):
    message = N_("请写明想看什么、为什么，例如：9 月电梯维修的发票和合同")


class AskedAlready(Refusal):
    message = N_("您已经申请过查阅这些日子的凭证，还没有答复，最迟 %(day)s")
    status = 409


class AnsweredAlready(Refusal):
    message = N_("这份申请已经答复过了，答复不能修改")
    status = 409


class ReasonNeeded(Refusal):
    message = N_("不同意的，请写明理由；申请人可以据此向街道反映或起诉")


class OpenDaysWrong(Refusal):
    message = N_("开放日期要从今天或以后开始，最多 %(days)s 天")


class OwnRequest(Refusal):
    message = N_("自己的申请请由另一位委员答复")


def ask(
    session: Session, community_id: str, *, starts_on: date, ends_on: date, wanted: str, by: str, now: datetime
) -> Inspection:
    """An owner asks for the originals of the vouchers dated in these days; the answer's last day is kept."""
    trust_book(session, community_id)
    if ends_on < starts_on:
        raise UpsideDown(end=ends_on.isoformat(), start=starts_on.isoformat())
    if not wanted.strip():
        raise NotSaidWhat
    for row in of_person(session, community_id, by):
        if row.answered_at is None and (row.starts_on, row.ends_on) == (starts_on, ends_on):
            raise AskedAlready(day=row.answer_due.isoformat())
    days = pack_choice.current(session, community_id, day=today(now)).number("inspection_working_days")
    row = Inspection(
        community_id=community_id,
        person_id=by,
        starts_on=starts_on,
        ends_on=ends_on,
        wanted=wanted.strip(),
        made_at=now,
        answer_due=workdays.china().due(today(now), days).day,
        outcome="",
        answer="",
        place="",
    )
    session.add(row)
    session.flush()
    return row


def answer(
    session: Session,
    community_id: str,
    *,
    inspection_id: str,
    outcome: str,
    text: str,
    by: str,
    now: datetime,
    place: str = "",
    open_from: date | None = None,
    open_until: date | None = None,
) -> Inspection:
    """Grant it from a day to a day (and say where papers can be seen), or refuse it with a reason. Once."""
    row = get(session, Inspection, community_id, inspection_id, lock=True)
    if row.answered_at is not None:
        raise AnsweredAlready
    if row.person_id == by:
        raise OwnRequest
    if outcome == REFUSED and not text.strip():
        raise ReasonNeeded
    if outcome == GRANTED:
        most = pack_choice.current(session, community_id, day=today(now)).number("inspection_open_days")
        first, last = open_from or today(now), open_until or today(now) + timedelta(days=most - 1)
        if not today(now) <= first <= last or (last - first).days >= most:
            raise OpenDaysWrong(days=most)
        row.open_from, row.open_until = first, last
    row.outcome, row.answer, row.place = outcome, text.strip(), place.strip()
    row.answered_by_id, row.answered_at = by, now
    session.flush()
    return row


def of_person(session: Session, community_id: str, person_id: str) -> Sequence[Inspection]:
    """What somebody asked for, the latest first."""
    query = select(Inspection).where(Inspection.community_id == community_id, Inspection.person_id == person_id)
    return session.scalars(query.order_by(Inspection.made_at.desc(), Inspection.id)).all()


def everything(session: Session, community_id: str) -> Sequence[tuple[Inspection, Person]]:
    """Every request with who asked: those that wait first, by their last day."""
    query = (
        select(Inspection, Person)
        .join(Person, Person.id == Inspection.person_id)
        .where(Inspection.community_id == community_id)
        .order_by(Inspection.answered_at.is_not(None), Inspection.answer_due, Inspection.id)
    )
    return [(row, person) for row, person in session.execute(query)]


def waiting(session: Session, community_id: str) -> Sequence[Inspection]:
    """Requests that nobody answered yet, the earliest last day first."""
    query = select(Inspection).where(Inspection.community_id == community_id, Inspection.answered_at.is_(None))
    return session.scalars(query.order_by(Inspection.answer_due, Inspection.id)).all()


def lets_in(session: Session, community_id: str, *, person_id: str, day: date, now: datetime) -> bool:
    """Whether a granted request opens the originals of vouchers dated `day` to this person today."""
    query = select(Inspection.id).where(
        Inspection.community_id == community_id,
        Inspection.person_id == person_id,
        Inspection.outcome == GRANTED,
        Inspection.open_from <= today(now),
        Inspection.open_until >= today(now),
        Inspection.starts_on <= day,
        Inspection.ends_on >= day,
    )
    return session.scalars(query).first() is not None
