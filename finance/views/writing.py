"""Writing vouchers: receipts and payments of either fund."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from finance.forms import VoucherForm
from finance.rules.charts import TRUST
from finance.rules.ledger import VoucherKind
from finance.rules.periods import month_of
from finance.service import matching
from finance.service import vouchers as service
from finance.service.books import is_closed, the_book
from finance.tables import BankLine, Book, Voucher
from finance.views.base import blueprint
from hoa.db import get
from hoa.kernel.clock import today
from hoa.kernel.errors import Refusal
from hoa.web import context
from hoa.web.access import requires
from hoa.web.i18n import told


@blueprint.route("/vouchers/new", methods=["GET", "POST"])
@requires("voucher.make")
def new_voucher() -> str | Response:
    """A new voucher, begun from a bank line when one was chosen."""
    session, here = context.reading(), context.community()
    line_id = request.args.get("line", "")
    line = get(session, BankLine, here.id, line_id) if line_id else None
    book = (
        matching.book_of_line(session, line)
        if line is not None
        else the_book(session, here.id, request.args.get("book", TRUST))
    )
    late = line is not None and is_closed(session, book, month_of(line.day))
    form = VoucherForm()
    form.offer(session, here.id, day=today(context.now()), book=book)
    if not form.is_submitted() and line is not None:
        form.show(matching.fields_from_line(session, line, today=today(context.now())))
        if late:
            # A closed month takes nothing more: what was missed in it is booked today, matched with the old line.
            form.day.data = today(context.now())
    if form.validate_on_submit():
        try:
            with context.writing() as writing:
                voucher = service.draft(
                    writing, here.id, fields=form.fields(), by=context.person_id(), now=context.now()
                )
                if line is not None:
                    matching.confirm(
                        writing,
                        here.id,
                        bank_line_id=line.id,
                        voucher_id=voucher.id,
                        by=context.person_id(),
                        now=context.now(),
                    )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("草稿已保存，请上传原始凭证后提交复核"), "ok")
            return redirect(url_for("finance.voucher", voucher_id=voucher.id))
    return render_template("finance/voucher_form.html", form=form, book=book, line=line, late=late, voucher=None)


@blueprint.route("/vouchers/<voucher_id>/edit", methods=["GET", "POST"])
@requires("voucher.make")
def edit_voucher(voucher_id: str) -> str | Response:
    session, here = context.reading(), context.community()
    voucher = get(session, Voucher, here.id, voucher_id)
    if voucher.kind == VoucherKind.JOURNAL:
        return redirect(url_for("finance.edit_journal", voucher_id=voucher_id))
    book = get(session, Book, here.id, voucher.book_id)
    form = VoucherForm()
    form.offer(session, here.id, day=today(context.now()), book=book)
    if not form.is_submitted():
        form.show(service.fields_of(session, voucher))
    if form.validate_on_submit():
        try:
            with context.writing() as writing:
                service.revise(
                    writing,
                    here.id,
                    voucher_id=voucher_id,
                    fields=form.fields(),
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("草稿已保存"), "ok")
            return redirect(url_for("finance.voucher", voucher_id=voucher_id))
    return render_template("finance/voucher_form.html", form=form, book=book, line=None, late=False, voucher=voucher)
