"""A small community whose owners may vote, and an assembly taken to any step of its life."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from hoa.accounts import personal_keys
from hoa.community.tables import Building, Owner, Ownership, Unit
from hoa.kernel import checkpoint, packs, signing
from hoa.kernel.clock import FrozenClock, today
from hoa.kernel.ids import new_id
from hoa.platform import Platform
from hoa.resolutions import rulebooks
from hoa.resolutions.clauses import in_words
from hoa.resolutions.tables import RulebookVersion
from tests.integration.people import a_community, a_person
from tests.signers import Signer
from voting import service
from voting.rules.life import State
from voting.rules.officials import Role
from voting.rules.package import Form
from voting.service import casting, countersigning, log, officials, proposals, tallying, terms, witnessing
from voting.tables import Assembly, Proposal, Witness
from voting.witness import WitnessKey

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
    officials: dict[str, str] = field(default_factory=dict)

    def staff(self, *, counters: int = 2, scrutineers: int = 1, clerks: int = 2) -> None:
        """Give the draft officials with keys: `counter1`, `counter2`, `scrutineer1`, `clerk1`, `clerk2`."""
        numbers = {Role.COUNTER: counters, Role.SCRUTINEER: scrutineers, Role.CLERK: clerks}
        for role, count in numbers.items():
            for number in range(1, count + 1):
                name = f"{role.value}{number}"
                self.officials[name] = a_person(self.platform, name)
                with self.platform.database.writing() as session:
                    give_key(session, self.officials[name], name, now=self.clock.now())
                    officials.add(
                        session, self._row(session), person_id=self.officials[name], role=role, now=self.clock.now()
                    )

    def watch(self, *names: str) -> None:
        """Let the draft's notice list these witnesses, with the keys that follow from their names."""
        with self.platform.database.writing() as session:
            for name in names:
                key = witness_key(name)
                session.add(
                    Witness(
                        community_id=self.community,
                        assembly_id=self.assembly,
                        name=name,
                        vkey=key.verifier.text,
                        title=f"见证人 {name}",
                        outside=True,
                        added_at=self.clock.now(),
                    )
                )

    def cosign(self, name: str) -> None:
        """This witness cosigns the latest head, now."""
        with self.platform.database.writing() as session:
            row, now = self._row(session), self.clock.now()
            head = checkpoint.parse(log.heads(session, row)[-1].note).checkpoint
            key = witness_key(name)
            line = checkpoint.cosign_head(head, key.verifier, key.private.sign, time=int(now.timestamp()))
            keys = self.platform.keys
            witnessing.accept(session, keys, self.community, self.assembly, size=head.size, line=line.text, now=now)

    def change(self, **values: object) -> None:
        """Set columns of the assembly: `change(channels=["online", "paper"], proxy_cap=1)`."""
        with self.platform.database.writing() as session:
            row = self._row(session)
            for name, value in values.items():
                setattr(row, name, value)

    def cite(self) -> None:
        """Rest every local rule of the draft on a clause of a rulebook that is in force."""
        with self.platform.database.writing() as session:
            row, now = self._row(session), self.clock.now()
            pack = packs.pack(row.rule_pack, day=today(now))
            wanted = terms.departures(row, pack)
            if not wanted:
                return
            book = rulebooks.current(session, self.community, "procedure") or self._rulebook(session)
            row.extension_clause = row.extension_clause or ("第三条" if row.extension_latest else None)
            row.clauses = [
                {
                    "parameter": parameter,
                    "clause": row.extension_clause if parameter == "extension" else "第三条",
                    "document": book.sha256,
                }
                for parameter in wanted
            ]

    def _rulebook(self, session: Session) -> RulebookVersion:
        """A first version of thirty articles."""
        now = self.clock.now()
        words = "\n".join(f"第{in_words(number)}条 办法之{number}。" for number in range(1, 31))
        draft = rulebooks.draft(session, self.community, kind="procedure", text=words, by=None, now=now)
        return rulebooks.adopt_first(
            session, self.community, draft.id, basis="首次会议", effective_on=today(now), by=self.chair, now=now
        )

    def propose(self, entry: Mapping[str, Any], *, subject: str = "") -> str:
        """Propose an entry; the proposal's id."""
        with self.platform.database.writing() as session:
            row = self._row(session)
            keys, now = self.platform.keys, self.clock.now()
            return proposals.propose(session, keys, row, entry, by=None, now=now, subject=subject).id

    def sign(self, proposal_id: str, *names: str) -> str:
        """These officials sign one after the other, each in a request of their own; the proposal's state."""
        state = ""
        for name in names:
            with self.platform.database.writing() as session:
                keys = self.platform.keys
                entry = proposals.opened(keys, session.get_one(Proposal, (self.community, proposal_id)))
                signature = Signer(name).sign(signing.message("entry", entry))
                state = proposals.sign(
                    session,
                    keys,
                    self.community,
                    self.assembly,
                    proposal_id,
                    person_id=self.officials[name],
                    signature=signature,
                    now=self.clock.now(),
                ).state
        return state

    def enter(self, entry: Mapping[str, Any], *names: str, subject: str = "") -> str:
        """Propose and sign at once."""
        return self.sign(self.propose(entry, subject=subject), *(names or ("clerk1", "clerk2")))

    def _row(self, session: Session) -> Assembly:
        return session.get_one(Assembly, (self.community, self.assembly))

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
        self.clock.moment = max(self.clock.moment, self.row().ends_at)
        with self.platform.database.writing() as session:
            service.cut_off(session, self.platform.keys, self.community, self.assembly, by=None, now=self.clock.now())

    def _cut_off(self) -> None:
        """With online alone the schedule closes; otherwise people do."""
        service.run_schedule(self.platform)
        if self.state() is State.CUT_OFF:
            with self.platform.database.writing() as session:
                service.close(
                    session, self.platform.keys, self.community, self.assembly, by=self.chair, now=self.clock.now()
                )

    def _closed(self) -> None:
        with self.platform.database.writing() as session:
            service.count(
                session, self.platform.keys, self.community, self.assembly, by=self.chair, now=self.clock.now()
            )

    def countersign(self, *names: str) -> None:
        """These counters and scrutineers sign the tally (none named: all of them)."""
        for name in names or [one for one in self.officials if not one.startswith("clerk")]:
            with self.platform.database.writing() as session:
                values = countersigning.forms(tallying.tally_of(session, self._row(session)))
                given = {form: Signer(name).sign(signing.message("tally", values[form])) for form in Form}
                countersigning.sign(
                    session,
                    self.community,
                    self.assembly,
                    person_id=self.officials[name],
                    public_signature=given[Form.PUBLIC],
                    full_signature=given[Form.FULL],
                    now=self.clock.now(),
                )

    def _tallied(self) -> None:
        self.countersign()
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


