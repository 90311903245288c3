"""Handing over: who has to and by when, two people's word on each thing, what is missing, and what the street sees."""

from datetime import date, timedelta

import pytest
from flask import Flask

from hoa.kernel.clock import FrozenClock, today
from hoa.kernel.errors import NotAllowed
from hoa.kernel.posts import COMMITTEE_CHAIR, COMMITTEE_MEMBER, RESIDENTS_STAFF, STREET_OFFICER, Post
from hoa.offices import handover, reelection
from hoa.offices import service as offices
from hoa.offices.after_tables import Handover, HandoverMark
from hoa.offices.handover import Word
from hoa.offices.reelection import Stage
from hoa.platform import Platform
from tests.integration.community.scene import post, signed_in, work
from tests.integration.people import a_community, a_person


class Scene:
    """A committee of a chair and two members until a day, with the residents' committee and the street beside it."""

    def __init__(self, platform: Platform, clock: FrozenClock) -> None:
        self.platform, self.clock = platform, clock
        self.community = a_community(platform)
        self.people: dict[str, str] = {}
        self.held: dict[str, str] = {}
        for name, post_, days in (
            ("主任", COMMITTEE_CHAIR, 200),
            ("委员甲", COMMITTEE_MEMBER, 200),
            ("委员乙", COMMITTEE_MEMBER, 200),
            ("小林", RESIDENTS_STAFF, 1500),
            ("老贺", STREET_OFFICER, 1500),
        ):
            self.appoint(name, post_, days)

    def appoint(self, name: str, post_: Post, days: int) -> None:
        self.people.setdefault(name, a_person(self.platform, name))
        with self.platform.database.writing() as session:
            self.held[name] = offices.appoint(
                session,
                self.community,
                post=post_,
                person_id=self.people[name],
                starts_at=self.clock.now(),
                ends_at=self.clock.now() + timedelta(days=days),
                basis="选举",
                by=None,
                now=self.clock.now(),
            ).id

    def leave(self, name: str) -> None:
        self.clock.advance(days=1)
        with self.platform.database.writing() as session:
            offices.end(
                session,
                self.community,
                office_id=self.held[name],
                basis="辞职",
                by=self.people["小林"],
                now=self.clock.now(),
            )

    def states(self) -> list[handover.State]:
        with self.platform.database.reading() as session:
            return handover.states(session, self.community, self.clock.now())

    def begin(self, by: str = "小林") -> Handover:
        subject = self.states()[0].departure.subject
        with self.platform.database.writing() as session:
            return handover.begin(session, self.community, subject, "", self.people[by], self.clock.now())

    def lines(self, row: Handover) -> list[handover.Line]:
        with self.platform.database.reading() as session:
            return handover.lines(session, row)

    def say(self, row: Handover, place: int, word: Word, by: str, note: str = "") -> HandoverMark:
        self.clock.advance(minutes=1)
        item = self.lines(row)[place].item.id
        with self.platform.database.writing() as session:
            return handover.mark(
                session, self.community, item, word=word, note=note, by=self.people[by], now=self.clock.now()
            )


@pytest.fixture
def scene(platform: Platform, clock: FrozenClock) -> Scene:
    return Scene(platform, clock)


def test_a_member_who_leaves_hands_over_within_the_packs_days_though_nobody_began_it(scene: Scene) -> None:
    assert scene.states() == []
    scene.leave("委员甲")
    (state,) = scene.states()
    assert state.departure.person_id == scene.people["委员甲"]
    # Left on Wednesday, 21 October 2026: three days later is a Saturday, so the following Monday.
    assert state.departure.left_on == date(2026, 10, 21)
    assert state.departure.due.last_day == date(2026, 10, 26)
    assert state.handover is None
    assert not state.done


def test_each_thing_needs_the_word_of_two_people_under_their_own_accounts(scene: Scene) -> None:
    scene.leave("委员甲")
    row = scene.begin()
    assert scene.begin().id == row.id
    with pytest.raises(handover.NotGivenYet):
        scene.say(row, 0, Word.TAKEN, "主任")
    for by in ("委员乙", "小林"):
        with pytest.raises(NotAllowed):
            scene.say(row, 0, Word.GIVEN, by)
    scene.say(row, 0, Word.GIVEN, "委员甲")
    with pytest.raises(NotAllowed):
        scene.say(row, 0, Word.TAKEN, "委员甲")
    scene.say(row, 0, Word.TAKEN, "主任")
    with pytest.raises(handover.AlreadySettled):
        scene.say(row, 0, Word.MISSING, "主任", "不见了")
    (state,) = scene.states()
    assert (state.settled, state.total) == (1, 8)


