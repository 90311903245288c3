"""What happens by itself: reminders, the way up, the end of the time for a rating, a provisional day counted again;
messages that go out once and name nobody; and what `hoa verify` says of rows that were changed behind our back.
"""

import json
import threading
from datetime import date, datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from hoa.affairs.rules.clocks import Profile
from hoa.affairs.rules.states import State
from hoa.affairs.service import (
    forgetting,
    intake,
    integrity,
    life,
    messages,
    photos,
    reading,
    supervising,
    terms,
    watching,
)
from hoa.affairs.tables import Message, SupervisionLetter
from hoa.app import create_app
from hoa.jobs import Job, enqueue
from hoa.kernel.clock import CHINA, FrozenClock
from hoa.kernel.workdays import Calendar, Year, china
from hoa.platform import Platform
from hoa.ports.sms import SmsNotSent
from hoa.ports.uploads import Upload
from tests.integration.affairs.scene import REPORTER_NAME, REPORTER_PHONE, SECRET, Scene, open_scene

FOLLOWER = "13900000166"


@pytest.fixture
def scene(platform: Platform) -> Scene:
    return open_scene(platform)


def without_guards(session: Session) -> None:
    """The triggers that keep final rows are nothing to the database's owner."""
    if session.get_bind().dialect.name == "sqlite":
        for name in session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            session.execute(text(f"DROP TRIGGER {name}"))
    else:
        session.execute(text("SET LOCAL session_replication_role = replica"))


def actions(scene: Scene, made: str) -> list[tuple[str, object]]:
    with scene.platform.database.reading() as session:
        return [
            (step.action, step.details.get("which") or step.details.get("level"))
            for step in reading.history(session, scene.row(made))
        ]


def kinds(scene: Scene, made: str) -> list[tuple[str, str]]:
    with scene.platform.database.reading() as session:
        query = select(Message).where(Message.suggestion_id == made).order_by(Message.made_at, Message.kind)
        return [(row.kind, row.recipient.split(":")[0]) for row in session.scalars(query)]


def test_an_overdue_one_is_reminded_of_and_goes_up_level_by_level_each_once(scene: Scene):
    made = scene.receive()
    scene.assign(made)  # due on Tuesday, 3 November
    with pytest.raises(supervising.NotOverdue, match="2026-11-03"):
        scene.act("escalate", made, level=1, by="officer")
    for _ in range(24):
        for _ in range(2):
            watching.tick(scene.platform)
        scene.pass_days(1)
    told = [entry for entry in actions(scene, made) if entry[0] in ("remind", "escalate")]
    assert told == [("remind", "soon"), ("remind", "overdue"), ("escalate", 1), ("escalate", 2), ("escalate", 3)]
    with scene.platform.database.reading() as session:
        days = {
            (step.action, step.details.get("level")): step.at.date()
            for step in reading.history(session, scene.row(made))
        }
    assert days["escalate", 1] == date(2026, 11, 4)
    assert days["escalate", 2] == date(2026, 11, 6)
    assert days["escalate", 3] == date(2026, 11, 10)
    scene.run_jobs()
    assert {("escalated_2", "person"), ("escalated_3", "person"), ("remind_overdue", "person")} <= set(
        kinds(scene, made)
    )
    assert scene.row(made).level == 3
    with pytest.raises(supervising.AlreadyThere):
        scene.act("escalate", made, level=3, by="officer")


def test_the_plan_and_the_report_of_13710_are_reminded_of_each_once_and_not_in_a_pause(scene: Scene):
    assert isinstance(scene.platform.clock, FrozenClock)
    made, paused = scene.receive(), scene.receive()
    for one in (made, paused):
        scene.assign(one, profile=Profile.P13710)  # on Tuesday: plan by Wednesday, report by Friday
    scene.handle("pause", paused, reason="等配件")
    days = []
    for _ in range(5):
        for _ in range(2):
            watching.tick(scene.platform)
        days.append([which for action, which in actions(scene, made) if action == "remind"])
        scene.pass_days(1)
    assert days[:4] == [[], ["plan"], ["plan", "plan_overdue"], ["plan", "plan_overdue", "report"]]
    assert days[4] == days[3]  # Saturday
    assert "remind" not in dict(actions(scene, paused))
    # The other unit is told what is missing; whoever goes on is told on the day to which the pause moved it.
    unit = scene.handlers["lift"]
    scene.act("reassign", made, handler_id=unit, reason="门机的事归维保公司", by="clerk")
    scene.handle("resume", paused)
    scene.pass_days(1)
    for _ in range(2):
        watching.tick(scene.platform)
    assert [which for action, which in actions(scene, made) if action == "remind"][3:] == ["report_overdue"]
    assert [which for action, which in actions(scene, paused) if action == "remind"] == ["plan"]
    scene.run_jobs()
    assert ("remind_plan", "person") in kinds(scene, paused)


