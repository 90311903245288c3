"""The register's pages: who sees what, importing in the browser, letters, the desk; two communities kept apart."""

import io
import json
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hoa.accounts import service as accounts
from hoa.community import service
from hoa.community.rules import IdentityLevel
from hoa.kernel.posts import AUDITOR, RESIDENTS_STAFF, STREET_OFFICER, Post
from hoa.platform import Platform
from tests.integration.community.scene import (
    DATA,
    KANG,
    PING,
    SMALL,
    a_register,
    csrf,
    officer,
    owner_id,
    post,
    signed_in,
    unit_id,
    work,
    workbook,
)
from tests.integration.people import a_community


def clerk(app: Flask, platform: Platform, community: str, place: Post = RESIDENTS_STAFF, n: int = 1) -> FlaskClient:
    return signed_in(app, platform, officer(platform, community, place, name=f"工作人员{n}", phone=f"1990000100{n}"))


def owner(app: Flask, platform: Platform, community: str) -> FlaskClient:
    """康霞远, who owns two flats and has come in by phone, room and name."""
    person = officer(platform, None, None, name="", phone=KANG[2])
    client = signed_in(app, platform, person)
    answer = post(client, "/c/WTY/mine", {"room": "1-1-102", "name": KANG[0]}, follow_redirects=True)
    assert "您算 1 人，面积 192.00 m²" in answer.text
    return client


