"""Putting a posted voucher right: taking it back, writing the right one in its place, changing only its amount, or
correcting an earlier year.
"""

from collections.abc import Callable

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
    return _put_right(
        voucher_id,
        ReverseForm(),
        service.reverse,
        done=gettext("红字凭证已写好，等复核记账"),
        onward="finance.voucher",
        template="finance/reverse.html",
    )


@blueprint.route("/vouchers/<voucher_id>/correct", methods=["GET", "POST"])
@requires("voucher.make")
def correct_voucher(voucher_id: str) -> str | Response:
    """Take a wrong voucher back and begin the right one in one step (R5.3)."""
    return _put_right(
        voucher_id,
        CorrectForm(),
        lambda *here, **given: service.replace_posted(*here, **given)[1],
        done=gettext("红字凭证已写好；这是订正的凭证草稿，改好后提交复核"),
        onward="finance.edit_voucher",
        template="finance/correct.html",
    )


@blueprint.route("/vouchers/<voucher_id>/difference", methods=["GET", "POST"])
@requires("voucher.make")
def difference(voucher_id: str) -> str | Response:
    """Only the amount was wrong: a voucher over the difference (R5.3)."""
    form = AmountForm()
    return _put_right(
        voucher_id,
        form,
        lambda *here, **given: service.difference(*here, right_fen=money.parse(form.amount.data or ""), **given),
        done=gettext("差额凭证已写好，核对后提交复核"),
        onward="finance.voucher",
        template="finance/difference.html",
    )


@blueprint.route("/vouchers/<voucher_id>/earlier-year", methods=["GET", "POST"])
@requires("voucher.make")
def earlier_year(voucher_id: str) -> str | Response:
    """A voucher of an earlier year, put right through 以前年度净资产调整 (R5.3)."""
    return _put_right(
        voucher_id,
        CorrectForm(),
        service.put_right_next_year,
        done=gettext("订正的凭证草稿已写好：只错一部分的，改成那一部分再提交"),
        onward="finance.edit_journal",
        template="finance/earlier_year.html",
    )


def _put_right(
    voucher_id: str,
    form: ReverseForm | CorrectForm | AmountForm,
    act: Callable[..., Voucher],
    *,
    done: str,
    onward: str,
    template: str,
) -> str | Response:
    """Ask for day and reason, `act`, and go on to the voucher that was written."""
    here = context.community()
    row = get(context.reading(), Voucher, here.id, voucher_id)
    if not form.is_submitted():
        form.day.data = today(context.now())
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                written = act(
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
            flash(done, "ok")
            return redirect(url_for(onward, voucher_id=written.id))
    current = service.corrected_fen(context.reading(), row)
    return render_template(template, form=form, voucher=row, current=current)
