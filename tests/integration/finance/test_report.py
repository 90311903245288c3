"""One supervision report from the form to five signatures: made once in two languages, signed by people with keys of
their own in the browser's way and the command's, answered by the committee, and refused after any change."""

import io
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pikepdf
import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from finance.audit import checking, making, printing, publishing, service, signatures
from finance.audit.rules.report import Choice, Kind, Opinion
from finance.audit.tables import AuditReport, AuditSignature
from hoa.accounts import personal_keys
from hoa.bulletin.tables import Publication
from hoa.cli import main
from hoa.demo import people as cast
from hoa.demo.signing_keys import DemoKey
from hoa.kernel import canonical, sign_files, signing
from hoa.platform import Platform
from hoa.web.pdf_sign import SOUND, SOUND_EXTENDED, verify_pdf
from tests.integration.community.scene import post, signed_in, work
from tests.integration.finance.clients import engage
from tests.integration.finance.test_audit import END, START, Kept, told_by


@pytest.fixture(name="kept")
def _kept(platform: Platform) -> Kept:
    return Kept(platform)


SIGNERS = ("supervisor", "auditor", "second_supervisor", "third_supervisor")
HERE = "/c/WTY/audit/"
CHECK = HERE + "check?start=2026-01-01&end=2026-09-30"


def run(platform: Platform, *arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), obj=platform)


def with_keys(kept: Kept, people: Mapping[str, str]) -> None:
    with kept.platform.database.writing() as session:
        for who, person in people.items():
            key = DemoKey(who)
            proof = key.sign(signing.message("key", personal_keys.claim(person, key.public)))
            personal_keys.register(
                session, person_id=person, public=key.public, signature=proof, label="", now=kept.platform.now()
            )


def asked(app: Flask, kept: Kept) -> tuple[FlaskClient, str]:
    """The report that a supervisor orders on the page; a qualified opinion without reasons loses nothing typed."""
    client = signed_in(app, kept.platform, kept.people["supervisor"])
    fields = {
        "start": "2026-01-01",
        "end": "2026-09-30",
        "kind": "supervision",
        "opinion": "qualified",
        "edition": "zh-CN+en",
    }
    refused = post(client, HERE + "reports", fields, page=CHECK)
    assert "保留意见必须写明理由" in refused.text
    assert 'value="qualified" checked' in " ".join(refused.text.split())
    assert "请选择一种意见" in post(client, HERE + "reports", {**fields, "opinion": ""}, page=CHECK).text
    done = post(client, HERE + "reports", {**fields, "opinion_text": "第 1 至 5 项没有整改。\n<b>其余</b>"}, page=CHECK)
    assert done.status_code == 302, done.text
    work(kept.platform)
    status = client.get(done.location + ".json").get_json()
    assert status["state"] == "done", status
    return client, status["url"]


def signs_on_the_page(client: FlaskClient, url: str, who: str) -> None:
    """As the browser's script does it: prepare, take the item, send r ‖ s back."""
    assert "准备签名" in client.get(url + "/sign").text
    assert post(client, url + "/prepare", {}, page=url + "/sign").status_code == 302
    waiting = sign_files.read_to_sign(client.get(url + "/to-sign.json").data)
    page = client.get(url + "/sign").text
    assert f'data-sign="{waiting.key}"' in page
    (item,) = waiting.items
    wrong = sign_files.write_signed(waiting.key, {item.id: DemoKey("somebody").sign(item.message)})
    refused = post(client, url + "/sign", {"signatures": wrong.decode()}, page=url + "/sign")
    assert (refused.status_code, "对不上，没有写入" in refused.text) == (422, True)
    nothing = post(client, url + "/sign", {"signatures": ""}, page=url + "/sign")
    assert "没有收到签名" in nothing.text
    signed = sign_files.write_signed(waiting.key, {item.id: DemoKey(who).sign(item.message)})
    done = post(client, url + "/sign", {"signatures": signed.decode()}, page=url + "/sign")
    assert done.status_code == 302, done.text
    assert "您已经签过名了" in client.get(url + "/sign").text


