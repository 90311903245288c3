"""Inviting an auditor, ending their access, taking in their report and putting it before the owners."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from finance.audit.rules.report import OPINION_NAMES
from finance.engagements import rules
from finance.engagements.rules import Bounds, Stage
from finance.engagements.tables import Engagement
from finance.supervision.tables import Case
from hoa.accounts import service as accounts
from hoa.bulletin import service as bulletin
from hoa.bulletin.tables import Publication
from hoa.community import pack_choice
from hoa.community.service import get_community
from hoa.db import get
from hoa.kernel import money
from hoa.kernel.clock import CHINA, today
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.posts import AUDITOR, COMMITTEE, PROPERTY_STAFF, SUPERVISORS
from hoa.offices import service as offices
from hoa.offices.tables import Office
from hoa.ports import uploads
from hoa.ports.files import FileDamaged, FileMissing, Files
from hoa.ports.keys import Keys
from hoa.resolutions import service as resolutions

LETTER, REPORT = "engagement", "third-party-report"


class NotIndependent(Refusal):
    message = N_("业主委员会、监督委员会和物业服务企业的人不能当本小区的第三方审计")


class OtherName(Refusal):
    message = N_("这个手机号登记的姓名不同，请核对姓名和手机号")


class StillOpen(Refusal):
    message = N_("这位审计人员还有一份没有结束的约定（%(label)s），请先结束它")
    status = 409


class AlreadyOver(Refusal):
    message = N_("这份约定已经结束")
    status = 409


class NotOpen(Refusal):
    message = N_("现在不在这份约定的开放日期内，不能办这一步")
    status = 403


class NotYours(Refusal):
    message = N_("报告由受委托的审计人员自己上传")
    status = 403


class Reported(Refusal):
    message = N_("这份约定的报告已经上传，不能再换")
    status = 409


class NotReported(Refusal):
    message = N_("审计报告还没有上传")
    status = 409


class Published(Refusal):
    message = N_("这份报告已经公示，不能再公示一次")
    status = 409


class NotAPdf(Refusal):
    message = N_("审计报告请上传 PDF 文件")


class OpinionNeeded(Refusal):
    message = N_("请选择审计意见，按报告原文")


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What is agreed with the firm; `fee_fen` may be zero, `basis` says who decided where there is no resolution."""

    firm: str
    name: str
    phone: str
    parts: tuple[str, ...]
    bounds: Bounds
    resolution_id: str | None
    basis: str
    fee_fen: int


def invite(session: Session, keys: Keys, community_id: str, *, terms: Terms, by: str, now: datetime) -> Engagement:
    """Let an auditor in, for the days of access and no longer; the letter is announced (rules.md 6.1).

    Refused: someone who keeps the books, watches them or works for the property company; a second engagement of the
    same person at the same time.
    """
    most = pack_choice.current(session, community_id, day=today(now)).number("engagement_days")
    rules.check(terms.bounds, terms.parts, today=today(now), most_days=most)
    person = accounts.person_for_phone(session, keys, phone=terms.phone, name=terms.name, now=now)
    if person.name != terms.name.strip():
        raise OtherName
    if offices.posts_held(session, community_id, person.id, now) & (COMMITTEE | SUPERVISORS | {PROPERTY_STAFF}):
        raise NotIndependent
    for other in of_person(session, community_id, person.id):
        if stage(other, now) is not Stage.OVER:
            raise StillOpen(label=other.label)
    if terms.resolution_id is not None:
        resolutions.get(session, community_id, terms.resolution_id)
    year = today(now).year
    last = session.scalar(
        select(func.max(Engagement.number)).where(Engagement.community_id == community_id, Engagement.year == year)
    )
    number = (last or 0) + 1
    office = _office(session, community_id, terms, person.id, f"{year}-{number:02d}", by=by, now=now)
    row = Engagement(
        community_id=community_id,
        year=year,
        number=number,
        firm=terms.firm.strip(),
        person_id=person.id,
        office_id=office.id,
        parts=sorted(terms.parts),
        **terms.bounds._asdict(),
        resolution_id=terms.resolution_id,
        basis=terms.basis.strip(),
        fee_fen=terms.fee_fen,
        invited_by_id=by,
        invited_at=now,
        end_reason="",
    )
    session.add(row)
    session.flush()
    _announce(session, row, LETTER, f"第三方审计约定 {row.label}：{row.firm}", _letter(row), by=by, now=now)
    return row


