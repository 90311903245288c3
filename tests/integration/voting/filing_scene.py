"""An election from its nomination to its announced result, the first meeting after it, and people around it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from hoa.kernel import canonical, signing
from hoa.kernel.clock import FrozenClock, today
from hoa.kernel.posts import COMMITTEE_MEMBER, RESIDENTS_STAFF, STREET_OFFICER, Post
from hoa.offices import service as offices
from hoa.offices.after_tables import FilingRound
from hoa.platform import Platform
from hoa.resolutions import rulebooks
from hoa.resolutions.clauses import in_words
from hoa.resolutions.meetings.rules import Item, ItemKind, Kind
from tests.integration.people import a_person
from tests.integration.resolutions.committee import Committee
from tests.integration.voting.candidates import Race, a_race
from tests.integration.voting.world import World, give_key
from tests.signers import Signer
from voting.filing import taking
from voting.rules.life import State
from voting.service import casting, minutes


@dataclass
class Elected:
    """What is there after an announced election: the race, the assembly, and who may file."""

    race: Race
    world: World
    staff: str
    street: str

    @property
    def platform(self) -> Platform:
        return self.race.platform

    @property
    def clock(self) -> FrozenClock:
        return self.race.clock

    @property
    def community(self) -> str:
        return self.race.community

    def result(self) -> taking.Result:
        with self.platform.database.reading() as session:
            (found,) = taking._results(session, self.world.row())
            return found

    def enter(self, by: str | None = None) -> taking.Entered:
        with self.platform.database.writing() as session:
            return taking.enter(
                session, self.community, self.world.assembly, "e1", by=by or self.staff, now=self.clock.now()
            )

    def round(self) -> FilingRound:
        found = self.enter().round
        assert found is not None
        return found

    def appoint(self, person: str, post: Post, *, days: float = 300, basis: str = "测试") -> str:
        with self.platform.database.writing() as session:
            return offices.appoint(
                session,
                self.community,
                post=post,
                person_id=person,
                starts_at=self.clock.now(),
                ends_at=self.clock.now() + timedelta(days=days),
                basis=basis,
                by=None,
                now=self.clock.now(),
            ).id

    def members(self) -> list[str]:
        """The people who sit, by id, in the order of the roster."""
        with self.platform.database.reading() as session:
            posts = frozenset({COMMITTEE_MEMBER})
            rows = offices.holders(session, self.community, posts=posts, now=self.clock.now())
            return [row.person.id for row in rows]

    def meet(self) -> None:
        """The first meeting: the first member is elected chair, and more than half sign."""
        people = {f"m{number}": person for number, person in enumerate(self.members())}
        committee = Committee(self.platform, self.clock, self.community, people, {})
        names = tuple(people)
        chair = Item(ItemKind.CHAIR, "推选主任", "从委员中推选主任。")
        meeting = committee.call(chair, kind=Kind.FIRST, days=1, by="m0", planned=len(self.members()))
        committee.gather(meeting, *names, by="m0")
        committee.vote(meeting, 1, "m0", **dict.fromkeys(names, "m0"))
        committee.sign(meeting, committee.finish(meeting, by="m0"), *names)

    def keep_minutes(self) -> None:
        """Finish the assembly's minutes and have two people sign them."""
        with self.platform.database.writing() as session:
            row = minutes.finish(
                session,
                self.platform.keys,
                self.community,
                self.world.assembly,
                by=self.race.leader,
                now=self.clock.now(),
            )
        for name, person in (("记录人", self.staff), ("召集人", self.race.leader)):
            with self.platform.database.writing() as session:
                give_key(session, person, name, now=self.clock.now())
                message = signing.message(minutes.KIND, canonical.decode(row.content))
                minutes.sign(
                    session,
                    self.platform.keys,
                    self.community,
                    self.world.assembly,
                    person_id=person,
                    signature=Signer(name).sign(message),
                    now=self.clock.now(),
                )

    def write_books(self) -> None:
        """Rules of procedure and covenant in force, with a rare character in their text."""
        for kind in ("procedure", "covenant"):
            words = "\n".join(f"第{in_words(number)}条 䶮源办法之{number}。" for number in range(1, 31))
            with self.platform.database.writing() as session:
                if rulebooks.current(session, self.community, kind) is not None:
                    continue
                draft = rulebooks.draft(
                    session, self.community, kind=kind, text=words, by=self.race.leader, now=self.clock.now()
                )
                rulebooks.adopt_first(
                    session,
                    self.community,
                    draft.id,
                    basis="首次会议",
                    effective_on=today(self.clock.now()),
                    by=self.staff,
                    now=self.clock.now(),
                )


def an_elected_committee(
    platform: Platform,
    clock: FrozenClock,
    *,
    agree: Sequence[Sequence[int]] = ((1, 2, 3, 4, 5), (3, 4, 5, 6, 7), (1, 2, 3, 6, 7)),
    sitting: int = 0,
    **call: object,
) -> Elected:
    """Nine owners elect five out of seven; each three of them agree to the numbers in one part of `agree` (as given,
    all seven pass, so that there are two alternates). `sitting` people are in the committee before."""
    race = a_race(platform, clock, owners=9)
    staff, street = a_person(platform, "居委会小林"), a_person(platform, "街道老贺")
    race.appoint(staff, RESIDENTS_STAFF, days=1800)
    race.appoint(street, STREET_OFFICER, days=1800)
    for number in range(sitting):
        race.appoint(a_person(platform, f"上届{number}"), COMMITTEE_MEMBER, days=100)
    race.begin(**call)
    race.nominate(*race.people[:7])
    race.screen()
    race.publish()
    race.draw()
    assembly = race.draft()
    world = World(platform, clock, race.community, race.people, race.leader, assembly=assembly.id)
    world.cite()
    world.to(State.OPEN)
    with platform.database.reading() as session:
        found = (
            casting.standings(session, world.row(), person_id=person, day=today(clock.now())) for person in race.people
        )
        world.electors = [standings[0].elector for standings in found]
    for group, marks in enumerate(agree):
        for place in range(group * 3, group * 3 + 3):
            world.cast(place, **{f"m{number}": "agree" for number in marks})
    world.to(State.ANNOUNCED)
    return Elected(race, world, staff, street)
