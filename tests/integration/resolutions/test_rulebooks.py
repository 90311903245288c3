"""Rulebooks: the first version on a basis in words, every later one by the assembly's resolution alone."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from hoa.bulletin.tables import Publication
from hoa.kernel.clock import FrozenClock, today
from hoa.kernel.posts import COMMITTEE_CHAIR, COMMITTEE_SECRETARY
from hoa.platform import Platform
from hoa.resolutions import rulebooks, service
from tests.integration.community.scene import post, signed_in, work
from tests.integration.people import a_community, a_person
from tests.integration.voting.test_pages import in_post
from tests.integration.voting.world import World

FIRST = "业主大会议事规则\n第一条 业主大会由全体业主组成。\n第二条 一名代理人最多代理三名业主。\n"
SECOND = FIRST.replace("三名", "五名")


@pytest.fixture
def here(platform: Platform) -> str:
    return a_community(platform)


def adopted(platform: Platform, here: str, words: str = FIRST) -> str:
    """The id of a first version in force."""
    by, other, now = a_person(platform), a_person(platform), platform.now()
    how = {"basis": "首次业主大会会议", "effective_on": today(now), "now": now}
    with platform.database.writing() as session:
        row = rulebooks.draft(session, here, kind="procedure", text=words, by=by, now=now)
        with pytest.raises(rulebooks.OwnDraft):
            rulebooks.adopt_first(session, here, row.id, by=by, **how)
        rulebooks.adopt_first(session, here, row.id, by=other, **how)
        return row.id


def test_the_first_version_rests_on_words_and_no_other_does(platform: Platform, here: str):
    adopted(platform, here)
    by, now = a_person(platform), platform.now()
    with platform.database.writing() as session:
        row = rulebooks.draft(session, here, kind="procedure", text=SECOND, by=None, now=now)
        with pytest.raises(rulebooks.NotTheFirst):
            rulebooks.adopt_first(session, here, row.id, basis="我们定的", effective_on=today(now), by=by, now=now)
    with platform.database.reading() as session:
        assert [row.number for row in rulebooks.versions(session, here, "procedure")] == [1]
        assert session.scalars(select(Publication.kind)).all() == ["rulebook"]


def test_a_resolution_on_the_right_matter_gives_a_draft_force_and_another_does_not(platform: Platform, here: str):
    adopted(platform, here)
    by, now = a_person(platform), platform.now()
    with platform.database.writing() as session:
        row = rulebooks.draft(session, here, kind="procedure", text=SECOND, by=by, now=now)
        decided = {
            matter: service.enter(
                session,
                here,
                source="assembly",
                title="修改",
                text="修改",
                decided_on=today(now),
                matter=matter,
                by=by,
                now=now,
            )
            for matter in ("M2", "M1")
        }
        assert rulebooks.adopt(session, decided["M2"], sha256=row.sha256, by=by, now=now) is None
        assert rulebooks.adopt(session, decided["M1"], sha256="0" * 64, by=by, now=now) is None
        made = rulebooks.adopt(session, decided["M1"], sha256=row.sha256, by=by, now=now)
        assert made is not None
        assert (made.number, made.resolution_id) == (2, decided["M1"].id)
        assert rulebooks.adopt(session, decided["M1"], sha256=row.sha256, by=by, now=now) is None
    with platform.database.reading() as session:
        assert rulebooks.current(session, here, "procedure", on=today(now)).text == SECOND
        assert rulebooks.current(session, here, "procedure", on=today(now) - timedelta(days=1)) is None
        assert rulebooks.verify(platform, session, here) == []


def test_words_of_a_version_and_everything_of_one_in_force_are_final(platform: Platform, here: str):
    number_one = adopted(platform, here)
    now = platform.now()
    with platform.database.writing() as session:
        row = rulebooks.draft(session, here, kind="covenant", text=SECOND, by=None, now=now)
    for statement in (
        f"UPDATE rulebook_version SET text = 'x' WHERE id = '{row.id}'",
        f"UPDATE rulebook_version SET basis = 'x' WHERE id = '{number_one}'",
        f"DELETE FROM rulebook_version WHERE id = '{row.id}'",
    ):
        with pytest.raises(DBAPIError), platform.database.writing() as session:
            session.execute(text(statement))


def test_the_same_words_again_are_no_new_version_and_a_discarded_draft_is_gone_from_the_desk(
    platform: Platform, here: str
):
    adopted(platform, here)
    now = platform.now()
    with platform.database.writing() as session:
        with pytest.raises(rulebooks.NothingChanged):
            rulebooks.draft(session, here, kind="procedure", text=FIRST + "\n", by=None, now=now)
        row = rulebooks.draft(session, here, kind="procedure", text=SECOND, by=None, now=now)
        assert rulebooks.draft(session, here, kind="procedure", text=SECOND, by=None, now=now).id == row.id
        rulebooks.discard(session, here, row.id, now=now)
        assert rulebooks.drafts(session, here) == []


def test_one_brings_the_first_version_another_registers_it_and_anybody_reads_and_downloads_it(
    app: Flask, platform: Platform, clock: FrozenClock, here: str
):
    world = World(platform, clock, here, [], "")
    secretary = signed_in(app, platform, in_post(world, a_person(platform), COMMITTEE_SECRETARY))
    base = "/c/WTY/rulebooks"
    wrong = post(secretary, f"{base}/procedure/new", {"text": FIRST.replace("第二条", "第四条")})
    assert "第 3 行写的是“第四条”，按顺序应当是“第二条”" in wrong.text
    made = post(secretary, f"{base}/procedure/new", {"text": FIRST})
    page = made.headers["Location"]
    first = {"basis": "首次业主大会会议", "effective_on": "2026-01-01"}
    assert "请把本页地址发给另一位有权的人" in secretary.get(page).text
    chair = signed_in(app, platform, in_post(world, a_person(platform), COMMITTEE_CHAIR))
    csrf_page = f"{base}/procedure/new"
    assert "请把本页地址发给另一位有权的人" in post(secretary, page + "/first", first, page=csrf_page).text
    done = post(chair, page + "/first", first, page=page)
    assert done.headers["Location"].endswith("/rulebooks/procedure/1")
    anybody = app.test_client()
    shown = anybody.get(done.headers["Location"]).text
    assert 'id="第二条"' in shown
    assert "首次业主大会会议" in shown
    assert anybody.get(f"{base}/procedure/1/text").data.decode() == FIRST
    assert anybody.get(f"{base}/procedure/2").status_code == 404
    assert anybody.get(f"{base}/other/1").status_code == 404
    assert anybody.get(f"{base}/").status_code == 200
    post(secretary, f"{base}/procedure/new", {"text": SECOND})
    work(platform)
    assert "草案" in secretary.get(f"{base}/").text
    assert "草案" not in anybody.get(f"{base}/").text
