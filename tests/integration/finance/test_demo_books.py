"""The demo's books are exactly the figures of the contract, kept through the services, and everything verifies."""

from datetime import date

import pytest

from finance.rules.periods import Quarter
from finance.service import bank, books, closing, publication, verify_books
from finance.service.month import month_view
from hoa.demo import books as demo_books
from hoa.demo import people as cast
from hoa.platform import Platform
from tests.integration.people import a_community


@pytest.fixture
def kept(platform: Platform) -> str:
    """A community with its nine months of books."""
    community = a_community(platform)
    people = cast.settle(platform, community, now=cast.TERM[0])
    demo_books.build(platform, community, people)
    return community


@pytest.mark.slow
def test_the_demo_books_have_the_figures_of_the_contract(platform: Platform, kept: str):
    with platform.database.reading() as session:
        book = books.trust_book(session, kept)
        statement = publication.statement(session, kept, start=date(2026, 1, 1), end=date(2026, 9, 30))
        assert statement.opening_fen == 21_456_000
        assert statement.income_fen == 22_624_994
        assert statement.spending_fen == 9_351_568
        assert statement.closing_fen == 34_729_426
        reconciliation = closing.reconcile(session, book, date(2026, 9, 30))
        assert reconciliation.bank_fen == 34_609_426
        assert [item.amount_fen for item in reconciliation.items] == [120_000]
        assert reconciliation.balanced
        view = month_view(session, kept, month=None, now=platform.now())
        assert view.span == Quarter(2026, 3)
        assert view.month == 202609
        assert verify_books(session, platform.files) == []
        published = publication.publications(session, kept)
        assert [row.reference for row in published] == ["2026H1", "2026Q2", "2026Q1"]
        assert len(bank.lines(session, books.bank_account(session, book))) == 95
