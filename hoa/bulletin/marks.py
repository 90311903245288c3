"""What the supervisors mark on a publication (R2.25): "objected", with their reasons. They block nothing, so the board
only shows it. The room of supervision provides it; `hoa.app` wires it here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session


@dataclass(frozen=True, kw_only=True)
class Mark:
    """An objection of the supervisors to one publication; lifted when its reason is gone, and shown all the same."""

    id: str
    publication_id: str
    text: str
    at: datetime
    lifted_because: str = ""
    lifted_at: datetime | None = None


class Marks(Protocol):
    """The marks on some publications of a community, the earliest first."""

    def __call__(self, session: Session, community_id: str, publication_ids: Sequence[str]) -> Sequence[Mark]: ...


_provider: Marks | None = None


def provide(provider: Marks) -> None:
    global _provider
    _provider = provider


def of(session: Session, community_id: str, publication_ids: Sequence[str]) -> Sequence[Mark]:
    """The marks on these publications; none where nobody supervises."""
    return _provider(session, community_id, publication_ids) if _provider and publication_ids else ()
