"""What the property fee covers, for everybody to read (F21)."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import DateField, StringField
from wtforms.validators import Optional

from finance.shares.powers import KEEP
from finance.shares.service import fee_items as service
from finance.shares.tables import FeeItem
from finance.shares.views.base import blueprint, day_today
from hoa.db import get
from hoa.kernel.errors import Refusal
from hoa.web import context
from hoa.web.access import public, requires
from hoa.web.forms import Form, at_most, required
from hoa.web.i18n import told


class FeeItemForm(Form):
    title = StringField(
        lazy_gettext("项目"), validators=[required(), at_most(80)], description=lazy_gettext("例如：楼道保洁")
    )
    words = StringField(
        lazy_gettext("凭证上的叫法"),
        validators=[required(), at_most(200)],
        description=lazy_gettext("用逗号分开，例如：保洁，清扫，垃圾清运"),
    )
    company = StringField(lazy_gettext("物业服务企业"), validators=[required(), at_most(80)])
    from_on = DateField(lazy_gettext("从哪天起"), validators=[required()])
    until_on = DateField(lazy_gettext("到哪天止"), validators=[Optional()], description=lazy_gettext("没有期限的不填"))


class FeeEndForm(Form):
    until_on = DateField(lazy_gettext("到哪天止"), validators=[required()])


@blueprint.get("/fee-items")
@public
def fee_items() -> str:
    rows = service.items(context.reading(), context.community().id)
    return render_template("shares/fee_items.html", rows=rows, today=day_today())


@blueprint.route("/fee-items/new", methods=["GET", "POST"])
@requires(KEEP)
def new_fee_item() -> str | Response:
    here, form = context.community(), FeeItemForm()
    if form.validate_on_submit():
        assert form.from_on.data is not None
        try:
            with context.writing() as session:
                service.add(
                    session,
                    here.id,
                    title=form.title.data or "",
                    words=form.words.data or "",
                    company=form.company.data or "",
                    from_on=form.from_on.data,
                    until_on=form.until_on.data,
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已登记"), "ok")
            return redirect(url_for("shares.fee_items"))
    return render_template("shares/fee_item_form.html", form=form)


@blueprint.route("/fee-items/<fee_item_id>/end", methods=["GET", "POST"])
@requires(KEEP)
def end_fee_item(fee_item_id: str) -> str | Response:
    here, form = context.community(), FeeEndForm()
    row = get(context.reading(), FeeItem, here.id, fee_item_id)
    if form.validate_on_submit():
        assert form.until_on.data is not None
        try:
            with context.writing() as session:
                service.end(session, here.id, item_id=fee_item_id, until_on=form.until_on.data)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已写明期限"), "ok")
            return redirect(url_for("shares.fee_items"))
    return render_template("shares/fee_item_end.html", form=form, row=row)
