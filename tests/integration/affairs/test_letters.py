"""督办函: from the overdue list to the paper in the handler's hands and what the street office sees."""

import io
import re
import subprocess
import threading
from datetime import timedelta

import pikepdf
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from hoa.affairs.rules import letters as rules
from hoa.affairs.rules.states import NotNow, State
from hoa.affairs.service import letters, reading
from hoa.affairs.service.supervising import NotOverdue
from hoa.affairs.tables import SupervisionLetter
from hoa.kernel.errors import Refusal
from hoa.platform import Platform
from tests.integration.affairs.scene import REPORTER_NAME, REPORTER_PHONE, SECRET, TITLE, Scene, open_scene
from tests.integration.community.scene import post, signed_in, work
from tests.integration.people import a_community

HERE = "/c/WTY/letters"


@pytest.fixture
def scene(platform: Platform) -> Scene:
    return open_scene(platform)


def browser(scene: Scene, app: Flask, who: str) -> FlaskClient:
    return signed_in(app, scene.platform, scene.people[who])


def test_an_overdue_suggestion_gets_a_letter_that_its_handler_reads(scene: Scene, app: Flask) -> None:
    late, fine = scene.suggestion(State.ASSIGNED), scene.receive(phone=None, name="")
    for words in ("已约检验机构", "配件在途", "等检验报告"):
        scene.handle("progress", late, text=words)
    scene.pass_days(21)
    scene.assign(fine, handler="lift", title="刚交办的")
    supervisor = browser(scene, app, "supervisor")
    assert f"逾期未办，请督办：{TITLE}" in supervisor.get("/c/WTY/my").text
    listed = supervisor.get(f"{HERE}/").text
    assert "1 件诉求逾期" in listed
    assert "刚交办的" not in listed
    assert browser(scene, app, "manager").get(f"{HERE}/").status_code == 403
    assert supervisor.get(f"{HERE}/for/{fine}").status_code == 409

    write = f"{HERE}/for/{late}"
    proposed = supervisor.get(write).text
    for words in (TITLE, "逾期 5 个工作日", "最迟在 2026年11月3日反馈", "2026年11月13日书面答复", 'value="2026-11-13"'):
        assert words in proposed
    for private in (REPORTER_NAME, REPORTER_PHONE, SECRET):
        assert private not in proposed
    far = post(supervisor, write, {"text": "请立即办理并书面答复", "answer_by": "2027-03-01"})
    assert "请立即办理并书面答复" in far.text
    assert "2026-11-24" in far.text
    sent = {"text": "请立即办理。\n在 11 月 13 日前书面答复。", "answer_by": "2026-11-13"}
    page = post(supervisor, write, sent).headers["Location"]
    shown = supervisor.get(page).text
    for words in ("督办函 2026-001", "在 11 月 13 日前书面答复。", "第二百八十五条", "业主监督委员会", "交办"):
        assert words in shown, words
    label = scene.row(late).label
    assert "督办函 2026-001：业主监督委员会于" in app.test_client().get(f"/c/WTY/suggestions/{label}").text
    again = post(supervisor, write, sent, page=f"{HERE}/for/{late}")
    assert "督办函 2026-001" in again.text
    assert "还没有到期" in again.text
    assert "请督办" not in supervisor.get("/c/WTY/my").text

    manager = browser(scene, app, "manager")
    assert page in manager.get(f"/c/WTY/handling/{late}").text
    assert manager.get(page).status_code == 200
    assert browser(scene, app, "owner").get(page).status_code == 404
    assert browser(scene, app, "lift_contact").get(page).status_code == 404
    work(scene.platform)
    told = (scene.platform.settings.data / "sms.jsonl").read_text(encoding="utf-8")
    assert "已逾期，督办函见" in told

    job = post(manager, f"{page}/pdf", page=page).headers["Location"]
    work(scene.platform)
    file = manager.get(f"{job}.json").get_json()["url"]
    paper = manager.get(file)
    assert paper.mimetype == "application/pdf"
    assert len(pikepdf.open(io.BytesIO(paper.data)).pages) <= 2
    told_on_paper_together(paper.data)
    assert browser(scene, app, "owner").get(file).status_code == 404
    a_community(scene.platform, "BYL", "别院里")
    assert supervisor.get(file.replace("/WTY/", "/BYL/")).status_code == 404

    # The paper says what held when it was issued, whatever happens to the suggestion afterwards.
    scene.handle("answer", late, text="修好了")
    scene.act("reopen", late, reason="又坏了")
    scene.pass_days(1)
    later = browser(scene, app, "supervisor").get(page).text
    assert "发函时已逾期 5 个工作日" in later
    assert "又坏了" not in later
    with scene.platform.database.reading() as session, pytest.raises(NotOverdue):
        letters.proposal(session, scene.row(late), answer_by=scene.now().date(), now=scene.now())


