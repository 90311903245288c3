"""The register of fixed assets: cards, taking stock, and what left."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import DateField, IntegerField, RadioField, SelectField, StringField
from wtforms.validators import NumberRange, Optional

from finance.rules.charts import WORK
from finance.rules.life import VoucherState
from finance.service import assets as service
from finance.service import vouchers
from finance.service.assets import AssetFields
from finance.service.books import chart_of, the_book
from finance.tables import Asset, Book
from finance.views.base import blueprint
from hoa.db import get
from hoa.kernel import money
from hoa.kernel.clock import today
from hoa.kernel.errors import Refusal
from hoa.web import context
from hoa.web.access import requires
from hoa.web.forms import Form, Parses, at_most, options, required
from hoa.web.i18n import told


class AssetForm(Form):
    name = StringField(lazy_gettext("名称"), validators=[required(), at_most(80)])
    place = StringField(lazy_gettext("放在哪里"), validators=[required(), at_most(80)])
    keeper = StringField(lazy_gettext("保管人"), validators=[required(), at_most(40)])
    bought_on = DateField(lazy_gettext("购置日"), validators=[required()])
    cost = StringField(lazy_gettext("原价（元）"), validators=[required(), Parses(money.parse)])
    life_months = IntegerField(
        lazy_gettext("预计用几个月"),
        default=60,
        validators=[NumberRange(1, 600, message=lazy_gettext("请填 %(min)s 到 %(max)s"))],
    )
    voucher = SelectField(lazy_gettext("购置的凭证"), validators=[Optional()])

    def offer(self, session: Session, book: Book) -> None:
        """The posted vouchers that added to the fixed assets."""
        code = chart_of(book).by_role("fixed_asset").code
        posted = vouchers.vouchers(session, book.community_id, states=(VoucherState.POSTED,), book=book)
        lines = vouchers.lines_by_voucher(session, book.community_id, [row.id for row in posted])
        bought = [row for row in posted if any(line.account == code for line in lines.get(row.id, ()))]
        pairs = [(row.id, f"{vouchers.label(row)} {row.summary}") for row in bought]
        self.voucher.choices = options([("", gettext("没有凭证（接收或受赠）")), *pairs])


class StockForm(Form):
    outcome = RadioField(
        lazy_gettext("盘点结果"),
        choices=options(
            [
                ("found", lazy_gettext("在，能用")),
                ("missing", lazy_gettext("没找到或已坏")),
                ("gone", lazy_gettext("已处置：报废、出售或赠出")),
            ]
        ),
        validators=[required()],
    )
    day = DateField(lazy_gettext("日期"), validators=[required()])
    note = StringField(lazy_gettext("说明"), validators=[Optional(), at_most(200)])


@blueprint.get("/assets")
@requires("books.read")
def assets() -> str:
    """Every card with its last inventory."""
    session, here = context.reading(), context.community()
    day = today(context.now())
    rows = [(view, view.book_fen(day)) for view in service.views(session, here.id)]
    return render_template("finance/assets.html", rows=rows)


@blueprint.route("/assets/new", methods=["GET", "POST"])
@requires("voucher.make")
def new_asset() -> str | Response:
    session, here, form = context.reading(), context.community(), AssetForm()
    book = the_book(session, here.id, request.args.get("book", WORK))
    form.offer(session, book)
    if form.validate_on_submit():
        assert form.bought_on.data is not None
        fields = AssetFields(
            name=form.name.data or "",
            place=form.place.data or "",
            keeper=form.keeper.data or "",
            bought_on=form.bought_on.data,
            cost_fen=money.parse(form.cost.data or ""),
            life_months=form.life_months.data or 1,
            voucher_id=form.voucher.data or None,
        )
        try:
            with context.writing() as writing:
                service.register(
                    writing, here.id, fund=book.kind, fields=fields, by=context.person_id(), now=context.now()
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("卡片已登记"), "ok")
            return redirect(url_for("finance.assets"))
    return render_template("finance/asset_form.html", form=form, book=book)


@blueprint.route("/assets/<asset_id>", methods=["GET", "POST"])
@requires("voucher.make")
def take_stock(asset_id: str) -> str | Response:
    """Somebody looked for an asset, or it left."""
    here, form = context.community(), StockForm()
    asset = get(context.reading(), Asset, here.id, asset_id)
    if not form.is_submitted():
        form.day.data = today(context.now())
    if form.validate_on_submit():
        assert form.day.data is not None
        day, note = form.day.data, form.note.data or ""
        try:
            with context.writing() as session:
                if form.outcome.data == "gone":
                    service.dispose(session, here.id, asset_id=asset_id, day=day, reason=note, now=context.now())
                else:
                    service.take_stock(
                        session,
                        here.id,
                        asset_id=asset_id,
                        day=day,
                        found=form.outcome.data == "found",
                        note=note,
                        by=context.person_id(),
                        now=context.now(),
                    )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已记录"), "ok")
            return redirect(url_for("finance.assets"))
    return render_template("finance/asset.html", form=form, asset=asset)
