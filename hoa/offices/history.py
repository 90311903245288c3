"""Everything that happened to bodies and offices, with its legal basis and who wrote it down."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.accounts.tables import Person
from hoa.offices.tables import BodyChange, Office


class Happening(StrEnum):
    """What happened: an office was granted, ended before its term was over, or ran out; a body was changed."""

    GRANTED = "granted"
    ENDED = "ended"
    EXPIRED = "expired"
    BODY = "body"


class Entry(NamedTuple):
    """One line of the log. `by` is None where nobody wrote it down: the term ran out, or the system was being set up;
    `office` or `change` tells about what."""

    at: datetime
    what: Happening
    basis: str
    by: Person | None
    person: Person | None
    office: Office | None = None
    change: BodyChange | None = None


def entries(session: Session, community_id: str, *, now: datetime) -> Sequence[Entry]:
    """The log, latest first. It is told from the offices themselves, which the database lets nobody rewrite."""
    people = _people(session, community_id)
    found: list[Entry] = []
    for office in session.scalars(select(Office).where(Office.community_id == community_id)):
        person = people[office.person_id]
        by = people.get(office.granted_by or "")
        found.append(Entry(office.granted_at, Happening.GRANTED, office.basis, by, person, office))
        if office.ended_at is not None:
            by = people.get(office.ended_by or "")
            found.append(Entry(office.ended_at, Happening.ENDED, office.end_basis or "", by, person, office))
        elif office.ends_at <= now:
            found.append(Entry(office.ends_at, Happening.EXPIRED, "", None, person, office))
    for change in session.scalars(select(BodyChange).where(BodyChange.community_id == community_id)):
        by = people.get(change.changed_by or "")
        found.append(Entry(change.changed_at, Happening.BODY, change.basis, by, None, change=change))
    return sorted(found, key=lambda entry: (entry.at, entry.what), reverse=True)


def _people(session: Session, community_id: str) -> dict[str, Person]:
    """Everybody whom the log names."""
    ids: set[str | None] = set()
    columns = (Office.person_id, Office.granted_by, Office.ended_by)
    for row in session.execute(select(*columns).where(Office.community_id == community_id)):
        ids.update(row)
    ids.update(session.scalars(select(BodyChange.changed_by).where(BodyChange.community_id == community_id)))
    rows = session.scalars(select(Person).where(Person.id.in_({one for one in ids if one})))
    return {person.id: person for person in rows}
