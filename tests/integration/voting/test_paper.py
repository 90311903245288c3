"""Paper: sheets and their serials, keying apart, what the log refuses, sheets in hand, deliveries."""

from collections.abc import Mapping

import pytest
from sqlalchemy import select

from hoa.kernel import canonical
from hoa.kernel.clock import FrozenClock, today
from hoa.kernel.errors import Refusal
from hoa.platform import Platform
from hoa.ports import uploads
from tests.integration.voting.world import World, a_world
from tests.scans import a_scan
from voting.rules import paper, record
from voting.rules.life import State
from voting.rules.package import Form
from voting.rules.paper import Keyed, Stage
from voting.service import casting, deliveries, hand, keying, packages, proposals, scans, sheets, tallying
from voting.tables import Ballot, BallotMark, PaperKeying, PaperSheet, Proposal

AGREE, OPPOSE = {"m1": "agree", "m2": "agree"}, {"m1": "oppose", "m2": "agree"}


@pytest.fixture
def world(platform: Platform, clock: FrozenClock) -> World:
    return a_world(platform, clock, owners=5, counting="last", staffed=True, channels=["online", "paper"])


def prepare(world: World, *places: int) -> list[str]:
    """Serials of sheets for these electors, signed by one clerk."""
    with world.platform.database.writing() as session:
        electors = [world.electors[place] for place in places]
        keys, now = world.platform.keys, world.clock.now()
        made = sheets.prepare(session, keys, world._row(session), electors, by=None, now=now)
        asked = [(sheet.serial, proposals.about(session, world._row(session), sheet.id)[0].id) for sheet in made]
    for _, proposal in asked:
        assert world.sign(proposal, "clerk1") == "appended"
    return [serial for serial, _ in asked]


def scan(world: World, serial: str) -> None:
    row = world.row()
    upload = uploads.checked(a_scan(serial), "sheet.png")
    kept = scans.keep(world.platform.keys, world.platform.files, row, upload)
    with world.platform.database.writing() as session:
        scans.add(session, row, [kept], serial=serial, by=world.officials["clerk1"], now=world.clock.now())


def key(
    world: World, serial: str, name: str, marks: Mapping[str, str], *, settle: bool = False, whole: str = ""
) -> Stage:
    reading = paper.read_keying(("m1", "m2"), marks, [whole] if whole else [])
    with world.platform.database.writing() as session:
        row = world._row(session)
        official = proposals.official(session, row, world.officials[name])
        verb = keying.settle if settle else keying.key_in
        keys, now = world.platform.keys, world.clock.now()
        return verb(session, keys, row, serial, official=official, reading=reading, now=now).stage


def stage(world: World, serial: str) -> Stage:
    with world.platform.database.reading() as session:
        return keying.standing(session, world.row(), sheets.find(session, world.row(), serial)).stage


def waiting(world: World, kind: str) -> list[str]:
    with world.platform.database.reading() as session:
        found = proposals.waiting(session, world.platform.keys, world.row())
        return [task.proposal.id for task in found if task.proposal.kind == kind]


def logged(world: World, place: int, marks: Mapping[str, str] = AGREE, **more: str) -> str:
    """A sheet keyed by both clerks and signed into the log; its serial."""
    (serial,) = prepare(world, place)
    world.to(State.OPEN)
    scan(world, serial)
    key(world, serial, "clerk1", marks, **more)
    key(world, serial, "clerk2", marks, **more)
    (ballot,) = waiting(world, "ballot")
    assert world.sign(ballot, "clerk1", "clerk2") == "appended"
    return serial


def test_two_equal_readings_become_a_ballot_that_two_sign(world: World):
    (serial,) = prepare(world, 0)
    with pytest.raises(keying.NoScan):
        world.to(State.OPEN)
        key(world, serial, "clerk1", AGREE)
    scan(world, serial)
    assert key(world, serial, "clerk1", AGREE) is Stage.KEYED_ONCE
    with pytest.raises(keying.KeyedByYou):
        key(world, serial, "clerk1", AGREE)
    with pytest.raises(keying.NotToKey):
        key(world, serial, "scrutineer1", AGREE)
    assert key(world, serial, "clerk2", AGREE) is Stage.TO_SIGN
    (ballot,) = waiting(world, "ballot")
    assert world.sign(ballot, "clerk1", "clerk2") == "appended"
    assert stage(world, serial) is Stage.LOGGED
    with pytest.raises(keying.NotToKey):
        key(world, serial, "clerk1", OPPOSE)
    world.to(State.CLOSED)
    assert world.problems() == []


