"""The whole election in the demo: the group screens nine, publishes, draws and drafts; owners vote; it is counted,
countersigned and announced; seven are elected and two are alternates; they take office, and the filing says what it
still lacks and makes a draft of its papers.
"""

import subprocess
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pikepdf
from playwright.sync_api import Page, expect

from hoa.community.service import roll
from hoa.demo import signing_keys, witnesses
from hoa.demo.elections import EVERY
from hoa.kernel.clock import CHINA
from tests.browser import looks
from tests.browser.conftest import PageMaker, Picture
from tests.browser.demos import EVERYBODY, HERE, DemoServer, enter
from tests.browser.officials import assembly_of, behind, people_of, settle_and_close, sign_the_tally, wait_until
from voting.elections import service
from voting.elections.rules.life import Channel
from voting.elections.service import reading
from voting.rules.life import State
from voting.service import casting

ELECTION = HERE + "elections/2026-01"
CODE = "2026-04"
ASSEMBLY = HERE + f"assemblies/{CODE}"
SCREENED = datetime(2026, 10, 27, 10, tzinfo=CHINA)
DRAWN = datetime(2026, 11, 5, 10, tzinfo=CHINA)
BALLOTS = 350


def test_nine_stand_seven_are_elected_and_two_are_alternates(
    demo: DemoServer, new_page: PageMaker, picture: Picture
) -> None:
    complete_the_papers(demo)
    demo.forward(SCREENED)
    desk = new_page(demo.base_url)
    screen_and_publish(demo, desk, picture)
    demo.forward(DRAWN)
    order = draw_and_draft(demo, desk, picture)
    opens, closes = notice(demo, desk)
    demo.forward(opens + timedelta(hours=1))
    wait_until(demo, CODE, "voting did not open", lambda _session, row: row.step is State.OPEN)
    vote_on_a_phone(new_page(demo.base_url, size="phone"), order)
    others_vote(demo)
    demo.forward(closes + timedelta(seconds=5))
    count_and_announce(demo, desk)
    the_result_names_seven_and_two(desk, new_page(demo.base_url, size="phone"), order, picture)
    they_take_office(desk, order)
    a_draft_of_the_filing_is_made(desk, order, picture)


def complete_the_papers(demo: DemoServer) -> None:
    """While people may still be nominated: who had no statement or signature, or too few neighbours, sees to it."""
    with behind(demo) as platform, platform.database.writing(seconds=30) as session:
        community, now = assembly_of(session, "2026-03").community_id, platform.now()
        election = reading.election(session, community, "2026-01")
        for one in reading.candidates(session, election):
            who: dict[str, Any] = {"person_id": one.person_id, "now": now}
            if 0 < reading.heads_behind(session, one) < 10:
                service.stand(session, community, election.code, channel=Channel.SELF, **who)
            if not one.statement:
                service.describe(session, community, election.code, person_id=one.person_id, statement="愿意出力。")
            if reading.undertaking(session, one) is None:
                service.sign(session, community, election.code, agreed=True, name=one.name, lot_word="梧桐", **who)


def screen_and_publish(demo: DemoServer, page: Page, picture: Picture) -> None:
    """The street's member of the group screens, the last one on the page itself, and publishes the list."""
    enter(page, "officer")
    page.goto(f"{ELECTION}/manage")
    page.get_by_role("button", name="开始资格审查").click()
    expect(page.get_by_text("还有 9 位候选人没有审查完")).to_be_visible()
    picture(page, "election-desk-desktop")
    with behind(demo) as platform, platform.database.writing(seconds=30) as session:
        first = assembly_of(session, "2026-03")
        community, now = first.community_id, platform.now()
        by = reading.election(session, community, "2026-01").created_by
        for number in range(1, 9):
            for criterion in EVERY:
                given: dict[str, Any] = {
                    "criterion": criterion,
                    "result": "pass",
                    "evidence": "核对了原件",
                    "by": by,
                    "now": now,
                }
                service.check(session, community, "2026-01", number, **given)
            service.accept(session, community, "2026-01", number, reasons="", by=by, now=now)
    page.goto(f"{ELECTION}/manage/9")
    for criterion in EVERY:
        page.locator(f"#result-{criterion}-pass").check()
        page.locator(f"#evidence-{criterion}").fill("核对了原件")
    page.get_by_role("button", name="保存审查").click()
    page.get_by_role("button", name="通过", exact=True).click()
    page.goto(f"{ELECTION}/manage")
    page.get_by_role("button", name="公布候选人名单").click()
    expect(page.get_by_text("起可以抽签定顺序")).to_be_visible()


def draw_and_draft(demo: DemoServer, page: Page, picture: Picture) -> list[str]:
    """After the display the lot puts them in order, and they become an assembly; their names in that order."""
    enter(page, "officer")
    page.goto(f"{ELECTION}/manage")
    page.get_by_role("button", name="抽签定顺序").click()
    page.get_by_role("link", name="起草会议").click()
    page.get_by_label("纸质表决票").uncheck()
    page.get_by_role("button", name="起草会议").click()
    page.wait_for_url(f"**{ASSEMBLY}/manage")
    names = page.locator("#motions + ol li ol li").all_inner_texts()
    assert len(names) == len(set(names)) == 9
    picture(page, "election-drafted-desktop")
    with behind(demo) as platform, platform.database.writing(seconds=30) as session:
        assembly = assembly_of(session, CODE)
        staff = people_of(session, assembly_of(session, "2026-03"))
        witnesses.list_in(session, assembly)
        signing_keys.appoint(session, assembly, staff, now=platform.now())
    return names


