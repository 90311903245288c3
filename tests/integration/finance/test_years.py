"""The association's statements from real books, and the end of a year from the last voucher to the closed year."""

import io
import json
from dataclasses import replace
from datetime import date, datetime

import pytest
from click.testing import CliRunner
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from finance.commands import books as books_command
from finance.rules import years
from finance.rules.charts import TRUST, WORK, load_chart
from finance.rules.fund import lines
from finance.rules.fund.carrying import NotCarried, NothingToCarry, ReleaseTooMuch
from finance.rules.fund.sheet import SheetDoesNotBalance
from finance.rules.ledger import VoucherKind
from finance.rules.years import Receiver
from finance.service import bank, books, closing, entries, export, fund_statements, statement_files, verify_books
from finance.service import vouchers as voucher_service
from finance.service.vouchers import VoucherFields
from finance.tables import Voucher, VoucherLine
from finance.year import papers, service
from finance.year.room import ROOM
from finance.year.tables import ClosedYear, StatementPaper
from hoa.app import create_worker
from hoa.db import get
from hoa.kernel.clock import CHINA
from hoa.web.room import Asker
from tests.integration.community.scene import post, signed_in
from tests.integration.finance.scene import RECEIPT, Scene, open_books

CHART = load_chart("2024")
DECEMBER, START, END = 202612, date(2026, 12, 1), date(2026, 12, 31)
NEW_YEAR = datetime(2027, 1, 5, 20, 0, tzinfo=CHINA)


def code(role: str) -> str:
    return CHART.by_role(role).code


def work(kind: VoucherKind, role: str, fen: int, **changes: object) -> VoucherFields:
    fields = VoucherFields(
        kind=kind,
        book=WORK,
        day=date(2026, 12, 10),
        summary=f"{role} 演示",
        party="演示往来单位",
        amount_fen=fen,
        account=code(role),
    )
    return replace(fields, **changes)


@pytest.fixture
def scene(platform) -> Scene:
    return open_books(platform, opened_on=START, work=True)


def through(scene: Scene, voucher_id: str, now: datetime = NEW_YEAR) -> None:
    """Submitted, approved and posted by three people."""
    with scene.platform.database.writing() as session:
        for verb, who in (("submit", "treasurer"), ("approve", "chair"), ("post", "deputy")):
            act = getattr(voucher_service, verb)
            act(session, scene.community, voucher_id=voucher_id, by=scene.people[who], now=now)


def book(scene: Scene, *fields: VoucherFields) -> list[str]:
    made = []
    for each in fields:
        voucher_id = scene.draft(each)
        through(scene, voucher_id)
        made.append(voucher_id)
    return made


def december(scene: Scene) -> list[str]:
    """A month of both funds; restricted and unrestricted income, three kinds of expense, an asset, a loan."""
    return book(
        scene,
        replace(RECEIPT, day=date(2026, 12, 5)),
        work(VoucherKind.RECEIPT, "other_income.unrestricted", 500_000),
        work(VoucherKind.RECEIPT, "donation_income.restricted", 200_000),
        work(VoucherKind.RECEIPT, "short_loan", 90_000),
        work(VoucherKind.PAYMENT, "administration.1", 30_000, resolution_id=scene.assembly),
        work(VoucherKind.PAYMENT, "administration.3", 45_000, resolution_id=scene.assembly),
        work(VoucherKind.PAYMENT, "fixed_asset", 80_000, resolution_id=scene.assembly),
    )


def built(scene: Scene, start: date = START, end: date = END) -> fund_statements.FundStatements:
    with scene.platform.database.reading() as session:
        return fund_statements.build(session, scene.community, start=start, end=end)


def test_the_statements_of_real_books_and_the_entries_behind_every_figure(scene: Scene):
    december(scene)
    found = built(scene)
    assert found.sheet.end["money"] == 500_000 + 200_000 + 90_000 - 30_000 - 45_000 - 80_000
    assert found.sheet.end["trust_assets"] == 300_000
    assert found.activities.year.unrestricted["change"] == 425_000
    assert found.activities.year.restricted["change"] == 200_000
    assert found.flows.year["staff"] == 45_000
    assert found.flows.year["borrowed"] == 90_000
    figures = {
        lines.SHEET: found.sheet.end,
        lines.ACTIVITIES: found.activities.period.together,
        lines.FLOWS: found.flows.period,
    }
    with scene.platform.database.reading() as session:
        for statement, column in figures.items():
            for key, fen in column.items():
                behind = entries.behind(session, scene.community, statement=statement, key=key, start=START, end=END)
                assert sum(entry.amount_fen for entry in behind.rows) == behind.total_fen == fen, (statement, key)
                assert behind.count == len(behind.rows)
        page = entries.behind(
            session, scene.community, statement="01", key="assets", start=START, end=END, limit=2, offset=1
        )
        assert (len(page.rows), page.count) == (2, 8)


