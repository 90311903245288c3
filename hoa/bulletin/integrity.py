"""Whether what hangs on the board is what was published; for `hoa verify`."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.bulletin.tables import Publication
from hoa.kernel import canonical
from hoa.kernel.errors import Refusal
from hoa.platform import Platform


def verify(_platform: Platform, session: Session, community_id: str) -> list[str]:
    """A sentence for each publication whose words or content are not the ones that were hashed."""
    query = select(Publication).where(Publication.community_id == community_id).order_by(Publication.id)
    return [f"table publication, row {row.id}: {wrong}" for row in session.scalars(query) for wrong in _wrong(row)]


def _wrong(row: Publication) -> Iterator[str]:
    try:
        digest = canonical.digest(row.content)
    except Refusal:
        digest = ""
    if digest != row.content_hash:
        yield "the content is not the one that was hashed"
    elif row.kind == "notice" and {"title": row.title, "text": row.body} != row.content:
        yield "the words shown are not the ones that were hashed"
