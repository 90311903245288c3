"""A new key in the middle of an assembly: the platform's after a rotation or a loss, or a person's
(docs/audit-package.md 5.5; trust.md 14). What an old key signed stays good.

Use: `platform_key` or `persons_key` composes the entry; `proposals.propose` and two signatures put it in force.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.accounts import personal_keys
from hoa.accounts.tables import PersonalKey
from hoa.kernel.clock import parse_stamp
from hoa.kernel.errors import N_, Refusal
from hoa.ports.keys import Keys
from voting.rules import record
from voting.rules.officials import Role
from voting.service import log
from voting.service.entrance import Entrance
from voting.service.keys import PURPOSES, current, in_force, publics
from voting.service.officials import HasARole, NoKeyYet, SameName, of
from voting.tables import Assembly, Official


class NotInForce(Refusal):
    message: ClassVar[str] = N_("要更换的钥匙不是现在使用的那一把，没有写入日志。请刷新页面查看现在的钥匙")
    status: ClassVar[int] = 409


class NotANewKey(Refusal):
    message: ClassVar[str] = N_("新的钥匙没有登记，或者本次会议已经用过，没有写入日志。请先生成一把新的钥匙")
    status: ClassVar[int] = 409


def platform_key(keys: Keys, assembly: Assembly, *, purpose: str, reason: str, now: datetime) -> dict[str, Any]:
    """The entry that puts the platform's present key for `purpose` (log, receipt, record) in force; the key itself was
    made before (`keys.rotate`)."""
    public: bytes = getattr(current(keys), purpose)
    assert assembly.manifest_hash is not None
    return record.key_change_entry(
        assembly.manifest_hash,
        role=purpose,
        old=in_force(keys, assembly, purpose).id,
        key={"id": record.key_id(public), "public": public.hex()},
        reason=reason,
        time=now,
    )


def persons_key(
    session: Session,
    assembly: Assembly,
    *,
    person_id: str,
    role: Role,
    name: str,
    replaces: Official | None,
    reason: str,
    now: datetime,
) -> dict[str, Any]:
    """The entry that puts somebody's present personal key in force, in the place of another official's (their own old
    one, or a colleague's who leaves) or beside them (`replaces` None)."""
    key = personal_keys.current(session, person_id)
    if key is None:
        raise NoKeyYet(name=name)
    assert assembly.manifest_hash is not None
    return record.key_change_entry(
        assembly.manifest_hash,
        role=role.value,
        old=None if replaces is None else replaces.key_id,
        key={"id": key.key_id, "person": name, "public": key.public},
        reason=reason,
        time=now,
    )


def check(given: Entrance) -> None:
    """Refuse a change of what is not in force, or to a key that nobody registered."""
    if given.entry["role"] in PURPOSES:
        _check_platform(given)
    else:
        _check_person(given)


def _check_platform(given: Entrance) -> None:
    role, key = given.entry["role"], given.entry["key"]
    used = [public for _, public in publics(given.assembly, role)]
    if record.key_id(bytes.fromhex(used[-1])) != given.entry["old"]:
        raise NotInForce
    held = {found.public.hex() for found in given.keys.public_keys().values() if found.purpose == role}
    if key["public"] not in held or key["public"] in used:
        raise NotANewKey


def _check_person(given: Entrance) -> None:
    entry, key = given.entry, given.entry["key"]
    people = of(given.session, given.assembly)
    serving = [official for official in people if official.ended_at is None]
    leaving = next((one for one in serving if (one.key_id, one.role) == (entry["old"], entry["role"])), None)
    if entry["old"] is not None and leaving is None:
        raise NotInForce
    owner = _owner(given.session, key)
    if owner is None or any(one.key_id == key["id"] for one in people):
        raise NotANewKey
    for one in serving:
        if one is not leaving and one.person_id == owner.person_id:
            raise HasARole(name=key["person"])
    for one in people:
        if one.name == key["person"] and one.person_id != owner.person_id:
            raise SameName(name=key["person"])


def _owner(session: Session, key: Mapping[str, str]) -> PersonalKey | None:
    query = select(PersonalKey).where(
        PersonalKey.key_id == key["id"], PersonalKey.public == key["public"], PersonalKey.ended_at.is_(None)
    )
    return session.scalars(query).one_or_none()


def apply(given: Entrance) -> None:
    """From the next line of the log on the new key signs and the old one no longer."""
    entry, key, assembly = given.entry, given.entry["key"], given.assembly
    if entry["role"] in PURPOSES:
        start = log.size(given.session, assembly) + 1
        added = {"purpose": entry["role"], "from": start, "public": key["public"]}
        assembly.new_keys = [*assembly.new_keys, added]
        given.session.flush()
        return
    moment, owner = parse_stamp(entry["time"]), _owner(given.session, key)
    assert owner is not None
    for official in of(given.session, assembly):
        if official.key_id == entry["old"] and official.ended_at is None:
            official.ended_at = moment
    given.session.add(
        Official(
            community_id=assembly.community_id,
            assembly_id=assembly.id,
            person_id=owner.person_id,
            role=entry["role"],
            name=key["person"],
            key_id=key["id"],
            public=key["public"],
            added_at=moment,
        )
    )
    given.session.flush()