def test_several_workers_at_once_and_a_stopped_one_are_harmless(scene: Scene):
    made = [scene.suggestion(State.ASSIGNED) for _ in range(2)]
    waiting = scene.suggestion(State.ANSWERED)
    scene.pass_days(40)
    night = scene.now().replace(hour=3)
    assert isinstance(scene.platform.clock, FrozenClock)
    scene.platform.clock.moment = night
    watching.tick(scene.platform)
    assert scene.row(waiting).state == "answered"
    scene.platform.clock.moment = night.replace(hour=10)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            watching.tick(scene.platform)
        except BaseException as error:
            failures.append(error)

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failures == []
    for one in made:
        told = [entry for entry in actions(scene, one) if entry[0] in ("remind", "escalate")]
        assert told == [("remind", "overdue"), ("escalate", 1), ("escalate", 2), ("escalate", 3)]
    assert scene.row(waiting).state == "rated"
    assert actions(scene, waiting)[-1] == ("lapse", None)
    with scene.platform.database.reading() as session:
        assert watching.waiting(session, scene.community, now=scene.now()) == []


def test_a_provisional_last_day_is_counted_again_when_its_year_is_announced(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
):
    assert isinstance(scene.platform.clock, FrozenClock)
    scene.platform.clock.moment = datetime(2026, 12, 25, 10, tzinfo=CHINA)
    made, paused, major = scene.suggestion(State.ASSIGNED), scene.suggestion(State.ASSIGNED), scene.receive()
    scene.assign(major, profile=Profile.MAJOR)
    scene.handle("pause", paused, reason="等配件")
    scene.pass_days(3)
    scene.handle("resume", paused)
    assert [(scene.row(one).due_on, scene.row(one).provisional) for one in (made, paused)] == [
        (date(2027, 1, 8), True),
        (date(2027, 1, 11), True),
    ]
    watching.tick(scene.platform)
    assert scene.row(made).provisional
    known = Calendar([*china().years.values(), Year(2027, "测试", frozenset({date(2027, 1, 1)}), frozenset())])
    for module in (watching, terms):
        monkeypatch.setattr(module, "china", lambda: known)
    watching.tick(scene.platform)
    assert [(scene.row(one).due_on, scene.row(one).provisional) for one in (made, paused, major)] == [
        (date(2027, 1, 11), False),
        (date(2027, 1, 12), False),
        (date(2027, 1, 25), False),
    ]
    assert scene.row(paused).paused_days == 1
    assert actions(scene, made)[-1][0] == "reckon"


# -------------------------------------------------------------------------------------------------------- messages
def test_each_step_is_told_once_to_whom_it_concerns_and_names_nobody(scene: Scene, capfd: pytest.CaptureFixture[str]):
    keys = scene.platform.keys
    made = scene.suggestion(State.ASSIGNED)
    twin = scene.receive(phone="13900000155", name="")
    with scene.platform.database.writing() as session:
        intake.follow(session, keys, scene.community, made, phone=FOLLOWER, now=scene.now())
    scene.act("merge", twin, into_id=made, by="clerk")
    scene.handle("answer", made, text="已更换曳引机")
    with scene.platform.database.reading() as session:
        jobs = session.scalars(select(Job).where(Job.kind == messages.JOB)).all()
        asked = json.dumps([job.payload for job in jobs], ensure_ascii=False)
    scene.run_jobs()
    sent = scene.sent()
    link = f"{scene.platform.settings.base_url}/c/WTY/s/{made}/"
    answered = [one for one in sent if one["template"] == "suggestion-answered"]
    assert {one["phone"] for one in answered} == {REPORTER_PHONE, "13900000155", FOLLOWER}
    mine = next(one for one in answered if one["phone"] == REPORTER_PHONE)
    assert mine["params"]["link"].startswith(link)
    assert mine["params"]["link"].endswith("/rate")
    twins = next(one for one in answered if one["phone"] == "13900000155")
    assert f"/s/{twin}/" in twins["text"]
    assert not twins["text"].endswith("/rate")
    follows = next(one for one in answered if one["phone"] == FOLLOWER)
    assert "/suggestions/2026-0001" in follows["text"]
    assert "/unfollow/" in follows["text"]
    assert {"suggestion-received", "suggestion-assigned", "suggestion-merged"} <= {one["template"] for one in sent}
    handlers = [one for one in sent if "/handling/" in one["text"]]
    assert [one["phone"] for one in handlers] == ["19900001005"]
    pages = create_app(scene.platform).url_map.bind("localhost")
    for one in sent:
        for name in {"link", "stop"} & set(one["params"]):
            pages.match(one["params"][name].removeprefix(scene.platform.settings.base_url))
    # Asked for again, after a worker died: nobody hears it a second time.
    with scene.platform.database.writing() as session:
        for job in jobs:
            enqueue(session, job.kind, job.payload, now=scene.now(), community_id=scene.community)
    scene.run_jobs()
    assert len(scene.sent()) == len(sent)
    output = capfd.readouterr()
    with scene.platform.database.reading() as session:
        rows = session.scalars(select(Message)).all()
        assert {row.outcome for row in rows} == {"sent"}
        kept = " ".join(f"{row.kind} {row.recipient} {row.outcome}" for row in rows)
    for secret in (REPORTER_NAME, REPORTER_PHONE, SECRET, FOLLOWER, "13900000155"):
        assert secret not in asked + kept + output.out + output.err
    for secret in (REPORTER_NAME, SECRET):
        assert secret not in json.dumps(sent, ensure_ascii=False)


