"""The cash journal of a fund, carrying money to the bank and drawing it, and the count at a month's end."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import DateField, RadioField, StringField
from wtforms.validators import Optional

from finance.rules.cash import over_float
from finance.rules.charts import WORK
from finance.rules.ledger import VoucherKind
from finance.rules.periods import month_of, month_text, parse_month, previous_month
from finance.service import cash as service
from finance.service.books import find_book, the_book
from finance.views.base import blueprint
from hoa.kernel import money
from hoa.kernel.clock import today
from hoa.kernel.errors import Refusal
from hoa.web import context
from hoa.web.access import requires
from hoa.web.forms import Form, Parses, at_most, options, required
from hoa.web.i18n import told

PAGE = 50


class CarryForm(Form):
    kind = RadioField(
        lazy_gettext("存入还是提取"),
        choices=options([("deposit", lazy_gettext("把现金存入银行")), ("drawing", lazy_gettext("从银行提取现金"))]),
        validators=[required()],
    )
    day = DateField(lazy_gettext("日期"), validators=[required()])
    amount = StringField(lazy_gettext("金额（元）"), validators=[required(), Parses(money.parse)])
    note = StringField(lazy_gettext("说明"), validators=[Optional(), at_most(100)])


class CountForm(Form):
    month = StringField(
        lazy_gettext("哪个月底"), validators=[required(), Parses(parse_month)], description=lazy_gettext("例如 2026-09")
    )
    counted = StringField(lazy_gettext("点到的现金（元）"), validators=[required(), Parses(money.parse)])
    witness = StringField(lazy_gettext("谁一起点的"), validators=[required(), at_most(40)])
    note = StringField(lazy_gettext("与账面不同的原因"), validators=[Optional(), at_most(200)])


@blueprint.get("/cash")
@requires("books.read")
def cash() -> str:
    """The cash journal, latest page first, with what was counted and what lay in the box too long."""
    session, here = context.reading(), context.community()
    book = the_book(session, here.id, request.args.get("book", WORK))
    rows, day = service.journal(session, book), today(context.now())
    pages = max(1, -(-len(rows) // PAGE))
    page = min(max(request.args.get("page", pages, type=int), 1), pages)
    limit_fen = service.float_limit_fen(session, here.id, day)
    return render_template(
        "finance/cash.html",
        book=book,
        has_work=find_book(session, here.id, WORK) is not None,
        rows=rows[(page - 1) * PAGE : page * PAGE],
        before_fen=rows[(page - 1) * PAGE - 1].balance_fen if page > 1 else 0,
        balance_fen=rows[-1].balance_fen if rows else 0,
        page=page,
        pages=pages,
        total=len(rows),
        limit_fen=limit_fen,
        over=list(over_float(rows, limit_fen=limit_fen, as_of=day)),
        counts=service.counts(session, book),
    )


@blueprint.route("/cash/carry", methods=["GET", "POST"])
@requires("voucher.make")
def carry_cash() -> str | Response:
    """Carry cash to the bank, or draw it: a voucher with both sides."""
    session, here, form = context.reading(), context.community(), CarryForm()
    book = the_book(session, here.id, request.args.get("book", WORK))
    if not form.is_submitted():
        form.day.data = today(context.now())
    if form.validate_on_submit():
        assert form.day.data is not None
        try:
            with context.writing() as writing:
                voucher = service.carry(
                    writing,
                    here.id,
                    fund=book.kind,
                    kind=VoucherKind(form.kind.data),
                    amount_fen=money.parse(form.amount.data or ""),
                    day=form.day.data,
                    note=form.note.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("草稿已写好：上传银行回单，或导入流水后对上，再提交复核"), "ok")
            return redirect(url_for("finance.voucher", voucher_id=voucher.id))
    return render_template("finance/cash_carry.html", form=form, book=book, held_fen=service.held_fen(session, book))


@blueprint.route("/cash/count", methods=["GET", "POST"])
@requires("bank.import")
def count_cash() -> str | Response:
    """What was counted at a month's end, by whoever keeps the box and somebody else."""
    session, here, form = context.reading(), context.community(), CountForm()
    book = the_book(session, here.id, request.args.get("book", WORK))
    if not form.is_submitted():
        form.month.data = month_text(previous_month(month_of(today(context.now()))))
    if form.validate_on_submit():
        try:
            with context.writing() as writing:
                service.count(
                    writing,
                    here.id,
                    fund=book.kind,
                    month=parse_month(form.month.data or ""),
                    counted_fen=money.parse(form.counted.data or ""),
                    witness=form.witness.data or "",
                    note=form.note.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("盘点已记录"), "ok")
            return redirect(url_for("finance.cash", book=book.kind))
    return render_template("finance/cash_count.html", form=form, book=book)
