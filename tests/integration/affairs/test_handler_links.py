"""An outside unit's link opens handling for one unit, once, and never anything else: stolen, passed on, replayed."""

import json
import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from hoa.accounts import rules
from hoa.affairs.service import handlers
from hoa.affairs.tables import HandlerLink
from hoa.jobs import Job
from hoa.kernel.posts import PARTY_MEMBER
from hoa.offices import service as offices
from hoa.platform import Platform
from tests.integration.affairs.scene import Scene, open_scene
from tests.integration.community.scene import KANG, a_register, owner_id, post, signed_in, work
from tests.integration.people import a_community

HERE = "/c/WTY/handling"
CONTACT = "13900000177"


@pytest.fixture
def scene(platform: Platform) -> Scene:
    return open_scene(platform)


def messages(platform: Platform, phone: str = CONTACT) -> list[dict[str, str]]:
    path = platform.settings.data / "sms.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [one for one in map(json.loads, lines) if one["phone"] == phone and one["template"] == "handler-link"]


def sent_link(scene: Scene, app: Flask) -> str:
    """The path that the desk has sent to the lift company's contact."""
    clerk = signed_in(app, scene.platform, scene.desk)
    post(clerk, f"/c/WTY/handlers/{scene.handlers['lift']}/link", page="/c/WTY/handlers/")
    work(scene.platform)
    return link_of(messages(scene.platform)[-1])


def link_of(message: dict[str, str]) -> str:
    found = re.search(r"https?://[^/]+(/\S+)", message["text"])
    assert found
    return found[1]


def entered(app: Flask, path: str) -> FlaskClient:
    client = app.test_client()
    assert post(client, path).headers["Location"] == f"{HERE}/"
    return client


def test_a_link_opens_handling_for_one_unit_once_and_nothing_else(scene: Scene, app: Flask) -> None:
    mine, other = scene.receive(), scene.receive(phone=None, name="")
    scene.assign(mine, handler="lift", title="电梯困人")
    scene.assign(other)
    path = sent_link(scene, app)
    token = path.rpartition("/")[2]
    with scene.platform.database.reading() as session:
        (row,) = session.scalars(select(HandlerLink)).all()
        assert token not in (row.token_hash, row.id)
        assert all(token not in json.dumps([job.payload, job.result]) for job in session.scalars(select(Job)))
        assert row.expires_at - row.made_at == timedelta(hours=72)
    # Fetched by a chat's preview as often as it likes, also by HEAD: still good.
    for _ in range(3):
        assert app.test_client().get(path).status_code == 200
        assert app.test_client().head(path).status_code == 200

    contact = entered(app, path)
    inbox = contact.get(f"{HERE}/").text
    assert "电梯困人" in inbox
    assert other not in inbox
    assert contact.get(f"{HERE}/{mine}").status_code == 200
    assert contact.get(f"{HERE}/{other}").status_code == 404
    start = contact.get("/c/WTY/").text
    assert "电梯困人" in start
    assert "我的票、回执和房屋" not in start, "a company that owns nothing here"
    assert "我的票、回执和房屋" in signed_in(app, scene.platform, scene.people["owner"]).get("/c/WTY/").text
    page = f"{HERE}/{mine}"
    assert post(contact, f"{page}/progress", {"progress-text": "人已救出"}, page=page).status_code == 302
    for closed in ("/me", "/me/password", "/me/passkeys", "/me/sessions", "/c/WTY/my"):
        assert contact.get(closed).headers["Location"] == f"{HERE}/", closed
    for url in ("/me/passkeys/options", "/me/sessions/end-others", "/me/password"):
        assert post(contact, url, page=page).status_code == 403, url
    assert contact.get("/c/WTY/").status_code == 200
    assert contact.get("/c/WTY/handlers/").status_code == 403

    # Replayed by whoever it was passed on to.
    thief = app.test_client()
    again = thief.get(path)
    assert again.status_code == 410
    assert "已经用过或者过期" in again.text
    assert post(thief, path, page=f"{HERE}/link").status_code == 410
    assert thief.get(f"{HERE}/").headers["Location"].startswith("/sign-in")

    # The next link puts out a session that somebody else got by the first.
    second = entered(app, sent_link(scene, app))
    assert second.get(f"{HERE}/").status_code == 200
    assert contact.get(f"{HERE}/").headers["Location"].startswith("/sign-in")
    post(second, "/sign-out", page=f"{HERE}/")
    assert second.get(f"{HERE}/").headers["Location"].startswith("/sign-in")


