"""The sign page: what officials read, sign and take back; and what it tells nobody else."""

import io
import json
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from hoa.kernel import sign_files
from hoa.kernel.clock import FrozenClock
from hoa.kernel.posts import COMMITTEE_CHAIR
from hoa.platform import Platform
from tests.integration.community.scene import post, signed_in
from tests.integration.people import a_person
from tests.integration.voting.test_pages import in_post
from tests.integration.voting.world import World, a_world
from tests.signers import Signer
from voting.rules import record
from voting.rules.life import State
from voting.service import casting, proposals
from voting.tables import LogEntry, Proposal

BASE = "/c/WTY/assemblies/2026-01"
PAGE = f"{BASE}/sign"


@pytest.fixture
def world(platform: Platform, clock: FrozenClock) -> World:
    world = a_world(platform, clock, staffed=True, counting="last", channels=["meeting", "online"])
    world.to(State.OPEN)
    return world


def official(app: Flask, world: World, name: str) -> FlaskClient:
    return signed_in(app, world.platform, world.officials[name])


def delivery(world: World, place: int = 0) -> dict[str, object]:
    identity, now = world.row().manifest_hash, world.clock.now()
    assert identity is not None
    return record.delivery_entry(
        identity, elector=world.electors[place], serial=None, method="in-person", delivered=now, time=now
    )


def ballot(world: World) -> dict[str, object]:
    with world.platform.database.writing() as session:
        return casting.keyed_entry(
            session,
            world.row(),
            elector=world.electors[3],
            choices={"m1": "agree", "m2": "oppose"},
            channel="meeting",
            evidence={"desk": "1号台"},
            now=world.clock.now(),
        )


def signed_file(client: FlaskClient, name: str) -> str:
    """What `hoa sign` makes of the page's file."""
    waiting = sign_files.read_to_sign(client.get(f"{BASE}/to-sign.json").data)
    made = {item.id: Signer(name).sign(item.message) for item in waiting.items}
    return sign_files.write_signed(waiting.key, made).decode()


def logged(world: World, kind: str) -> int:
    with world.platform.database.reading() as session:
        return session.scalar(select(func.count()).where(LogEntry.type == kind).select_from(LogEntry)) or 0


def state(world: World, proposal: str) -> str:
    with world.platform.database.reading() as session:
        return session.get_one(Proposal, (world.community, proposal)).state


def test_a_clerk_reads_in_words_what_waits_and_one_signature_puts_a_delivery_into_the_log(
    app: Flask, world: World
) -> None:
    proposal = world.propose(delivery(world))
    client = official(app, world, "clerk1")
    page = client.get(PAGE).text
    assert "登记送达" in page
    assert "1幢1单元0101" in page
    assert "当面交付" in page
    items = json.loads(re.findall(r"data-items='(.*?)'", page)[0])
    assert [item["id"] for item in items] == [proposal]
    assert "1 条已生效" in post(client, PAGE, {"signatures": signed_file(client, "clerk1")}).text
    assert (state(world, proposal), logged(world, "delivery")) == ("appended", 1)
    assert "现在没有等您签名的事" in client.get(PAGE).text


def test_two_officials_sign_a_keyed_ballot_and_the_first_is_told_that_another_is_awaited(
    app: Flask, world: World
) -> None:
    proposal = world.propose(ballot(world))
    first = official(app, world, "clerk1")
    page = first.get(PAGE).text
    assert "更换电梯钢丝绳：同意" in page
    assert "出租地面车位：反对" in page
    assert "1 条还要等另一位签名" in post(first, PAGE, {"signatures": signed_file(first, "clerk1")}).text
    second = official(app, world, "clerk2")
    assert "已签 1 / 2" in second.get(PAGE).text
    assert "clerk1" in second.get(PAGE).text
    assert "1 条已生效" in post(second, PAGE, {"signatures": signed_file(second, "clerk2")}).text
    assert state(world, proposal) == "appended"


def test_a_ballot_that_a_newer_one_overtook_is_listed_anew_and_its_second_clerk_is_told(
    app: Flask, world: World
) -> None:
    proposal = world.propose(ballot(world))
    first, second = official(app, world, "clerk1"), official(app, world, "clerk2")
    answer = signed_file(second, "clerk2")
    post(first, PAGE, {"signatures": signed_file(first, "clerk1")})
    world.cast(3, m1="oppose", m2="oppose")
    page = post(second, PAGE, {"signatures": answer}).text
    assert "已经接在它后面重新列出" in page
    assert "已签 0 / 2" in page
    assert state(world, proposal) == "dropped"
    post(first, PAGE, {"signatures": signed_file(first, "clerk1")})
    assert "1 条已生效" in post(second, PAGE, {"signatures": signed_file(second, "clerk2")}).text


def test_only_those_who_key_see_a_keyed_ballot(app: Flask, world: World) -> None:
    world.propose(ballot(world))
    chair = in_post(world, world.chair, COMMITTEE_CHAIR)
    for client in (official(app, world, "counter1"), signed_in(app, world.platform, chair)):
        page = client.get(PAGE).text
        assert "内容只给录票的工作人员看" in page
        for told in ("更换电梯钢丝绳", "反对", "1幢1单元0401", "data-items"):
            assert told not in page
    waiting = sign_files.read_to_sign(official(app, world, "counter1").get(f"{BASE}/to-sign.json").data)
    assert waiting.items == []


