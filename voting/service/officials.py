"""Who counts, scrutinises and works at an assembly, with the keys that its notice freezes; and who witnesses it."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.accounts import personal_keys
from hoa.accounts import service as accounts
from hoa.accounts.tables import Person
from hoa.community.tables import Owner
from hoa.db import get
from hoa.kernel import masking
from hoa.kernel.checkpoint import KeyType, VerifierKey
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.kernel.identifiers import NotAMobileNumber
from hoa.offices import service as offices
from hoa.ports.keys import Keys
from voting.rules import record
from voting.rules.life import NotTheNextStep, State
from voting.rules.officials import Role, TooFewOfficials, check_numbers
from voting.tables import Assembly, Official, Witness


class HasARole(Refusal):
    message: ClassVar[str] = N_("%(name)s 在本次会议已有一项分工，一人只能有一项")


class NoKeyYet(Refusal):
    message: ClassVar[str] = N_("%(name)s 还没有签名钥匙，请本人先到“我的签名钥匙”生成，再发公告")


class SameName(Refusal):
    message: ClassVar[str] = N_("本次会议已有一位叫 %(name)s 的工作人员，请为其中一位写一个能区分的称呼")


class NotAWitnessKey(Refusal):
    message: ClassVar[str] = N_("这不是见证人的验证公钥（类型 4），请让见证人用 hoa witness 生成并抄送给您")


class WitnessListed(Refusal):
    message: ClassVar[str] = N_("已经有一位叫 %(name)s 的见证人")


class NobodyOutside(Refusal):
    message: ClassVar[str] = N_("见证人里至少要有一位不是平台运营方的人，请再添加一位再公告")


# Why a notice waits for its people.
UNREADY = (NoKeyYet, NobodyOutside, TooFewOfficials)


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
    row = get(session, Official, assembly.community_id, official_id)
    if row.assembly_id != assembly.id:
        raise NotFound
    session.delete(row)
    session.flush()


class Candidate(NamedTuple):
    """Somebody with an account in this community, as a search shows them."""

    person: Person
    phone: str | None


def find(session: Session, keys: Keys, assembly: Assembly, asked: str, *, now: datetime) -> list[Candidate]:
    """Owners and office holders of this community by a whole phone number or a whole name: a convener who knows whom
    they mean finds them, nobody leafs through the owners.
    """
    try:
        named = [accounts.find_by_phone(session, keys, asked)]
    except NotAMobileNumber:
        named = list(session.scalars(select(Person).where(Person.name == asked).order_by(Person.id))) if asked else []
    here = {holder.person.id for holder in offices.roster(session, assembly.community_id, now=now)}
    ids = [person.id for person in named if person is not None]
    owners = select(Owner.person_id).where(Owner.community_id == assembly.community_id, Owner.person_id.in_(ids))
    here |= set(session.scalars(owners))
    found = []
    for person in named:
        if person is not None and person.id in here:
            number = accounts.phone_of(session, keys, person.id)
            found.append(Candidate(person, masking.phone(number) if number else None))
    return found


def belongs(session: Session, assembly: Assembly, person_id: str, *, now: datetime) -> bool:
    """Whether this person owns or serves here: nobody else's account is named in this community's record."""
    if person_id in {holder.person.id for holder in offices.roster(session, assembly.community_id, now=now)}:
        return True
    query = select(Owner.id).where(Owner.community_id == assembly.community_id, Owner.person_id == person_id)
    return session.scalar(query.limit(1)) is not None


def add_witness(
    session: Session, assembly: Assembly, *, vkey: str, title: str, outside: bool, now: datetime
) -> Witness:
    """List somebody who will cosign the tree heads; the name is the one in their key."""
    if assembly.step is not State.DRAFT:
        raise NotTheNextStep
    key = VerifierKey.parse(vkey.strip())
    if key.type is not KeyType.WITNESS:
        raise NotAWitnessKey
    if any(other.name == key.name for other in witnesses(session, assembly)):
        raise WitnessListed(name=key.name)
    row = Witness(
        community_id=assembly.community_id,
        assembly_id=assembly.id,
        name=key.name,
        vkey=key.text,
        title=title.strip(),
        outside=outside,
        added_at=now,
    )
    session.add(row)
    session.flush()
    return row


def remove_witness(session: Session, assembly: Assembly, witness_id: str) -> None:
    """Take a witness off the list while the assembly is a draft."""
    row = get(session, Witness, assembly.community_id, witness_id)
    if assembly.step is not State.DRAFT:
        raise NotTheNextStep
    if row.assembly_id != assembly.id:
        raise NotFound
    session.delete(row)
    session.flush()


def check(session: Session, assembly: Assembly) -> None:
    """Refuse those of a draft with whom no notice could be given today."""
    listed = witnesses(session, assembly)
    if listed and not any(witness.outside for witness in listed):
        raise NobodyOutside
    people = of(session, assembly)
    roles = [official.role for official in people]
    check_numbers(counters=roles.count(Role.COUNTER), scrutineers=roles.count(Role.SCRUTINEER))
    for official in people:
        if personal_keys.current(session, official.person_id) is None:
            raise NoKeyYet(name=official.name)


def freeze(session: Session, assembly: Assembly) -> list[record.Person]:
    """Write everyone's present key into their row: these are the keys of the manifest."""
    check(session, assembly)
    people = of(session, assembly)
    for official in people:
        key = personal_keys.current(session, official.person_id)
        assert key is not None
        official.key_id, official.public = key.key_id, key.public
    session.flush()
    return [record.Person(official.role, official.name, official.public or "") for official in people]
