"""The audit on the demo's books: every planted case and nothing else severe, and a report that proves itself."""

import io
import json
import re
import socket
import subprocess
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from finance.audit import content as contents
from finance.audit import making, present, printing, service
from finance.audit.checking import verify_report
from finance.audit.collect import collect
from finance.audit.rules.checks import in_order, run_all
from finance.audit.tables import AuditFinding, AuditReport
from hoa.cli import main
from hoa.demo import books as demo_books
from hoa.demo import people as cast
from hoa.kernel import canonical, money
from hoa.platform import Platform
from tests.audit_facts import DEFAULTS
from tests.integration.community.scene import csrf, post, signed_in, work
from tests.integration.finance.clients import engage
from tests.integration.people import a_community, a_person

SECRET = "geheim0405"
START, END = date(2026, 1, 1), date(2026, 9, 30)
PLANTED = {
    ("F04", "split", 520_000),
    ("F07", "related_parties", 520_000),
    ("F08", "overdue_income", 1_650_000),
    ("F08", "expired_contracts", 375_000),
    ("F18", "duplicate_invoice", 386_000),
}


class Kept:
    """The demo's books and its people."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.community = a_community(platform)
        self.people: Mapping[str, str] = cast.settle(platform, self.community, now=cast.TERM[0])
        demo_books.build(platform, self.community, self.people)

    def made(self) -> AuditReport:
        with self.platform.database.writing() as session:
            begun = service.begin(
                session, self.community, start=START, end=END, by=self.people["supervisor"], now=self.platform.now()
            )
        return making.make(self.platform, self.community, begun.id)

    def pdf(self, report: AuditReport) -> bytes:
        return self.platform.files.get(report.pdf_digest or "")


@pytest.fixture
def kept(platform: Platform) -> Kept:
    return Kept(platform)


def test_every_planted_case_is_found_and_nothing_else_is_severe(kept: Kept) -> None:
    with kept.platform.database.reading() as session:
        data = collect(session, kept.community, start=START, end=END, as_of=date(2026, 10, 20))
    found = [finding for _, finding in in_order(run_all(data, DEFAULTS))]
    severe = {(item.code, item.check, item.amount_fen) for item in found if item.severity == "high"}
    assert severe == PLANTED
    assert [(item.code, item.check, item.amount_fen) for item in found if item.severity != "high"] == [
        ("F14", "unexplained_lines", 120_000)
    ]


def test_a_quarter_in_which_nothing_was_planted_is_clean(kept: Kept) -> None:
    with kept.platform.database.reading() as session:
        data = collect(session, kept.community, start=START, end=date(2026, 3, 31), as_of=date(2026, 10, 20))
    assert in_order(run_all(data, DEFAULTS)) == []


@pytest.mark.slow
def test_the_report_is_signed_complete_and_its_attachments_add_up(kept: Kept) -> None:
    report = kept.made()
    assert (report.label, report.state) == ("2026-001", "ready")
    content, pdf = report.content, kept.pdf(report)
    assert content is not None
    verdict = verify_report(kept.platform, pdf)
    assert verdict.ok, verdict.lines
    assert "2026-001" in verdict.lines[-1]
    assert any("的数据相同" in line for line in verdict.lines)
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        files = {name: item.get_file().read_bytes() for name, item in opened.attachments.items()}
        assert len(opened.Root.AF) == len(files) == 5
        assert str(opened.Root.Lang) == "zh-CN"
    assert files == {item.name: item.content for item in printing.attachments(content)}
    assert canonical.digest(canonical.decode(files["report.json"])) == report.data_hash
    ledger = json.loads(files["ledger.json"])
    assert sum(row["income_fen"] for row in ledger) == content["totals"]["income_fen"] == 22_624_994
    assert sum(row["spending_fen"] for row in ledger) == content["totals"]["spending_fen"] == 9_351_568
    words = told_by("pdftotext", "-layout", "-", "-", pdf=pdf)
    for wanted in ("¥226,249.94", "¥93,515.68", "䶮源养护", "翀达消防", "每月收支", "9月", report.data_hash or ""):
        assert wanted in words, wanted
    assert not any(role.name in words for role in cast.ROLES), "no name of a person on paper"
    fonts = told_by("pdffonts", "-", pdf=pdf).splitlines()[2:]
    assert fonts
    assert all(row.split()[-5] == "yes" for row in fonts)
    pages = words.rstrip("\f").split("\f")
    assert [n for n, page in enumerate(pages, 1) if f"第{n}页/共{len(pages)}页" not in "".join(page.split())] == []
    # A job that runs twice changes nothing.
    again = making.make(kept.platform, kept.community, report.id)
    assert (again.data_hash, again.pdf_digest) == (report.data_hash, report.pdf_digest)
    with kept.platform.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(AuditFinding)) == 6


def told_by(*command: str, pdf: bytes) -> str:
    return subprocess.run(command, input=pdf, capture_output=True, check=True).stdout.decode()


def test_the_same_books_give_the_same_data(kept: Kept) -> None:
    with kept.platform.database.reading() as session:
        first, second = (
            contents.build(session, kept.community, number="2026-001", start=START, end=END, now=kept.platform.now())
            for _ in range(2)
        )
    assert canonical.encode(first) == canonical.encode(second)
    assert canonical.decode(canonical.encode(first)) == first
    # A report of the release before, which said less, is still read as it was made.
    old = {name: value for name, value in first.items() if name not in present.SINCE} | {"format": "hoa-audit-report-1"}
    old["ledger"] = [{name: value for name, value in row.items() if name != "purpose"} for row in first["ledger"]]
    page = printing.as_html(kept.platform, old, address="http://localhost:8000/x", now=kept.platform.now())
    assert "¥226,249.94" in page
    assert canonical.digest(old) in page
    assert "平台上没有这一项的登记" in page


@pytest.mark.slow
def test_the_database_keeps_a_finished_report_and_verify_names_what_was_changed(kept: Kept) -> None:
    report = kept.made()
    platform = kept.platform
    for statement in (
        "UPDATE audit_report SET data_hash = 'x'",
        "DELETE FROM audit_report",
        "UPDATE audit_finding SET amount_fen = 0",
        "UPDATE audit_finding SET sentence = ''",
        "DELETE FROM audit_finding",
    ):
        with pytest.raises(DBAPIError), platform.database.writing() as session:
            session.execute(text(statement))
    with platform.database.reading() as session:
        assert service.verify(session, platform.files, kept.community) == []
    with platform.database.writing() as session:
        session.execute(text("UPDATE audit_finding SET params = '{}' WHERE no = 1"))
    with platform.database.reading() as session:
        (told,) = service.verify(session, platform.files, kept.community)
    assert report.label in told
    assert "findings" in told
    _path(platform, report.pdf_digest or "").chmod(0o600)
    _path(platform, report.pdf_digest or "").write_bytes(b"%PDF")
    with platform.database.reading() as session:
        assert len(service.verify(session, platform.files, kept.community)) == 2


def _path(platform: Platform, digest: str) -> Path:
    return platform.settings.data / "files" / digest[:2] / digest[2:4] / digest


@pytest.mark.slow
def test_supervisors_pick_a_period_see_the_evidence_and_download(app: Flask, kept: Kept) -> None:
    client = signed_in(app, kept.platform, kept.people["supervisor"])
    assert "还没有生成过报告" in client.get("/c/WTY/audit/").text
    page = client.get("/c/WTY/audit/check?start=2026-01-01&end=2026-09-30")
    assert "发现 6 个问题，其中严重的 5 个" in page.text
    assert "顺发建材经营部" in page.text
    assert client.get("/c/WTY/audit/check?start=2026-09-30&end=2026-01-01").text.count("早于起始日") == 1
    assert "还没有过完" in client.get("/c/WTY/audit/check?start=2026-01-01&end=2026-10-20").text
    pages = set(re.findall(r'href="(/c/WTY/books/(?:vouchers|contracts|bank/lines)/[^"]+)"', page.text))
    assert {address.split("/")[4] for address in pages} == {"vouchers", "contracts", "bank"}
    assert [address for address in pages if client.get(address).status_code != 200] == []
    asked = post(
        client,
        "/c/WTY/audit/reports",
        {"start": "2026-01-01", "end": "2026-09-30", "kind": "audit", "opinion": "none", "edition": "zh-CN"},
        page="/c/WTY/audit/check?start=2026-01-01&end=2026-09-30",
    )
    assert asked.status_code == 302, asked.text
    work(kept.platform)
    status = client.get(asked.location + ".json").get_json()
    assert status["state"] == "done", status
    report = client.get(status["url"])
    assert report.status_code == 200
    for words in ("2026-001", "¥226,249.94", "䶮源养护", "没有抽样"):
        assert words in report.text
    pdf = client.get(status["url"] + ".pdf")
    assert pdf.mimetype == "application/pdf"
    assert verify_report(kept.platform, pdf.data).ok
    html = client.get(status["url"] + ".html")
    assert "¥226,249.94" in html.text
    assert "attachment" in html.headers["Content-Disposition"]
    # The evidence leads somewhere.
    with kept.platform.database.reading() as session:
        found = session.scalars(select(AuditFinding)).all()
    assert all(row.evidence for row in found)


@pytest.mark.slow
def test_only_those_with_the_power_get_in(app: Flask, kept: Kept) -> None:
    engage(kept.platform, kept.community, kept.people)
    # The auditor's check is led to the days that were agreed.
    expected = {"supervisor": (200, 200), "auditor": (200, 302), "officer": (200, 403), "chair": (200, 403)}
    expected |= {"manager": (403, 403), "clerk": (403, 403)}
    for who, (reading, checking) in expected.items():
        client = signed_in(app, kept.platform, kept.people[who])
        assert client.get("/c/WTY/audit/").status_code == reading, who
        assert client.get("/c/WTY/audit/check").status_code == checking, who
    stranger = signed_in(app, kept.platform, a_person(kept.platform))
    assert stranger.get("/c/WTY/audit/").status_code == 403
    other = a_community(kept.platform, "BYL", "白云里")
    report = kept.made()
    assert other != kept.community
    client = signed_in(app, kept.platform, kept.people["supervisor"])
    assert client.get(f"/c/BYL/audit/reports/{report.id}").status_code == 403


@pytest.mark.slow
def test_anybody_may_check_a_file_on_the_public_page(app: Flask, kept: Kept) -> None:
    pdf = kept.pdf(kept.made())
    client = app.test_client()
    for data, name, words in (
        (pdf, "报告.pdf", "有效：这份 PDF 由本平台签名"),
        (pdf[:-40] + b"0" + pdf[-39:], "报告.PDF", "无效：不要相信"),
        (b"", "空.pdf", "不是可以读取的 PDF"),
        (b"MZ", "程序.exe", "只能核验这些文件"),
    ):
        # Encoded here, because the test client forgets to close the temporary file it keeps a large upload in.
        fields = {"csrf_token": csrf(client, "/verify"), "file": FileStorage(io.BytesIO(data), name)}
        boundary, body = encode_multipart(fields)
        page = client.post("/verify", data=body, content_type=f"multipart/form-data; boundary={boundary}")
        assert page.status_code == 200
        assert words in page.text, name
    empty = client.post("/verify", data={"csrf_token": csrf(client, "/verify")})
    assert "请先选择文件" in empty.text


def run(platform: Platform, *arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), obj=platform)


@pytest.mark.slow
def test_the_command_writes_what_verify_accepts(kept: Kept, tmp_path: Path) -> None:
    base = ("audit", "report", "--community", "WTY", "--from", "2026-01-01", "--to", "2026-09-30", "-o")
    pdf, html = tmp_path / "report.pdf", tmp_path / "report.html"
    done = run(kept.platform, *base, str(pdf))
    assert done.exit_code == 0, done.output
    assert run(kept.platform, "verify", str(pdf)).exit_code == 0
    assert run(kept.platform, *base, str(html)).exit_code == 0
    assert money.show(22_624_994) in html.read_text(encoding="utf-8")
    pdf.write_bytes(pdf.read_bytes()[:-1])
    broken = run(kept.platform, "verify", str(pdf))
    assert broken.exit_code == 1
    assert "无效" in broken.output


BAD = (
    ("WTY", "2026-01-01", "2026-09-30", "report.docx", ".pdf or .html"),
    ("NO", "2026-01-01", "2026-09-30", "report.pdf", "NO"),
    ("WTY", "2026-09-30", "2026-01-01", "report.pdf", "早于起始日"),
    ("WTY", "2026-01-01", "2026-12-31", "report.pdf", "还没有过完"),
    ("WTY", "2025-01-01", "2025-12-31", "report.pdf", "账从 2026-01-01 开始"),
    ("WTY", "soon", "2026-09-30", "report.pdf", "soon"),
    ("WTY", "2026-01-01", "2026-09-30", "no/such/report.pdf", "folder"),
)


def test_bad_input_is_one_sentence_and_keeps_nothing(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for code, start, end, file, words in BAD:
        asked = ("audit", "report", "--community", code, "--from", start, "--to", end, "-o", file)
        result = run(kept.platform, *asked)
        assert result.exit_code != 0, asked
        assert words in result.output
    assert list(tmp_path.rglob("report.*")) == []
    with kept.platform.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(AuditReport)) == 0


@pytest.mark.slow
@pytest.mark.sqlite_only
def test_a_long_ledger_comes_in_parts_and_mark_up_in_it_stays_text(
    kept: Kept, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Also test 19 of trust.md for this paper: nothing that anybody typed reaches the network or a file."""
    with kept.platform.database.reading() as session:
        now = kept.platform.now()
        content = contents.build(session, kept.community, number="2026-001", start=START, end=END, now=now)
    secret = tmp_path / "secret.css"
    secret.write_text(f'p::after {{ content: "{SECRET}" }}')
    listener = socket.create_server(("127.0.0.1", 0))
    with_mark_up(content, f"http://127.0.0.1:{listener.getsockname()[1]}/x", secret.as_uri())
    content["ledger"][1]["summary"] = "=cmd|' /C calc'!A0"
    monkeypatch.setattr(printing, "ROWS_A_PART", 40)
    told: list[tuple[int, int]] = []
    pdf = printing.as_pdf(
        kept.platform,
        content,
        address="http://localhost:8000/x",
        now=now,
        tell=lambda done, of: told.append((done, of)),
    )
    # The text, two parts of income, one of spending, the short schedules and the other vouchers; joined; sealed.
    assert told == [(done, 8) for done in range(9)]
    assert verify_report(kept.platform, pdf).ok
    words = told_by("pdftotext", "-layout", "-", "-", pdf=pdf)
    pages = ["".join(page.split()) for page in words.rstrip("\f").split("\f")]
    assert [n for n, page in enumerate(pages, 1) if f"第{n}页/共{len(pages)}页" not in page] == []
    nothing_was_fetched(pdf, listener)
    assert "".join(pages).count(f'<imgsrc="{secret.as_uri()}">') >= 8, "mark-up is printed as it was typed"
    whole = "".join(pages)
    assert all(f"收入明细（第{first}–{last}张）" in whole for first, last in ((1, 40), (41, 72)))
    details = present.details(content)
    assert {name: one.count for name, one in details.items()} == {"income": 72, "spending": 22, "other": 1}
    for name in ("income", "spending"):
        total = sum(row[f"{name}_fen"] for row in content["ledger"])
        assert details[name].total_fen == total == content["totals"][f"{name}_fen"]
        sums = [page for page in pages if f"{details[name].count}张凭证" in page]
        assert len(sums) == 1
        assert money.show(total).removeprefix("¥") in sums[0]
    headings = ["附表一收支总表", "附表二收入明细", "附表三支出明细", "附表四合同台账", "附表十其他凭证"]
    assert sorted(headings, key=whole.rindex) == headings
    with pikepdf.open(io.BytesIO(pdf)) as opened, opened.open_outline() as outline:
        marks = [item.title for item in outline.root]
    assert marks[1:4] == ["附表二 收入明细（第 1–40 张）", "附表二 收入明细（第 41–72 张）", "附表三 支出明细"]
    assert marks[-1] == "附表十 其他凭证（不影响收支）"
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        table = opened.attachments["ledger.csv"].get_file().read_bytes().decode("utf-8-sig")
    assert ",'=cmd|" in table


