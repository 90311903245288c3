"""What a request knows: the platform, the time, the community, the person and their powers, and its two sessions."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol, cast

from flask import current_app, g
from flask_login import current_user
from sqlalchemy.orm import Session

from hoa.kernel.errors import NotFound
from hoa.platform import Platform


class Me(Protocol):
    """The signed-in person, as far as every page knows them."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def masked_name(self) -> str: ...
    @property
    def locale(self) -> str | None: ...
    @property
    def senior(self) -> int: ...
    @property
    def is_platform_administrator(self) -> bool: ...


class CommunityHere(Protocol):
    """The community whose pages these are."""

    @property
    def id(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def help_phone(self) -> str | None: ...


def platform() -> Platform:
    return cast(Platform, current_app.extensions["hoa.platform"])


def now() -> datetime:
    """The request's moment: one for the whole request."""
    if "now" not in g:
        g.now = platform().now()
    return cast(datetime, g.now)


def me() -> Me | None:
    """The signed-in person, or None."""
    return cast(Me, current_user) if current_user.is_authenticated else None


def person_id() -> str:
    """The signed-in person's id; only for views that demand a sign-in."""
    person = me()
    if person is None:
        raise NotFound
    return person.id


def community_or_none() -> CommunityHere | None:
    return cast(CommunityHere | None, g.get("community"))


def community() -> CommunityHere:
    """The community of this page; only for views below `/c/<community_code>/`."""
    here = community_or_none()
    if here is None:
        raise NotFound
    return here


def powers() -> frozenset[str]:
    """What the person may do today, in this community (or on the platform, outside any)."""
    if "powers" not in g:
        person = me()
        here = community_or_none()
        loader = current_app.extensions["hoa.powers"]
        held = frozenset() if person is None else loader(reading(), person, here.id if here else None, now())
        waiting = current_app.extensions["hoa.withheld"](reading(), here.id, held, now()) if here and held else ()
        g.withheld = frozenset(waiting)
        g.powers = held - g.withheld
    return cast(frozenset[str], g.powers)


def withheld() -> frozenset[str]:
    """The powers that the person holds and that wait for a second factor in this session."""
    powers()
    return cast(frozenset[str], g.withheld)


def may(power: str) -> bool:
    return power in powers()


def reading() -> Session:
    """The request's read-only session."""
    if "reading" not in g:
        g.reading_stack = platform().database.reading()
        g.reading = g.reading_stack.__enter__()
    return cast(Session, g.reading)


@contextmanager
def writing() -> Iterator[Session]:
    """One write transaction. The read session is ended before and after, so that what follows sees what was written."""
    _end_reading()
    with platform().database.writing() as session:
        yield session
    _end_reading()


def _end_reading() -> None:
    if "reading" in g:
        g.reading.expunge_all()
        g.reading.rollback()


def close_sessions(_error: BaseException | None = None) -> None:
    """Give the read session back at the end of the request."""
    stack = g.pop("reading_stack", None)
    g.pop("reading", None)
    if stack is not None:
        stack.__exit__(None, None, None)