def witness_key(name: str) -> WitnessKey:
    """The witness's key that follows from a name."""
    private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())
    public = private.public_key().public_bytes_raw()
    return WitnessKey(checkpoint.VerifierKey(name, checkpoint.KeyType.WITNESS, public), private)


def give_key(session: Session, person_id: str, name: str, *, now: datetime) -> None:
    """Register the key that follows from a name."""
    signer = Signer(name)
    signature = signer.sign(signing.message("key", personal_keys.claim(person_id, signer.public)))
    personal_keys.register(session, person_id=person_id, public=signer.public, signature=signature, label=name, now=now)


def a_world(
    platform: Platform,
    clock: FrozenClock,
    *,
    owners: int = 12,
    counting: str = "first",
    staffed: bool = False,
    witnesses: Sequence[str] = (),
    motions: Sequence[tuple[str, str]] = MOTIONS,
    **draft: object,
) -> World:
    """A community of flats of 80.00, 81.00 … m², one owner each, and a noticed assembly with two motions (or others:
    title and matter); `staffed` with officials (`World.staff`), further arguments set columns of the draft before its
    notice.
    """
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
        for title, matter in motions:
            service.add_motion(
                session, community, assembly.id, title=title, body=f"是否同意{title}？", matter_code=matter
            )
        world.assembly = assembly.id
    if staffed:
        world.staff()
    world.watch(*witnesses)
    if draft:
        world.change(**draft)
    if "clauses" not in draft:
        world.cite()
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
