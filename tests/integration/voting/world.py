"""A small community whose owners may vote, and an assembly taken to any step of its life."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from hoa.community.tables import Building, Owner, Ownership, Unit
from hoa.kernel.clock import FrozenClock, today
from hoa.kernel.ids import new_id
from hoa.platform import Platform
from tests.integration.people import a_community, a_person
from voting import service
from voting.rules.life import State
from voting.service import casting
from voting.tables import Assembly

HOST = "localhost"
URL = "/c/WTY/assemblies/2026-01"
MOTIONS = (("更换电梯钢丝绳", "M5"), ("出租地面车位", "M8"))


@dataclass
class World:
    """The platform with its clock, one community, its owners' person ids, and who convenes."""

    platform: Platform
    clock: FrozenClock
    community: str
    people: Sequence[str]
    chair: str
    assembly: str = ""
    electors: Sequence[str] = ()

    def cast(self, place: int, *, nonce: str | None = None, **marks: str) -> bytes:
        """The owner at `place` marks motions (`m1="agree"`); the receipt."""
        with self.platform.database.writing() as session:
            return service.cast(
                session,
                self.platform.keys,
                self.community,
                self.assembly,
                elector=self.electors[place],
                choices=marks,
                client_nonce=nonce or new_id(),
                now=self.clock.now(),
            )

    def state(self) -> State:
        return self.row().step

    def row(self) -> Assembly:
        with self.platform.database.reading() as session:
            return session.get_one(Assembly, (self.community, self.assembly))

    def to(self, target: State) -> None:
        """Take every step up to `target`, moving the clock to where each may be taken."""
        while self.state() is not target:
            getattr(self, f"_{self.state().name.lower()}")()

    def _draft(self) -> None:
        with self.platform.database.writing() as session:
            service.give(
                session,
                self.platform.keys,
                self.community,
                self.assembly,
                host=HOST,
                by=self.chair,
                now=self.clock.now(),
                url=URL,
            )

    def _noticed(self) -> None:
        self.clock.moment = max(self.clock.moment, self.row().opens_at)
        service.run_schedule(self.platform)

    def _open(self) -> None:
        self.clock.moment = max(self.clock.moment, self.row().closes_at)
        with self.platform.database.writing() as session:
            service.cut_off(session, self.platform.keys, self.community, self.assembly, by=None, now=self.clock.now())

    def _cut_off(self) -> None:
        service.run_schedule(self.platform)

    def _closed(self) -> None:
        with self.platform.database.writing() as session:
            service.count(
                session, self.platform.keys, self.community, self.assembly, by=self.chair, now=self.clock.now()
            )

    def _tallied(self) -> None:
        with self.platform.database.reading() as session:
            confirmed = service.confirm(session, self.platform.keys, self.row())
        with self.platform.database.writing() as session:
            service.announce(
                session,
                self.platform.files,
                self.community,
                self.assembly,
                confirmed=confirmed,
                url=URL,
                by=self.chair,
                now=self.clock.now(),
            )

    def problems(self) -> list[str]:
        with self.platform.database.reading() as session:
            return service.verify_records(self.platform, session, self.community)


def a_world(platform: Platform, clock: FrozenClock, *, owners: int = 12, counting: str = "first") -> World:
    """A community of flats of 80.00, 81.00 … m², one owner each, and a draft with two motions."""
    community = a_community(platform)
    chair = a_person(platform)
    people = [a_person(platform, f"业主{number}") for number in range(owners)]
    _register(platform, community, people)
    world = World(platform, clock, community, people, chair)
    with platform.database.writing() as session:
        assembly = service.create(
            session,
            community,
            title="2026 年第一次业主大会会议",
            body="请各位业主参加表决。",
            convener="业主委员会",
            opens_at=clock.now() + timedelta(days=15),
            closes_at=clock.now() + timedelta(days=30),
            by=chair,
            now=clock.now(),
            counting=counting,
        )
        for title, matter in MOTIONS:
            service.add_motion(
                session, community, assembly.id, title=title, body=f"是否同意{title}？", matter_code=matter
            )
        world.assembly = assembly.id
    world.to(State.NOTICED)
    with platform.database.reading() as session:
        found = (casting.standings(session, world.row(), person_id=person, day=today(clock.now())) for person in people)
        world.electors = [standings[0].elector for standings in found]
    return world


def _register(platform: Platform, community: str, people: Sequence[str]) -> None:
    now = platform.now()
    with platform.database.writing() as session:
        building = Building(community_id=community, key="1", name="1幢")
        session.add(building)
        session.flush()
        for number, person in enumerate(people):
            room = f"{number + 1:02d}01"
            unit = Unit(
                community_id=community,
                building_id=building.id,
                entrance="1",
                room=room,
                code=f"1-1-{room}",
                label=f"1幢1单元{room}",
                position=number,
                kind="flat",
                status="delivered",
                area_registered=8000 + 100 * number,
                area=8000 + 100 * number,
                area_basis="registered",
                added_at=now,
            )
            owner = Owner(
                community_id=community,
                key=f"key-{number}",
                name=f"业主{number}",
                organisation=False,
                person_id=person,
                added_at=now,
            )
            session.add_all([unit, owner])
            session.flush()
            session.add(
                Ownership(
                    community_id=community,
                    unit_id=unit.id,
                    owner_id=owner.id,
                    since=today(now),
                    level="V2",
                    checked_by=[],
                )
            )
