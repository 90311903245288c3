"""Putting a report before the owners: on the bulletin for as many days as the place asks for, bound to its hash
(Shanghai 67: 30 days)."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.audit import present, service, signatures
from finance.audit.rules.report import OPINION_NAMES
from finance.audit.tables import AuditReport
from hoa.bulletin import service as bulletin
from hoa.bulletin.tables import Publication
from hoa.community import pack_choice
from hoa.community.service import get_community
from hoa.db import get
from hoa.kernel import money
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, NotFound, Refusal

KIND = "audit-report"


class Published(Refusal):
    message = N_("这份报告已经公示，不能再公示一次")
    status = 409


def publication(session: Session, report: AuditReport) -> Publication | None:
    """Where this report was published; None before."""
    query = select(Publication).where(
        Publication.community_id == report.community_id, Publication.kind == KIND, Publication.reference == report.id
    )
    return session.scalars(query).first()


def publish(session: Session, community_id: str, report_id: str, *, by: str, now: datetime) -> Publication:
    """The report on the bulletin: its figures in words, the hash of its data and of its PDF as it is signed now."""
    get(session, AuditReport, community_id, report_id, lock=True)
    report = service.find(session, community_id, report_id)
    if publication(session, report) is not None:
        raise Published
    pack = pack_choice.current(session, community_id, day=today(now))
    said = _content(session, report)
    return bulletin.publish(
        session,
        community_id,
        kind=KIND,
        title=service.title(session, report),
        body=said["text"],
        content=said,
        by=by,
        now=now,
        reference=report.id,
        url=path(get_community(session, community_id).code, report.id),
        display_days=max(pack.number("report_display_days"), bulletin.DISPLAY_DAYS),
    )


def _content(session: Session, report: AuditReport) -> dict[str, Any]:
    content = report.content or {}
    counted, totals = present.counted(content), content["totals"]
    text = (
        f"期间 {report.starts_on.isoformat()} 至 {report.ends_on.isoformat()}；"
        f"收入 {money.show(totals['income_fen'])}，支出 {money.show(totals['spending_fen'])}，"
        f"期末余额 {money.show(totals['closing_fen'])}；"
        f"发现问题 {sum(counted.values())} 个，其中严重的 {counted['high']} 个；"
        f"意见：{OPINION_NAMES[report.opinion]}。"
    )
    return {
        "number": report.label,
        "kind": report.kind,
        "start": report.starts_on.isoformat(),
        "end": report.ends_on.isoformat(),
        "data": report.data_hash,
        "pdf": signatures.current_digest(session, report),
        "signatures": len(signatures.signatures(session, report)) + 1,
        "text": text,
    }


def published(session: Session, community_id: str, report_id: str) -> AuditReport:
    """A report that owners may read; NotFound for any other."""
    report = service.find(session, community_id, report_id)
    if publication(session, report) is None:
        raise NotFound
    return report


def path(code: str, report_id: str) -> str:
    """Where everybody of the community reads it."""
    return f"/c/{code}/audit/published/{report_id}"
