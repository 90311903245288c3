"""Papers, steps and announcements on screen, for the group and the street; published papers are for everybody."""

from io import BytesIO

from flask import flash, redirect, render_template, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from hoa.kernel.clock import today
from hoa.kernel.errors import NotFound, Refusal
from hoa.offices.preparing import announcing, paperwork, progress, words
from hoa.offices.preparing.forms import PaperForm, ReasonForm, StepForm, given, sent_file, wanted_file
from hoa.offices.preparing.progress import Progress
from hoa.offices.preparing.rules import papers
from hoa.offices.preparing.rules.clock import Turn
from hoa.offices.preparing.rules.composition import DELEGATIONS
from hoa.offices.preparing.rules.papers import Paper
from hoa.offices.preparing.views import blueprint, found_here
from hoa.web import context
from hoa.web.access import demand, public, requires
from hoa.web.forms import Form
from hoa.web.i18n import told


class AnnounceForm(Form):
    """Nothing but the press."""


ANNOUNCED = {"members": announcing.announce_members, "publish": announcing.announce_papers}


@blueprint.route("/<preparation_id>/papers", methods=["GET", "POST"])
@requires("preparing.work")
def file_paper(preparation_id: str) -> str | Response:
    """What is there, what is missing; the form sends one more."""
    found = found_here(preparation_id)
    form = PaperForm()
    form.offer((*papers.filed(found.row.what), *papers.published(found.row.what)))
    if form.validate_on_submit():
        platform = context.platform()
        try:
            upload = wanted_file("file")
            with context.writing() as session:
                paperwork.file_paper(
                    session,
                    platform.keys,
                    platform.files,
                    context.community().id,
                    preparation_id,
                    kind=Paper(form.kind.data),
                    upload=upload,
                    note=form.note.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
            flash(gettext("文件已保存，公告以前只有小组和街道能看"), "ok")
            return redirect(url_for("preparing.file_paper", preparation_id=preparation_id))
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    return render_template(
        "offices/preparing_papers.html",
        found=found_here(preparation_id),
        row=found.row,
        title=words.TITLES[found.row.what],
        form=form,
        words=papers.WORDS,
    )


@blueprint.get("/<preparation_id>/papers/<paper_id>")
@public
def paper(preparation_id: str, paper_id: str) -> Response:
    """A published file for anybody; before that for those who prepare."""
    row, platform = found_here(preparation_id).row, context.platform()
    found = paperwork.paper_of(context.reading(), row.community_id, row.id, paper_id)
    if found.published_at is None and not context.may("preparing.work"):
        raise NotFound
    data = paperwork.content_of(platform.keys, platform.files, found)
    response = send_file(BytesIO(data), mimetype=found.media_type, as_attachment=True, download_name=found.name)
    response.headers["X-Content-SHA256"] = found.sha256
    return response


def _step(found: Progress, stage: str) -> words.Line:
    """The step that may be marked here; the street's own only by the street."""
    step = found.step(stage)
    if step is None or stage in paperwork.NOT_MARKED:
        raise NotFound
    if step.turn is Turn.STREET:
        demand("preparing.run")
    return words.line(found, step, today(context.now()))


@blueprint.route("/<preparation_id>/steps/<stage>", methods=["GET", "POST"])
@requires("preparing.work")
def step(preparation_id: str, stage: str) -> str | Response:
    """A step was taken, shown by a file or a page."""
    found = found_here(preparation_id)
    line = _step(found, stage)
    form = StepForm(done_on=today(context.now()))
    if form.validate_on_submit():
        try:
            _mark(found, stage, form)
            flash(gettext("已登记完成"), "ok")
            return _back(preparation_id)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    return render_template(
        "offices/preparing_step.html", form=form, row=found.row, line=line, title=words.TITLES[found.row.what]
    )


def _mark(found: Progress, stage: str, form: StepForm) -> None:
    platform, here, upload = context.platform(), context.community().id, sent_file("file")
    by, now = context.person_id(), context.now()
    with context.writing() as session:
        kept = None
        if upload is not None:
            kept = paperwork.file_paper(
                session,
                platform.keys,
                platform.files,
                here,
                found.row.id,
                kind=Paper.EVIDENCE,
                upload=upload,
                note=stage,
                by=by,
                now=now,
            )
        paperwork.mark(
            session,
            here,
            found.row.id,
            step=stage,
            done_on=given(form.done_on.data),
            note=form.note.data or "",
            paper_id=kept.id if kept else None,
            url=form.url.data or None,
            by=by,
            now=now,
        )


@blueprint.route("/<preparation_id>/steps/<stage>/undo", methods=["GET", "POST"])
@requires("preparing.work")
def undo_step(preparation_id: str, stage: str) -> str | Response:
    """Take a mark back that was set by mistake; both stay in the history."""
    found = found_here(preparation_id)
    line = _step(found, stage)
    form = ReasonForm()
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                paperwork.undo(
                    session,
                    context.community().id,
                    preparation_id,
                    step=stage,
                    reason=form.reason.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
            flash(gettext("已撤回，原来的记录保留"), "ok")
            return _back(preparation_id)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    return render_template(
        "offices/preparing_undo.html", form=form, row=found.row, line=line, title=words.TITLES[found.row.what]
    )


@blueprint.route("/<preparation_id>/announce/<stage>", methods=["GET", "POST"])
@requires("preparing.announce")
def announce(preparation_id: str, stage: str) -> str | Response:
    """What will hang on the board, then the one press that hangs it there with its hash."""
    found = found_here(preparation_id)
    if stage not in ANNOUNCED:
        raise NotFound
    wrong = ""
    form = AnnounceForm()
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                ANNOUNCED[stage](
                    session,
                    context.community().id,
                    preparation_id,
                    url=url_for("preparing.show", preparation_id=preparation_id),
                    by=context.person_id(),
                    now=context.now(),
                )
            flash(gettext("已公告，内容已固定，业主可以提出异议"), "ok")
            return _back(preparation_id)
        except Refusal as refusal:
            wrong = told(refusal)
    return render_template(
        "offices/preparing_announce.html",
        found=found,
        row=found.row,
        stage=stage,
        wrong=wrong,
        form=form,
        line=_step(found, stage),
        title=words.TITLES[found.row.what],
        delegations=DELEGATIONS,
        files=[(kind, progress.latest(found.papers, kind)) for kind in papers.published(found.row.what)],
        words=papers.WORDS,
    )


def _back(preparation_id: str) -> Response:
    return redirect(url_for("preparing.show", preparation_id=preparation_id))
