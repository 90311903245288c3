"""A suggestion's life: each verb one chained step, and the clock with it. What does not fit changes nothing."""

import threading
from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from hoa.affairs.rules import clocks, states
from hoa.affairs.rules.clocks import Profile
from hoa.affairs.rules.states import Action, Sorting, State
from hoa.affairs.service import (
    acting,
    closing,
    clusters,
    handlers,
    integrity,
    life,
    links,
    reading,
    reporters,
    steps,
    terms,
    triage,
)
from hoa.affairs.tables import Suggestion
from hoa.kernel.clock import today
from hoa.kernel.errors import NotFound, Refusal
from hoa.kernel.workdays import china
from hoa.platform import Platform
from tests.integration.affairs.scene import ANSWER, REPORTER_NAME, REPORTER_PHONE, TITLE, Scene, open_scene
from tests.integration.people import a_community

TUESDAY = date(2026, 10, 20)


@pytest.fixture
def scene(platform: Platform) -> Scene:
    return open_scene(platform)


def actions(scene: Scene, made: str) -> list[str]:
    with scene.platform.database.reading() as session:
        return [step.action for step in reading.history(session, scene.row(made))]


def test_a_suggestion_reaches_every_state_and_from_none_does_a_step_that_does_not_fit(scene: Scene):
    elsewhere = a_community(scene.platform, "YSX")
    for state in State:
        made = scene.suggestion(state)
        assert scene.row(made).state == state
        before = actions(scene, made)
        handler = {"handler_id": scene.handlers["property"], "by": "manager"}
        tries = {
            Action.ANSWER_AT_ONCE: {"title": "t", "text": "t", "by": "clerk"},
            Action.REASSIGN: {"handler_id": scene.handlers["lift"], "reason": "r", "by": "clerk"},
            Action.REFUSE: {"reason": "r", "by": "clerk"},
            Action.MERGE: {"into_id": scene.receive(), "by": "clerk"},
            Action.DISCUSS: {"topic": "T2026-001", "by": "chair"},
            Action.ESCALATE: {"level": 1},
            Action.HAND_BACK: {"reason": "r", **handler},
            Action.PROGRESS: {"text": "t", **handler},
            Action.PAUSE: {"reason": "r", **handler},
            Action.RESUME: handler,
            Action.ANSWER: {"text": "t", **handler},
            Action.RATE: {"stars": 3, "via": "page"},
            Action.LAPSE: {},
            Action.REOPEN: {"reason": "r"},
            Action.CHECK: {"kind": "call", "outcome": "solved", "text": "", "by": "supervisor"},
            Action.PUBLISH: {"public_text": "t", "public_answer": "t", "by": "clerk"},
            Action.WITHDRAW: {"reason": "r"},
        }
        for action, arguments in tries.items():
            if states.allowed(state, action):
                continue
            with pytest.raises(states.NotNow):
                scene.act(action.value, made, **arguments)
        assert actions(scene, made) == before
        with pytest.raises(NotFound), scene.platform.database.writing() as session:
            life.rate(session, elsewhere, made, stars=1, via="page", now=scene.now())


def test_the_clock_of_a_whole_life(scene: Scene):
    made = scene.receive()
    assert scene.row(made).label == "2026-0001"
    waiting = reading.standing(scene.row(made), TUESDAY)
    assert (waiting.triage, waiting.due, waiting.whole, waiting.left) == (True, date(2026, 10, 21), 1, 1)
    scene.assign(made)
    given = reading.standing(scene.row(made), date(2026, 10, 23))
    assert (given.due, given.whole, given.used, given.left, given.share) == (date(2026, 11, 3), 10, 3, 7, 30)
    scene.pass_days(1)
    scene.handle("progress", made, text="已联系维保单位")
    with pytest.raises(acting.PauseInThePast):
        scene.handle("pause", made, reason="等配件", until=date(2026, 10, 21))
    scene.handle("pause", made, reason="等配件", until=date(2026, 10, 26))
    scene.pass_days(5)
    stands = reading.standing(scene.row(made), date(2026, 10, 26))
    assert (stands.paused, stands.running, stands.used, stands.left) == (True, False, 1, 9)
    scene.act("reassign", made, handler_id=scene.handlers["lift"], reason="属电梯维保", by="clerk")
    scene.handle("resume", made)
    row = scene.row(made)
    # Thursday, Friday and Monday were lost.
    assert (row.paused_days, row.due_on, row.paused_on) == (3, date(2026, 11, 6), None)
    on = reading.standing(row, date(2026, 10, 27))
    assert (on.whole, on.used, on.left) == (10, 2, 8)
    late = reading.standing(row, date(2026, 11, 9))
    assert (late.overdue, late.used, late.share, late.left) == (1, 11, 100, 0)
    scene.pass_days(1)
    scene.handle("answer", made, text=ANSWER)
    done = reading.standing(scene.row(made), date(2026, 12, 1))
    assert (done.overdue, done.used, done.running) == (0, 2, False)
    scene.act("check", made, kind="site", outcome="solved", text="运行正常", by="supervisor")
    scene.act("rate", made, stars=5, text="", via="link")
    scene.act("publish", made, public_text="电梯停运。", public_answer=ANSWER, by="clerk")
    with scene.platform.database.reading() as session:
        history = reading.history(session, scene.row(made))
        assert [step.seq for step in history] == list(range(1, len(history) + 1))
        assert all(later.previous == step.hash for step, later in pairwise(history))
        assert [step.by for step in history] == [
            *("reporter", "desk", "handler", "handler", "desk", "handler", "handler", "supervisor", "reporter", "desk")
        ]
        assert history[3].details["until"] == "2026-10-26"


