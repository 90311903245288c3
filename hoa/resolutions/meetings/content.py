"""What the minutes say: made from what was recorded, in full for the members and owners, masked for everybody."""

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from hoa.accounts import service as accounts
from hoa.community.service import get_community
from hoa.kernel import canonical, masking
from hoa.kernel.clock import stamp
from hoa.resolutions.meetings import attendance, ballots, rules, service
from hoa.resolutions.meetings.tables import CommitteeItem, CommitteeMeeting, CommitteeVote

FORMAT = "hoa-committee-minutes/1"


def compose(session: Session, meeting: CommitteeMeeting, now: datetime) -> dict[str, Any]:
    """Everything that was recorded, with the officials' full names, in the order in which minutes are read."""
    community = get_community(session, meeting.community_id)
    seats = attendance.seating(session, meeting, now)
    there = sum(seat.row is not None and seat.row.presence != rules.Presence.ABSENT for seat in seats)
    return {
        "format": FORMAT,
        "community": {"code": community.code, "name": community.name},
        "meeting": _facts(session, meeting),
        "members": [
            {
                "name": seat.person.name,
                "presence": seat.row.presence if seat.row else rules.Presence.ABSENT.value,
                "reason": _nfc(seat.row.reason) if seat.row else "",
            }
            for seat in seats
        ],
        "observers": [
            {"name": _outside(person.name, role), "role": role}
            for person, role in attendance.observers(session, meeting)
        ],
        "quorum": {
            "present": there,
            "met": rules.has_quorum(there, meeting.planned),
            "line": rules.line(there, meeting.planned),
        },
        "items": [_item(session, item) for item in service.agenda(session, meeting)],
        "observations": [
            {
                "name": _outside(accounts.person(session, row.person_id).name, row.role),
                "role": row.role,
                "text": _nfc(row.text),
                "at": stamp(row.at),
                "answer": _nfc(row.answer or ""),
            }
            for row in attendance.observations(session, meeting)
        ],
        "remarks": _nfc(meeting.remarks),
    }


def _facts(session: Session, meeting: CommitteeMeeting) -> dict[str, Any]:
    return {
        "id": meeting.id,
        "year": meeting.year,
        "number": meeting.number,
        "kind": meeting.kind,
        "place": _nfc(meeting.place),
        "planned": meeting.planned,
        "reason": _nfc(meeting.reason),
        "called_by": accounts.person(session, meeting.called_by).name,
        "called_at": stamp(meeting.called_at),
        "told_at": stamp(meeting.told_at) if meeting.told_at else "",
        "told_how": _nfc(meeting.told_how),
        "starts_at": stamp(meeting.starts_at),
        "opened_at": stamp(meeting.opened_at) if meeting.opened_at else "",
        "ended_at": stamp(meeting.ended_at) if meeting.ended_at else "",
    }


def _item(session: Session, item: CommitteeItem) -> dict[str, Any]:
    return {
        "no": item.no,
        "kind": item.kind,
        "title": _nfc(item.title),
        "text": _nfc(item.text),
        "secret": item.secret,
        "not_reserved": _nfc(item.not_reserved),
        "limit_fen": item.limit_fen,
        "valid_until": item.valid_until.isoformat() if item.valid_until else "",
        "votes": [_vote(session, vote) for vote in ballots.votes(session, item) if vote.closed_at],
    }


def _vote(session: Session, vote: CommitteeVote) -> dict[str, Any]:
    """A closed vote. In an election `person` is who was chosen, otherwise `choice` is the word."""
    rows = ballots.ballots(session, vote)
    names = accounts.names(session, [*map(str, vote.choices), *(row.person_id for row in rows)])
    counts = vote.counts or {}
    return {
        "round": vote.round,
        "present": vote.present or 0,
        "counts": [{**_choice(choice, names), "count": int(counts[choice])} for choice in vote.choices if counts],
        "voters": [{"name": names[row.person_id], **_choice(row.choice, names)} for row in rows],
        "line": vote.line,
        "passed": vote.winner is not None,
        "winner": names.get(vote.winner or "", ""),
    }


def _choice(choice: str, names: Mapping[str, str]) -> dict[str, str]:
    word = choice in rules.CHOICE_TITLES
    return {"choice": choice if word else "", "person": "" if word else names.get(choice, "")}


def _outside(name: str, role: str) -> str:
    """An owner who looks on is no official: the minutes that every owner may read mask the name; the row keeps it."""
    return masking.name(name) if role == "owner" else name


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def public(content: Mapping[str, Any]) -> dict[str, Any]:
    """The minutes for everybody: names masked, except of those who were elected to a post, which must be made known
    (R2.7); the full text is named by its hash."""
    masked = canonical.decode(canonical.encode(dict(content)))
    masked["full"] = canonical.digest(dict(content))
    masked["meeting"]["called_by"] = masking.name(masked["meeting"]["called_by"])
    for row in [*masked["members"], *masked["observers"], *masked["observations"]]:
        row["name"] = masking.name(row["name"])
    for row in masked["members"]:
        row["reason"] = ""
    for vote in (vote for item in masked["items"] for vote in item["votes"]):
        for row in vote["voters"]:
            row["name"] = masking.name(row["name"])
        for row in [*vote["voters"], *vote["counts"]]:
            if row["person"] and row["person"] != vote["winner"]:
                row["person"] = masking.name(row["person"])
    return dict(masked)