def test_a_link_dies_of_age_of_a_newer_one_and_with_its_unit(scene: Scene, app: Flask) -> None:
    there = a_community(scene.platform, "BYL", "别院里")
    first = sent_link(scene, app)
    second = sent_link(scene, app)
    assert app.test_client().get(first).status_code == 410
    elsewhere = second.replace("/WTY/", "/BYL/")
    assert app.test_client().get(elsewhere).status_code == 410
    assert post(app.test_client(), elsewhere, page="/c/BYL/handling/link").status_code == 410
    scene.pass_days(3)
    assert app.test_client().get(second).status_code == 410
    assert post(app.test_client(), second, page=f"{HERE}/link").status_code == 410

    # The same contact in another community: a link of one opens nothing of the other.
    with scene.platform.database.writing() as session:
        handlers.add_outside(
            session,
            scene.platform.keys,
            there,
            name="渝升电梯维保",
            contact="升大修",
            phone=CONTACT,
            by=scene.desk,
            now=scene.now(),
        )
    contact = entered(app, sent_link(scene, app))
    assert "渝升电梯维保" in contact.get(f"{HERE}/").text
    assert "您现在不在任何承办单位" in contact.get("/c/BYL/handling/").text

    third = sent_link(scene, app)
    with scene.platform.database.writing() as session:
        handlers.end(session, scene.community, scene.handlers["lift"], now=scene.now())
    assert app.test_client().get(third).status_code == 410
    assert "您现在不在任何承办单位" in contact.get(f"{HERE}/").text


def test_whoever_has_more_than_handling_signs_in_with_a_code(scene: Scene, app: Flask) -> None:
    """Before it is sent, after it was sent, after it was used; by an office, a unit elsewhere, administration."""
    there = a_register(scene.platform, "BYL")
    contact = entered(app, sent_link(scene, app))
    office = _appoint(scene, starts=timedelta(days=1))
    assert contact.get(f"{HERE}/").status_code == 200  # it begins tomorrow
    unused = sent_link(scene, app)
    scene.pass_days(2)
    _demand_code(scene, app, contact, unused)
    with scene.platform.database.writing() as session:
        offices.end(session, scene.community, office_id=office, basis="辞职", by=scene.desk, now=scene.now())
    for statement, undo in (
        ("UPDATE person SET is_platform_administrator = :yes WHERE id = :id", {"yes": False}),
        (f"UPDATE owner SET person_id = :yes WHERE id = '{owner_id(scene.platform, there, KANG[0])}'", {"yes": None}),
    ):
        contact, unused = entered(app, sent_link(scene, app)), sent_link(scene, app)
        person = scene.people["lift_contact"]
        given = True if "administrator" in statement else person
        with scene.platform.database.writing() as session:
            session.execute(text(statement), {"yes": given, "id": person})
        _demand_code(scene, app, contact, unused)
        with scene.platform.database.writing() as session:
            session.execute(text(statement), {**undo, "id": person})


def _appoint(scene: Scene, *, starts: timedelta) -> str:
    with scene.platform.database.writing() as session:
        office = offices.appoint(
            session,
            scene.community,
            post=PARTY_MEMBER,
            person_id=scene.people["lift_contact"],
            starts_at=scene.now() + starts,
            ends_at=scene.now() + timedelta(days=100),
            basis="支部选举",
            by=None,
            now=scene.now(),
        )
        return office.id


def _demand_code(scene: Scene, app: Flask, contact: FlaskClient, unused: str) -> None:
    """The open session ends, the unused link leads to the code, and no new one is sent."""
    page = f"{HERE}/"
    assert contact.get(page).headers["Location"].startswith("/sign-in?next=")
    with contact.session_transaction() as cookie:
        assert "_user_id" not in cookie
    late = app.test_client()
    assert post(late, unused).headers["Location"] == "/sign-in?next=/c/WTY/handling/"
    assert late.get(page).headers["Location"].startswith("/sign-in")
    assert sent_link(scene, app) == "/sign-in?next=/c/WTY/handling/"


def test_asking_for_a_new_link_never_tells_whether_a_phone_is_known(scene: Scene, app: Flask) -> None:
    answers = []
    for phone in (CONTACT, "13900000166"):
        client = app.test_client()
        asked = post(client, f"{HERE}/link", {"phone": phone})
        page = client.get(asked.headers["Location"]).text
        answers.append((asked.status_code, re.sub(r'value="[^"]+"', "", page)))
    assert answers[0] == answers[1]
    with scene.platform.database.reading() as session:
        jobs = session.scalars(select(Job).where(Job.kind == "affairs.handler_link")).all()
        assert sorted(len(job.payload["handlers"]) for job in jobs) == [0, 1]
        assert all(CONTACT not in json.dumps(job.payload) for job in jobs)
    work(scene.platform)
    (message,) = messages(scene.platform)
    assert not messages(scene.platform, "13900000166")
    entered(app, link_of(message))
    # Another community's page knows this phone no better.
    a_community(scene.platform, "BYL", "别院里")
    post(app.test_client(), "/c/BYL/handling/link", {"phone": CONTACT})
    work(scene.platform)
    assert len(messages(scene.platform)) == 1
    for _ in range(rules.MOST_REQUESTS_PER_PHONE):
        last = post(app.test_client(), f"{HERE}/link", {"phone": "13900000166"})
    assert last.status_code == 200
    assert "13900000166" in last.text