def test_a_13710_clock_has_its_milestones_and_pauses_move_them(scene: Scene):
    def found(one: str) -> Sequence[clocks.Milestone]:
        with scene.platform.database.reading() as session:
            return terms.milestones(session, scene.row(one), today(scene.now()))

    made = scene.receive()
    scene.assign(made, profile=Profile.P13710)
    assert [one.due.day for one in found(made)] == [date(2026, 10, 21), date(2026, 10, 23), date(2026, 10, 29)]
    scene.handle("pause", made, reason="等配件")
    scene.pass_days(1)
    scene.handle("resume", made)
    assert [one.due.day for one in found(made)] == [date(2026, 10, 22), date(2026, 10, 26), date(2026, 10, 30)]
    assert [one.done_on for one in found(made)] == [None, None, None]
    assert found(scene.receive()) == ()
    scene.handle("progress", made, text="方案：更换门机")
    scene.pass_days(2)
    assert [one.done_on for one in found(made)] == [date(2026, 10, 21), None, None]
    # A pause moves what is to come, never what was met, or missed, before it began.
    scene.handle("pause", made, reason="等配件")
    scene.pass_days(30)
    assert [(one.late, one.stopped) for one in found(made)] == [(False, False), (False, True), (False, True)]
    scene.handle("resume", made)
    assert [one.due.day for one in found(made)] == [date(2026, 10, 22), date(2026, 11, 23), date(2026, 11, 27)]
    scene.handle("answer", made, text=ANSWER)
    assert [one.done_on for one in found(made)] == [date(2026, 10, 21), date(2026, 11, 22), date(2026, 11, 22)]
    # The plan's day does not come from an earlier round.
    scene.act("reopen", made, reason="门又坏了", by_person=None)
    assert [one.done_on for one in found(made)] == [None, None, None]
    scene.act("merge", made, into_id=scene.receive(), by="clerk")
    scene.pass_days(30)
    assert found(made) == ()
    major = scene.receive()
    scene.assign(major, profile=Profile.MAJOR)
    assert scene.row(major).due_on == clocks.month_later(today(scene.now()), 1, china()).day


def test_it_is_reopened_once_in_time_and_with_a_reason(scene: Scene):
    made = scene.suggestion(State.RATED)
    with pytest.raises(Refusal, match="理由"):
        scene.act("reopen", made, reason=" ")
    scene.pass_days(15)
    scene.act("reopen", made, reason="第二天又停了", by_person=None)
    row = scene.row(made)
    assert (row.state, row.round, row.assigned_on, row.answered_at) == ("assigned", 2, date(2026, 11, 4), None)
    assert row.due_on == date(2026, 11, 18)
    scene.handle("answer", made, text=ANSWER)
    scene.act("rate", made, stars=2, text="还行", via="page")
    with pytest.raises(closing.ReopenedBefore, match=row.label):
        scene.act("reopen", made, reason="又停了")
    late = scene.suggestion(State.ANSWERED)
    scene.pass_days(16)
    with pytest.raises(closing.TooLateToReopen, match="2026-11-19"):
        scene.act("reopen", late, reason="又停了")


