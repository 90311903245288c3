"""The work fund (工作经费): opening its book, and what the owners transfer to it."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import BooleanField, DateField, SelectField, StringField

from finance.rules.charts import WORK
from finance.service import books, vouchers
from finance.service.vouchers import TransferFields
from finance.views.base import blueprint
from hoa.kernel import money
from hoa.kernel.clock import today
from hoa.kernel.errors import Refusal
from hoa.resolutions import service as resolutions
from hoa.web import context
from hoa.web.access import requires
from hoa.web.forms import Form, Parses, at_most, options, required
from hoa.web.i18n import told


class OpenWorkForm(Form):
    opened_on = DateField(
        lazy_gettext("建账日"), validators=[required()], description=lazy_gettext("一般是年度的 1 月 1 日")
    )
    bank = StringField(lazy_gettext("开户银行"), validators=[required(), at_most(60)])
    account_name = StringField(lazy_gettext("户名"), validators=[required(), at_most(80)])
    account_no = StringField(lazy_gettext("账号"), validators=[required(), at_most(40)])
    source = StringField(
        lazy_gettext("依据"),
        validators=[required(), at_most(120)],
        description=lazy_gettext("业主大会决定工作经费的决议，或者议事规则第几条"),
    )


class TransferForm(Form):
    day = DateField(lazy_gettext("转账日期"), validators=[required()])
    amount = StringField(lazy_gettext("金额（元）"), validators=[required(), Parses(money.parse)])
    resolution = SelectField(lazy_gettext("业主大会的决议"), validators=[required()])
    summary = StringField(
        lazy_gettext("摘要"),
        validators=[required(), at_most(200)],
        description=lazy_gettext("例如：2026 年下半年工作经费"),
    )
    restricted = BooleanField(lazy_gettext("决议写明了只能用于什么（限定性收入）"))

    def offer(self, session: Session, community_id: str) -> None:
        """The resolutions of the owners' assembly: nobody else decides about their money."""
        found = [row for row in resolutions.resolutions(session, community_id) if row.source == "assembly"]
        pairs = [(row.id, f"{row.decided_on.isoformat()} {row.title}") for row in found]
        self.resolution.choices = options([("", gettext("请选择")), *pairs])


@blueprint.route("/open-work", methods=["GET", "POST"])
@requires("books.open")
def open_work_book() -> str | Response:
    """Open the book of the work fund, once."""
    here, form = context.community(), OpenWorkForm()
    if books.find_book(context.reading(), here.id, WORK) is not None:
        return redirect(url_for("finance.vouchers", book=WORK))
    if form.validate_on_submit():
        assert form.opened_on.data is not None
        try:
            with context.writing() as session:
                book = books.open_book(
                    session,
                    here.id,
                    kind=WORK,
                    opened_on=form.opened_on.data,
                    limits_source=form.source.data or "",
                )
                books.open_bank_account(
                    session,
                    here.id,
                    book=book,
                    bank=form.bank.data or "",
                    name=form.account_name.data or "",
                    account_no=form.account_no.data or "",
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("工作经费账簿已建立；有期初余额的，下一步导入"), "ok")
            return redirect(url_for("finance.opening", book=WORK))
    return render_template("finance/open_work.html", form=form)


@blueprint.route("/transfer", methods=["GET", "POST"])
@requires("voucher.make")
def transfer() -> str | Response:
    """From the trust fund to the work fund: one form, two vouchers that go every step together (R4.6)."""
    session, here, form = context.reading(), context.community(), TransferForm()
    books.trust_book(session, here.id)
    books.work_book(session, here.id)
    form.offer(session, here.id)
    if not form.is_submitted():
        form.day.data = today(context.now())
    if form.validate_on_submit():
        assert form.day.data is not None
        fields = TransferFields(
            day=form.day.data,
            amount_fen=money.parse(form.amount.data or ""),
            resolution_id=form.resolution.data or "",
            summary=form.summary.data or "",
            restricted=bool(form.restricted.data),
        )
        try:
            with context.writing() as writing:
                half = vouchers.transfer(writing, here.id, fields=fields, by=context.person_id(), now=context.now())
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("两张凭证的草稿已写好；上传银行回单后提交复核，两张会一起复核、一起记账"), "ok")
            return redirect(url_for("finance.voucher", voucher_id=half.id))
    return render_template("finance/transfer.html", form=form)
