"""Whether a recall still says what both sides wrote: the guards refuse the platform, this looks for whoever went behind
them (trust.md 12)."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from hoa.platform import Platform
from voting.recall import service
from voting.service import motions
from voting.tables import Assembly


def verify(_platform: Platform, session: Session, community_id: str) -> Sequence[str]:
    """A sentence for each recall whose motion does not print its reason and its defence."""
    problems = []
    for row in service.recalls(session, community_id):
        if row.assembly_id is None or row.motion_id is None:
            continue
        assembly = session.get_one(Assembly, (community_id, row.assembly_id))
        body = motions.of(session, assembly, row.motion_id).body
        if row.reason not in body or row.defence not in body:
            problems.append(f"第 {row.number} 号罢免提议的理由或申辩与表决事项 {assembly.code} 印出的不一致")
    return problems
