"""The second walk: bank file, voucher with its document, a second and a third person, the quarter published, an owner
who drills down to the masked voucher, an objection and its answer.
"""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from hoa.demo import papers
from tests.browser import looks
from tests.browser.conftest import PageMaker, Picture
from tests.browser.demos import EVERYBODY, HERE, DemoServer, enter

BOOKS = HERE + "books/"
OCTOBER = """账户明细查询
户名:,梧桐苑业主委员会（公共收益专户）,账号:,9900 0000 0000 0405
起始日期:,20261001,截止日期:,20261019

交易日期,交易时间,收入金额,支出金额,账户余额,对方户名,对方账号,摘要,流水号
20261005,10:01:07,"8,640.00",,"354,734.26",智慧停车平台,9900****0001,10月 地面月租停车费 清算,261005000001
20261016,15:34:58,,"3,200.00","351,534.26",䶮源养护,9900****0020,绿化养护 10月,261016000002
合计,,"8,640.00","3,200.00",,,,共2笔,
""".encode("gb18030")
RESERVATION = "电梯广告费还没有到账，请在公示时说明。"
OBJECTION = "9 月绿化补种的树还没有看到，请说明种在哪里。"
ANSWER = "种在 3 幢东侧，现场照片已贴在公示栏，请看。"


def test_the_committee_publishes_a_quarter_and_an_owner_drills_down_and_objects(
    demo: DemoServer, engine_name: str, new_page: PageMaker, picture: Picture, tmp_path: Path
) -> None:
    committee, owners = ("desktop", "phone") if engine_name == "sqlite" else ("phone", "desktop")
    treasurer = new_page(demo.base_url, size=committee)
    enter(treasurer, "treasurer")
    the_month(treasurer, picture, committee)
    import_the_bank_file(treasurer, picture, tmp_path)
    book_what_the_contract_says(treasurer)
    write_a_voucher(treasurer, picture, tmp_path)

    other = new_page(demo.base_url, size=committee)
    approve_and_post(other, picture)
    preview(new_page(demo.base_url, size=committee), picture)
    publish(treasurer, picture)

    owner = new_page(demo.base_url, size=owners)
    enter(owner, "elder")
    drill_down(owner, picture, signed_in=True)
    drill_down(new_page(demo.base_url, size=owners), picture, signed_in=False)
    object_to_it(owner, picture)
    answer(other)
    owner.reload()
    expect(owner.get_by_text(ANSWER)).to_be_visible()
    expect(owner.get_by_text(EVERYBODY["elder"].name)).to_have_count(0)
    looks.check(owner)
    picture(owner, "objection-answered")
    assert "nothing was changed" in demo.hoa("verify")


def the_month(page: Page, picture: Picture, size: str) -> None:
    """The treasurer's evening begins with what is to be done."""
    page.goto(BOOKS + "month")
    expect(page.get_by_role("heading", level=1)).to_contain_text("第三季度")
    expect(page.get_by_role("link", name="公示第三季度")).to_be_visible()
    expect(page.get_by_text("电梯广告").first).to_be_visible()
    looks.check(page)
    picture(page, "month-desk" if size == "desktop" else "month-phone")


def import_the_bank_file(page: Page, picture: Picture, folder: Path) -> None:
    file = folder / "账户明细-10月.csv"
    file.write_bytes(OCTOBER)
    page.get_by_role("link", name="导入银行流水").first.click()
    page.get_by_label("银行流水文件").set_input_files(file)
    page.get_by_role("button", name="看看里面有什么").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("读出 2 笔，其中 2 笔是新的")
    looks.check(page)
    picture(page, "bank-preview")
    page.get_by_role("button", name="导入 2 笔").click()
    expect(page.get_by_text("导入了 2 笔新流水")).to_be_visible()


def book_what_the_contract_says(page: Page) -> None:
    """The rent is known by its contract: one tap writes the voucher and puts it against the bank line."""
    page.get_by_role("button", name="按合同“地面月租停车”第 10 期记账").click()
    expect(page.get_by_text("已写好凭证并对上，等复核")).to_be_visible()


def write_a_voucher(page: Page, picture: Picture, folder: Path) -> None:
    """A payment needs its invoice and the resolution it rests on before anybody checks it."""
    page.goto(BOOKS + "month/2026-10")
    looks.check(page)
    picture(page, "month-october")
    row = page.get_by_role("row").filter(has_text="䶮源养护")
    row.get_by_role("link", name=re.compile("^(另写凭证|写凭证)$")).click()
    expect(page.get_by_label("金额（元）")).to_have_value(re.compile(r"3,?200\.00"))
    page.get_by_label("来源或用途").select_option("U5")
    choose(page, "哪份合同", "绿化养护与零修")
    choose(page, "依据的决议", "2026 年度公共收益预算")
    page.get_by_label("发票号码").fill("26101600002")
    looks.check(page)
    picture(page, "voucher-form")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.get_by_text("草稿已保存")).to_be_visible()
    invoice = folder / "发票.pdf"
    invoice.write_bytes(papers.paper("发票（演示）", ("绿化养护 10月", "3,200.00")))
    page.get_by_label("发票、收据或照片").set_input_files(invoice)
    page.get_by_role("button", name="上传").click()
    expect(page.get_by_text("已上传")).to_be_visible()
    looks.check(page)
    picture(page, "voucher-draft")
    page.get_by_role("button", name="提交复核").click()
    expect(page.get_by_text("已提交，等另一位委员复核")).to_be_visible()
    expect(page.get_by_role("button", name="复核通过")).to_have_count(0)


