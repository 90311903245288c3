"""The pages of paper: from preparing sheets to the log, as officials walk them; and who is kept out."""

import io
import re
from collections.abc import Mapping

import pikepdf
import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select

from hoa.kernel.clock import FrozenClock
from hoa.kernel.posts import COMMITTEE_CHAIR
from hoa.platform import Platform
from tests.integration.community.scene import post, signed_in, work
from tests.integration.voting.test_pages import in_post
from tests.integration.voting.test_paper import AGREE, scan, waiting
from tests.integration.voting.world import World, a_world
from tests.scans import a_batch, a_scan
from voting.rules import paper
from voting.rules.life import State
from voting.service import doors, sheets
from voting.tables import Delivery, PaperScan, PaperSheet

BASE = "/c/WTY/assemblies/2026-01"
DESK = f"{BASE}/paper"


@pytest.fixture
def world(platform: Platform, clock: FrozenClock) -> World:
    return a_world(platform, clock, owners=4, counting="last", staffed=True, channels=["online", "paper"])


def official(app: Flask, world: World, name: str) -> FlaskClient:
    return signed_in(app, world.platform, world.officials[name])


def serials(world: World) -> list[str]:
    with world.platform.database.reading() as session:
        return [row.serial for row in sheets.of(session, world.row())]


def issued(app: Flask, world: World) -> list[str]:
    """Everybody's sheets, made by the desk and signed."""
    clerk = official(app, world, "clerk1")
    assert "/jobs/" in post(clerk, f"{DESK}/prepare", page=DESK).headers["Location"]
    work(world.platform)
    for proposal in waiting(world, "issue"):
        world.sign(proposal, "clerk1")
    return serials(world)


def marks(reading: Mapping[str, str]) -> dict[str, str]:
    return {f"mark-{motion}": mark for motion, mark in reading.items()}


def test_sheets_are_made_signed_and_printed_with_the_serial_on_every_page(app: Flask, world: World):
    clerk = official(app, world, "clerk1")
    post(clerk, f"{DESK}/prepare", page=DESK)
    work(world.platform)
    assert "没有可以打印的选票" in clerk.get(post(clerk, f"{DESK}/print", page=DESK).headers["Location"]).text
    for proposal in waiting(world, "issue"):
        world.sign(proposal, "clerk1")
    assert "/jobs/" in post(clerk, f"{DESK}/print", page=DESK).headers["Location"]
    work(world.platform)
    address = re.search(r'href="([^"]+buildings/[^"]+\.pdf)"', clerk.get(DESK).text)
    assert address
    answer = clerk.get(address[1])
    assert answer.headers["Cache-Control"] == "no-store"
    with pikepdf.open(io.BytesIO(answer.data)) as pdf:
        assert len(pdf.pages) == len(serials(world)) == 4
    stranger = signed_in(app, world.platform, world.people[0])
    assert stranger.get(address[1]).status_code == 403
    assert official(app, world, "counter1").get(address[1]).status_code == 403


def test_a_sheet_goes_from_the_scanner_to_the_log_through_the_pages(app: Flask, world: World):
    serial, *_ = issued(app, world)
    world.to(State.OPEN)
    first, second = official(app, world, "clerk1"), official(app, world, "clerk2")
    sent = {"file": (io.BytesIO(a_scan(serial, "JPEG")), "sheet.jpg"), "serial": serial.lower().replace("-", " ")}
    assert "收到 1 份" in first.get(post(first, f"{DESK}/scans", sent).headers["Location"]).text
    sheet = f"{DESK}/sheets/{serial}"
    page = first.get(f"{sheet}/key").text
    picture = re.search(r'src="([^"]+/scans/[^"]+)"', page)
    assert picture
    assert first.get(picture[1]).mimetype == "image/jpeg"
    assert post(first, f"{sheet}/key", marks({"m1": "agree"})).status_code == 200
    assert "还要另一名工作人员" in first.get(post(first, f"{sheet}/key", marks(AGREE)).headers["Location"]).text
    assert first.get(picture[1]).status_code == 403
    assert "checked" not in second.get(f"{sheet}/key").text
    assert "录入完成" in second.get(post(second, f"{sheet}/key", marks(AGREE)).headers["Location"]).text
    assert world.sign(waiting(world, "ballot")[0], "clerk1", "clerk2") == "appended"
    assert "已入日志" in first.get(sheet).text
    assert second.get(picture[1]).status_code == 403