def test_a_message_that_could_not_be_sent_is_kept_as_such(scene: Scene, monkeypatch: pytest.MonkeyPatch):
    silent, failing = scene.receive(phone=None), scene.receive()

    def refuse(*_args: object, **_more: object) -> None:
        raise SmsNotSent

    monkeypatch.setattr(scene.platform.sms, "send", refuse)
    scene.run_jobs()
    with scene.platform.database.reading() as session:
        outcomes = dict(session.execute(select(Message.suggestion_id, Message.outcome)).all())
    assert outcomes == {silent: "unreachable", failing: "failed"}


# ------------------------------------------------------------------------------------------------------ hoa verify
def test_hoa_verify_names_whatever_was_changed_behind_our_back(scene: Scene):
    platform = scene.platform
    made = [scene.suggestion(State.RATED) for _ in range(2)]
    late, waiting = scene.suggestion(State.ASSIGNED), scene.receive()
    scene.act("check", made[0], kind="call", outcome="solved", text="本人确认", by="supervisor")
    with platform.database.writing() as session:
        pair = [late, waiting]
        life.make_cluster(session, scene.community, pair, title="电梯老化", text="", by=scene.desk, now=scene.now())
    scene.pass_days(30)
    with platform.database.writing() as session:
        letter = SupervisionLetter(
            community_id=scene.community,
            suggestion_id=late,
            handler_id=scene.handlers["property"],
            year=2026,
            number=1,
            level=2,
            text="请尽快办结。",
            answer_by=date(2026, 11, 25),
            issued_at=scene.now(),
            issued_by_id=scene.people["officer"],
        )
        session.add(letter)
        sent = [Upload(b"a picture", "image/jpeg", "a.jpg")]
        photos.add(
            session, platform.files, reading.find(session, scene.community, late), sent, phase="before", now=scene.now()
        )
        life.supervise(session, scene.community, late, letter=letter, now=scene.now())

    def problems() -> str:
        with platform.database.reading() as session:
            return "\n".join(integrity.verify_all(platform, session, scene.community))

    assert problems() == ""
    for statement, named in (
        ("UPDATE suggestion SET text = 'anders' WHERE id = :id", "what was said was changed"),
        ("UPDATE suggestion SET due_on = '2027-01-01' WHERE id = :id", "how it stands"),
        ("UPDATE suggestion SET state = 'published' WHERE id = :id", "how it stands"),
        ("UPDATE suggestion SET title = 'anders' WHERE id = :id", "how it stands"),
        ("UPDATE suggestion_step SET reason = 'anders' WHERE suggestion_id = :id AND seq = 3", "step 3 of"),
        ("UPDATE suggestion_step SET person_id = NULL WHERE suggestion_id = :id AND seq = 2", "step 2 of"),
        (
            "DELETE FROM suggestion_step WHERE suggestion_id = :id AND seq = 2",
            "a step of 2026-0001 before it is missing",
        ),
        ("DELETE FROM suggestion_step WHERE suggestion_id = :id AND seq > 3", "how it stands"),
        ("DELETE FROM suggestion_step WHERE suggestion_id = :id", "it has no steps"),
        ("UPDATE suggestion_rating SET stars = 1 WHERE suggestion_id = :id", "table suggestion_rating"),
        ("UPDATE suggestion_check SET outcome = 'not_solved' WHERE suggestion_id = :id", "table suggestion_check"),
        ("UPDATE suggestion_rating SET suggestion_id = :other WHERE suggestion_id = :id", "table suggestion_rating"),
        ("DELETE FROM suggestion_rating WHERE suggestion_id = :id", "what this rate of 2026-0001 left is gone"),
        ("UPDATE suggestion_cluster SET title = 'anders'", "table suggestion_cluster"),
        ("UPDATE suggestion SET reporter_id = :person WHERE id = :id", "what was said was changed"),
        ("UPDATE supervision_letter SET answer_by = '2027-01-01'", "table supervision_letter"),
        ("UPDATE suggestion_photo SET digest = 'ab'", "table suggestion_photo"),
    ):
        with platform.database.writing() as session:
            without_guards(session)
            values = {"id": made[0], "other": waiting, "person": scene.people["owner"]}
            session.execute(text(statement), {name: values[name] for name in values if f":{name}" in statement})
            found = "\n".join(integrity.verify_all(platform, session, scene.community))
            session.rollback()
        assert named in found, (statement, found)
    assert problems() == ""
    # What is forgotten some time after the end was not changed behind our back.
    scene.act("publish", made[0], public_text="电梯停运。", public_answer="已修好。", by="clerk")
    scene.pass_days(2000)
    with platform.database.writing() as session:
        assert forgetting.forget(session, scene.community, now=scene.now()) == 1
    assert problems() == ""
