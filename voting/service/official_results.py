"""Results of official voting systems as the decision of record (rules.md R1.28, R3.1): one person enters file and
figures, another confirms, then it is published and what passed becomes a resolution.

There is no assembly of ours behind it: no notice, no roll, no log; the evidence is the file.
"""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from typing import ClassVar, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.bulletin import service as bulletin
from hoa.db import get
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.ids import new_id
from hoa.ports.files import Files
from hoa.resolutions import service as resolutions
from voting.rules import official
from voting.rules.official import Figures, Judged
from voting.tables import OfficialResult

MAX_BYTES = 10 * 1024 * 1024
WAITING, CONFIRMED, REFUSED = "waiting", "confirmed", "refused"
TYPES = {
    ".pdf": (b"%PDF-", "application/pdf"),
    ".xlsx": (b"PK\x03\x04", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ".csv": (b"", "text/csv"),
}


class NotAResultFile(Refusal):
    message: ClassVar[str] = N_("这个文件不是 10 MB 以内的 PDF、XLSX 或 CSV，没有保存，请上传官方系统导出的文件")


class FileKnown(Refusal):
    message: ClassVar[str] = N_("这个文件已经登记过了，没有再登记一次")
    status: ClassVar[int] = 409


class NoMotion(Refusal):
    message: ClassVar[str] = N_("请填写标题、系统名称和至少一个表决事项，没有保存")


class InTheFuture(Refusal):
    message: ClassVar[str] = N_("作出决定的日期不能晚于今天，请核对")


class SamePerson(Refusal):
    message: ClassVar[str] = N_("要由另一个人对照文件确认，不能确认自己录入的结果")
    status: ClassVar[int] = 409


class Settled(Refusal):
    message: ClassVar[str] = N_("这个结果已经确认或退回，不能再改")
    status: ClassVar[int] = 409


class NoReason(Refusal):
    message: ClassVar[str] = N_("请写明退回的原因")


class Head(NamedTuple):
    """What stands over the figures."""

    title: str
    system: str
    decided_on: date


def kind_of(name: str, data: bytes) -> str:
    """The media type of a result file, by its ending and its first bytes; the file is kept byte for byte."""
    for ending, (start, media_type) in TYPES.items():
        if name.lower().endswith(ending) and data.startswith(start) and 0 < len(data) <= MAX_BYTES:
            if ending == ".csv" and b"\x00" in data:
                break
            return media_type
    raise NotAResultFile


def enter(
    session: Session,
    files: Files,
    community_id: str,
    *,
    head: Head,
    motions: Sequence[Figures],
    name: str,
    data: bytes,
    by: str,
    now: datetime,
) -> OfficialResult:
    """File and figures, checked against each other as far as sums can; nothing is published yet."""
    kind_of(name, data)
    if not (head.title.strip() and head.system.strip() and motions):
        raise NoMotion
    if head.decided_on > today(now):
        raise InTheFuture
    for motion in motions:
        official.check(motion)
        official.judge(motion)
    digest = hashlib.sha256(data).hexdigest()
    known = select(OfficialResult.id).where(
        OfficialResult.community_id == community_id, OfficialResult.file == digest, OfficialResult.state != REFUSED
    )
    if session.scalar(known) is not None:
        raise FileKnown
    row = OfficialResult(
        community_id=community_id,
        id=new_id(),
        title=head.title.strip(),
        system=head.system.strip(),
        decided_on=head.decided_on,
        file=files.put(data),
        file_name=name[-80:],
        file_size=len(data),
        motions=[motion.value for motion in motions],
        state=WAITING,
        entered_by=by,
        entered_at=now,
    )
    session.add(row)
    session.flush()
    return row


def judged(row: OfficialResult) -> Sequence[Judged]:
    """Our sums beside what the file says."""
    return [official.judge(official.figures(value)) for value in row.motions]


def confirm(session: Session, community_id: str, result_id: str, *, url: str, by: str, now: datetime) -> OfficialResult:
    """A second person has compared figures and file: the decision of record, published, with its resolutions.

    What the file says passed becomes a resolution even where our sums contradict it: the official system decides, and
    page and publication say that they differ.
    """
    row = _waiting(session, community_id, result_id)
    if row.entered_by == by:
        raise SamePerson
    row.state, row.settled_by, row.settled_at = CONFIRMED, by, now
    session.flush()
    found = judged(row)
    bulletin.publish(
        session,
        community_id,
        kind="official-result",
        title=row.title,
        content={
            "file": row.file,
            "system": row.system,
            "decided_on": row.decided_on.isoformat(),
            "motions": row.motions,
            "recomputed": [one.outcome.value for one in found],
        },
        reference=row.id,
        url=url,
        by=by,
        now=now,
    )
    for one in found:
        if one.figures.said == "passed":
            resolutions.enter(
                session,
                community_id,
                source="assembly",
                title=one.figures.title,
                text=one.figures.text,
                decided_on=row.decided_on,
                matter=one.figures.matter,
                evidence=row.file,
                url=url,
                by=by,
                now=now,
            )
    return row


def refuse(session: Session, community_id: str, result_id: str, *, reason: str, by: str, now: datetime) -> None:
    """Send it back; file and figures stay, with the reason."""
    row = _waiting(session, community_id, result_id)
    if not reason.strip():
        raise NoReason
    row.state, row.settled_by, row.settled_at, row.reason = REFUSED, by, now, reason.strip()
    session.flush()


def _waiting(session: Session, community_id: str, result_id: str) -> OfficialResult:
    row = get(session, OfficialResult, community_id, result_id, lock=True)
    if row.state != WAITING:
        raise Settled
    return row


def results(session: Session, community_id: str, *, all_states: bool) -> Sequence[OfficialResult]:
    """The latest first; what is not confirmed only for those who enter and confirm."""
    query = select(OfficialResult).where(OfficialResult.community_id == community_id)
    if not all_states:
        query = query.where(OfficialResult.state == CONFIRMED)
    return session.scalars(query.order_by(OfficialResult.decided_on.desc(), OfficialResult.entered_at.desc())).all()