def told_on_paper_together(pdf: bytes) -> None:
    """The heading of what happened never stands at the foot of a page with a row or two."""
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    pages = done.stdout.decode().split("\f")
    rows = [len(re.findall(r"年\d+月\d+日 \d\d:\d\d", page)) for page in pages if "办理经过" in page]
    assert rows[0] >= 3, rows


def test_letters_have_numbers_by_year_and_one_runs_at_a_time(scene: Scene) -> None:
    """Two who write at once about one suggestion: one letter. About two: two numbers. The next year begins at one."""
    made = [scene.suggestion(State.ASSIGNED), scene.suggestion(State.ASSIGNED, name="", phone=None)]
    paused = scene.suggestion(State.PAUSED, text="另一件", phone="13900000189")
    scene.pass_days(21)
    refused: list[Refusal] = []

    def write(suggestion: str, who: str) -> None:
        try:
            with scene.platform.database.writing() as session:
                letters.issue(
                    session,
                    scene.community,
                    suggestion,
                    text="请办理",
                    answer_by=(scene.now() + timedelta(days=2)).date(),
                    by=scene.people[who],
                    now=scene.now(),
                )
        except Refusal as refusal:
            refused.append(refusal)

    pairs = [(made[0], "supervisor"), (made[0], "clerk"), (made[1], "officer"), (made[1], "second_supervisor")]
    threads = [threading.Thread(target=write, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [type(one) for one in refused] == [rules.LetterRunning] * 2
    write(paused, "clerk")
    assert isinstance(refused[-1], NotNow)
    with scene.platform.database.reading() as session:
        rows = session.scalars(select(SupervisionLetter).order_by(SupervisionLetter.number)).all()
        assert [row.label for row in rows] == ["2026-001", "2026-002"]
        assert {row.suggestion_id for row in rows} == set(made)
        levels = {scene.people[who]: level for who, level in (("supervisor", 1), ("clerk", 2), ("officer", 3))}
        assert all(row.level == levels.get(row.issued_by_id, 1) for row in rows)
        paper = letters.paper(session, next(row for row in rows if row.suggestion_id == made[1]))
        assert paper.sender in ("街道办事处", "业主监督委员会")
        assert "第二百八十五条" in paper.basis[0]
    scene.pass_days(60)
    write(made[0], "clerk")
    with scene.platform.database.reading() as session:
        last = letters.latest(session, scene.community, limit=1)[0]
        assert last.label == "2027-001"
        history = reading.history(session, scene.row(made[0]))
        assert [step.details["letter"] for step in history if step.action == "supervise"][-1] == "2027-001"


def test_the_street_office_sees_what_has_come_up_to_it(scene: Scene, app: Flask) -> None:
    """Over all its communities, with the day that was missed; the supervisors' list says the level in words."""
    late = scene.suggestion(State.ASSIGNED)
    scene.pass_days(15)  # one working day late: not the street's yet
    assert TITLE not in browser(scene, app, "officer").get("/").text
    scene.pass_days(6)
    start = browser(scene, app, "officer").get("/").text
    assert f"逾期：{TITLE}" in start
    assert "2026年11月3日" in start
    assert f"/c/WTY/sorting/suggestions/{late}" in start
    scene.act("escalate", late, level=1)
    scene.act("escalate", late, level=3)
    listed = browser(scene, app, "officer").get(f"{HERE}/").text
    assert '<td data-label="升级到" class="nowrap">街道</td>' in listed
    assert "<p>到街道</p>" in browser(scene, app, "officer").get(f"/c/WTY/sorting/suggestions/{late}").text
    page = browser(scene, app, "manager").get(f"/c/WTY/handling/{late}").text
    assert '<strong class="tag tag--error">街道</strong>' in page
