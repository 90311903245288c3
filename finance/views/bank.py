"""Importing the bank's statement, and putting its lines and the vouchers together."""

import hmac
from dataclasses import fields

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField, FileRequired
from werkzeug.wrappers import Response

from finance.rules import bank as rules
from finance.rules.bank import ColumnsMissing, ColumnsUnknown, Sheet, read_sheet
from finance.rules.bank_columns import COLUMN_NAMES, Column, ColumnMap, complete
from finance.rules.periods import month_of, month_text
from finance.service import bank
from finance.service.books import bank_account, trust_book
from finance.views.base import blueprint
from hoa.kernel.errors import NotFound, Refusal
from hoa.web import context
from hoa.web.access import requires
from hoa.web.forms import Form
from hoa.web.i18n import told

MOST_MB = rules.MAX_BYTES // 1024 // 1024


class UploadForm(Form):
    file = FileField(
        lazy_gettext("银行流水文件"), validators=[FileRequired(message=lazy_gettext("请选择从网上银行导出的文件"))]
    )


@blueprint.route("/bank/import", methods=["GET", "POST"])
@requires("bank.import")
def import_bank() -> str | Response:
    """Choose the file; what follows depends on whether its columns are known."""
    form = UploadForm()
    session = context.reading()
    account = bank_account(session, trust_book(session, context.community().id))
    if form.validate_on_submit():
        data = form.file.data.read()
        try:
            return _next_step(data, form.file.data.filename or "bank.csv")
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    return render_template(
        "finance/bank_import.html",
        form=form,
        account=account,
        imports=bank.imports(session, account)[:5],
        most_mb=MOST_MB,
    )


def _next_step(data: bytes, name: str, chosen: ColumnMap | None = None) -> str:
    session, here = context.reading(), context.community()
    account = bank_account(session, trust_book(session, here.id))
    try:
        preview = bank.preview(session, account, data=data, chosen=chosen)
    except ColumnsUnknown:
        return _ask_columns(read_sheet(data), _keep(data), name)
    return render_template(
        "finance/bank_preview.html",
        preview=preview,
        ticket=_keep(data),
        name=name,
        account=account,
        chosen=chosen.as_data() if chosen else None,
    )


def _ask_columns(sheet: Sheet, ticket: str, name: str, wrong: str | None = None) -> str:
    """Show the first lines and let a person say which column is which."""
    header = sheet.header if sheet.header is not None else _likely_header(sheet)
    width = max((len(row) for row in sheet.cells[: header + 6]), default=0)
    return render_template(
        "finance/bank_columns.html",
        header=header,
        rows=[list(row) + [""] * (width - len(row)) for row in sheet.cells[header : header + 5]],
        width=width,
        names=[(str(column), gettext(name_)) for column, name_ in COLUMN_NAMES.items()],
        guess={index: str(column) for column, index in sheet.guess.items()},
        ticket=ticket,
        name=name,
        wrong=wrong,
    )


def _likely_header(sheet: Sheet) -> int:
    """The first line with as many cells as most lines have."""
    counts = [sum(1 for cell in row if cell) for row in sheet.cells[:60]]
    usual = max(counts, default=0)
    return next((index for index, count in enumerate(counts) if count >= max(usual - 2, 2)), 0)


@blueprint.post("/bank/columns")
@requires("bank.import")
def bank_columns() -> str | Response:
    """What a person said about the columns."""
    data, name = _kept(request.form.get("ticket", "")), request.form.get("name", "bank.csv")
    sheet = read_sheet(data)
    header = request.form.get("header", type=int) or 0
    said: dict[Column, int] = {}
    for index in range(60):
        answer = request.form.get(f"column-{index}", "")
        if answer in Column._value2member_map_:
            said.setdefault(Column(answer), index)
    chosen = complete(header, said) if 0 <= header < len(sheet.cells) else None
    if chosen is None:
        return _ask_columns(sheet, request.form.get("ticket", ""), name, told(ColumnsMissing()))
    try:
        return _next_step(data, name, chosen)
    except Refusal as refusal:
        return _ask_columns(sheet, request.form.get("ticket", ""), name, told(refusal))


@blueprint.post("/bank/confirm")
@requires("bank.import")
def bank_confirm() -> Response:
    """Store what the preview showed."""
    here = context.community()
    data = _kept(request.form.get("ticket", ""))
    said = {
        field.name: int(answer)
        for field in fields(ColumnMap)
        if (answer := request.form.get(f"chosen-{field.name}", "")).isascii() and answer.isdigit() and len(answer) < 5
    }
    with context.writing() as session:
        account = bank_account(session, trust_book(session, here.id))
        found = bank.import_statement(
            session,
            here.id,
            account_id=account.id,
            name=request.form.get("name", "bank.csv")[:120],
            data=data,
            by=context.person_id(),
            now=context.now(),
            chosen=ColumnMap(**said) if {"header", "day", "balance"} <= said.keys() else None,
        )
    if found.fresh:
        flash(gettext("导入了 %(count)s 笔新流水", count=len(found.fresh)), "ok")
    else:
        flash(gettext("这些流水以前都导入过，没有变化"), "ok")
    last = found.fresh[-1].day if found.fresh else found.file.ends_on
    return redirect(url_for("finance.month", month=month_text(month_of(last))))


def _keep(data: bytes) -> str:
    """Store the upload between two pages; the ticket is good in this community only."""
    digest = context.platform().files.put(data)
    return f"{digest}.{_seal(digest)}"


def _kept(ticket: str) -> bytes:
    digest, _, seal = ticket.partition(".")
    if not hmac.compare_digest(seal.encode(), _seal(digest).encode()):
        raise NotFound
    return context.platform().files.get(digest)


def _seal(digest: str) -> str:
    text = f"{context.community().id}.{digest}"
    return context.platform().keys.mac("finance-upload", text.encode())
