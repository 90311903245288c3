"""The door of shares, and the public calculator: anybody can derive a share again."""

from flask import render_template, request
from flask_babel import lazy_gettext
from wtforms import StringField, TextAreaField

from finance.rules.charts import TRUST, WORK
from finance.service.books import find_book
from finance.shares.powers import READ
from finance.shares.rules import apportion
from finance.shares.rules.apportion import UnitShare
from finance.shares.rules.runs import RunState
from finance.shares.service import budgets, runs, topup
from finance.shares.service.standing import outstanding_fen
from finance.shares.views.base import blueprint, day_today
from hoa.kernel.errors import Refusal
from hoa.web import context
from hoa.web.access import public
from hoa.web.forms import Form, at_most, required
from hoa.web.i18n import told


class CalculatorForm(Form):
    amount = StringField(lazy_gettext("要分的总金额（元）"), validators=[required(), at_most(40)])
    areas = TextAreaField(
        lazy_gettext("每户的专有部分面积（平方米）"),
        validators=[required(), at_most(100_000)],
        description=lazy_gettext("用逗号或换行分开，例如 89.50, 100.20, 120.30"),
    )

    class Meta(Form.Meta):
        # A question that changes nothing: its address can be passed on.
        csrf = False


@blueprint.get("/")
@public
def index() -> str:
    """What is planned, what was shared out, and what went into the maintenance fund."""
    session, here, year = context.reading(), context.community(), day_today().year
    funds = []
    for kind in (TRUST, WORK):
        book = find_book(session, here.id, kind)
        if book is not None:
            known = budgets.years(session, book)
            funds.append((kind, book, year if year in known or not known else known[0], year in known))
    inside = context.may(READ)
    rows = [
        (run, outstanding_fen(session, run) if run.state == RunState.CHECKED else None)
        for run in runs.runs(session, here.id)
        if inside or run.state == RunState.CHECKED
    ]
    found = find_book(session, here.id)
    return render_template(
        "shares/index.html",
        funds=funds,
        rows=rows,
        topup=topup.of_year(session, here.id, year, day=day_today()) if found is not None else None,
        year=year,
    )


@blueprint.get("/calculator")
@public
def calculator() -> str:
    """Amount and areas in, the share of each unit out, with how it came about."""
    form = CalculatorForm(request.args)
    total = 0
    shares: tuple[UnitShare, ...] = ()
    if request.args and form.validate():
        try:
            total, shares = apportion.calculate(form.amount.data or "", form.areas.data or "")
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    whole = sum(share.area for share in shares)
    return render_template(
        "shares/calculator.html",
        form=form,
        total=total,
        shares=shares,
        whole=whole,
        exact=lambda share: apportion.exact(total, share.area, whole),
        spare=abs(total - sum(share.floor_fen for share in shares)),
    )
