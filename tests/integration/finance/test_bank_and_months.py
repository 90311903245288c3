"""Importing, matching, booking from proposals, closing months, publishing a quarter; files that are refused change
nothing.
"""

import io
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import func, select

from finance.rules import bank as bank_rules
from finance.rules import contracts as contract_rules
from finance.rules import documents as document_rules
from finance.rules.contracts import Direction, Frequency
from finance.rules.ledger import VoucherKind
from finance.rules.matching import Target
from finance.rules.periods import Quarter
from finance.service import (
    bank,
    books,
    closing,
    contracts,
    documents,
    export,
    matching,
    month,
    publication,
    publishing,
    related,
    verify_books,
)
from finance.service.contracts import ContractFields
from finance.tables import BankImport, BankLine, Document, Voucher
from hoa.bulletin import current
from hoa.db import get
from hoa.demo import papers
from hoa.kernel.errors import NotFound, Refusal
from hoa.platform import Platform
from tests.integration.finance.scene import PAYMENT, RECEIPT, Scene, open_books

SAMPLE = (Path(__file__).parents[2] / "data" / "bank-2026.csv").read_bytes()
HEADER = "交易日期,收入金额,支出金额,账户余额,对方户名,摘要,流水号"
RENT = ContractFields(
    direction=Direction.INCOME,
    title="公共用房租赁",
    common_part="3 幢架空层",
    party="渝璧甲商贸有限公司",
    purpose="CR07",
    frequency=Frequency.MONTHLY,
    starts_on=date(2026, 1, 1),
    ends_on=date(2026, 12, 31),
    first_due_on=date(2026, 1, 15),
    amount_fen=300_000,
)


def statement(*rows: str, span: str = "20260101,截止日期:,20260930") -> bytes:
    return "\n".join([f"起始日期:,{span}", HEADER, *rows, ""]).encode()


@pytest.fixture
def scene(platform: Platform) -> Scene:
    return open_books(platform)


def load(scene: Scene, data: bytes) -> bank.Preview:
    with scene.platform.database.writing() as session:
        account = books.bank_account(session, books.trust_book(session, scene.community))
        return bank.import_statement(
            session,
            scene.community,
            account_id=account.id,
            name="a.csv",
            data=data,
            by=scene.people["cashier"],
            now=scene.platform.now(),
        )


def stored(scene: Scene) -> tuple[int, int]:
    with scene.platform.database.reading() as session:
        count = session.scalar(select(func.count()).select_from(BankLine)) or 0
        return count, session.scalar(select(func.count()).select_from(BankImport)) or 0


def test_importing_the_sample_twice_changes_nothing_the_second_time(scene: Scene):
    assert len(load(scene, SAMPLE).fresh) == 95
    before = stored(scene)
    again = load(scene, SAMPLE)
    assert (len(again.fresh), again.known, again.same_file) == (0, 95, True)
    assert stored(scene) == before == (95, 1)


def test_an_overlapping_file_adds_only_what_is_new(scene: Scene):
    first = "20260901,1.00,,1.00,甲,x,1"
    load(scene, statement(first, span="20260901,截止日期:,20260910"))
    found = load(scene, statement(first, "20260911,2.00,,3.00,乙,y,2"))
    assert (len(found.fresh), found.known) == (1, 1)
    with scene.platform.database.reading() as session:
        assert verify_books(session, scene.platform.files) == []


@pytest.mark.parametrize(
    ("rows", "refusal"),
    [
        (("20260911,2.00,,4.00,乙,y,2",), bank.GapBefore),
        (("20260830,2.00,,2.00,乙,y,2",), bank.DoesNotFit),
        (("20260911,2.00,,3.00,乙,y,2", "20260912,2.00,,6.00,乙,y,3", "20260913,2.00,,7.00,乙,y,4"), Refusal),
    ],
)
def test_a_file_that_leaves_a_gap_or_does_not_add_up_changes_nothing(scene: Scene, rows: tuple, refusal: type[Refusal]):
    load(scene, statement("20260901,1.00,,1.00,甲,x,1"))
    before = stored(scene)
    with pytest.raises(refusal) as refused:
        load(scene, statement(*rows))
    assert "row" in refused.value.params
    assert stored(scene) == before


