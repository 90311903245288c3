"""A live meeting (rules.md R1.28): desks, check-in once per elector, the wall, ballots keyed at the desk."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from hoa.community.tables import Owner, Ownership
from hoa.kernel.clock import FrozenClock
from hoa.platform import Platform
from tests.integration.community.scene import post, signed_in, work
from tests.integration.people import a_person
from tests.integration.voting.world import World, a_world
from voting.rules.life import State
from voting.service import casting, meeting, proposals
from voting.tables import CheckIn, MeetingDesk, Proposal

BASE = "/c/WTY/assemblies/2026-01"


@pytest.fixture
def world(platform: Platform, clock: FrozenClock) -> World:
    made = a_world(platform, clock, owners=9, staffed=True, channels=["meeting", "online"])
    made.to(State.OPEN)
    return made


def official(app: Flask, world: World, name: str = "clerk1") -> FlaskClient:
    return signed_in(app, world.platform, world.officials[name])


def desk(world: World, name: str = "一号台") -> str:
    with world.platform.database.writing() as session:
        by = world.officials["clerk1"]
        return meeting.add_desk(session, world.row(), name=name, by=by, now=world.clock.now()).id


def owner_id(world: World, place: int) -> str:
    with world.platform.database.reading() as session:
        return session.scalars(select(Owner.id).where(Owner.person_id == world.people[place])).one()


def come(world: World, place: int, desk_id: str) -> None:
    with world.platform.database.writing() as session:
        meeting.check_in(
            session,
            world.row(),
            elector=world.electors[place],
            visitor=meeting.Visitor(owner_id=owner_id(world, place)),
            desk_id=desk_id,
            by=world.officials["clerk1"],
            now=world.clock.now(),
        )


def wall(world: World) -> meeting.Quorum | None:
    with world.platform.database.reading() as session:
        return meeting.quorum(session, world.row(), now=world.clock.now())


def test_the_wall_counts_an_elector_once_and_says_what_is_missing_as_of_the_minute(world: World) -> None:
    assert wall(world) is None, "without a desk the turnout of the minute is nobody's business"
    first = desk(world)
    world.cast(0, m1="agree")
    come(world, 0, first)
    come(world, 1, first)
    seen = wall(world)
    assert seen is not None
    assert seen.here == (2, 8000 + 8100)
    assert not seen.reached
    assert seen.missing.heads == 6 - 2
    assert seen.missing.area == -(-2 * sum(8000 + 100 * n for n in range(9)) // 3) - 16100
    world.clock.advance(seconds=20)
    come(world, 2, first)
    assert wall(world) == seen, "somebody who came this minute shows in the next one"
    world.clock.advance(seconds=60)
    later = wall(world)
    assert later is not None
    assert later.here.heads == 3


def test_one_elector_is_present_once_and_may_come_again_after_leaving(world: World) -> None:
    first = desk(world)
    come(world, 0, first)
    with pytest.raises(meeting.PresentAlready):
        come(world, 0, first)
    with world.platform.database.writing() as session:
        meeting.check_out(
            session, world.row(), elector=world.electors[0], by=world.officials["clerk2"], now=world.clock.now()
        )
    world.clock.advance(minutes=5)
    come(world, 0, first)
    with world.platform.database.reading() as session:
        rows = session.scalars(select(CheckIn).order_by(CheckIn.at)).all()
    assert [row.left_by for row in rows] == [world.officials["clerk2"], None]
    assert {row.checked_by for row in rows} == {world.officials["clerk1"]}


def test_below_the_level_nobody_is_checked_in_and_the_page_says_where_to_go(app: Flask, world: World) -> None:
    first = desk(world)
    with world.platform.database.writing() as session:
        for row in session.scalars(select(Ownership)):
            row.level = "V1"
    with pytest.raises(meeting.LevelTooLow):
        come(world, 0, first)
    page = official(app, world).get(f"{BASE}/meeting/electors/{world.electors[0]}").text
    assert "还不能签到" in page
    assert "核验点" in page


def test_an_official_finds_the_owner_by_the_code_on_the_owners_page_until_it_is_old(app: Flask, world: World) -> None:
    owner = signed_in(app, world.platform, world.people[3])
    page = owner.get(f"{BASE}/check-in-code").text
    found = re.search(r'receipt-code">(\d{4} \d{4})<', page)
    assert found
    clerk = official(app, world)
    assert clerk.get(f"{BASE}/meeting/find?q={found[1]}").headers["Location"].endswith(world.electors[3])
    assert clerk.get(f"{BASE}/meeting/find?q=1幢1单元0401").headers["Location"].endswith(world.electors[3])
    assert "名册上没有" in clerk.get(f"{BASE}/meeting/find?q=9幢9单元1").text
    world.clock.advance(minutes=11)
    assert "签到码不对" in clerk.get(f"{BASE}/meeting/find?q={found[1]}").text
    stranger = signed_in(app, world.platform, a_person(world.platform, "外人"))
    assert stranger.get(f"{BASE}/check-in-code").status_code == 403
    assert stranger.get(f"{BASE}/meeting/find?q={found[1]}").status_code == 403
    assert stranger.get(f"{BASE}/meeting").status_code == 403


def test_a_ballot_at_the_desk_is_keyed_signed_by_two_and_seen_by_its_owner(app: Flask, world: World) -> None:
    clerk = official(app, world)
    assert post(clerk, f"{BASE}/meeting/desks", {"name": "一号台"}, page=f"{BASE}/meeting").status_code == 302
    with world.platform.database.reading() as session:
        first = session.scalars(select(MeetingDesk.id)).one()
    page = f"{BASE}/meeting/electors/{world.electors[0]}"
    assert "没有签到" in clerk.get(f"{page}/ballot").text
    came = post(clerk, page, {"visitor": f"owner:{owner_id(world, 0)}", "desk": first})
    assert came.status_code == 302
    sent = post(clerk, f"{page}/ballot", {"choice-m1": "agree", "choice-m2": "oppose"})
    assert sent.headers["Location"].endswith("/sign")
    again = post(clerk, f"{page}/ballot", {"choice-m1": "agree"})
    assert "等签名" in again.text
    with world.platform.database.reading() as session:
        proposal = session.scalars(select(Proposal.id)).one()
    assert world.sign(proposal, "clerk1", "clerk2") == "appended"
    with world.platform.database.reading() as session:
        (ballot,) = casting.my_ballots(session, world.row(), world.electors[0])
        entry = casting.opened(world.platform.keys, world.community, world.assembly, ballot.leaf, ballot.entry)
    assert entry["evidence"] == {"desk": "一号台"}
    assert entry["choices"] == {"m1": "agree", "m2": "oppose"}
    owner = signed_in(app, world.platform, world.people[0])
    assert "现场会议" in owner.get(f"{BASE}/receipt/{world.electors[0]}").text
    refused = post(clerk, f"{page}/ballot", {"choice-m1": "agree"})
    assert "已经投过" in refused.text
    assert post(clerk, f"{page}/leave", page=f"{BASE}/meeting").status_code == 302
    world.to(State.CLOSED)
    assert world.problems() == []


def test_without_a_check_in_no_ballot_is_keyed(world: World) -> None:
    desk(world)
    with world.platform.database.writing() as session, pytest.raises(meeting.NotPresent):
        meeting.key_ballot(
            session,
            world.platform.keys,
            world.row(),
            elector=world.electors[0],
            choices={"m1": "agree"},
            by=world.officials["clerk1"],
            now=world.clock.now(),
        )
    with world.platform.database.reading() as session:
        assert proposals.waiting(session, world.platform.keys, world.row()) == []


def test_the_wall_is_for_everybody_and_tells_no_choice(app: Flask, world: World) -> None:
    first = desk(world)
    come(world, 0, first)
    world.cast(1, m1="agree", m2="oppose")
    page = app.test_client().get(f"{BASE}/meeting/wall")
    assert page.status_code == 200
    assert "还差" in page.text
    assert page.headers["Refresh"] == "30", "it looks again by itself, without a script"
    assert not re.search("同意|反对|弃权", page.text.replace("参加表决", ""))
    with world.platform.database.writing() as session:
        meeting.close_desk(session, world.row(), first, now=world.clock.now())
    assert "没有现场会议" in app.test_client().get(f"{BASE}/meeting/wall").text


def test_the_attendance_list_leaves_as_csv_workbook_and_pdf(app: Flask, world: World) -> None:
    come(world, 0, desk(world))
    clerk = official(app, world)
    csv = clerk.get(f"{BASE}/meeting/attendance.csv").data.decode("utf-8-sig")
    assert "业主0" in csv
    assert "一号台" in csv
    assert clerk.get(f"{BASE}/meeting/attendance.xlsx").data.startswith(b"PK")
    assert clerk.get(f"{BASE}/meeting/attendance.doc").status_code == 404
    assert clerk.get(f"{BASE}/meeting/attendance.pdf").status_code == 202
    work(world.platform)
    assert clerk.get(f"{BASE}/meeting/attendance.pdf").data.startswith(b"%PDF")
    owner = signed_in(app, world.platform, world.people[0])
    assert owner.get(f"{BASE}/meeting/attendance.csv").status_code == 403


def test_where_the_notice_has_no_meeting_there_is_no_desk(platform: Platform, clock: FrozenClock) -> None:
    world = a_world(platform, clock, owners=3, staffed=True, channels=["online"])
    world.to(State.OPEN)
    with pytest.raises(meeting.NotAMeeting):
        desk(world)
