"""The end of a year on one screen: what is left to do, the voucher that carries income and expense, the close, the
report that was handed in, and setting restricted net assets free.
"""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import DateField, SelectField, StringField

from finance.rules.charts import WORK
from finance.rules.years import RECEIVERS, Receiver, parse_year
from finance.service.books import BookNotOpened, books, find_book
from finance.views.base import words
from finance.year import service
from hoa.kernel import money
from hoa.kernel.clock import today
from hoa.kernel.errors import NotFound, Refusal
from hoa.web import context
from hoa.web.access import requires
from hoa.web.forms import Form, Parses, at_most, options, required
from hoa.web.i18n import told

blueprint = Blueprint("finance_year", __name__, url_prefix="/c/<community_code>/books/year")
blueprint.context_processor(words)


class ReportForm(Form):
    receiver = SelectField(
        lazy_gettext("报送给"),
        choices=options((str(key), lazy_gettext(name)) for key, name in RECEIVERS.items()),
        validators=[required()],
    )
    sent_on = DateField(lazy_gettext("报送日期"), validators=[required()])
    proof = StringField(
        lazy_gettext("凭证"),
        validators=[required(), at_most(200)],
        description=lazy_gettext("受理单号、平台编号，或签收人和日期"),
    )


class ReleaseForm(Form):
    day = DateField(lazy_gettext("日期"), validators=[required()], description=lazy_gettext("条件满足的那一天"))
    amount = StringField(lazy_gettext("金额（元）"), validators=[required(), Parses(money.parse)])
    reason = StringField(lazy_gettext("哪笔捐赠或补助，什么条件满足了"), validators=[required(), at_most(200)])


@blueprint.get("/<year>")
@requires("books.read")
def show(year: str) -> str:
    """What is left to do for a year."""
    return _page(parse_year(year), ReportForm())


def _page(year: int, form: ReportForm, wrong: str | None = None) -> str:
    session, here, now = context.reading(), context.community(), context.now()
    opened = books(session, here.id)
    if not opened:
        raise BookNotOpened
    if not min(book.opened_on.year for book in opened) <= year <= today(now).year:
        raise NotFound
    return render_template(
        "finance/year.html",
        view=service.view(session, here.id, year=year, now=now),
        receiver_name=lambda receiver: gettext(RECEIVERS[receiver]),
        today=today(now),
        form=form,
        wrong=wrong,
    )


@blueprint.post("/<year>/propose")
@requires("voucher.make")
def propose(year: str) -> str | Response:
    """Write the voucher that carries income and expense to net assets."""
    chosen, here = parse_year(year), context.community()
    try:
        with context.writing() as session:
            voucher_id = service.propose(session, here.id, year=chosen, by=context.person_id(), now=context.now()).id
    except Refusal as refusal:
        return _page(chosen, ReportForm(), told(refusal))
    flash(gettext("结转凭证已经写好：看一遍，提交复核"), "ok")
    return redirect(url_for("finance.voucher", voucher_id=voucher_id))


@blueprint.post("/<year>/close")
@requires("books.close")
def close(year: str) -> str | Response:
    """Close the year on its statements."""
    chosen, here = parse_year(year), context.community()
    try:
        with context.writing() as session:
            service.close(session, here.id, year=chosen, by=context.person_id(), now=context.now())
    except Refusal as refusal:
        return _page(chosen, ReportForm(), told(refusal))
    flash(gettext("%(year)s 年已年结，下一年的年初数就是今年的期末数", year=chosen), "ok")
    return redirect(url_for("finance_year.show", year=str(chosen)))


@blueprint.post("/<year>/report")
@requires("books.close")
def report(year: str) -> str | Response:
    """Write down that the yearly report was handed in (R5.8)."""
    chosen, here, form = parse_year(year), context.community(), ReportForm()
    if not form.validate_on_submit():
        return _page(chosen, form)
    assert form.sent_on.data is not None
    try:
        with context.writing() as session:
            service.report_sent(
                session,
                here.id,
                year=chosen,
                receiver=Receiver(form.receiver.data),
                sent_on=form.sent_on.data,
                proof=form.proof.data or "",
                by=context.person_id(),
                now=context.now(),
            )
    except Refusal as refusal:
        form.form_errors.append(told(refusal))
        return _page(chosen, form)
    flash(gettext("已登记"), "ok")
    return redirect(url_for("finance_year.show", year=str(chosen)))


@blueprint.route("/release", methods=["GET", "POST"])
@requires("voucher.make")
def release() -> str | Response:
    """Set restricted net assets free: a voucher, checked and posted like any other."""
    here, form = context.community(), ReleaseForm()
    if form.validate_on_submit():
        assert form.day.data is not None
        try:
            with context.writing() as session:
                voucher_id = service.release(
                    session,
                    here.id,
                    amount_fen=money.parse(form.amount.data or ""),
                    day=form.day.data,
                    reason=form.reason.data or "",
                    by=context.person_id(),
                    now=context.now(),
                ).id
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("凭证已经写好：附上条件满足的证明，再提交复核"), "ok")
            return redirect(url_for("finance.voucher", voucher_id=voucher_id))
    return render_template(
        "finance/release.html", form=form, work=find_book(context.reading(), here.id, WORK) is not None
    )