def signs_with_files(kept: Kept, label: str, who: str, folder: Path) -> None:
    """`hoa audit prepare`, `hoa sign`, `hoa audit embed`."""
    key = folder / f"{who}.pem"
    key.write_bytes(DemoKey(who).pem)
    key_id = personal_keys.key_id(DemoKey(who).public)
    base = ("--community", "WTY", "--report", label)
    waiting, signed, output = (str(folder / name) for name in ("to-sign.json", "signed.json", "report.pdf"))
    for arguments in (
        ("audit", "prepare", *base, "--key-id", key_id, "-o", waiting),
        ("sign", waiting, "--key", str(key), "-o", signed),
        ("audit", "embed", *base, "--key-id", key_id, signed, "-o", output),
    ):
        result = run(kept.platform, *arguments)
        assert result.exit_code == 0, result.output
    assert run(kept.platform, "verify", output).exit_code == 0
    again = run(kept.platform, "audit", "sign", *base, "--key", str(key))
    assert again.exit_code != 0
    assert "已经在这份报告上签过名" in again.output


@pytest.mark.slow
def test_a_supervision_report_is_made_signed_answered_and_checked(app: Flask, kept: Kept, tmp_path: Path) -> None:
    client, url = asked(app, kept)
    platform = kept.platform
    with platform.database.reading() as session:
        report = session.scalars(select(AuditReport)).one()
    what_both_languages_say(kept, report)
    with_keys(kept, {who: kept.people[who] for who in SIGNERS})
    signs_on_the_page(client, url, "supervisor")
    engage(platform, kept.community, kept.people)
    signs_on_the_page(signed_in(app, platform, kept.people["auditor"]), url, "auditor")
    signs_with_files(kept, report.label, "second_supervisor", tmp_path)
    somebody_was_quicker(kept, report, "third_supervisor", tmp_path)
    pdf = client.get(url + ".pdf").data
    who_signed(kept, report, pdf)
    what_breaks_them(kept, pdf)
    the_database_keeps_them(kept)
    the_committee_answers(app, kept, url)
    everybody_reads_what_is_published(app, kept, client, url)


def everybody_reads_what_is_published(app: Flask, kept: Kept, client: FlaskClient, url: str) -> None:
    """Nobody outside before; then page and PDF for 30 days, bound to the hashes, once."""
    clerk = signed_in(app, kept.platform, kept.people["clerk"])
    public = url.replace("/reports/", "/published/")
    assert [clerk.get(address).status_code for address in (url, public, public + ".pdf")] == [403, 404, 404]
    assert post(client, url + "/publish", {}, page=CHECK).status_code == 302
    page = clerk.get(public)
    assert page.status_code == 200
    assert "¥226,249.94" in page.text
    assert "公示这份报告" not in page.text
    assert clerk.get(public + ".pdf").data == client.get(url + ".pdf").data
    assert clerk.get(public + "?detail=spending&page=9").status_code == 200
    assert post(client, url + "/publish", {}, page=CHECK).status_code == 409
    with kept.platform.database.reading() as session:
        row = session.scalars(select(Publication).where(Publication.kind == publishing.KIND)).one()
        report = session.scalars(select(AuditReport).order_by(AuditReport.number)).first()
        assert report is not None
        assert row.content["data"] == report.data_hash
        assert row.content["pdf"] == signatures.current_digest(session, report)
        assert row.content["signatures"] == 5
        assert (row.display_until - row.published_at.date()).days == 30


