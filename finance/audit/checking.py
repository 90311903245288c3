"""Checking a PDF that somebody holds in hand: its signatures, its data, and whether it is one of ours."""

import hashlib

from flask import has_app_context
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.audit.printing import certificates
from finance.audit.rules.report import KIND_NAMES
from finance.audit.signatures import report_of_pdf, signatures
from finance.audit.tables import AuditReport
from hoa.community.service import get_community
from hoa.kernel import canonical
from hoa.kernel.errors import N_
from hoa.platform import Platform
from hoa.web.known_files import recognised
from hoa.web.pdf_sign import NOT_SIGNED, Verdict, verify_pdf
from hoa.web.room import FileVerdict

# A report of 20,000 vouchers has about 25 MB; nobody sends us more than this in good faith.
MOST_BYTES = 128 * 2**20

GOOD = N_("有效：这份 PDF 由本平台签名，签署之后没有被改动")
BAD = N_("无效：不要相信这份 PDF 里的数字")
UNSIGNED_BUT_OURS = N_("有效：这份 PDF 上没有签名，但与本平台保存的文件一字节不差")
TOO_LARGE = N_("这个文件有 %(size)s MB，超过能核验的 %(most)s MB；本平台的报告没有这么大，请确认选对了文件")
OURS = N_("它就是平台上登记的%(kind)s %(number)s（%(community)s），一字节不差")
EARLIER = N_("它是签名较少的一版：登记的最新一版另有 %(more)s 个后续签名")
NOT_LISTED = N_("平台上没有登记与它完全相同的文件")
DATA = N_("附带的全部数据（report.json）的指纹：%(digest)s，与首页印的核对")
DATA_KEPT = N_("这份数据与平台保存的报告 %(number)s 的数据相同")
DATA_UNKNOWN = N_("平台上没有保存这份数据的报告")


def verify_report(platform: Platform, content: bytes) -> FileVerdict:
    """The verdict first, then a sentence for each signature, the data's fingerprint, and whether we know the file."""
    if len(content) > MOST_BYTES:
        size, most = len(content) >> 20, MOST_BYTES >> 20
        return FileVerdict(ok=False, lines=[_say(BAD), _say(TOO_LARGE, size=size, most=most)])
    verdict = verify_pdf(content, trust_roots=certificates(platform).trust_roots(), now=platform.now())
    with platform.database.reading() as session:
        if verdict.problem is not None:
            known = recognised(session, _sha256(content)) if verdict.problem == NOT_SIGNED else None
            if known is None:
                return FileVerdict(ok=False, lines=[_say(BAD), _say(verdict.problem)])
            return FileVerdict(ok=True, lines=[_say(UNSIGNED_BUT_OURS), _say(known.sentence, **known.params)])
        lines = [_say(GOOD) if verdict.valid else _say(BAD)]
        lines += [_say(item.sentence, **item.params) for item in verdict.signatures]
        if verdict.valid:
            lines += _about_data(session, verdict)
            lines += _known(session, content)
    return FileVerdict(ok=verdict.valid, lines=lines)


def _about_data(session: Session, verdict: Verdict) -> list[str]:
    data = verdict.attachments.get("report.json")
    if data is None:
        return []
    digest = canonical.digest(canonical.decode(data))
    kept = session.scalars(select(AuditReport).where(AuditReport.data_hash == digest)).first()
    return [
        _say(DATA, digest=digest),
        _say(DATA_KEPT, number=kept.label) if kept is not None else _say(DATA_UNKNOWN),
    ]


def _known(session: Session, content: bytes) -> list[str]:
    digest = _sha256(content)
    report = report_of_pdf(session, digest)
    if report is None:
        known = recognised(session, digest)
        return [_say(known.sentence, **known.params) if known is not None else _say(NOT_LISTED)]
    community = get_community(session, report.community_id).name
    lines = [_say(OURS, kind=_say(KIND_NAMES[report.kind]), number=report.label, community=community)]
    later = len(signatures(session, report)) - _place(session, report, digest)
    if later > 0 and digest != report.other_digest:
        lines.append(_say(EARLIER, more=later))
    return lines


def _place(session: Session, report: AuditReport, digest: str) -> int:
    """How many countersignatures this version of the report has."""
    return next((row.no for row in signatures(session, report) if row.pdf_digest == digest), 0)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _say(message: str, **params: object) -> str:
    """In the reader's language on a page, in Chinese on the command line."""
    if not has_app_context():
        return message % params
    return str(gettext(message, **params)) if params else str(gettext(message)) % {}