def test_the_platforms_own_keys_are_on_the_list_and_wait_for_the_end_of_the_office(scene: Scene) -> None:
    scene.leave("委员甲")
    row = scene.begin()
    (place,) = [at for at, line in enumerate(scene.lines(row)) if line.item.kind == "platform"]
    scene.appoint("委员甲", COMMITTEE_MEMBER, 100)
    with pytest.raises(handover.StillInOffice):
        scene.say(row, place, Word.GIVEN, "委员甲")


def test_what_is_missing_is_said_with_words_and_may_still_be_given(scene: Scene) -> None:
    scene.leave("委员甲")
    row = scene.begin()
    with pytest.raises(handover.SayWhatIsMissing):
        scene.say(row, 2, Word.MISSING, "主任")
    scene.say(row, 2, Word.MISSING, "主任", "第四季度凭证")
    assert scene.states()[0].missing == 1
    scene.say(row, 2, Word.GIVEN, "委员甲")
    scene.say(row, 2, Word.TAKEN, "委员乙")
    assert (scene.states()[0].missing, scene.states()[0].settled) == (0, 1)


def test_once_everything_is_confirmed_nothing_is_late(scene: Scene) -> None:
    scene.leave("委员甲")
    row = scene.begin()
    for place in range(len(scene.lines(row))):
        scene.say(row, place, Word.NONE if place else Word.GIVEN, "委员甲")
        scene.say(row, place, Word.TAKEN, "主任")
    scene.clock.advance(days=100)
    (state,) = scene.states()
    assert state.done
    assert state.late(today(scene.clock.now())) == 0


def test_a_term_that_ends_is_handed_over_by_the_committee_and_without_a_new_one_to_the_residents_committee(
    scene: Scene,
) -> None:
    scene.clock.advance(days=201)
    (state,) = scene.states()
    assert state.departure.person_id is None
    row = scene.begin()
    with scene.platform.database.reading() as session:
        assert handover.givers(session, row) == {scene.people[name] for name in ("主任", "委员甲", "委员乙")}
        assert handover.takers(session, row, scene.clock.now()) == {scene.people["小林"], scene.people["老贺"]}


def test_the_alarm_rings_with_the_packs_lead_then_for_the_group_then_for_the_term(scene: Scene) -> None:
    def stage() -> Stage | None:
        with scene.platform.database.reading() as session:
            found = reelection.alarm(session, scene.community, scene.clock.now())
        return found.stage if found else None

    # The term's last day is 8 May 2027, so re-election is due from 8 February on, and the group by 9 April.
    assert stage() is None
    scene.clock.advance(days=110)  # 7 February
    assert stage() is None
    scene.clock.advance(days=1)
    assert stage() is Stage.PREPARE
    scene.clock.advance(days=65)  # 14 April
    assert stage() is Stage.NO_GROUP
    scene.clock.advance(days=30)
    assert stage() is Stage.ENDED


def test_what_is_overdue_stands_on_the_street_officers_start_page_and_on_nobody_elses(
    app: Flask, platform: Platform, scene: Scene
) -> None:
    elsewhere = a_community(platform, "BYL", "白云里")
    assert elsewhere
    scene.leave("委员甲")
    street = signed_in(app, platform, scene.people["老贺"])
    assert street.get("/").status_code == 302, "with nothing overdue their only community opens at once"
    scene.clock.advance(days=6)
    page = signed_in(app, platform, scene.people["老贺"]).get("/").text
    assert "1 件事已经逾期" in page
    assert "离任委员逾期没有移交完：委员甲" in page
    assert "2026年10月26日" in page
    assert "逾期 1 天" in page
    for name in ("小林", "主任"):
        assert "逾期" not in signed_in(app, platform, scene.people[name]).get("/", follow_redirects=False).text
    with platform.database.writing() as session:
        offices.end(
            session,
            scene.community,
            office_id=scene.held["老贺"],
            basis="调离",
            by=scene.people["小林"],
            now=scene.clock.now(),
        )
    scene.clock.advance(minutes=1)
    assert "已经逾期" not in signed_in(app, platform, scene.people["老贺"]).get("/").text


def test_a_former_member_sees_their_own_list_and_prints_it_and_a_stranger_sees_nothing(
    app: Flask, platform: Platform, scene: Scene
) -> None:
    scene.leave("委员甲")
    row = scene.begin()
    mine = signed_in(app, platform, scene.people["委员甲"])
    page = f"/c/WTY/handovers/{row.id}"
    assert "我已移交" in mine.get(page).text
    assert post(mine, f"{page}/paper", page=page).status_code == 302
    work(platform)
    stranger = signed_in(app, platform, a_person(platform, "路人"))
    assert stranger.get(page).status_code == 403
    assert stranger.get("/c/WTY/handovers/").status_code == 403
    a_community(platform, "BYL", "白云里")
    assert mine.get(page.replace("WTY", "BYL")).status_code == 404