def test_what_was_keyed_is_sealed(world: World):
    (serial,) = prepare(world, 0)
    world.to(State.OPEN)
    scan(world, serial)
    key(world, serial, "clerk1", AGREE)
    with world.platform.database.reading() as session:
        (row,) = session.scalars(select(PaperKeying))
        shown = scans.current(session, world.row(), serial)
        assert shown is not None
    assert b"agree" not in row.marks
    assert b"PNG" not in world.platform.files.get(shown.stored)
    assert scans.opened(world.platform, world.row(), shown).startswith(b"\x89PNG")


def test_where_two_read_differently_a_third_settles_and_it_is_recorded_who(world: World):
    (serial,) = prepare(world, 0)
    world.to(State.OPEN)
    scan(world, serial)
    key(world, serial, "clerk1", AGREE)
    assert key(world, serial, "clerk2", OPPOSE) is Stage.DIFFERS
    assert waiting(world, "ballot") == []
    with pytest.raises(keying.NeedsAThird):
        key(world, serial, "clerk2", OPPOSE, settle=True)
    assert key(world, serial, "scrutineer1", OPPOSE, settle=True) is Stage.TO_SIGN
    (ballot,) = waiting(world, "ballot")
    world.sign(ballot, "clerk1", "clerk2")
    with world.platform.database.reading() as session:
        third = session.scalars(select(PaperKeying).where(PaperKeying.place == keying.SETTLED)).one()
        (row,) = session.scalars(select(Ballot))
        entry = casting.opened(world.platform.keys, row.community_id, row.assembly_id, row.leaf, row.entry)
    assert third.person_id == world.officials["scrutineer1"]
    assert entry["choices"] == OPPOSE
    assert entry["evidence"]["serial"] == serial


def test_a_void_opens_the_sheet_again_and_only_one_ballot_stands(world: World):
    serial = logged(world, 0)
    with world.platform.database.writing() as session:
        row, keys = world._row(session), world.platform.keys
        proposal = keying.propose_void(
            session, keys, row, serial, reason="keying-error", by=world.officials["clerk1"], now=world.clock.now()
        ).id
    assert stage(world, serial) is Stage.LOGGED
    world.sign(proposal, "clerk1", "clerk2")
    assert stage(world, serial) is Stage.VOIDED
    key(world, serial, "clerk1", OPPOSE)
    assert key(world, serial, "clerk2", OPPOSE) is Stage.TO_SIGN
    world.sign(waiting(world, "ballot")[0], "clerk1", "clerk2")
    assert stage(world, serial) is Stage.LOGGED
    world.to(State.CLOSED)
    assert world.problems() == []


def test_a_defect_leads_to_a_ruling_that_two_sign(world: World):
    serial = logged(world, 0, {"m1": "multiple-choice", "m2": "agree"})
    with world.platform.database.writing() as session:
        row, keys = world._row(session), world.platform.keys
        by, now = world.officials["clerk1"], world.clock.now()
        (proposal,) = keying.propose_rulings(session, keys, row, serial, by=by, now=now)
        assert keying.propose_rulings(session, keys, row, serial, by=by, now=now) == []
    world.sign(proposal.id, "clerk1", "clerk2")
    with world.platform.database.reading() as session:
        (mark,) = session.scalars(select(BallotMark))
    assert (mark.kind, mark.motion, mark.reason) == ("invalid", "m1", "multiple-choice")


def test_an_unsigned_sheet_is_ruled_invalid_as_a_whole(world: World):
    serial = logged(world, 0, AGREE, whole="unsigned")
    with world.platform.database.writing() as session:
        row, keys = world._row(session), world.platform.keys
        by, now = world.officials["clerk1"], world.clock.now()
        (proposal,) = keying.propose_rulings(session, keys, row, serial, by=by, now=now)
    world.sign(proposal.id, "clerk1", "clerk2")
    with world.platform.database.reading() as session:
        lines = deliveries.ledger(session, world.row())
        assert [line.state for line in lines if line.serial == serial] == ["invalid"]


