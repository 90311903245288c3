"""A treasurer's month, and closing it."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from finance.disclosure.viewing import seen
from finance.rules.charts import TRUST
from finance.rules.periods import month_text, next_month, parse_month, previous_month
from finance.service import closing
from finance.service import month as service
from finance.service.books import bank_accounts, find_book, find_period, the_book
from finance.views.base import blueprint, month_name
from hoa.kernel.errors import Refusal
from hoa.web import context
from hoa.web.access import demand, requires
from hoa.web.i18n import told


@blueprint.get("/month")
@blueprint.get("/month/<month>")
@requires("books.read")
def month(month: str | None = None) -> str | Response:
    session, here = context.reading(), context.community()
    if find_book(session, here.id) is None:
        return redirect(url_for("finance.open_book" if context.may("books.open") else "finance.index"))
    chosen, kind = parse_month(month) if month else None, request.args.get("book", TRUST)
    seen("bank", month or "", month_text(chosen) if chosen else "")
    view = service.month_view(session, here.id, month=chosen, now=context.now(), kind=kind)
    return render_template(
        "finance/month.html", view=view, before=previous_month(view.month), after=next_month(view.month)
    )


@blueprint.route("/month/<month>/close", methods=["GET", "POST"])
@requires("books.read")
def close(month: str) -> str | Response:
    """The reconciliation of a month; whoever may, closes it."""
    here, chosen, kind = context.community(), parse_month(month), request.args.get("book", TRUST)
    wrong = None
    if request.method == "POST":
        demand("books.close")
        try:
            with context.writing() as session:
                closing.close_month(
                    session, here.id, month=chosen, by=context.person_id(), now=context.now(), kind=kind
                )
        except Refusal as refusal:
            wrong = told(refusal)
        else:
            flash(gettext("%(month)s 已结账，以后不能再改", month=month_name(chosen)), "ok")
            return redirect(url_for("finance.month", book=kind if kind != TRUST else None))
    session = context.reading()
    book = the_book(session, here.id, kind)
    period = find_period(session, book, chosen)
    closed = period is not None and period.state == "closed"
    return render_template(
        "finance/close.html",
        month=chosen,
        period=period,
        closed=closed,
        view=closing.closing_view(session, here.id, month=chosen, now=context.now(), kind=kind),
        kind=kind,
        accounts=bank_accounts(session, book),
        content=period.reconciliation if period is not None and closed else None,
        wrong=wrong,
    )
