"""Writing down a meeting of the six parties."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from hoa.kernel.clock import today
from hoa.ports import uploads
from hoa.ports.files import Files
from hoa.topics import rules
from hoa.topics.rules import Party
from hoa.topics.service.reading import locked
from hoa.topics.tables import TopicMeeting


class Held(NamedTuple):
    """A meeting of the six parties as it is recorded; `scan` is a file as it was sent, with its name."""

    held_on: date
    place: str
    present: Mapping[Party, tuple[str, ...]]
    missing_because: str
    minutes: str
    conclusion: str
    scan: tuple[bytes, str] | None = None


def record_meeting(
    session: Session, community_id: str, topic_id: str, held: Held, *, files: Files, by: str, now: datetime
) -> TopicMeeting:
    """Write down a meeting of the six parties: minutes in words, as a scan, or both."""
    topic = locked(session, community_id, topic_id)
    if topic.settled_at is not None:
        raise rules.AlreadySettled
    if topic.summarized_at is not None:
        raise rules.TooEarly
    rules.check_held(held.held_on, raised_on=today(topic.raised_at), today=today(now))
    because = rules.written(held.missing_because, most=rules.LONGEST_REASON, needed=False)
    rules.check_parties(held.present, because=because)
    minutes = rules.written(held.minutes, most=rules.LONGEST_MINUTES, needed=False)
    if not minutes and held.scan is None:
        raise rules.NoRecord
    row = TopicMeeting(
        community_id=community_id,
        topic_id=topic.id,
        held_on=held.held_on,
        place=rules.written(held.place, most=rules.LONGEST_TITLE),
        present={party.value: list(names) for party, names in held.present.items() if names},
        missing_because=because,
        minutes=minutes,
        conclusion=rules.written(held.conclusion, most=rules.LONGEST_CONCLUSION),
        digest=None,
        media_type="",
        file_name="",
        recorded_at=now,
        recorded_by_id=by,
    )
    if held.scan is not None:
        scan = uploads.checked(*held.scan)
        row.digest, row.media_type, row.file_name = files.put(scan.data), scan.media_type, scan.name
    session.add(row)
    session.flush()
    return row