def test_a_reissued_serial_is_dead_and_the_message_names_the_new_one(world: World):
    (serial,) = prepare(world, 0)
    with world.platform.database.writing() as session:
        row, keys, now = world._row(session), world.platform.keys, world.clock.now()
        fresh = sheets.reissue(session, keys, row, sheets.find(session, row, serial), by=None, now=now).serial
        assert sheets.reissue(session, keys, row, sheets.find(session, row, serial), by=None, now=now).serial == fresh
    assert stage(world, serial) is Stage.ISSUED
    world.sign(waiting(world, "reissue")[0], "clerk1")
    assert stage(world, serial) is Stage.DEAD
    world.to(State.OPEN)
    with pytest.raises(sheets.SheetDead) as refused:
        key(world, serial, "clerk1", AGREE)
    assert refused.value.params == {"serial": serial, "by": fresh}
    scan(world, fresh)
    key(world, fresh, "clerk1", AGREE)
    key(world, fresh, "clerk2", AGREE)
    assert world.sign(waiting(world, "ballot")[0], "clerk1", "clerk2") == "appended"
    world.to(State.CLOSED)
    assert world.problems() == []


def paper_entry(world: World, place: int, serial: str) -> dict[str, object]:
    with world.platform.database.writing() as session:
        return casting.keyed_entry(
            session,
            world.row(),
            elector=world.electors[place],
            choices=AGREE,
            channel="paper",
            evidence={"serial": serial, "scan": "ab" * 32},
            now=world.clock.now(),
        )


def test_the_log_takes_a_serial_only_alive_once_and_for_its_elector(world: World):
    (mine,) = prepare(world, 0)
    world.to(State.OPEN)
    spare = paper.new_serial()
    with pytest.raises(sheets.NoSuchSheet):
        world.propose(paper_entry(world, 0, spare))
    with pytest.raises(sheets.NotThisElectors):
        world.propose(paper_entry(world, 1, mine))
    assert world.enter(paper_entry(world, 0, mine)) == "appended"
    with pytest.raises(sheets.SheetUsed):
        world.propose(paper_entry(world, 0, mine))
    again = record.issue_entry(
        world.row().manifest_hash or "", serial=mine, elector=world.electors[0], time=world.clock.now()
    )
    with pytest.raises(sheets.SerialTaken):
        world.propose(again)


def test_two_ballots_of_one_serial_proposed_at_once_are_not_both_accepted(world: World):
    (mine,) = prepare(world, 0)
    world.to(State.OPEN)
    first, second = (world.propose(paper_entry(world, 0, mine)) for _ in range(2))
    assert world.sign(first, "clerk1", "clerk2") == "appended"
    with pytest.raises(sheets.SheetUsed):
        world.sign(second, "clerk1", "clerk2")


def test_after_the_cut_off_only_sheets_in_hand_are_keyed(world: World):
    in_hand, left = prepare(world, 0, 1)
    world.to(State.OPEN)
    scan(world, in_hand)
    scan(world, left)
    world.to(State.CUT_OFF)
    clerk = world.officials["clerk1"]
    with pytest.raises(sheets.NotInHand):
        key(world, in_hand, "clerk1", AGREE)
    with world.platform.database.writing() as session:
        row, keys, now = world._row(session), world.platform.keys, world.clock.now()
        hand.add(session, row, in_hand.lower(), by=clerk, now=now)
        with pytest.raises(hand.InHandAlready):
            hand.add(session, row, in_hand, by=clerk, now=now)
        listed = hand.propose(session, keys, row, by=clerk, now=now).id
        with pytest.raises(hand.CountWaits):
            hand.add(session, row, left, by=clerk, now=now)
    assert world.sign(listed, "clerk1", "clerk2") == "appended"
    with pytest.raises(sheets.NotInHand):
        key(world, left, "clerk1", AGREE)
    key(world, in_hand, "clerk1", AGREE)
    key(world, in_hand, "clerk2", AGREE)
    assert world.sign(waiting(world, "ballot")[0], "clerk1", "clerk2") == "appended"
    again = record.paper_received_entry(world.row().manifest_hash or "", serials=[left], time=world.clock.now())
    with pytest.raises(hand.CountedBefore):
        world.propose(again)
    world.to(State.CLOSED)
    assert world.problems() == []


