"""Corrections of a frozen roll: signed by two, in the log, and then the roll; ballots and sheets go with them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from hoa.community.tables import Unit
from hoa.kernel import canonical
from hoa.kernel.clock import FrozenClock
from hoa.kernel.errors import Refusal
from hoa.kernel.ids import new_id
from hoa.platform import Platform
from tests.integration.voting.world import World, a_world
from voting.rules.life import State
from voting.rules.package import Form
from voting.service import casting, closing, packages, proposals, roll_changes, sheets, tallying
from voting.service.entrance import NotOnTheRoll
from voting.service.roll_changes import Change, NewElector
from voting.tables import PaperSheet, Proposal, RollEntry, RollRemoval

PAPER = "ab" * 32


@pytest.fixture
def world(platform: Platform, clock: FrozenClock) -> World:
    world = a_world(platform, clock, owners=6, counting="last", staffed=True, channels=["meeting", "online", "paper"])
    world.to(State.OPEN)
    return world


def units(world: World) -> Sequence[str]:
    with world.platform.database.reading() as session:
        return session.scalars(select(Unit.id).order_by(Unit.position)).all()


def composed(world: World, change: Change, *, paper: str | None = None) -> dict[str, Any]:
    with world.platform.database.reading() as session:
        keys, now = world.platform.keys, world.clock.now()
        return roll_changes.compose(
            session, keys, world.row(), before=change.before, after=change.after, reason="更正", paper=paper, now=now
        )


def changed(world: World, how: str, paper: str | None = None, **what: Any) -> list[str]:
    """Make one of the usual changes; the new electors, by area."""
    with world.platform.database.reading() as session:
        change = getattr(roll_changes, how)(session, world.row(), **what)
    entry = composed(world, change, paper=paper)
    assert world.enter(entry) == "appended"
    return [row["elector"] for row in sorted(entry["after"], key=lambda row: row["area"])]


def cast_for(world: World, elector: str, **marks: str) -> None:
    with world.platform.database.writing() as session:
        casting.cast(
            session,
            world.platform.keys,
            world.community,
            world.assembly,
            elector=elector,
            choices=marks,
            client_nonce=new_id(),
            now=world.clock.now(),
        )


def full_tally(world: World) -> dict[str, Any]:
    """Close, count, and let the verifier look at both packages (the people's signatures are the announcement's)."""
    world.to(State.TALLIED)
    world.countersign()
    with world.platform.database.reading() as session:
        row = world.row()
        for form in Form:
            data = packages.build(session, world.platform.keys, row, form)
            satisfied, said = packages.verify(data, "--assembly", str(row.manifest_hash))
            assert satisfied, said
        tally: dict[str, Any] = canonical.decode(tallying.tally_of(session, row).full)
    assert world.problems() == []
    return tally


def test_a_merge_joins_the_chains_and_the_last_ballot_of_all_counts(world: World) -> None:
    world.cast(0, m1="agree")
    world.clock.advance(minutes=1)
    world.cast(1, m1="oppose")
    world.clock.advance(minutes=1)
    with pytest.raises(roll_changes.TotalsChange):
        changed(world, "merged", electors=world.electors[:2])
    (one,) = changed(world, "merged", PAPER, electors=world.electors[:2])
    with pytest.raises(casting.NotOnRoll):
        world.cast(0, m1="agree")
    with world.platform.database.reading() as session:
        assert closing.voted(session, world.row()) == {one: 16100}
        assert [row.channel for row in casting.my_ballots(session, world.row(), one)] == ["online", "online"]
    tally = full_tally(world)
    assert tally["roll"]["opening"]["heads"] == 6
    assert tally["roll"]["final"]["heads"] == 5
    assert tally["roll"]["final"]["area"] == tally["roll"]["opening"]["area"]
    assert tally["ballots"] == {"logged": 2, "counted": 1, "superseded": 1, "voided": 0}
    assert tally["motions"][0]["options"]["oppose"] == {"heads": 1, "area": 16100}


def test_a_split_says_which_part_keeps_the_ballot(world: World) -> None:
    changed(world, "merged", PAPER, electors=world.electors[:2])
    flat = units(world)[1]
    with world.platform.database.reading() as session:
        both = roll_changes.holder(session, world.row(), flat)
    cast_for(world, both, m1="agree")
    small, large = changed(world, "split", PAPER, elector=both, apart=[flat], ballots_go_apart=True)
    cast_for(world, small, m1="abstain")
    tally = full_tally(world)
    assert tally["motions"][0]["options"]["agree"] == {"heads": 1, "area": 8100}
    assert tally["motions"][0]["options"]["abstain"] == {"heads": 1, "area": 8000}
    assert large != both


def test_a_unit_that_moves_weighs_for_its_new_elector_and_totals_stay(world: World) -> None:
    changed(world, "merged", PAPER, electors=world.electors[:2])
    moved = units(world)[0]
    with world.platform.database.reading() as session:
        giver = roll_changes.holder(session, world.row(), moved)
    world.cast(2, m1="oppose")
    cast_for(world, giver, m1="agree")
    left, taker = changed(world, "transferred", unit_id=moved, to=world.electors[2])
    with world.platform.database.reading() as session:
        assert roll_changes.holder(session, world.row(), moved) == taker
        assert closing.voted(session, world.row()) == {left: 8100, taker: 16200}
    options = full_tally(world)["motions"][0]["options"]
    assert options["agree"] == {"heads": 1, "area": 8100}
    assert options["oppose"] == {"heads": 1, "area": 16200}


def test_who_gives_the_only_unit_away_leaves_the_roll_and_a_newcomer_may_come(world: World) -> None:
    world.cast(0, m1="agree")
    world.clock.advance(minutes=1)
    world.cast(1, m1="oppose")
    (both,) = changed(world, "transferred", PAPER, unit_id=units(world)[0], to=world.electors[1])
    newcomer, _ = changed(world, "transferred", PAPER, unit_id=units(world)[0], to=None)
    with world.platform.database.reading() as session:
        assert newcomer not in closing.voted(session, world.row())
        with pytest.raises(roll_changes.NothingToChange):
            roll_changes.transferred(session, world.row(), unit_id=units(world)[0], to=newcomer)
    assert both not in world.electors
    assert full_tally(world)["roll"]["final"]["heads"] == 6


def test_before_the_opening_a_wrong_area_is_corrected_with_a_reason_alone(
    platform: Platform, clock: FrozenClock
) -> None:
    world = a_world(platform, clock, owners=4, staffed=True)
    (elector,) = changed(world, "area_corrected", unit_id=units(world)[3], area=9999)
    world.to(State.OPEN)
    cast_for(world, elector, m1="agree")
    with pytest.raises(roll_changes.TotalsChange):
        changed(world, "area_corrected", unit_id=units(world)[3], area=1)
    tally = full_tally(world)
    assert tally["motions"][0]["options"]["agree"]["area"] == 9999
    assert tally["roll"]["final"]["area"] == tally["roll"]["opening"]["area"] + 9999 - 8300


def test_a_ballot_cast_while_a_change_waits_is_inherited_after_new_signatures(world: World) -> None:
    with world.platform.database.reading() as session:
        change = roll_changes.merged(session, world.row(), electors=world.electors[:2])
    proposal = world.propose(composed(world, change, paper=PAPER))
    world.sign(proposal, "clerk1")
    world.cast(1, m1="agree")
    assert world.sign(proposal, "clerk2") == "waiting"
    with world.platform.database.reading() as session:
        (again,) = proposals.waiting(session, world.platform.keys, world.row())
        assert session.scalars(select(RollRemoval)).all() == []
    assert again.proposal.id != proposal
    assert world.sign(again.proposal.id, "clerk1", "clerk2") == "appended"
    assert full_tally(world)["ballots"]["counted"] == 1


def test_live_sheets_follow_and_what_waits_for_those_who_left_is_dropped(world: World) -> None:
    with world.platform.database.writing() as session:
        row, keys, now = world._row(session), world.platform.keys, world.clock.now()
        made = sheets.prepare(session, keys, row, world.electors[:2], by=None, now=now)
        asked = {sheet.elector: proposals.about(session, row, sheet.id)[0].id for sheet in made}
    assert world.sign(asked[world.electors[0]], "clerk1") == "appended"
    (one,) = changed(world, "merged", PAPER, electors=world.electors[:2])
    with world.platform.database.reading() as session:
        assert set(session.scalars(select(PaperSheet.elector))) == {one}
        waited = session.get_one(Proposal, (world.community, asked[world.electors[1]]))
        assert (waited.state, waited.reason) == ("dropped", proposals.ROLL_CHANGED)
        serial = session.scalars(select(PaperSheet.serial).where(PaperSheet.entry.is_not(None))).one()
    with world.platform.database.writing() as session:
        entry = casting.keyed_entry(
            session,
            world.row(),
            elector=one,
            choices={"m1": "agree"},
            channel="paper",
            evidence={"serial": serial, "scan": PAPER},
            now=world.clock.now(),
        )
    assert world.enter(entry) == "appended"
    assert full_tally(world)["paper"] == {"issued": 1, "delivered": 0}


def test_changes_that_do_not_fit_are_refused_and_leave_the_roll_alone(world: World) -> None:
    first, second, third = units(world)[:3]
    one, two = world.electors[:2]
    with pytest.raises(roll_changes.NobodyTakesOver):
        composed(world, Change([one], [NewElector([(first, 8000)])]))
    with pytest.raises(roll_changes.UnitUnknown):
        composed(world, Change([one], [NewElector([("nowhere", 8000)], [one])]))
    taken = composed(world, Change([one], [NewElector([(third, 8000)], [one])]))
    with pytest.raises(roll_changes.UnitTaken):
        world.enter(taken)
    twice = [NewElector([(first, 8000)], [one]), NewElector([(first, 8100)], [two])]
    with pytest.raises(roll_changes.UnitTaken):
        world.enter(composed(world, Change([one, two], twice)))
    with pytest.raises(roll_changes.NoUnitLeft):
        world.enter(composed(world, Change([one], [NewElector([(first, 0)], [one])])))
    stale = composed(world, Change([one, two], [NewElector([(first, 16100)], [one, two])]), paper=PAPER)
    changed(world, "area_corrected", PAPER, unit_id=second, area=8200)
    with pytest.raises(roll_changes.RollMoved):
        world.enter(stale)
    renamed = {**stale, "heirs": []}
    with pytest.raises(Refusal):
        world.enter(renamed)
    with world.platform.database.reading() as session:
        assert len(session.scalars(select(RollEntry)).all()) == 7
        with pytest.raises(NotOnTheRoll):
            roll_changes.held(session, world.row(), two)
        with pytest.raises(NotOnTheRoll):
            roll_changes.holder(session, world.row(), "nowhere")


def test_a_clock_that_went_back_is_told_instead_of_a_record_that_does_not_verify(world: World) -> None:
    world.clock.advance(hours=1)
    world.cast(0, m1="agree")
    world.clock.moment -= timedelta(minutes=5)
    world.cast(0, m1="oppose")
    with world.platform.database.reading() as session:
        change = roll_changes.merged(session, world.row(), electors=world.electors[:2])
    with pytest.raises(roll_changes.ClockWentBack):
        composed(world, change, paper=PAPER)


def test_after_the_cut_off_the_roll_is_final(world: World) -> None:
    with world.platform.database.reading() as session:
        change = roll_changes.merged(session, world.row(), electors=world.electors[:2])
    waits = world.propose(composed(world, change, paper=PAPER))
    world.to(State.CUT_OFF)
    with world.platform.database.reading() as session:
        assert session.get_one(Proposal, (world.community, waits)).state == "dropped"
    with pytest.raises(Refusal):
        world.enter(composed(world, change, paper=PAPER))
