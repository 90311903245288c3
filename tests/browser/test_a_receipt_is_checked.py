"""A receipt on its owner's own device: the script's answer is its own, whatever the server says."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from hoa.config import Settings
from hoa.kernel import canonical
from hoa.kernel.clock import CHINA, FrozenClock
from hoa.platform import open_platform
from tests.browser import looks
from tests.browser.conftest import PageMaker, Picture
from tests.integration.voting.world import World, a_world
from tests.servers import ServerProcess
from voting.rules.life import State
from voting.service import casting, closing, log, steps
from voting.tables import Ballot

PAGE = "/c/WTY/assemblies/2026-01/check"
OWNERS = 13


@dataclass
class Site:
    """A running server whose assembly has ballots under an hourly head, and one that came after it."""

    server: ServerProcess
    world: World
    receipts: list[dict[str, Any]]
    old_head: str

    def file(self, folder: Path, value: object) -> Path:
        path = folder / f"receipt-{len(list(folder.glob('receipt-*')))}.json"
        path.write_text(json.dumps(value), encoding="utf-8")
        return path


@pytest.fixture
def site(tmp_path: Path, fresh_database: Any) -> Iterator[Site]:
    url = fresh_database("sqlite")
    server = ServerProcess(data=tmp_path / "hoa-data", database_url=url)
    clock = FrozenClock(datetime.now(CHINA) - timedelta(days=16))
    platform = open_platform(Settings(data=server.data, database_url=url, sms="file", mail="file"), clock=clock)
    world = a_world(platform, clock, owners=OWNERS)
    world.to(State.OPEN)
    clock.moment = datetime.now(CHINA) - timedelta(hours=3)
    receipts = [_file(world, world.cast(place, m1="agree", m2="oppose")) for place in range(5)]
    _hourly(world)
    with platform.database.reading() as session:
        old_head = log.heads(session, world.row())[-1].note.decode()
    clock.moment = datetime.now(CHINA) - timedelta(minutes=20)
    receipts += [_file(world, world.cast(place, m1="oppose", m2="agree")) for place in range(5, 12)]
    _hourly(world)
    # The newest of all waits for a head of its own.
    clock.moment = datetime.now(CHINA)
    receipts.append(_file(world, world.cast(12, m1="agree", m2="agree")))
    platform.database.close()
    server.start()
    yield Site(server, world, receipts, old_head)
    server.stop()


def _file(world: World, receipt: bytes) -> dict[str, Any]:
    promise = canonical.decode(receipt)
    with world.platform.database.reading() as session:
        ballot = session.query(Ballot).filter_by(leaf=promise["leaf"]).one()
        keys = world.platform.keys
        entry = casting.opened(keys, world.community, world.assembly, ballot.leaf, ballot.entry)
    return {"receipt": promise, "entry": entry}


def _hourly(world: World) -> None:
    with world.platform.database.writing() as session:
        row = steps.locked(session, world.community, world.assembly)
        closing.hourly(session, world.platform.keys, row, now=world.clock.now())


def answer(page: Page, file: Path, *, head: str = "") -> str:
    page.goto(PAGE)
    page.get_by_label("回执文件").set_input_files(file)
    if head:
        page.get_by_text("您手里有以前抄下或收到的签名日志？").click()
        page.get_by_label("签名日志原文（可不填）").fill(head)
    page.get_by_role("button", name="在本机核验").click()
    expect(page.locator("[data-receipt-says] .notice__title")).not_to_have_text("正在本机核验…")
    return page.locator("[data-receipt-says]").inner_text()


def test_the_device_says_what_it_found_by_itself(
    site: Site, new_page: PageMaker, picture: Picture, tmp_path: Path
) -> None:
    page = new_page(site.server.base_url, size="phone")
    for receipt in (site.receipts[0], site.receipts[4], site.receipts[7], site.receipts[11]):
        said = answer(page, site.file(tmp_path, receipt))
        assert "没有改动。这是您的设备自己算出来的" in said
        for name in ("回执属于公告的这次会议", "票的内容与指纹一致", "指纹在日志里的证明"):
            assert f"{name}：成立" in said
        assert "不成立" not in said
    picture(page, "receipt-checked-phone")
    looks.check(page)
    assert "与您手里的签名日志一致：成立" in answer(page, site.file(tmp_path, site.receipts[0]), head=site.old_head)
    younger = answer(page, site.file(tmp_path, site.receipts[7]), head=site.old_head)
    assert "它比这张票早，没有可比的" in younger
    assert "还没到写入签名日志的时间" in answer(page, site.file(tmp_path, site.receipts[12]))


def test_what_was_changed_is_named(site: Site, new_page: PageMaker, picture: Picture, tmp_path: Path) -> None:
    page = new_page(site.server.base_url, size="desktop")
    good = site.receipts[7]
    spoiled = [
        ({**good, "entry": {**good["entry"], "choices": {"m1": "agree", "m2": "agree"}}}, "票的内容与指纹一致：不成立"),
        ({**good, "entry": site.receipts[8]["entry"]}, "票的内容与指纹一致：不成立"),
        ({"receipt": {**good["receipt"], "assembly": "0" * 64}}, "回执属于公告的这次会议：不成立"),
    ]
    for value, words in spoiled:
        said = answer(page, site.file(tmp_path, value))
        assert words in said
        assert "核验没有通过" in said
    other = site.old_head.split("\n")
    other[2] = "A" * 43 + "="
    said = answer(page, site.file(tmp_path, site.receipts[0]), head="\n".join(other))
    assert "与您手里的签名日志一致：不成立" in said
    picture(page, "receipt-fork-desktop")
    for text in ("", "{}", "[", "null", '{"receipt": {}}', '{"receipt": 7}'):
        path = tmp_path / "receipt.json"
        path.write_text(text)
        assert "看不懂这份回执" in answer(page, path)
    expect(page.locator("[data-receipt-says] ul")).to_have_count(0)


def test_a_signature_of_somebody_else_does_not_hold(site: Site, new_page: PageMaker, tmp_path: Path) -> None:
    page = new_page(site.server.base_url)
    promise = site.receipts[0]["receipt"]
    forged = {"receipt": {**promise, "signature": site.receipts[1]["receipt"]["signature"]}}
    said = answer(page, site.file(tmp_path, forged))
    knows = page.evaluate("crypto.subtle.generateKey({name: 'Ed25519'}, false, ['sign']).then(() => true, () => false)")
    assert ("平台在回执上的签名：不成立" if knows else "平台在回执上的签名：本机没有核验") in said


def test_a_server_that_lies_is_not_believed(site: Site, new_page: PageMaker, tmp_path: Path) -> None:
    page = new_page(site.server.base_url)
    file = site.file(tmp_path, site.receipts[7])

    def lie(route: Route) -> None:
        value = route.fetch().json()
        route.fulfill(json={**value, "proof": value["proof"][::-1]})

    page.route("**/proof/inclusion/*", lie)
    assert "指纹在日志里的证明：不成立" in answer(page, file)
    page.unroute("**/proof/inclusion/*")
    page.route("**/proof/inclusion/*", lambda route: route.fulfill(status=404, body=""))
    assert "承诺没有兑现" in answer(page, site.file(tmp_path, site.receipts[0]))
    assert "还没到写入签名日志的时间" in answer(page, file), "no head has been signed since this one was due"
    page.unroute("**/proof/inclusion/*")
    page.route("**/heads.json", lambda route: route.fulfill(status=500, body=""))
    assert "没有从平台取到日志" in answer(page, file)


def test_without_a_script_the_server_answers(site: Site, new_page: PageMaker, tmp_path: Path) -> None:
    page = new_page(site.server.base_url, size="phone", script=False)
    page.goto(PAGE)
    expect(page.get_by_role("button", name="在本机核验")).to_be_hidden()
    page.get_by_label("回执文件").set_input_files(site.file(tmp_path, site.receipts[0]))
    page.get_by_role("button", name="由服务器核验").click()
    expect(page.get_by_role("status")).to_contain_text("没有改动")
