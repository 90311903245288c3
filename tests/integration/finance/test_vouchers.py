"""The life of a voucher through the service, on both engines."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest

from finance.rules import life
from finance.rules.charts import UnknownPurpose
from finance.rules.ledger import VoucherKind
from finance.service import books, documents, publication, verify_books, vouchers
from finance.service.vouchers import PurposeDoesNotFit, ReasonNeeded, ResolutionNotInForce
from finance.tables import Book, Voucher
from hoa.db import get
from hoa.kernel.errors import NotFound, Refusal
from hoa.platform import Platform
from tests.integration.finance.scene import PAYMENT, RECEIPT, Scene, open_books


@pytest.fixture
def scene(platform: Platform) -> Scene:
    return open_books(platform)


def voucher(scene: Scene, voucher_id: str) -> Voucher:
    with scene.platform.database.reading() as session:
        return get(session, Voucher, scene.community, voucher_id)


def test_a_posted_voucher_has_its_number_three_people_and_its_place_in_the_chain(scene: Scene):
    first, second, earlier = scene.posted(), scene.posted(PAYMENT), scene.posted(day=date(2026, 8, 3))
    rows = [voucher(scene, voucher_id) for voucher_id in (first, second, earlier)]
    assert [vouchers.label(row) for row in rows] == ["记-0901", "记-0902", "记-0801"]
    assert [row.seq for row in rows] == [1, 2, 3]
    assert rows[1].previous_hash == rows[0].hash
    assert len({rows[0].maker_id, rows[0].checker_id, rows[0].poster_id}) == 3
    with scene.platform.database.reading() as session:
        assert books.trust_book(session, scene.community).head_hash == rows[2].hash


def test_the_maker_cannot_check_and_the_checker_cannot_post(scene: Scene):
    voucher_id = scene.draft()
    scene.step("submit", voucher_id, "treasurer")
    with pytest.raises(life.SamePerson):
        scene.step("approve", voucher_id, "treasurer")
    scene.step("approve", voucher_id, "chair")
    with pytest.raises(life.CheckerPosts):
        scene.step("post", voucher_id, "chair")
    assert voucher(scene, voucher_id).state == "approved"


@pytest.mark.parametrize("verb", ["submit", "approve", "send_back", "post"])
def test_the_cashier_keeps_no_books(scene: Scene, verb: str):
    voucher_id = scene.draft()
    if verb != "submit":
        scene.step("submit", voucher_id, "treasurer")
    if verb == "post":
        scene.step("approve", voucher_id, "chair")
    more = {"reason": "?"} if verb == "send_back" else {}
    with pytest.raises(life.CashierKeepsBooks):
        scene.step(verb, voucher_id, "cashier", **more)


def test_steps_are_taken_in_order_only(scene: Scene):
    voucher_id = scene.draft()
    for verb, by in (("approve", "chair"), ("post", "deputy")):
        with pytest.raises(life.WrongState):
            scene.step(verb, voucher_id, by)
    scene.step("submit", voucher_id, "treasurer")
    with pytest.raises(life.WrongState):
        scene.step("submit", voucher_id, "treasurer")


def test_a_returned_voucher_is_a_draft_again_with_the_reason(scene: Scene):
    voucher_id = scene.draft()
    scene.step("submit", voucher_id, "treasurer")
    with pytest.raises(ReasonNeeded):
        scene.step("send_back", voucher_id, "chair", reason=" ")
    scene.step("send_back", voucher_id, "chair", reason="发票抬头不对")
    row = voucher(scene, voucher_id)
    assert (row.state, row.returned_because) == ("draft", "发票抬头不对")
    with scene.platform.database.writing() as session:
        vouchers.discard(session, scene.community, voucher_id=voucher_id)
    with pytest.raises(NotFound):
        voucher(scene, voucher_id)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"amount_fen": 500_001}, life.AssemblyNeeded),
        ({"grounds": ""}, life.NoGrounds),
        ({"summary": " "}, life.SummaryNeeded),
        ({"party": ""}, life.SummaryNeeded),
        ({"day": date(2026, 10, 21)}, life.NotYetHappened),
    ],
)
def test_a_payment_without_what_it_needs_is_not_submitted(scene: Scene, changes: dict, refusal: type[Refusal]):
    voucher_id = scene.draft(PAYMENT, **changes)
    with pytest.raises(refusal):
        scene.step("submit", voucher_id, "treasurer")
    assert voucher(scene, voucher_id).state == "draft"


def test_a_payment_needs_a_document(scene: Scene):
    voucher_id = scene.draft(PAYMENT, paper=False)
    with pytest.raises(life.DocumentNeeded):
        scene.step("submit", voucher_id, "treasurer")


def test_above_the_limit_only_the_assembly_will_do(scene: Scene):
    with pytest.raises(life.AssemblyNeeded):
        scene.step("submit", scene.draft(PAYMENT, amount_fen=500_001, resolution_id=scene.committee), "treasurer")
    scene.posted(PAYMENT, amount_fen=500_001, resolution_id=scene.assembly)
    scene.posted(PAYMENT, amount_fen=500_000, resolution_id=scene.committee, grounds="")


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"purpose": "U5"}, PurposeDoesNotFit),
        ({"purpose": None}, PurposeDoesNotFit),
        ({"purpose": "CR77"}, UnknownPurpose),
        ({"amount_fen": 0}, life.AmountNeeded),
        ({"amount_fen": -5}, life.AmountNeeded),
        ({"day": date(2025, 12, 31)}, books.BeforeOpening),
        ({"kind": VoucherKind.REVERSAL}, PurposeDoesNotFit),
        ({"contract_id": "nobody's"}, NotFound),
        ({"resolution_id": "nobody's"}, NotFound),
    ],
)
def test_a_draft_that_makes_no_sense_is_refused(scene: Scene, changes: dict, refusal: type[Refusal]):
    with pytest.raises(refusal):
        scene.draft(RECEIPT, **changes)
    with scene.platform.database.reading() as session:
        assert vouchers.number_of_vouchers(session, scene.community) == 0


def test_a_resolution_counts_only_while_it_is_in_force(scene: Scene):
    with pytest.raises(ResolutionNotInForce):
        scene.draft(PAYMENT, day=date(2026, 1, 1), resolution_id=scene.assembly)


def test_a_reversal_takes_the_voucher_back_and_both_stay_visible(scene: Scene):
    voucher_id = scene.posted(PAYMENT)
    red = scene.step("reverse", voucher_id, "treasurer", day=date(2026, 10, 1), reason="付错了").id
    with pytest.raises(life.AlreadyReversed):
        scene.step("reverse", voucher_id, "treasurer", day=date(2026, 10, 1), reason="再来")
    scene.step("approve", red, "chair")
    scene.step("post", red, "deputy")
    with scene.platform.database.reading() as session:
        statement = publication.statement(session, scene.community, start=date(2026, 1, 1), end=date(2026, 12, 31))
        assert (statement.spending_fen, statement.closing_fen) == (0, 0)
        assert len(statement.spending[0].entries) == 2
        assert verify_books(session, scene.platform.files) == []
    with pytest.raises(life.ReversalReversed):
        scene.step("reverse", red, "treasurer", day=date(2026, 10, 2), reason="反悔")


def test_fifty_concurrent_postings_give_numbers_one_to_fifty(scene: Scene):
    waiting = [scene.approved(amount_fen=100 + index) for index in range(50)]

    def post(voucher_id: str) -> None:
        with scene.platform.database.writing(seconds=60) as session:
            vouchers.post(
                session, scene.community, voucher_id=voucher_id, by=scene.people["deputy"], now=scene.platform.now()
            )

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(post, waiting))
    rows = [voucher(scene, voucher_id) for voucher_id in waiting]
    assert sorted(row.number or 0 for row in rows) == list(range(1, 51))
    assert sorted(row.seq or 0 for row in rows) == list(range(1, 51))
    with scene.platform.database.reading() as session:
        assert verify_books(session, scene.platform.files) == []


def test_posting_all_leaves_what_the_poster_checked(scene: Scene):
    mine, others = scene.draft(), scene.approved()
    scene.step("submit", mine, "treasurer")
    scene.step("approve", mine, "deputy")
    with scene.platform.database.writing() as session:
        done = vouchers.post_approved(session, scene.community, by=scene.people["deputy"], now=scene.platform.now())
    assert [row.id for row in done] == [others]


def test_a_second_book_is_refused_and_an_unopened_one_says_so(scene: Scene):
    with scene.platform.database.writing() as session, pytest.raises(books.BookExists):
        books.open_book(session, scene.community, opened_on=date(2026, 1, 1), limits_source="x")
    with scene.platform.database.reading() as session, pytest.raises(books.BookNotOpened):
        books.trust_book(session, "another")
    with scene.platform.database.reading() as session:
        assert session.query(Book).count() == 1


def test_documents_of_a_submitted_voucher_stay(scene: Scene):
    voucher_id = scene.draft(PAYMENT)
    scene.step("submit", voucher_id, "treasurer")
    with scene.platform.database.reading() as session:
        document = vouchers.documents_of(session, get(session, Voucher, scene.community, voucher_id))[0]
    with scene.platform.database.writing() as session, pytest.raises(life.WrongState):
        documents.detach(session, scene.community, document_id=document.id, voucher_id=voucher_id)
