"""The monthly report: published once, derivable by anybody, safe as a workbook; and that of whoever reported nothing
reaches anybody else: no page, feed, export, report, message, job or log.
"""

import io
import json
import re
import subprocess
import zipfile
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select

from hoa.accounts import service as accounts
from hoa.affairs.rules import figures as rules
from hoa.affairs.rules.figures import Period
from hoa.affairs.rules.states import State
from hoa.affairs.service import handlers, months, public, reading
from hoa.app import create_worker
from hoa.bulletin.tables import Publication
from hoa.jobs import Job
from hoa.kernel import canonical
from hoa.kernel.workdays import china
from hoa.platform import Platform
from tests.integration.affairs.scene import Scene, open_scene
from tests.integration.community.scene import csrf, signed_in

BOARD = "/c/WTY/suggestions/"
MONTH = BOARD + "months/2026-10"


def run_jobs(platform: Platform) -> None:
    worker = create_worker(platform)
    while worker.run_one():
        pass


def test_a_month_is_published_once_and_anybody_derives_its_figures(
    app: Flask, platform: Platform, client: FlaskClient
) -> None:
    scene = open_scene(platform)
    for state in State:
        scene.suggestion(state)
    with platform.database.writing() as session:
        unit = handlers.add_outside(
            session,
            platform.keys,
            scene.community,
            name="=HYPERLINK(1)",
            contact="计大",
            phone="13900000166",
            by=scene.desk,
            now=scene.now(),
        )
    scene.act("assign", scene.receive(), title="灯", sorting="undertaken", handler_id=unit.id, by=scene.desk)
    desk = signed_in(app, platform, scene.desk)
    assert "公示这份月报" not in desk.get(MONTH).text
    refused = desk.post(MONTH + "/publish", data={"csrf_token": csrf(desk, BOARD)})
    assert refused.status_code == 409
    assert "还没有结束" in refused.text
    scene.pass_days(14)
    asked = f"请公示：{months.title(Period(2026, 10))}"
    assert asked not in signed_in(app, platform, scene.desk).get("/c/WTY/").text
    scene.pass_days(1)  # Wednesday, 4 November: the third working day
    assert asked in signed_in(app, platform, scene.desk).get("/c/WTY/").text
    assert asked not in signed_in(app, platform, scene.people["supervisor"]).get("/c/WTY/").text
    owner, desk = signed_in(app, platform, scene.people["owner"]), signed_in(app, platform, scene.desk)
    assert "公示这份月报" not in owner.get(MONTH).text
    assert owner.post(MONTH + "/publish", data={"csrf_token": csrf(owner, BOARD)}).status_code == 403
    assert "公示这份月报" in desk.get(MONTH).text
    assert client.get(MONTH + ".pdf").status_code == 404
    assert desk.post(MONTH + "/publish", data={"csrf_token": csrf(desk, BOARD)}).status_code == 302
    assert desk.post(MONTH + "/publish", data={"csrf_token": csrf(desk, BOARD)}).status_code == 409
    assert asked not in desk.get("/c/WTY/").text
    run_jobs(platform)
    with platform.database.reading() as session:
        row = session.scalars(select(Publication).where(Publication.kind == months.PUBLICATION)).one()
        report = months.report(session, scene.community, Period(2026, 10))
    assert report is not None
    # From the published bytes alone.
    content = json.loads(client.get(f"/c/WTY/bulletin/{row.id}/content.json").data)
    assert canonical.digest(content) == row.content_hash
    facts = [rules.from_row(one) for one in content["rows"]]
    as_of = facts[0].received_on.fromisoformat(content["as_of"])
    found = rules.count(facts, day=as_of, calendar=china())
    assert rules.as_content(found) == content["figures"]
    assert found.received == len(State) + 2
    assert found.late > 0
    page = client.get(MONTH).text
    # It stays what was published, whatever happens afterwards.
    late = next(fact.label for fact in facts if fact.label in _assigned(scene))
    scene.handle("answer", _assigned(scene)[late], text="修好了")
    assert client.get(MONTH).text == page
    assert row.content_hash in page
    pdf = client.get(MONTH + ".pdf")
    assert pdf.mimetype == "application/pdf"
    printed = _pdf_text(pdf.data)
    assert "诉求办理月报" in printed
    assert facts[0].label in printed
    assert row.content_hash[:16] in printed.replace("\n", "")
    book = load_workbook(io.BytesIO(client.get(MONTH + ".xlsx").data))
    cells = [cell for sheet in book for line in sheet for cell in line if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert "=HYPERLINK(1)" in {cell.value for cell in cells}
    assert {fact.label for fact in facts} <= {str(cell.value) for cell in cells}


def _assigned(scene: Scene) -> dict[str, str]:
    """What the property manager has on its desk: ids by label."""
    with scene.platform.database.reading() as session:
        rows = reading.listed(session, scene.community, handler_id=scene.handlers["property"], states=[State.ASSIGNED])
        return {row.label: row.id for row in rows}


def _pdf_text(pdf: bytes) -> str:
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode()


NAME, PHONE, RAW = "鲜于藏锋", "13987650042", "窃听不得的原话"
ACCOUNT, OWN_PHONE = "淳于隐姓", "13987650043"
# Whatever form a name or number could slip out in.
NEVER = (NAME, "藏锋", PHONE, "139-8765-0042", RAW, ACCOUNT, "隐姓", OWN_PHONE)


# Where anything about suggestions could stand; the books and votes of an empty community are looked at elsewhere.
ROOMS = re.compile(r"^/c/WTY/(suggestions|say|s|chain|topics|bulletin|open311|places|my|$)")


def crawl(client: FlaskClient, *starts: str) -> dict[str, str]:
    """Every page and file that links lead to from here, as text; forms are not sent."""
    found: dict[str, str] = {}
    waiting = list(starts)
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        answer = client.get(path, follow_redirects=True)
        found[path] = text = _as_text(answer.mimetype or "", answer.data)
        if answer.mimetype == "text/html" and answer.status_code == 200:
            links = (unescape(link) for link in re.findall(r'(?:href|src)="(/[^"#]*)', text))
            waiting += [link for link in links if ROOMS.search(link)]
    return found


def _as_text(mimetype: str, data: bytes) -> str:
    if mimetype == "application/pdf":
        return _pdf_text(data)
    if "openxmlformats" in mimetype:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            return "".join(book.read(name).decode() for name in book.namelist())
    return data.decode("utf-8", "replace")


def test_of_whoever_reported_nothing_is_found_anywhere(
    app: Flask, platform: Platform, client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    scene = open_scene(platform)
    with platform.database.writing() as session:
        mine = accounts.person_for_phone(session, platform.keys, phone=OWN_PHONE, name=ACCOUNT, now=scene.now())
    said: dict[str, Any] = {
        "name": NAME,
        "phone": PHONE,
        "text": f"{RAW}，我是{NAME}，电话 139-8765-0042，住 3 幢 1 单元 901",
    }
    title = f"{NAME}家电话 139-8765-0042 的电梯"
    made = {state: scene.suggestion(state, **said) for state in State if state is not State.PUBLISHED}
    signed = scene.receive(**{**said, "reporter_id": mine.id, "may_call": True, "text": f"{said['text']}，{ACCOUNT}"})
    scene.assign(signed, title=title)
    scene.handle("progress", signed, text=f"已联系{NAME}：{RAW}")
    scene.handle("pause", signed, reason=f"{NAME}（{PHONE}）出差，藏锋家没有人")
    scene.handle("resume", signed)
    scene.handle("answer", signed, text=f"{NAME}，{RAW}")
    scene.act("rate", signed, stars=1, text=RAW, via="page")
    scene.act("reopen", signed, reason=f"{RAW} {PHONE}")
    again = scene.receive(**said)
    scene.act("withdraw", again, reason=RAW)
    done = scene.suggestion(State.RATED, **said)
    with platform.database.reading() as session:
        row = reading.find(session, scene.community, done)
        words = public.masked(session, platform.keys, row, row.text.replace(RAW, "电梯坏了"))
        theirs = reading.find(session, scene.community, signed)
        assert ACCOUNT not in public.masked(session, platform.keys, theirs, theirs.text)
        # Whoever may not know a name cannot find it out by writing it and seeing it vanish.
        assert public.written(platform.keys, row, f"{NAME} {PHONE}", by_handler=True) == f"{NAME} 139****0042"
        assert public.written(platform.keys, theirs, f"{NAME} {ACCOUNT}") == f"鲜*** {ACCOUNT}"
    scene.act("publish", done, public_text=words, public_answer=words, by=scene.desk)
    scene.pass_days(14)
    with platform.database.writing() as session:
        months.publish(session, scene.community, Period(2026, 10), by=scene.desk, now=scene.now())
    run_jobs(platform)
    owner = signed_in(app, platform, scene.people["owner"])
    asked = (BOARD, "/c/WTY/", BOARD + f"?q={NAME}", "/open311/v2/requests.json?jurisdiction_id=WTY")
    for browser in (client, owner):
        pages = crawl(browser, *asked)
        assert {MONTH, MONTH + ".pdf", MONTH + ".xlsx", BOARD + "suggestions.atom"} <= set(pages)
        assert {BOARD + scene.row(one).label for one in (*made.values(), signed, done)} <= set(pages)
        for path, text in pages.items():
            plain = text.replace(f'value="{NAME}"', "")  # what was typed into the search box comes back to who typed it
            assert [one for one in NEVER if one in plain] == [], path
    with platform.database.reading() as session:
        jobs = " ".join(f"{job.payload} {job.result} {job.error}" for job in session.scalars(select(Job)))
        published = " ".join(
            canonical.encode(one.content).decode() + one.title for one in session.scalars(select(Publication))
        )
    logged = capsys.readouterr()
    sent = (platform.settings.data / "sms.jsonl").read_text().splitlines()
    for where in (jobs, published, logged.out, logged.err):
        assert [one for one in NEVER if one in where] == []
    # A message goes to the number itself; no other message names anybody, and none repeats what was said.
    to_others = [line for line in sent if f'"phone": "{PHONE}"' not in line and f'"phone": "{OWN_PHONE}"' not in line]
    assert [line for line in to_others if any(one in line for one in NEVER)] == []
    assert RAW not in "".join(sent)
