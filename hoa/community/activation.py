"""From a letter in the mailbox, or the phone in the register, to an account that acts for the owner (R7.5, V1).

The code on a letter is not stored: it is derived from the row with a key outside the database. Tries are counted by the
accounts room, per code and per address; an unknown room gets the same answer after the same work.
"""

import hmac
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from hoa.accounts import service as accounts
from hoa.community import sealing
from hoa.community.cells import name as regular_name
from hoa.community.rules import IdentityLevel
from hoa.community.tables import ActivationCode, Owner, Ownership, Unit
from hoa.db import get
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.kernel.ids import new_id, random_bytes
from hoa.ports.keys import Keys

CODE_DIGITS = 8
LETTER_LIFE = timedelta(days=90)
LETTERS_AT_ONCE = 2000
_PURPOSE = "activation-code"
_WORDS = re.compile(r"号楼|单元|[栋幢座楼室房号门#/\\—–_\s]+")


class WrongLetter(Refusal):
    message = N_("房号与激活码不符，或者激活码已用过、已过期。请对照信件重填；仍不行请到核验点办理")


class WrongClaim(Refusal):
    message = N_("房号、姓名与您登录的手机号码对不上。请照名册核对后重填，或使用激活信，或到核验点办理")


class BoundToAnother(Refusal):
    message = N_("这位业主已有账户。换了手机号码的，请带证件到核验点办理")
    status = 409


class NothingToSend(Refusal):
    message = N_("没有需要发激活信的业主：都已激活，或者还没有登记业主")


class TooManyLetters(Refusal):
    message = N_("一次最多生成 %(limit)s 封信，请按楼栋分批")


@dataclass(frozen=True)
class Letter:
    """One letter: to whom, for which unit, with which code. `path` opens the activation page with both filled in."""

    unit_label: str
    owner_name: str
    code: str
    expires_at: datetime
    path: str


@dataclass(frozen=True)
class Batch:
    """Letters that were issued together."""

    id: str
    issued_at: datetime
    letters: int
    used: int


def code_of(keys: Keys, row: ActivationCode) -> str:
    """The code on the letter of this row."""
    return _derive(keys, row.community_id, row.id, row.nonce)


def _derive(keys: Keys, community_id: str, row_id: str, nonce: bytes) -> str:
    digest = keys.mac(_PURPOSE, f"{community_id}\n{row_id}\n{nonce.hex()}".encode())
    return str(int(digest, 16) % 10**CODE_DIGITS).zfill(CODE_DIGITS)


def issue(
    session: Session,
    community_id: str,
    *,
    unit_id: str | None = None,
    building_id: str | None = None,
    by: str | None,
    now: datetime,
) -> str:
    """Letters for one unit, one building or everybody without an account; earlier letters to the same owners die.

    Returns the id of the batch. A single unit may always be sent a letter again, while its owner has no account.
    """
    query = (
        select(Ownership)
        .join(Unit, (Unit.community_id == Ownership.community_id) & (Unit.id == Ownership.unit_id))
        .join(Owner, (Owner.community_id == Ownership.community_id) & (Owner.id == Ownership.owner_id))
        .where(Ownership.community_id == community_id, Ownership.until.is_(None), Owner.person_id.is_(None))
        .order_by(Unit.position, Owner.id)
    )
    if unit_id is not None:
        query = query.where(Unit.id == get(session, Unit, community_id, unit_id).id)
    if building_id is not None:
        query = query.where(Unit.building_id == building_id)
    targets = session.scalars(query.limit(LETTERS_AT_ONCE + 1)).all()
    if not targets:
        raise NothingToSend
    if len(targets) > LETTERS_AT_ONCE:
        raise TooManyLetters(limit=LETTERS_AT_ONCE)
    _revoke(session, community_id, {(target.unit_id, target.owner_id) for target in targets}, now)
    batch_id = new_id()
    session.add_all(
        ActivationCode(
            community_id=community_id,
            unit_id=target.unit_id,
            owner_id=target.owner_id,
            batch_id=batch_id,
            nonce=random_bytes(16),
            issued_by=by,
            issued_at=now,
            expires_at=now + LETTER_LIFE,
        )
        for target in targets
    )
    session.flush()
    return batch_id