def test_what_nobody_handles_any_more_is_reopened_at_the_desk(scene: Scene):
    at_once = scene.receive()
    scene.act("answer_at_once", at_once, title=TITLE, text="已告知物业电话", by="clerk")
    scene.act("reopen", at_once, reason="没有人来")
    gone = scene.receive()
    scene.assign(gone, handler="lift")
    scene.handle("answer", gone, text=ANSWER)
    with scene.platform.database.writing() as session:
        handlers.end(session, scene.community, scene.handlers["lift"], now=scene.now())
    scene.act("reopen", gone, reason="又停了")
    back = scene.receive()
    scene.assign(back)
    scene.handle("hand_back", back, reason="属市政管网")
    for made, round_ in ((at_once, 2), (gone, 2), (back, 1)):
        row = scene.row(made)
        assert (row.state, row.handler_id, row.due_on, row.round) == ("received", None, date(2026, 10, 21), round_)
    scene.pass_days(10)
    waited = scene.suggestion(State.ANSWERED)
    scene.pass_days(10)
    with scene.platform.database.writing() as session:
        handlers.end(session, scene.community, scene.handlers["property"], now=scene.now())
    scene.act("reopen", waited, reason="又停了")
    # The desk's second clock began with the second round, not with the first report.
    standing = reading.standing(scene.row(waited), today(scene.now()))
    assert (standing.triage, standing.whole, standing.used) == (True, 1, 0)
    with pytest.raises(handlers.HandlerEnded):
        scene.assign(back, handler="lift")


def test_what_the_desk_must_not_do_says_why(scene: Scene):
    one, other, ended = scene.receive(), scene.receive(), scene.suggestion(State.WITHDRAWN)
    for refusal, verb, arguments in (
        (triage.NotForHandlers, "assign", {"title": TITLE, "sorting": Sorting.AT_ONCE, "handler_id": "x"}),
        (Refusal, "assign", {"title": " ", "sorting": Sorting.UNDERTAKEN, "handler_id": scene.handlers["lift"]}),
        (NotFound, "assign", {"title": TITLE, "sorting": Sorting.REFERRED, "handler_id": "x"}),
        (triage.MergedIntoItself, "merge", {"into_id": one}),
        (triage.MergedIntoEnded, "merge", {"into_id": ended}),
        (NotFound, "merge", {"into_id": "nowhere"}),
        (Refusal, "refuse", {"reason": ""}),
    ):
        with pytest.raises(refusal):
            scene.act(verb, one, **arguments, by="clerk")
    assert actions(scene, one) == ["receive"]
    scene.assign(one)
    with pytest.raises(triage.SameHandler):
        scene.act("reassign", one, handler_id=scene.handlers["property"], reason="r", by="clerk")
    with pytest.raises(acting.NotYours):
        scene.act("answer", one, text="t", handler_id=scene.handlers["lift"], by="manager")
    scene.act("merge", other, into_id=one, by="clerk")
    assert scene.row(other).merged_into_id == one


def test_a_cluster_is_made_of_open_ones_and_raised_once(scene: Scene):
    one, other, over = scene.receive(), scene.receive(), scene.suggestion(State.ANSWERED)
    with scene.platform.database.writing() as session:
        words = {"title": "三号楼电梯老化", "text": "", "by": scene.desk, "now": scene.now()}
        for refusal, ids in (
            (clusters.TooFew, [one, one]),
            (states.NotNow, [one, over]),
            (NotFound, [one, "nowhere"]),
        ):
            with pytest.raises(refusal):
                life.make_cluster(session, scene.community, ids, **words)
        made = life.make_cluster(session, scene.community, [one, other], **words)
        assert made.label == "G2026-001"
        with pytest.raises(clusters.InAnotherCluster):
            life.make_cluster(session, scene.community, [other, one], **words)
    scene.act("withdraw", other, reason="")
    with scene.platform.database.writing() as session:
        by = {"by": scene.desk, "now": scene.now()}
        with pytest.raises(clusters.WhereTo):
            life.raise_cluster(session, scene.community, made.id, to="moon", reason="超出小区", **by)
        raised = life.raise_cluster(session, scene.community, made.id, to="street_office", reason="超出小区", **by)
        assert raised.raised_to == "street_office"
        with pytest.raises(clusters.RaisedBefore):
            life.raise_cluster(session, scene.community, made.id, to="street_office", reason="超出小区", **by)
    assert actions(scene, one)[-2:] == ["cluster", "raise"]
    assert actions(scene, other)[-2:] == ["cluster", "withdraw"]


