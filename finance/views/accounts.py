"""The accounts of the funds at their banks: a statement's file finds its account among them."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField

from finance.rules.charts import TRUST, WORK
from finance.service import bank, books
from finance.service.books import bank_accounts, find_book, the_book
from finance.views.base import blueprint
from hoa.kernel.errors import Refusal
from hoa.web import context
from hoa.web.access import demand, requires
from hoa.web.forms import Form, at_most, options, required
from hoa.web.i18n import told


class AccountForm(Form):
    book = SelectField(lazy_gettext("哪个账簿"), validators=[required()])
    bank = StringField(lazy_gettext("开户银行"), validators=[required(), at_most(60)])
    name = StringField(lazy_gettext("户名"), validators=[required(), at_most(80)])
    account_no = StringField(lazy_gettext("账号"), validators=[required(), at_most(40)])


@blueprint.route("/accounts", methods=["GET", "POST"])
@requires("books.read")
def accounts() -> str | Response:
    """Every account with how far its statement was imported; whoever opens books registers another."""
    session, here, form = context.reading(), context.community(), AccountForm()
    opened = [book for kind in (TRUST, WORK) if (book := find_book(session, here.id, kind)) is not None]
    form.book.choices = options((book.kind, book.name) for book in opened)
    if form.is_submitted():
        demand("books.open")
    if form.validate_on_submit():
        try:
            with context.writing() as writing:
                books.open_bank_account(
                    writing,
                    here.id,
                    book=the_book(writing, here.id, form.book.data),
                    bank=form.bank.data or "",
                    name=form.name.data or "",
                    account_no=form.account_no.data or "",
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("账户已登记，以后按文件里的账号归入它"), "ok")
            return redirect(url_for("finance.accounts"))
    return render_template(
        "finance/accounts.html",
        form=form,
        rows=[
            (book, row, bank.covered_until(session, row), len(bank.unmatched(session, row)))
            for book in opened
            for row in bank_accounts(session, book)
        ],
    )