def choose(page: Page, label: str, words: str) -> None:
    """The first choice of a list that has these words in it."""
    box = page.get_by_label(label, exact=True)
    value = box.locator("option").filter(has_text=words).first.get_attribute("value")
    box.select_option(value)


def approve_and_post(page: Page, picture: Picture) -> None:
    """The chair checks both, the deputy posts both: three people a voucher."""
    enter(page, "chair")
    expect(page.get_by_text("复核凭证（2 张）")).to_be_visible()
    page.goto(BOOKS + "vouchers?state=submitted")
    page.locator("tbody").get_by_role("link").first.click()
    expect(page.get_by_role("button", name="复核通过")).to_be_visible()
    picture(page, "voucher-to-check")
    looks.check(page)
    page.get_by_role("button", name="复核通过").click()
    expect(page.get_by_text("复核通过，等记账")).to_be_visible()
    page.get_by_role("button", name="复核通过").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("已复核")
    enter(page, "deputy")
    page.goto(BOOKS + "vouchers?state=approved")
    page.get_by_role("button", name="全部记账").click()
    expect(page.get_by_text("已记账 2 张凭证")).to_be_visible()


def preview(page: Page, picture: Picture) -> None:
    """A supervisor is told what is about to go out, reads it with the warnings, and objects with a reason."""
    enter(page, "second_supervisor")
    do_what_is_asked(page, "预览将要公示的账目：2026 年第三季度公共收益收支表")
    expect(page.get_by_role("heading", name="自动检查的提醒")).to_be_visible()
    expect(page.get_by_text("电梯广告（分享传媒有限公司）").first).to_be_visible()
    expect(page.get_by_role("button", name="公示第三季度")).to_have_count(0)
    page.get_by_label("不同意的理由").fill(RESERVATION)
    looks.check(page)
    picture(page, "quarter-preview")
    page.get_by_role("button", name="不同意这样公示").click()
    expect(page.get_by_text("您的意见已记下")).to_be_visible()


def do_what_is_asked(page: Page, words: str) -> None:
    """From the start page: what is most urgent has a button of its own, the others are links."""
    page.goto(HERE)
    expect(page.get_by_text(words)).to_be_visible()
    named = page.get_by_role("link", name=words)
    (named if named.count() else page.get_by_role("link", name="现在去办")).first.click()


def publish(page: Page, picture: Picture) -> None:
    """From the start page, without knowing what a period or a ledger is: what needs me, the page, its one button."""
    do_what_is_asked(page, "请公示：2026 年第三季度公共收益收支表")
    expect(page.get_by_text(RESERVATION)).to_be_visible()
    expect(page.get_by_role("button", name="公示第三季度")).to_be_visible()
    looks.check(page)
    picture(page, "quarter-before")
    page.get_by_role("button", name="公示第三季度").click()
    expect(page.get_by_text("已公示，内容已固定")).to_be_visible()
    expect(page.locator(".qr svg")).to_be_visible()
    looks.check(page)


def drill_down(page: Page, picture: Picture, *, signed_in: bool) -> None:
    """From the front page to the paper behind one line: names are masked, originals only for owners."""
    page.goto(HERE)
    page.get_by_role("link", name=re.compile("2026.*三季度.*收支|2026.*Q3")).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("收了")
    looks.check(page)
    picture(page, f"quarter-{signed_in}")
    page.get_by_role("link", name="看每一笔收支").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("每一笔收支")
    looks.check(page)
    picture(page, f"lines-{signed_in}")
    page.get_by_role("link", name="绿化补种及零修 9月").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("绿化补种及零修 9月")
    text = page.locator("main").inner_text()
    assert "谢**" in text
    assert not any(EVERYBODY[key].name in text for key in ("treasurer", "chair", "deputy"))
    assert "5,974.47" in text
    looks.check(page)
    picture(page, f"voucher-{signed_in}")
    paper = page.get_by_role("link", name=re.compile(r"^发票 .*\.pdf$"))
    if signed_in:
        paper.click()
        expect(page.get_by_role("img", name="第 1 页")).to_be_visible()
        looks.check(page)
        with page.expect_download() as started:
            page.get_by_role("link", name="下载").click()
        assert started.value.suggested_filename.endswith(".pdf")
    else:
        expect(paper).to_have_count(0)
        expect(page.get_by_text("业主登录后可以打开原件")).to_be_visible()


def object_to_it(page: Page, picture: Picture) -> None:
    page.goto(BOOKS + "2026Q3")
    page.get_by_role("link", name=re.compile("提出异议")).click()
    expect(page.get_by_role("button", name="提出异议")).to_be_visible()
    looks.check(page)
    page.get_by_role("textbox").fill(OBJECTION)
    page.get_by_role("button", name="提出异议").click()
    expect(page.get_by_text("异议已提交")).to_be_visible()
    picture(page, "objection")


def answer(page: Page) -> None:
    enter(page, "chair")
    page.goto(BOOKS + "month")
    page.get_by_role("link", name="业主异议").click()
    expect(page.get_by_text(OBJECTION)).to_be_visible()
    looks.check(page)
    page.get_by_role("textbox").fill(ANSWER)
    page.get_by_role("button", name="公开答复").click()
    expect(page.get_by_text("答复已公开")).to_be_visible()