def what_both_languages_say(kept: Kept, report: AuditReport) -> None:
    """One data object, two papers: the same hash, the same attached files, every part of the rules."""
    content, files = report.content, kept.platform.files
    assert content is not None
    chinese, english = files.get(report.pdf_digest or ""), files.get(report.other_digest or "")
    words = told_by("pdftotext", "-layout", "-", "-", pdf=chinese)
    joined = "".join(words.split())
    parts = (
        "一委托与依据 二小区 三范围 四公共收益收入 五支出 六维修资金 七工作经费 八账户 九资产 十决策 十一上期 十二发现 "
        "十三意见 十四业主委员会的反馈 十五列席记录 十六质询 十七履职评价"
    )
    for part in parts.split():
        digits = next(at for at, letter in enumerate(part) if letter not in "一二三四五六七八九十")
        assert f"{part[:digits]}、{part[digits:]}" in joined, part
    schedules = "收支总表 收入明细 支出明细 合同台账 往来 余额调节表 固定资产 公示清单 抽凭清单"
    for number, name in zip("一二三四五六七八九", schedules.split(), strict=True):
        assert f"附表{number}{name}" in joined
    for wanted in ("保留意见", "第1至5项没有整改。", "<b>其余</b>", "䶮源养护", "翀达消防", "每月月末余额", "每月收支"):
        assert wanted in joined, wanted
    for label in ("1月", "3月", "5月", "7月", "9月", "400,000", "40,000"):
        assert label in words, label
    told = told_by("pdftotext", "-layout", "-", "-", pdf=english)
    for pdf, pages in ((chinese, words), (english, told)):
        assert report.data_hash in "".join(pages.split())
        fonts = told_by("pdffonts", "-", pdf=pdf).splitlines()[2:]
        assert fonts
        assert all(row.split()[-5] == "yes" for row in fonts)
        assert verify_pdf(
            pdf, trust_roots=printing.certificates(kept.platform).trust_roots(), now=kept.platform.now()
        ).valid
        with pikepdf.open(io.BytesIO(pdf)) as opened:
            attached = {name: item.get_file().read_bytes() for name, item in opened.attachments.items()}
            assert len(opened.Root.AF) == len({item.objgen for item in opened.Root.AF}) == len(attached)
            assert len(opened.Root.OutputIntents) == 1
            metadata = opened.Root.Metadata.read_bytes().decode()
            assert 'pdfaid:part="3"' in metadata
        assert attached == {item.name: item.content for item in printing.attachments(content)}
        assert canonical.digest(canonical.decode(attached["report.json"])) == report.data_hash
    assert "Page 1 of" in told
    assert "1 January 2026" in told
    assert "¥226,249.94" in told
    assert "2026年1月1日" not in told


def somebody_was_quicker(kept: Kept, report: AuditReport, who: str, folder: Path) -> None:
    """What was prepared before another signed is not embedded; prepared again it is, and that makes five."""
    platform, person = kept.platform, kept.people[who]
    with platform.database.writing() as session:
        old = signatures.prepare_for(
            session, platform, kept.community, report.id, person_id=person, now=platform.now()
        ).attributes
        base = signatures.current_digest(session, report)
        session.execute(text("UPDATE audit_preparation SET base_digest = 'x'"))
    with pytest.raises(signatures.SignedMeanwhile), platform.database.writing() as session:
        signatures.sign(
            session,
            platform,
            kept.community,
            report.id,
            person_id=person,
            signature=DemoKey(who).sign(old),
            now=platform.now(),
        )
    key = folder / f"{who}.pem"
    key.write_bytes(DemoKey(who).pem)
    done = run(platform, "audit", "sign", "--community", "WTY", "--report", report.label, "--key", str(key))
    assert done.exit_code == 0, done.output
    with platform.database.reading() as session:
        assert signatures.current_digest(session, report) != base


def who_signed(kept: Kept, report: AuditReport, pdf: bytes) -> None:
    platform = kept.platform
    roots = printing.certificates(platform).trust_roots()
    verdict = verify_pdf(pdf, trust_roots=roots, now=platform.now())
    assert [item.sentence for item in verdict.signatures] == [SOUND_EXTENDED] * 4 + [SOUND]
    names = {role.key: role.name for role in cast.ROLES}
    assert verdict.signatures[1].signer == f"{names['supervisor']}（业主监督委员会主任）"
    said = checking.verify_report(platform, pdf)
    assert said.ok
    assert "公共收益监督报告 2026-001" in said.lines[-1]
    assert any(report.data_hash in line for line in said.lines)
    assert any("2026-001 的数据相同" in line for line in said.lines)
    earlier = checking.verify_report(platform, platform.files.get(report.pdf_digest or ""))
    assert "另有 4 个后续签名" in earlier.lines[-1]