def test_a_batch_is_split_and_each_page_told_its_serial(app: Flask, world: World):
    first, second, *_ = issued(app, world)
    clerk = official(app, world, "clerk1")
    sent = {"file": (io.BytesIO(a_batch([first, second])), "batch.pdf"), "each": "1"}
    assert "收到 2 份" in clerk.get(post(clerk, f"{DESK}/scans", sent).headers["Location"]).text
    wrong = {"file": (io.BytesIO(a_batch([first, second, "third"])), "batch.pdf"), "each": "2"}
    assert "不能按每张选票 2 页平分" in clerk.get(post(clerk, f"{DESK}/scans", wrong).headers["Location"]).text
    with world.platform.database.reading() as session:
        found = [row.id for row in session.scalars(select(PaperScan).order_by(PaperScan.place))]
    assert clerk.get(f"{DESK}/scans/{found[0]}/1").mimetype == "image/jpeg"
    assert official(app, world, "counter1").get(f"{DESK}/scans/{found[0]}/1").status_code == 403
    put = f"{DESK}/scans/{found[0]}/put"
    mistyped = first[:-1] + ("A" if first[-1] != "A" else "C")
    answer = post(clerk, put, {"serial": mistyped}, page=f"{DESK}/scans")
    assert "校验不符" in clerk.get(answer.headers["Location"]).text
    answer = post(clerk, put, {"serial": first}, page=f"{DESK}/scans")
    assert f"归入 {first}" in clerk.get(answer.headers["Location"]).text
    assert post(clerk, f"{DESK}/scans/{found[1]}/drop", page=f"{DESK}/scans").status_code == 302
    assert "等填编号的扫描件" in clerk.get(f"{DESK}/scans").text


def test_what_is_no_scan_is_refused_by_its_content(app: Flask, world: World):
    clerk = official(app, world, "clerk1")
    for data, name, words in (
        (b"GIF89a", "sheet.png", "不是 PDF、PNG 或 JPEG"),
        (b"\x89PNG\r\n\x1a\n broken", "sheet.png", "打不开"),
        (b"", "sheet.pdf", "是空的"),
    ):
        sent = {"file": (io.BytesIO(data), name)}
        assert words in clerk.get(post(clerk, f"{DESK}/scans", sent).headers["Location"]).text
    assert "请选择扫描件" in clerk.get(post(clerk, f"{DESK}/scans", {"each": "1"}).headers["Location"]).text
    with world.platform.database.reading() as session:
        assert session.scalars(select(PaperScan)).all() == []


def test_a_difference_is_settled_on_a_page_that_shows_both_readings(app: Flask, world: World):
    serial, *_ = issued(app, world)
    world.to(State.OPEN)
    scan(world, serial)
    sheet = f"{DESK}/sheets/{serial}"
    post(official(app, world, "clerk1"), f"{sheet}/key", marks(AGREE))
    second = official(app, world, "clerk2")
    answer = post(second, f"{sheet}/key", marks({"m1": "multiple-choice", "m2": "agree"}))
    assert "两人录入不一致" in second.get(answer.headers["Location"]).text
    assert second.get(f"{sheet}/key").status_code == 302
    third = official(app, world, "scrutineer1")
    page = third.get(f"{sheet}/key").text
    assert "clerk1 同意" in page
    assert "clerk2 勾了不止一个" in page
    settled = {**marks({"m1": "multiple-choice", "m2": "agree"}), "settling": "1"}
    post(third, f"{sheet}/key", settled)
    assert "第三人裁定" in third.get(sheet).text
    world.sign(waiting(world, "ballot")[0], "clerk1", "clerk2")
    assert "勾选了不止一个" in second.get(sheet).text
    assert "等待两人签名" in second.get(post(second, f"{sheet}/rule", page=sheet).headers["Location"]).text
    assert world.sign(waiting(world, "ruling")[0], "clerk1", "clerk2") == "appended"
    void = post(second, f"{sheet}/void", {"reason": "keying-error"}, page=sheet)
    assert "作废等待两人签名" in second.get(void.headers["Location"]).text
    assert world.sign(waiting(world, "void")[0], "clerk1", "clerk2") == "appended"
    assert "可重录" in second.get(sheet).text


