"""The whole life of an assembly, driven through its services by Hypothesis, against a model that fits on a page.

Every step may die before its commit (`Crash`), the sequencer runs when it likes, and whatever happened: the tally is
the model's, both packages verify, `hoa verify` has nothing to say, and no elector counts twice.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.community.tables import Unit
from hoa.kernel import canonical
from hoa.kernel.clock import FrozenClock
from tests.conftest import NOW, DatabaseMaker, opened_platform
from tests.integration.voting.world import World, a_world
from voting import service
from voting.rules import paper, record
from voting.rules.life import State
from voting.rules.package import Form
from voting.service import casting, closing, hand, key_changes, packages, proposals, roll_changes, sheets, tallying
from voting.service.roll_changes import Change, NewElector
from voting.tables import Ballot, CountedRow

OWNERS = 5
DOCUMENT = "cd" * 32
NUMBER = st.integers(0, 11)
MARKS = st.fixed_dictionaries({}, optional=dict.fromkeys(("m1", "m2"), st.sampled_from(["agree", "oppose", "abstain"])))
OPTIONS = ("agree", "oppose", "abstain", "blank")


class Crash(Exception):
    """The process died: nothing of its transaction is there."""


@dataclass(eq=False)
class Vote:
    """A ballot as the model sees it."""

    leaf: str
    elector: str
    channel: str
    marks: dict[str, str]
    order: int
    serial: str | None = None
    nonce: str | None = None
    receipt: bytes | None = None
    void: bool = False
    invalid: dict[str, str] = field(default_factory=dict)
    accepted: bool | None = None

    @property
    def good(self) -> bool:
        return "*" not in self.invalid and self.accepted is not False

    @property
    def stands(self) -> bool:
        return self.good and not self.void

    def reason(self, motion: str) -> str | None:
        return (
            self.invalid.get("*") or self.invalid.get(motion) or (None if self.accepted in (None, True) else "refused")
        )


@dataclass(eq=False)
class Elector:
    """A head: its units with their areas, and every ballot that was ever cast for it or for whom it follows."""

    units: dict[str, int]
    votes: list[Vote] = field(default_factory=list)
    serials: list[str] = field(default_factory=list)
    delivered: bool = False

    @property
    def area(self) -> int:
        return sum(self.units.values())

    def speaks(self, counting: str) -> Vote | None:
        rest = [vote for vote in sorted(self.votes, key=lambda one: one.order) if not vote.void]
        rest = [vote for vote in rest if vote.good] or rest
        rest = [vote for vote in rest if vote.channel != "proxy"] or rest
        return (rest[0] if counting == "first" else rest[-1]) if rest else None


class Life(RuleBasedStateMachine):
    """From the opening to the verified package."""

    @staticmethod
    @contextmanager
    def worlds(counting: str) -> Iterator[World]:
        """An open assembly on an engine; bound by the tests below."""
        raise NotImplementedError

    @initialize(counting=st.sampled_from(["first", "last"]))
    def begin(self, counting: str) -> None:
        self.stack = ExitStack()
        self.counting, self.countdown, self.orders = counting, 0, 0
        self.world = self.stack.enter_context(self.worlds(counting))
        self._mine()
        with self.session() as session:
            units = session.execute(select(Unit.id, Unit.area).order_by(Unit.position)).all()
        self.roll = {
            elector: Elector({unit: area}) for elector, (unit, area) in zip(self.world.electors, units, strict=True)
        }
        self.opening = sum(one.area for one in self.roll.values())
        self.every: list[Vote] = []
        self.dead: list[str] = []
        self.received: list[str] | None = None
        self.channels = {"meeting", "online", "paper"}
        self.state = State.OPEN

    # ----------------------------------------------------------------------------------------------- the machinery

    def _mine(self) -> None:
        """From here on transactions die when they are told to."""
        database = self.world.platform.database
        plain = database.writing

        @contextmanager
        def writing(**options: Any) -> Iterator[Session]:
            with plain(**options) as session:
                yield session
                session.flush()
                self.countdown -= 1
                if self.countdown == 0:
                    raise Crash

        database.writing = writing  # type: ignore[method-assign]

    @contextmanager
    def session(self) -> Iterator[Session]:
        with self.world.platform.database.reading() as session:
            yield session

    def survives(self, action: Callable[[], Any]) -> bool:
        """Whether it came through; when it died, nothing that counts has happened."""
        self.world.clock.advance(minutes=1)
        try:
            action()
        except Crash:
            return False
        return True

    def enters(self, entry: dict[str, Any], *names: str) -> bool:
        """Propose and sign; it may die before any of the three commits."""
        states: list[str] = []
        if self.survives(lambda: states.append(self.world.enter(entry, *names))):
            assert states == ["appended"]
            return True
        return False

    def pick(self, number: int) -> str:
        return list(self.roll)[number % len(self.roll)]

    def accepted(self, elector: str, channel: str, marks: dict[str, str], **more: Any) -> None:
        known = {vote.leaf for vote in self.every}
        with self.session() as session:
            (leaf,) = [leaf for leaf in session.scalars(select(Ballot.leaf)) if leaf not in known]
        whole = {motion: marks.get(motion, "blank") for motion in ("m1", "m2")}
        self.orders += 1
        vote = Vote(leaf, elector, channel, whole, self.orders, **more)
        self.roll[elector].votes.append(vote)
        self.every.append(vote)

    @property
    def identity(self) -> str:
        return str(self.world.row().manifest_hash)

    @property
    def now(self) -> Any:
        return self.world.clock.now()

    def open(self) -> bool:
        return self.state is State.OPEN

    # ------------------------------------------------------------------------------------------------- what may happen

    @rule(commits=st.integers(1, 3))
    def the_process_will_die(self, commits: int) -> None:
        """Before the first, second or third commit from now."""
        self.countdown = commits

    @rule(hours=st.integers(0, 2))
    def the_worker_runs(self, hours: int) -> None:
        self.world.clock.advance(hours=hours)
        if self.open() and self.now >= self.world.row().ends_at:
            return
        self.survives(lambda: service.run_sequencer(self.world.platform))
        if self.open():
            self.survives(lambda: service.run_schedule(self.world.platform))

    @precondition(lambda self: self.open())
    @rule(number=NUMBER, marks=MARKS, channel=st.sampled_from(["online", "online", "proxy"]))
    def an_owner_or_an_agent_votes(self, number: int, marks: dict[str, str], channel: str) -> None:
        elector, nonce, receipts = self.pick(number), f"nonce{self.orders:020d}", list[bytes]()
        standing = {vote.channel for vote in self.roll[elector].votes if vote.stands}
        refusal: type[Exception] | None = None
        if channel not in self.channels:
            refusal = casting.ChannelClosed
        elif channel == "proxy" and standing - {"proxy"}:
            refusal = casting.OwnBallotStands
        elif self.counting == "first" and (standing if channel == "proxy" else standing - {"proxy"}):
            refusal = casting.AlreadyVoted

        def cast() -> None:
            with self.world.platform.database.writing() as session:
                receipts.append(self._cast(session, elector, marks, nonce, channel))

        if refusal is not None:
            with pytest.raises(refusal):
                cast()
        elif self.survives(cast):
            self.accepted(elector, channel, marks, nonce=nonce, receipt=receipts[0])

    def _cast(self, session: Session, elector: str, marks: dict[str, str], nonce: str, channel: str) -> bytes:
        evidence = {"authority": DOCUMENT, "agent": f"代理人{elector}", "instruction": "按委托书"}
        return casting.cast(
            session,
            self.world.platform.keys,
            self.world.community,
            self.world.assembly,
            elector=elector,
            choices=marks,
            client_nonce=nonce,
            now=self.now,
            channel=channel,
            evidence=evidence if channel == "proxy" else {},
        )

    @precondition(lambda self: self.every)
    @rule(number=NUMBER)
    def a_phone_tries_again(self, number: int) -> None:
        """The same retry key gives the same receipt, at any time, and no second ballot."""
        vote = self.every[number % len(self.every)]
        if vote.nonce is None or vote.elector not in self.roll:
            return
        marks = {motion: mark for motion, mark in vote.marks.items() if mark != "blank"}
        with self.world.platform.database.writing() as session:
            again = self._cast(session, vote.elector, marks, vote.nonce, vote.channel)
            self.countdown += 1  # a retry that dies is the same as none
        assert again == vote.receipt

    def keyed(self, elector: str, marks: dict[str, str], channel: str, evidence: dict[str, str]) -> bool:
        with self.session() as session:
            row, now = self.world.row(), self.now + timedelta(minutes=1)
            entry = casting.keyed_entry(
                session, row, elector=elector, choices=marks, channel=channel, evidence=evidence, now=now
            )
        return self.enters(entry, "clerk1", "clerk2")

    @precondition(lambda self: self.open())
    @rule(number=NUMBER, marks=MARKS)
    def a_ballot_is_cast_at_the_meeting(self, number: int, marks: dict[str, str]) -> None:
        elector = self.pick(number)
        if self.keyed(elector, marks, "meeting", {"desk": "一号桌"}):
            self.accepted(elector, "meeting", marks)

    @precondition(lambda self: self.open())
    @rule(number=NUMBER)
    def a_sheet_is_issued(self, number: int) -> None:
        elector, serial = self.pick(number), paper.new_serial()
        if self.enters(record.issue_entry(self.identity, serial=serial, elector=elector, time=self.now), "clerk1"):
            self.roll[elector].serials.append(serial)

    def unused(self) -> list[tuple[str, str]]:
        """Live sheets that no standing ballot has used, with whose they are."""
        used = {vote.serial for vote in self.every if not vote.void}
        return [(one, serial) for one, head in self.roll.items() for serial in head.serials if serial not in used]

    @precondition(lambda self: self.open() and self.unused())
    @rule(number=NUMBER)
    def a_lost_sheet_is_replaced(self, number: int) -> None:
        elector, old = self.unused()[number % len(self.unused())]
        fresh = paper.new_serial()
        entry = record.reissue_entry(self.identity, serial=fresh, replaces=old, elector=elector, time=self.now)
        if self.enters(entry, "clerk2"):
            self.roll[elector].serials.remove(old)
            self.roll[elector].serials.append(fresh)
            self.dead.append(old)

    @precondition(lambda self: self.state in (State.OPEN, State.CUT_OFF) and self.unused())
    @rule(number=NUMBER, marks=MARKS)
    def a_sheet_is_keyed(self, number: int, marks: dict[str, str]) -> None:
        elector, serial = self.unused()[number % len(self.unused())]
        if self.state is State.CUT_OFF and serial not in (self.received or ()):
            with pytest.raises(sheets.NotInHand):
                self.keyed(elector, marks, "paper", {"serial": serial, "scan": DOCUMENT})
        elif self.keyed(elector, marks, "paper", {"serial": serial, "scan": DOCUMENT}):
            self.accepted(elector, "paper", marks, serial=serial)

    @precondition(lambda self: self.dead and self.open())
    @rule(number=NUMBER, marks=MARKS)
    def a_dead_sheet_is_refused(self, number: int, marks: dict[str, str]) -> None:
        evidence = {"serial": self.dead[0], "scan": DOCUMENT}
        with pytest.raises(sheets.SheetDead):
            self.keyed(self.pick(number), marks, "paper", evidence)

    @precondition(lambda self: self.open())
    @rule(number=NUMBER)
    def a_ballot_is_delivered(self, number: int) -> None:
        elector = self.pick(number)
        entry = record.delivery_entry(
            self.identity, elector=elector, serial=None, method="post", delivered=self.now, time=self.now
        )
        if self.enters(entry, "clerk1"):
            self.roll[elector].delivered = True

    @precondition(lambda self: self.state in (State.OPEN, State.CUT_OFF) and self.every)
    @rule(number=NUMBER, how=st.sampled_from(["void", "m1", "m2", "*", "accept", "refuse"]))
    def two_officials_decide_about_a_ballot(self, number: int, how: str) -> None:
        vote = self.every[number % len(self.every)]
        ruled = how in vote.invalid or "*" in vote.invalid
        if vote.void or (how in ("m1", "m2", "*") and ruled):
            return
        if how in ("accept", "refuse") and (vote.channel != "proxy" or vote.accepted is not None):
            return
        if how == "void":
            entry = record.void_entry(self.identity, leaf=vote.leaf, reason="keying-error", time=self.now)
        else:
            ruling = {"accept": "proxy-accepted", "refuse": "proxy-refused"}.get(how, "invalid")
            motion, reason = (how, "unsigned") if ruling == "invalid" else ("*", "")
            entry = record.ruling_entry(
                self.identity, leaf=vote.leaf, motion=motion, ruling=ruling, reason=reason, time=self.now
            )
        if not self.enters(entry, "counter1", "counter2"):
            return
        if how == "void":
            vote.void = True
        elif how in ("accept", "refuse"):
            vote.accepted = how == "accept"
        else:
            vote.invalid[how] = "unsigned"

    # --------------------------------------------------------------------------------------------- the roll moves

    def changes(self, change: Change) -> None:
        """Bring a change into the log, and do the same to the model."""
        with self.session() as session:
            keys, row, now = self.world.platform.keys, self.world.row(), self.now + timedelta(minutes=1)
            entry = roll_changes.compose(
                session, keys, row, before=change.before, after=change.after, reason="更正", paper=DOCUMENT, now=now
            )
            label_of = {unit.id: unit.label for unit in session.scalars(select(Unit))}
        if not self.enters(entry, "clerk1", "scrutineer1"):
            return
        name_of = {frozenset(unit["unit"] for unit in row["units"]): row["elector"] for row in entry["after"]}
        gone = {elector: self.roll.pop(elector) for elector in change.before}
        for part in change.after:
            sources = [gone[elector] for elector in part.sources]
            self.roll[name_of[frozenset(label_of[unit] for unit, _ in part.units)]] = Elector(
                dict(part.units),
                [vote for one in sources for vote in one.votes],
                [serial for one in sources for serial in one.serials],
                any(one.delivered for one in sources),
            )

    def usual(self, how: Callable[..., Change], **what: Any) -> None:
        with self.session() as session:
            change = how(session, self.world.row(), **what)
        self.changes(change)

    @precondition(lambda self: self.open() and len(self.roll) > 2)
    @rule(number=NUMBER)
    def two_electors_turn_out_to_be_one(self, number: int) -> None:
        self.usual(roll_changes.merged, electors=[self.pick(number), self.pick(number + 1)])

    @precondition(lambda self: self.open() and any(len(one.units) > 1 for one in self.roll.values()))
    @rule(number=NUMBER, apart=st.booleans())
    def one_elector_turns_out_to_be_two(self, number: int, apart: bool) -> None:
        several = [elector for elector, one in self.roll.items() if len(one.units) > 1]
        elector = several[number % len(several)]
        unit = next(iter(self.roll[elector].units))
        self.usual(roll_changes.split, elector=elector, apart=[unit], ballots_go_apart=apart)

    @precondition(lambda self: self.open() and len(self.roll) > 2)
    @rule(number=NUMBER, other=NUMBER)
    def a_unit_moves(self, number: int, other: int) -> None:
        giver, taker = self.pick(number), self.pick(other)
        unit = next(iter(self.roll[giver].units))
        if giver == taker:
            with pytest.raises(roll_changes.NothingToChange):
                self.usual(roll_changes.transferred, unit_id=unit, to=taker)
        else:
            self.usual(roll_changes.transferred, unit_id=unit, to=taker)

    @precondition(lambda self: self.open())
    @rule(number=NUMBER, area=st.integers(1, 30_000))
    def an_area_is_corrected(self, number: int, area: int) -> None:
        elector = self.pick(number)
        units = {**self.roll[elector].units}
        units[next(iter(units))] = area
        self.changes(Change([elector], [NewElector(list(units.items()), [elector])]))

    # --------------------------------------------------------------------------------------------- the rules change

    @precondition(lambda self: self.open() and "proxy" not in self.channels)
    @rule()
    def proxies_are_let_in(self) -> None:
        entry = record.channel_added_entry(self.identity, channel="proxy", reason="业主要求", time=self.now)
        if self.enters(entry, "counter1", "clerk1"):
            self.channels.add("proxy")

    @precondition(lambda self: self.open())
    @rule()
    def acceptance_is_extended(self) -> None:
        row = self.world.row()
        until = row.ends_at + timedelta(days=1)
        if row.extension_latest is not None and until <= row.extension_latest:
            self.enters(record.extend_entry(self.identity, until=until, reason="人数不足", time=self.now))

    @precondition(lambda self: self.state in (State.OPEN, State.CUT_OFF))
    @rule(purpose=st.sampled_from(["log", "receipt", "record"]))
    def a_key_is_replaced(self, purpose: str) -> None:
        keys, row = self.world.platform.keys, self.world.row()
        keys.rotate(purpose)
        self.enters(key_changes.platform_key(keys, row, purpose=purpose, reason="轮换", now=self.now))

    # --------------------------------------------------------------------------------------------------- the end

    @precondition(lambda self: self.open() and self.orders > 3)
    @rule()
    def acceptance_ends(self) -> None:
        self.world.clock.moment = max(self.now, self.world.row().ends_at)

        def cut_off() -> None:
            self.take(service.cut_off)

        if self.survives(cut_off):
            self.state = State.CUT_OFF
            with pytest.raises(casting.NotOpen), self.world.platform.database.writing() as session:
                self._cast(session, self.pick(0), {}, "late" * 5, "online")

    def take(self, step: Callable[..., Any]) -> None:
        with self.world.platform.database.writing() as session:
            keys, community, assembly = self.world.platform.keys, self.world.community, self.world.assembly
            step(session, keys, community, assembly, by=self.world.chair, now=self.now)

    @precondition(lambda self: self.state is State.CUT_OFF and self.received is None)
    @rule(every=st.integers(1, 3))
    def sheets_in_hand_are_listed(self, every: int) -> None:
        live = sorted([serial for one in self.roll.values() for serial in one.serials][::every])
        if self.enters(record.paper_received_entry(self.identity, serials=live, time=self.now)):
            self.received = live
            with pytest.raises(hand.CountedBefore):
                self.world.enter(record.paper_received_entry(self.identity, serials=live, time=self.now))

    @invariant()
    def turnout_is_the_models(self) -> None:
        if not hasattr(self, "roll"):
            return
        voted = {elector: one.area for elector, one in self.roll.items() if any(not vote.void for vote in one.votes)}
        with self.session() as session:
            assert closing.voted(session, self.world.row()) == voted

    def teardown(self) -> None:
        if hasattr(self, "state"):
            try:
                self._to_the_end()
            finally:
                self.stack.close()

    def _to_the_end(self) -> None:
        self.countdown = 0
        while self.open():
            self.acceptance_ends()
        undecided = [vote for vote in self.every if vote.channel == "proxy" and vote.accepted is None and not vote.void]
        with self.world.platform.database.writing() as session:
            left = len(proposals.waiting(session, self.world.platform.keys, self.world.row()))
            assert proposals.drop_all(session, self.world.row(), reason="未完成", now=self.now) == left
        if undecided:
            with pytest.raises((closing.ProxiesUndecided, hand.StillToKey)):
                self.take(service.close)
        for vote in undecided:
            self.two_officials_decide_about_a_ballot(self.every.index(vote), "accept")
        while left := [place for place, (_, serial) in enumerate(self.unused()) if serial in (self.received or ())]:
            with pytest.raises(hand.StillToKey):
                self.take(service.close)
            self.a_sheet_is_keyed(left[0], {"m1": "agree"})
        self.take(service.close)
        self.take(service.count)
        self.world.countersign()
        self._tally_is_the_models()
        assert self.world.problems() == []

    def _tally_is_the_models(self) -> None:
        with self.session() as session:
            row = self.world.row()
            full = canonical.decode(tallying.tally_of(session, row).full)
            rows = session.execute(select(CountedRow.elector, CountedRow.counted)).all()
            for form in Form:
                data = packages.build(session, self.world.platform.keys, row, form)
                satisfied, said = packages.verify(data, "--assembly", self.identity)
                assert satisfied, said
        chosen = {elector: one.speaks(self.counting) for elector, one in self.roll.items()}
        assert sorted(elector for elector, _ in rows) == sorted(self.roll), "one row an elector"
        assert {elector: leaf for elector, leaf in rows} == {  # noqa: C416 - rows are not pairs to mypy
            elector: vote and vote.leaf for elector, vote in chosen.items()
        }
        count = sum(vote is not None for vote in chosen.values())
        void = sum(vote.void for vote in self.every)
        assert full["ballots"] == {
            "logged": len(self.every),
            "counted": count,
            "superseded": len(self.every) - count - void,
            "voided": void,
        }
        area = sum(one.area for one in self.roll.values())
        assert full["roll"]["opening"]["area"] == self.opening
        assert (full["roll"]["final"]["heads"], full["roll"]["final"]["area"]) == (len(self.roll), area)
        assert full["paper"] == {
            "issued": sum(bool(one.serials) for one in self.roll.values()),
            "delivered": sum(one.delivered for one in self.roll.values()),
        }
        for motion, share in zip(full["motions"], (Fraction(1, 2), Fraction(3, 4)), strict=True):
            self._motion_is_the_models(motion, share, chosen)

    def _motion_is_the_models(self, motion: dict[str, Any], share: Fraction, chosen: dict[str, Vote | None]) -> None:
        code = motion["motion"]
        cast = [(self.roll[elector].area, vote) for elector, vote in chosen.items() if vote is not None]

        def figure(wanted: Callable[[Vote], bool]) -> dict[str, int]:
            areas = [area for area, vote in cast if wanted(vote)]
            return {"heads": len(areas), "area": sum(areas)}

        for option in OPTIONS:
            mine = figure(lambda vote, option=option: not vote.reason(code) and vote.marks[code] == option)  # type: ignore[misc]
            assert motion["options"][option] == mine
        invalid = figure(lambda vote: vote.reason(code) is not None)
        assert {unit: motion["invalid"][unit] for unit in ("heads", "area")} == invalid
        whole = {"heads": len(self.roll), "area": sum(one.area for one in self.roll.values())}
        agreed = figure(lambda vote: not vote.reason(code) and vote.marks[code] == "agree")
        bases = {"without_invalid": figure(lambda vote: not vote.reason(code)), "with_invalid": figure(lambda _: True)}
        for name, base in bases.items():
            quorum = all(3 * base[unit] >= 2 * whole[unit] for unit in whole)
            least = {unit: share * base[unit] for unit in whole}
            enough = {
                unit: agreed[unit] > least[unit] or (share == Fraction(3, 4) and agreed[unit] == least[unit])
                for unit in whole
            }
            assert motion[name]["passed"] == (quorum and all(enough.values()))


def _run(worlds: Callable[[str], Any], *, examples: int, steps: int) -> None:
    class Bound(Life):
        pass

    Bound.worlds = staticmethod(worlds)  # type: ignore[method-assign]
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Bound,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
            # A life is long: telling how a failing one came about matters more than finding the shortest.
            phases=[Phase.generate],
        ),
    )


# How many lives are lived: an example costs a database, two packages and their verification.
LIVES = {"sqlite": (10, 40), "postgresql": (2, 30)}


def test_whatever_happens_the_tally_is_the_models_and_the_package_verifies(
    engine_name: str, fresh_database: DatabaseMaker, tmp_path: Path
) -> None:
    made = 0

    @contextmanager
    def worlds(counting: str) -> Iterator[World]:
        nonlocal made
        made += 1
        clock = FrozenClock(NOW)
        with opened_platform(tmp_path / f"data-{made}", fresh_database(engine_name), clock) as platform:
            world = a_world(
                platform,
                clock,
                owners=OWNERS,
                counting=counting,
                staffed=True,
                channels=["meeting", "online", "paper"],
                extension_latest=clock.now() + timedelta(days=36),
            )
            world.to(State.OPEN)
            yield world

    examples, steps = LIVES[engine_name]
    _run(worlds, examples=examples, steps=steps)
