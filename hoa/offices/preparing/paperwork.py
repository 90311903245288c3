"""Papers and steps: what is filed, what is published, which step was taken on what evidence (R1.22, R1.23)."""

import re
from datetime import date, datetime, timedelta
from typing import ClassVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hoa.community import service as register
from hoa.db import get as get_row
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.kernel.ids import new_id
from hoa.offices.preparing import progress, sealing
from hoa.offices.preparing.progress import NoReason, Progress, opened
from hoa.offices.preparing.rules import clock
from hoa.offices.preparing.rules.papers import Paper
from hoa.offices.preparing.tables import Preparation, PreparationPaper, PreparationStep
from hoa.ports.files import Files
from hoa.ports.keys import Keys
from hoa.ports.uploads import Upload

# Taken by what is done elsewhere: forming the group, the report with which the preparation was started.
NOT_MARKED = frozenset({"form", "report"})


class NoSuchStep(NotFound):
    message: ClassVar[str] = N_("这次筹备没有这一步，或者这一步不用登记")


class DoneAlready(Refusal):
    message: ClassVar[str] = N_("这一步已经登记完成；登记错了的，请先撤回")
    status: ClassVar[int] = 409


class NotDone(Refusal):
    message: ClassVar[str] = N_("这一步没有登记完成，不需要撤回")
    status: ClassVar[int] = 409


class NotYet(Refusal):
    message: ClassVar[str] = N_("还不能登记这一步：前面的步骤没有完成")
    status: ClassVar[int] = 409


class NoEvidence(Refusal):
    message: ClassVar[str] = N_("请上传凭据，或者填写本平台上的链接")


class ForeignLink(Refusal):
    message: ClassVar[str] = N_("链接要以 %(start)s 开头，是本小区在平台上的页面")


class WrongDay(Refusal):
    message: ClassVar[str] = N_("日期应在 %(first)s 与今天之间")


class MeetingTooSoon(Refusal):
    message: ClassVar[str] = N_("筹备内容须在会议 %(days)s 天以前公告，会议最早在 %(earliest)s 召开")


class MeetingPublished(Refusal):
    message: ClassVar[str] = N_("筹备内容已经公告，会议日期不能再改；确需改期的，请先撤回公告这一步并重新公告")
    status: ClassVar[int] = 409


def file_paper(
    session: Session,
    keys: Keys,
    files: Files,
    community_id: str,
    preparation_id: str,
    *,
    kind: Paper,
    upload: Upload,
    note: str = "",
    by: str,
    now: datetime,
) -> PreparationPaper:
    """Keep a file; a newer one of the same kind takes the place of the older."""
    row = opened(session, community_id, preparation_id)
    kept = sealing.keep(keys, files, community_id, upload)
    paper = PreparationPaper(
        community_id=community_id,
        id=new_id(),
        preparation_id=row.id,
        kind=kind.value,
        name=upload.name,
        media_type=upload.media_type,
        sha256=kept.sha256,
        file_key=kept.key,
        note=note.strip(),
        added_by=by,
        added_at=now,
    )
    session.add(paper)
    session.flush()
    return paper


def paper_of(session: Session, community_id: str, preparation_id: str, paper_id: str) -> PreparationPaper:
    """A file of this preparation, or NotFound."""
    paper = get_row(session, PreparationPaper, community_id, paper_id)
    if paper.preparation_id != preparation_id:
        raise NotFound
    return paper


def content_of(keys: Keys, files: Files, paper: PreparationPaper) -> bytes:
    return sealing.opened(keys, files, paper.community_id, sha256=paper.sha256, key=paper.file_key)


def evidence_of(keys: Keys, files: Files, row: Preparation) -> bytes:
    """The written report or request that the preparation was started on."""
    return sealing.opened(keys, files, row.community_id, sha256=row.evidence_sha256, key=row.evidence_key)


def mark(
    session: Session,
    community_id: str,
    preparation_id: str,
    *,
    step: str,
    done_on: date,
    note: str = "",
    paper_id: str | None = None,
    url: str | None = None,
    by: str,
    now: datetime,
) -> PreparationStep:
    """A step was taken on `done_on`; `paper_id` or `url` (a page of this community here) shows it."""
    row = opened(session, community_id, preparation_id)
    check_markable(progress.of(session, row), step, done_on, now)
    if paper_id is not None:
        paper_of(session, community_id, preparation_id, paper_id)
    elif not url:
        raise NoEvidence
    if url:
        _check_link(session, community_id, url)
    return write_step(session, row, step, done_on, note=note, paper_id=paper_id, url=url or None, by=by, now=now)


def undo(
    session: Session, community_id: str, preparation_id: str, *, step: str, reason: str, by: str, now: datetime
) -> PreparationStep:
    """Take a mark back, with the reason; the old mark stays in the history."""
    row = opened(session, community_id, preparation_id)
    if not reason.strip():
        raise NoReason
    found = progress.of(session, row)
    if found.step(step) is None or step in NOT_MARKED:
        raise NoSuchStep
    if found.mark(step) is None:
        raise NotDone
    return write_step(session, row, step, today(now), note=reason, undone=True, by=by, now=now)


def set_meeting(session: Session, community_id: str, preparation_id: str, *, day: date, by: str, now: datetime) -> None:
    """The day of the meeting, from which the term of the publication is counted back; who set it is in the history."""
    row = opened(session, community_id, preparation_id)
    found = progress.of(session, row)
    publish = found.step("publish")
    assert publish is not None
    if publish.done_on is not None:
        raise MeetingPublished
    days = found.pack.number("preparatory_publish_days")
    earliest = today(now) + timedelta(days=days)
    if day < earliest:
        raise MeetingTooSoon(days=days, earliest=earliest.isoformat())
    row.meeting_on = day
    write_step(session, row, "meeting", day, by=by, now=now)


def check_markable(found: Progress, step: str, done_on: date, now: datetime) -> None:
    """The step is one of this preparation's, its turn has come, and the day can be right."""
    line = found.step(step)
    if line is None or step in NOT_MARKED:
        raise NoSuchStep
    if line.done_on is not None:
        raise DoneAlready
    if not line.ready:
        raise NotYet
    first = found.row.received_on if line.turn in (clock.Turn.DEVELOPER, clock.Turn.STREET) else found.row.formed_on
    if first is None or not first <= done_on <= today(now):
        raise WrongDay(first=(first or found.row.received_on).isoformat())


def _check_link(session: Session, community_id: str, url: str) -> None:
    start = f"/c/{register.get_community(session, community_id).code}/"
    if not url.startswith(start) or not re.fullmatch(r"[A-Za-z0-9/_.?=&%#-]+", url) or "//" in url or ".." in url:
        raise ForeignLink(start=start)


def write_step(
    session: Session,
    row: Preparation,
    step: str,
    done_on: date,
    *,
    note: str = "",
    paper_id: str | None = None,
    publication_id: str | None = None,
    url: str | None = None,
    undone: bool = False,
    by: str,
    now: datetime,
) -> PreparationStep:
    """Add a line to the history of steps."""
    query = select(func.max(PreparationStep.number)).where(
        PreparationStep.community_id == row.community_id, PreparationStep.preparation_id == row.id
    )
    event = PreparationStep(
        community_id=row.community_id,
        id=new_id(),
        preparation_id=row.id,
        number=(session.scalar(query) or 0) + 1,
        step=step,
        done_on=done_on,
        undone=undone,
        note=note.strip(),
        paper_id=paper_id,
        publication_id=publication_id,
        url=url,
        by=by,
        at=now,
    )
    session.add(event)
    session.flush()
    return event
