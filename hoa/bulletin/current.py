"""What a publication's content would be if it were published now. The room that published provides it; `hoa.app` wires
it here.

A publication whose present hash differs was changed underneath: it shows red (books.md 3).
"""

from collections.abc import Mapping
from typing import Any, Protocol

from sqlalchemy.orm import Session

from hoa.bulletin.tables import Publication


class CurrentContent(Protocol):
    """The SHA-256 (hex) of what `reference` would publish now, laid out like what was `published`; None when that
    cannot be said.
    """

    def __call__(
        self, session: Session, community_id: str, reference: str, published: Mapping[str, Any], /
    ) -> str | None: ...


_providers: dict[str, CurrentContent] = {}


def provide(kind: str, provider: CurrentContent) -> None:
    """Say who knows the present content of publications of this kind."""
    _providers[kind] = provider


def has_moved(session: Session, publication: Publication) -> bool:
    """Whether what lies under this publication is no longer what was published."""
    provider = _providers.get(publication.kind)
    if provider is None or publication.reference is None:
        return False
    current = provider(session, publication.community_id, publication.reference, publication.content)
    return current is not None and current != publication.content_hash
