"""Where an assembly is read, as a path: the same on the page, in a job's result and in a publication."""

from sqlalchemy.orm import Session

from hoa.community.service import get_community
from voting.tables import Assembly


def path(session: Session, assembly: Assembly) -> str:
    """`/c/WTY/assemblies/2026-01`."""
    return f"/c/{get_community(session, assembly.community_id).code}/assemblies/{assembly.code}"