def with_mark_up(content: dict[str, Any], web: str, file: str) -> None:
    """Everything that people type into the books, names of files and suggestions among it, carries what could fetch."""
    typed = (
        f'<img src="{file}"><img src="{web}"><link rel="stylesheet" href="{web}"><style>@import url({web})</style>'
        f'<object data="{file}"></object><link rel="attachment" href="{file}">"\'</td></table>'
    )
    content["kind"] = "supervision"
    content["opinion"] = {"type": "qualified", "text": typed}
    content["replies"] = [{"report": "2026-000", "role": "owners_committee.chair", "day": "2026-10-01", "text": typed}]
    content["ledger"][0]["party"] = content["ledger"][2]["summary"] = content["ledger"][3]["invoice_no"] = typed
    content["contracts"][0]["title"] = content["contracts"][0]["party"] = typed
    content["notices"][0]["title"] = content["book"]["limits_source"] = typed
    content["bank"]["items"][0]["text"] = typed
    content["seal_uses"] = [
        {
            "number": "2026-001",
            "day": "2026-05-01",
            "seal": typed,
            "document": typed,
            "copies": 1,
            "decision": None,
            "urgent": typed,
        }
    ]
    for found in content["findings"]:
        found["params"] = {
            name: typed if name in ("party", "title") else value for name, value in found["params"].items()
        }
        found["evidence"] = [{**item, "label": typed} for item in found["evidence"]]


def nothing_was_fetched(pdf: bytes, listener: socket.socket) -> None:
    listener.setblocking(False)
    with pytest.raises(BlockingIOError):
        listener.accept()
    listener.close()
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert len(opened.attachments) == 5
        streams = [item.read_bytes() for item in opened.objects if isinstance(item, pikepdf.Stream)]
    assert not any(SECRET.encode() in data for data in streams)
