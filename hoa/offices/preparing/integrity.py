"""Whether the papers of preparations are still the ones that were filed; for `hoa verify`."""

import hashlib
from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.kernel.errors import Refusal
from hoa.offices.preparing import sealing
from hoa.offices.preparing.tables import Preparation, PreparationPaper
from hoa.platform import Platform


def verify(platform: Platform, session: Session, community_id: str) -> Sequence[str]:
    """A sentence for each report or paper whose sealed copy is gone, damaged or another one."""
    return list(_wrong(platform, session, community_id))


def _wrong(platform: Platform, session: Session, community_id: str) -> Iterator[str]:
    reports = select(Preparation).where(Preparation.community_id == community_id).order_by(Preparation.id)
    for row in session.scalars(reports):
        if not _is_whole(platform, community_id, sha256=row.evidence_sha256, key=row.evidence_key):
            yield f"table preparation, row {row.id}: the report is not the one that was filed"
    papers = select(PreparationPaper).where(PreparationPaper.community_id == community_id)
    for paper in session.scalars(papers.order_by(PreparationPaper.id)):
        if not _is_whole(platform, community_id, sha256=paper.sha256, key=paper.file_key):
            yield f"table preparation_paper, row {paper.id}: the file is not the one that was filed"


def _is_whole(platform: Platform, community_id: str, *, sha256: str, key: str) -> bool:
    try:
        data = sealing.opened(platform.keys, platform.files, community_id, sha256=sha256, key=key)
    except Refusal:
        return False
    return hashlib.sha256(data).hexdigest() == sha256