def test_statements_as_files_say_the_same_and_the_command_prints_them(scene: Scene):
    december(scene)
    content = fund_statements.content(built(scene))
    sheets = load_workbook(io.BytesIO(statement_files.export(content, format="xlsx")))
    assert sheets.sheetnames == ["会民非01表 资产负债表", "会民非02表 业务活动表", "会民非03表 现金流量表"]
    rows = {row[0]: row[1:] for row in sheets.worksheets[0].iter_rows(min_row=3, values_only=True)}
    assert rows["资产总计"] == (0, 10_150)
    table = statement_files.export(content, format="csv").decode("utf-8-sig")
    assert "六、净资产变动额,4250.00,2000.00,6250.00,4250.00,2000.00,6250.00" in table
    with pytest.raises(export.UnknownFormat):
        statement_files.export(content, format="beancount")
    for book_kind, account in ((TRUST, "1801-受托代理资产"), (WORK, "5301-管理费用:01-办公")):
        with scene.platform.database.reading() as session:
            ledger = export.export(
                session, scene.community, format="beancount", start=START, end=END, book=book_kind
            ).decode()
        assert account in ledger
    arguments = ["statement", "--community", "WTY", "--json"]
    said = CliRunner().invoke(books_command, [*arguments, "--month", "2026-12"], obj=scene.platform)
    assert json.loads(said.stdout) == content
    said = CliRunner().invoke(books_command, ["statement", "--community", "WTY", "--year", "2026"], obj=scene.platform)
    assert "资产总计 | ¥0.00 | ¥10,150.00" in said.stdout
    assert CliRunner().invoke(books_command, arguments, obj=scene.platform).exit_code == 2


def cover_december(scene: Scene) -> None:
    """The bank's file of the trust fund for the whole month."""
    data = (
        "起始日期:,20261201,截止日期:,20261231\n"
        "交易日期,收入金额,支出金额,账户余额,对方户名,摘要,流水号\n"
        "20261205,3000.00,,3000.00,渝璧甲商贸有限公司,租金,1\n"
    ).encode()
    with scene.platform.database.writing() as session:
        account = books.bank_account(session, books.trust_book(session, scene.community))
        bank.import_statement(
            session,
            scene.community,
            account_id=account.id,
            name="a.csv",
            data=data,
            by=scene.people["cashier"],
            now=NEW_YEAR,
        )


def close_december(scene: Scene, kind: str) -> None:
    with scene.platform.database.writing() as session:
        closing.close_month(
            session, scene.community, month=DECEMBER, by=scene.people["treasurer"], now=NEW_YEAR, kind=kind
        )


def propose(scene: Scene, now: datetime = NEW_YEAR) -> str:
    with scene.platform.database.writing() as session:
        return service.propose(session, scene.community, year=2026, by=scene.people["treasurer"], now=now).id


def close_year(scene: Scene, now: datetime = NEW_YEAR) -> ClosedYear:
    with scene.platform.database.writing() as session:
        return service.close(session, scene.community, year=2026, by=scene.people["treasurer"], now=now)


def test_a_year_from_its_last_voucher_to_its_close(scene: Scene):
    december(scene)
    before = built(scene, date(2026, 1, 1), END)
    with pytest.raises(years.YearNotOver):
        propose(scene, datetime(2026, 12, 31, 23, 59, tzinfo=CHINA))
    with pytest.raises(years.YearNotOver):
        close_year(scene, datetime(2026, 12, 31, 23, 59, tzinfo=CHINA))
    with pytest.raises(NotCarried, match=r"管理费用—办公|捐赠收入—限定性"):
        close_december(scene, WORK)
    waiting = scene.draft(work(VoucherKind.RECEIPT, "other_income.unrestricted", 100))
    with pytest.raises(closing.VouchersPending):
        propose(scene)
    with scene.platform.database.writing() as session:
        voucher_service.discard(session, scene.community, voucher_id=waiting)
    closing_id = propose(scene)
    with pytest.raises(service.ClosingPending):
        propose(scene)
    with pytest.raises(NotCarried):
        close_year(scene)
    through(scene, closing_id)
    with pytest.raises(NothingToCarry):
        propose(scene)
    assert built(scene, date(2026, 1, 1), END) == before
    with scene.platform.database.reading() as session:
        own = {line.account: line.credit_fen - line.debit_fen for line in _lines(session, scene, closing_id)}
    assert own[code("restricted")] == 200_000
    close_december(scene, WORK)
    with pytest.raises(years.YearOpenMonth, match=r"业主共有资金.*2026-12"):
        close_year(scene)
    cover_december(scene)
    close_december(scene, TRUST)
    row = close_year(scene)
    assert row.content == fund_statements.content(before)
    with pytest.raises(years.YearClosed):
        close_year(scene)
    with pytest.raises(years.YearClosed):
        propose(scene)
    _check_next_year(scene, before)
    with scene.platform.database.reading() as session:
        assert verify_books(session, scene.platform.files) == []
    with pytest.raises(DBAPIError), scene.platform.database.writing() as session:
        session.execute(update(ClosedYear).values(content_digest="0" * 64))


