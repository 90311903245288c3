"""The budget of a fund: what was planned, what became of it, and writing the next version."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField
from werkzeug.wrappers import Response
from wtforms import SelectField

from finance.shares.powers import KEEP, READ
from finance.shares.rules import budgets as rules
from finance.shares.rules.budgets import BudgetLine
from finance.shares.service import budgets as service
from finance.shares.tables import Budget
from finance.shares.views.base import blueprint, decisions, role_name, sent
from finance.tables import Book
from hoa.community import lists
from hoa.db import get
from hoa.kernel import money
from hoa.kernel.errors import Refusal
from hoa.resolutions import service as resolutions
from hoa.web import context
from hoa.web.access import public, requires
from hoa.web.forms import Form, options, required, tidy
from hoa.web.i18n import told

YEAR = "<int(min=2000, max=2199):year>"


class UploadForm(Form):
    file = FileField(lazy_gettext("填好的表格（.xlsx）"))


class AdoptForm(Form):
    resolution = SelectField(lazy_gettext("支持这份预算的业主大会决议"), validators=[required()])

    def offer(self) -> None:
        self.resolution.choices = options([("", gettext("请选择")), *decisions()])


@blueprint.get(f"/budget/<fund>/{YEAR}")
@public
def budget(fund: str, year: int) -> str:
    """Planned, actual and left, with a picture."""
    session, here = context.reading(), context.community()
    book = service.book_of(session, here.id, fund)
    found = service.versions(session, book, year)
    current = found[0] if found else None
    rows = service.compared(session, current, book, year)
    return render_template(
        "shares/budget.html",
        book=book,
        fund=fund,
        year=year,
        budget=current,
        rows=rows,
        versions=[
            (version, resolutions.get(session, here.id, version.resolution_id))
            for version in found
            if version.resolution_id
        ],
        draft=service.draft_of(session, book, year) if context.may(READ) else None,
        years=sorted({*service.years(session, book), year}, reverse=True),
    )


@blueprint.get(f"/budget/<fund>/{YEAR}.xlsx")
@public
def budget_file(fund: str, year: int) -> Response:
    session, here = context.reading(), context.community()
    book = service.book_of(session, here.id, fund)
    shown = service.draft_of(session, book, year) if request.args.get("draft") and context.may(READ) else None
    data = service.as_xlsx(session, shown or service.in_force(session, book, year), book, year)
    return sent(data, name=f"{here.code}-budget-{fund}-{year}.xlsx", media_type=lists.MEDIA["xlsx"])


@blueprint.post(f"/budget/<fund>/{YEAR}/draft")
@requires(KEEP)
def begin_budget(fund: str, year: int) -> Response:
    with context.writing() as session:
        row = service.begin(
            session, context.community().id, kind=fund, year=year, by=context.person_id(), now=context.now()
        )
    return redirect(url_for("shares.edit_budget", budget_id=row.id))


@blueprint.route("/budgets/<budget_id>", methods=["GET", "POST"])
@requires(KEEP)
def edit_budget(budget_id: str) -> str | Response:
    """The lines of a draft, one for each account; an empty amount is no line."""
    session, here = context.reading(), context.community()
    row = get(session, Budget, here.id, budget_id)
    book = get(session, Book, here.id, row.book_id)
    form = Form()
    typed = {line.role: (money.plain(line.planned_fen), line.note) for line in service.lines_of(session, row)}
    wrong: dict[str, str] = {}
    if form.validate_on_submit():
        lines, typed, wrong = _typed(book)
        if not wrong and _saved(form, budget_id, lines):
            return redirect(url_for("shares.edit_budget", budget_id=budget_id))
    return _edit_page(row, book, form=form, typed=typed, wrong=wrong)


def _edit_page(
    row: Budget,
    book: Book,
    *,
    form: Form,
    typed: dict[str, tuple[str, str]],
    wrong: dict[str, str],
    upload: UploadForm | None = None,
    adopting: AdoptForm | None = None,
) -> str:
    session = context.reading()
    adopting = adopting or AdoptForm(formdata=None)
    adopting.offer()
    if row.version is not None:
        raise rules.NotADraftBudget
    return render_template(
        "shares/budget_form.html",
        budget=row,
        book=book,
        fund=book.kind,
        form=form,
        sides=[
            (side, [(role, name) for role, (name, income) in service.names(book).items() if income is is_income])
            for side, is_income in ((gettext("收入"), True), (gettext("支出"), False))
        ],
        typed=typed,
        wrong=wrong,
        lines=service.lines_of(session, row),
        upload=upload or UploadForm(formdata=None),
        adopting=adopting,
        income=rules.income(service.lines_of(session, row)),
        spending=rules.spending(service.lines_of(session, row)),
    )


def _typed(book: Book) -> tuple[list[BudgetLine], dict[str, tuple[str, str]], dict[str, str]]:
    """The lines as typed, everything that was typed, and what is wrong with it by account."""
    lines: list[BudgetLine] = []
    typed: dict[str, tuple[str, str]] = {}
    wrong: dict[str, str] = {}
    for role, (name, income) in service.names(book).items():
        amount, note = tidy(request.form.get(f"planned-{role}")) or "", tidy(request.form.get(f"note-{role}")) or ""
        typed[role] = amount, note
        if not amount:
            continue
        try:
            planned = money.parse(amount)
            lines.append(
                BudgetLine(role=role, name=role_name(role, name), income=income, planned_fen=planned, note=note)
            )
        except Refusal as refusal:
            wrong[role] = told(refusal)
    return lines, typed, wrong


def _saved(form: Form, budget_id: str, lines: list[BudgetLine]) -> bool:
    try:
        with context.writing() as session:
            service.save(
                session,
                context.community().id,
                budget_id=budget_id,
                lines=lines,
                note="",
                by=context.person_id(),
                now=context.now(),
            )
    except Refusal as refusal:
        form.form_errors.append(told(refusal))
        return False
    flash(gettext("草稿已保存"), "ok")
    return True


@blueprint.post("/budgets/<budget_id>/upload")
@requires(KEEP)
def upload_budget(budget_id: str) -> str | Response:
    """Take the lines of a draft from the workbook; a wrong row is named and nothing is taken."""
    here, form = context.community(), UploadForm()
    row = get(context.reading(), Budget, here.id, budget_id)
    book = get(context.reading(), Book, here.id, row.book_id)
    if form.validate_on_submit() and form.file.data:
        try:
            lines = service.read_xlsx(book, form.file.data.read())
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            if _saved(form, budget_id, list(lines)):
                return redirect(url_for("shares.edit_budget", budget_id=budget_id))
    elif not form.errors:
        form.form_errors.append(gettext("请先选择文件"))
    row = get(context.reading(), Budget, here.id, budget_id)
    typed = {line.role: (money.plain(line.planned_fen), line.note) for line in service.lines_of(context.reading(), row)}
    return _edit_page(row, book, form=form, typed=typed, wrong={}, upload=form)


@blueprint.post("/budgets/<budget_id>/adopt")
@requires(KEEP)
def adopt_budget(budget_id: str) -> str | Response:
    """Put a draft into force by the assembly's resolution."""
    here, form = context.community(), AdoptForm()
    form.offer()
    row = get(context.reading(), Budget, here.id, budget_id)
    book = get(context.reading(), Book, here.id, row.book_id)
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                service.adopt(
                    session,
                    here.id,
                    budget_id=budget_id,
                    resolution_id=form.resolution.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("预算已生效，业主可以看到"), "ok")
            return redirect(url_for("shares.budget", fund=book.kind, year=row.year))
    row = get(context.reading(), Budget, here.id, budget_id)
    typed = {line.role: (money.plain(line.planned_fen), line.note) for line in service.lines_of(context.reading(), row)}
    return _edit_page(row, book, form=form, typed=typed, wrong={}, adopting=form)


@blueprint.post("/budgets/<budget_id>/discard")
@requires(KEEP)
def discard_budget(budget_id: str) -> Response:
    here = context.community()
    row = get(context.reading(), Budget, here.id, budget_id)
    book = get(context.reading(), Book, here.id, row.book_id)
    with context.writing() as session:
        service.discard(session, here.id, budget_id=budget_id)
    flash(gettext("草稿已删去"), "ok")
    return redirect(url_for("shares.budget", fund=book.kind, year=row.year))
