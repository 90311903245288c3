"""The rulebooks, open to everybody: text with an anchor for each clause, versions, differences, download; and the desk
where drafts are written."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField
from werkzeug.wrappers import Response as BaseResponse
from wtforms import DateField, StringField, TextAreaField
from wtforms.validators import Optional

from hoa.kernel.clock import today
from hoa.kernel.errors import Refusal
from hoa.resolutions import clauses, rulebooks, service
from hoa.resolutions.clauses import BOOKS, UnknownBook
from hoa.resolutions.powers import EDIT_RULEBOOKS
from hoa.resolutions.tables import RulebookVersion
from hoa.web import context
from hoa.web.access import public, requires
from hoa.web.forms import Form, at_most, required
from hoa.web.i18n import told

blueprint = Blueprint("rulebooks", __name__, url_prefix="/c/<community_code>/rulebooks")


class DraftForm(Form):
    text = TextAreaField(
        lazy_gettext("全文"),
        validators=[Optional(), at_most(clauses.LONGEST)],
        description=lazy_gettext("每一条另起一行，以“第一条”开头；一条里的每一款、每一项也另起一行"),
    )
    file = FileField(lazy_gettext("或者上传纯文本文件（.txt）"))

    def words(self) -> str:
        """What was uploaded, otherwise what was typed."""
        sent = self.file.data
        return clauses.decoded(sent.read()) if sent else self.text.data or ""


class FirstForm(Form):
    basis = StringField(
        lazy_gettext("由哪次会议通过"),
        validators=[required(), at_most(120)],
        description=lazy_gettext("例如：首次业主大会会议，2024 年 5 月 18 日"),
    )
    effective_on = DateField(lazy_gettext("生效日期"), validators=[required()])


@blueprint.context_processor
def _words() -> dict[str, Any]:
    return {"BOOKS": BOOKS, "may_edit": context.may(EDIT_RULEBOOKS)}


def _known(book: str) -> str:
    if book not in BOOKS:
        raise UnknownBook
    return book


@blueprint.get("/")
@public
def index() -> str:
    session, here = context.reading(), context.community().id
    shelves = [(book, rulebooks.versions(session, here, book)) for book in BOOKS]
    waiting = rulebooks.drafts(session, here) if context.may(EDIT_RULEBOOKS) else ()
    return render_template("rulebooks/index.html", shelves=shelves, drafts=waiting)


@blueprint.get("/<book>/<int:version>")
@public
def show(book: str, version: int) -> str:
    session, here = context.reading(), context.community().id
    row = rulebooks.version(session, here, _known(book), version)
    every = rulebooks.versions(session, here, book)
    resolution = service.get(session, here, row.resolution_id) if row.resolution_id else None
    return render_template(
        "rulebooks/version.html", version=row, every=every, resolution=resolution, parsed=rulebooks.parsed(row)
    )


@blueprint.get("/<book>/<int:version>/text")
@public
def download(book: str, version: int) -> Response:
    """The text byte for byte: its SHA-256 is the one that assemblies cite."""
    row = rulebooks.version(context.reading(), context.community().id, _known(book), version)
    return _text(row, f"{context.community().code}-{book}-{version}.txt")


@blueprint.get("/<book>/difference")
@public
def difference(book: str) -> str | BaseResponse:
    """Two versions beside each other: the one asked for and the one before it, unless another is named."""
    session, here = context.reading(), context.community().id
    every = rulebooks.versions(session, here, _known(book))
    if len(every) < 2:
        return redirect(url_for("rulebooks.index"))
    newest = every[0].number or 1
    new = request.args.get("new", newest, type=int)
    old = request.args.get("old", new - 1, type=int)
    rows = [rulebooks.version(session, here, book, number) for number in (old, new)]
    changes = clauses.difference(*(rulebooks.parsed(row) for row in rows))
    return render_template(
        "rulebooks/difference.html", book=book, old=rows[0], new=rows[1], changes=changes, every=every
    )


@blueprint.route("/<book>/new", methods=["GET", "POST"])
@requires(EDIT_RULEBOOKS)
def new(book: str) -> str | BaseResponse:
    """A new draft, beginning with the words in force."""
    form = DraftForm()
    here = context.community().id
    present = rulebooks.current(context.reading(), here, _known(book))
    if request.method == "GET" and present is not None:
        form.text.data = present.text
    if form.validate_on_submit():
        try:
            words = form.words()
            with context.writing() as session:
                row = rulebooks.draft(session, here, kind=book, text=words, by=context.person_id(), now=context.now())
            return redirect(url_for("rulebooks.show_draft", draft_id=row.id))
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    return render_template("rulebooks/new.html", form=form, book=book, present=present)


@blueprint.get("/drafts/<draft_id>")
@public
def show_draft(draft_id: str) -> str | BaseResponse:
    """A draft as whoever has its address reads it: the notice of an assembly links here."""
    row = rulebooks.get(context.reading(), context.community().id, draft_id)
    if row.number is not None:
        return redirect(url_for("rulebooks.show", book=row.kind, version=row.number))
    return _draft_page(row, _first_form())


@blueprint.get("/drafts/<draft_id>/text")
@public
def download_draft(draft_id: str) -> Response:
    row = rulebooks.get(context.reading(), context.community().id, draft_id)
    return _text(row, f"{context.community().code}-{row.kind}-{row.sha256[:8]}.txt")


@blueprint.post("/drafts/<draft_id>/first")
@requires(EDIT_RULEBOOKS)
def adopt_first(draft_id: str) -> str | BaseResponse:
    here, form = context.community().id, _first_form()
    if form.validate_on_submit():
        assert form.effective_on.data is not None
        try:
            with context.writing() as session:
                row = rulebooks.adopt_first(
                    session,
                    here,
                    draft_id,
                    basis=form.basis.data or "",
                    effective_on=form.effective_on.data,
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已作为第一版登记并公示"), "ok")
            return redirect(url_for("rulebooks.show", book=row.kind, version=row.number))
    return _draft_page(rulebooks.get(context.reading(), here, draft_id), form)


@blueprint.post("/drafts/<draft_id>/discard")
@requires(EDIT_RULEBOOKS)
def discard(draft_id: str) -> BaseResponse:
    with context.writing() as session:
        rulebooks.discard(session, context.community().id, draft_id, now=context.now())
    flash(gettext("草案已收起"), "ok")
    return redirect(url_for("rulebooks.index"))


def _first_form() -> FirstForm:
    form = FirstForm()
    if request.method == "GET":
        form.effective_on.data = today(context.now())
    return form


def _draft_page(row: RulebookVersion, form: FirstForm) -> str:
    present = rulebooks.current(context.reading(), row.community_id, row.kind)
    parsed = rulebooks.parsed(row)
    changes = clauses.difference(rulebooks.parsed(present), parsed) if present else None
    return render_template(
        "rulebooks/draft.html",
        version=row,
        parsed=parsed,
        present=present,
        changes=changes,
        form=form,
        matter=clauses.MATTERS[row.kind],
    )


def _text(row: RulebookVersion, name: str) -> Response:
    answer = Response(row.text.encode(), mimetype="text/plain")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["X-Content-SHA256"] = row.sha256
    return answer