def test_a_lost_sheet_is_replaced_and_the_old_code_says_so(app: Flask, world: World):
    serial, *_ = issued(app, world)
    clerk = official(app, world, "clerk1")
    sheet = f"{DESK}/sheets/{serial}"
    post(clerk, f"{sheet}/reissue", page=sheet)
    (fresh,) = [one for one in serials(world) if one not in sheet and world_replaces(world, one) == serial]
    world.sign(waiting(world, "reissue")[0], "clerk2")
    scanned = clerk.get(f"{BASE}/s/{serial}")
    assert scanned.headers["Location"] == sheet
    assert f"已补发 {fresh}" in clerk.get(sheet).text
    sent = {"file": (io.BytesIO(a_scan(serial)), "sheet.png"), "serial": serial}
    assert f"已补发 {fresh}" in clerk.get(post(clerk, f"{DESK}/scans", sent).headers["Location"]).text
    post(clerk, f"{DESK}/print", {"serial": fresh}, page=f"{DESK}/sheets/{fresh}")
    work(world.platform)
    assert clerk.get(f"{DESK}/sheets/{fresh}.pdf").data.startswith(b"%PDF")


def world_replaces(world: World, serial: str) -> str | None:
    with world.platform.database.reading() as session:
        return session.scalars(select(PaperSheet.replaces).where(PaperSheet.serial == serial)).one()


def test_the_code_of_a_sheet_tells_a_stranger_nothing(app: Flask, world: World):
    real, *_ = issued(app, world)
    stranger = signed_in(app, world.platform, world.people[0])
    for client in (app.test_client(), stranger):
        for serial in (real, paper.new_serial(), "nonsense"):
            assert client.get(f"{BASE}/s/{serial}").headers["Location"] == BASE


def test_sheets_in_hand_are_typed_checked_and_signed(app: Flask, world: World):
    first, second, *_ = issued(app, world)
    world.to(State.OPEN)
    scan(world, first)
    clerk = official(app, world, "clerk1")
    assert "截止收票以后才能清点" in clerk.get(f"{DESK}/hand").text
    world.to(State.CUT_OFF)
    page = post(clerk, f"{DESK}/hand", {"serials": f"{second}\n{second}\nXXXX"}).text
    assert "已经清点过了" in page
    assert "应为 8 个字母或数字" in page
    assert post(clerk, f"{DESK}/hand/scanned", page=f"{DESK}/hand").status_code == 302
    listed = clerk.get(f"{DESK}/hand").text
    assert first in listed
    assert second in listed
    post(clerk, f"{DESK}/hand/remove", {"serial": second}, page=f"{DESK}/hand")
    post(clerk, f"{DESK}/hand/submit", page=f"{DESK}/hand")
    assert world.sign(waiting(world, "paper-received")[0], "clerk1", "scrutineer1") == "appended"
    assert "在手选票 1 张" in clerk.get(f"{DESK}/hand").text
    chair = signed_in(app, world.platform, in_post(world, world.chair, COMMITTEE_CHAIR))
    assert chair.get(f"{DESK}/hand").status_code == 200


