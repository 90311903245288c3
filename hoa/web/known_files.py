"""Telling somebody what a file in their hands is: each room says which files it keeps under a SHA-256.

A room that keeps papers fills one name when `hoa.app` wires the rooms; whoever checks an uploaded file asks them all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy.orm import Session


@dataclass(frozen=True, kw_only=True)
class Known:
    """A sentence that names the file (a message id and its parameters): "it is the minutes of …"."""

    sentence: str
    params: Mapping[str, str] = field(default_factory=dict)


class Finder(Protocol):
    """What this room keeps under a SHA-256 (64 hex digits), in any community; None when it is not there."""

    def __call__(self, session: Session, sha256: str) -> Known | None: ...


_finders: dict[str, Finder] = {}


def provide(name: str, finder: Finder) -> None:
    """Fill a room's name; filling it again replaces it."""
    _finders[name] = finder


def recognised(session: Session, sha256: str) -> Known | None:
    """What a file is, by whichever room keeps it."""
    found = (_finders[name](session, sha256) for name in sorted(_finders))
    return next((known for known in found if known is not None), None)
