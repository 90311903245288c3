"""A community with a committee of seven, for tests of how members leave and follow."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from hoa.accounts.tables import Person
from hoa.app import load_powers, wire
from hoa.community.tables import Owner, Ownership
from hoa.kernel.clock import FrozenClock, today
from hoa.kernel.posts import (
    COMMITTEE_ALTERNATE,
    COMMITTEE_CHAIR,
    COMMITTEE_MEMBER,
    RESIDENTS_STAFF,
    STREET_OFFICER,
    Post,
)
from hoa.offices import ranks
from hoa.offices import service as offices
from hoa.offices.changes import service, succession, tasks
from hoa.offices.changes.tables import MemberChange, SeatOffer
from hoa.offices.tables import Office
from hoa.platform import Platform
from tests.integration.people import a_community, a_person
from tests.integration.voting.world import _register

BODY = "owners_committee"


@dataclass
class Committee:
    """A community with a committee of seven, three alternates, two clerks and a street officer; all members own."""

    platform: Platform
    clock: FrozenClock
    community: str
    members: Sequence[str]
    alternates: Sequence[str]
    clerk: str
    other_clerk: str
    officer: str
    owners: Sequence[str]

    def powers(self, person: str) -> frozenset[str]:
        with self.platform.database.reading() as session:
            row = session.get(Person, person)
            assert row is not None
            return load_powers(session, row, self.community, self.clock.now())

    def posts(self, person: str) -> frozenset[Post]:
        with self.platform.database.reading() as session:
            return offices.posts_held(session, self.community, person, self.clock.now())

    def resign(self, person: str, *, day: date | None = None, words: str = "身体原因，不能继续履职。") -> str:
        with self.platform.database.writing() as session:
            return service.resign(
                session,
                self.platform.keys,
                self.community,
                body_kind=BODY,
                person_id=person,
                text=words,
                day=day or today(self.clock.now()),
                now=self.clock.now(),
            ).id

    def change(self, change_id: str) -> MemberChange:
        with self.platform.database.reading() as session:
            row = session.get(MemberChange, (self.community, change_id))
            assert row is not None
            return row

    def offers(self, change_id: str) -> list[SeatOffer]:
        with self.platform.database.reading() as session:
            return list(succession.offers(session, self.change(change_id)))

    def accept(self, offer: SeatOffer) -> None:
        with self.platform.database.writing() as session:
            succession.accept(session, self.community, offer.id, by=offer.person_id, now=self.clock.now())

    def tick(self) -> None:
        with self.platform.database.writing() as session:
            tasks.run(session, self.community, now=self.clock.now())

    def sell(self, person: str, *, days_ago: int = 0) -> None:
        """The register learns that the person sold everything."""
        until = today(self.clock.now()) - timedelta(days=days_ago)
        with self.platform.database.writing() as session:
            query = select(Ownership).join(Owner, Owner.id == Ownership.owner_id).where(Owner.person_id == person)
            for row in session.scalars(query):
                row.until = until


def a_committee(platform: Platform, clock: FrozenClock, *, owners: int = 12) -> Committee:
    """Seven members and three alternates among the owners; the alternates are appointed out of rank."""
    wire(platform)
    community = a_community(platform)
    people = [a_person(platform, f"业主{number:02d}") for number in range(owners)]
    _register(platform, community, people)
    others = [a_person(platform, name) for name in ("秦雅宁", "蔡文博", "罗正言")]
    now = clock.now()

    def appoint(person: str, post: Post) -> Office:
        with platform.database.writing() as session:
            return offices.appoint(
                session,
                community,
                post=post,
                person_id=person,
                starts_at=now - timedelta(days=30),
                ends_at=now + timedelta(days=1000),
                basis="业主大会 2026 年第 1 次会议选举",
                by=None,
                now=now,
            )

    with platform.database.writing() as session:
        offices.ensure_body(session, community, kind=BODY, seats=7)
    appoint(people[0], COMMITTEE_CHAIR)
    for person in people[1:7]:
        appoint(person, COMMITTEE_MEMBER)
    for place, person in zip((2, 1, 3), people[7:10], strict=True):
        office = appoint(person, COMMITTEE_ALTERNATE)
        with platform.database.writing() as session:
            ranks.give(session, office, place)
    for person, post in zip(others, (RESIDENTS_STAFF, RESIDENTS_STAFF, STREET_OFFICER), strict=True):
        appoint(person, post)
    ranked = (people[8], people[7], people[9])
    return Committee(platform, clock, community, people[:7], ranked, *others, people)
