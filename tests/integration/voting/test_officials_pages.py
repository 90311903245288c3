"""Choosing counters, scrutineers, clerks and witnesses in the draft, and replacing a lost key after the notice."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from hoa.accounts import personal_keys
from hoa.kernel import signing
from hoa.kernel.canonical import decode
from hoa.kernel.checkpoint import KeyType, VerifierKey
from hoa.kernel.clock import FrozenClock
from hoa.kernel.posts import COMMITTEE_CHAIR
from hoa.platform import Platform
from tests.integration.community.scene import post, signed_in
from tests.integration.people import a_person
from tests.integration.voting.test_pages import in_post
from tests.integration.voting.world import World, a_world, give_key
from tests.signers import Signer
from voting import service
from voting.rules.life import State
from voting.service import officials, reading
from voting.tables import Official, Witness

DRAFT = "/c/WTY/assemblies/2026-02"
HERE = "/c/WTY/assemblies/2026-01"
WITNESS = VerifierKey("witness.example", KeyType.WITNESS, bytes(range(32))).text


@pytest.fixture
def world(platform: Platform, clock: FrozenClock) -> World:
    """A noticed assembly 2026-01 with officials, and a draft 2026-02 without."""
    world = a_world(platform, clock, staffed=True)
    in_post(world, world.chair, COMMITTEE_CHAIR)
    with platform.database.writing() as session:
        draft = service.create(
            session,
            world.community,
            title="第二次会议",
            body="请参加。",
            convener="业主委员会",
            opens_at=clock.now() + timedelta(days=16),
            closes_at=clock.now() + timedelta(days=30),
            by=world.chair,
            now=clock.now(),
        )
        service.add_motion(session, world.community, draft.id, title="更换水泵", body="是否同意？", matter_code="M5")
    return world


@pytest.fixture
def chair(app: Flask, world: World) -> FlaskClient:
    return signed_in(app, world.platform, world.chair)


def drafted(world: World) -> list[Official]:
    with world.platform.database.reading() as session:
        draft = reading.by_code(session, world.community, "2026-02")
        return list(officials.of(session, draft))


def choose(chair: FlaskClient, person: str, role: str, name: str = "") -> str:
    sent = {"person": person, "role": role, "name": name}
    return str(post(chair, f"{DRAFT}/officials", sent, follow_redirects=True).text)


def test_people_are_found_by_their_whole_name_only_and_shown_masked(chair: FlaskClient, world: World) -> None:
    page = chair.get(f"{DRAFT}/officials?q=业主3").text
    assert world.people[3] in page
    assert "业主3" not in page.replace('value="业主3"', "")
    for asked in ("业", "业主", "%", "13800000000"):
        page = chair.get(f"{DRAFT}/officials?q={asked}").text
        assert not any(person in page for person in world.people)


def test_a_convener_names_officials_and_sees_who_has_no_key_yet(chair: FlaskClient, world: World) -> None:
    assert "已添加 业主1" in choose(chair, world.people[1], "counter")
    page = choose(chair, world.people[2], "scrutineer", "监事会老李")
    assert "监票人 · 监事会老李" in page
    assert page.count("没有钥匙") == 2
    assert "还没有签名钥匙，不能公告：业主1、监事会老李" in page
    with world.platform.database.writing() as session:
        give_key(session, world.people[1], "neu", now=world.clock.now())
    assert chair.get(f"{DRAFT}/officials").text.count("没有钥匙") == 1


def test_one_person_gets_one_role_and_a_stranger_none(chair: FlaskClient, world: World) -> None:
    choose(chair, world.people[1], "counter")
    assert "一人只能有一项" in choose(chair, world.people[1], "clerk")
    choose(chair, a_person(world.platform, "外人"), "clerk")
    choose(chair, "nobody", "clerk")
    assert [row.person_id for row in drafted(world)] == [world.people[1]]


def test_a_role_is_taken_back_in_the_draft_and_not_after_the_notice(chair: FlaskClient, world: World) -> None:
    choose(chair, world.people[1], "counter")
    post(chair, f"{DRAFT}/officials/{drafted(world)[0].id}/remove", page=f"{DRAFT}/officials")
    assert drafted(world) == []
    with world.platform.database.reading() as session:
        noticed = officials.of(session, world.row())[0].id
    refused = post(chair, f"{HERE}/officials/{noticed}/remove", page="/me")
    assert refused.status_code == 409
    assert post(chair, f"{DRAFT}/officials/{noticed}/remove", page="/me").status_code == 404


@pytest.mark.parametrize(
    "vkey", ["", "witness.example", WITNESS[:-4] + "AAAA", VerifierKey("log.example", KeyType.LOG, bytes(32)).text]
)
def test_a_witness_key_that_is_none_is_refused_in_words(chair: FlaskClient, world: World, vkey: str) -> None:
    sent = {"title": "居委会", "vkey": vkey, "belongs": "outside"}
    page = post(chair, f"{DRAFT}/officials/witnesses", sent, page=f"{DRAFT}/officials").text
    assert "还有内容要改，没有保存" in page
    with world.platform.database.reading() as session:
        assert session.scalars(select(Witness)).all() == []


def test_a_witness_is_listed_with_the_name_in_its_key(chair: FlaskClient, world: World) -> None:
    sent = {"title": "社区居委会", "vkey": WITNESS, "belongs": "outside"}
    post(chair, f"{DRAFT}/officials/witnesses", sent, page=f"{DRAFT}/officials")
    assert "社区居委会" in chair.get(f"{DRAFT}/officials").text
    with world.platform.database.reading() as session:
        row = session.scalars(select(Witness)).one()
        assert (row.name, row.outside) == ("witness.example", True)


def test_witnesses_of_the_operator_alone_hold_the_notice_up(chair: FlaskClient, world: World) -> None:
    post(
        chair,
        f"{DRAFT}/officials/witnesses",
        {"title": "平台", "vkey": WITNESS, "belongs": "operator"},
        page=f"{DRAFT}/officials",
    )
    refused = post(chair, f"{DRAFT}/step/noticed")
    assert refused.status_code == 422
    assert "至少要有一位不是平台运营方的人" in refused.text


def test_the_notice_step_says_what_cannot_be_added_later(chair: FlaskClient) -> None:
    page = chair.get(f"{DRAFT}/step/noticed").text
    assert "没有指定计票人和监票人" in page
    assert "没有见证人" in page
    assert f"{DRAFT}/officials" in page


def test_a_lost_key_is_replaced_by_the_signatures_of_two_others(app: Flask, world: World) -> None:
    with world.platform.database.reading() as session:
        lost = next(one for one in officials.of(session, world.row()) if one.name == "counter1")
    client = signed_in(app, world.platform, world.officials["counter1"])
    path = f"{HERE}/officials/{lost.id}/key"
    assert "先登记新的钥匙" in client.get(path).text
    assert "登记的还是公告里的那把钥匙" in post(client, path, {"reason": "手机丢了"}, page="/me").text
    with world.platform.database.writing() as session:
        give_key(session, world.officials["counter1"], "counter1-new", now=world.clock.now())
    assert post(client, path, {"reason": "手机丢了"}).status_code == 302
    page = client.get(path).text
    assert "正在等签名" in page
    assert "已经在等签名" in post(client, path, {"reason": "再来"}, page="/me").text
    waiting = signed_in(app, world.platform, world.officials["clerk1"]).get(f"{HERE}/sign").text
    assert "更换签名钥匙" in waiting
    assert "手机丢了" in waiting
    found = re.findall(r'data-items=\'\[\{"id": ?"([^"]+)"', waiting)
    assert world.sign(found[0], "clerk1", "clerk2") == "appended"
    with world.platform.database.reading() as session:
        rows = [one for one in officials.of(session, world.row()) if one.name == "counter1"]
        assert [(row.key_id, row.ended_at is None) for row in sorted(rows, key=lambda row: row.ended_at is None)] == [
            (lost.key_id, False),
            (personal_keys.key_id(Signer("counter1-new").public), True),
        ]


def test_nobody_asks_for_a_new_key_in_another_officials_name(app: Flask, world: World) -> None:
    with world.platform.database.reading() as session:
        lost = next(one for one in officials.of(session, world.row()) if one.name == "counter1")
    other = signed_in(app, world.platform, world.officials["clerk1"])
    assert other.get(f"{HERE}/officials/{lost.id}/key").status_code == 403


def test_my_key_page_registers_what_proves_itself_and_ends_it(app: Flask, world: World) -> None:
    person = world.people[5]
    client = signed_in(app, world.platform, person)
    page = client.get("/me/keys").text
    assert "需要 https 网址" in page
    assert f"hoa sign claim --person {person}" in page
    mine, other = Signer("mine"), Signer("other")

    def claim(signer: Signer, public: bytes, whose: str) -> dict[str, str]:
        signature = signer.sign(signing.message("key", personal_keys.claim(whose, public)))
        return {"public": public.hex(), "signature": signature.hex(), "typed": "1"}

    for sent in (
        claim(other, mine.public, person),
        claim(mine, mine.public, world.people[6]),
        {"public": "xyz", "signature": ""},
        {"public": "04" * 65, "signature": "00" * 64},
    ):
        refused = post(client, "/me/keys", sent)
        assert refused.status_code == 422
        assert "没有登记" in refused.text
    assert post(client, "/me/keys", claim(mine, mine.public, person)).status_code == 302
    with world.platform.database.reading() as session:
        row = personal_keys.current(session, person)
        assert row is not None
        assert row.public == mine.public.hex()
    stranger = signed_in(app, world.platform, world.people[6])
    assert post(stranger, f"/me/keys/{row.id}/end", page="/me/keys").status_code == 404
    assert post(client, f"/me/keys/{row.id}/end", page="/me/keys").status_code == 302
    with world.platform.database.reading() as session:
        assert personal_keys.current(session, person) is None
    assert "已停用" in client.get("/me/keys").text


def test_the_notice_names_the_officials_with_the_keys_they_registered(chair: FlaskClient, world: World) -> None:
    keys = {}
    for place, role in ((1, "counter"), (2, "counter"), (3, "scrutineer")):
        with world.platform.database.writing() as session:
            give_key(session, world.people[place], f"key-{place}", now=world.clock.now())
        choose(chair, world.people[place], role)
        keys[f"业主{place}"] = personal_keys.key_id(Signer(f"key-{place}").public)
    assert post(chair, f"{DRAFT}/step/noticed").status_code == 302
    with world.platform.database.reading() as session:
        manifest = reading.by_code(session, world.community, "2026-02").manifest
    assert manifest is not None
    found = decode(manifest)["keys"]
    assert {one["person"]: one["id"] for one in found["counters"] + found["scrutineers"]} == keys
    assert world.row().step is State.NOTICED
