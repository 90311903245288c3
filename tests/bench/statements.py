"""The statement of one quarter in a community with 100,000 entries."""

from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from finance.rules.charts import TRUST_BANK, load_chart, purpose_role
from finance.rules.ledger import GENESIS
from finance.service.books import open_book, open_month
from finance.service.publication import statement
from finance.tables import Book, Voucher, VoucherLine
from hoa.accounts.tables import Person
from hoa.community.service import create
from hoa.db import Database
from hoa.kernel.clock import CHINA
from hoa.kernel.ids import new_id
from hoa.migrations.runner import upgrade
from tests.bench.table import Raw, Row, measure, percentile, timed

ENTRIES = 100_000
TARGET_SECONDS = 1.0
OPENED = date(2026, 1, 1)
DAYS = 1000
BATCH = 5000
NOW = datetime(2026, 10, 20, 10, 0, tzinfo=CHINA)


@measure
def statements(_raw: Raw, folder: Path) -> Iterable[Row]:
    with closing(Database(f"sqlite:///{folder / 'hoa.db'}")) as database:
        upgrade(database)
        with database.writing() as session:
            community_id = _fill(session)
        taken = []
        for _ in range(3):
            with database.reading() as session, timed() as watch:
                statement(session, community_id, start=date(2028, 4, 1), end=date(2028, 6, 30))
            taken.append(watch.wall)
    seconds = percentile(taken, 0.5)
    yield Row(
        what=f"statement of a quarter, {ENTRIES:,} entries in the books",
        ours=f"{seconds:.2f} s",
        target=f"≤ {TARGET_SECONDS:.0f} s",
        met=seconds <= TARGET_SECONDS,
    )


def _fill(session: Session) -> str:
    """Posted vouchers of two entries each, straight into the tables: posting them one by one is not measured."""
    community_id = create(session, code="BENCH", name="测速小区", by=None, now=NOW).id
    people = [Person(id=new_id(), name=name, made_at=NOW) for name in ("甲", "乙")]
    session.add_all(people)
    book = open_book(session, community_id, opened_on=OPENED, limits_source="测速")
    for offset in range(0, DAYS + 31, 28):
        open_month(session, book, OPENED + timedelta(days=offset))
    numbers: Counter[int] = Counter()
    vouchers = (_voucher(book, number, people, numbers) for number in range(ENTRIES // 2))
    while batch := list(islice(vouchers, BATCH)):
        session.execute(insert(Voucher), [voucher for voucher, _, _ in batch])
        session.execute(insert(VoucherLine), [line for _, lines, _ in batch for line in lines])
        session.execute(update(Voucher), [posted for _, _, posted in batch])  # nothing may come in posted already
    return community_id


def _voucher(
    book: Book, number: int, people: list[Person], numbers: Counter[int]
) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]:
    chart = load_chart(book.regime)
    income = number % 3 != 0
    purpose = ("CR01", "CR02", "CR05")[number % 3] if income else "U5"
    day = OPENED + timedelta(days=number * DAYS // (ENTRIES // 2))
    month = day.year * 100 + day.month
    numbers[month] += 1
    amount = 10_000 + number % 997
    maker, checker = people
    voucher = {
        "community_id": book.community_id,
        "id": new_id(),
        "book_id": book.id,
        "kind": "receipt" if income else "payment",
        "state": "approved",
        "day": day,
        "month": month,
        "summary": "测速凭证",
        "party": "测速往来单位",
        "party_is_person": False,
        "invoice_no": "",
        "amount_fen": amount,
        "purpose": purpose,
        "grounds": "",
        "returned_because": "",
        "maker_id": maker.id,
        "made_at": NOW,
        "checker_id": checker.id,
        "checked_at": NOW,
    }
    posted = {
        "community_id": book.community_id,
        "id": voucher["id"],
        "state": "posted",
        "number": numbers[month],
        "seq": number + 1,
        "poster_id": maker.id,
        "posted_at": NOW,
        "previous_hash": f"{number:064x}" if number else GENESIS,
        "hash": f"{number + 1:064x}",
    }
    bank, other = chart.by_role(TRUST_BANK).code, chart.by_role(purpose_role(purpose)).code
    sides = ((bank, amount, 0), (other, 0, amount)) if income else ((other, amount, 0), (bank, 0, amount))
    lines = [
        {
            "community_id": book.community_id,
            "id": new_id(),
            "voucher_id": voucher["id"],
            "no": place,
            "account": account,
            "debit_fen": debit,
            "credit_fen": credit,
        }
        for place, (account, debit, credit) in enumerate(sides, start=1)
    ]
    return voucher, lines, posted
