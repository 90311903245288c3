"""Making a report: read, print, seal, keep. The task of the worker and the command do the same."""

from typing import Any

from finance.audit import content as contents
from finance.audit import printing, service
from finance.audit.rules.report import other_language
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
    content = read(platform, community_id, report_id)
    languages = [report.language, *([other_language(report.language)] if report.both_languages else [])]
    address = platform.settings.base_url + path(code, report_id)
    digests = []
    for number, language in enumerate(languages):
        pdf = printing.as_pdf(
            platform,
            content,
            language=language,
            address=address,
            now=platform.now(),
            tell=_one_of(number, len(languages), tell),
        )
        digests.append(platform.files.put(pdf))
    with platform.database.writing(seconds=30) as session:
        return service.keep(
            session,
            community_id,
            report_id=report_id,
            content=content,
            pdf_digest=digests[0],
            other_digest=digests[1] if len(digests) > 1 else None,
            now=platform.now(),
        )


def read(platform: Platform, community_id: str, report_id: str) -> dict[str, Any]:
    """The data of a report that was begun, as of the moment it was asked for."""
    with platform.database.reading() as session:
        report = get(session, AuditReport, community_id, report_id)
        return contents.build(
            session,
            community_id,
            number=report.label,
            start=report.starts_on,
            end=report.ends_on,
            now=report.asked_at,
            choice=service.choice_of(report),
            asked_by=service.asked_by(session, report),
            replies=service.earlier_replies(session, report),
        )


def _one_of(number: int, count: int, tell: printing.Tell) -> printing.Tell:
    """The progress of one PDF as a part of the progress of all."""
    return lambda done, steps: tell(number * steps + done, count * steps)


def path(code: str, report_id: str) -> str:
    """Where the report is read: `/c/WTY/audit/reports/…`."""
    return f"/c/{code}/audit/reports/{report_id}"