def test_a_file_of_another_account_is_refused(scene: Scene):
    with pytest.raises(bank.OtherAccount):
        load(scene, b"\xe8\xb4\xa6\xe5\x8f\xb7:,6222 0000\n" + statement("20260901,1.00,,1.00,甲,x,1"))


def test_a_contract_instalment_is_proposed_booked_in_one_step_and_settles(scene: Scene):
    with scene.platform.database.writing() as session:
        fields = replace(RENT, resolution_id=scene.assembly)
        contracts.make(session, scene.community, fields=fields, by=scene.people["treasurer"], now=scene.platform.now())
    load(scene, statement("20260915,3000.00,,3000.00,渝璧甲商贸有限公司,公共用房租金 9月,1"))
    with scene.platform.database.reading() as session:
        account = books.bank_account(session, books.trust_book(session, scene.community))
        (row,) = matching.open_lines(session, account, today=date(2026, 10, 20))
        best = row.proposals[0]
        assert (best.target, best.due_no) == (Target.DUE, 9)
    with scene.platform.database.writing() as session:
        voucher = matching.book_line(
            session,
            scene.community,
            bank_line_id=row.line.id,
            target=best.target,
            target_id=best.id,
            due_no=best.due_no,
            by=scene.people["treasurer"],
            now=scene.platform.now(),
        )
    assert (voucher.state, voucher.purpose, voucher.due_no) == ("submitted", "CR07", 9)
    scene.step("approve", voucher.id, "chair")
    scene.step("post", voucher.id, "deputy")
    load(
        scene,
        statement(
            "20260915,3000.00,,3000.00,渝璧甲商贸有限公司,公共用房租金 9月,1",
            "20261015,3000.00,,6000.00,渝璧甲商贸有限公司,公共用房租金 10月,2",
            span="20260901,截止日期:,20261019",
        ),
    )
    with scene.platform.database.reading() as session:
        account = books.bank_account(session, books.trust_book(session, scene.community))
        (later,) = matching.open_lines(session, account, today=date(2026, 10, 20))
        assert [proposal.target for proposal in later.proposals][:2] == [Target.DUE, Target.HABIT]
        (view,) = contracts.views(session, scene.community, today=date(2026, 10, 20))
        assert [status.state for status in view.dues][8:10] == ["settled", "overdue"]
        habit = later.proposals[-1]
    with scene.platform.database.writing() as session:
        repeated = matching.book_line(
            session,
            scene.community,
            bank_line_id=later.line.id,
            target=Target.HABIT,
            target_id=habit.id,
            due_no=None,
            by=scene.people["treasurer"],
            now=scene.platform.now(),
        )
        assert (repeated.purpose, repeated.summary) == ("CR07", "公共用房租金 10月")


