"""Importing a workbook through the browser: send it, look at what would change, confirm, see what came of it."""

import csv
import io
from typing import Any

from flask import Response, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField, FileRequired
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse
from wtforms import BooleanField, SelectField

from hoa.community import imports
from hoa.community.export import safe_csv
from hoa.community.rules import BASIS_WORDS, AreaBasis
from hoa.community.tables import Community, ImportBatch
from hoa.community.views import blueprint, download
from hoa.community.workbook import UPLOAD_LIMIT, too_large
from hoa.db import get
from hoa.jobs import Run, enqueue
from hoa.kernel.errors import N_, Refusal
from hoa.web import context
from hoa.web.access import requires
from hoa.web.forms import Form, options
from hoa.web.i18n import told

READ, WRITE = "community.read", "community.import"
SHOWN_PROBLEMS = 300


class UploadForm(Form):
    file = FileField(lazy_gettext("名册文件"), validators=[FileRequired(lazy_gettext("请选择文件"))])
    basis = SelectField(
        lazy_gettext("“建筑面积”一列的依据"),
        description=lazy_gettext("列名已写明登记、实测或合同面积的，以列名为准"),
        default=AreaBasis.REGISTERED.value,
    )

    def offer(self) -> None:
        self.basis.choices = options((basis.value, gettext(word)) for basis, word in BASIS_WORDS.items())


class ConfirmForm(Form):
    remove_missing = BooleanField(lazy_gettext("把文件里没有的专有部分从名册中移出"))


class NotXlsx(Refusal):
    message = N_("请选择以 .xlsx 结尾的文件；其他格式请先另存为 .xlsx")


@blueprint.route("/register/imports/", methods=["GET", "POST"])
@requires("register.edit")
def send() -> str | BaseResponse:
    """Send a workbook; reading it is background work. Nothing changes before somebody has looked and confirmed."""
    form = UploadForm()
    form.offer()
    if form.validate_on_submit():
        try:
            return redirect(url_for("jobs.show", job_id=_accept(form)))
        except Refusal as refusal:
            form.file.errors = [told(refusal)]
    query = select(ImportBatch).where(ImportBatch.community_id == context.community().id)
    batches = context.reading().scalars(query.order_by(ImportBatch.asked_at.desc(), ImportBatch.id).limit(20)).all()
    return render_template("community/imports.html", form=form, batches=batches, most_mb=UPLOAD_LIMIT // 2**20)


def _accept(form: UploadForm) -> str:
    sent = form.file.data
    name = str(sent.filename or "")
    if not name.lower().endswith((".xlsx", ".xlsm")):
        raise NotXlsx
    data = sent.stream.read(UPLOAD_LIMIT + 1)
    if len(data) > UPLOAD_LIMIT:
        raise too_large()
    here, platform = context.community(), context.platform()
    with context.writing() as session:
        batch = imports.begin(
            session,
            platform,
            here.id,
            data=data,
            file_name=name,
            basis=AreaBasis(form.basis.data),
            by=context.person_id(),
            now=context.now(),
        )
        return _ask(session, READ, batch)


def _ask(session: Session, kind: str, batch: ImportBatch) -> str:
    job = enqueue(
        session,
        kind,
        {"batch": batch.id},
        now=context.now(),
        community_id=batch.community_id,
        person_id=context.person_id(),
    )
    return job.id


@blueprint.get("/register/imports/<batch_id>")
@requires("register.edit")
def look(batch_id: str) -> str:
    """The preview of a batch, or what came of it."""
    batch = get(context.reading(), ImportBatch, context.community().id, batch_id)
    here = context.reading().get(Community, context.community().id)
    assert here is not None
    return render_template(
        "community/import.html",
        batch=batch,
        preview=batch.preview,
        form=ConfirmForm(),
        stale=batch.state == imports.READY and batch.register_version != here.register_version,
        told_problem=_told_problem,
        shown_problems=SHOWN_PROBLEMS,
    )


def _told_problem(problem: dict[str, Any]) -> str:
    return told({"message": problem["message"], "params": problem["params"]})


@blueprint.post("/register/imports/<batch_id>")
@requires("register.edit")
def confirm(batch_id: str) -> BaseResponse:
    """Write what was previewed; refused when the register has changed since."""
    form = ConfirmForm()
    if not form.validate_on_submit():
        return redirect(url_for("community.look", batch_id=batch_id))
    with context.writing() as session:
        batch = imports.confirm(
            session, context.community().id, batch_id, remove_missing=bool(form.remove_missing.data)
        )
        if batch.state == imports.DONE:
            return redirect(url_for("community.look", batch_id=batch_id))
        job_id = _ask(session, WRITE, batch)
    return redirect(url_for("jobs.show", job_id=job_id))


@blueprint.post("/register/imports/<batch_id>/again")
@requires("register.edit")
def again(batch_id: str) -> BaseResponse:
    """Read the same file again, after the register has moved on."""
    with context.writing() as session:
        batch = get(session, ImportBatch, context.community().id, batch_id, lock=True)
        if batch.state not in (imports.READY, imports.READING):
            raise imports.NotReady
        job_id = _ask(session, READ, batch)
    return redirect(url_for("jobs.show", job_id=job_id))


@blueprint.get("/register/imports/<batch_id>/problems.csv")
@requires("register.edit")
def problems(batch_id: str) -> Response:
    """Every error and warning as a list to work through beside the workbook."""
    batch = get(context.reading(), ImportBatch, context.community().id, batch_id)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([gettext("种类"), gettext("工作表"), gettext("行"), gettext("列"), gettext("问题和改法")])
    for sort, word in (("errors", gettext("错误")), ("warnings", gettext("提醒"))):
        for problem in (batch.preview or {}).get(sort, []):
            place = [str(problem[key] if problem[key] is not None else "") for key in ("sheet", "row", "column")]
            writer.writerow([safe_csv(cell) for cell in (word, *place, _told_problem(problem))])
    return download(b"\xef\xbb\xbf" + out.getvalue().encode(), "problems.csv", "text/csv; charset=utf-8")


# ------------------------------------------------------------------------------------------------------------- jobs


def read_job(run: Run) -> dict[str, Any]:
    """Read a workbook and make its preview."""
    imports.read_batch(run.platform, run.community, str(run.payload["batch"]), run.progress)
    return _result(run)


def write_job(run: Run) -> dict[str, Any]:
    """Write a confirmed workbook into the register."""
    imports.import_batch(run.platform, run.community, str(run.payload["batch"]), run.progress)
    return _result(run)


def _result(run: Run) -> dict[str, Any]:
    with run.platform.database.reading() as session:
        here = session.get(Community, run.community)
        assert here is not None
        return {"url": f"/c/{here.code}/register/imports/{run.payload['batch']}"}