def test_a_common_cause_takes_one_more_and_gives_one_back_while_something_of_it_is_open(scene: Scene):
    one, other, late, wrong = (scene.receive() for _ in range(4))
    answered = scene.suggestion(State.ANSWERED)
    by: dict[str, Any] = {"by": scene.desk, "now": scene.now()}

    def act(verb: str, *ids: str, **more: Any) -> Any:
        with scene.platform.database.writing() as session:
            return getattr(life, verb)(session, scene.community, *ids, **more, **by)

    made = act("make_cluster", [one, other], title="电梯老化", text="").id
    pair = act("make_cluster", [wrong, scene.receive()], title="路灯不亮", text="").id
    act("raise_cluster", made, to="street_office", reason="超出小区")
    act("add_to_cluster", made, late)
    with scene.platform.database.reading() as session:
        last = reading.history(session, scene.row(late))[-1]
        assert (last.action, last.details["label"], last.details["to"]) == ("cluster", "G2026-001", "street_office")
    for refusal, verb, ids, more in (
        (clusters.InThisCluster, "add_to_cluster", (made, one), {}),
        (clusters.InAnotherCluster, "add_to_cluster", (made, wrong), {}),
        (states.NotNow, "add_to_cluster", (made, answered), {}),
        (NotFound, "add_to_cluster", (made, "nowhere"), {}),
        (NotFound, "add_to_cluster", ("nowhere", one), {}),
        (Refusal, "take_from_cluster", (made, late), {"reason": " "}),
        (clusters.NotInCluster, "take_from_cluster", (made, wrong), {"reason": "r"}),
        (clusters.TooFew, "take_from_cluster", (pair, wrong), {"reason": "r"}),
    ):
        with pytest.raises(refusal):
            act(verb, *ids, **more)
    act("take_from_cluster", made, late, reason="是另一台电梯")
    with scene.platform.database.reading() as session:
        last = reading.history(session, scene.row(late))[-1]
        assert (last.action, last.reason, last.details["label"]) == ("uncluster", "是另一台电梯", "G2026-001")
    assert scene.row(late).cluster_id is None
    act("add_to_cluster", made, late)
    for over in (one, other):
        scene.act("withdraw", over, reason="")
    with pytest.raises(states.NotNow):
        act("take_from_cluster", made, one, reason="r")
    scene.act("withdraw", late, reason="")
    for verb, more in (("add_to_cluster", {}), ("take_from_cluster", {"reason": "r"})):
        with pytest.raises(clusters.ClusterOver, match="G2026-001"):
            act(verb, made, late, **more)
    with scene.platform.database.reading() as session:
        assert integrity.verify_all(scene.platform, session, scene.community) == []


def test_two_reports_at_once_get_two_numbers(scene: Scene):
    failures: list[BaseException] = []
    together = threading.Barrier(4)

    def report() -> None:
        together.wait()
        try:
            scene.receive()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=report) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with scene.platform.database.reading() as session:
        rows = reading.listed(session, scene.community)
        assert sorted(row.number for row in rows) == [1, 2, 3, 4]


def test_a_unit_that_is_being_ended_is_given_nothing_at_the_same_moment(scene: Scene):
    made, refused = scene.receive(), []

    def assign() -> None:
        try:
            scene.assign(made, handler="lift")
        except handlers.HandlerEnded as refusal:
            refused.append(refusal)

    assigning = threading.Thread(target=assign)
    with scene.platform.database.writing() as session:
        handlers.end(session, scene.community, scene.handlers["lift"], now=scene.now())
        assigning.start()
        assigning.join(0.3)  # time to read a unit that is not ended yet; it waits for the lock until the block ends
    assigning.join()
    assert len(refused) == 1
    assert scene.row(made).handler_id is None


