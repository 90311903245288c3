"""Vouchers with entries of their own: rows of account, debit and credit, and "one more row", without a script."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import DateField, FieldList, FormField, SelectField, StringField
from wtforms import Form as PlainForm
from wtforms.validators import Optional

from finance.forms import account_choices, resolution_choices
from finance.rules.charts import WORK
from finance.rules.ledger import Line, VoucherKind
from finance.service import vouchers as service
from finance.service.books import the_book
from finance.service.vouchers import VoucherFields
from finance.tables import Book, Voucher
from finance.views.base import blueprint
from hoa.db import get
from hoa.kernel import money
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.web import context
from hoa.web.access import requires
from hoa.web.forms import Form, at_most, options, required
from hoa.web.i18n import told

ROWS = 4
MOST_ROWS = 60


class RowWrong(Refusal):
    message = N_("第 %(row)s 行：%(problem)s")


class RowHalf(Refusal):
    message = N_("请选科目，并且只填借方或贷方的一边")


class RowForm(PlainForm):
    account = SelectField(lazy_gettext("科目"), validate_choice=False)
    debit = StringField(lazy_gettext("借方"))
    credit = StringField(lazy_gettext("贷方"))


class JournalForm(Form):
    day = DateField(lazy_gettext("日期"), validators=[required()])
    summary = StringField(
        lazy_gettext("摘要"),
        validators=[required(), at_most(200)],
        description=lazy_gettext("别人一看就懂：为了什么，哪里，哪段时间"),
    )
    party = StringField(lazy_gettext("对方"), validators=[Optional(), at_most(80)])
    rows = FieldList(FormField(RowForm), min_entries=ROWS, max_entries=MOST_ROWS)
    resolution = SelectField(lazy_gettext("依据的决议"), validators=[Optional()])
    grounds = StringField(
        lazy_gettext("没有单独决议时的依据"),
        validators=[Optional(), at_most(200)],
        description=lazy_gettext("例如：业主委员会常规授权，议事规则第几条"),
    )

    def offer(self, session: Session, community_id: str, *, book: Book) -> None:
        """Fill the lists with the fund's accounts and the community's resolutions."""
        self.book = book.kind
        self.resolution.choices = options([("", gettext("没有决议")), *resolution_choices(session, community_id)])
        self.accounts = account_choices(book)
        row: Any
        for row in self.rows:
            row.account.choices = self.accounts

    def one_more(self) -> None:
        """A new row under those that are filled in."""
        if len(self.rows) < MOST_ROWS:
            row: Any = self.rows.append_entry()
            row.account.choices = self.accounts

    def show(self, fields: VoucherFields) -> None:
        """Put what is written already into the fields."""
        self.day.data, self.summary.data, self.party.data = fields.day, fields.summary, fields.party
        self.resolution.data, self.grounds.data = fields.resolution_id or "", fields.grounds
        for no, line in enumerate(fields.lines):
            if no >= len(self.rows):
                self.one_more()
            row: Any = self.rows[no]
            row.account.data = line.account
            row.debit.data = money.plain(line.debit_fen) if line.debit_fen else ""
            row.credit.data = money.plain(line.credit_fen) if line.credit_fen else ""

    def lines(self) -> tuple[Line, ...]:
        """The rows somebody wrote in; a row with one half missing or an unreadable amount is named."""
        found = []
        for no, row in enumerate(self.rows, start=1):
            account = (row.account.data or "").strip()
            debit, credit = (row.debit.data or "").strip(), (row.credit.data or "").strip()
            if not (account or debit or credit):
                continue
            try:
                if not account or bool(debit) == bool(credit):
                    raise RowHalf
                fen = money.parse(debit or credit)
            except Refusal as refusal:
                raise RowWrong(row=no, problem=told(refusal)) from refusal
            found.append(Line(account=account, debit_fen=fen if debit else 0, credit_fen=fen if credit else 0))
        return tuple(found)

    def fields(self) -> VoucherFields:
        """What was written, as the service takes it."""
        assert self.day.data is not None
        return VoucherFields(
            kind=VoucherKind.JOURNAL,
            book=self.book,
            day=self.day.data,
            summary=self.summary.data or "",
            party=self.party.data or "",
            amount_fen=0,
            lines=self.lines(),
            resolution_id=self.resolution.data or None,
            grounds=self.grounds.data or "",
        )


@blueprint.route("/vouchers/journal", methods=["GET", "POST"])
@requires("voucher.make")
def new_journal() -> str | Response:
    session, here = context.reading(), context.community()
    book = the_book(session, here.id, request.args.get("book", WORK))
    form = JournalForm()
    form.offer(session, here.id, book=book)
    if not form.is_submitted():
        form.day.data = today(context.now())
    if "more" in request.form:
        form.one_more()
    elif form.validate_on_submit():
        try:
            with context.writing() as writing:
                row = service.draft(writing, here.id, fields=form.fields(), by=context.person_id(), now=context.now())
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("草稿已保存，请上传原始凭证后提交复核"), "ok")
            return redirect(url_for("finance.voucher", voucher_id=row.id))
    return render_template("finance/journal_form.html", form=form, book=book, voucher=None)


@blueprint.route("/vouchers/<voucher_id>/journal", methods=["GET", "POST"])
@requires("voucher.make")
def edit_journal(voucher_id: str) -> str | Response:
    session, here = context.reading(), context.community()
    voucher = get(session, Voucher, here.id, voucher_id)
    book = get(session, Book, here.id, voucher.book_id)
    form = JournalForm()
    form.offer(session, here.id, book=book)
    if not form.is_submitted():
        form.show(service.fields_of(session, voucher))
    if "more" in request.form:
        form.one_more()
    elif form.validate_on_submit():
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
    return render_template("finance/journal_form.html", form=form, book=book, voucher=voucher)
