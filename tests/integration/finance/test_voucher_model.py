"""The whole life of vouchers in both books, driven through the services by Hypothesis with two treasurers at once,
against a model that fits on a page.

The model says of every step whether it is allowed; the services must agree. Whatever happened: numbers have no gaps,
chains verify, books balance, no state is skipped, and nobody who let a voucher through made or posted it.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from finance.rules.charts import TRUST, WORK, load_chart
from finance.rules.ledger import Line, VoucherKind
from finance.service import bank, books, closing, documents, matching, vouchers
from finance.service.verify import verify_books
from finance.service.vouchers import TransferFields, VoucherFields
from finance.tables import BankLine
from hoa.demo import papers
from hoa.kernel.clock import FrozenClock
from hoa.kernel.errors import Refusal
from tests.conftest import NOW, DatabaseMaker, opened_platform
from tests.integration.finance.scene import Scene, open_books

CHART = load_chart("2024")
OFFICE, OTHER = CHART.by_role("administration.1").code, CHART.by_role("other_income.unrestricted").code
MONTHS = (202607, 202608, 202609)
# Both keep the books this year; the others check and post. The cashier tries everything and gets nowhere.
TREASURERS = ("treasurer", "member")
PEOPLE = (*TREASURERS, "chair", "deputy", "secretary", "cashier")
SIMPLE = ("receipt", "payment")
FOLLOWING = ("reversal", "transfer", "difference")
TWO_APPROVE = 2_000_000

# One after the other until the months are full; how often each comes up.
OFTEN = {"draft": 5, "submit": 7, "approve": 8, "post": 6, "approve_at_once": 2, "post_at_once": 2, "transfer": 2}
STEPS = [
    *(step for step, times in OFTEN.items() for _ in range(times)),
    *("revise", "send_back", "reverse", "correct", "difference", "discard", "fetch", "close"),
]
PICK, WHO = st.integers(0, 60), st.sampled_from(PEOPLE)
MONTH = st.sampled_from(MONTHS)
AMOUNT = st.sampled_from([1, 99, 50_000, TWO_APPROVE, TWO_APPROVE + 1])


@dataclass(eq=False)
class Model:
    """A voucher as the model sees it."""

    id: str
    book: str
    kind: str
    month: int
    amount: int
    maker: str
    state: str = "draft"
    needed: int = 1
    approvals: list[str] = field(default_factory=list)
    twin: "Model | None" = None
    reverses: "Model | None" = None
    corrects: "Model | None" = None
    matched: bool = False
    less: bool = False

    @property
    def halves(self) -> list["Model"]:
        return [self] if self.twin is None else [self, self.twin]

    @property
    def spent(self) -> int:
        out = self.kind in ("payment", "journal") or (self.kind == "transfer" and self.book == TRUST)
        more = self.kind == "difference" and self.corrects is not None
        if more and self.corrects is not None:
            out = (self.corrects.kind == "payment") != self.less
        return self.amount if out else 0


Worlds = Callable[[], AbstractContextManager[Scene]]


class Life(RuleBasedStateMachine):
    """Rules are steps, refusals are expected exactly where the model says so."""

    def __init__(self, worlds: Worlds) -> None:
        super().__init__()
        self._worlds = worlds
        self.all: list[Model] = []
        self.closed: dict[str, int] = {TRUST: 202606, WORK: 202606}
        self.covered = 202606
        self.balance = 0

    @initialize()
    def begin(self) -> None:
        self._open = self._worlds()
        self.scene = self._open.__enter__()
        with self.scene.platform.database.writing() as session:
            self.paper = documents.store(
                session,
                self.scene.platform.files,
                self.scene.community,
                name="发票.pdf",
                data=papers.paper("发票", ("1",)),
                kind="invoice",
                by=self.scene.people["treasurer"],
                now=self.scene.platform.now(),
            ).id

    # -- what the model needs to know

    def reversed_by(self, row: Model) -> Model | None:
        return next((other for other in self.all if other.reverses is row), None)

    def differences(self, row: Model) -> list[Model]:
        found = [other for other in self.all if other.corrects is row and other.kind == "difference"]
        return [other for other in found if self.reversed_by(other) is None]

    def is_open(self, row_book: str, month: int) -> bool:
        return month > self.closed[row_book]

    def may_reverse(self, row: Model, month: int) -> bool:
        return all(
            half.state == "posted"
            and half.kind not in ("reversal", "opening")
            and self.reversed_by(half) is None
            and not self.differences(half)
            and self.is_open(half.book, month)
            for half in row.halves
        )

    def may_replace(self, row: Model) -> bool:
        done = [other for other in self.all if other.corrects is row and other.kind != "difference"]
        return all(self.reversed_by(other) is not None for other in done)

    def current(self, row: Model) -> int:
        return row.amount + sum(-other.amount if other.less else other.amount for other in self.differences(row))

    def pick(self, number: int, *states: str) -> Model | None:
        found = [row for row in self.all if not states or row.state in states]
        return found[number % len(found)] if found else None

    # -- doing it

    def act(self, allowed: bool, work: Callable[[Any], Any]) -> Any:
        """The services agree with the model; a refusal leaves nothing behind."""
        refused = None
        try:
            with self.scene.platform.database.writing() as session:
                done = work(session)
        except Refusal as refusal:
            refused = refusal
        assert allowed == (refused is None), refused or "this should have been refused"
        return None if refused else done

    def step(self, verb: str, row: Model, who: str, allowed: bool, **more: object) -> bool:
        def work(session: Any) -> bool:
            getattr(vouchers, verb)(
                session,
                self.scene.community,
                voucher_id=row.id,
                by=self.scene.people[who],
                now=self.scene.platform.now(),
                **more,
            )
            return True

        return bool(self.act(allowed, work))

    def fields(self, book: str, kind: str, month: int, amount: int) -> VoucherFields:
        found = VoucherFields(
            kind=VoucherKind(kind),
            book=book,
            day=date(month // 100, month % 100, 15),
            summary="模型",
            party="某单位",
            amount_fen=amount,
            resolution_id=self.scene.assembly,
        )
        if kind == "journal":
            bank_code = CHART.by_role("bank").code
            lines = (Line(account=OFFICE, debit_fen=amount), Line(account=bank_code, credit_fen=amount))
            return replace(found, lines=lines)
        if book == WORK:
            return replace(found, account=OTHER if kind == "receipt" else OFFICE)
        return replace(found, purpose="CR07" if kind == "receipt" else "U5")

    # -- the steps

    @rule(
        step=st.sampled_from(STEPS),
        number=PICK,
        who=WHO,
        month=MONTH,
        amount=AMOUNT,
        book=st.sampled_from([TRUST, WORK]),
        kind=st.sampled_from([*SIMPLE, "journal"]),
    )
    def next_step(self, step: str, number: int, who: str, month: int, amount: int, book: str, kind: str) -> None:
        """One rule with weighted steps: Hypothesis would leave whole rules out of most lives, and little would be
        posted.
        """
        keeper = who if who == "cashier" else TREASURERS[number % 2]
        steps: dict[str, Callable[[], None]] = {
            "draft": lambda: self.draft(book, kind, month, amount, keeper),
            "transfer": lambda: self.transfer(month, amount, TREASURERS[number % 2]),
            "revise": lambda: self.revise(number, who, month, amount),
            "submit": lambda: self.submit(number, who),
            "send_back": lambda: self.send_back(number, who),
            "approve": lambda: self.approve(number, who),
            "post": lambda: self.post(number, who),
            "approve_at_once": lambda: self.both_at_once(number, "approve"),
            "post_at_once": lambda: self.both_at_once(number, "post"),
            "reverse": lambda: self.reverse(number, keeper, month),
            "correct": lambda: self.correct(number, TREASURERS[number % 2], month),
            "difference": lambda: self.difference(number, TREASURERS[number % 2], month, (-30, 7, 40_000)[number % 3]),
            "discard": lambda: self.discard(number),
            "fetch": lambda: self.fetch_the_banks_file(number),
            "close": lambda: self.close(book, keeper),
        }
        steps[step]()

    def draft(self, book: str, kind: str, month: int, amount: int, who: str) -> None:
        book = WORK if kind == "journal" else book

        def work(session: Any) -> str:
            row = vouchers.draft(
                session,
                self.scene.community,
                fields=self.fields(book, kind, month, amount),
                by=self.scene.people[who],
                now=self.scene.platform.now(),
            )
            documents.attach_to_voucher(session, self.scene.community, document_id=self.paper, voucher_id=row.id)
            return row.id

        made = self.act(who != "cashier" and self.is_open(book, month), work)
        if made:
            self.all.append(Model(made, book, kind, month, amount, who))

    def transfer(self, month: int, amount: int, who: str) -> None:
        def work(session: Any) -> tuple[str, str]:
            row = vouchers.transfer(
                session,
                self.scene.community,
                fields=TransferFields(
                    day=date(month // 100, month % 100, 15),
                    amount_fen=amount,
                    resolution_id=self.scene.assembly,
                    summary="转工作经费",
                ),
                by=self.scene.people[who],
                now=self.scene.platform.now(),
            )
            documents.attach_to_voucher(session, self.scene.community, document_id=self.paper, voucher_id=row.id)
            assert row.twin_id is not None
            return row.id, row.twin_id

        made = self.act(self.is_open(TRUST, month) and self.is_open(WORK, month), work)
        if made:
            halves = [Model(made[no], (TRUST, WORK)[no], "transfer", month, amount, who) for no in (0, 1)]
            halves[0].twin, halves[1].twin = halves[1], halves[0]
            self.all += halves

    def revise(self, number: int, who: str, month: int, amount: int) -> None:
        row = self.pick(number)
        if row is None or row.matched or row.kind == "journal":
            return
        kind = row.kind if row.kind in SIMPLE else "payment"
        allowed = (
            row.state == "draft" and row.kind not in FOLLOWING and who != "cashier" and self.is_open(row.book, month)
        )
        if self.step("revise", row, who, allowed, fields=self.fields(row.book, kind, month, amount)):
            row.maker, row.month, row.amount = who, month, amount

    def submit(self, number: int, who: str) -> None:
        row = self.pick(number, "draft") or self.pick(number)
        if row is None:
            return
        allowed = who != "cashier" and row.state == "draft"
        if self.step("submit", row, who, allowed):
            for half in row.halves:
                half.state = "submitted"
                half.needed = 1 + (max(each.spent for each in row.halves) > TWO_APPROVE)

    def send_back(self, number: int, who: str) -> None:
        row = self.pick(number)
        if row is None:
            return
        allowed = who != "cashier" and row.state in ("submitted", "approved")
        if self.step("send_back", row, who, allowed, reason="看不清"):
            for half in row.halves:
                half.state, half.approvals = "draft", []

    def approve(self, number: int, who: str) -> None:
        row = self.pick(number, "submitted") or self.pick(number)
        if row is not None and self.step("approve", row, who, self.may_approve(row, who)):
            self.approved(row, who)

    def may_approve(self, row: Model, who: str) -> bool:
        return row.state == "submitted" and who not in (row.maker, "cashier", *row.approvals)

    def approved(self, row: Model, who: str) -> None:
        for half in row.halves:
            half.approvals.append(who)
            half.state = "approved" if len(half.approvals) >= half.needed else "submitted"

    def post(self, number: int, who: str) -> None:
        row = self.pick(number, "approved") or self.pick(number)
        if row is not None and self.step("post", row, who, self.may_post(row, who)):
            self.posted(row)

    def may_post(self, row: Model, who: str) -> bool:
        open_months = all(self.is_open(half.book, half.month) for half in row.halves)
        red_first = True
        if row.corrects is not None and row.kind in SIMPLE:
            red = self.reversed_by(row.corrects)
            red_first = red is not None and red.state == "posted"
        return row.state == "approved" and who not in (*row.approvals, "cashier") and open_months and red_first

    def posted(self, row: Model) -> None:
        for half in row.halves:
            half.state = "posted"
            if half.reverses is not None:
                half.reverses.matched = False

    def both_at_once(self, number: int, verb: str) -> None:
        """Two people press the same button in the same moment: it happens once, by one of them."""
        row = self.pick(number, "submitted" if verb == "approve" else "approved")
        if row is None or row.needed > 1:
            return
        may = self.may_approve if verb == "approve" else self.may_post
        two = [who for who in ("deputy", "secretary", "chair", "treasurer") if may(row, who)][:2]
        if len(two) < 2:
            return

        def press(who: str) -> str | None:
            try:
                with self.scene.platform.database.writing(seconds=30) as session:
                    getattr(vouchers, verb)(
                        session,
                        self.scene.community,
                        voucher_id=row.id,
                        by=self.scene.people[who],
                        now=self.scene.platform.now(),
                    )
            except Refusal:
                return None
            return who

        with ThreadPoolExecutor(2) as pool:
            winners = [who for who in pool.map(press, two) if who]
        assert len(winners) == 1
        if verb == "approve":
            self.approved(row, winners[0])
        else:
            self.posted(row)

    def reverse(self, number: int, who: str, month: int) -> None:
        row = self.pick(number, "posted") or self.pick(number)
        if row is None:
            return
        day = date(month // 100, month % 100, 20)
        if self.step("reverse", row, who, who != "cashier" and self.may_reverse(row, month), day=day, reason="错了"):
            self._reds(row, who, month)

    def _reds(self, row: Model, who: str, month: int) -> None:
        with self.scene.platform.database.reading() as session:
            found = [
                session.execute(
                    text("SELECT id FROM finance_voucher WHERE reverses_id = :id"), {"id": half.id}
                ).scalar_one()
                for half in row.halves
            ]
        reds = [
            Model(red_id, half.book, "reversal", month, half.amount, who, state="submitted", reverses=half)
            for half, red_id in zip(row.halves, found, strict=True)
        ]
        if len(reds) == 2:
            reds[0].twin, reds[1].twin = reds[1], reds[0]
        self.all += reds

    def correct(self, number: int, who: str, month: int) -> None:
        row = self.pick(number, "posted")
        if row is None:
            return
        allowed = row.kind in (*SIMPLE, "journal") and self.may_reverse(row, month) and self.may_replace(row)

        def work(session: Any) -> str:
            _, blue = vouchers.replace_posted(
                session,
                self.scene.community,
                voucher_id=row.id,
                day=date(month // 100, month % 100, 20),
                reason="对方错了",
                by=self.scene.people[who],
                now=self.scene.platform.now(),
            )
            return blue.id

        made = self.act(allowed, work)
        if made:
            self._reds(row, who, month)
            self.all.append(Model(made, row.book, row.kind, month, row.amount, who, corrects=row))

    def difference(self, number: int, who: str, month: int, by: int) -> None:
        row = self.pick(number, "posted")
        if row is None:
            return
        right = self.current(row) + by
        allowed = row.kind in SIMPLE and self.reversed_by(row) is None and right > 0 and self.is_open(row.book, month)

        def work(session: Any) -> str:
            return vouchers.difference(
                session,
                self.scene.community,
                voucher_id=row.id,
                right_fen=right,
                day=date(month // 100, month % 100, 21),
                reason="看错",
                by=self.scene.people[who],
                now=self.scene.platform.now(),
            ).id

        made = self.act(allowed, work)
        if made:
            self.all.append(Model(made, row.book, "difference", month, abs(by), who, corrects=row, less=by < 0))

    def discard(self, number: int) -> None:
        row = self.pick(number, "draft") or self.pick(number)
        if row is None:
            return

        def work(session: Any) -> bool:
            vouchers.discard(session, self.scene.community, voucher_id=row.id)
            return True

        if self.act(row.state == "draft", work):
            self.all = [other for other in self.all if other not in row.halves]

    def fetch_the_banks_file(self, number: int) -> None:
        """The next month's file: a line of interest, and the money of a voucher that was posted in it."""
        month = self.covered + 1
        if month > MONTHS[-1]:
            return
        money = [row for row in self.all if row.book == TRUST and row.kind == "receipt" and row.state == "posted"]
        paid = money[number % len(money)] if money else None
        amounts = [100, *([paid.amount] if paid else [])]
        rows = []
        for no, amount in enumerate(amounts, start=1):
            self.balance += amount
            yuan, whole = f"{amount / 100:.2f}", f"{self.balance / 100:.2f}"
            rows.append(f"{month}{25 + no},{yuan},,{whole},某单位,进账,{month}{no}")
        head = f"账号:,9900 0000 0000 0405\n起始日期:,{month}01,截止日期:,{closing.last_day(month):%Y%m%d}\n"
        data = head + "交易日期,收入金额,支出金额,账户余额,对方户名,摘要,流水号\n" + "\n".join(rows) + "\n"

        def work(session: Any) -> list[str]:
            account = books.bank_account(session, books.trust_book(session, self.scene.community))
            bank.import_statement(
                session,
                self.scene.community,
                account_id=account.id,
                name=f"{month}.csv",
                data=data.encode(),
                by=self.scene.people["cashier"],
                now=self.scene.platform.now(),
            )
            return [line.id for line in session.query(BankLine).order_by(BankLine.seq)][-len(amounts) :]

        lines = self.act(True, work)
        self.covered = month
        if paid is not None and not paid.matched and self.reversed_by(paid) is None and not self.differences(paid):

            def match(session: Any) -> bool:
                matching.confirm(
                    session,
                    self.scene.community,
                    bank_line_id=lines[1],
                    voucher_id=paid.id,
                    by=self.scene.people["treasurer"],
                    now=self.scene.platform.now(),
                )
                return True

            paid.matched = bool(self.act(True, match))

    def close(self, book: str, who: str) -> None:
        month = self.closed[book] + 1
        pending = any(row.book == book and row.month == month and row.state != "posted" for row in self.all)
        allowed = month <= MONTHS[-1] and not pending and who != "cashier" and (book == WORK or month <= self.covered)

        def work(session: Any) -> bool:
            closing.close_month(
                session,
                self.scene.community,
                month=month,
                by=self.scene.people[who],
                now=self.scene.platform.now(),
                kind=book,
            )
            return True

        if self.act(allowed, work):
            self.closed[book] = month

    # -- what always holds

    @invariant()
    def the_books_say_what_the_model_says(self) -> None:
        with self.scene.platform.database.reading() as session:
            rows = session.execute(
                text(
                    "SELECT v.id, v.state, v.month, v.number, v.seq, v.maker_id, v.poster_id, v.approvals_needed, "
                    "v.checker_id, b.kind, b.head_seq FROM finance_voucher v JOIN finance_book b ON b.id = v.book_id"
                )
            ).all()
            approvals = session.execute(text("SELECT voucher_id, person_id FROM finance_approval ORDER BY no")).all()
            uneven = session.execute(
                text("SELECT voucher_id FROM finance_line GROUP BY voucher_id HAVING SUM(debit_fen) <> SUM(credit_fen)")
            ).all()
        assert uneven == []
        people = self.scene.people
        assert {row.id: row.state for row in rows} == {row.id: row.state for row in self.all}
        for row in self.all:
            said = [person for voucher, person in approvals if voucher == row.id]
            assert said == [people[who] for who in row.approvals]
        posted = [row for row in rows if row.state == "posted"]
        for row in posted:
            said = {person for voucher, person in approvals if voucher == row.id}
            assert len(said) >= row.approvals_needed
            assert not said & {row.maker_id, row.poster_id, people["cashier"]}
            assert row.checker_id in said
        for kind in (TRUST, WORK):
            own = [row for row in posted if row.kind == kind]
            assert sorted(row.seq for row in own) == list(range(1, len(own) + 1))
            assert all(row.head_seq == len(own) for row in own)
            for month in MONTHS:
                numbers = sorted(row.number for row in own if row.month == month)
                assert numbers == list(range(1, len(numbers) + 1))

    def teardown(self) -> None:
        with self.scene.platform.database.reading() as session:
            assert verify_books(session, self.scene.platform.files) == []
        for month in self.closed.values():
            if month not in MONTHS:
                continue
            reopen = text("UPDATE finance_period SET state = 'open' WHERE month = :m")
            with (
                pytest.raises(DBAPIError, match="closed months never reopen"),
                self.scene.platform.database.writing() as session,
            ):
                session.execute(reopen, {"m": month})
        self._open.__exit__(None, None, None)


# How many lives are lived, and how long they are: an example costs a database.
LIVES = {"sqlite": (12, 150), "postgresql": (8, 120)}


def test_two_treasurers_keep_both_books_and_nothing_is_lost_skipped_or_numbered_twice(
    engine_name: str, fresh_database: DatabaseMaker, tmp_path: Path
) -> None:
    made = 0

    @contextmanager
    def worlds() -> Iterator[Scene]:
        nonlocal made
        made += 1
        clock = FrozenClock(NOW)
        with opened_platform(tmp_path / f"data-{made}", fresh_database(engine_name), clock) as platform:
            yield open_books(platform, opened_on=date(2026, 7, 1), work=True)

    examples, steps = LIVES[engine_name]
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        lambda: Life(worlds),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
            # A life is long: telling how a failing one came about matters more than finding the shortest.
            phases=[Phase.generate],
        ),
    )
