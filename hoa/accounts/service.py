"""People: found by phone, shown by sealed phone; and the first administrator."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hoa.accounts.rules import SETUP_LIFE, PhoneTaken, WrongSetupCode
from hoa.accounts.tables import AdministratorCode, Person
from hoa.kernel import identifiers
from hoa.kernel.errors import NotFound
from hoa.kernel.ids import ALPHABET
from hoa.ports.keys import Keys

PHONE = "person-phone"
IDENTITY = "person-identity"


def phone_mac(keys: Keys, phone: str) -> str:
    """By what a phone is found; `phone` is normalised."""
    return keys.mac(PHONE, phone.encode())


def person(session: Session, person_id: str) -> Person:
    """The person, or NotFound."""
    row = session.get(Person, person_id)
    if row is None:
        raise NotFound
    return row


def names(session: Session, ids: Iterable[str]) -> dict[str, str]:
    """The names of people by id, in one question."""
    found = session.execute(select(Person.id, Person.name).where(Person.id.in_(set(ids))))
    return {row.id: row.name for row in found}


def find_by_phone(session: Session, keys: Keys, phone: str) -> Person | None:
    """Who has this mobile number; a number that is none raises NotAMobileNumber."""
    mac = phone_mac(keys, identifiers.mobile(phone))
    return session.scalars(select(Person).where(Person.phone_mac == mac)).one_or_none()


def person_for_phone(session: Session, keys: Keys, *, phone: str, name: str, now: datetime) -> Person:
    """The account with this phone; a new one by this name when there is none.

    A newcomer who had come in by phone alone gets the name that is now known; any other keeps theirs.
    """
    found = find_by_phone(session, keys, phone)
    if found is None:
        return create_person(session, keys, name=name, phone=phone, now=now)
    found.name = found.name or name.strip()
    return found


def create_person(
    session: Session,
    keys: Keys,
    *,
    name: str,
    now: datetime,
    phone: str | None = None,
    identity: str | None = None,
    administrator: bool = False,
) -> Person:
    """A new account. `identity` is an ID number; both numbers are kept as keyed digest and ciphertext only."""
    row = Person(name=name.strip(), made_at=now, senior=0, is_platform_administrator=administrator)
    session.add(row)
    session.flush()
    if phone:
        _keep_phone(session, keys, row, identifiers.mobile(phone))
    if identity:
        number = identifiers.id_number(identity)
        row.identity_mac = keys.mac(IDENTITY, number.encode())
        row.identity_sealed = keys.seal(IDENTITY, number.encode(), row.id.encode())
    session.flush()
    return row


def phone_of(session: Session, keys: Keys, person_id: str) -> str | None:
    """The person's mobile number in clear: to send something, or masked on their own page."""
    row = person(session, person_id)
    if row.phone_sealed is None:
        return None
    return keys.open(PHONE, row.phone_sealed, row.id.encode()).decode()


def _keep_phone(session: Session, keys: Keys, row: Person, phone: str) -> None:
    other = find_by_phone(session, keys, phone)
    if other is not None and other.id != row.id:
        raise PhoneTaken
    row.phone_mac = phone_mac(keys, phone)
    row.phone_sealed = keys.seal(PHONE, phone.encode(), row.id.encode())


def set_preferences(session: Session, *, person_id: str, locale: str, senior: int) -> None:
    row = person(session, person_id)
    row.locale = locale
    row.senior = senior
    session.flush()


# ----------------------------------------------------------------------------------------- the first administrator


def create_administrator_code(session: Session, *, now: datetime) -> str | None:
    """The one-time code that makes the first administrator; None when there is one. An earlier unused code dies."""
    if session.scalars(select(Person.id).where(Person.is_platform_administrator).limit(1)).first():
        return None
    session.execute(delete(AdministratorCode).where(AdministratorCode.used_at.is_(None)))
    letters = "".join(secrets.choice(ALPHABET) for _ in range(12))
    code = "-".join((letters[:4], letters[4:8], letters[8:]))
    session.add(AdministratorCode(code_hash=_setup_hash(code), made_at=now, expires_at=now + SETUP_LIFE))
    session.flush()
    return code


def redeem_administrator_code(
    session: Session, keys: Keys, *, code: str, name: str, phone: str, now: datetime
) -> Person:
    """The person who holds the code becomes the platform's administrator; the code is used up."""
    query = select(AdministratorCode).where(AdministratorCode.code_hash == _setup_hash(code)).with_for_update()
    row = session.scalars(query).one_or_none()
    if row is None or row.used_at is not None or now >= row.expires_at:
        raise WrongSetupCode
    row.used_at = now
    administrator = person_for_phone(session, keys, phone=phone, name=name, now=now)
    administrator.is_platform_administrator = True
    session.flush()
    return administrator


def _setup_hash(code: str) -> str:
    """60 random bits that live for a day: a plain hash is enough."""
    plain = "".join(character for character in code.lower() if character in ALPHABET)
    return hashlib.sha256(b"hoa-setup\n" + plain.encode()).hexdigest()
