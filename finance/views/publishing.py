"""Publishing a period, what supervisors say before, and the maintenance fund's figures for a half-year."""

from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import StringField
from wtforms.validators import Optional

from finance.disclosure import maintenance
from finance.disclosure.maintenance import Figures
from finance.rules import spans
from finance.rules.spans import Half
from finance.service import contents, publishing
from finance.views.base import blueprint, span_name
from finance.views.statements import span_page
from hoa.kernel import money
from hoa.kernel.errors import NotFound, Refusal
from hoa.web import context
from hoa.web.access import requires
from hoa.web.forms import Form, Parses, at_most, required
from hoa.web.i18n import told

STATEMENT = "finance/statement.html"


@blueprint.post("/<span>/publish")
@requires("books.publish")
def publish(span: str) -> str | Response:
    """Freeze the period and publish it."""
    chosen, here = spans.parse_published(span), context.community()
    try:
        with context.writing() as session:
            publishing.publish(session, here.id, span=chosen, code=here.code, by=context.person_id(), now=context.now())
    except Refusal as refusal:
        return span_page(chosen, STATEMENT, wrong=told(refusal))
    flash(gettext("%(span)s已公示，内容已固定，监督委员会和订阅的业主会收到通知", span=span_name(chosen)), "ok")
    return redirect(url_for("finance.statement", span=str(chosen)))


@blueprint.post("/<span>/preview")
@requires("preview.mark")
def mark_preview(span: str) -> str | Response:
    """A supervisor agrees that this goes out, or objects and says why (R2.25)."""
    chosen, here = spans.parse_published(span), context.community()
    word = publishing.OBJECTED if request.form.get("word") == publishing.OBJECTED else publishing.AGREED
    reason = request.form.get("reason", "")
    if len(reason) > 500:
        return span_page(chosen, STATEMENT, wrong=gettext("太长了，请控制在 %(max)d 个字以内", max=500), typed=reason)
    try:
        with context.writing() as session:
            publishing.mark_preview(
                session,
                here.id,
                span=chosen,
                content_hash=request.form.get("hash", ""),
                word=word,
                reason=reason,
                by=context.person_id(),
                now=context.now(),
            )
    except Refusal as refusal:
        return span_page(chosen, STATEMENT, wrong=told(refusal), typed=reason)
    flash(gettext("您的意见已记下，业主委员会看得到"), "ok")
    return redirect(url_for("finance.statement", span=str(chosen)))


class MaintenanceForm(Form):
    opening = StringField(lazy_gettext("期初余额（元）"), validators=[required(), Parses(money.parse)])
    interest = StringField(lazy_gettext("利息（元）"), default="0", validators=[required(), Parses(money.parse)])
    from_revenue = StringField(
        lazy_gettext("公共收益补充（元）"), default="0", validators=[required(), Parses(money.parse)]
    )
    other_in = StringField(
        lazy_gettext("业主交存等其他收入（元）"), default="0", validators=[required(), Parses(money.parse)]
    )
    spent = StringField(lazy_gettext("使用支出（元）"), default="0", validators=[required(), Parses(money.parse)])
    closing = StringField(lazy_gettext("期末余额（元）"), validators=[required(), Parses(money.parse)])
    keeper = StringField(
        lazy_gettext("谁管这笔钱"),
        validators=[required(), at_most(80)],
        description=lazy_gettext("例如：区住房资金管理中心，某银行专户"),
    )
    note = StringField(
        lazy_gettext("用在哪里"),
        validators=[Optional(), at_most(300)],
        description=lazy_gettext("这半年用维修资金修了什么，没有就空着"),
    )

    def figures(self) -> Figures:
        """What was typed, in fen."""

        def fen(field: StringField) -> int:
            return money.parse(field.data or "")

        return Figures(
            opening_fen=fen(self.opening),
            interest_fen=fen(self.interest),
            from_revenue_fen=fen(self.from_revenue),
            other_in_fen=fen(self.other_in),
            spent_fen=fen(self.spent),
            closing_fen=fen(self.closing),
            keeper=self.keeper.data or "",
            note=self.note.data or "",
        )


@blueprint.route("/<span>/maintenance", methods=["GET", "POST"])
@requires("books.publish")
def maintenance_figures(span: str) -> str | Response:
    """The maintenance fund's half-year, copied from its keeper's statement."""
    chosen, form = spans.parse_published(span), MaintenanceForm()
    if not isinstance(chosen, Half):
        raise NotFound
    if not form.is_submitted():
        _show(context.reading(), chosen, form)
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                _state(session, chosen, form, context.now())
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已登记，可以公示了"), "ok")
            return redirect(url_for("finance.statement", span=str(chosen)))
    return render_template("finance/maintenance.html", form=form, span=chosen)


def _state(session: Session, half: Half, form: MaintenanceForm, now: datetime) -> None:
    maintenance.state(
        session, context.community().id, half=half, figures=form.figures(), by=context.person_id(), now=now
    )


def _show(session: Session, half: Half, form: MaintenanceForm) -> None:
    """What was stated last, or what our own books know."""
    here = context.community().id
    row = contents.maintenance(session, here, half)
    if row is None:
        form.from_revenue.data = money.plain(contents.topped_up(session, here, half))
        return
    for name in ("opening", "interest", "from_revenue", "other_in", "spent", "closing"):
        form[name].data = money.plain(getattr(row, f"{name}_fen"))
    form.keeper.data, form.note.data = row.keeper, row.note
