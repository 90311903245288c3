"""Statements, ledgers and searches of a community with 100,000 entries in each of its two books.

`HOA_BENCH_ENTRIES=4000` tries it with fewer; its figures then say nothing about the target.
"""

import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from finance.rules.charts import BANK_ROLES, TRUST, WORK, load_chart, purpose_role
from finance.rules.ledger import GENESIS, SECOND_FORM
from finance.service import entries, fund_statements, ledgers
from finance.service.books import open_book, open_month, the_book
from finance.service.ledgers import Search
from finance.service.publication import statement
from finance.tables import Approval, Book, Voucher, VoucherLine
from hoa.accounts.tables import Person
from hoa.community.service import create
from hoa.db import Database
from hoa.kernel.clock import CHINA
from hoa.kernel.ids import new_id
from hoa.migrations.runner import upgrade
from tests.bench.table import Raw, Row, measure, percentile, timed

ENTRIES = int(os.environ.get("HOA_BENCH_ENTRIES", "100000"))
STATEMENT_SECONDS, SEARCH_SECONDS = 1.0, 0.2
OPENED = date(2026, 1, 1)
DAYS = 1000
BATCH = 5000
ROUNDS = 5
NOW = datetime(2026, 10, 20, 10, 0, tzinfo=CHINA)
QUARTER = {"start": date(2028, 4, 1), "end": date(2028, 6, 30)}
MONTH = {"start": date(2028, 6, 1), "end": date(2028, 6, 30)}
YEAR = {"start": date(2027, 1, 1), "end": date(2027, 12, 31)}
# What comes in and goes out: a source or use of the trust fund, an account of the work fund.
TRUST_SIDES = ("CR01", "CR02", "U5")
WORK_SIDES = ("other_income.unrestricted", "donation_income.restricted", "administration.1")
RARE = "雨棚"
ADD_UP = "SELECT account, SUM(debit_fen), SUM(credit_fen) FROM finance_line GROUP BY account"


@measure
def statements(_raw: Raw, folder: Path) -> Iterable[Row]:
    with closing(Database(f"sqlite:///{folder / 'hoa.db'}")) as database:
        upgrade(database)
        with database.writing() as session:
            community_id = _fill(session)
        raw = _raw_sum(folder / "hoa.db")
        for what, target, work in _works(community_id):
            seconds = _taken(database, work)
            yield Row(
                what=f"{what}, {ENTRIES:,} entries in each book",
                ours=f"{seconds * 1000:.0f} ms",
                raw=f"{raw * 1000:.0f} ms one bare sum over all entries",
                target=f"≤ {target * 1000:.0f} ms",
                met=seconds <= target,
            )


Work = Callable[[Session], object]


def _works(community_id: str) -> Iterable[tuple[str, float, Work]]:
    """What is measured: its name, its target in seconds, and the call."""
    bank = load_chart("2024").by_role(BANK_ROLES[TRUST]).code
    latest = OPENED + timedelta(days=DAYS)

    def search(text: str = "", amount_fen: int | None = None) -> Work:
        wanted = Search(account=bank, start=OPENED, end=latest, text=text, amount_fen=amount_fen)
        return lambda session: ledgers.entries(session, the_book(session, community_id, TRUST), wanted, limit=50)

    yield (
        "公共收益收支表 of a quarter",
        STATEMENT_SECONDS,
        lambda session: statement(session, community_id, **QUARTER),
    )
    yield (
        "会民非01, 02 and 03 of a month",
        STATEMENT_SECONDS,
        lambda session: fund_statements.build(session, community_id, **MONTH),
    )
    yield (
        "会民非01, 02 and 03 of a year",
        STATEMENT_SECONDS,
        lambda session: fund_statements.build(session, community_id, **YEAR),
    )
    yield (
        "the entries behind 资产总计 of a month",
        STATEMENT_SECONDS,
        lambda session: entries.behind(
            session,
            community_id,
            statement="01",
            key="assets",
            start=date(2028, 1, 1),
            end=MONTH["end"],
            limit=50,
        ),
    )
    yield "ledger of the account, latest page", SEARCH_SECONDS, search()
    yield "ledger search, a word that 1 in 1,000 holds", SEARCH_SECONDS, search(text=RARE)
    yield "ledger search, an amount", SEARCH_SECONDS, search(amount_fen=10_123)


def _taken(database: Database, work: Work) -> float:
    """The median of a few rounds, each in a session of its own, as a page has it."""
    taken = []
    for _ in range(ROUNDS):
        with database.reading() as session, timed() as watch:
            work(session)
        taken.append(watch.wall)
    return percentile(taken, 0.5)


def _raw_sum(file: Path) -> float:
    """What SQLite alone takes to add up every entry by account."""
    with closing(sqlite3.connect(file)) as connection:
        taken = []
        for _ in range(ROUNDS):
            with timed() as watch:
                connection.execute(
                    "SELECT account, SUM(debit_fen), SUM(credit_fen) FROM finance_line GROUP BY 1"
                ).fetchall()
            taken.append(watch.wall)
    return percentile(taken, 0.5)


def _fill(session: Session) -> str:
    """Posted vouchers of two entries each, straight into the tables: posting them one by one is not measured."""
    community_id = create(session, code="BENCH", name="测速小区", by=None, now=NOW).id
    people = [Person(id=new_id(), name=name, made_at=NOW) for name in ("甲", "乙")]
    session.add_all(people)
    for kind in (TRUST, WORK):
        book = open_book(session, community_id, kind=kind, opened_on=OPENED, limits_source="测速")
        for offset in range(0, DAYS + 31, 28):
            open_month(session, book, OPENED + timedelta(days=offset))
        numbers: Counter[int] = Counter()
        vouchers = (_voucher(book, number, people, numbers) for number in range(ENTRIES // 2))
        while batch := list(islice(vouchers, BATCH)):
            session.execute(insert(Voucher), [voucher for voucher, _, _ in batch])
            session.execute(insert(VoucherLine), [line for _, lines, _ in batch for line in lines])
            session.execute(insert(Approval), [_approval(voucher) for voucher, _, _ in batch])
            session.execute(update(Voucher), [posted for _, _, posted in batch])  # nothing may come in posted already
    return community_id


def _approval(voucher: dict[str, Any]) -> dict[str, Any]:
    """What the guards ask for before a voucher is posted: another person let it through."""
    return {
        "community_id": voucher["community_id"],
        "id": new_id(),
        "voucher_id": voucher["id"],
        "no": 1,
        "person_id": voucher["checker_id"],
        "at": NOW,
    }


def _voucher(
    book: Book, number: int, people: list[Person], numbers: Counter[int]
) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]:
    chart = load_chart(book.regime)
    income = number % 3 != 0
    side = (TRUST_SIDES if book.kind == TRUST else WORK_SIDES)[(number + 2) % 3]
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
        "summary": f"{RARE}维修" if number % 1000 == 7 else "测速凭证",
        "party": "测速往来单位",
        "party_is_person": False,
        "invoice_no": "",
        "amount_fen": amount,
        "purpose": side if book.kind == TRUST else None,
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
        "format": SECOND_FORM,
        "bank_fen": amount if income else -amount,
        "cash_fen": 0,
        "number": numbers[month],
        "seq": number + 1,
        "poster_id": maker.id,
        "posted_at": NOW,
        "previous_hash": f"{number:064x}" if number else GENESIS,
        "hash": f"{number + 1:064x}",
    }
    bank = chart.by_role(BANK_ROLES[book.kind]).code
    other = chart.by_role(purpose_role(side) if book.kind == TRUST else side).code
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
