"""The whole year's bank file of the sample in a community that begins today: the book opened, every line matched or
turned into a voucher, months closed, figures as expected; imported again nothing changes, and a broken copy is refused
with its row.
"""

import csv
import io
import json
import re
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.rules.contracts import Direction, Frequency
from finance.rules.ledger import VoucherKind
from finance.rules.life import VoucherState
from finance.rules.periods import months_between
from finance.service import bank, books, closing, contracts, documents, matching, reconciliation, vouchers
from finance.service.contracts import ContractFields
from finance.service.vouchers import VoucherFields
from finance.tables import BankLine
from hoa.accounts.tables import Person
from hoa.community.service import create
from hoa.demo import books as demo_books
from hoa.demo import papers
from hoa.demo.people import ROLES, TERM
from hoa.kernel import money, posts
from hoa.offices import service as offices
from hoa.platform import Platform
from hoa.resolutions import service as resolutions
from tests.browser import looks
from tests.browser.conftest import PageMaker, Picture
from tests.browser.demos import EVERYBODY, DemoServer, enter
from tests.browser.officials import behind

DATA = Path(__file__).parents[1] / "data"
SAMPLE = DATA / "bank-2026.csv"
EXPECTED = json.loads((DATA / "bank-2026.expected.json").read_text())
CODE = "BYL"
BOOKS = f"/c/{CODE}/books/"
OFFICES = ("officer", "chair", "deputy", "treasurer", "cashier")


@pytest.mark.sqlite_only
def test_a_fresh_community_keeps_nine_months_from_one_bank_file(
    demo: DemoServer, new_page: PageMaker, picture: Picture, tmp_path: Path
) -> None:
    with behind(demo) as platform:
        community, people, assembly = a_fresh_community(platform)
    treasurer = new_page(demo.base_url, size="desktop")
    enter(treasurer, "treasurer")
    open_the_book(treasurer, tmp_path)
    import_the_file(treasurer, picture, tmp_path)

    other = new_page(demo.base_url, size="phone")
    check_and_post(other, 1)
    with behind(demo) as platform:
        sign_a_contract(platform, community, people, assembly)
    by_the_contract(treasurer)
    write_one(treasurer, tmp_path)
    check_and_post(other, 2)
    all_the_sure_ones(treasurer, picture)
    with behind(demo) as platform:
        book_the_rest(platform, community, people, assembly)
    close_the_months(demo, treasurer, picture, community, people)

    again(treasurer, tmp_path)
    said = json.loads(demo.hoa("books", "import-bank", str(SAMPLE), "--community", CODE, "--dry-run", "--json"))
    assert {key: said[key] for key in EXPECTED} == EXPECTED
    assert (said["new"], said["account"]) == (0, "9900000000000405")
    assert "nothing was changed" in demo.hoa("verify")


def a_fresh_community(platform: Platform) -> tuple[str, dict[str, str], str]:
    """A community without a book, whose committee are people that the demo knows; and an assembly's decision."""
    now = platform.now()
    with platform.database.writing() as session:
        community = create(session, code=CODE, name="白云里", help_phone="023-0000 0405", by=None, now=now).id
        people = {
            key: session.scalars(select(Person.id).where(Person.name == EVERYBODY[key].name)).one()
            for key in (*OFFICES, "administrator")
            if key in EVERYBODY
        }
        for role in ROLES:
            if role.key in OFFICES and role.post is not None:
                offices.appoint(
                    session,
                    community,
                    post=role.post,
                    person_id=people[role.key],
                    starts_at=TERM[0],
                    ends_at=TERM[1],
                    basis=role.basis,
                    by=people.get("administrator") if role.post in posts.AUTHORITIES else people["officer"],
                    now=now,
                )
        assembly = resolutions.enter(
            session,
            community,
            source="assembly",
            matter="M9",
            title="2026 年度公共收益预算",
            text="按预算收支。",
            decided_on=date(2026, 1, 1),
            valid_until=date(2026, 12, 31),
            now=now,
        ).id
    return community, people, assembly


def open_the_book(page: Page, folder: Path) -> None:
    proof = folder / "余额表.pdf"
    proof.write_bytes(papers.paper("2025 年末余额表（演示）", (money.show(EXPECTED["opening_fen"]),)))
    page.goto(BOOKS + "open")
    page.get_by_label("建账日").fill("2026-01-01")
    page.get_by_label("开户银行").fill("演示银行")
    page.get_by_label("户名", exact=True).fill("白云里业主委员会（公共收益专户）")
    page.get_by_label("账号").fill("9900 0000 0000 0405")
    page.get_by_label("期初余额（元）").fill(money.plain(EXPECTED["opening_fen"]))
    page.get_by_label("期初余额的证明").set_input_files(proof)
    page.get_by_label("公示期限的依据").fill("议事规则第二十一条")
    page.get_by_role("button", name="建立账簿").click()
    expect(page.get_by_text("账簿已建立")).to_be_visible()