def test_a_quarter_is_closed_with_open_items_and_published_once(scene: Scene):
    scene.posted(RECEIPT)
    scene.posted(PAYMENT)
    load(
        scene,
        statement(
            "20260915,3000.00,,3000.00,渝璧甲商贸有限公司,公共用房租金 9月,1",
            "20260918,,100.00,2900.00,,跨行转出,2",
            "20260920,,2600.00,300.00,顺发建材经营部,垃圾房维修,3",
        ),
    )
    quarter, by = Quarter(2026, 3), scene.people["treasurer"]
    with scene.platform.database.writing() as session:
        with pytest.raises(publication.MonthsOpen):
            _publish(session, scene, quarter)
        with pytest.raises(closing.EarlierMonthOpen):
            closing.close_month(session, scene.community, month=202609, by=by, now=scene.platform.now())
        with pytest.raises(closing.CashierReconciles):
            closing.close_month(
                session, scene.community, month=202601, by=scene.people["cashier"], now=scene.platform.now()
            )
        account = books.bank_account(session, books.trust_book(session, scene.community))
        for row in matching.open_lines(session, account, today=date(2026, 10, 20)):
            for proposal in row.proposals[:1]:
                matching.confirm(
                    session,
                    scene.community,
                    bank_line_id=row.line.id,
                    voucher_id=proposal.id,
                    by=by,
                    now=scene.platform.now(),
                )
        for number in range(202601, 202610):
            closing.close_month(session, scene.community, month=number, by=by, now=scene.platform.now())
        with pytest.raises(books.MonthClosed):
            closing.close_month(session, scene.community, month=202609, by=by, now=scene.platform.now())
        with pytest.raises(closing.MonthNotOver):
            closing.close_month(session, scene.community, month=202610, by=by, now=scene.platform.now())
        period = books.find_period(session, books.trust_book(session, scene.community), 202609)
        assert period is not None
        assert [item["amount_fen"] for item in period.reconciliation["items"]] == [10_000]
        published = _publish(session, scene, quarter)
        with pytest.raises(publication.NothingChanged):
            _publish(session, scene, quarter)
        with pytest.raises(publication.NotOver):
            _publish(session, scene, quarter.next)
    with scene.platform.database.reading() as session:
        assert published.content["closing_fen"] == 40_000
        assert not publishing.moved(session, scene.community, published)
    with scene.platform.database.writing() as session:
        contracts.make(
            session,
            scene.community,
            fields=replace(RENT, resolution_id=scene.assembly),
            by=by,
            now=scene.platform.now(),
        )
    with scene.platform.database.reading() as session:
        current.provide(publication.KIND, publishing.current_hash)
        assert current.has_moved(session, published)
        assert [row.message for row in publishing.moved(session, scene.community, published)] == [
            "合同清单或应收款变了"
        ]


def _publish(session, scene: Scene, quarter: Quarter):
    return publishing.publish(
        session, scene.community, span=quarter, code="WTY", by=scene.people["treasurer"], now=scene.platform.now()
    )


def test_a_month_with_waiting_vouchers_or_missing_bank_days_does_not_close(scene: Scene):
    scene.draft(RECEIPT, day=date(2026, 1, 5))
    with scene.platform.database.reading() as session:
        view = closing.closing_view(session, scene.community, month=202601, now=scene.platform.now())
        assert [type(obstacle) for obstacle in view.obstacles] == [closing.VouchersPending, closing.BankNotCovered]


def test_income_from_a_common_part_needs_the_assembly(scene: Scene):
    with scene.platform.database.writing() as session, pytest.raises(contract_rules.DecisionNeeded):
        contracts.make(session, scene.community, fields=RENT, by=scene.people["chair"], now=scene.platform.now())


def test_a_related_party_is_declared_once(scene: Scene):
    with scene.platform.database.writing() as session:
        about = {
            "party": "顺发建材经营部",
            "relation": "配偶经营",
            "by": scene.people["chair"],
            "now": scene.platform.now(),
        }
        related.declare(session, scene.community, **about)
        with pytest.raises(related.AlreadyDeclared):
            related.declare(session, scene.community, **about)
        assert [row.party for row in related.everything(session, scene.community)] == ["顺发建材经营部"]


# ---------------------------------------------------------------------------------------------------- documents
def keep(scene: Scene, data: bytes, name: str = "照片.jpg") -> Document:
    with scene.platform.database.writing() as session:
        return documents.store(
            session,
            scene.platform.files,
            scene.community,
            name=name,
            data=data,
            kind="photo",
            by=scene.people["treasurer"],
            now=scene.platform.now(),
        )


def picture(kind: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 20), "green").save(out, kind, **options)  # type: ignore[arg-type]
    return out.getvalue()


