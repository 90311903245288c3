"""The identity desk: two officers see the certificates, each in an own session, then it is V2 (rules.md R7.5).

A lost phone comes here too. The owner is then bound to the account of the new number; the old account is not touched,
because it may belong to other communities, over which this one's officers have no say.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.accounts import service as accounts
from hoa.accounts.tables import Person
from hoa.community import sealing
from hoa.community.activation import bind
from hoa.community.rules import Capacity, IdentityLevel
from hoa.community.tables import IdentityCheck, Owner, Ownership, Unit
from hoa.db import get
from hoa.kernel import identifiers, masking
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.kernel.ids import new_id
from hoa.ports import uploads
from hoa.ports.files import Files
from hoa.ports.keys import Keys

WAITING, CONFIRMED, REFUSED = "waiting", "confirmed", "refused"


class SameOfficer(Refusal):
    message = N_("第二位核验人必须是另一个人，请由另一名工作人员在自己的账户里确认")
    status = 409


class OwnCase(Refusal):
    message = N_("不能核验自己的身份，请由另外两名工作人员办理")
    status = 409


class CheckClosed(Refusal):
    message = N_("这次核验已经办结")
    status = 409


class OwnsNothing(Refusal):
    message = N_("这位业主现在没有专有部分，不能核验")


class NoActingPerson(Refusal):
    message = N_("监护人或授权代表办理的，要写明其姓名，并上传证明文件（监护证明、授权书）")


class NoReason(Refusal):
    message = N_("请写明不予确认的原因")


@dataclass(frozen=True)
class Case:
    """A check with what the second officer compares: owner, rooms, masked phone, who saw the papers."""

    check: IdentityCheck
    owner: Owner
    units: Sequence[Unit]
    phone: str
    first: Person
    second: Person | None
    changes_account: bool
    """Whether another account than the owner's present one would stand for the owner after this check."""


class Paper(NamedTuple):
    """A guardian's or representative's paper: its SHA-256, and the key of its sealed copy among the files."""

    sha256: str
    key: str


PAPER = "capacity-paper"


def keep_paper(keys: Keys, files: Files, community_id: str, *, data: bytes, name: str) -> Paper:
    """Seal and keep the paper; the database and the files alone do not show it."""
    upload = uploads.checked(data, name)
    sha256 = hashlib.sha256(upload.data).hexdigest()
    return Paper(sha256, files.put(keys.seal(PAPER, upload.data, f"{community_id}\n{sha256}".encode())))


def open_paper(keys: Keys, files: Files, check: IdentityCheck) -> bytes:
    """The paper of a check as it was sent, for the officers who compare it."""
    if not check.capacity_key:
        raise NotFound
    place = f"{check.community_id}\n{check.capacity_file}".encode()
    return keys.open(PAPER, files.get(check.capacity_key), place)


def start(
    session: Session,
    keys: Keys,
    community_id: str,
    *,
    owner_id: str,
    phone: str,
    documents: str,
    by: str,
    now: datetime,
    capacity: Capacity = Capacity.SELF,
    acting_name: str = "",
    paper: Paper | None = None,
) -> IdentityCheck:
    """The first officer has seen the certificates and notes the phone that the owner holds in hand.

    A guardian or a company's authorised person acts by a paper of their own (R1.19).
    """
    if capacity is not Capacity.SELF and not (acting_name.strip() and paper):
        raise NoActingPerson
    if capacity is Capacity.SELF:
        acting_name, paper = "", None
    owner = get(session, Owner, community_id, owner_id)
    if not units_of(session, community_id, owner_id):
        raise OwnsNothing
    if owner.person_id == by:
        raise OwnCase
    number = identifiers.mobile(phone)
    check_id = new_id()
    check = IdentityCheck(
        community_id=community_id,
        id=check_id,
        owner_id=owner.id,
        phone_key=sealing.phone_digest(keys, community_id, number),
        phone_sealed=sealing.seal_phone(keys, community_id, check_id, number),
        documents=documents,
        capacity=capacity.value,
        acting_name=acting_name.strip(),
        capacity_file=paper.sha256 if paper else "",
        capacity_key=paper.key if paper else "",
        state=WAITING,
        first_by=by,
        first_at=now,
    )
    session.add(check)
    session.flush()
    return check


