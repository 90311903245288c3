"""Allowances: standards for everybody to read, the month's list, its check and its payment."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import DateField, SelectField, StringField
from wtforms.validators import Optional

from finance.rules.charts import WORK
from finance.rules.periods import month_of, month_text, parse_month, previous_month
from finance.service.books import find_book
from finance.shares.powers import CHECK, KEEP, READ
from finance.shares.service import allowances as service
from finance.shares.tables import AllowanceRun, AllowanceStandard
from finance.shares.views.base import blueprint, day_today, decisions
from finance.tables import Voucher
from hoa.accounts import service as accounts
from hoa.db import get
from hoa.kernel import money
from hoa.kernel.errors import Refusal
from hoa.offices.rules import title
from hoa.resolutions import service as resolutions
from hoa.web import context
from hoa.web.access import public, requires
from hoa.web.forms import Form, Parses, options, required
from hoa.web.i18n import told


class StandardForm(Form):
    post = SelectField(lazy_gettext("职务"), validators=[required()])
    amount = StringField(lazy_gettext("每月标准（元）"), validators=[required(), Parses(money.parse)])
    from_on = DateField(lazy_gettext("从哪天起"), validators=[required()])
    until_on = DateField(lazy_gettext("到哪天止"), validators=[Optional()], description=lazy_gettext("没有期限的不填"))
    resolution = SelectField(lazy_gettext("依据的业主大会决议"), validators=[required()])


class EndForm(Form):
    until_on = DateField(lazy_gettext("到哪天止"), validators=[required()])


class MonthForm(Form):
    month = StringField(
        lazy_gettext("月份"), validators=[required(), Parses(parse_month)], description=lazy_gettext("例如 2026-09")
    )


@blueprint.get("/allowances")
@public
def allowances() -> str:
    return _page(MonthForm(formdata=None, month=month_text(previous_month(month_of(day_today())))))


def _page(form: MonthForm) -> str:
    session, here = context.reading(), context.community()
    rows = service.runs(session, here.id)
    return render_template(
        "shares/allowances.html",
        standards=[
            (row, resolutions.get(session, here.id, row.resolution_id)) for row in service.standards(session, here.id)
        ],
        runs=[
            (row, len(service.entries(session, row)), service.state_of(session, row))
            for row in rows
            if context.may(READ) or row.checked_at
        ],
        opened=find_book(session, here.id, WORK) is not None,
        today=day_today(),
        form=form,
    )


@blueprint.route("/allowances/standard", methods=["GET", "POST"])
@requires(KEEP)
def new_standard() -> str | Response:
    here, form = context.community(), StandardForm()
    form.post.choices = options([("", gettext("请选择")), *((str(post), title(post)) for post in service.ENTITLED)])
    form.resolution.choices = options([("", gettext("请选择")), *decisions()])
    if form.validate_on_submit():
        assert form.from_on.data is not None
        try:
            with context.writing() as session:
                service.set_standard(
                    session,
                    here.id,
                    post=form.post.data or "",
                    monthly_fen=money.parse(form.amount.data or ""),
                    from_on=form.from_on.data,
                    until_on=form.until_on.data,
                    resolution_id=form.resolution.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("标准已登记"), "ok")
            return redirect(url_for("shares.allowances"))
    return render_template("shares/standard_form.html", form=form)


@blueprint.route("/allowances/standards/<standard_id>/end", methods=["GET", "POST"])
@requires(KEEP)
def end_standard(standard_id: str) -> str | Response:
    here, form = context.community(), EndForm()
    row = get(context.reading(), AllowanceStandard, here.id, standard_id)
    if form.validate_on_submit():
        assert form.until_on.data is not None
        try:
            with context.writing() as session:
                service.end_standard(session, here.id, standard_id=standard_id, until_on=form.until_on.data)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已写明期限"), "ok")
            return redirect(url_for("shares.allowances"))
    return render_template("shares/standard_end.html", form=form, standard=row)


@blueprint.post("/allowances/make")
@requires(KEEP)
def make_allowances() -> str | Response:
    """List a month's allowances from the offices and standards."""
    here, form = context.community(), MonthForm()
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                row = service.make(
                    session,
                    here.id,
                    month=parse_month(form.month.data or ""),
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("清单已生成，等另一位委员核对"), "ok")
            return redirect(url_for("shares.allowance_run", allowance_id=row.id))
    return _page(form)


@blueprint.get("/allowances/<allowance_id>")
@requires(READ)
def allowance_run(allowance_id: str) -> str:
    return _run_page(allowance_id)


def _run_page(allowance_id: str, refused: str | None = None) -> str:
    session, here = context.reading(), context.community()
    row = get(session, AllowanceRun, here.id, allowance_id)
    return render_template(
        "shares/allowance_run.html",
        run=row,
        entries=service.entries(session, row),
        state=service.state_of(session, row),
        voucher=session.get(Voucher, (here.id, row.voucher_id)) if row.voucher_id else None,
        people=accounts.names(session, [who for who in (row.made_by_id, row.checked_by_id) if who]),
        me_id=context.person_id(),
        refused=refused,
    )


@blueprint.post("/allowances/<allowance_id>/check")
@requires(CHECK)
def check_allowances(allowance_id: str) -> tuple[str, int] | Response:
    try:
        with context.writing() as session:
            service.check(
                session, context.community().id, run_id=allowance_id, by=context.person_id(), now=context.now()
            )
    except Refusal as refusal:
        return _run_page(allowance_id, told(refusal)), refusal.status
    flash(gettext("已核对，财务委员可以付款"), "ok")
    return redirect(url_for("shares.allowance_run", allowance_id=allowance_id))


@blueprint.post("/allowances/<allowance_id>/pay")
@requires(KEEP)
def pay_allowances(allowance_id: str) -> tuple[str, int] | Response:
    try:
        with context.writing() as session:
            row = service.pay(
                session, context.community().id, run_id=allowance_id, by=context.person_id(), now=context.now()
            )
    except Refusal as refusal:
        return _run_page(allowance_id, told(refusal)), refusal.status
    flash(gettext("付款凭证已提交复核"), "ok")
    return redirect(url_for("finance.voucher", voucher_id=row.voucher_id))
