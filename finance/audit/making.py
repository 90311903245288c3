"""Making a report: read, print, seal, keep. The task of the worker and the command do the same."""

from typing import Any

from finance.audit import content as contents
from finance.audit import printing, service
from finance.audit.tables import AuditReport
from hoa.community.service import get_community
from hoa.db import get
from hoa.jobs import Run
from hoa.platform import Platform


def task(run: Run) -> dict[str, Any]:
    """The worker's part. A second run after a crash finds the report ready, or makes the same one."""
    report_id = str(run.payload["report"])
    report = make(run.platform, run.community, report_id, tell=run.progress)
    with run.platform.database.reading() as session:
        return {"url": path(get_community(session, run.community).code, report.id)}


def make(
    platform: Platform, community_id: str, report_id: str, *, tell: printing.Tell = lambda _done, _all: None
) -> AuditReport:
    """Fill a report that was begun. Its moment is the one it was asked at, so that every run makes the same data."""
    with platform.database.reading() as session:
        report = get(session, AuditReport, community_id, report_id)
        if report.state == service.READY:
            return report
        code = get_community(session, community_id).code
        content = contents.build(
            session,
            community_id,
            number=report.label,
            start=report.starts_on,
            end=report.ends_on,
            now=report.asked_at,
        )
    address = platform.settings.base_url + path(code, report_id)
    pdf = printing.as_pdf(platform, content, address=address, now=platform.now(), tell=tell)
    digest = platform.files.put(pdf)
    with platform.database.writing(seconds=30) as session:
        return service.keep(
            session, community_id, report_id=report_id, content=content, pdf_digest=digest, now=platform.now()
        )


def path(code: str, report_id: str) -> str:
    """Where the report is read: `/c/WTY/audit/reports/…`."""
    return f"/c/{code}/audit/reports/{report_id}"
