"""Which steps of assemblies somebody took in office, for whoever confirms that the office had ended."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.kernel.errors import N_
from hoa.offices.changes.acts import Act
from voting.service.addresses import path
from voting.tables import Assembly, AssemblyEvent


def told(session: Session, community_id: str, *, person_id: str, start: datetime, end: datetime) -> Sequence[Act]:
    query = (
        select(AssemblyEvent, Assembly)
        .join(
            Assembly,
            (Assembly.community_id == AssemblyEvent.community_id) & (Assembly.id == AssemblyEvent.assembly_id),
        )
        .where(
            AssemblyEvent.community_id == community_id,
            AssemblyEvent.person_id == person_id,
            AssemblyEvent.at >= start,
            AssemblyEvent.at < end,
        )
    )
    return [
        Act(event.at, N_("办理业主大会会议"), row.title, path(session, row)) for event, row in session.execute(query)
    ]
