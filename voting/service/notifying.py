"""The residents' committee is told of every notice and says that it was (物业管理条例 14; rules.md R1.27)."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.jobs import enqueue
from hoa.kernel.errors import N_, NotAllowed, Refusal
from hoa.kernel.posts import RESIDENTS_STAFF
from hoa.offices import service as offices
from voting.rules.life import State
from voting.tables import Assembly, NoticeTold

TASK = "voting.tell-residents"
WAITING, SENDING, SENT, FAILED, UNREACHABLE, WRITTEN = (
    "waiting",
    "sending",
    "sent",
    "failed",
    "unreachable",
    "written",
)
OUTCOMES = {
    WAITING: N_("等待发送短信"),
    SENDING: N_("短信正在发送"),
    SENT: N_("短信已发出"),
    FAILED: N_("短信没有发出，请用别的办法告知"),
    UNREACHABLE: N_("没有登记手机号，登录后会看到"),
    WRITTEN: N_("书面告知"),
}


class NotNoticed(Refusal):
    message: ClassVar[str] = N_("会议还没有公告，公告后才告知居民委员会")
    status: ClassVar[int] = 409


class NoNote(Refusal):
    message: ClassVar[str] = N_("请写明送给谁、怎样送达，例如：当面交给社区居委会王主任，取得签收")


def begin(session: Session, assembly: Assembly, *, now: datetime) -> None:
    """A row for each of the committee's staff, and the message that follows; in the transaction of the notice."""
    staff = offices.holders(session, assembly.community_id, posts=frozenset({RESIDENTS_STAFF}), now=now)
    for person_id in sorted({holder.person.id for holder in staff}):
        session.add(
            NoticeTold(
                community_id=assembly.community_id,
                assembly_id=assembly.id,
                person_id=person_id,
                outcome=WAITING,
                told_at=now,
            )
        )
    session.flush()
    if staff:
        enqueue(session, TASK, {"assembly": assembly.id}, now=now, community_id=assembly.community_id)


def acknowledge(session: Session, assembly: Assembly, *, person_id: str, now: datetime) -> NoticeTold:
    """已告知居民委员会: one of its staff says so, once. Somebody appointed since the notice may too."""
    _noticed(assembly)
    if RESIDENTS_STAFF not in offices.posts_held(session, assembly.community_id, person_id, now):
        raise NotAllowed
    row = next((row for row in of(session, assembly) if row.person_id == person_id), None)
    if row is None:
        row = NoticeTold(
            community_id=assembly.community_id,
            assembly_id=assembly.id,
            person_id=person_id,
            outcome=UNREACHABLE,
            told_at=now,
        )
        session.add(row)
    row.acknowledged_at = row.acknowledged_at or now
    session.flush()
    return row


def put_on_record(session: Session, assembly: Assembly, *, note: str, by: str, now: datetime) -> NoticeTold:
    """A convener writes down that the committee was told on paper: it need not have an account here."""
    _noticed(assembly)
    if not note.strip():
        raise NoNote
    row = NoticeTold(
        community_id=assembly.community_id,
        assembly_id=assembly.id,
        person_id=None,
        outcome=WRITTEN,
        told_at=now,
        note=note.strip(),
        noted_by=by,
    )
    session.add(row)
    session.flush()
    return row


def of(session: Session, assembly: Assembly) -> Sequence[NoticeTold]:
    """Who was told of this notice, when and how, the first first."""
    query = select(NoticeTold).where(
        NoticeTold.community_id == assembly.community_id, NoticeTold.assembly_id == assembly.id
    )
    return session.scalars(query.order_by(NoticeTold.told_at, NoticeTold.id)).all()


def waiting_for(session: Session, community_id: str, person_id: str) -> Sequence[Assembly]:
    """Noticed assemblies whose notice this member of staff has not acknowledged."""
    query = (
        select(Assembly)
        .join(
            NoticeTold,
            (NoticeTold.community_id == Assembly.community_id) & (NoticeTold.assembly_id == Assembly.id),
        )
        .where(
            NoticeTold.community_id == community_id,
            NoticeTold.person_id == person_id,
            NoticeTold.acknowledged_at.is_(None),
            Assembly.state.in_([State.NOTICED.value, State.OPEN.value]),
        )
    )
    return session.scalars(query.order_by(Assembly.opens_at)).all()


def _noticed(assembly: Assembly) -> None:
    if assembly.step is State.DRAFT:
        raise NotNoticed
