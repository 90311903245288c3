"""What a preparatory or re-election group hangs on the board (the Protocol `hoa.offices.preparing.board.Board`)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from hoa.bulletin import service


class GroupBoard:
    """Publishes for a group, and counts what owners objected."""

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
        publication = service.publish(
            session,
            community_id,
            kind=kind,
            title=title,
            body=body,
            content=content,
            reference=reference,
            url=url,
            by=by,
            now=now,
        )
        return publication.id

    def objections(self, session: Session, community_id: str, publication_id: str) -> tuple[int, int]:
        found = service.objections(session, community_id, publication_id)
        return len(found), sum(objection.answered_at is None for objection in found)
