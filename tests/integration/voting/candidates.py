"""An election taken to any step before its ballot, through the services."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from PIL import Image

from hoa.kernel.clock import CHINA, FrozenClock, today, years_on
from hoa.kernel.posts import PREPARATORY_LEADER, Post
from hoa.offices import service as offices
from hoa.platform import Platform
from tests.integration.people import a_community, a_person
from tests.integration.voting.world import _register
from voting.elections import service
from voting.elections.rules.eligibility import CRITERIA
from voting.elections.rules.life import Channel
from voting.elections.service import reading
from voting.elections.tables import Candidate, Election
from voting.rules.schedule import Form
from voting.service.terms import Terms
from voting.tables import Assembly


@dataclass
class Race:
    """The platform, one community with owners, who prepares, and the election under way."""

    platform: Platform
    clock: FrozenClock
    community: str
    people: Sequence[str]
    leader: str
    code: str = ""
    standing: list[str] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def row(self) -> Election:
        with self.platform.database.reading() as session:
            return reading.election(session, self.community, self.code)

    def candidate(self, person: str) -> Candidate:
        with self.platform.database.reading() as session:
            found = reading.mine(session, self.row(), person)
            assert found is not None
            return found

    def call(self, **values: object) -> service.Call:
        day = today(self.now)
        return service.Call(
            **{
                "title": "第一届业主委员会选举",
                "body_kind": "owners_committee",
                "seats": 5,
                "term_starts_on": day + timedelta(days=90),
                "term_ends_on": years_on(day + timedelta(days=90), 3),
                "nominations_until": day + timedelta(days=7),
                "convener": "首次业主大会会议筹备组",
                **values,
            }  # type: ignore[arg-type]
        )

    def begin(self, **values: object) -> str:
        with self.platform.database.writing() as session:
            self.code = service.create(
                session, self.community, self.call(**values), by=self.leader, now=self.now, posts={PREPARATORY_LEADER}
            ).code
        return self.code

    def nominate(self, *people: str) -> None:
        """These stand by themselves, write a statement and sign."""
        for person in people:
            with self.platform.database.writing() as session:
                service.stand(session, self.community, self.code, channel=Channel.SELF, person_id=person, now=self.now)
            self.complete(person)

    def complete(self, person: str, *, word: str = "") -> None:
        with self.platform.database.writing() as session:
            one = service.describe(
                session, self.community, self.code, person_id=person, statement="住了十年，愿意为大家做事。"
            )
            service.sign(
                session,
                self.community,
                self.code,
                person_id=person,
                agreed=True,
                name=one.name,
                lot_word=word or f"数{one.number}",
                now=self.now,
            )
        self.standing.append(person)

    def screen(self) -> None:
        """Close the nominations and pass everybody."""
        self.clock.advance(days=8)
        with self.platform.database.writing() as session:
            service.close_nominations(session, self.community, self.code, by=self.leader, now=self.now)
        for person in self.standing:
            self.pass_all(person)
            with self.platform.database.writing() as session:
                number = self.candidate(person).number
                service.accept(session, self.community, self.code, number, reasons="", by=self.leader, now=self.now)

    def pass_all(self, person: str, **other: str) -> None:
        number = self.candidate(person).number
        with self.platform.database.writing() as session:
            for one in CRITERIA:
                service.check(
                    session,
                    self.community,
                    self.code,
                    number,
                    criterion=one.code,
                    result=other.get(one.code, "pass"),
                    evidence="核对了材料",
                    by=self.leader,
                    now=self.now,
                )

    def publish(self) -> None:
        with self.platform.database.writing() as session:
            service.publish(session, self.community, self.code, by=self.leader, now=self.now)

    def draw(self) -> list[int]:
        self.clock.advance(days=8)
        with self.platform.database.writing() as session:
            return list(service.draw(session, self.community, self.code, by=self.leader, now=self.now).drawn)

    def draft(self, *, opens_in: int = 16) -> Assembly:
        opens = (self.now + timedelta(days=opens_in)).replace(hour=9, tzinfo=CHINA)
        with self.platform.database.writing() as session:
            return service.draft(
                session,
                self.platform.files,
                self.community,
                self.code,
                title="首次业主大会会议",
                body="请各位业主选举业主委员会。",
                convener="首次业主大会会议筹备组",
                opens_at=opens,
                closes_at=opens + timedelta(days=14),
                terms=Terms(form=Form.FIRST.value),
                base_url="https://example.org",
                by=self.leader,
                now=self.now,
                posts={PREPARATORY_LEADER},
            )

    def appoint(self, person: str, post: Post, *, days: int = 300) -> None:
        with self.platform.database.writing() as session:
            offices.appoint(
                session,
                self.community,
                post=post,
                person_id=person,
                starts_at=self.now,
                ends_at=self.now + timedelta(days=days),
                basis="测试",
                by=None,
                now=self.now,
            )


def a_race(platform: Platform, clock: FrozenClock, *, owners: int = 14) -> Race:
    """A community of `owners` owners and a preparatory group's leader who owns nothing."""
    community = a_community(platform)
    people = [a_person(platform, f"业主{number}") for number in range(owners)]
    leader = a_person(platform, "周组长")
    _register(platform, community, people)
    race = Race(platform, clock, community, people, leader)
    race.appoint(leader, PREPARATORY_LEADER)
    return race


def a_photo(width: int = 900, height: int = 600) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "#446688").save(out, "PNG")
    return out.getvalue()
