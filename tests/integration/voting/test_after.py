"""After the close: the day to announce, and evidence that stays (rules.md R1.39, R1.11)."""

from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import DatabaseError

from hoa.db import Base
from hoa.kernel import packs
from hoa.kernel.clock import CHINA, FrozenClock, today
from hoa.kernel.errors import Refusal
from hoa.kernel.posts import COMMITTEE_CHAIR, STREET_OFFICER, SUPERVISOR
from hoa.migrations.guards import _tag
from hoa.platform import Platform
from tests.integration.community.scene import post, signed_in
from tests.integration.voting.test_sample import in_post
from tests.integration.voting.world import World, a_world
from voting.rules.afterwards import a_year_after, announcement
from voting.rules.life import State
from voting.service import aftermath, drafts, minutes, officials, sampling
from voting.tables import Motion, Official

BASE = "/c/WTY/assemblies/2026-01"
HOME = "/c/WTY/"
# What is evidence of the record itself: a row of it goes for nobody.
RECORD = (
    "assembly",
    "motion",
    "roll_entry",
    "roll_unit",
    "ballot",
    "log_entry",
    "tree_head",
    "assembly_event",
    "counted_row",
    "assembly_tally",
    "assembly_file",
    "sample_draw",
    "sample_row",
)


@pytest.fixture
def world(platform: Platform, clock: FrozenClock) -> World:
    made = a_world(platform, clock, owners=3, staffed=False)
    made.to(State.OPEN)
    made.cast(0, m1="agree", m2="agree")
    return made


def hold(world: World, until: date, reason: str = "法院立案，案号 1") -> None:
    with world.platform.database.writing() as session:
        aftermath.hold(
            session,
            world.platform.keys,
            world.community,
            world.assembly,
            until=until,
            reason=reason,
            by=world.chair,
            now=world.clock.now(),
        )


def refuses_deletion(world: World, name: str) -> bool:
    """Whether the database itself keeps the rows of a table, which must have some."""
    table = Base.metadata.tables[name]
    with world.platform.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(table)), f"{name} is empty: nothing was tried"
    try:
        with world.platform.database.writing() as session:
            session.execute(delete(table))
    except DatabaseError:
        return True
    return False


def locked_until(world: World) -> date | None:
    with world.platform.database.reading() as session:
        held = aftermath.lock(session, world.row())
    return None if held is None else held.until


def test_nothing_of_a_noticed_assembly_can_be_deleted(world: World) -> None:
    with world.platform.database.reading() as session:
        motion = session.scalars(select(Motion)).first()
        assert motion is not None
    with pytest.raises(Refusal), world.platform.database.writing() as session:
        drafts.remove_motion(session, world.community, world.assembly, motion.id)
    world.to(State.ANNOUNCED)
    for name in RECORD:
        assert refuses_deletion(world, name), name


def test_officials_of_a_noticed_assembly_stay(platform: Platform, clock: FrozenClock) -> None:
    world = a_world(platform, clock, owners=3, staffed=True)
    with platform.database.reading() as session:
        official = session.scalars(select(Official)).first()
        assert official is not None
    with pytest.raises(Refusal), platform.database.writing() as session:
        officials.remove(session, world.row(), official.id)


def test_evidence_stays_a_year_after_the_announcement_and_longer_when_a_suit_is_filed(world: World) -> None:
    with pytest.raises(aftermath.NotAnnounced):
        hold(world, date(2030, 1, 1))
    world.to(State.ANNOUNCED)
    year = a_year_after(today(world.clock.now()))
    assert locked_until(world) == year
    with pytest.raises(aftermath.NotLonger):
        hold(world, year)
    with pytest.raises(aftermath.NoReason):
        hold(world, year + timedelta(days=1), reason="")
    hold(world, year + timedelta(days=400))
    assert locked_until(world) == year + timedelta(days=400)


def test_a_year_after_a_leap_day_ends_in_february() -> None:
    assert a_year_after(date(2028, 2, 29)) == date(2029, 2, 28)
    assert a_year_after(date(2026, 11, 21)) == date(2027, 11, 21)