def _lines(session, scene: Scene, voucher_id: str) -> list[VoucherLine]:
    query = select(VoucherLine).where(VoucherLine.community_id == scene.community, VoucherLine.voucher_id == voucher_id)
    return list(session.scalars(query))


def _check_next_year(scene: Scene, before: fund_statements.FundStatements) -> None:
    """The next year begins with what this one ended with, and income and expense with nothing."""
    after = built(scene, date(2027, 1, 1), date(2027, 1, 31))
    assert after.sheet.year_start == before.sheet.end == after.sheet.end
    assert set(after.activities.year.together.values()) == {0}
    whole = built(scene, date(2027, 1, 1), date(2027, 12, 31))
    assert whole.shows_last_year
    assert whole.activities.last_year == before.activities.year
    assert whole.flows.last_year == before.flows.year


def test_a_close_that_was_wrong_is_taken_back_and_written_anew(scene: Scene):
    december(scene)
    before = built(scene, date(2026, 1, 1), END)
    wrong = propose(scene)
    through(scene, wrong)
    with scene.platform.database.writing() as session:
        red = voucher_service.reverse(
            session,
            scene.community,
            voucher_id=wrong,
            day=END,
            reason="漏记一笔",
            by=scene.people["treasurer"],
            now=NEW_YEAR,
        ).id
        voucher_service.approve(session, scene.community, voucher_id=red, by=scene.people["chair"], now=NEW_YEAR)
        voucher_service.post(session, scene.community, voucher_id=red, by=scene.people["deputy"], now=NEW_YEAR)
    assert built(scene, date(2026, 1, 1), END) == before
    through(scene, propose(scene))
    assert built(scene, date(2026, 1, 1), END) == before


def test_restricted_money_is_set_free_by_a_voucher_with_proof_and_never_more_than_there_is(scene: Scene):
    december(scene)

    def release(fen: int) -> str:
        with scene.platform.database.writing() as session:
            return service.release(
                session,
                scene.community,
                amount_fen=fen,
                day=date(2026, 12, 20),
                reason="捐赠的滑梯已经装好",
                by=scene.people["treasurer"],
                now=NEW_YEAR,
            ).id

    with pytest.raises(ReleaseTooMuch):
        release(200_001)
    voucher_id = release(150_000)
    with scene.platform.database.writing() as session:
        scene._attach(session, voucher_id)
    through(scene, voucher_id)
    found = built(scene)
    assert found.activities.period.unrestricted["released"] == 150_000
    assert found.activities.period.restricted["released"] == -150_000
    assert found.sheet.end["restricted"] == 50_000


@pytest.mark.sqlite_only
def test_a_fen_changed_behind_the_platforms_back_stops_the_statements_with_the_sentence_that_says_why(scene: Scene):
    voucher_id = december(scene)[1]
    with scene.platform.database.writing() as session:
        connection = session.connection()
        names = connection.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'finance_line'"
        ).scalars()
        for name in list(names):
            connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
        session.execute(
            update(VoucherLine)
            .where(VoucherLine.voucher_id == voucher_id, VoucherLine.debit_fen > 0)
            .values(debit_fen=VoucherLine.debit_fen + 1)
        )
    with pytest.raises(SheetDoesNotBalance, match=r"差 ¥0\.01"):
        built(scene)


def test_the_treasurer_is_reminded_of_the_close_and_of_the_report_until_they_are_done(app: Flask, scene: Scene):
    assert ROOM.needs is not None

    def needs(now: datetime, *powers: str) -> list[tuple[str, date | None, bool]]:
        asker = Asker(
            community_id=scene.community, person_id=scene.people["treasurer"], powers=frozenset(powers), now=now
        )
        with app.test_request_context("/c/WTY/books/"), scene.platform.database.reading() as session:
            app.preprocess_request()
            assert ROOM.needs is not None
            return [(need.title, need.due, need.urgent) for need in ROOM.needs(session, asker)]

    treasurer = "books.close"
    assert needs(datetime(2026, 12, 31, 12, tzinfo=CHINA), treasurer) == []
    assert needs(NEW_YEAR) == []
    assert needs(datetime(2027, 3, 31, 12, tzinfo=CHINA), treasurer) == [
        ("年结：2026 年的账", None, False),
        ("2026 年度报告报送业务主管单位", date(2027, 3, 31), False),
        ("2026 年度报告报送登记管理机关", date(2027, 5, 31), False),
    ]
    late = datetime(2027, 4, 1, 12, tzinfo=CHINA)
    assert needs(late, treasurer)[1][2]

    def sent(proof: str = "受理单 7 号", day: date = date(2027, 3, 20)) -> None:
        with scene.platform.database.writing() as session:
            service.report_sent(
                session,
                scene.community,
                year=2026,
                receiver=Receiver.SUPERVISOR,
                sent_on=day,
                proof=proof,
                by=scene.people["treasurer"],
                now=late,
            )

    with pytest.raises(service.ProofNeeded):
        sent(" ")
    with pytest.raises(years.YearNotOver):
        sent(day=END)
    sent()
    with pytest.raises(service.ReportedAlready):
        sent()
    assert [title for title, _, _ in needs(late, treasurer)] == ["年结：2026 年的账", "2026 年度报告报送登记管理机关"]