def test_lists_find_what_is_asked_for_and_nothing_of_another_community(scene: Scene):
    one = scene.receive(text="路灯不亮", category="repairs", building="5", by=scene.desk)
    late = scene.suggestion(State.ASSIGNED)
    paused = scene.suggestion(State.PAUSED)
    scene.pass_days(30)
    day = today(scene.now())
    new = scene.receive()
    elsewhere = a_community(scene.platform, "YSX")

    def found(**wanted: object) -> set[str]:
        with scene.platform.database.reading() as session:
            rows = reading.listed(session, scene.community, **wanted)  # type: ignore[arg-type]
            assert reading.count(session, scene.community, **wanted) == len(rows)  # type: ignore[arg-type]
            assert reading.count(session, elsewhere, **wanted) == 0  # type: ignore[arg-type]
            return {row.id for row in rows}

    assert found() == {one, late, paused, new}
    assert found(states=[State.ASSIGNED, State.PAUSED]) == {late, paused}
    assert found(overdue_on=day) == {one, late}
    assert found(category="repairs") == found(building="5") == found(search="路灯") == {one}
    assert found(search="路灯", public=True) == set()
    assert found(search="2026-0002") == {late}
    assert found(search="%") == found(search="2026-²") == set()
    assert found(handler_id=scene.handlers["property"], channel="poster") == {late, paused}
    assert found(since=day) == {new}
    assert found(until=TUESDAY) == {one, late, paused}
    with scene.platform.database.reading() as session:
        by_due = reading.listed(session, scene.community, by_due=True, limit=2, offset=1)
        assert by_due[0].id in (late, paused)
        assert reading.find_by_label(session, scene.community, "2026-0001").id == one
        for label in ("2026-1", "2026-0009", "2026", "x-y", "2026-²", "2026-99999999999999", ""):
            with pytest.raises(NotFound):
                reading.find_by_label(session, scene.community, label)
        with pytest.raises(NotFound):
            reading.find(session, elsewhere, one)


def test_the_reporters_link_opens_only_their_own_and_is_kept_nowhere(scene: Scene):
    keys = scene.platform.keys
    one, other = scene.receive(), scene.receive()
    with scene.platform.database.reading() as session:
        row = scene.row(one)
        token = links.token(keys, row)
        assert links.find_by_token(session, keys, scene.community, one, token).id == one
        for wrong in (links.token(keys, scene.row(other)), token[:-1], "", "编号"):
            with pytest.raises(NotFound):
                links.find_by_token(session, keys, scene.community, one, wrong)
        columns = [str(getattr(row, column.key)) for column in Suggestion.__table__.columns]
        assert not any(token in value for value in columns)


def test_the_reporter_is_sealed_and_shown_only_as_they_wished(scene: Scene):
    keys = scene.platform.keys
    named, unknown = scene.row(scene.receive()), scene.row(scene.receive(name=""))
    callable_ = scene.row(scene.receive(may_call=True))
    for row in (named, unknown, callable_):
        values = " ".join(str(getattr(row, column.key)) for column in Suggestion.__table__.columns)
        assert REPORTER_NAME not in values
        assert REPORTER_PHONE not in values
    assert reporters.shown(keys, named) == (REPORTER_NAME, REPORTER_PHONE)
    assert reporters.shown(keys, unknown) == ("", None)
    assert reporters.shown_to_handler(keys, named) == ("", None)
    assert reporters.shown_to_handler(keys, callable_) == (REPORTER_NAME, REPORTER_PHONE)
    named.reporter_phone_sealed = callable_.reporter_phone_sealed
    with pytest.raises(Refusal):
        reporters.shown(keys, named)
    with scene.platform.database.reading() as session:
        assert reporters.phone_to_tell(session, keys, unknown) == REPORTER_PHONE
        assert reporters.phone_to_tell(session, keys, scene.row(scene.receive(channel="open311"))) is None
        mine = scene.row(scene.receive(reporter_id=scene.people["owner"], phone=None))
        assert reporters.phone_to_tell(session, keys, mine) == "13900000199"
        assert reporters.shown(keys, mine).phone is None


def test_what_was_said_cannot_be_changed_nor_a_step_or_a_suggestion_taken_away(scene: Scene):
    made = scene.suggestion(State.RATED)
    for statement in (
        "UPDATE suggestion SET text = 'anders' WHERE id = :id",
        "UPDATE suggestion SET floor = 7 WHERE id = :id",
        "DELETE FROM suggestion WHERE id = :id",
        "UPDATE suggestion_step SET reason = '' WHERE suggestion_id = :id",
        "DELETE FROM suggestion_step WHERE suggestion_id = :id",
        "UPDATE suggestion_rating SET stars = 1 WHERE suggestion_id = :id",
    ):
        with pytest.raises(DBAPIError), scene.platform.database.writing() as session:
            session.execute(text(statement), {"id": made})
    with scene.platform.database.reading() as session:
        row = scene.row(made)
        assert steps.stands(row) == reading.history(session, row)[-1].details["stands"]