def _office(
    session: Session, community_id: str, terms: Terms, person_id: str, label: str, *, by: str, now: datetime
) -> Office:
    """The office for the days of access: their own where the street appointed them for longer, which the engagement
    then leaves as it is; it opens nothing by itself (`scope`).
    """
    starts_at = max(now, datetime.combine(terms.bounds.opens_on, time(), CHINA))
    ends_at = datetime.combine(terms.bounds.closes_on + timedelta(days=1), time(), CHINA)
    for office in offices.offices_of(session, community_id, person_id):
        if office.post == AUDITOR and office.starts_at <= starts_at and office.ends_at >= ends_at:
            return office
    return offices.appoint(
        session,
        community_id,
        post=AUDITOR,
        person_id=person_id,
        starts_at=starts_at,
        ends_at=ends_at,
        basis=_basis(label, terms.firm.strip()),
        by=by,
        now=now,
    )


def _basis(label: str, firm: str) -> str:
    return f"审计约定 {label}，{firm}"


def _letter(row: Engagement) -> dict[str, Any]:
    return {
        "number": row.label,
        "firm": row.firm,
        "parts": list(row.parts),
        "start": row.starts_on.isoformat(),
        "end": row.ends_on.isoformat(),
        "opens": row.opens_on.isoformat(),
        "closes": row.closes_on.isoformat(),
        "fee_fen": row.fee_fen,
        "text": (
            f"委托{row.firm}审计 {row.starts_on.isoformat()} 至 {row.ends_on.isoformat()}；"
            f"审计人员从 {row.opens_on.isoformat()} 到 {row.closes_on.isoformat()} 可以查阅，每次查阅都有记录；"
            f"费用 {money.show(row.fee_fen)}；依据：{row.basis}。"
        ),
    }


def _announce(
    session: Session, row: Engagement, kind: str, title: str, content: dict[str, Any], *, by: str, now: datetime
) -> Publication:
    pack = pack_choice.current(session, row.community_id, day=today(now))
    code = get_community(session, row.community_id).code
    return bulletin.publish(
        session,
        row.community_id,
        kind=kind,
        title=title,
        body=content["text"],
        content=content,
        by=by,
        now=now,
        reference=row.id,
        url=f"/c/{code}/engagements/{row.id}",
        display_days=max(pack.number("report_display_days"), bulletin.DISPLAY_DAYS),
    )


def end(session: Session, community_id: str, engagement_id: str, *, reason: str, by: str, now: datetime) -> Engagement:
    """Close the books to the auditor at once; what they looked at stays in the log."""
    row = get(session, Engagement, community_id, engagement_id, lock=True)
    if stage(row, now) is Stage.OVER:
        raise AlreadyOver
    if not reason.strip():
        raise bulletin.EmptyText
    row.ended_at, row.ended_by_id, row.end_reason = now, by, reason.strip()
    session.flush()
    if get(session, Office, community_id, row.office_id).basis == _basis(row.label, row.firm):
        offices.end(session, community_id, office_id=row.office_id, basis=reason.strip(), by=by, now=now)
    return row


def hand_in(
    session: Session,
    files: Files,
    community_id: str,
    engagement_id: str,
    *,
    name: str,
    data: bytes,
    opinion: str,
    by: str,
    now: datetime,
) -> Engagement:
    """The auditor's own report, once, while they have access; kept as it is, because it may be signed."""
    row = get(session, Engagement, community_id, engagement_id, lock=True)
    if row.person_id != by:
        raise NotYours
    if stage(row, now) is not Stage.OPEN:
        raise NotOpen
    if row.report_digest is not None:
        raise Reported
    if opinion not in OPINION_NAMES:
        raise OpinionNeeded
    upload = uploads.checked(data, name)
    if upload.media_type != "application/pdf":
        raise NotAPdf
    row.report_digest, row.report_name = files.put(upload.data), upload.name
    row.opinion, row.reported_at = opinion, now
    session.flush()
    return row