def upload(client: FlaskClient, platform: Platform, data: bytes, name: str = "名册.xlsx") -> str:
    """Send a workbook and wait for its preview; the preview's address."""
    answer = post(
        client,
        "/c/WTY/register/imports/",
        {"file": (io.BytesIO(data), name), "basis": "registered"},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 302, answer.text
    work(platform)
    status = client.get(answer.location + ".json").get_json()
    assert status["state"] == "done", status
    return str(status["url"])


# ------------------------------------------------------------------------------------------------------ importing


def test_a_clerk_imports_a_register_in_the_browser_after_seeing_what_will_change(
    app: Flask, platform: Platform
) -> None:
    community = a_community(platform)
    client = clerk(app, platform, community)
    assert "名册还是空的" in client.get("/c/WTY/register/").text
    assert 'href="/c/WTY/register/imports/"' in client.get("/c/WTY/").text, "the first page says what to begin with"
    url = upload(client, platform, workbook(SMALL))
    page = client.get(url).text
    assert "确认后将新增 5 个专有部分，改动 0 个" in page
    assert "474.00 m²" in page
    with platform.database.reading() as session:
        assert service.totals(session, community).units == 0
    answer = post(client, url)
    work(platform)
    assert client.get(answer.location + ".json").get_json()["state"] == "done"
    done = client.get(url).text
    assert "已导入：新增 5 个" in done
    assert "/c/WTY/register/letters/" in done
    assert "导入业主名册" not in client.get("/c/WTY/").text
    assert "5 个专有部分，计 3 人" in client.get("/c/WTY/register/").text


def test_the_spoiled_register_shows_every_place_and_cure_and_offers_no_confirmation(
    app: Flask, platform: Platform
) -> None:
    community = a_community(platform)
    client = clerk(app, platform, community)
    url = upload(client, platform, (DATA / "register-spoiled.xlsx").read_bytes())
    page = client.get(url).text
    assert "有 10 处错误，没有导入" in page
    for cell in ("F10", "F20", "F30", "G40", "D50", "H60", "B80", "J90", "F100", "F516"):
        assert f"业主清册 {cell}" in page
    assert "确认导入" not in page
    assert client.post(url, data={"csrf_token": csrf(client, "/c/WTY/register/imports/")}).status_code == 409
    table = client.get(url + "/problems.csv")
    assert table.headers["Content-Disposition"].startswith("attachment")
    assert len(table.text.strip().splitlines()) == 12


def test_the_same_file_again_says_that_there_is_nothing_to_do(app: Flask, platform: Platform) -> None:
    community = a_register(platform)
    client = clerk(app, platform, community)
    assert "完全相同" in client.get(upload(client, platform, workbook(SMALL))).text


def test_leaving_units_out_needs_a_tick(app: Flask, platform: Platform) -> None:
    community = a_register(platform)
    client = clerk(app, platform, community)
    rows = [list(row) for row in SMALL[:3]]
    rows[0][4] = 90
    url = upload(client, platform, workbook(rows))
    assert "共 2 个，列在下面" in client.get(url).text
    post(client, url, {"remove_missing": "y"})
    work(platform)
    with platform.database.reading() as session:
        assert service.totals(session, community).units == 3


@pytest.mark.parametrize(("name", "said"), [("notes.txt", ".xlsx"), ("", "请选择文件")])
def test_another_kind_of_file_is_refused_in_the_form(app: Flask, platform: Platform, name: str, said: str) -> None:
    client = clerk(app, platform, a_community(platform))
    form = {"file": (io.BytesIO(b"x"), name), "basis": "registered"}
    answer = post(client, "/c/WTY/register/imports/", form, content_type="multipart/form-data")
    assert answer.status_code == 200
    assert said in answer.text


def test_a_stale_preview_is_made_again(app: Flask, platform: Platform) -> None:
    community = a_register(platform)
    client = clerk(app, platform, community)
    rows = [list(row) for row in SMALL]
    rows[0][4] = 90
    first = upload(client, platform, workbook(rows))
    rows[0][4] = 91
    post(client, upload(client, platform, workbook(rows)))
    work(platform)
    assert "请重新预览" in client.get(first).text
    assert client.post(first, data={"csrf_token": csrf(client, first)}).status_code == 409
    post(client, first + "/again", page=first)
    work(platform)
    assert "91.00 m²" in client.get(first).text


# ------------------------------------------------------------------------------------------------- who sees what


def test_names_are_full_for_those_who_keep_the_register_and_masked_for_the_rest(app: Flask, platform: Platform) -> None:
    community = a_register(platform)
    unit = f"/c/WTY/register/units/{unit_id(platform, community, '1-1-101')}"
    keeper, auditor = clerk(app, platform, community), clerk(app, platform, community, AUDITOR, 2)
    for page in ("/c/WTY/register/", unit):
        assert PING[0] in keeper.get(page).text
        assert PING[0] not in auditor.get(page).text
        assert "平**" in auditor.get(page).text
    assert "平志晓" not in auditor.get("/c/WTY/register/?q=平志晓").text.replace('value="平志晓"', "")
    assert "没有找到" in auditor.get("/c/WTY/register/?q=平志晓").text
    assert "1栋1单元101" in keeper.get("/c/WTY/register/?q=平志").text
    for page in ("/c/WTY/register/", unit):
        for secret in (PING[1], PING[2]):
            assert secret not in keeper.get(page).text


def test_an_owner_sees_units_and_totals_but_no_other_name_and_no_desk(app: Flask, platform: Platform) -> None:
    community = a_register(platform)
    client = owner(app, platform, community)
    page = client.get("/c/WTY/register/").text
    assert "474.00 m²" in page
    assert PING[0] not in page
    for closed in ("register/imports/", "register/letters/", "desk/", "register/export.csv", "register/template.xlsx"):
        assert client.get(f"/c/WTY/{closed}").status_code == 403


def test_a_neighbour_sees_neither_the_notes_nor_the_history_of_a_unit(app: Flask, platform: Platform) -> None:
    community = a_register(platform)
    unit = f"/c/WTY/register/units/{unit_id(platform, community, '1-1-101')}"
    keeper, neighbour = clerk(app, platform, community).get(unit).text, owner(app, platform, community).get(unit).text
    for inside in ("变动记录", "身份核验"):
        assert inside in keeper
        assert inside not in neighbour
    assert "87.46 m²" in neighbour


def test_my_rooms_say_how_many_heads_how_much_area_and_why(app: Flask, platform: Platform) -> None:
    page = owner(app, platform, a_register(platform)).get("/c/WTY/mine").text
    assert "同一业主的 2 个专有部分按一人计算（司法解释第九条），面积相加" in page
    assert "1栋1单元102" in page
    assert "投票前还要核验一次身份" in page


def test_a_visitor_is_asked_to_sign_in_and_a_stranger_is_refused(app: Flask, platform: Platform) -> None:
    a_register(platform)
    assert "/sign-in" in app.test_client().get("/c/WTY/register/").location
    stranger = signed_in(app, platform, officer(platform, None, None, name="路人", phone="19900007777"))
    assert stranger.get("/c/WTY/register/").status_code == 403
    assert "还没有与您的账户对上的房屋" in stranger.get("/c/WTY/mine").text


def test_the_wildcards_of_a_search_are_plain_characters(app: Flask, platform: Platform) -> None:
    client = clerk(app, platform, a_register(platform))
    assert "没有找到" in client.get("/c/WTY/register/?q=%25").text
    assert client.get("/c/WTY/register/?page=99999&building=x").status_code == 200


def test_files_are_attachments_and_hold_no_secret(app: Flask, platform: Platform) -> None:
    client = clerk(app, platform, a_register(platform))
    for ending in ("csv", "xlsx"):
        answer = client.get(f"/c/WTY/register/export.{ending}")
        assert answer.headers["Content-Disposition"] == f'attachment; filename="WTY-register.{ending}"'
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert KANG[1] not in client.get("/c/WTY/register/export.csv").text
    assert client.get("/c/WTY/register/export.pdf").status_code == 404
    assert client.get("/c/WTY/register/template.xlsx").data[:2] == b"PK"


# ------------------------------------------------------------------------------------------------------- letters


def letter_of(client: FlaskClient, platform: Platform, community: str, code: str) -> tuple[str, str]:
    """The page of the batch, and the code on the one letter for a unit."""
    unit = unit_id(platform, community, code)
    answer = post(client, f"/c/WTY/register/units/{unit}/letter", page=f"/c/WTY/register/units/{unit}")
    found = re.search(r'<span class="code">(\d{4}) (\d{4})</span>', client.get(answer.location).text)
    assert found
    return answer.location, found[1] + found[2]


def sent_code(platform: Platform, app: Flask) -> str:
    """The code of the last text message."""
    app.extensions["hoa.code_sender"].shutdown(wait=True)
    last = (platform.settings.data / "sms.jsonl").read_text(encoding="utf-8").strip().splitlines()[-1]
    return str(json.loads(last)["params"]["code"])


def test_a_letter_leads_from_the_mailbox_to_my_rooms(app: Flask, platform: Platform) -> None:
    community = a_register(platform)
    _, code = letter_of(clerk(app, platform, community), platform, community, "1-1-101")
    client = app.test_client()
    assert f'value="{code}"' in client.get(f"/c/WTY/activate?room=1-1-101&code={code}").text
    answer = post(client, "/c/WTY/activate", {"room": "1栋1单元101", "code": f"{code[:4]} {code[4:]}"})
    assert answer.location.endswith("/c/WTY/activate/phone")
    assert "平**" in client.get(answer.location).text
    answer = post(client, "/c/WTY/activate/phone", {"phone": "199 0000 5555"})
    assert answer.location.endswith("/c/WTY/activate/code")
    answer = post(client, "/c/WTY/activate/code", {"code": sent_code(platform, app)}, follow_redirects=True)
    assert "激活成功" in answer.text
    assert "您算 1 人，面积 87.46 m²" in answer.text
    with platform.database.reading() as session:
        person = accounts.find_by_phone(session, platform.keys, "19900005555")
        assert person is not None
        assert person.name == PING[0]
        assert service.identity_level(session, community, person.id) is IdentityLevel.V1


def test_guessing_a_letter_stops_after_five_tries_with_the_same_words_for_unknown_rooms(
    app: Flask, platform: Platform
) -> None:
    community = a_register(platform)
    _, code = letter_of(clerk(app, platform, community), platform, community, "1-1-101")
    client = app.test_client()
    answers = [
        re.sub(
            r"csrf_token.*?>|value=\"[^\"]*\"", "", post(client, "/c/WTY/activate", {"room": room, "code": wrong}).text
        )
        for room, wrong in (("1-1-101", "11111111"), ("9-9-9", "11111111"), ("1-1-102", code))
    ]
    assert len(set(answers)) == 1
    for _ in range(2):
        post(client, "/c/WTY/activate", {"room": "1-1-101", "code": "22222222"})
    last = post(client, "/c/WTY/activate", {"room": "1-1-101", "code": code})
    assert "试错次数太多" in last.text


def test_letters_become_a_pdf_that_is_kept_sealed_and_opens_only_here(app: Flask, platform: Platform) -> None:
    community, _ = a_register(platform), a_register(platform, "BSH")
    client = clerk(app, platform, community)
    batch, code = letter_of(client, platform, community, "1-1-101")
    answer = post(client, batch + "/pdf", page=batch)
    work(platform)
    page = client.get(client.get(answer.location + ".json").get_json()["url"]).text
    found = re.search(r'href="([^"]+[.]pdf)"', page)
    assert found
    url = found[1]
    pdf = client.get(url)
    assert pdf.data[:5] == b"%PDF-"
    digest = Path(url).stem
    assert platform.files.get(digest)[:5] != b"%PDF-"
    with platform.database.reading() as session:
        other = service.find_community(session, "BSH")
    stranger = signed_in(app, platform, officer(platform, other.id, RESIDENTS_STAFF, name="外人", phone="19900004444"))
    assert stranger.get(url).status_code == 403
    assert stranger.get(url.replace("/WTY/", "/BSH/")).status_code >= 400
    assert code not in stranger.get(url.replace("/WTY/", "/BSH/")).text


# ----------------------------------------------------------------------------------------------------------- desk


def test_two_officers_check_an_owner_at_the_desk_each_in_their_own_session(app: Flask, platform: Platform) -> None:
    community = a_register(platform)
    first = clerk(app, platform, community)
    second = clerk(app, platform, community, STREET_OFFICER, 2)
    assert "核验 平志晓" in first.get("/c/WTY/desk/?room=1-1-101").text
    start = f"/c/WTY/desk/owners/{owner_id(platform, community, PING[0])}"
    assert "必须看过原件" in post(first, start, {"phone": PING[2]}).text
    post(first, start, {"phone": PING[2], "person": "y", "title": "y"})
    found = re.search(r"/c/WTY/desk/checks/\w+", second.get("/c/WTY/desk/").text)
    assert found
    mine = first.get(found[0]).text
    assert "要由另一个人确认" in mine
    answer = first.post(found[0], data={"csrf_token": csrf(first, found[0]), "person": "y", "title": "y"})
    assert "另一个人" in answer.text
    page = second.get(found[0]).text
    assert "199****0165" in page
    assert PING[2] not in page
    answer = post(second, found[0], {"person": "y", "title": "y"}, follow_redirects=True)
    assert "已由两人核验" in answer.text
    with platform.database.reading() as session:
        person = accounts.find_by_phone(session, platform.keys, PING[2])
        assert person is not None
        assert service.identity_level(session, community, person.id) is IdentityLevel.V2


@pytest.mark.parametrize(("phone", "warned"), [(KANG[2], False), ("19900000999", True)])
def test_the_second_officer_is_warned_only_when_another_account_would_stand_for_the_owner(
    app: Flask, platform: Platform, phone: str, warned: bool
) -> None:
    community = a_register(platform)
    owner(app, platform, community)
    first = clerk(app, platform, community)
    second = clerk(app, platform, community, STREET_OFFICER, 2)
    start = f"/c/WTY/desk/owners/{owner_id(platform, community, KANG[0])}"
    post(first, start, {"phone": phone, "person": "y", "title": "y"})
    found = re.search(r"/c/WTY/desk/checks/\w+", second.get("/c/WTY/desk/").text)
    assert found
    assert ("这位业主已有账户" in second.get(found[0]).text) is warned


def test_an_officer_can_stop_a_check_with_a_reason(app: Flask, platform: Platform) -> None:
    community = a_register(platform)
    first, second = clerk(app, platform, community), clerk(app, platform, community, STREET_OFFICER, 2)
    start = f"/c/WTY/desk/owners/{owner_id(platform, community, PING[0])}"
    post(first, start, {"phone": PING[2], "person": "y", "title": "y"})
    found = re.search(r"/c/WTY/desk/checks/\w+", second.get("/c/WTY/desk/").text)
    assert found
    assert "请填写这一项" in post(second, found[0] + "/refuse", page=found[0]).text
    post(second, found[0] + "/refuse", {"reason": "人证不符"}, page=found[0])
    assert "人证不符" in second.get(found[0]).text


# --------------------------------------------------------------------------------------- communities, and apart


def administrator(app: Flask, platform: Platform) -> FlaskClient:
    with platform.database.writing() as session:
        person = accounts.create_person(
            session, platform.keys, name="平台管理员", phone="19900001000", now=platform.now(), administrator=True
        )
    return signed_in(app, platform, person.id)


def test_the_administrator_creates_a_community_and_can_do_nothing_in_it(app: Flask, platform: Platform) -> None:
    client = administrator(app, platform)
    form = {"name": "梧桐苑", "code": "wty", "help_phone": "023-6860 1234"}
    answer = post(client, "/platform/communities/new", form)
    assert answer.location.endswith("/platform/communities/WTY/offices/")
    assert "梧桐苑" in client.get("/platform/communities/").text
    assert "已被使用" in post(client, "/platform/communities/new", form).text
    assert client.get("/c/WTY/register/").status_code == 403
    assert client.get("/c/WTY/register/imports/").status_code == 403


def test_nobody_else_creates_communities(app: Flask, platform: Platform) -> None:
    community = a_register(platform)
    assert clerk(app, platform, community).get("/platform/communities/new").status_code == 403


def test_a_clerk_of_one_community_reaches_nothing_of_another(app: Flask, platform: Platform) -> None:
    mine, other = a_community(platform, "BSH", "璧山"), a_register(platform)
    client = clerk(app, platform, mine)
    unit, person = unit_id(platform, other, "1-1-101"), owner_id(platform, other, PING[0])
    for path in ("register/", "register/imports/", "register/letters/", "desk/", f"register/units/{unit}"):
        assert client.get(f"/c/WTY/{path}").status_code == 403
    for path in (f"register/units/{unit}", f"desk/owners/{person}", "register/imports/nothing"):
        assert client.get(f"/c/BSH/{path}").status_code == 404
    token = csrf(client, "/c/BSH/register/letters/")
    assert client.post(f"/c/BSH/register/units/{unit}/letter", data={"csrf_token": token}).status_code == 404
