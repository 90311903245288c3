"""Importing the bank's statement: choose the file, say which column is which where nobody knows, look, store."""

import hmac
from dataclasses import dataclass, fields

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField, FileRequired
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import SelectField
from wtforms.validators import Optional

from finance.rules.bank import ColumnsMissing, ColumnsUnknown
from finance.rules.bank_columns import COLUMN_NAMES, HEADER_WITHIN, Column, ColumnMap, complete, find_columns
from finance.rules.bank_sheets import MAX_BYTES, Sheet, read_sheet
from finance.rules.charts import TRUST
from finance.rules.periods import month_of, month_text
from finance.service import bank
from finance.service.books import NoBankAccount
from finance.tables import Book
from finance.views.base import blueprint
from hoa.db import get
from hoa.kernel.errors import NotFound, Refusal
from hoa.web import context
from hoa.web.access import requires
from hoa.web.forms import Form, options
from hoa.web.i18n import told

MOST_MB = MAX_BYTES // 1024 // 1024
# So many columns a person is asked about, and so many lines the header is looked for among.
MOST_COLUMNS = 60
NAME_LENGTH = 120


class UploadForm(Form):
    file = FileField(
        lazy_gettext("银行流水文件"), validators=[FileRequired(message=lazy_gettext("请选择从网上银行导出的文件"))]
    )
    account = SelectField(
        lazy_gettext("哪个账户"),
        validators=[Optional()],
        description=lazy_gettext("一般不用选，文件里写着账号；没有写的才要选"),
    )

    def offer(self, session: Session, community_id: str) -> int:
        """Fill the list with the accounts of both funds; how many there are."""
        accounts = bank.accounts_of(session, community_id)
        self.account.choices = options(
            [
                ("", gettext("文件里写着")),
                *(
                    (
                        row.id,
                        gettext(
                            "%(book)s：%(bank)s，尾号 %(tail)s",
                            book=get(session, Book, community_id, row.book_id).name,
                            bank=row.bank,
                            tail=row.account_no[-4:],
                        ),
                    )
                    for row in accounts
                ),
            ]
        )
        return len(accounts)


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file between two pages: its bytes, kept under a ticket, and what was said about it."""

    data: bytes
    name: str
    account_id: str | None

    @property
    def ticket(self) -> str:
        digest = context.platform().files.put(self.data)
        return f"{digest}.{_seal(digest)}"


def _kept() -> Upload:
    """What the form of the page before carries along."""
    digest, _, seal = request.form.get("ticket", "").partition(".")
    if not hmac.compare_digest(seal.encode(), _seal(digest).encode()):
        raise NotFound
    return Upload(
        data=context.platform().files.get(digest),
        name=request.form.get("name", "bank.csv")[:NAME_LENGTH],
        account_id=request.form.get("account") or None,
    )


def _seal(digest: str) -> str:
    """The ticket is good in this community only."""
    text = f"{context.community().id}.{digest}"
    return context.platform().keys.mac("finance-upload", text.encode())


@blueprint.route("/bank/import", methods=["GET", "POST"])
@requires("bank.import")
def import_bank() -> str | Response:
    """Choose the file; what follows depends on whether its columns are known."""
    form, session, here = UploadForm(), context.reading(), context.community()
    if not form.offer(session, here.id):
        raise NoBankAccount
    if form.validate_on_submit():
        upload = Upload(
            data=form.file.data.read(),
            name=(form.file.data.filename or "bank.csv")[:NAME_LENGTH],
            account_id=form.account.data or None,
        )
        try:
            return _next_step(upload)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    accounts = bank.accounts_of(session, here.id)
    recent = [(row, account) for account in accounts for row in bank.imports(session, account)[:5]]
    return render_template(
        "finance/bank_import.html",
        form=form,
        accounts=accounts,
        imports=sorted(recent, key=lambda found: found[0].imported_at, reverse=True)[:5],
        most_mb=MOST_MB,
    )


def _next_step(upload: Upload, chosen: ColumnMap | None = None) -> str:
    session, here = context.reading(), context.community()
    try:
        preview = bank.preview(session, here.id, data=upload.data, chosen=chosen, account_id=upload.account_id)
    except ColumnsUnknown:
        sheet = read_sheet(upload.data)
        return _ask_columns(sheet, upload, sheet.header if sheet.header is not None else _likely_header(sheet))
    return render_template(
        "finance/bank_preview.html", preview=preview, upload=upload, chosen=chosen.as_data() if chosen else None
    )


def _ask_columns(sheet: Sheet, upload: Upload, header: int, wrong: str | None = None) -> str:
    """Show the first lines and let a person say which column is which, and which line names them."""
    shown = sheet.cells[header : header + 5]
    # Spreadsheets fill rows up with empty cells; nobody is asked about columns without a word in them.
    width = min(max((at for row in shown for at, cell in enumerate(row, start=1) if cell), default=0), MOST_COLUMNS)
    known = {index: str(column) for column, index in find_columns(sheet.cells[header]).items()}
    said = {index: request.form.get(f"column-{index}", "") for index in range(width)}
    same = request.form.get("header", type=int) == header
    return render_template(
        "finance/bank_columns.html",
        header=header,
        heads=[
            (number, " · ".join(filter(None, row))[:60])
            for number, row in enumerate(sheet.cells[:HEADER_WITHIN])
            if any(row)
        ],
        rows=[(list(row) + [""] * width)[:width] for row in shown],
        width=width,
        names=[(str(column), gettext(name)) for column, name in COLUMN_NAMES.items()],
        guess=said if same and any(said.values()) else known,
        upload=upload,
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
    """What a person said about the columns; or that another line names them."""
    upload = _kept()
    sheet = read_sheet(upload.data)
    header = request.form.get("header", type=int) or 0
    if not 0 <= header < min(len(sheet.cells), HEADER_WITHIN):
        return _ask_columns(sheet, upload, _likely_header(sheet), told(ColumnsMissing()))
    if "again" in request.form:
        return _ask_columns(sheet, upload, header)
    said: dict[Column, int] = {}
    for index in range(MOST_COLUMNS):
        answer = request.form.get(f"column-{index}", "")
        if answer in Column._value2member_map_:
            said.setdefault(Column(answer), index)
    chosen = complete(header, said)
    if chosen is None:
        return _ask_columns(sheet, upload, header, told(ColumnsMissing()))
    try:
        return _next_step(upload, chosen)
    except Refusal as refusal:
        return _ask_columns(sheet, upload, header, told(refusal))


@blueprint.post("/bank/confirm")
@requires("bank.import")
def bank_confirm() -> Response:
    """Store what the preview showed."""
    upload = _kept()
    said = {
        field.name: int(answer)
        for field in fields(ColumnMap)
        if (answer := request.form.get(f"chosen-{field.name}", "")).isascii() and answer.isdigit() and len(answer) < 5
    }
    with context.writing() as session:
        found = bank.import_statement(
            session,
            context.community().id,
            account_id=upload.account_id,
            name=upload.name,
            data=upload.data,
            by=context.person_id(),
            now=context.now(),
            chosen=ColumnMap(**said) if {"header", "day", "balance"} <= said.keys() else None,
        )
        kind = get(session, Book, context.community().id, found.account.book_id).kind
    if found.fresh:
        flash(gettext("导入了 %(count)s 笔新流水", count=len(found.fresh)), "ok")
    else:
        flash(gettext("这些流水以前都导入过，没有变化"), "ok")
    last = found.fresh[-1].day if found.fresh else found.file.ends_on
    return redirect(url_for("finance.month", month=month_text(month_of(last)), book=None if kind == TRUST else kind))