def publish(session: Session, community_id: str, engagement_id: str, *, by: str, now: datetime) -> Publication:
    """The report before the owners, bound to the SHA-256 of the file (Shanghai 67: 30 days)."""
    row = get(session, Engagement, community_id, engagement_id, lock=True)
    if row.report_digest is None:
        raise NotReported
    if publication(session, row) is not None:
        raise Published
    return _announce(session, row, REPORT, f"第三方审计报告 {row.label}：{row.firm}", _told(row), by=by, now=now)


def _told(row: Engagement) -> dict[str, Any]:
    return {
        "number": row.label,
        "firm": row.firm,
        "start": row.starts_on.isoformat(),
        "end": row.ends_on.isoformat(),
        "opinion": row.opinion,
        "report": row.report_digest,
        "text": (
            f"{row.firm}对 {row.starts_on.isoformat()} 至 {row.ends_on.isoformat()} 的审计报告；"
            f"意见：{OPINION_NAMES[row.opinion or '']}；文件指纹（SHA-256）{row.report_digest}。"
        ),
    }


def publication(session: Session, row: Engagement) -> Publication | None:
    """Where the report was published; None before."""
    return _announced(session, row, REPORT)


def raised(session: Session, row: Engagement) -> Sequence[Case]:
    """What the auditor asked and found while they had access: this page is their way back to the answers."""
    query = select(Case).where(
        Case.community_id == row.community_id,
        Case.raised_by == row.person_id,
        Case.raised_at >= datetime.combine(row.opens_on, time(), CHINA),
        Case.raised_at < datetime.combine(row.closes_on + timedelta(days=1), time(), CHINA),
    )
    return session.scalars(query.order_by(Case.raised_at, Case.id)).all()


def _announced(session: Session, row: Engagement, kind: str) -> Publication | None:
    query = select(Publication).where(
        Publication.community_id == row.community_id, Publication.kind == kind, Publication.reference == row.id
    )
    return session.scalars(query).first()


def stage(row: Engagement, now: datetime) -> Stage:
    return row.bounds.stage(today(now), ended=row.ended_at is not None)


def everything(session: Session, community_id: str) -> Sequence[Engagement]:
    """All engagements, the latest first."""
    query = select(Engagement).where(Engagement.community_id == community_id)
    return session.scalars(query.order_by(Engagement.year.desc(), Engagement.number.desc())).all()


def of_person(session: Session, community_id: str, person_id: str) -> Sequence[Engagement]:
    """One auditor's engagements, the latest first."""
    return [row for row in everything(session, community_id) if row.person_id == person_id]


def open_for(session: Session, community_id: str, person_id: str, now: datetime) -> Engagement | None:
    """The engagement by which this person may look today."""
    return next((row for row in of_person(session, community_id, person_id) if stage(row, now) is Stage.OPEN), None)


def verify(session: Session, files: Files, community_id: str) -> list[str]:
    """A sentence for each report that is missing or is not the file that was handed in, and for each engagement that
    is no longer what was announced: its days decide what somebody sees.
    """
    problems = []
    for row in everything(session, community_id):
        announced = _announced(session, row, LETTER)
        if announced is None or announced.content != _letter(row):
            problems.append(f"engagement {row.label}: it is not what was announced")
        told = publication(session, row)
        if told is not None and told.content != _told(row):
            problems.append(f"third-party report {row.label}: it is not the one that was published")
        if row.report_digest is None:
            continue
        try:
            files.get(row.report_digest)
        except (FileMissing, FileDamaged):
            problems.append(f"third-party report {row.label}: its file is missing or damaged")
    return problems