def what_breaks_them(kept: Kept, pdf: bytes) -> None:
    """A flipped byte, a re-save, an incremental page rotation: all five are refused, in plain words."""
    flipped = bytearray(pdf)
    flipped[len(pdf) // 3] ^= 1
    saved, turned = io.BytesIO(), io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        opened.save(saved)
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    page = writer.root["/Pages"]["/Kids"][0]
    page["/Rotate"] = generic.NumberObject(90)
    writer.update_container(page)
    writer.write(turned)
    for changed in (bytes(flipped), saved.getvalue(), turned.getvalue()):
        said = checking.verify_report(kept.platform, changed)
        assert not said.ok
        assert said.lines[0] == checking.BAD
        refused = [line for line in said.lines[1:] if line.startswith("签名无效")]
        assert len(refused) == len(said.lines) - 1
        assert len(refused) == 5 or "不是可以读取的 PDF" in said.lines[1]


def the_database_keeps_them(kept: Kept) -> None:
    platform = kept.platform
    for statement in ("UPDATE audit_signature SET name = 'x'", "DELETE FROM audit_signature"):
        with pytest.raises(DBAPIError), platform.database.writing() as session:
            session.execute(text(statement))
    with platform.database.reading() as session:
        assert service.verify(session, platform.files, kept.community) == []
        last = session.scalars(select(AuditSignature).order_by(AuditSignature.no.desc())).first()
    assert last is not None
    digest = last.pdf_digest
    path = platform.settings.data / "files" / digest[:2] / digest[2:4] / digest
    kept_bytes = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(b"%PDF")
    with platform.database.reading() as session:
        (told,) = service.verify(session, platform.files, kept.community)
    assert "signature 4 is missing or damaged" in told
    path.write_bytes(kept_bytes)


def the_committee_answers(app: Flask, kept: Kept, url: str) -> None:
    """The reply stands behind the report, and inside the next one on the same days."""
    chair = signed_in(app, kept.platform, kept.people["chair"])
    assert "请填写这一项" in post(chair, url + "/reply", {"text": " "}, page=url).text
    assert post(chair, url + "/reply", {"text": "前五项属实，<i>十月底</i>前整改。"}, page=url).status_code == 302
    assert "&lt;i&gt;十月底&lt;/i&gt;" in chair.get(url).text
    assert post(chair, url + "/prepare", {}, page=url).status_code == 403
    supervisor = signed_in(app, kept.platform, kept.people["supervisor"])
    assert post(supervisor, url + "/reply", {"text": "我来答"}, page=CHECK).status_code == 403
    choice = Choice(kind=Kind.SUPERVISION, opinion=Opinion.UNQUALIFIED)
    platform = kept.platform
    with platform.database.writing() as session:
        later = service.begin(
            session,
            kept.community,
            start=START,
            end=END,
            by=kept.people["supervisor"],
            now=platform.now(),
            choice=choice,
        )
        assert [said["text"] for said in service.earlier_replies(session, later)] == [
            "前五项属实，<i>十月底</i>前整改。"
        ]
        assert service.earlier_replies(session, later)[0]["report"] == "2026-001"
    content = making.read(platform, kept.community, later.id)
    assert content["replies"][0]["role"] == "owners_committee.chair"
    page = printing.as_html(platform, content, address="http://localhost:8000/x", now=platform.now())
    assert "&lt;i&gt;十月底&lt;/i&gt;前整改" in page
    assert date.fromisoformat(content["due_on"]) > END
    assert json.loads(canonical.encode(content))["kind"] == "supervision"
