"""The notice board as the group needs it. The bulletin stands above the offices, so it comes in as a Protocol that
`hoa.app` fills.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

KIND = "preparation"


class Board(Protocol):
    """Publishing with hash, display period and objections."""

    def publish(
        self,
        session: Session,
        community_id: str,
        *,
        kind: str,
        title: str,
        body: str,
        content: Mapping[str, Any],
        reference: str,
        url: str,
        by: str,
        now: datetime,
    ) -> str:
        """Freeze `content` and show it; the publication's id."""
        ...

    def objections(self, session: Session, community_id: str, publication_id: str) -> tuple[int, int]:
        """How many objections there are to a publication, and how many of them wait for an answer."""
        ...


_board: Board | None = None


def provide(board: Board) -> None:
    """Say who publishes."""
    global _board
    _board = board


def current() -> Board:
    """The notice board; a deployment without one cannot announce."""
    if _board is None:
        raise RuntimeError("no notice board is wired: hoa.app.wire() comes first")
    return _board
