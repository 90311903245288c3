"""Making an archive: read, put together, keep. The task of the worker and the command do the same."""

from typing import Any

from finance.papers.service import archives
from finance.papers.service.archives import Tell
from finance.papers.tables import YearArchive
from hoa.community.service import get_community
from hoa.jobs import Run
from hoa.platform import Platform

TASK = "papers.archive"


def task(run: Run) -> dict[str, Any]:
    """The worker's part. A second run after a crash makes the same bytes, which are the same archive."""
    kind, year = str(run.payload["book"]), int(run.payload["year"])
    make(run.platform, run.community, kind=kind, year=year, by=run.person_id, tell=run.progress)
    with run.platform.database.reading() as session:
        return {"url": path(get_community(session, run.community).code)}


def make(
    platform: Platform,
    community_id: str,
    *,
    kind: str,
    year: int,
    by: str | None,
    tell: Tell = lambda _done, _all: None,
) -> tuple[YearArchive, bytes]:
    """The archive of a book and year, kept under its digest."""
    with platform.database.reading() as session:
        data, manifest = archives.make(
            session,
            platform.files,
            platform.keys,
            community_id,
            kind=kind,
            year=year,
            now=platform.now(),
            tell=tell,
        )
    with platform.database.writing(seconds=30) as session:
        kept = archives.keep(
            session,
            platform.files,
            community_id,
            kind=kind,
            data=data,
            manifest=manifest,
            by=by,
            now=platform.now(),
        )
    return kept, data


def path(code: str) -> str:
    """Where the archives are listed."""
    return f"/c/{code}/archives"
