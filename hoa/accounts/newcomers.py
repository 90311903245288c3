"""Whoever the register knows by phone may come in without having been here before, and then claim what is theirs
(R7.5: V1 is the phone with room and name, or a letter).

Accounts stand below the register and must not look into it: the register fills this Protocol through `hoa.app`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, cast

from flask import current_app
from sqlalchemy.orm import Session

from hoa.accounts.service import create_person, find_by_phone
from hoa.accounts.tables import Person
from hoa.ports.keys import Keys

EXTENSION = "hoa.phone_register"


class PhoneRegister(Protocol):
    """What accounts ask of the register."""

    def communities(self, session: Session) -> Sequence[tuple[str, str]]:
        """Code and name of every community: a letter belongs to one of them."""
        ...

    def knows_phone(self, session: Session, keys: Keys, phone: str) -> bool:
        """Whether an owner gave this normalised phone, in whatever community."""
        ...


def _register() -> PhoneRegister:
    return cast(PhoneRegister, current_app.extensions[EXTENSION])


def communities(session: Session) -> Sequence[tuple[str, str]]:
    return _register().communities(session)


def is_known(session: Session, keys: Keys, phone: str) -> bool:
    """Whether somebody may sign in by a code to this phone. Both questions are always asked: equal work for all."""
    held = find_by_phone(session, keys, phone) is not None
    listed = _register().knows_phone(session, keys, phone)
    return held or listed


def welcome(session: Session, keys: Keys, phone: str, now: datetime) -> Person:
    """The account of whoever has just proven to hold this phone.

    A newcomer's account has no name yet: the register's would tell it to whoever was given an owner's old number.
    """
    return find_by_phone(session, keys, phone) or create_person(session, keys, name="", phone=phone, now=now)