def test_supervisors_and_authorities_extend_on_the_page_and_others_only_look(app: Flask, world: World) -> None:
    world.to(State.ANNOUNCED)
    until = (a_year_after(today(world.clock.now())) + timedelta(days=30)).isoformat()
    data = {"until": until, "reason": "法院立案"}
    chair = signed_in(app, world.platform, in_post(world, "主任", COMMITTEE_CHAIR))
    assert "延长保存" not in chair.get(f"{BASE}/after").text
    assert post(chair, f"{BASE}/after/hold", data, page=f"{BASE}/check").status_code == 403
    officer = signed_in(app, world.platform, in_post(world, "街道", STREET_OFFICER))
    short = {"until": world.clock.now().date().isoformat(), "reason": "法院立案"}
    assert "要比它晚" in post(officer, f"{BASE}/after/hold", short, page=f"{BASE}/after").text
    assert post(officer, f"{BASE}/after/hold", data, page=f"{BASE}/after").status_code in (302, 303)
    assert "法院立案" in chair.get(f"{BASE}/after").text
    assert signed_in(app, world.platform, world.people[0]).get(f"{BASE}/after").status_code == 403


def test_a_result_that_is_late_is_told_to_conveners_supervisors_and_authorities(app: Flask, world: World) -> None:
    world.to(State.CLOSED)
    chair = in_post(world, "主任", COMMITTEE_CHAIR)
    supervisor, officer = in_post(world, "监督员", SUPERVISOR), in_post(world, "街道", STREET_OFFICER)
    with world.platform.database.reading() as session:
        due = aftermath.deadline(session, world.row())
    assert due is not None
    assert "逾期没有公布" not in signed_in(app, world.platform, supervisor).get(HOME).text
    assert "请计票" in signed_in(app, world.platform, chair).get(HOME).text
    world.clock.moment = datetime.combine(due.last_day + timedelta(days=2), world.clock.now().time(), CHINA)
    assert "逾期没有公布" in signed_in(app, world.platform, supervisor).get(HOME).text
    assert "请计票" in signed_in(app, world.platform, officer).get(HOME).text, "the street office convenes as well"
    assert "已超期 2 天" in signed_in(app, world.platform, chair).get(f"{BASE}/after").text


@pytest.mark.parametrize("pack", packs.all_packs(), ids=lambda pack: pack.code)
def test_every_pack_says_when_a_result_must_be_announced(pack: packs.RulePack) -> None:
    closed = datetime(2026, 11, 21, 18, tzinfo=CHINA)
    due = announcement(pack, closed)
    assert due.last_day == date(2026, 11, 21) + timedelta(days=due.days)
    assert not due.overdue(datetime.combine(due.last_day, closed.time(), CHINA))
    assert due.overdue(datetime.combine(due.last_day + timedelta(days=1), closed.time(), CHINA))
    if pack.code == "cn-beijing":
        assert due.days <= 3


def edited(world: World, statement: str, guard: str) -> list[str]:
    """What `hoa verify` says after somebody with the database dropped a trigger and edited a row."""
    with world.platform.database.writing() as session:
        on = "" if session.get_bind().dialect.name == "sqlite" else f" ON {guard.split('|')[1]}"
        session.execute(text(f"DROP TRIGGER {guard.split('|')[0]}{on}"))
        session.execute(text(statement))
    return world.problems()


def test_verify_names_an_edited_answer_a_swapped_draw_and_a_shortened_hold(world: World) -> None:
    world.to(State.CLOSED)
    with world.platform.database.writing() as session:
        keys, now = world.platform.keys, world.clock.now()
        sampling.draw(session, keys, world.community, world.assembly, by=world.chair, now=now)
        sampling.answer(
            session,
            keys,
            world.community,
            world.assembly,
            elector=world.electors[0],
            result="denied",
            note="",
            by=world.chair,
            now=now,
        )
    world.to(State.ANNOUNCED)
    hold(world, date(2040, 1, 1))
    with world.platform.database.writing() as session:
        minutes.add_note(
            session, keys, world.community, world.assembly, text="说明", by=world.chair, now=world.clock.now()
        )
        minutes.finish(session, keys, world.community, world.assembly, by=world.chair, now=world.clock.now())
    assert world.problems() == []
    for table, statement in (
        ("sample_answer", "UPDATE sample_answer SET result = 'confirmed'"),
        ("sample_row", "UPDATE sample_row SET position = 7"),
        ("evidence_hold", "UPDATE evidence_hold SET reason = '撤诉'"),
        ("minutes_note", "UPDATE minutes_note SET text = '没有说明'"),
    ):
        guard = f"guard_{table}_update_{_tag(f'{table} is evidence of an assembly')}|{table}"
        found = edited(world, statement, guard)
        assert any(table in problem for problem in found), (table, found)
