"""The minutes on paper: printed once they are in force, full for those who may read names, masked for everybody."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.accounts import service as accounts
from hoa.community.service import get_community
from hoa.db import get as get_row
from hoa.jobs import Run
from hoa.kernel import canonical, masking
from hoa.kernel.clock import parse_stamp
from hoa.kernel.errors import N_, NotFound
from hoa.platform import Platform
from hoa.resolutions.meetings import minutes, rules, service
from hoa.resolutions.meetings.attendance import ROLES
from hoa.resolutions.meetings.content import public
from hoa.resolutions.meetings.tables import CommitteeMeeting, CommitteeMinutes, CommitteePaper
from hoa.web.known_files import Known
from hoa.web.paper import render_paper
from hoa.web.pdf import render_pdf

RECOGNISED = N_("它是%(community)s业主委员会%(number)s的会议记录（PDF）")
FULL, PUBLIC = "full", "public"
WORDS: Mapping[str, Any] = {
    "KIND_TITLES": rules.KIND_TITLES,
    "ITEM_TITLES": rules.ITEM_TITLES,
    "CHOICE_TITLES": rules.CHOICE_TITLES,
    "PRESENCE_TITLES": rules.PRESENCE_TITLES,
    "ROLES": ROLES,
    "at": parse_stamp,
}


def signers(session: Session, done: CommitteeMinutes, *, full: bool) -> Sequence[Mapping[str, Any]]:
    """Who signed, when and with which key, for page and paper."""
    rows = [(accounts.person(session, row.person_id).name, row) for row in minutes.signatures(session, done)]
    return [{"name": name if full else masking.name(name), "at": row.at, "key_id": row.key_id} for name, row in rows]


def pdf(platform: Platform, session: Session, meeting: CommitteeMeeting, *, full: bool) -> bytes:
    """The signed minutes as a PDF: for the download, and for the filing of a new committee."""
    done = service.latest_minutes(session, meeting)
    if done is None or meeting.settled_at is None:
        raise NotFound
    community = get_community(session, meeting.community_id)
    content = canonical.decode(done.content)
    title = f"业主委员会{service.number_text(meeting)}会议记录"
    html = render_paper(
        "resolutions/meetings/minutes_paper.html",
        community_name=community.name,
        unnumbered=False,
        content=content if full else public(content),
        digest=done.digest,
        signed=signers(session, done, full=full),
        address=platform.settings.base_url + service.path(session, meeting) + "/minutes",
        settled_at=meeting.settled_at,
        **WORDS,
    )
    return render_pdf(html, created=meeting.settled_at.replace(microsecond=0), title=title)


def kept(session: Session, done: CommitteeMinutes, form: str) -> CommitteePaper | None:
    query = select(CommitteePaper).where(
        CommitteePaper.community_id == done.community_id,
        CommitteePaper.minutes_id == done.id,
        CommitteePaper.form == form,
    )
    return session.scalars(query).one_or_none()


def recognise(session: Session, sha256: str) -> Known | None:
    """For whoever checks a file: the printed minutes with this SHA-256."""
    paper = session.scalars(select(CommitteePaper).where(CommitteePaper.sha256 == sha256)).first()
    if paper is None:
        return None
    done = get_row(session, CommitteeMinutes, paper.community_id, paper.minutes_id)
    meeting = service.get(session, paper.community_id, done.meeting_id)
    community = get_community(session, paper.community_id).name
    return Known(sentence=RECOGNISED, params={"community": community, "number": service.number_text(meeting)})


def print_minutes(run: Run) -> dict[str, Any]:
    """The job `meetings.paper`: print one form once."""
    platform, form = run.platform, str(run.payload["form"])
    with platform.database.reading() as session:
        meeting = service.get(session, run.community, str(run.payload["meeting"]))
        url = service.path(session, meeting) + "/minutes"
        done = service.latest_minutes(session, meeting)
        if done is None or kept(session, done, form) is not None:
            return {"url": url}
        data = pdf(platform, session, meeting, full=form == FULL)
    digest = platform.files.put(data)
    with platform.database.writing(seconds=30) as session:
        if kept(session, done, form) is None:
            session.add(
                CommitteePaper(
                    community_id=run.community, minutes_id=done.id, form=form, sha256=digest, made_at=platform.now()
                )
            )
    return {"url": url}
