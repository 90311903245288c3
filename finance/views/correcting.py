"""Putting a posted voucher right: taking it back, writing the right one in its place, changing only its amount, or
correcting an earlier year.
"""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import DateField, StringField

from finance.forms import ReasonForm, ReverseForm
from finance.service import vouchers as service
from finance.tables import Voucher
from finance.views.base import blueprint
from hoa.db import get
from hoa.kernel import money
from hoa.kernel.clock import today
from hoa.kernel.errors import Refusal
from hoa.web import context
from hoa.web.access import requires
from hoa.web.forms import Parses, required
from hoa.web.i18n import told


class AmountForm(ReasonForm):
    amount = StringField(lazy_gettext("正确的金额（元）"), validators=[required(), Parses(money.parse)])
    day = DateField(
        lazy_gettext("订正日期"), validators=[required()], description=lazy_gettext("要在还没有结账的月份里")
    )


class CorrectForm(ReasonForm):
    day = DateField(
        lazy_gettext("订正日期"), validators=[required()], description=lazy_gettext("要在还没有结账的月份里")
    )


@blueprint.route("/vouchers/<voucher_id>/reverse", methods=["GET", "POST"])
@requires("voucher.make")
def reverse_voucher(voucher_id: str) -> str | Response:
    here, form = context.community(), ReverseForm()
    row = get(context.reading(), Voucher, here.id, voucher_id)
    if not form.is_submitted():
        form.day.data = today(context.now())
    if form.validate_on_submit():
        assert form.day.data is not None
        try:
            with context.writing() as session:
                red = service.reverse(
                    session,
                    here.id,
                    voucher_id=voucher_id,
                    day=form.day.data,
                    reason=form.reason.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("红字凭证已写好，等复核记账"), "ok")
            return redirect(url_for("finance.voucher", voucher_id=red.id))
    return render_template("finance/reverse.html", form=form, voucher=row)


@blueprint.route("/vouchers/<voucher_id>/correct", methods=["GET", "POST"])
@requires("voucher.make")
def correct_voucher(voucher_id: str) -> str | Response:
    """Take a wrong voucher back and begin the right one in one step (R5.3)."""
    here, form = context.community(), CorrectForm()
    row = get(context.reading(), Voucher, here.id, voucher_id)
    if not form.is_submitted():
        form.day.data = today(context.now())
    if form.validate_on_submit():
        assert form.day.data is not None
        try:
            with context.writing() as session:
                _, blue = service.replace_posted(
                    session,
                    here.id,
                    voucher_id=voucher_id,
                    day=form.day.data,
                    reason=form.reason.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("红字凭证已写好；这是订正的凭证草稿，改好后提交复核"), "ok")
            return redirect(url_for("finance.edit_voucher", voucher_id=blue.id))
    return render_template("finance/correct.html", form=form, voucher=row)


@blueprint.route("/vouchers/<voucher_id>/difference", methods=["GET", "POST"])
@requires("voucher.make")
def difference(voucher_id: str) -> str | Response:
    """Only the amount was wrong: a voucher over the difference (R5.3)."""
    here, form = context.community(), AmountForm()
    row = get(context.reading(), Voucher, here.id, voucher_id)
    if not form.is_submitted():
        form.day.data = today(context.now())
    if form.validate_on_submit():
        assert form.day.data is not None
        try:
            with context.writing() as session:
                found = service.difference(
                    session,
                    here.id,
                    voucher_id=voucher_id,
                    right_fen=money.parse(form.amount.data or ""),
                    day=form.day.data,
                    reason=form.reason.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("差额凭证已写好，核对后提交复核"), "ok")
            return redirect(url_for("finance.voucher", voucher_id=found.id))
    current = service.corrected_fen(context.reading(), row)
    return render_template("finance/difference.html", form=form, voucher=row, current=current)


@blueprint.route("/vouchers/<voucher_id>/earlier-year", methods=["GET", "POST"])
@requires("voucher.make")
def earlier_year(voucher_id: str) -> str | Response:
    """A voucher of an earlier year, put right through 以前年度净资产调整 (R5.3)."""
    here, form = context.community(), CorrectForm()
    row = get(context.reading(), Voucher, here.id, voucher_id)
    if not form.is_submitted():
        form.day.data = today(context.now())
    if form.validate_on_submit():
        assert form.day.data is not None
        try:
            with context.writing() as session:
                found = service.put_right_next_year(
                    session,
                    here.id,
                    voucher_id=voucher_id,
                    day=form.day.data,
                    reason=form.reason.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("订正的凭证草稿已写好：只错一部分的，改成那一部分再提交"), "ok")
            return redirect(url_for("finance.edit_journal", voucher_id=found.id))
    return render_template("finance/earlier_year.html", form=form, voucher=row)