def notice(demo: DemoServer, page: Page) -> tuple[datetime, datetime]:
    """The notice goes out and the street's witness signs it; when voting opens and closes."""
    step(page, "发出公告")
    page.goto(f"{ASSEMBLY}/notice")
    expect(page.get_by_text("最多同意 7 人")).to_be_visible()
    looks.check(page)
    with behind(demo) as platform, platform.database.writing(seconds=30) as session:
        assembly = assembly_of(session, CODE)
        witnesses.cosign(session, platform, assembly)
        return assembly.opens_at, assembly.closes_at


def step(page: Page, name: str) -> None:
    page.goto(f"{ASSEMBLY}/manage")
    page.get_by_role("link", name=name, exact=True).click()
    page.get_by_role("button", name=name, exact=True).click()
    page.wait_for_load_state()


def vote_on_a_phone(page: Page, order: list[str]) -> None:
    enter(page, "elder")
    page.goto(ASSEMBLY)
    page.get_by_role("link", name="我要投票").click()
    for place, name in enumerate(order):
        mark = "同意" if place < 7 else "反对"
        page.get_by_role("group", name=name).get_by_role("radio", name=mark).click()
    page.get_by_text("候选人介绍").first.click()
    page.get_by_role("button", name=f"{order[0]}的候选人页面").click()
    page.wait_for_url(f"**{ELECTION}/candidates/*")
    expect(page.get_by_role("heading", level=1)).to_contain_text(order[0])
    page.go_back()
    expect(page.locator("input:checked")).to_have_count(9)
    page.get_by_role("button", name="去核对").click()
    page.get_by_role("button", name="确认提交").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("已提交")


def others_vote(demo: DemoServer) -> None:
    """More than two thirds of the owners; the one who voted on the phone is not among them."""
    with behind(demo) as platform:
        with platform.database.reading() as session:
            assembly = assembly_of(session, CODE)
            voters = [
                elector.elector_id
                for elector in roll(session, assembly.community_id)
                if EVERYBODY["elder"].name not in {owner.name for owner in elector.owners}
            ]
            codes = list(assembly.elections[0]["motions"])
        for number, elector in enumerate(voters[:BALLOTS]):
            with platform.database.writing(seconds=30) as session:
                casting.cast(
                    session,
                    platform.keys,
                    assembly.community_id,
                    assembly.id,
                    elector=elector,
                    choices=choices(number, codes),
                    client_nonce=f"{number:032x}",
                    now=platform.now(),
                )


def choices(number: int, codes: list[str]) -> dict[str, str]:
    """Agrees to seven. Of five ballots each of the last two candidates is left out of two, each other of one or so."""
    others = [number % 7, (number + 3) % 7]
    left = [[7, 8], [7, others[0]], [8, others[0]], others, others][number % 5]
    return {code: "oppose" if place in left else "agree" for place, code in enumerate(codes)}


def count_and_announce(demo: DemoServer, page: Page) -> None:
    settle_and_close(demo, CODE)
    enter(page, "secretary")
    step(page, "计票")
    page.wait_for_url(f"**{ASSEMBLY}/manage")
    sign_the_tally(demo, CODE)
    step(page, "公布结果")
    page.wait_for_url(f"**{ASSEMBLY}")


def the_result_names_seven_and_two(desk: Page, phone: Page, order: list[str], picture: Picture) -> None:
    """Everybody in rank with heads and area; who was left out most often is an alternate."""
    for page, size in ((desk, "desktop"), (phone, "phone")):
        page.goto(ASSEMBLY)
        expect(page.locator(".verdict").first).to_contain_text("7")
        rows = page.locator("table tbody tr").filter(has=page.locator("th"))
        words = [row.locator("td").first.locator(".tag").inner_text() for row in rows.all()[:9]]
        assert words == ["当选"] * 7 + ["候补"] * 2
        names = [row.locator("th").inner_text().split(". ")[-1] for row in rows.all()[:9]]
        assert set(names[:7]) == set(order[:7])
        assert set(names[7:]) == set(order[7:])
        looks.check(page)
        picture(page, f"election-result-{size}")


def they_take_office(page: Page, order: list[str]) -> None:
    """One press enters seven members and two alternates, as the signed tally says."""
    enter(page, "officer")
    page.goto(HERE + "filing/")
    page.get_by_role("link", name="去办理就任").click()
    expect(page.get_by_text("等待就任")).to_have_count(9)
    page.get_by_role("button", name="办理就任").click()
    page.wait_for_url("**/filing/*")
    page.goto(HERE + "filing/results/2026-04/e1")
    expect(page.get_by_text("已就任")).to_have_count(9)


def a_draft_of_the_filing_is_made(page: Page, order: list[str], picture: Picture) -> None:
    """What is missing is said; the draft holds what is there, each page marked, with the elected and the alternates."""
    page.goto(HERE + "filing/1")
    expect(page.get_by_text("现在只能生成草稿")).to_be_visible()
    looks.check(page)
    beside = picture(page, "filing-desktop")
    page.get_by_role("button", name="生成草稿").click()
    link = page.get_by_role("link", name="PDF")
    for _ in range(60):
        if link.count():
            break
        page.wait_for_timeout(1000)
        page.goto(HERE + "filing/1")
    answer = page.request.get(str(link.first.evaluate("link => link.href")))
    assert answer.status == 200
    with pikepdf.open(BytesIO(answer.body())) as pdf:
        assert len(pdf.pages) >= 10
        assert pdf.Root.Lang == "zh-CN"
    # The last document lists who sits from the first day of the new term, not who sits today.
    listed = text_of(answer.body()).partition("业主委员会委员和候补委员名单及基本情况")[2]
    assert [name for name in order if name not in listed] == []
    beside.with_name("filing-draft.pdf").write_bytes(answer.body())


def text_of(pdf: bytes) -> str:
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode()
