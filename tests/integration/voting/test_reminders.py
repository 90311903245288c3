"""Reminders go to non-voters only, once, and say nothing but where and until when; rule changes go to everybody."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from hoa.accounts import service as accounts
from hoa.bulletin.tables import Publication
from hoa.community.tables import Owner, Ownership
from hoa.jobs import Job
from hoa.kernel.clock import FrozenClock
from hoa.kernel.posts import COMMITTEE_CHAIR
from hoa.platform import Platform
from hoa.ports.sms import SmsNotSent
from tests.integration.community.scene import post, signed_in, work
from tests.integration.voting.test_pages import in_post
from tests.integration.voting.world import World, a_world
from voting import reminders
from voting.rules.life import State
from voting.tables import Proposal, Reminder

BASE = "/c/WTY/assemblies/2026-01"
PHONE = "1990000{:04d}"


class Box:
    """Keeps what would have been sent; numbers in `broken` fail."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.broken: set[str] = set()

    def send(self, phone: str, text: str, *, template: str = "notice", params: Any = None) -> None:
        if phone in self.broken:
            raise SmsNotSent
        self.sent.append({"phone": phone, "text": text, "template": template, "params": params})

    def phones(self) -> list[str]:
        return sorted(one["phone"] for one in self.sent)


@pytest.fixture
def box(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Box:
    made = Box()
    object.__setattr__(platform, "sms", made)
    return made


@pytest.fixture
def world(platform: Platform, clock: FrozenClock) -> World:
    return with_telephones(platform, clock)


def with_telephones(platform: Platform, clock: FrozenClock, **draft: object) -> World:
    """Owners 0 to 5 of whom all but the last have a telephone."""
    made = a_world(platform, clock, owners=6, staffed=True, **draft)
    with platform.database.writing() as session:
        for number, person in enumerate(made.people[:-1]):
            row = accounts.person(session, person)
            accounts._keep_phone(session, platform.keys, row, PHONE.format(number))
    return made


def go(world: World) -> None:
    reminders.run_reminders(world.platform)
    work(world.platform)


def outcomes(world: World) -> Counter[tuple[str, str]]:
    with world.platform.database.reading() as session:
        return Counter((row.slot.partition(":")[0], row.outcome) for row in session.scalars(select(Reminder)))


def test_each_time_reaches_those_who_have_not_voted_once_and_tells_no_choice(world: World, box: Box):
    go(world)
    assert box.sent == []
    world.to(State.OPEN)
    world.cast(0, m1="agree", m2="oppose")
    go(world)
    go(world)
    assert box.phones() == [PHONE.format(n) for n in range(1, 5)]
    row = world.row()
    for message in box.sent:
        assert row.title in message["text"]
        assert f"{row.closes_at.month}月{row.closes_at.day}日" in message["text"]
        assert "/c/WTY/assemblies/2026-01" in message["text"]
        assert not any(word in message["text"] for word in ("同意", "反对", "弃权", "agree", "oppose"))
    world.cast(1, m1="agree", m2="oppose")
    world.clock.moment = row.closes_at - timedelta(hours=40)
    go(world)
    assert box.phones()[4:] != []
    assert Counter(box.phones())[PHONE.format(1)] == 1
    assert Counter(box.phones())[PHONE.format(2)] == 2
    assert outcomes(world) == {
        ("opening", "sent"): 4,
        ("opening", "no-address"): 1,
        ("48h", "sent"): 3,
        ("48h", "no-address"): 1,
    }


def test_after_the_end_nobody_is_reminded(world: World, box: Box):
    world.to(State.OPEN)
    world.clock.moment = world.row().closes_at
    go(world)
    assert box.sent == []


def test_an_owner_with_several_electors_and_a_couple_with_one_telephone_get_one_message(world: World, box: Box):
    with world.platform.database.writing() as session:
        first, second, third = (
            session.scalars(select(Owner).where(Owner.person_id == world.people[n])).one() for n in (0, 1, 2)
        )
        session.scalars(select(Ownership).where(Ownership.owner_id == second.id)).one().owner_id = first.id
        person = accounts.person(session, world.people[2])
        person.phone_mac = None
        person.phone_sealed = None
        third.person_id = world.people[0]
    world.to(State.OPEN)
    go(world)
    assert Counter(box.phones())[PHONE.format(0)] == 1


def test_a_crash_between_the_row_and_the_message_never_sends_twice(world: World, box: Box):
    world.to(State.OPEN)

    class Crash(Exception):
        pass

    def crash(*_args: object, **_more: object) -> None:
        raise Crash

    whole, box.send = box.send, crash  # type: ignore[method-assign]
    reminders.run_reminders(world.platform)
    with world.platform.database.reading() as session:
        job = session.scalars(select(Job).where(Job.kind == reminders.REMIND)).one()
    work(world.platform)
    box.send = whole  # type: ignore[method-assign]
    interrupted = outcomes(world)[("opening", "sending")]
    with world.platform.database.writing() as session:
        again = session.get_one(Job, job.id)
        again.state, again.attempts, again.lease_until = "waiting", 0, None
    work(world.platform)
    assert interrupted >= 1
    assert len(box.sent) == 5 - interrupted
    assert max(Counter(box.phones()).values()) == 1


def test_a_message_that_fails_is_on_record_and_the_desk_sees_it(app: Flask, world: World, box: Box):
    box.broken = {PHONE.format(3)}
    world.to(State.OPEN)
    go(world)
    assert outcomes(world)[("opening", "failed")] == 1
    chair = signed_in(app, world.platform, in_post(world, world.chair, COMMITTEE_CHAIR))
    page = chair.get(f"{BASE}/reminders").text
    assert "199****0003" in page
    assert PHONE.format(3) not in page
    assert "没有发出" in page
    assert signed_in(app, world.platform, world.people[0]).get(f"{BASE}/reminders").status_code == 403


# ------------------------------------------------------------------------------------------------- changes of the rules


@pytest.fixture
def extendable(platform: Platform, clock: FrozenClock) -> World:
    latest = clock.now() + timedelta(days=40)
    return with_telephones(platform, clock, extension_latest=latest)


def chair_of(app: Flask, world: World) -> FlaskClient:
    return signed_in(app, world.platform, in_post(world, world.chair, COMMITTEE_CHAIR))


def waiting(world: World) -> list[str]:
    with world.platform.database.reading() as session:
        return list(session.scalars(select(Proposal.id).where(Proposal.state == "waiting")))


def test_an_extension_is_signed_by_two_listed_publicly_posted_and_told_to_every_owner(
    app: Flask, client: FlaskClient, extendable: World, box: Box
):
    world = extendable
    world.to(State.OPEN)
    world.cast(0, m1="agree", m2="oppose")
    chair = chair_of(app, world)
    until = world.row().closes_at + timedelta(days=3)
    sent = {"extend-until": f"{until:%Y-%m-%dT%H:%M}", "extend-reason": "参加人数还不够三分之二"}
    page = f"{BASE}/changes"
    assert post(chair, f"{page}/extend", sent, page=page).status_code == 302
    assert "参加人数还不够三分之二" not in client.get(BASE).text
    [proposal] = waiting(world)
    assert world.sign(proposal, "clerk1", "clerk2") == "appended"
    assert world.row().ends_at == until
    public = client.get(BASE).text
    assert "参加人数还不够三分之二" in public
    assert "clerk1" in public
    assert f"{until.month}月{until.day}日" in public
    go(world)
    go(world)
    told = [one for one in box.sent if one["template"] == "assembly-change"]
    assert sorted(one["phone"] for one in told) == [PHONE.format(n) for n in range(5)]
    with world.platform.database.reading() as session:
        rows = session.scalars(select(Publication).where(Publication.kind == "assembly-rule-change")).all()
    assert len(rows) == 1
    assert "截止时间延至" in rows[0].title
    world.clock.moment = until - timedelta(hours=5)
    world.cast(1, m1="agree", m2="agree")


def test_an_extension_that_the_notice_did_not_allow_is_refused(app: Flask, world: World, box: Box):
    world.to(State.OPEN)
    chair = chair_of(app, world)
    page = f"{BASE}/changes"
    assert "不能延期" in chair.get(page).text
    sent = {"extend-until": "2030-01-01T09:00", "extend-reason": "还想再等等"}
    answer = post(chair, f"{page}/extend", sent, page="/me")
    assert answer.status_code == 200
    assert "公告没有允许这样延期" in answer.text
    assert waiting(world) == []


def test_once_two_thirds_have_voted_there_is_no_extension(app: Flask, extendable: World, box: Box):
    world = extendable
    world.to(State.OPEN)
    for place in range(5):
        world.cast(place, m1="agree", m2="agree")
    until = world.row().closes_at + timedelta(days=3)
    sent = {"extend-until": f"{until:%Y-%m-%dT%H:%M}", "extend-reason": "再多一些人"}
    page = f"{BASE}/changes"
    assert "不能再延期" in post(chair_of(app, world), f"{page}/extend", sent, page=page).text
    assert waiting(world) == []


def test_an_added_channel_is_told_to_everybody(app: Flask, client: FlaskClient, world: World, box: Box):
    world.to(State.OPEN)
    sent = {"channel-channel": "paper", "channel-reason": "有业主要求纸质选票"}
    page = f"{BASE}/changes"
    assert post(chair_of(app, world), f"{page}/channel", sent, page=page).status_code == 302
    [proposal] = waiting(world)
    world.sign(proposal, "clerk1", "counter1")
    go(world)
    assert "paper" in world.row().open_channels
    assert "增加投票方式：纸质票" in client.get(BASE).text
    assert sum(one["template"] == "assembly-change" for one in box.sent) == 5
