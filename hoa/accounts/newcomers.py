"""Whoever the register knows by phone may sign in without having been here before (R7.5: letter or phone = V1).

Accounts stand below the register and must not look into it: the register fills this Protocol through `hoa.app`.
"""

from datetime import datetime
from typing import Protocol, cast

from flask import current_app
from sqlalchemy.orm import Session

from hoa.accounts.service import create_person, find_by_phone
from hoa.accounts.tables import Person
from hoa.kernel.errors import NotFound
from hoa.ports.keys import Keys

EXTENSION = "hoa.phone_register"


class PhoneRegister(Protocol):
    """What accounts ask of the register about a normalised phone."""

    def name_by_phone(self, session: Session, keys: Keys, phone: str) -> str | None:
        """The name of the owner who gave this phone, in whatever community; None when nobody did."""
        ...

    def phone_proven(self, session: Session, keys: Keys, *, phone: str, person_id: str, now: datetime) -> None:
        """The person has just shown that they hold this phone."""
        ...


def _register() -> PhoneRegister:
    return cast(PhoneRegister, current_app.extensions[EXTENSION])


def is_known(session: Session, keys: Keys, phone: str) -> bool:
    """Whether somebody may sign in by a code to this phone. Both questions are always asked: equal work for all."""
    held = find_by_phone(session, keys, phone) is not None
    listed = _register().name_by_phone(session, keys, phone) is not None
    return held or listed


def welcome(session: Session, keys: Keys, phone: str, now: datetime) -> Person:
    """The account of whoever has just proven to hold this phone; a new one for an owner who comes for the first
    time."""
    person = find_by_phone(session, keys, phone)
    if person is None:
        name = _register().name_by_phone(session, keys, phone)
        if name is None:
            raise NotFound
        person = create_person(session, keys, name=name, phone=phone, now=now)
    _register().phone_proven(session, keys, phone=phone, person_id=person.id, now=now)
    return person
