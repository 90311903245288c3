"""The demo's books are exactly the figures of the contract, kept through the services, and everything verifies."""

import io
import subprocess
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest
from beancount import loader
from beancount.core.data import Transaction
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select

from finance.rules.periods import Quarter
from finance.rules.spans import Year
from finance.service import bank, books, closing, contents, export, publication, verify_books
from finance.service.month import month_view
from finance.year import papers
from hoa.bulletin.tables import Publication
from hoa.demo import books as demo_books
from hoa.demo import people as cast
from hoa.kernel import canonical
from hoa.platform import Platform
from tests.integration.community.scene import signed_in
from tests.integration.people import a_community


@pytest.fixture
def people(platform: Platform) -> dict[str, str]:
    """The people of a community, whose id stands among theirs."""
    community = a_community(platform)
    return {"community": community, **cast.settle(platform, community, now=cast.TERM[0])}


@pytest.fixture
def kept(platform: Platform, people: dict[str, str]) -> str:
    """A community with its nine months of books."""
    demo_books.build(platform, people["community"], people)
    return people["community"]


@pytest.mark.slow
def test_the_demo_books_have_the_figures_of_the_contract(
    app: Flask, platform: Platform, people: dict[str, str], kept: str, tmp_path: Path
):
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
    the_figures_are_the_same_everywhere(app, platform, people, tmp_path)


FIGURES = ("226,249.94", "93,515.68", "347,294.26", "346,094.26")
YEAR_BEGAN, LAST = date(2026, 1, 1), date(2026, 9, 30)


def the_figures_are_the_same_everywhere(app: Flask, platform: Platform, people: dict[str, str], folder: Path) -> None:
    """On the pages, in the PDF, in the XLSX and in the Beancount file (issue: the demo's figures)."""
    treasurer = signed_in(app, platform, people["treasurer"])
    pages = treasurer.get("/c/WTY/books/2026").text + treasurer.get("/c/WTY/books/month/2026-09").text
    assert missing(pages) == []
    paper = folder / "year.pdf"
    paper.write_bytes(_pdf_of_the_year(platform, people["community"]))
    told = subprocess.run(["pdftotext", "-layout", str(paper), "-"], capture_output=True, text=True, check=True).stdout
    assert missing(told) == []
    assert "䶮源养护" in told
    _the_twin_of_a_publication(app, platform, folder)
    with platform.database.reading() as session:
        files = {
            format: export.export(session, people["community"], format=format, start=YEAR_BEGAN, end=LAST)
            for format in ("xlsx", "beancount")
        }
    rows = load_workbook(io.BytesIO(files["xlsx"])).worksheets[0].iter_rows(min_row=2, values_only=True)
    sheet = [(row[1], row[4], round((row[6] or 0) * 100) - round((row[7] or 0) * 100)) for row in rows]
    assert moved((number, account, fen) for number, account, fen in sheet if number) == (22_624_994, 9_351_568)
    assert sum(fen for _, account, fen in sheet if account.startswith("1801")) == 34_729_426
    entries, errors, _ = loader.load_string(files["beancount"].decode())
    assert errors == []
    postings = [
        (entry.meta.get("number"), posting.account, round(posting.units.number * 100))
        for entry in entries
        if isinstance(entry, Transaction)
        for posting in entry.postings
    ]
    assert sum(fen for _, account, fen in postings if account.startswith("Assets")) == 34_729_426
    own = [(number, "2601" if ":2601" in account else "1801", fen) for number, account, fen in postings if number]
    assert moved(own) == (22_624_994, 9_351_568)


def _the_twin_of_a_publication(app: Flask, platform: Platform, folder: Path) -> None:
    """A visitor gets the PDF of what was published, as soon as the worker has made it, and the three statements."""
    visitor = app.test_client()
    waiting = visitor.get("/c/WTY/books/2026Q2.pdf")
    assert (waiting.status_code, waiting.headers["Refresh"]) == (202, "3")
    papers.print_publications(platform)
    papers.print_publications(platform)
    answer = visitor.get("/c/WTY/books/2026Q2.pdf")
    assert answer.mimetype == "application/pdf"
    (folder / "quarter.pdf").write_bytes(answer.data)
    told = subprocess.run(
        ["pdftotext", "-layout", str(folder / "quarter.pdf"), "-"], capture_output=True, text=True, check=True
    ).stdout
    with platform.database.reading() as session:
        row = next(row for row in session.scalars(select(Publication)) if row.reference == "2026Q2")
    assert row.content_hash in told.replace("\n", "").replace(" ", "")
    assert "75,499.98" in told
    assert "75,499.98" in visitor.get("/c/WTY/books/2026Q2").text
    assert "308,847.74" in visitor.get("/c/WTY/books/statements/2026-06").text
    assert visitor.get("/c/WTY/books/statements/2026-07").status_code in (302, 401, 403)
    assert visitor.get("/c/WTY/books/2026Q3.pdf").status_code == 404
    first = visitor.get("/c/WTY/").text
    assert 'href="/c/WTY/books/2026Q2">2026年第二季度公共收益' in first
    assert "收了 ¥75,499.98，花了 ¥39,664.18，现在还有 ¥308,847.74" in first
    _what_is_not_published_yet(visitor)


def _what_is_not_published_yet(visitor: FlaskClient) -> None:
    """Anybody learns until when a period is to be published; of one that never was in these books, nothing."""
    for address in ("2026Q3", "2026Q3/lines", "2026-09"):
        early = visitor.get(f"/c/WTY/books/{address}")
        assert early.status_code == 403
        assert "2026年第三季度的账目还没有公示，最迟应在 2026年10月25日 公示" in early.text
        assert "65,249.98" not in early.text
    never = visitor.get("/c/WTY/books/2020Q3")
    assert (never.status_code, "还没有公示" in never.text) == (403, False)
    assert "还没有公示：2026年第三季度" in visitor.get("/c/WTY/books/").text


def missing(text: str) -> list[str]:
    return [figure for figure in FIGURES if figure not in text]


def moved(rows: Iterable[tuple[str, str, int]]) -> tuple[int, int]:
    """What came in and went out on the account of the owners' money, in fen."""
    held = [fen for _, account, fen in rows if account.startswith("1801")]
    return sum(fen for fen in held if fen > 0), -sum(fen for fen in held if fen < 0)


def _pdf_of_the_year(platform: Platform, community: str) -> bytes:
    """The twin of the year as it would be published today."""
    with platform.database.reading() as session:
        content = contents.content(session, community, Year(2026))
        as_published = Publication(
            id="0" * 20,
            community_id=community,
            kind=publication.YEAR_KIND,
            title=publication.title(Year(2026)),
            content=content,
            content_hash=canonical.digest(content),
            published_at=platform.now(),
            display_until=platform.now(),
        )
        return papers.publication_pdf(platform, session, as_published)
