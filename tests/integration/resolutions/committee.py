"""A committee of seven seats with its neighbours, and one meeting walked through: what tests of meetings begin with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hoa.kernel.clock import FrozenClock
from hoa.kernel.posts import (
    COMMITTEE_ALTERNATE,
    COMMITTEE_CHAIR,
    COMMITTEE_DEPUTY,
    COMMITTEE_MEMBER,
    COMMITTEE_SECRETARY,
    COMMITTEE_TREASURER,
    RESIDENTS_STAFF,
    STREET_OFFICER,
    SUPERVISOR,
    Post,
)
from hoa.offices import service as offices
from hoa.platform import Platform
from hoa.resolutions.meetings import attendance, ballots, minutes, service
from hoa.resolutions.meetings.rules import Item, ItemKind, Kind
from hoa.resolutions.meetings.tables import CommitteeItem, CommitteeMeeting, CommitteeVote
from tests.integration.people import a_community, a_person

SEATED = (
    ("chair", COMMITTEE_CHAIR),
    ("deputy", COMMITTEE_DEPUTY),
    ("secretary", COMMITTEE_SECRETARY),
    ("treasurer", COMMITTEE_TREASURER),
    ("member1", COMMITTEE_MEMBER),
    ("member2", COMMITTEE_MEMBER),
    ("member3", COMMITTEE_MEMBER),
)
AROUND = (
    ("alternate", COMMITTEE_ALTERNATE),
    ("supervisor", SUPERVISOR),
    ("residents", RESIDENTS_STAFF),
    ("street", STREET_OFFICER),
)
EXTINGUISHERS = Item(ItemKind.DECISION, "更换 1–6 幢灭火器", "更换过期灭火器 60 具。", limit_fen=386_000)


@dataclass
class Committee:
    platform: Platform
    clock: FrozenClock
    community: str
    people: dict[str, str]
    posts: dict[str, Post]

    @property
    def now(self) -> datetime:
        return self.platform.now()

    def appoint(self, name: str, post: Post, *, days: float = 1000) -> str:
        """The id of the office that a person (new by this name) now holds."""
        if name not in self.people:
            self.people[name] = a_person(self.platform, f"甲{name}")
        self.posts[name] = post
        with self.platform.database.writing() as session:
            return offices.appoint(
                session,
                self.community,
                post=post,
                person_id=self.people[name],
                starts_at=self.now,
                ends_at=self.now + timedelta(days=days),
                basis="业主大会 2026 年第 1 次会议选举",
                by=None,
                now=self.now,
            ).id

    def call(self, *items: Item, kind: Kind = Kind.REGULAR, days: float = 8, by: str = "chair", **more) -> str:
        """The id of a meeting called for some days from now."""
        with self.platform.database.writing() as session:
            return service.call(
                session,
                self.community,
                kind=kind,
                starts_at=self.now + timedelta(days=days),
                place="物业服务中心二楼",
                items=items or (EXTINGUISHERS,),
                by=self.people[by],
                now=self.now,
                **{"planned": 7, **more},
            ).id

    def gather(self, meeting: str, *names: str, by: str = "chair") -> None:
        """The day has come: these check in, and the meeting is opened."""
        with self.platform.database.reading() as session:
            starts_at = service.get(session, self.community, meeting).starts_at
        self.clock.moment = max(self.clock.moment, starts_at - timedelta(minutes=10))
        for name in names:
            self.check_in(meeting, name)
        self.clock.moment = max(self.clock.moment, starts_at)
        with self.platform.database.writing() as session:
            attendance.open_meeting(session, self.community, meeting, by=self.people[by], now=self.now)

    def check_in(self, meeting: str, name: str) -> None:
        with self.platform.database.writing() as session:
            attendance.check_in(session, self.community, meeting, by=self.people[name], now=self.now)

    def items(self, meeting: str) -> Sequence[CommitteeItem]:
        with self.platform.database.reading() as session:
            return service.agenda(session, service.get(session, self.community, meeting))

    def open_vote(self, meeting: str, no: int = 1, by: str = "chair") -> str:
        with self.platform.database.writing() as session:
            return ballots.open_vote(
                session,
                self.platform.keys,
                self.community,
                self.items(meeting)[no - 1].id,
                by=self.people[by],
                now=self.now,
            ).id

    def cast(self, vote: str, choice: str, by: str, *, for_: str | None = None) -> None:
        with self.platform.database.writing() as session:
            ballots.cast(
                session,
                self.platform.keys,
                self.community,
                vote,
                choice=self.people.get(choice, choice),
                by=self.people[by],
                person_id=self.people[for_] if for_ else None,
                now=self.now,
            )

    def close_vote(self, vote: str, by: str = "chair") -> CommitteeVote:
        with self.platform.database.writing() as session:
            return ballots.close_vote(
                session, self.platform.keys, self.community, vote, by=self.people[by], now=self.now
            )

    def vote(self, meeting: str, no: int = 1, recorder: str = "chair", **choices: str) -> CommitteeVote:
        """A whole vote: who chose what, by name."""
        vote = self.open_vote(meeting, no, by=recorder)
        for name, choice in choices.items():
            self.cast(vote, choice, name)
        return self.close_vote(vote, by=recorder)

    def finish(self, meeting: str, by: str = "chair") -> str:
        """End the meeting and finish its minutes; their digest."""
        with self.platform.database.writing() as session:
            attendance.end_meeting(session, self.community, meeting, by=self.people[by], now=self.now)
        return self.minutes(meeting, by)

    def minutes(self, meeting: str, by: str = "chair") -> str:
        with self.platform.database.writing() as session:
            return minutes.finish(session, self.community, meeting, by=self.people[by], now=self.now).digest

    def sign(self, meeting: str, digest: str, *names: str) -> None:
        for name in names:
            self.clock.advance(seconds=1)
            with self.platform.database.writing() as session:
                minutes.sign(session, self.community, meeting, digest=digest, person_id=self.people[name], now=self.now)

    def held(self, meeting: str) -> CommitteeMeeting:
        with self.platform.database.reading() as session:
            return service.get(session, self.community, meeting)


def a_committee(
    platform: Platform, clock: FrozenClock, *, seated: Sequence[tuple[str, Post]] = SEATED, code: str = "WTY"
) -> Committee:
    made = Committee(platform, clock, a_community(platform, code), {}, {})
    for name, post in (*seated, *AROUND):
        made.appoint(name, post)
    return made
