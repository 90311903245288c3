"""Verbs of the audit: look at a period, ask for a report, keep what was made, and check it later."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from finance.audit import content as contents
from finance.audit.powers import MAY_SIGN
from finance.audit.rules.findings import Severity
from finance.audit.rules.report import KIND_NAMES, Choice, Kind, Opinion, check, check_reply
from finance.audit.tables import AuditFinding, AuditReply, AuditReport, AuditSignature
from finance.service.books import trust_book
from finance.supervision.service import cases
from hoa.community.service import get_community
from hoa.db import get
from hoa.jobs import Job, enqueue
from hoa.kernel import canonical
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, NotAllowed, Refusal
from hoa.kernel.posts import COMMITTEE
from hoa.offices import service as offices
from hoa.ports.files import FileDamaged, FileMissing, Files

TASK = "audit.report"
MAKING, READY = "making", "ready"
OPEN = "open"


class EndsBeforeStart(Refusal):
    message = N_("截止日 %(end)s 早于起始日 %(start)s，请改正")


class NotOverYet(Refusal):
    message = N_("截止日 %(end)s 还没有过完，最晚可以选 %(latest)s")


class BeforeBooks(Refusal):
    message = N_("账从 %(opened)s 开始，截止日不能早于这一天")


class NotReady(Refusal):
    message = N_("这份报告还没有生成，请稍后再看")
    status = 409


def check_period(session: Session, community_id: str, *, start: date, end: date, now: datetime) -> None:
    """Refuse a period that is upside down, not over, or before the books began."""
    if end < start:
        raise EndsBeforeStart(end=end.isoformat(), start=start.isoformat())
    if end >= today(now):
        latest = date.fromordinal(today(now).toordinal() - 1)
        raise NotOverYet(end=end.isoformat(), latest=latest.isoformat())
    opened = trust_book(session, community_id).opened_on
    if end < opened:
        raise BeforeBooks(opened=opened.isoformat())


def preview(session: Session, community_id: str, *, start: date, end: date, now: datetime) -> dict[str, Any]:
    """What the checks find in this period now; nothing is kept."""
    check_period(session, community_id, start=start, end=end, now=now)
    return contents.checks_only(session, community_id, start=start, end=end, now=now)


def warnings(session: Session, community_id: str, *, start: date, end: date, now: datetime) -> Sequence[dict[str, Any]]:
    """What the checks would say of these days, for the treasurer before publishing and for whoever watches: findings
    as in the report (`content["findings"]`) without mere hints. The period need not be over."""
    found = contents.checks_only(session, community_id, start=start, end=end, now=now)["findings"]
    return [finding for finding in found if finding["severity"] != Severity.LOW]


def ask(
    session: Session,
    community_id: str,
    *,
    start: date,
    end: date,
    by: str | None,
    now: datetime,
    choice: Choice = contents.PLAIN,
) -> tuple[AuditReport, Job]:
    """Give the report its number and put its making into the queue, in one transaction."""
    report = begin(session, community_id, start=start, end=end, by=by, now=now, choice=choice)
    job = enqueue(session, TASK, {"report": report.id}, now=now, community_id=community_id, person_id=by)
    return report, job


def begin(
    session: Session,
    community_id: str,
    *,
    start: date,
    end: date,
    by: str | None,
    now: datetime,
    choice: Choice = contents.PLAIN,
) -> AuditReport:
    """The next report of the year, empty."""
    check(choice)
    trust_book(session, community_id, lock=True)  # two askers must not get one number
    check_period(session, community_id, start=start, end=end, now=now)
    year = today(now).year
    latest = session.scalar(
        select(func.max(AuditReport.number)).where(AuditReport.community_id == community_id, AuditReport.year == year)
    )
    report = AuditReport(
        community_id=community_id,
        year=year,
        number=(latest or 0) + 1,
        starts_on=start,
        ends_on=end,
        state=MAKING,
        asked_by_id=by,
        asked_at=now,
        kind=choice.kind,
        opinion=choice.opinion,
        opinion_text=choice.text.strip(),
        language=choice.language,
        both_languages=choice.both,
    )
    session.add(report)
    session.flush()
    return report


def keep(
    session: Session,
    community_id: str,
    *,
    report_id: str,
    content: dict[str, Any],
    pdf_digest: str,
    other_digest: str | None = None,
    now: datetime,
) -> AuditReport:
    """Write down what was made, and follow its findings from now on until they are mended. Keeping it again (a job that
    ran twice) changes nothing."""
    report = get(session, AuditReport, community_id, report_id, lock=True)
    if report.state == READY:
        return report
    for found in content["findings"]:
        session.add(
            AuditFinding(
                community_id=community_id,
                report_id=report.id,
                no=found["no"],
                key=found["key"],
                code=found["code"],
                check_id=found["check"],
                severity=found["severity"],
                sentence=found["sentence"],
                params=found["params"],
                amount_fen=found["amount_fen"],
                evidence=found["evidence"],
                state=OPEN,
            )
        )
    report.content, report.data_hash = content, canonical.digest(content)
    report.pdf_digest, report.other_digest = pdf_digest, other_digest
    report.made_at, report.state = now, READY
    session.flush()
    cases.take_up(
        session,
        community_id,
        findings=content["findings"],
        start=report.starts_on,
        end=report.ends_on,
        by=report.asked_by_id,
        now=now,
        report_id=report.id,
    )
    return report


def choice_of(report: AuditReport) -> Choice:
    """What its reporter chose."""
    return Choice(
        kind=Kind(report.kind),
        opinion=Opinion(report.opinion),
        text=report.opinion_text,
        language=report.language,
        both=report.both_languages,
    )


def asked_by(session: Session, report: AuditReport) -> str:
    """The post in which the reporter asked (a body and a kind); empty when a command made the report."""
    if report.asked_by_id is None:
        return ""
    held = offices.posts_held(session, report.community_id, report.asked_by_id, report.asked_at) & MAY_SIGN
    return str(min(held)) if held else ""


def title(session: Session, report: AuditReport) -> str:
    """The report's name in full, as its signatures cite it."""
    name = get_community(session, report.community_id).name
    return f"{name} {KIND_NAMES[report.kind]} {report.label}"