def test_the_pages_of_statements_and_year_and_the_pdf_of_the_same_figures(app: Flask, platform):
    scene = open_books(platform, opened_on=date(2026, 9, 1), work=True)
    scene.posted(RECEIPT)
    scene.posted(
        work(VoucherKind.RECEIPT, "donation_income.restricted", 123_456, day=date(2026, 9, 10), party="陈䶮翀")
    )
    treasurer = signed_in(app, platform, scene.people["treasurer"])
    base = "/c/WTY/books"
    assert "2026年9月" in treasurer.get(f"{base}/statements").text
    page = treasurer.get(f"{base}/statements/2026-09")
    assert page.status_code == 200
    assert "1,234.56" in page.text
    assert "还没有结账" in page.text
    assert "减：累计折旧" not in page.text
    assert "减：累计折旧" in treasurer.get(f"{base}/statements/2026-09?whole=1").text
    behind = treasurer.get(f"{base}/statements/2026-09/02/donation_income?column=year").text
    assert "陈䶮翀" in behind
    assert "捐赠收入 ¥1,234.56" in behind
    assert treasurer.get(f"{base}/statements/2026-09/02/in").status_code == 404
    assert treasurer.get(f"{base}/statements/2027-09").status_code == 404
    assert app.test_client().get(f"{base}/statements/2026-09").status_code in (302, 401, 403)
    for format in ("xlsx", "csv"):
        assert treasurer.get(f"{base}/statements/2026-09.{format}").status_code == 200
    for ledger in (f"{base}/2026-09.csv?book=work", f"{base}/2026-09.csv?book=trust"):
        assert ledger in page.text
    assert "捐赠收入—限定性" in treasurer.get(f"{base}/2026-09.csv?book=work").data.decode("utf-8-sig")
    assert "捐赠收入" not in treasurer.get(f"{base}/2026-09.csv").data.decode("utf-8-sig")
    assert treasurer.get(f"{base}/2026-09.csv?book=other").status_code == 404
    assert treasurer.get(f"{base}/statements/2026-09.pdf").status_code == 404
    answer = post(treasurer, f"{base}/statements/2026-09/print", {}, page=f"{base}/statements/2026-09")
    assert answer.status_code == 302
    _work(platform)
    pdf = treasurer.get(f"{base}/statements/2026-09.pdf")
    assert pdf.data.startswith(b"%PDF")
    with platform.database.reading() as session:
        kept = session.scalars(select(StatementPaper)).one()
    assert platform.files.get(kept.sha256) == pdf.data
    year = treasurer.get(f"{base}/year/2026")
    assert "2026 年还没有过完" in year.text
    assert treasurer.get(f"{base}/year/2025").status_code == 404
    refused = post(treasurer, f"{base}/year/2026/propose", {}, page=f"{base}/year/release")
    assert "还没有过完" in refused.text
    form = {"day": "2026-09-20", "amount": "2000", "reason": "滑梯装好了"}
    answer = post(treasurer, f"{base}/year/release", form)
    assert "滑梯装好了" in answer.text
    assert "不能解除" in answer.text
    answer = post(treasurer, f"{base}/year/release", {**form, "amount": "1000"})
    assert answer.status_code == 302
    with platform.database.reading() as session:
        row = get(session, Voucher, scene.community, answer.location.rpartition("/")[2])
        assert (row.kind, row.state, row.amount_fen) == ("journal", "draft", 100_000)


def _work(platform) -> None:
    """The worker's part: everything that was asked for."""
    worker = create_worker(platform)
    while worker.run_one():
        pass


def test_two_prints_of_the_same_figures_are_the_same_bytes(scene: Scene):
    content = fund_statements.content(built(scene))
    made = [
        papers.statements_pdf(content, title="报表", community="梧桐苑", address="https://example.org/x")
        for _ in range(2)
    ]
    assert made[0] == made[1]