def _revoke(session: Session, community_id: str, pairs: set[tuple[str, str]], now: datetime) -> None:
    living = select(ActivationCode).where(
        ActivationCode.community_id == community_id,
        ActivationCode.used_at.is_(None),
        ActivationCode.revoked_at.is_(None),
    )
    for row in session.scalars(living):
        if (row.unit_id, row.owner_id) in pairs:
            row.revoked_at = now


def letters(session: Session, keys: Keys, community_id: str, community_code: str, batch_id: str) -> Sequence[Letter]:
    """The letters of a batch that can still be used, in the register's order; NotFound for another community's."""
    issued = select(ActivationCode.id).where(
        ActivationCode.community_id == community_id, ActivationCode.batch_id == batch_id
    )
    if session.scalar(issued.limit(1)) is None:
        raise NotFound
    query = (
        select(ActivationCode, Unit, Owner)
        .join(Unit, (Unit.community_id == ActivationCode.community_id) & (Unit.id == ActivationCode.unit_id))
        .join(Owner, (Owner.community_id == ActivationCode.community_id) & (Owner.id == ActivationCode.owner_id))
        .where(ActivationCode.community_id == community_id, ActivationCode.batch_id == batch_id)
        .where(ActivationCode.used_at.is_(None), ActivationCode.revoked_at.is_(None))
        .order_by(Unit.position, Owner.id)
    )
    found: list[Letter] = []
    for row, unit, owner in session.execute(query):
        code = code_of(keys, row)
        path = f"/c/{community_code}/activate?room={quote(unit.code)}&code={code}"
        found.append(Letter(unit.label, owner.name, code, row.expires_at, path))
    return found


def batches(session: Session, community_id: str) -> Sequence[Batch]:
    """Batches of letters, latest first."""
    made: dict[str, Batch] = {}
    query = select(ActivationCode).where(ActivationCode.community_id == community_id)
    for row in session.scalars(query.order_by(ActivationCode.issued_at.desc(), ActivationCode.batch_id)):
        known = made.get(row.batch_id, Batch(row.batch_id, row.issued_at, 0, 0))
        used = known.used + (row.used_at is not None)
        made[row.batch_id] = Batch(known.id, known.issued_at, known.letters + 1, used)
    return list(made.values())


def find_unit(session: Session, community_id: str, room: str) -> Unit | None:
    """The unit that somebody means by `1栋1单元101`, `1-1-101` or `1幢 1单元 101室`."""
    folded, parts = _folded(room), room_key(room)
    query = select(Unit).where(Unit.community_id == community_id, Unit.removed_at.is_(None))
    meant = (Unit.code == "-".join(parts)) | (Unit.label == folded)
    return session.scalars(query.where(meant).limit(1)).one_or_none()


def room_key(room: str) -> tuple[str, ...]:
    """Building, entrance and room as typed, in the form of a unit's code: tries at one room are counted together."""
    return tuple(part.lstrip("0") or part for part in _WORDS.sub("-", _folded(room)).split("-") if part)


def _folded(room: str) -> str:
    return "".join(unicodedata.normalize("NFKC", room).upper().split())[:60]


def match_letter(
    session: Session, keys: Keys, community_id: str, *, room: str, code: str, now: datetime
) -> ActivationCode:
    """The letter with this room and code, or WrongLetter, whatever was wrong about it."""
    given = "".join(character for character in unicodedata.normalize("NFKC", code) if character in "0123456789")
    unit = find_unit(session, community_id, room)
    query = select(ActivationCode).where(
        ActivationCode.community_id == community_id,
        ActivationCode.unit_id == (unit.id if unit else ""),
        ActivationCode.used_at.is_(None),
        ActivationCode.revoked_at.is_(None),
        ActivationCode.expires_at > now,
    )
    found = None
    for row in session.scalars(query):
        if hmac.compare_digest(code_of(keys, row), given):
            found = row
    if found is None:
        _derive(keys, community_id, "nobody", b"")  # as much work as for a room that exists
        raise WrongLetter
    return found