def test_deliveries_are_recorded_by_building_searched_and_exported(app: Flask, world: World):
    first, *_ = issued(app, world)
    clerk = official(app, world, "clerk1")
    ledger = f"{BASE}/deliveries"
    with world.platform.database.reading() as session:
        building = sheets.of(session, world.row())[0].building_id
    fields = {"building": building, "method": "in-person", "delivered": "2030-01-01T10:00", "note": "=cmd 楼长"}
    assert "现在以前" in clerk.get(post(clerk, ledger, fields).headers["Location"]).text
    fields["delivered"] = world.clock.now().strftime("%Y-%m-%dT%H:%M")
    assert "登记了 4 户" in clerk.get(post(clerk, ledger, fields).headers["Location"]).text
    for proposal in waiting(world, "delivery"):
        world.sign(proposal, "clerk2")
    found = clerk.get(f"{ledger}?q={first}").text
    assert found.count("当面送达") >= 1
    assert serials(world)[1] not in found
    assert "已送达" in found
    sheet = load_workbook(io.BytesIO(clerk.get(f"{ledger}.xlsx").data)).active
    assert sheet is not None
    assert sheet.max_row == 5
    assert sheet.cell(2, 7).value == "'=cmd 楼长"
    assert clerk.get(f"{ledger}.csv").text.startswith("\ufeff房屋")
    assert clerk.get(f"{ledger}.exe").status_code == 404
    owner = signed_in(app, world.platform, world.people[0])
    assert owner.get(ledger).status_code == 403
    assert owner.get(f"{ledger}.xlsx").status_code == 403


def test_while_voting_is_open_each_look_at_the_ledger_is_written_down(app: Flask, world: World):
    world.to(State.OPEN)
    counter = official(app, world, "counter1")
    assert counter.get(f"{BASE}/deliveries").status_code == 200
    assert counter.get(f"{BASE}/deliveries.csv").status_code == 200
    with world.platform.database.reading() as session:
        looks = doors.looks(session, world.row(), limit=9)
    assert [(look.person_id, look.page) for look in looks] == [(world.officials["counter1"], "ledger")] * 2
    assert "送达台账" in official(app, world, "clerk1").get(f"{BASE}/turnout").text


def test_opening_the_notice_counts_as_a_login_that_a_clerk_signs(app: Flask, world: World):
    owner = signed_in(app, world.platform, world.people[1])
    for client in (owner, owner, app.test_client(), official(app, world, "clerk1")):
        assert client.get(f"{BASE}/notice").status_code == 200
    with world.platform.database.reading() as session:
        assert [row.method for row in session.scalars(select(Delivery))] == ["login"]
    clerk = official(app, world, "clerk1")
    ledger = f"{BASE}/deliveries"
    assert "有 1 户登录看过公告" in clerk.get(ledger).text
    post(clerk, f"{ledger}/logins", page=ledger)
    assert world.sign(waiting(world, "delivery")[0], "clerk1") == "appended"
    assert "登录平台查看" in clerk.get(ledger).text


def test_conveners_look_and_do_nothing(app: Flask, world: World):
    serial, *_ = issued(app, world)
    chair = signed_in(app, world.platform, in_post(world, world.chair, COMMITTEE_CHAIR))
    for page in (DESK, f"{DESK}/sheets/{serial}", f"{DESK}/hand", f"{BASE}/deliveries"):
        assert chair.get(page).status_code == 200
    for page in (f"{DESK}/scans", f"{DESK}/sheets/{serial}/key"):
        assert chair.get(page).status_code == 403
    for address in ("prepare", "print", f"sheets/{serial}/reissue", f"sheets/{serial}/key", "hand/submit"):
        assert post(chair, f"{DESK}/{address}", page="/verify").status_code == 403


def test_the_front_page_leads_a_clerk_to_the_sheets(app: Flask, world: World):
    serial, *_ = issued(app, world)
    world.to(State.OPEN)
    scan(world, serial)
    assert "1 张等您录入" in official(app, world, "clerk1").get("/c/WTY/").text
    assert "纸质选票" not in official(app, world, "counter1").get("/c/WTY/").text