def test_a_delivery_is_signed_and_the_ledger_says_how_far_each_ballot_is(world: World):
    serials = prepare(world, 0, 1)
    with world.platform.database.reading() as session:
        building = sheets.of(session, world.row())[0].building_id
    with world.platform.database.writing() as session:
        row, keys, now = world._row(session), world.platform.keys, world.clock.now()
        electors = deliveries.to_deliver(session, row, building, method="in-person")
        assert electors == list(world.electors[:2])
        given = {"method": "in-person", "delivered": now, "by": world.officials["clerk1"], "now": now}
        with pytest.raises(deliveries.NoWitness):
            deliveries.record_some(session, keys, row, electors, note=" ", **given)
        deliveries.record_some(session, keys, row, electors, note="楼长见证", **given)
        assert deliveries.to_deliver(session, row, building, method="in-person") == []
        with pytest.raises(deliveries.NobodyToDeliver):
            deliveries.record_some(session, keys, row, electors, note="楼长见证", **given)
    states = ledger(world)
    assert states[serials[0]] == "issued"
    for proposal in waiting(world, "delivery"):
        world.sign(proposal, "clerk2")
    assert ledger(world)[serials[0]] == "delivered"
    world.to(State.OPEN)
    scan(world, serials[0])
    assert ledger(world)[serials[0]] == "returned"
    key(world, serials[0], "clerk1", AGREE)
    key(world, serials[0], "clerk2", AGREE)
    world.sign(waiting(world, "ballot")[0], "clerk1", "clerk2")
    assert ledger(world)[serials[0]] == "valid"
    assert ledger(world)[serials[1]] == "delivered"


def ledger(world: World) -> dict[str, str]:
    with world.platform.database.reading() as session:
        return {line.serial: line.state for line in deliveries.ledger(session, world.row()) if line.serial}


def test_an_owner_who_opened_the_notice_is_collected_once_and_signed_by_a_clerk(world: World):
    day = today(world.clock.now())
    for _ in range(2):
        with world.platform.database.writing() as session:
            row, now = world._row(session), world.clock.now()
            deliveries.seen(session, row, person_id=world.people[2], now=now, day=day)
    with world.platform.database.writing() as session:
        row, keys, now = world._row(session), world.platform.keys, world.clock.now()
        assert len(deliveries.collected(session, row)) == 1
        assert deliveries.submit_collected(session, keys, row, by=None, now=now) == 1
        assert deliveries.collected(session, row) == []
    (proposal,) = waiting(world, "delivery")
    assert world.sign(proposal, "clerk1") == "appended"
    with world.platform.database.reading() as session:
        (line,) = [line for line in deliveries.ledger(session, world.row()) if line.deliveries]
    assert line.elector == world.electors[2]


def test_a_dropped_ballot_is_proposed_again_or_keyed_anew(world: World):
    (serial,) = prepare(world, 0)
    world.to(State.OPEN)
    scan(world, serial)
    key(world, serial, "clerk1", AGREE)
    key(world, serial, "clerk2", AGREE)
    with world.platform.database.writing() as session:
        proposals.drop(session, world.community, waiting(world, "ballot")[0], reason="", now=world.clock.now())
    assert stage(world, serial) is Stage.STOPPED
    with world.platform.database.writing() as session:
        row, keys, now = world._row(session), world.platform.keys, world.clock.now()
        official = proposals.official(session, row, world.officials["clerk1"])
        assert keying.again(session, keys, row, serial, official=official, now=now).stage is Stage.TO_SIGN
    with world.platform.database.writing() as session:
        assert keying.key_anew(session, world._row(session), serial, now=world.clock.now()).stage is Stage.SCANNED
    assert waiting(world, "ballot") == []


def test_a_scan_stays_with_its_sheet_once_somebody_has_keyed_it(world: World):
    first, second = prepare(world, 0, 1)
    world.to(State.OPEN)
    scan(world, first)
    key(world, first, "clerk1", AGREE)
    with pytest.raises(scans.KeyedAlready):
        scan(world, first)
    with world.platform.database.writing() as session:
        row = world._row(session)
        moved = scans.current(session, row, first)
        assert moved is not None
        with pytest.raises(scans.KeyedAlready):
            scans.put(session, row, moved, second, by=world.officials["clerk1"], now=world.clock.now())


def test_whoever_changed_a_scan_does_not_key_the_sheet_and_those_who_do_see_both(world: World):
    first, second = prepare(world, 0, 1)
    world.to(State.OPEN)
    scan(world, first)
    scan(world, second)
    scan(world, first)
    with pytest.raises(keying.ScanChangedByYou):
        key(world, first, "clerk1", AGREE)
    key(world, second, "clerk1", AGREE)
    with pytest.raises(keying.NotToKey):
        key(world, second, "counter1", AGREE)
    key(world, first, "clerk2", AGREE)
    assert key(world, first, "counter1", AGREE) is Stage.TO_SIGN
    with world.platform.database.reading() as session:
        row = world.row()
        here = keying.standing(session, row, sheets.find(session, row, first))
        assert len(here.earlier) == 1
        assert here.scan is not None
        assert here.earlier[0].dropped_at == here.scan.put_at
        assert keying.standing(session, row, sheets.find(session, row, second)).earlier == ()


