"""What somebody did in office since a day. Rooms above tell it; `hoa.app` wires them here.

An end that is confirmed late undoes none of it, and whoever confirms sees all of it (rules.md R2.12).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.community.tables import RegisterChange
from hoa.kernel.errors import N_


class Act(NamedTuple):
    """One thing done: when, what kind (a message id), of what (data), and where it is read."""

    at: datetime
    kind: str
    title: str
    url: str | None = None


class Teller(Protocol):
    """What a person did in a community from `start` on, until `end`."""

    def __call__(
        self, session: Session, community_id: str, *, person_id: str, start: datetime, end: datetime
    ) -> Sequence[Act]: ...


_tellers: dict[str, Teller] = {}


def provide(room: str, teller: Teller) -> None:
    """Say who tells the acts of a room."""
    _tellers[room] = teller


def of(session: Session, community_id: str, *, person_id: str, start: datetime, end: datetime) -> list[Act]:
    """Everything, the earliest first."""
    told = list(_register(session, community_id, person_id, start, end))
    for teller in _tellers.values():
        told += teller(session, community_id, person_id=person_id, start=start, end=end)
    return sorted(told, key=lambda act: (act.at, act.kind, act.title))


def _register(session: Session, community_id: str, person_id: str, start: datetime, end: datetime) -> Sequence[Act]:
    query = select(RegisterChange).where(
        RegisterChange.community_id == community_id,
        RegisterChange.by == person_id,
        RegisterChange.at >= start,
        RegisterChange.at < end,
    )
    return [Act(row.at, N_("修改业主名册"), row.field) for row in session.scalars(query)]