def upload(page: Page, file: Path) -> None:
    page.goto(BOOKS + "bank/import")
    page.get_by_label("银行流水文件").set_input_files(file)
    page.get_by_role("button", name="看看里面有什么").click()


def import_the_file(page: Page, picture: Picture, folder: Path) -> None:
    """A broken copy first: the row is named and nothing is stored. Then the file itself."""
    rows = list(csv.reader(io.StringIO(SAMPLE.read_bytes().decode("gb18030"))))
    row = 47
    rows[row - 1][4] = money.plain(money.parse(rows[row - 1][4]) + 1)
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    broken = folder / "broken.csv"
    broken.write_bytes(out.getvalue().encode("gb18030"))
    upload(page, broken)
    expect(page.get_by_role("alert")).to_contain_text(f"第 {row} 行的余额接不上")
    looks.check(page)
    upload(page, SAMPLE)
    expect(page.get_by_role("heading", level=1)).to_have_text("读出 95 笔，其中 95 笔是新的")
    for fen in (EXPECTED["in_fen"], EXPECTED["out_fen"], EXPECTED["opening_fen"], EXPECTED["closing_fen"]):
        expect(page.locator("main")).to_contain_text(money.show(fen))
    looks.check(page)
    picture(page, "sample-preview")
    page.get_by_role("button", name="导入 95 笔").click()
    expect(page.get_by_text("导入了 95 笔新流水")).to_be_visible()


def check_and_post(page: Page, count: int) -> None:
    """The chair checks what waits, the deputy posts it."""
    enter(page, "chair")
    for _ in range(count):
        page.goto(BOOKS + "vouchers?state=submitted")
        page.locator("tbody").get_by_role("link").first.click()
        page.get_by_role("button", name="复核通过").click()
        expect(page.get_by_text("复核通过，等记账")).to_be_visible()
    enter(page, "deputy")
    page.goto(BOOKS + "vouchers?state=approved")
    page.get_by_role("button", name="全部记账").click()
    expect(page.get_by_text(f"已记账 {count} 张凭证")).to_be_visible()


def sign_a_contract(platform: Platform, community: str, people: dict[str, str], assembly: str) -> None:
    """The room's monthly rent: its instalments are known before the money comes."""
    with platform.database.writing() as session:
        first = session.scalars(
            select(BankLine)
            .where(BankLine.community_id == community, BankLine.party == "渝璧甲商贸有限公司")
            .order_by(BankLine.seq)
        ).first()
        assert first is not None
        fields = ContractFields(
            direction=Direction.INCOME,
            title="公共用房租赁",
            common_part="3 幢架空层",
            party=first.party,
            purpose="CR07",
            frequency=Frequency.MONTHLY,
            starts_on=date(2026, 1, 1),
            ends_on=date(2026, 12, 31),
            first_due_on=first.day,
            amount_fen=first.amount_fen,
            resolution_id=assembly,
        )
        contracts.make(session, community, fields=fields, by=people["treasurer"], now=platform.now())


def by_the_contract(page: Page) -> None:
    page.goto(BOOKS + "bank")
    expect(page.get_by_role("heading", level=1)).to_have_text("还有 95 笔没有对上")
    page.get_by_role("button", name=re.compile("按合同“公共用房租赁”第 1 期记账")).first.click()
    expect(page.get_by_text("已写好凭证并对上，等复核")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("还有 94 笔没有对上")


def write_one(page: Page, folder: Path) -> None:
    """A payment begun from its line, with its invoice and the decision it rests on; nobody knows it yet."""
    row = page.get_by_role("row").filter(has_text="䶮源养护").first
    row.get_by_role("link", name=re.compile("写凭证$")).click()
    page.get_by_label("来源或用途").select_option("U5")
    box = page.get_by_label("依据的决议", exact=True)
    value = box.locator("option").filter(has_text="2026 年度公共收益预算").first.get_attribute("value")
    box.select_option(value)
    page.get_by_label("发票号码").fill("26010000001")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.get_by_text("草稿已保存")).to_be_visible()
    invoice = folder / "发票.pdf"
    invoice.write_bytes(papers.paper("发票（演示）", ("绿化养护",)))
    page.get_by_label("发票、收据或照片").set_input_files(invoice)
    page.get_by_role("button", name="上传").click()
    expect(page.get_by_text("已上传")).to_be_visible()
    page.get_by_role("button", name="提交复核").click()
    expect(page.get_by_text("已提交，等另一位委员复核")).to_be_visible()