def test_pictures_lose_what_they_carry_along(scene: Scene):
    exif = Image.Exif()
    exif[0x010E] = "a secret place"
    hidden = picture(exif=exif) + b"<script>alert(1)</script>"
    row = keep(scene, hidden)
    kept = scene.platform.files.get(row.sha256)
    assert b"secret" not in kept
    assert b"script" not in kept
    assert Image.open(io.BytesIO(kept)).size == (40, 20)


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (b"\x89PNG\r\n\x1a\nnothing", document_rules.DocumentUnreadable),
        (b"%PDF-1.7 nothing", document_rules.DocumentUnreadable),
        (b"", document_rules.DocumentEmpty),
        (b"<svg/>", document_rules.DocumentType),
        (b"x" * (document_rules.MAX_BYTES + 1), document_rules.DocumentTooLarge),
    ],
)
def test_documents_that_cannot_be_read_are_refused(scene: Scene, data: bytes, refusal: type[Refusal]):
    with pytest.raises(refusal):
        keep(scene, data)


def test_a_pdf_keeps_its_bytes_and_one_that_acts_is_refused(scene: Scene):
    plain = papers.paper("发票", ("䶮源养护",))
    assert scene.platform.files.get(keep(scene, plain, "a.pdf").sha256) == plain
    import pikepdf

    with pikepdf.open(io.BytesIO(plain)) as pdf:
        pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))
        out = io.BytesIO()
        pdf.save(out)
    with pytest.raises(document_rules.DocumentActive):
        keep(scene, out.getvalue(), "b.pdf")


def test_documents_and_vouchers_of_another_community_do_not_exist(scene: Scene):
    voucher_id = scene.draft()
    with scene.platform.database.reading() as session, pytest.raises(NotFound):
        get(session, Voucher, "another", voucher_id)


# ------------------------------------------------------------------------------------------------------ exports
def test_exports_escape_and_type_what_a_spreadsheet_would_run(scene: Scene):
    from openpyxl import load_workbook

    scene.posted(RECEIPT, summary="=1+1", party="@cmd")
    scene.posted(PAYMENT, summary="维\x0b修")  # from a bank's file, and nothing that a workbook can hold
    with scene.platform.database.reading() as session:
        span = {"start": date(2026, 9, 1), "end": date(2026, 9, 30)}
        table = export.export(session, scene.community, format="csv", **span).decode("utf-8-sig")
        book = load_workbook(io.BytesIO(export.export(session, scene.community, format="xlsx", **span)))
        with pytest.raises(export.UnknownFormat):
            export.export(session, scene.community, format="ods", **span)
        with pytest.raises(export.EndBeforeStart):
            export.export(session, scene.community, format="csv", start=date(2026, 9, 2), end=date(2026, 9, 1))
    assert "'=1+1,'@cmd" in table
    row = next(iter(book.active.iter_rows(min_row=2, max_row=2)))
    assert (row[2].value, row[2].data_type, row[6].value) == ("=1+1", "s", 3000)


def test_the_month_screen_says_what_is_missing(scene: Scene):
    with scene.platform.database.writing() as session:
        contracts.make(
            session,
            scene.community,
            fields=replace(RENT, resolution_id=scene.assembly, ends_on=date(2026, 6, 30)),
            by=scene.people["treasurer"],
            now=scene.platform.now(),
        )
    load(scene, statement("20260115,3000.00,,3000.00,渝璧甲商贸有限公司,公共用房租金 1月,1"))
    scene.draft(PAYMENT)
    with scene.platform.database.reading() as session:
        view = month.month_view(session, scene.community, month=None, now=scene.platform.now())
        assert view.month == 202601
        assert (len(view.open_lines), len(view.late), len(view.expired), len(view.drafts)) == (1, 6, 1, 1)
        assert view.span == Quarter(2026, 1)
        assert view.publish_by == date(2026, 4, 25)
        assert view.months_left == (202601, 202602, 202603)
        assert isinstance(view.closing.obstacles, tuple)
        assert VoucherKind(view.drafts[0].kind) is VoucherKind.PAYMENT


def test_the_reader_and_the_store_agree_on_what_a_movement_is(scene: Scene):
    load(scene, SAMPLE)
    with scene.platform.database.reading() as session:
        rows = [bank.row_of(line) for line in session.scalars(select(BankLine).order_by(BankLine.seq))]
    assert tuple(rows) == bank_rules.read_statement(SAMPLE).rows
