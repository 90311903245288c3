"""Pages of the archives: the list with its download, asking for one, how long everything is kept, and the lists of what
may be destroyed.
"""

import io

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import RadioField, StringField

from finance.papers.making import TASK
from finance.papers.rules import retention as rules
from finance.papers.service import archives, retention
from finance.papers.tables import Destruction
from finance.rules.charts import TRUST
from finance.rules.years import parse_year
from finance.service.books import books
from finance.views.masking import people
from hoa.db import get
from hoa.jobs import enqueue
from hoa.kernel.clock import today
from hoa.kernel.errors import Refusal
from hoa.web import context
from hoa.web.access import requires
from hoa.web.forms import Form, Parses, at_most, options, required
from hoa.web.i18n import told

blueprint = Blueprint("papers", __name__, url_prefix="/c/<community_code>/archives")


class YearForm(Form):
    year = StringField(
        lazy_gettext("哪一年"), validators=[required(), Parses(parse_year)], description=lazy_gettext("例如 2026")
    )
    book = RadioField(lazy_gettext("哪一本账"), default=TRUST)


class ListForm(Form):
    reason = StringField(lazy_gettext("鉴定意见"), validators=[required(), at_most(300)])


class CarryForm(Form):
    watched_by = StringField(lazy_gettext("监销人"), validators=[required(), at_most(120)])


@blueprint.context_processor
def words() -> dict[str, object]:
    """What the templates of the papers may say."""
    return {
        "kind_name": lambda code: gettext(rules.BY_CODE[code].name),
        "book_name": lambda kind: next(
            (book.name for book in books(context.reading(), context.community().id) if book.kind == kind), kind
        ),
    }


@blueprint.route("", methods=["GET", "POST"])
@requires("archive.read")
def index() -> str | Response:
    """The archives so far; the power to make one shows the form."""
    session, here = context.reading(), context.community()
    form = YearForm()
    there = books(session, here.id)
    form.book.choices = options([(book.kind, book.name) for book in there])
    if not form.is_submitted():
        form.year.data = str(today(context.now()).year - 1)
    elif not context.may("archive.make"):
        return redirect(url_for("papers.index"))
    elif form.validate():
        year = parse_year(form.year.data or "")
        try:
            with context.writing() as writing:
                archives.check(writing, here.id, kind=form.book.data, year=year, day=today(context.now()))
                job = enqueue(
                    writing,
                    TASK,
                    {"book": form.book.data, "year": year},
                    now=context.now(),
                    community_id=here.id,
                    person_id=context.person_id(),
                )
            return redirect(url_for("jobs.show", job_id=job.id))
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    rows = archives.archives(session, here.id)
    return render_template(
        "papers/index.html",
        form=form if any(book.opened_on.year < today(context.now()).year for book in there) else None,
        rows=rows,
        people=people({archive.made_by_id for archive, _ in rows}),
    )


@blueprint.get("/<archive_id>.zip")
@requires("archive.read")
def download(archive_id: str) -> Response:
    """The archive, byte by byte as it was kept."""
    here = context.community()
    kept, book = archives.find(context.reading(), here.id, archive_id)
    data = context.platform().files.get(kept.sha256)
    name = f"{here.code}-{book.kind}-{kept.year}.zip"
    return send_file(io.BytesIO(data), mimetype="application/zip", as_attachment=True, download_name=name)


@blueprint.get("/retention")
@requires("archive.read")
def kept() -> str:
    """How long each kind of paper is kept, and what is past its time."""
    session, here, day = context.reading(), context.community(), today(context.now())
    return render_template(
        "papers/retention.html",
        kept=retention.kept(session, here.id, day=day),
        gone=retention.destroyed(session, here.id),
        lists=retention.lists(session, here.id),
        day=day,
        form=ListForm(formdata=None),
        ticked=(),
    )


@blueprint.post("/retention")
@requires("archive.destroy")
def propose() -> str | Response | tuple[str, int]:
    """A new list of what may be destroyed."""
    session, here, day, form = context.reading(), context.community(), today(context.now()), ListForm()
    ticked = request.form.getlist("item")
    if form.validate():
        try:
            with context.writing() as writing:
                row = retention.propose(
                    writing,
                    here.id,
                    keys=ticked,
                    reason=form.reason.data or "",
                    by=context.person_id(),
                    now=context.now(),
                    day=day,
                )
            flash(gettext("清册已写好，等业主委员会和业主监督委员会各一人签字"), "ok")
            return redirect(url_for("papers.destruction", destruction_id=row.id))
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    page = render_template(
        "papers/retention.html",
        kept=retention.kept(session, here.id, day=day),
        gone=retention.destroyed(session, here.id),
        lists=retention.lists(session, here.id),
        day=day,
        form=form,
        ticked=ticked,
    )
    return page, 422


@blueprint.get("/destructions/<destruction_id>")
@requires("archive.read")
def destruction(destruction_id: str) -> str:
    """One list with its signatures."""
    return _list_page(destruction_id, CarryForm(formdata=None))


@blueprint.post("/destructions/<destruction_id>/sign")
@requires("archive.sign")
def sign(destruction_id: str) -> Response:
    with context.writing() as session:
        retention.sign(
            session, context.community().id, destruction_id=destruction_id, by=context.person_id(), now=context.now()
        )
    flash(gettext("已签字"), "ok")
    return redirect(url_for("papers.destruction", destruction_id=destruction_id))


@blueprint.post("/destructions/<destruction_id>/done")
@requires("archive.destroy")
def carry_out(destruction_id: str) -> str | Response:
    form = CarryForm()
    if form.validate():
        try:
            with context.writing() as session:
                retention.carry_out(
                    session,
                    context.community().id,
                    destruction_id=destruction_id,
                    watched_by=form.watched_by.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
            flash(gettext("已登记销毁，清册永久保管"), "ok")
            return redirect(url_for("papers.destruction", destruction_id=destruction_id))
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    return _list_page(destruction_id, form)


def _list_page(destruction_id: str, form: CarryForm) -> str:
    session, here = context.reading(), context.community()
    row = get(session, Destruction, here.id, destruction_id)
    signed = retention.signatures(session, row)
    mine = retention.side_of(session, here.id, context.person_id(), context.now())
    return render_template(
        "papers/destruction.html",
        row=row,
        signed=signed,
        people=people({row.made_by_id, row.carried_out_by_id, *(one.person_id for one in signed)}),
        may_sign=context.may("archive.sign")
        and row.carried_out_at is None
        and mine not in {one.side for one in signed},
        ready=len(signed) >= rules.SIGNERS and row.carried_out_at is None,
        form=form,
    )