def all_the_sure_ones(page: Page, picture: Picture) -> None:
    """The payee is known now, and the rest of the rent is sure: one tap for all of the page."""
    page.goto(BOOKS + "bank")
    expect(page.get_by_text("和上次一样").first).to_be_visible()
    button = page.get_by_role("button", name=re.compile("把有把握的 [0-9]+ 笔都对上"))
    expect(button).to_be_visible()
    looks.check(page)
    picture(page, "matching-sure")
    button.click()
    expect(page.get_by_text(re.compile("对上了 [0-9]+ 笔，新写的凭证已提交复核"))).to_be_visible()
    page.get_by_role("link", name="自己选凭证").first.click()
    expect(page.get_by_role("heading", level=2).first).to_be_visible()
    looks.check(page)
    picture(page, "bank-line")


def book_the_rest(platform: Platform, community: str, people: dict[str, str], assembly: str) -> None:
    """What is left, through the services: as the demo's treasurer books each payer, three people a voucher."""
    now, by = platform.now(), people["treasurer"]
    with platform.database.writing() as session:
        account = books.bank_account(session, books.trust_book(session, community))
        for line in bank.unmatched(session, account):
            voucher = vouchers.draft(session, community, fields=fields_of(line, assembly), by=by, now=now)
            matching.confirm(session, community, bank_line_id=line.id, voucher_id=voucher.id, by=by, now=now)
            if line.amount_fen < 0:
                attach(platform, session, community, voucher.id, by)
            vouchers.submit(session, community, voucher_id=voucher.id, by=by, now=now)
        for waiting in vouchers.vouchers(session, community, states=(VoucherState.SUBMITTED,)):
            vouchers.approve(session, community, voucher_id=waiting.id, by=people["chair"], now=now)
        vouchers.post_approved(session, community, by=people["deputy"], now=now)
        assert matching.open_lines(session, account, today=now.date()) == []


def fields_of(line: BankLine, assembly: str) -> VoucherFields:
    known = (one for (party, word), one in demo_books.BOOKINGS.items() if party == line.party and word in line.summary)
    booking = next(known, None)
    incoming = line.amount_fen > 0
    return VoucherFields(
        kind=VoucherKind.RECEIPT if incoming else VoucherKind.PAYMENT,
        day=line.day,
        summary=line.summary,
        party=line.party or "不详",
        amount_fen=abs(line.amount_fen),
        purpose=booking.purpose if booking is not None else "U5",
        invoice_no="" if incoming else f"INV{line.reference}",
        resolution_id=None if incoming else assembly,
    )


def attach(platform: Platform, session: Session, community: str, voucher: str, by: str) -> None:
    stored = documents.store(
        session,
        platform.files,
        community,
        name="发票.pdf",
        data=papers.paper("发票（演示）", (voucher,)),
        kind="invoice",
        by=by,
        now=platform.now(),
    )
    documents.attach_to_voucher(session, community, document_id=stored.id, voucher_id=voucher)


def close_the_months(demo: DemoServer, page: Page, picture: Picture, community: str, people: dict[str, str]) -> None:
    """January through the page, the others through the service, September looked at on its statement."""
    page.goto(BOOKS + "month/2026-01/close")
    looks.check(page)
    page.get_by_role("button", name="结清2026年1月").click()
    expect(page.get_by_text("2026年1月 已结账").or_(page.get_by_text("2026年1月已结账"))).to_be_visible()
    with behind(demo) as platform, platform.database.writing() as session:
        for month in months_between(202602, 202609):
            closing.close_month(session, community, month=month, by=people["treasurer"], now=platform.now())
        found = reconciliation.reconcile(session, books.trust_book(session, community), date(2026, 9, 30))
        assert (found.bank_fen, found.book_fen, found.items) == (EXPECTED["closing_fen"],) * 2 + ((),)
    page.goto(BOOKS + "month/2026-09/close")
    page.get_by_role("link", name=re.compile("演示银行，尾号 0405")).click()
    expect(page.locator("main")).to_contain_text("银行和账面一分不差")
    expect(page.locator("tr.total")).to_contain_text(money.plain(EXPECTED["closing_fen"]).replace("346", "346,"))
    looks.check(page)
    picture(page, "reconciliation")
    with page.expect_download() as started:
        page.get_by_role("link", name="PDF").click()
    assert started.value.suggested_filename == f"{CODE}-0405-2026-09.pdf"
    assert Path(started.value.path()).read_bytes().startswith(b"%PDF-")


def again(page: Page, folder: Path) -> None:
    """The same file, and the same movements in another file: nothing is new."""
    upload(page, SAMPLE)
    expect(page.get_by_role("heading", level=1)).to_have_text("这 95 笔都导入过了")
    page.get_by_role("button", name="知道了，返回").click()
    expect(page.get_by_text("这些流水以前都导入过，没有变化")).to_be_visible()
    text = folder / "again.csv"
    text.write_bytes(SAMPLE.read_bytes().decode("gb18030").encode())
    upload(page, text)
    expect(page.get_by_role("heading", level=1)).to_have_text("这 95 笔都导入过了")
