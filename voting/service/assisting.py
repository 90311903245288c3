"""Voting with somebody's help, for owners who cannot use a phone (experience.md; docs/audit-package.md 5.2).

The owner agrees with something of their own: a code sent to their phone, or a check by two officers just before. Who
helped is in the ballot's evidence, the owner is told afterwards, and the supervisors see who helped how many.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hoa.accounts import service as accounts
from hoa.community import desk
from hoa.community.tables import IdentityCheck, Owner
from hoa.db import get
from hoa.jobs import enqueue
from hoa.kernel import canonical
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.kernel.ids import new_id
from hoa.ports.keys import Keys
from voting.rules.life import State
from voting.service import casting, entries, seats, successions
from voting.tables import Assembly, AssistedSession, RollEntry

# The owner sits beside the screen: how long a session may take, and how fresh a check in person must be.
LIFE = timedelta(minutes=30)
RELATIONS = ("official", "family", "neighbour", "other")
RELATION_TITLES = {
    "official": N_("工作人员"),
    "family": N_("家人"),
    "neighbour": N_("邻居"),
    "other": N_("其他人"),
}
TELL = "voting.tell-helped"


class NotNow(Refusal):
    message: ClassVar[str] = N_("现在不能投票：表决还没有开始，或者已经截止。没有开始协助")
    status: ClassVar[int] = 409


class NoAccount(Refusal):
    message: ClassVar[str] = N_(
        "%(name)s 的身份核验还不够本次会议的要求。请先由两名工作人员当面核验，核验后三十分钟内可以直接协助投票"
    )
    status: ClassVar[int] = 403


class NoPhone(Refusal):
    message: ClassVar[str] = N_("没有登记这位业主的手机号码，请由两名工作人员当面核验后再协助投票")
    status: ClassVar[int] = 409


class NoHelper(Refusal):
    message: ClassVar[str] = N_("请写明协助人的姓名（1 至 40 个字）、与业主的关系和地点")


class HelpsOneself(Refusal):
    message: ClassVar[str] = N_("不能给自己当协助人：自己的票请直接投")
    status: ClassVar[int] = 409


class NotConfirmed(Refusal):
    message: ClassVar[str] = N_("业主还没有确认：请输入业主手机收到的验证码，或者先完成两人当面核验")
    status: ClassVar[int] = 409


class Over(Refusal):
    message: ClassVar[str] = N_("这次协助已经结束或超过三十分钟，没有提交。请重新开始")
    status: ClassVar[int] = 409


class Helper(NamedTuple):
    """Who sits beside the owner."""

    name: str
    relation: str
    place: str


def open_session(
    session: Session,
    assembly: Assembly,
    *,
    elector: str,
    owner_id: str,
    helper: Helper,
    by: str,
    now: datetime,
) -> AssistedSession:
    """A session for one owner of one elector. With a check by two officers of the last half hour it is confirmed at
    once, otherwise by the code (`confirm`).
    """
    _check_helper(helper)
    if assembly.step is not State.OPEN or not assembly.opens_at <= now < assembly.ends_at:
        raise NotNow
    entries.on_roll(session, assembly, elector)
    seat = seats.seat(session, assembly, elector, owner_id, day=today(now))
    if seat.owner.person_id is None or seat.level < assembly.identity_level:
        raise NoAccount(name=seat.owner.name)
    if seat.owner.person_id == by:
        raise HelpsOneself
    check = _fresh_check(session, assembly, elector, seat.owner, now)
    row = AssistedSession(
        community_id=assembly.community_id,
        id=new_id(),
        assembly_id=assembly.id,
        elector=elector,
        owner_id=owner_id,
        person_id=seat.owner.person_id,
        helper=helper.name.strip(),
        relation=helper.relation,
        place=helper.place.strip(),
        opened_by=by,
        opened_at=now,
        check_id=check.id if check else None,
        confirmed_at=now if check else None,
    )
    session.add(row)
    session.flush()
    return row


def _check_helper(helper: Helper) -> None:
    named = 0 < len(helper.name.strip()) <= 40 and 0 < len(helper.place.strip()) <= 40
    if not named or helper.relation not in RELATIONS:
        raise NoHelper


def _fresh_check(
    session: Session, assembly: Assembly, elector: str, owner: Owner, now: datetime
) -> IdentityCheck | None:
    """A check serves for one ballot: once the elector has voted since, the owner agrees anew, by the code."""
    query = select(IdentityCheck).where(
        IdentityCheck.community_id == owner.community_id,
        IdentityCheck.owner_id == owner.id,
        IdentityCheck.state == desk.CONFIRMED,
        IdentityCheck.second_at > now - LIFE,
    )
    check = session.scalars(query.order_by(IdentityCheck.second_at.desc()).limit(1)).one_or_none()
    if check is None or check.second_at is None or _voted_since(session, assembly, elector, check.second_at):
        return None
    return check


def _voted_since(session: Session, assembly: Assembly, elector: str, moment: datetime) -> bool:
    return any(ballot.cast_at >= moment for ballot in casting.my_ballots(session, assembly, elector))


def one(session: Session, assembly: Assembly, session_id: str, *, by: str) -> AssistedSession:
    """A session of this assembly, for whoever opened it and nobody else."""
    row = get(session, AssistedSession, assembly.community_id, session_id)
    if row.assembly_id != assembly.id or row.opened_by != by:
        raise NotFound
    return row


def phone(session: Session, keys: Keys, row: AssistedSession) -> str:
    """The owner's registered phone, to which the code goes."""
    found = accounts.phone_of(session, keys, row.person_id)
    if found is None:
        raise NoPhone
    return found


