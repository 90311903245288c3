"""The ledgers of a fund: balances by account, and the entries of one."""

from datetime import date

from flask import render_template, request
from flask_babel import gettext

from finance.rules.charts import TRUST, WORK
from finance.service import ledgers as service
from finance.service.books import chart_of, find_book, the_book
from finance.service.ledgers import Search
from finance.tables import Book
from finance.views.base import blueprint, given_day
from hoa.kernel import money
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.web import context
from hoa.web.access import requires
from hoa.web.i18n import told

PAGE = 100


class DaysReversed(Refusal):
    message = N_("开始日期 %(start)s 在结束日期 %(end)s 之后，请改正")


@blueprint.get("/ledger")
@requires("books.read")
def ledger() -> str:
    """The general ledger: every account with opening, movement and closing balance."""
    book = _book()
    start, end = _days()
    return render_template(
        "finance/ledger.html",
        book=book,
        has_work=find_book(context.reading(), book.community_id, WORK) is not None,
        rows=service.general_ledger(context.reading(), book, start=start, end=end),
        start=start,
        end=end,
    )


@blueprint.get("/ledger/entries")
@requires("books.read")
def ledger_entries() -> str:
    """The entries of one account, searched by text, amount and days. A search that cannot be read says so and keeps
    what was typed.
    """
    book = _book()
    start, end = _days()
    account = chart_of(book).by_code(request.args.get("account", ""))
    text, amount = request.args.get("q", "").strip(), request.args.get("amount", "").strip()
    amount_fen, wrong = None, None
    try:
        amount_fen = money.parse(amount) if amount else None
    except Refusal as refusal:
        wrong = told(refusal)
    search = Search(account=account.code, start=start, end=end, text=text, amount_fen=amount_fen)
    page = max(request.args.get("page", 1, type=int), 1)
    found = service.entries(context.reading(), book, search, limit=PAGE, offset=(page - 1) * PAGE)
    return render_template(
        "finance/ledger_entries.html",
        book=book,
        account=account,
        name=chart_of(book).full_name(account.code),
        found=found,
        search=search,
        amount=amount,
        wrong=wrong,
        page=page,
        pages=max(1, -(-found.total // PAGE)),
        start=start,
        end=end,
        title=gettext("明细账：%(account)s", account=chart_of(book).full_name(account.code)),
    )


def _book() -> Book:
    return the_book(context.reading(), context.community().id, request.args.get("book", TRUST))


def _days() -> tuple[date, date]:
    """The days asked for; this year until today when nothing was asked."""
    now = today(context.now())
    start = given_day("start") or now.replace(month=1, day=1)
    end = given_day("end") or now
    if start > end:
        raise DaysReversed(start=start.isoformat(), end=end.isoformat())
    return start, end
