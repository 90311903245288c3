"""Opening the book: once per community, with the account and the balance it begins with."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField
from werkzeug.wrappers import Response
from wtforms import DateField, IntegerField, StringField
from wtforms.validators import NumberRange

from finance.rules.ledger import VoucherKind
from finance.service import books, documents, vouchers
from finance.service.vouchers import VoucherFields
from finance.views.base import blueprint
from hoa.kernel import money
from hoa.kernel.errors import Refusal
from hoa.web import context
from hoa.web.access import requires
from hoa.web.forms import Form, Parses, at_most, required
from hoa.web.i18n import told


class OpenForm(Form):
    opened_on = DateField(
        lazy_gettext("建账日"), validators=[required()], description=lazy_gettext("一般是年度的 1 月 1 日")
    )
    bank = StringField(lazy_gettext("开户银行"), validators=[required(), at_most(60)])
    account_name = StringField(lazy_gettext("户名"), validators=[required(), at_most(80)])
    account_no = StringField(lazy_gettext("账号"), validators=[required(), at_most(40)])
    opening = StringField(
        lazy_gettext("期初余额（元）"),
        validators=[required(), Parses(money.parse)],
        description=lazy_gettext("建账日早上专户里的钱，没有就写 0"),
    )
    proof = FileField(
        lazy_gettext("期初余额的证明"), description=lazy_gettext("上年末的余额表或银行对账单，PDF、PNG 或 JPEG")
    )
    days = IntegerField(
        lazy_gettext("季度结束后几天内公示"),
        default=books.PUBLISH_WITHIN_DAYS,
        validators=[NumberRange(1, 90, message=lazy_gettext("请填 %(min)s 到 %(max)s"))],
    )
    source = StringField(
        lazy_gettext("公示期限的依据"),
        validators=[required(), at_most(200)],
        description=lazy_gettext("例如：业主大会议事规则第几条"),
    )


@blueprint.route("/open", methods=["GET", "POST"])
@requires("books.open")
def open_book() -> str | Response:
    form = OpenForm()
    if form.validate_on_submit():
        try:
            _open(form)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("账簿已建立，下一步导入银行流水"), "ok")
            return redirect(url_for("finance.month"))
    return render_template("finance/open.html", form=form)


def _open(form: OpenForm) -> None:
    here, now, by = context.community(), context.now(), context.person_id()
    assert form.opened_on.data is not None
    with context.writing() as session:
        book = books.open_book(
            session,
            here.id,
            opened_on=form.opened_on.data,
            limits_source=form.source.data or "",
            publish_within_days=form.days.data or books.PUBLISH_WITHIN_DAYS,
        )
        books.open_bank_account(
            session,
            here.id,
            book=book,
            bank=form.bank.data or "",
            name=form.account_name.data or "",
            account_no=form.account_no.data or "",
        )
        amount = money.parse(form.opening.data or "")
        if amount == 0:
            return
        fields = VoucherFields(
            kind=VoucherKind.OPENING,
            day=form.opened_on.data,
            summary="转入期初余额",
            party=form.account_name.data or "",
            amount_fen=amount,
            purpose=None,
        )
        voucher = vouchers.draft(session, here.id, fields=fields, by=by, now=now)
        if form.proof.data:
            stored = documents.store(
                session,
                context.platform().files,
                here.id,
                name=form.proof.data.filename or "",
                data=form.proof.data.read(),
                kind="other",
                by=by,
                now=now,
            )
            documents.attach_to_voucher(session, here.id, document_id=stored.id, voucher_id=voucher.id)
            vouchers.submit(session, here.id, voucher_id=voucher.id, by=by, now=now)
