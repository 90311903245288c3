"""Bringing the opening balances in: a file or a pasted table, a preview with what is wrong row by row, and all or
nothing.
"""

import io

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField
from werkzeug.wrappers import Response
from wtforms import RadioField, TextAreaField
from wtforms.validators import Optional

from finance.rules import opening as rules
from finance.rules.charts import WORK
from finance.rules.opening import Reading
from finance.service import opening as service
from finance.service.books import the_book
from finance.views.base import blueprint
from hoa.kernel.errors import N_, Refusal
from hoa.web import context
from hoa.web.access import requires
from hoa.web.forms import Form, at_most, options, required
from hoa.web.i18n import told

MOST_MB = 2
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class OpeningForm(Form):
    regime = RadioField(
        lazy_gettext("这张余额表是哪套制度的"),
        choices=options(
            [
                ("2004", lazy_gettext("2004 年制度（财会〔2004〕7号，用到 2025 年底）")),
                ("2024", lazy_gettext("2024 年制度（财会〔2024〕25号，2026 年起）")),
            ]
        ),
        validators=[required()],
    )
    file = FileField(lazy_gettext("科目余额表"))
    table = TextAreaField(
        lazy_gettext("或者把表格粘贴在这里"),
        validators=[Optional(), at_most(20_000)],
        description=lazy_gettext("第一行是：科目编码、科目名称、借方余额、贷方余额"),
        render_kw={"rows": 10},
    )


@blueprint.route("/opening", methods=["GET", "POST"])
@requires("voucher.make")
def opening() -> str | Response:
    """Read, show, and on the second press write the opening voucher."""
    session, here = context.reading(), context.community()
    book = the_book(session, here.id, request.args.get("book", WORK))
    form, reading = OpeningForm(), None
    meanings = {code: request.form.get(f"meaning-{code}", "") for code in rules.changed_codes()}
    if form.validate_on_submit():
        try:
            if form.file.data:
                form.table.data = rules.as_text(service.rows_from_file(_uploaded(form)))
            rows = rules.read_text(form.table.data or "")
            reading = rules.read(rows, regime=form.regime.data, fund=book.kind, meanings=meanings)
            if "bring" in request.form and not reading.problems:
                with context.writing() as writing:
                    voucher = service.bring_in(
                        writing,
                        here.id,
                        fund=book.kind,
                        rows=rows,
                        regime=form.regime.data,
                        meanings=meanings,
                        by=context.person_id(),
                        now=context.now(),
                    )
                flash(gettext("期初余额已写成草稿：上传盖章的余额表作证明，再提交复核"), "ok")
                return redirect(url_for("finance.voucher", voucher_id=voucher.id))
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    return render_template(
        "finance/opening.html",
        form=form,
        book=book,
        reading=reading,
        already=service.existing(session, book),
        asked=_asked(reading, meanings),
        most_mb=MOST_MB,
    )


class FileTooBig(Refusal):
    message = N_("文件超过 %(limit)s MB，请只留科目余额表这一页")


def _uploaded(form: OpeningForm) -> bytes:
    data: bytes = form.file.data.read(MOST_MB * 1024 * 1024 + 1)
    if len(data) > MOST_MB * 1024 * 1024:
        raise FileTooBig(limit=MOST_MB)
    return data


def _asked(reading: Reading | None, meanings: dict[str, str]) -> list[tuple[str, str, str, str]]:
    """(code, name in 2004, name in 2024, what was answered) of every code that has to be explained."""
    changed = rules.changed_codes()
    return [
        (code, changed[code][0].name, changed[code][1].name, meanings[code])
        for code in (reading.asked if reading else ())
    ]


@blueprint.get("/opening/template.<ending>")
@requires("voucher.make")
def opening_template(ending: str) -> Response:
    """An empty trial balance to fill in, as a workbook or as CSV."""
    book = the_book(context.reading(), context.community().id, request.args.get("book", WORK))
    as_workbook = ending != "csv"
    data = service.template(book.kind, as_workbook=as_workbook)
    name = "科目余额表模板.xlsx" if as_workbook else "科目余额表模板.csv"
    mimetype = XLSX if as_workbook else "text/csv"
    return send_file(io.BytesIO(data), mimetype=mimetype, as_attachment=True, download_name=name)
