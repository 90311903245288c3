"""The reconciliation statement (余额调节表, R5.6) of one account and month, as a page and on paper."""

import io
from datetime import date
from typing import Any

from flask import render_template, send_file
from flask_babel import gettext
from werkzeug.wrappers import Response

from finance.rules.periods import last_day, month_text, next_month, parse_month, previous_month
from finance.rules.statements import OpenKind
from finance.service import bank, reconciliation
from finance.service.books import find_period
from finance.tables import BankAccount, Book
from finance.views.base import blueprint, month_name
from hoa.accounts.tables import Person
from hoa.community import pack_choice
from hoa.db import get
from hoa.kernel import canonical
from hoa.kernel.clock import today
from hoa.web import context
from hoa.web.access import requires
from hoa.web.heavy import place
from hoa.web.pdf import render_pdf


@blueprint.get("/bank/<account_id>/reconciliation/<month>")
@requires("books.read")
def reconciled(account_id: str, month: str) -> str:
    """What bank and books say at the month's end, and what only one of them knows."""
    chosen = parse_month(month)
    found = _found(account_id, chosen)
    return render_template(
        "finance/reconciliation.html",
        **found,
        accounts=bank.accounts_of(context.reading(), context.community().id),
        before=previous_month(chosen),
        after=next_month(chosen),
    )


@blueprint.get("/bank/<account_id>/reconciliation/<month>.pdf")
@requires("books.read")
@place()
def reconciled_pdf(account_id: str, month: str) -> Response:
    """The same, to be signed by who made it and who looked it through."""
    chosen, here = parse_month(month), context.community()
    found = _found(account_id, chosen)
    title = gettext("%(month)s余额调节表", month=month_name(chosen))
    html = render_template("pdf/reconciliation.html", community_name=here.name, **found)
    data = render_pdf(html, created=context.now().replace(microsecond=0), title=title, author=here.name)
    name = f"{here.code}-{found['account'].account_no[-4:]}-{month_text(chosen)}.pdf"
    return send_file(io.BytesIO(data), mimetype="application/pdf", as_attachment=True, download_name=name)


def _found(account_id: str, month: int) -> dict[str, Any]:
    """The statement as it was kept when the month was closed on this one account, otherwise as the books stand now."""
    session, here = context.reading(), context.community()
    account = get(session, BankAccount, here.id, account_id)
    book = get(session, Book, here.id, account.book_id)
    period = find_period(session, book, month)
    closed = period is not None and period.state == "closed"
    alone = len([row for row in bank.accounts_of(session, here.id) if row.book_id == book.id]) == 1
    kept = period.reconciliation if period is not None and closed and alone else None
    now = reconciliation.reconcile_account(session, account, last_day(month))
    content: dict[str, Any] = kept if kept is not None else reconciliation.reconciliation_content(now)
    items: dict[str, list[dict[str, Any]]] = {str(kind): [] for kind in OpenKind}
    for item in content["items"]:
        days = (last_day(month) - date.fromisoformat(item["day"])).days
        items[item["kind"]].append({**item, "days": days})
    preparer = session.get(Person, period.closed_by_id) if period is not None and period.closed_by_id else None
    return {
        "account": account,
        "book": book,
        "month": month,
        "period": period,
        "closed": closed,
        "content": content,
        "items": items,
        "digest": canonical.digest(content),
        "preparer": preparer.name if preparer is not None else None,
        "covered": bank.covered_until(session, account),
        "balanced": kept is not None or now.balanced,
        "adjusted_bank_fen": content["adjusted_fen"] if kept is not None else now.adjusted_bank_fen,
        "old_days": pack_choice.current(session, here.id, day=today(context.now())).number("audit_bank_open_days"),
        "last_day": last_day(month),
    }