# ---------------------------------------------------------------------------------------------------------- replies


def reply(session: Session, community_id: str, report_id: str, *, text: str, by: str, now: datetime) -> AuditReply:
    """What the committee says to a finished report; it stands as it was written."""
    get(session, AuditReport, community_id, report_id, lock=True)
    report = find(session, community_id, report_id)
    tidy = check_reply(text)
    held = offices.posts_held(session, community_id, by, now) & COMMITTEE
    if not held:
        raise NotAllowed
    row = AuditReply(
        community_id=community_id,
        report_id=report.id,
        no=len(replies(session, report)) + 1,
        person_id=by,
        role=str(min(held)),
        text=tidy,
        replied_at=now,
    )
    session.add(row)
    session.flush()
    return row


def replies(session: Session, report: AuditReport) -> Sequence[AuditReply]:
    """What was replied to this report, the first first."""
    query = select(AuditReply).where(AuditReply.community_id == report.community_id, AuditReply.report_id == report.id)
    return session.scalars(query.order_by(AuditReply.no)).all()


def earlier_replies(session: Session, report: AuditReport) -> list[dict[str, Any]]:
    """What was replied to earlier reports of the same kind on the same days, for part 十四 of this one."""
    query = (
        select(AuditReply, AuditReport)
        .join(
            AuditReport,
            (AuditReport.community_id == AuditReply.community_id) & (AuditReport.id == AuditReply.report_id),
        )
        .where(
            AuditReport.community_id == report.community_id,
            AuditReport.kind == report.kind,
            AuditReport.starts_on == report.starts_on,
            AuditReport.ends_on == report.ends_on,
            AuditReport.id != report.id,
            AuditReply.replied_at <= report.asked_at,
        )
        .options(defer(AuditReport.content, raiseload=True))
        .order_by(AuditReply.replied_at, AuditReply.id)
    )
    return [
        {"report": row.label, "role": said.role, "day": today(said.replied_at).isoformat(), "text": said.text}
        for said, row in session.execute(query)
    ]


def reports(session: Session, community_id: str) -> Sequence[AuditReport]:
    """All reports, the newest first, without their content, which holds a whole ledger."""
    query = select(AuditReport).where(AuditReport.community_id == community_id)
    query = query.options(defer(AuditReport.content, raiseload=True))
    return session.scalars(query.order_by(AuditReport.year.desc(), AuditReport.number.desc())).all()


def counts(session: Session, community_id: str) -> dict[str, dict[str, int]]:
    """How many findings of each severity every report has, by the report's id."""
    query = (
        select(AuditFinding.report_id, AuditFinding.severity, func.count())
        .where(AuditFinding.community_id == community_id)
        .group_by(AuditFinding.report_id, AuditFinding.severity)
    )
    found: dict[str, dict[str, int]] = {}
    for report_id, severity, number in session.execute(query):
        found.setdefault(report_id, {})[severity] = number
    return found


def find(session: Session, community_id: str, report_id: str) -> AuditReport:
    """A finished report, or NotReady."""
    report = get(session, AuditReport, community_id, report_id)
    if report.state != READY:
        raise NotReady
    return report


def verify(session: Session, files: Files, community_id: str) -> list[str]:
    """A sentence for each report whose data, findings or PDF are no longer what was signed."""
    problems = []
    query = select(AuditReport).where(AuditReport.community_id == community_id, AuditReport.state == READY)
    for report in session.scalars(query.order_by(AuditReport.year, AuditReport.number)):
        if report.content is None:
            problems.append(f"audit report {report.label}: its data is gone")
            continue
        if canonical.digest(report.content) != report.data_hash:
            problems.append(f"audit report {report.label}: its data was changed")
        elif _kept_findings(session, report) != _told_findings(report.content):
            problems.append(f"audit report {report.label}: its findings were changed")
        problems += _lost_files(session, files, report)
    return problems


def _lost_files(session: Session, files: Files, report: AuditReport) -> list[str]:
    """A sentence for each PDF of a report, with each further signature, that is gone or damaged."""
    query = select(AuditSignature).where(
        AuditSignature.community_id == report.community_id, AuditSignature.report_id == report.id
    )
    kept = {"its PDF": report.pdf_digest or ""}
    if report.other_digest:
        kept["its PDF in the other language"] = report.other_digest
    for row in session.scalars(query.order_by(AuditSignature.no)):
        kept[f"its PDF with signature {row.no}"] = row.pdf_digest
    problems = []
    for what, digest in kept.items():
        try:
            files.get(digest)
        except (FileMissing, FileDamaged):
            problems.append(f"audit report {report.label}: {what} is missing or damaged")
    return problems


def _kept_findings(session: Session, report: AuditReport) -> list[tuple[object, ...]]:
    query = select(AuditFinding).where(
        AuditFinding.community_id == report.community_id, AuditFinding.report_id == report.id
    )
    return [
        (row.no, row.key, row.code, row.check_id, row.severity, row.sentence, row.params, row.amount_fen, row.evidence)
        for row in session.scalars(query.order_by(AuditFinding.no))
    ]


def _told_findings(content: dict[str, Any]) -> list[tuple[object, ...]]:
    names = ("no", "key", "code", "check", "severity", "sentence", "params", "amount_fen", "evidence")
    return [tuple(found[name] for name in names) for found in content["findings"]]
