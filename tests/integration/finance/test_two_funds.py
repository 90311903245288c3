"""The work fund beside the trust fund: vouchers of both, transfers, corrections, and how many people approve."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from finance.rules import ledger, life
from finance.rules.cash import CashMissing
from finance.rules.charts import TRUST, WORK, load_chart
from finance.rules.ledger import Line, Means, VoucherKind
from finance.rules.life import VoucherState
from finance.service import acts, books, vouchers
from finance.service.verify import verify_books
from finance.service.vouchers import TransferFields, VoucherFields, correcting, grounds, transfers, writing
from finance.tables import Voucher
from hoa.db import get
from hoa.resolutions import service as resolutions
from tests.integration.finance.scene import PAYMENT, RECEIPT, Scene, open_books

CHART = load_chart("2024")
OFFICE = CHART.by_role("administration.1").code
BANK = CHART.by_role("bank").code


@pytest.fixture
def scene(platform) -> Scene:
    found = open_books(platform)
    with platform.database.writing() as session:
        book = books.open_book(
            session, found.community, kind=WORK, opened_on=date(2026, 1, 1), limits_source="业主大会决议"
        )
        books.open_bank_account(
            session, found.community, book=book, bank="演示银行", name="工作经费", account_no="9900 0000 0000 0506"
        )
    return found


def work_payment(**changes) -> VoucherFields:
    fields = VoucherFields(
        kind=VoucherKind.PAYMENT,
        book=WORK,
        day=date(2026, 9, 18),
        summary="打印纸",
        party="文具店",
        amount_fen=12_000,
        account=OFFICE,
        grounds="常规授权",
    )
    return replace(fields, **changes)


def transfer(scene: Scene, **changes) -> str:
    fields = TransferFields(
        day=date(2026, 9, 16), amount_fen=400_000, resolution_id=scene.assembly, summary="下半年工作经费"
    )
    with scene.platform.database.writing() as session:
        row = vouchers.transfer(
            session,
            scene.community,
            fields=replace(fields, **changes),
            by=scene.people["treasurer"],
            now=scene.platform.now(),
        )
        scene._attach(session, row.id)
        return row.id


def row(scene: Scene, voucher_id: str) -> Voucher:
    with scene.platform.database.reading() as session:
        found = get(session, Voucher, scene.community, voucher_id)
        session.expunge(found)
        return found


def test_both_halves_of_a_transfer_go_every_step_together_and_are_taken_back_together(scene: Scene):
    half = transfer(scene)
    other = row(scene, half).twin_id
    assert other is not None
    scene.step("submit", other, "treasurer")
    assert row(scene, half).state == VoucherState.SUBMITTED
    with pytest.raises(life.SamePerson):
        scene.step("approve", half, "treasurer")
    scene.step("approve", half, "chair")
    scene.step("send_back", other, "chair", reason="换决议")
    assert {row(scene, each).state for each in (half, other)} == {VoucherState.DRAFT}
    scene.step("submit", half, "treasurer")
    scene.step("approve", half, "chair")
    scene.step("post", other, "deputy")
    trust, work = row(scene, half), row(scene, other)
    assert (trust.state, work.state) == (VoucherState.POSTED, VoucherState.POSTED)
    assert (trust.bank_fen, work.bank_fen) == (-400_000, 400_000)
    assert (trust.number, work.number, trust.seq, work.seq) == (1, 1, 1, 1)
    red = scene.step("reverse", half, "treasurer", day=date(2026, 9, 20), reason="决议被撤销")
    scene.step("approve", red.id, "chair")
    scene.step("post", red.id, "deputy")
    assert row(scene, row(scene, red.id).twin_id or "").state == VoucherState.POSTED
    with scene.platform.database.reading() as session:
        assert verify_books(session, scene.platform.files, community_id=scene.community) == []
        for kind in (TRUST, WORK):
            book = books.the_book(session, scene.community, kind)
            rows = vouchers.vouchers(session, scene.community, book=book)
            assert [voucher.number for voucher in rows] == [1, 2]


def test_only_the_assembly_moves_money_between_the_funds_and_no_more_than_it_said(scene: Scene):
    with pytest.raises(life.TransferNeedsAssembly):
        transfer(scene, resolution_id=scene.committee)
    with pytest.raises(life.AmountNeeded):
        transfer(scene, amount_fen=0)
    half = transfer(scene)
    with pytest.raises(writing.FollowsAnother):
        scene.step("revise", half, "treasurer", fields=PAYMENT)
    with scene.platform.database.writing() as session:
        vouchers.discard(session, scene.community, voucher_id=half)
        assert vouchers.number_of_vouchers(session, scene.community) == 0


def test_transfers_under_one_decision_together_stay_within_it(scene: Scene):
    with scene.platform.database.writing() as session:
        decision = resolutions.enter(
            session,
            scene.community,
            source="assembly",
            matter="M9",
            title="转入工作经费",
            text="最多 5,000 元",
            decided_on=date(2026, 1, 2),
            limit_fen=500_000,
            now=scene.platform.now(),
        ).id
    first = transfer(scene, resolution_id=decision)
    with pytest.raises(transfers.MoreThanIsLeft):
        transfer(scene, resolution_id=decision, amount_fen=100_001)
    transfer(scene, resolution_id=decision, amount_fen=100_000)
    with scene.platform.database.writing() as session:
        vouchers.discard(session, scene.community, voucher_id=first)
    transfer(scene, resolution_id=decision)
    with pytest.raises(transfers.MoreThanDecided):
        transfer(scene, resolution_id=decision, amount_fen=500_001)


def test_two_payments_approved_at_once_do_not_empty_the_cash_box_twice(scene: Scene):
    scene.posted(work_payment(kind=VoucherKind.DRAWING, account=None, amount_fen=12_000, grounds=""))
    one, other = (scene.approved(work_payment(means=Means.CASH)) for _ in range(2))
    scene.step("post", one, "deputy")
    with pytest.raises(CashMissing):
        scene.step("post", other, "deputy")


def test_each_fund_takes_only_its_own_accounts(scene: Scene):
    trust_code = CHART.by_role("income.CR07").code
    wrong = [
        (ledger.OtherFund, work_payment(account=trust_code)),
        (ledger.HasParts, work_payment(account=CHART.by_role("administration").code)),
        (writing.AccountNeeded, work_payment(account=BANK)),
        (writing.AccountNeeded, work_payment(account=None)),
        (writing.PurposeDoesNotFit, replace(PAYMENT, account=OFFICE)),
        (
            ledger.OtherFund,
            replace(
                RECEIPT,
                kind=VoucherKind.JOURNAL,
                purpose=None,
                lines=(Line(account=OFFICE, debit_fen=1), Line(account=trust_code, credit_fen=1)),
            ),
        ),
    ]
    for refusal, fields in wrong:
        with pytest.raises(refusal):
            scene.draft(fields)
    lines = (
        Line(account=OFFICE, debit_fen=700),
        Line(account=CHART.by_role("administration.2").code, debit_fen=300),
        Line(account=BANK, credit_fen=1_000),
    )
    posted = scene.posted(work_payment(kind=VoucherKind.JOURNAL, account=None, lines=lines))
    found = row(scene, posted)
    assert (found.amount_fen, found.bank_fen, found.cash_fen) == (1_000, -1_000, 0)
    with pytest.raises(CashMissing):
        scene.posted(work_payment(means=Means.CASH))
    scene.posted(work_payment(kind=VoucherKind.DRAWING, account=None, amount_fen=12_000, grounds=""))
    cash = scene.posted(work_payment(means=Means.CASH))
    assert (row(scene, cash).bank_fen, row(scene, cash).cash_fen) == (0, -12_000)


def test_a_large_payment_needs_more_people_each_another_one(scene: Scene):
    large = scene.draft(replace(PAYMENT, amount_fen=2_000_001, resolution_id=scene.assembly))
    scene.step("submit", large, "treasurer")
    assert row(scene, large).approvals_needed == 2
    scene.step("approve", large, "chair")
    assert row(scene, large).state == VoucherState.SUBMITTED
    with pytest.raises(life.ApprovedByYou):
        scene.step("approve", large, "chair")
    with pytest.raises(life.NotApproved):
        scene.step("post", large, "deputy")
    scene.step("approve", large, "secretary")
    with pytest.raises(life.CheckerPosts):
        scene.step("post", large, "chair")
    scene.step("post", large, "deputy")
    with scene.platform.database.reading() as session:
        found = get(session, Voucher, scene.community, large)
        assert [approval.person_id for approval in vouchers.approvals_of(session, found)] == [
            scene.people["chair"],
            scene.people["secretary"],
        ]
        here = {"start": scene.platform.now() - timedelta(days=1), "end": scene.platform.now() + timedelta(days=1)}
        for post in ("chair", "secretary"):
            told = acts.told(session, scene.community, person_id=scene.people[post], **here)
            assert [str(act.url).rpartition("/")[2] for act in told] == [large], "each of them let it through, once"
    exact = scene.draft(replace(PAYMENT, amount_fen=2_000_000, resolution_id=scene.assembly))
    scene.step("submit", exact, "treasurer")
    assert row(scene, exact).approvals_needed == 1


def test_a_wrong_voucher_is_taken_back_and_written_right_in_one_step(scene: Scene):
    wrong = scene.posted(PAYMENT)
    with scene.platform.database.writing() as session:
        red, blue = vouchers.replace_posted(
            session,
            scene.community,
            voucher_id=wrong,
            day=date(2026, 9, 21),
            reason="付给了另一家",
            by=scene.people["treasurer"],
            now=scene.platform.now(),
        )
        assert len(vouchers.documents_of(session, blue)) == 1
        red_id, blue_id = red.id, blue.id
    changed = replace(PAYMENT, party="诚达建材", day=date(2026, 9, 21), summary="订正：垃圾房维修")
    scene.step("revise", blue_id, "treasurer", fields=changed)
    assert row(scene, blue_id).corrects_id == wrong
    scene.step("submit", blue_id, "treasurer")
    scene.step("approve", blue_id, "chair")
    with pytest.raises(writing.RedFirst):
        scene.step("post", blue_id, "deputy")
    scene.step("approve", red_id, "chair")
    with scene.platform.database.writing() as session:
        done = vouchers.post_approved(session, scene.community, by=scene.people["deputy"], now=scene.platform.now())
        assert [voucher.id for voucher in done] == [red_id, blue_id]
    with pytest.raises(writing.CorrectedAlready):
        scene.draft(replace(PAYMENT, corrects_id=wrong))
    with pytest.raises(writing.NothingToCorrect):
        scene.draft(work_payment(corrects_id=wrong))
    with scene.platform.database.reading() as session:
        original = get(session, Voucher, scene.community, wrong)
        assert [each.id for each in vouchers.corrections_of(session, original)] == [blue_id]
        assert verify_books(session, scene.platform.files, community_id=scene.community) == []


def test_an_amount_is_put_right_by_the_difference_in_blue_or_red(scene: Scene):
    posted = scene.posted(PAYMENT)  # 2,600.00

    def differ(right_fen: int) -> str:
        with scene.platform.database.writing() as session:
            found = vouchers.difference(
                session,
                scene.community,
                voucher_id=posted,
                right_fen=right_fen,
                day=date(2026, 9, 21),
                reason="看错发票",
                by=scene.people["treasurer"],
                now=scene.platform.now(),
            )
            return found.id

    more = differ(262_000)
    for verb, by in (("submit", "treasurer"), ("approve", "chair"), ("post", "deputy")):
        scene.step(verb, more, by)
    with pytest.raises(correcting.NoDifference):
        differ(262_000)
    less = differ(250_000)
    for verb, by in (("submit", "treasurer"), ("approve", "chair"), ("post", "deputy")):
        scene.step(verb, less, by)
    assert [row(scene, each).bank_fen for each in (posted, more, less)] == [-260_000, -2_000, 12_000]
    with pytest.raises(correcting.DifferencesFirst):
        scene.step("reverse", posted, "treasurer", day=date(2026, 9, 21), reason="又错")
    with scene.platform.database.reading() as session:
        assert vouchers.corrected_fen(session, get(session, Voucher, scene.community, posted)) == 250_000
        assert grounds.spent_fen(get(session, Voucher, scene.community, less)) == 0


def test_an_expense_of_an_earlier_year_is_put_right_through_net_assets(scene: Scene):
    old = scene.posted(work_payment(day=date(2026, 3, 2)))
    this_year = date(2027, 1, 5)
    with pytest.raises(correcting.NotOfAnEarlierYear):
        _next_year(scene, old, date(2026, 9, 20))
    later = scene.platform.now().replace(year=2027, month=1, day=10)
    with scene.platform.database.writing() as session:
        with pytest.raises(correcting.EarlierYear):
            vouchers.reverse(
                session,
                scene.community,
                voucher_id=old,
                day=this_year,
                reason="错",
                by=scene.people["treasurer"],
                now=later,
            )
        found = vouchers.put_right_next_year(
            session,
            scene.community,
            voucher_id=old,
            day=this_year,
            reason="不该报销",
            by=scene.people["treasurer"],
            now=later,
        )
        lines = vouchers.lines_of(session, found)
    adjustment = CHART.by_role("prior_year_adjustment.unrestricted").code
    assert lines == (Line(account=adjustment, credit_fen=12_000), Line(account=BANK, debit_fen=12_000))


def _next_year(scene: Scene, voucher_id: str, day: date) -> None:
    with scene.platform.database.writing() as session:
        vouchers.put_right_next_year(
            session,
            scene.community,
            voucher_id=voucher_id,
            day=day,
            reason="错",
            by=scene.people["treasurer"],
            now=scene.platform.now(),
        )