def confirm(session: Session, keys: Keys, community_id: str, *, check_id: str, by: str, now: datetime) -> Owner:
    """The second officer has seen them too: the owner's ownerships are V2, held by the account of that phone."""
    check = get(session, IdentityCheck, community_id, check_id, lock=True)
    owner = get(session, Owner, community_id, check.owner_id, lock=True)
    _may_close(check, owner, by)
    phone = sealing.open_phone(keys, community_id, check.id, check.phone_sealed)
    person = accounts.person_for_phone(session, keys, phone=phone, name=check.acting_name or owner.name, now=now)
    if person.id in (by, check.first_by):
        raise OwnCase
    if owner.person_id != person.id:
        owner.person_id = None
    bind(
        session,
        owner,
        person_id=person.id,
        level=IdentityLevel.V2,
        checked_by=(check.first_by, by),
        now=now,
    )
    owner.capacity, owner.capacity_file = check.capacity, check.capacity_file
    owner.phone_key = check.phone_key
    owner.phone_sealed = sealing.seal_phone(keys, community_id, owner.id, phone)
    check.state = CONFIRMED
    check.second_by, check.second_at = by, now
    session.flush()
    return owner


def refuse(session: Session, community_id: str, *, check_id: str, by: str, reason: str, now: datetime) -> None:
    """Either officer may stop the check; nothing about the owner changes."""
    check = get(session, IdentityCheck, community_id, check_id, lock=True)
    if check.state != WAITING:
        raise CheckClosed
    if not reason.strip():
        raise NoReason
    check.state = REFUSED
    check.second_by, check.second_at = by, now
    check.reason = reason.strip()
    session.flush()


def _may_close(check: IdentityCheck, owner: Owner, by: str) -> None:
    if check.state != WAITING:
        raise CheckClosed
    if check.first_by == by:
        raise SameOfficer
    if owner.person_id == by:
        raise OwnCase


def units_of(session: Session, community_id: str, owner_id: str) -> Sequence[Unit]:
    """What an owner has now, in the register's order."""
    query = (
        select(Unit)
        .join(Ownership, (Ownership.community_id == Unit.community_id) & (Ownership.unit_id == Unit.id))
        .where(Unit.community_id == community_id, Ownership.owner_id == owner_id, Ownership.until.is_(None))
        .order_by(Unit.position)
    )
    return session.scalars(query).all()


def cases(session: Session, keys: Keys, community_id: str, *, state: str, limit: int = 50) -> Sequence[Case]:
    """Checks in a state, latest first."""
    query = select(IdentityCheck).where(IdentityCheck.community_id == community_id, IdentityCheck.state == state)
    rows = session.scalars(query.order_by(IdentityCheck.first_at.desc(), IdentityCheck.id).limit(limit))
    return [_case(session, keys, row) for row in rows]


def case(session: Session, keys: Keys, community_id: str, check_id: str) -> Case:
    return _case(session, keys, get(session, IdentityCheck, community_id, check_id))


def _case(session: Session, keys: Keys, check: IdentityCheck) -> Case:
    here = check.community_id
    owner = get(session, Owner, here, check.owner_id)
    phone = sealing.open_phone(keys, here, check.id, check.phone_sealed)
    holder = accounts.find_by_phone(session, keys, phone)
    return Case(
        check=check,
        owner=owner,
        units=units_of(session, here, check.owner_id),
        phone=masking.phone(phone),
        first=accounts.person(session, check.first_by),
        second=accounts.person(session, check.second_by) if check.second_by else None,
        changes_account=owner.person_id is not None and (holder is None or holder.id != owner.person_id),
    )