def code_sent(session: Session, row: AssistedSession, *, code_id: str) -> None:
    get(session, AssistedSession, row.community_id, row.id, lock=True).code_id = code_id
    session.flush()


def confirm(session: Session, keys: Keys, row: AssistedSession, *, proven: str, now: datetime) -> None:
    """The owner read the code out: `proven` is the phone that the right code was sent to."""
    held = get(session, AssistedSession, row.community_id, row.id, lock=True)
    if is_over(held, now=now) or proven != phone(session, keys, held):
        raise Over
    held.confirmed_at = now
    session.flush()


def is_over(row: AssistedSession, *, now: datetime) -> bool:
    return row.leaf is not None or now >= row.opened_at + LIFE


def check_usable(row: AssistedSession, *, now: datetime) -> None:
    """Whether the owner may mark now."""
    if is_over(row, now=now):
        raise Over
    if row.confirmed_at is None:
        raise NotConfirmed


def vote(
    session: Session,
    keys: Keys,
    assembly: Assembly,
    session_id: str,
    *,
    by: str,
    choices: Mapping[str, str],
    client_nonce: str,
    now: datetime,
) -> bytes:
    """The owner's ballot, with the helper in its evidence; the owner is told by message. Sent again: same receipt."""
    one(session, assembly, session_id, by=by)
    row = get(session, AssistedSession, assembly.community_id, session_id, lock=True)
    if row.leaf is None:
        check_usable(row, now=now)
        # What the owner agreed to is spent when the elector votes some other way meanwhile.
        if _voted_since(session, assembly, row.elector, row.opened_at):
            raise Over
    # The level is asked once more: between confirming and casting the desk may have moved the owner's account.
    casting.standing(session, assembly, person_id=row.person_id, elector=row.elector, day=today(now))
    successions.demand_no_predecessor(session, assembly, person_id=row.person_id, elector=row.elector)
    if row.leaf is not None and not casting.is_retry(session, assembly, row.elector, row.leaf, client_nonce):
        raise Over
    receipt = casting.cast(
        session,
        keys,
        assembly.community_id,
        assembly.id,
        elector=row.elector,
        choices=choices,
        client_nonce=client_nonce,
        now=now,
        evidence={"helper": row.helper},
    )
    if row.leaf is None:
        row.leaf, row.cast_at = canonical.decode(receipt)["leaf"], now
        payload: dict[str, Any] = {"assisted": row.id}
        enqueue(session, TELL, payload, now=now, community_id=assembly.community_id)
        session.flush()
    return receipt


class Helped(NamedTuple):
    """A ballot with help, for the supervisors: never what was chosen."""

    row: AssistedSession
    entry: RollEntry


def helped(session: Session, assembly: Assembly) -> Sequence[Helped]:
    """Ballots that were cast with help, in the order of casting."""
    query = (
        select(AssistedSession, RollEntry)
        .join(
            RollEntry,
            (RollEntry.community_id == AssistedSession.community_id)
            & (RollEntry.assembly_id == AssistedSession.assembly_id)
            & (RollEntry.elector == AssistedSession.elector),
        )
        .where(
            AssistedSession.community_id == assembly.community_id,
            AssistedSession.assembly_id == assembly.id,
            AssistedSession.leaf.is_not(None),
        )
        .order_by(AssistedSession.cast_at, AssistedSession.id)
    )
    return [Helped(*row) for row in session.execute(query)]


def per_helper(session: Session, assembly: Assembly) -> Sequence[tuple[str, int]]:
    """How many owners each helper helped, the most first: one hand behind many ballots shows here."""
    query = (
        select(AssistedSession.helper, func.count())
        .where(
            AssistedSession.community_id == assembly.community_id,
            AssistedSession.assembly_id == assembly.id,
            AssistedSession.leaf.is_not(None),
        )
        .group_by(AssistedSession.helper)
        .order_by(func.count().desc(), AssistedSession.helper)
    )
    return [(name, int(count)) for name, count in session.execute(query)]


def of_elector(session: Session, assembly: Assembly, elector: str, leaf: str) -> AssistedSession | None:
    """Who helped with this ballot; for its owner's receipt page."""
    query = select(AssistedSession).where(
        AssistedSession.community_id == assembly.community_id,
        AssistedSession.assembly_id == assembly.id,
        AssistedSession.elector == elector,
        AssistedSession.leaf == leaf,
    )
    return session.scalars(query).one_or_none()


def to_tell(
    session: Session, keys: Keys, community_id: str, session_id: str
) -> tuple[AssistedSession, str, str] | None:
    """Session, assembly title and phone of an owner who has not been told yet; None when there is nothing to do."""
    row = get(session, AssistedSession, community_id, session_id)
    number = accounts.phone_of(session, keys, row.person_id)
    if row.told_at is not None or row.leaf is None or number is None:
        return None
    return row, get(session, Assembly, community_id, row.assembly_id).title, number


def told(session: Session, community_id: str, session_id: str, *, now: datetime) -> None:
    get(session, AssistedSession, community_id, session_id, lock=True).told_at = now
    session.flush()