def owner_of_letter(session: Session, community_id: str, code_id: str, *, now: datetime) -> tuple[Unit, Owner]:
    """For the pages between the letter and the phone: whom the letter was for, while it can still be used."""
    row = get(session, ActivationCode, community_id, code_id)
    if row.used_at is not None or row.revoked_at is not None or row.expires_at <= now:
        raise WrongLetter
    return get(session, Unit, community_id, row.unit_id), get(session, Owner, community_id, row.owner_id)


def use_letter(session: Session, community_id: str, *, code_id: str, person_id: str, now: datetime) -> Owner:
    """The person with the letter and a phone of their own acts for the owner from now on, at V1."""
    row = get(session, ActivationCode, community_id, code_id, lock=True)
    if row.used_at is not None or row.revoked_at is not None or row.expires_at <= now:
        raise WrongLetter
    owner = get(session, Owner, community_id, row.owner_id, lock=True)
    bind(session, owner, person_id=person_id, level=IdentityLevel.V1, checked_by=(), now=now)
    row.used_at = now
    row.used_by = person_id
    session.flush()
    return owner


def claimable(session: Session, keys: Keys, community_id: str, person_id: str) -> Sequence[Owner]:
    """Owners of something here who gave this person's phone number and have no account yet."""
    phone = accounts.phone_of(session, keys, person_id)
    if phone is None:
        return ()
    owns = exists().where(
        Ownership.community_id == Owner.community_id, Ownership.owner_id == Owner.id, Ownership.until.is_(None)
    )
    query = select(Owner).where(
        Owner.community_id == community_id,
        Owner.phone_key == sealing.phone_digest(keys, community_id, phone),
        Owner.person_id.is_(None),
        owns,
    )
    return session.scalars(query.order_by(Owner.id)).all()


def claim(
    session: Session, keys: Keys, community_id: str, *, person_id: str, room: str, name: str, now: datetime
) -> Owner:
    """V1 by the register's own phone number: phone, room and name must all be the owner's."""
    unit = find_unit(session, community_id, room)
    for owner in claimable(session, keys, community_id, person_id):
        has = select(Ownership.id).where(
            Ownership.community_id == community_id,
            Ownership.owner_id == owner.id,
            Ownership.unit_id == (unit.id if unit else ""),
            Ownership.until.is_(None),
        )
        if session.scalar(has) is not None and owner.name == regular_name(name):
            bind(session, owner, person_id=person_id, level=IdentityLevel.V1, checked_by=(), now=now)
            return owner
    raise WrongClaim


def bind(
    session: Session,
    owner: Owner,
    *,
    person_id: str,
    level: IdentityLevel,
    checked_by: Sequence[str],
    now: datetime,
) -> None:
    """Let an account act for an owner; every present ownership of that owner reaches at least `level`.

    A check names who made it; it is written down also where an earlier one had reached the level already.
    An owner who has another account is not taken over here: only the desk rebinds (`hoa.community.desk`).
    """
    if owner.person_id not in (None, person_id):
        raise BoundToAnother
    owner.person_id = person_id
    person = accounts.person(session, person_id)
    # Who came in by a phone alone has no name until the register gives it.
    person.name = person.name or owner.name
    current = select(Ownership).where(
        Ownership.community_id == owner.community_id, Ownership.owner_id == owner.id, Ownership.until.is_(None)
    )
    for ownership in session.scalars(current):
        if checked_by or not IdentityLevel(ownership.level).reaches(level):
            ownership.level = level.value
            ownership.checked_by = list(checked_by)
            ownership.checked_at = now
    session.flush()