def test_one_refused_signature_holds_up_no_other_and_is_named(app: Flask, world: World) -> None:
    good, bad = world.propose(delivery(world, 0)), world.propose(delivery(world, 1))
    client = official(app, world, "clerk1")
    answer = json.loads(signed_file(client, "clerk1"))
    for line in answer["signatures"]:
        if line["id"] == bad:
            line["signature"] = Signer("clerk2").sign(b"x").hex()
    page = post(client, PAGE, {"signatures": json.dumps(answer)}).text
    assert "1 条已生效" in page
    assert "1 条没有接受" in page
    assert "登记送达：签名不成立" in page
    assert (state(world, good), state(world, bad)) == ("appended", "waiting")


def test_a_file_that_was_not_made_by_signing_changes_nothing(app: Flask, world: World) -> None:
    proposal = world.propose(delivery(world))
    client = official(app, world, "clerk1")
    for sent in ("", "{}", client.get(f"{BASE}/to-sign.json").text, "[1]"):
        answer = post(client, PAGE, {"signatures": sent})
        assert answer.status_code == 422
        assert "没有任何一条生效" in answer.text
    assert state(world, proposal) == "waiting"


def test_the_answer_of_the_command_may_be_uploaded_as_a_file(app: Flask, world: World) -> None:
    world.propose(delivery(world))
    client = official(app, world, "clerk2")
    upload = (io.BytesIO(signed_file(client, "clerk2").encode()), "signed.json")
    assert "1 条已生效" in post(client, PAGE, {"file": upload}).text


def test_who_is_no_official_of_this_assembly_sees_nothing_of_it(app: Flask, world: World) -> None:
    world.propose(delivery(world))
    client = signed_in(app, world.platform, a_person(world.platform, "别人"))
    for path in (PAGE, f"{BASE}/to-sign.json", f"{PAGE}/package-public.zip"):
        assert client.get(path).status_code == 403
    assert post(client, PAGE, {"signatures": "{}"}, page="/me").status_code == 403


def test_a_convener_takes_a_proposal_back_with_a_reason_and_an_official_who_did_not_propose_it_may_not(
    app: Flask, world: World
) -> None:
    proposal = world.propose(delivery(world))
    path = f"{PAGE}/{proposal}/drop"
    assert post(official(app, world, "clerk1"), path, {"reason": "不对"}, page="/me").status_code == 403
    chair = signed_in(app, world.platform, in_post(world, world.chair, COMMITTEE_CHAIR))
    assert post(chair, path, {"reason": " "}, page="/me").status_code == 422
    assert state(world, proposal) == "waiting"
    assert post(chair, path, {"reason": "登记错了人"}, page="/me").status_code == 302
    assert state(world, proposal) == "dropped"
    assert logged(world, "delivery") == 0


def test_a_batch_of_487_is_read_and_signed_in_one_form(app: Flask, world: World) -> None:
    with world.platform.database.writing() as session:
        row, keys, now = world.row(), world.platform.keys, world.clock.now()
        waiting = [
            proposals.propose(session, keys, row, delivery(world, number % 12), by=None, now=now)
            for number in range(487)
        ]
    client = official(app, world, "clerk1")
    assert len(re.findall("data-items=", client.get(PAGE).text)) == len(waiting)
    assert "487 条已生效" in post(client, PAGE, {"signatures": signed_file(client, "clerk1")}).text
    assert logged(world, "delivery") == len(waiting)


def test_what_waits_for_me_stands_on_my_page(app: Flask, world: World) -> None:
    waiting = world.propose(delivery(world))
    assert "1 条等您签名" in official(app, world, "clerk1").get("/c/WTY/").text
    world.sign(waiting, "clerk1")
    assert "等您签名" not in official(app, world, "clerk2").get("/c/WTY/").text
    world.cast(0, m1="agree", m2="oppose")
    world.to(State.TALLIED)
    assert "1 条等您签名" in official(app, world, "scrutineer1").get("/c/WTY/").text


def test_a_counter_reads_the_figures_and_signs_both_forms_as_one(app: Flask, world: World) -> None:
    world.cast(0, m1="agree", m2="oppose")
    world.to(State.TALLIED)
    client = official(app, world, "counter1")
    page = client.get(PAGE).text
    assert "签署计票结果" in page
    assert "还要 2 名计票人、1 名监票人签名" in page
    assert "80.00 m²" in page
    assert "1 条已生效" in post(client, PAGE, {"signatures": signed_file(client, "counter1")}).text
    assert "签署计票结果" not in client.get(PAGE).text
    clerk = official(app, world, "clerk1").get(PAGE).text
    assert "80.00 m²" not in clerk
    assert client.get(f"{PAGE}/package-public.zip").status_code == 202
    assert client.get(f"{PAGE}/package-full.zip").status_code == 403


def test_the_conveners_are_told_who_has_not_signed_and_cannot_announce_before(app: Flask, world: World) -> None:
    world.cast(0, m1="agree", m2="oppose")
    world.to(State.TALLIED)
    world.countersign("counter1", "scrutineer1")
    chair = signed_in(app, world.platform, in_post(world, world.chair, COMMITTEE_CHAIR))
    page = chair.get(f"{BASE}/step/announced").text
    assert "还要 1 名计票人、0 名监票人" in page
    assert "还没有签的：counter2" in page
    refused = post(chair, f"{BASE}/step/announced", page="/me")
    assert refused.status_code == 409
    assert "counter2" in refused.text
    world.countersign("counter2")
    assert post(chair, f"{BASE}/step/announced").status_code == 302