def test_a_scan_put_to_another_sheet_stays_to_be_seen_with_the_first(world: World):
    first, second = prepare(world, 0, 1)
    world.to(State.OPEN)
    scan(world, first)
    with world.platform.database.writing() as session:
        row = world._row(session)
        moved = scans.current(session, row, first)
        assert moved is not None
        scans.put(session, row, moved, second, by=world.officials["clerk2"], now=world.clock.now())
        assert scans.current(session, row, first) is None
        assert [one.sha256 for one in scans.earlier(session, row)[first]] == [moved.sha256]
        assert scans.current(session, row, second) == moved


def test_only_who_keys_or_rules_may_see_a_scan(world: World):
    (serial,) = prepare(world, 0)
    world.to(State.OPEN)
    scan(world, serial)

    def may(name: str) -> bool:
        with world.platform.database.reading() as session:
            row = world.row()
            here = keying.standing(session, row, sheets.find(session, row, serial))
            official = proposals.official(session, row, world.officials[name])
            try:
                keying.check_may_see(session, world.platform.keys, row, here, official)
            except keying.NotForYou:
                return False
            return True

    assert [may(name) for name in ("clerk1", "clerk2", "counter1")] == [True, True, False]
    key(world, serial, "clerk1", AGREE)
    assert [may(name) for name in ("clerk1", "clerk2", "counter1")] == [False, True, False]
    key(world, serial, "clerk2", OPPOSE)
    assert [may(name) for name in ("clerk1", "clerk2", "counter1")] == [False, False, True]
    key(world, serial, "counter1", AGREE, settle=True)
    assert [may(name) for name in ("clerk1", "clerk2", "scrutineer1")] == [True, True, False], "who signs it"
    world.sign(waiting(world, "ballot")[0], "clerk1", "clerk2")
    assert [may(name) for name in ("clerk1", "clerk2", "counter1")] == [False, False, False]


def test_sheets_are_made_only_where_paper_is_a_channel(platform: Platform, clock: FrozenClock):
    world = a_world(platform, clock, owners=2, staffed=True)
    with pytest.raises(sheets.NoPaper):
        prepare(world, 0)


def test_an_unsigned_sheet_can_be_withdrawn_and_a_signed_one_stays(world: World):
    with world.platform.database.writing() as session:
        row, keys, now = world._row(session), world.platform.keys, world.clock.now()
        (sheet,) = sheets.prepare(session, keys, row, [world.electors[0]], by=None, now=now)
        assert sheets.prepare(session, keys, row, [world.electors[0]], by=None, now=now) == []
        sheets.withdraw(session, row, sheet, now=now)
    with world.platform.database.reading() as session:
        assert session.scalars(select(PaperSheet)).all() == []
        assert [row.state for row in session.scalars(select(Proposal))] == ["dropped"]
    (serial,) = prepare(world, 0)
    with world.platform.database.writing() as session, pytest.raises(Refusal):
        row = world._row(session)
        sheets.withdraw(session, row, sheets.find(session, row, serial), now=world.clock.now())


def test_a_reading_knows_blanks_from_oversights():
    reading = paper.read_keying(("m1", "m2"), {"m1": "blank", "m2": "agree"}, [])
    assert reading == Keyed({"m2": "agree"}, frozenset())
    with pytest.raises(paper.WrongMarks):
        paper.read_keying(("m1", "m2"), {"m2": "agree"}, [])


def test_what_came_on_paper_is_in_the_package_that_verifies(world: World):
    serial = logged(world, 0, {"m1": "multiple-choice", "m2": "agree"})
    with world.platform.database.writing() as session:
        row, keys = world._row(session), world.platform.keys
        by, now = world.officials["clerk1"], world.clock.now()
        (ruling,) = keying.propose_rulings(session, keys, row, serial, by=by, now=now)
    world.sign(ruling.id, "clerk1", "scrutineer1")
    for place in range(1, 5):
        world.cast(place, m1="agree", m2="agree")
    world.to(State.ANNOUNCED)
    with world.platform.database.reading() as session:
        data = packages.build(session, world.platform.keys, world.row(), Form.FULL)
        tally = canonical.decode(tallying.tally_of(session, world.row()).full)
    satisfied, said = packages.verify(data, "--assembly", world.row().manifest_hash or "")
    assert satisfied, said
    assert tally["paper"]["issued"] == 1
