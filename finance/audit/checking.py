"""Checking a report that somebody holds in hand: its seal, its data, and whether it is one of ours."""

import hashlib

from flask import has_app_context
from flask_babel import gettext
from sqlalchemy import select

from finance.audit.printing import certificates
from finance.audit.tables import AuditReport
from hoa.kernel import canonical
from hoa.kernel.errors import N_
from hoa.platform import Platform
from hoa.web.pdf_sign import Verdict, verify_pdf
from hoa.web.room import FileVerdict

GOOD = N_("有效：这份 PDF 由本平台签名，签署之后没有被改动")
BAD = N_("无效：不要相信这份 PDF 里的数字")
OURS = N_("它就是平台上登记的审计报告 %(number)s，一字节不差")
NOT_LISTED = N_("平台上没有登记与它完全相同的文件")
DATA = N_("附带的全部数据（report.json）的指纹：%(digest)s，与首页印的核对")


def verify_report(platform: Platform, content: bytes) -> FileVerdict:
    """The verdict first, then a sentence for each signature, the data's fingerprint, and whether we know the file."""
    verdict = verify_pdf(content, trust_roots=certificates(platform).trust_roots(), now=platform.now())
    lines = [_say(GOOD) if verdict.valid else _say(BAD)]
    if verdict.problem is not None:
        return FileVerdict(ok=False, lines=[*lines, _say(verdict.problem)])
    lines += [_say(item.sentence, **item.params) for item in verdict.signatures]
    if verdict.valid:
        lines += _about_data(verdict)
        lines.append(_known(platform, content))
    return FileVerdict(ok=verdict.valid, lines=lines)


def _about_data(verdict: Verdict) -> list[str]:
    data = verdict.attachments.get("report.json")
    if data is None:
        return []
    return [_say(DATA, digest=canonical.digest(canonical.decode(data)))]


def _known(platform: Platform, content: bytes) -> str:
    query = select(AuditReport).where(AuditReport.pdf_digest == hashlib.sha256(content).hexdigest())
    with platform.database.reading() as session:
        report = session.scalars(query).first()
    return _say(OURS, number=report.label) if report is not None else _say(NOT_LISTED)


def _say(message: str, **params: object) -> str:
    """In the reader's language on a page, in Chinese on the command line."""
    if not has_app_context():
        return message % params
    return str(gettext(message, **params)) if params else str(gettext(message)) % {}
