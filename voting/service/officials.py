"""Who counts, scrutinises and works at an assembly, with the keys that its notice freezes; and who witnesses it."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.accounts import personal_keys
from hoa.accounts.tables import Person
from hoa.db import get
from hoa.kernel.errors import N_, NotFound, Refusal
from voting.rules import record
from voting.rules.life import NotTheNextStep, State
from voting.rules.officials import Role, check_numbers
from voting.tables import Assembly, Official, Witness


class HasARole(Refusal):
    message: ClassVar[str] = N_("%(name)s 在本次会议已有一项分工，一人只能有一项")


class NoKeyYet(Refusal):
    message: ClassVar[str] = N_("%(name)s 还没有签名钥匙，请本人先到“我的签名钥匙”生成，再发公告")


class SameName(Refusal):
    message: ClassVar[str] = N_("本次会议已有一位叫 %(name)s 的工作人员，请为其中一位写一个能区分的称呼")


def of(session: Session, assembly: Assembly) -> Sequence[Official]:
    """Everyone who ever had a role in this assembly."""
    query = select(Official).where(Official.community_id == assembly.community_id, Official.assembly_id == assembly.id)
    return session.scalars(query.order_by(Official.role, Official.added_at, Official.name)).all()


def witnesses(session: Session, assembly: Assembly) -> Sequence[Witness]:
    """The witnesses that the notice lists or will list."""
    query = select(Witness).where(Witness.community_id == assembly.community_id, Witness.assembly_id == assembly.id)
    return session.scalars(query.order_by(Witness.name)).all()


def add(
    session: Session, assembly: Assembly, *, person_id: str, role: Role, now: datetime, name: str | None = None
) -> Official:
    """Give somebody a role in a draft. The key is looked up when the notice is given."""
    if assembly.step is not State.DRAFT:
        raise NotTheNextStep
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound
    called = (name or person.name).strip()
    for other in of(session, assembly):
        if other.person_id == person_id:
            raise HasARole(name=called)
        if other.name == called:
            raise SameName(name=called)
    row = Official(
        community_id=assembly.community_id,
        assembly_id=assembly.id,
        person_id=person_id,
        role=role.value,
        name=called,
        added_at=now,
    )
    session.add(row)
    session.flush()
    return row


def remove(session: Session, assembly: Assembly, official_id: str) -> None:
    """Take a role back while the assembly is a draft."""
    if assembly.step is not State.DRAFT:
        raise NotTheNextStep
    session.delete(get(session, Official, assembly.community_id, official_id))
    session.flush()


def freeze(session: Session, assembly: Assembly) -> list[record.Person]:
    """Write everyone's present key into their row: these are the keys of the manifest."""
    people = of(session, assembly)
    roles = [official.role for official in people]
    check_numbers(counters=roles.count(Role.COUNTER), scrutineers=roles.count(Role.SCRUTINEER))
    for official in people:
        key = personal_keys.current(session, official.person_id)
        if key is None:
            raise NoKeyYet(name=official.name)
        official.key_id, official.public = key.key_id, key.public
    session.flush()
    return [record.Person(official.role, official.name, official.public or "") for official in people]
