"""A draft's motions: begin with a template, reword, put in order, take apart, attach; and the attachments as everybody
downloads them."""

from io import BytesIO
from typing import Any

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField, TextAreaField

from hoa.kernel.errors import Refusal
from hoa.ports import uploads
from hoa.resolutions import rulebooks
from hoa.web import context
from hoa.web.access import public, requires
from hoa.web.forms import Form, at_most, options, required
from hoa.web.i18n import told
from voting import service
from voting.powers import CONVENE
from voting.rules.life import State
from voting.rules.matters import MATTERS, Majority, matter
from voting.rules.motion_templates import templates
from voting.rules.warnings import keyword_warnings, mixed
from voting.service import drafts, motions
from voting.tables import Assembly, Motion
from voting.views.shared import blueprint, find


class MotionForm(Form):
    title = StringField(lazy_gettext("表决事项"), validators=[required(), at_most(120)])
    body = TextAreaField(lazy_gettext("方案全文"), validators=[required(), at_most(8000)])
    matter = SelectField(lazy_gettext("事项类别（《民法典》第二百七十八条）"))
    majority = SelectField(
        lazy_gettext("需要的多数"),
        choices=options(
            [
                ("", lazy_gettext("按法律规定")),
                (Majority.SPECIAL.value, lazy_gettext("从严：四分之三以上同意")),
            ]
        ),
    )

    def values(self) -> dict[str, Any]:
        return {
            "title": self.title.data or "",
            "body": (self.body.data or "").replace("\r\n", "\n"),
            "matter_code": self.matter.data,
            "majority": self.majority.data or None,
        }


class DocumentForm(Form):
    file = FileField(lazy_gettext("文件"))


def _form(**values: Any) -> MotionForm:
    form = MotionForm(**values)
    form.matter.choices = options(
        [("", gettext("请选择")), *((code, f"{code} {gettext(found.title)}") for code, found in MATTERS.items())]
    )
    return form


def _draft(code: str) -> Assembly | None:
    assembly = find(code)
    return assembly if assembly.step is State.DRAFT else None


def _desk(code: str) -> Response:
    return redirect(url_for("voting.manage", code=code) + "#motions")


@blueprint.get("/<code>/motions/new")
@requires(CONVENE)
def new_motion(code: str) -> str | Response:
    """An empty form, or one that begins with the template of a matter."""
    assembly = _draft(code)
    if assembly is None:
        return _desk(code)
    form = _form(formdata=None)
    template = templates().get(request.args.get("matter", ""))
    if template is not None:
        form.title.data, form.body.data, form.matter.data = template.title, template.body, template.matter
    return render_template("voting/motion_new.html", assembly=assembly, form=form)


@blueprint.post("/<code>/motions")
@requires(CONVENE)
def add_motion(code: str) -> str | Response:
    assembly = find(code)
    form = _form()
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                service.add_motion(session, assembly.community_id, assembly.id, **form.values())
            return _desk(code)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    return render_template("voting/motion_new.html", assembly=assembly, form=form)


@blueprint.route("/<code>/motions/<motion_id>", methods=["GET", "POST"])
@requires(CONVENE)
def edit_motion(code: str, motion_id: str) -> str | Response:
    assembly = find(code)
    motion = motions.of(context.reading(), assembly, motion_id)
    if assembly.step is not State.DRAFT:
        return _desk(code)
    form = _form(obj=motion)
    if request.method == "GET" and motion.majority == matter(motion.matter).majority.value:
        form.majority.data = ""
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                motions.change(session, assembly.community_id, assembly.id, motion_id, **form.values())
            return _desk(code)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    return _motion_page(assembly, motion, form, DocumentForm(formdata=None))


def _motion_page(assembly: Assembly, motion: Motion, form: MotionForm, upload: DocumentForm) -> str:
    text = f"{motion.title}\n{motion.body}"
    return render_template(
        "voting/motion.html",
        assembly=assembly,
        motion=motion,
        form=form,
        upload=upload,
        warnings=keyword_warnings(matter(motion.matter), text),
        mixed=mixed(matter(motion.matter), motion.title, motion.body),
        books=motions.rulebook_drafts(context.reading(), motion),
    )


@blueprint.post("/<code>/motions/<motion_id>/remove")
@requires(CONVENE)
def remove_motion(code: str, motion_id: str) -> Response:
    assembly = find(code)
    with context.writing() as session:
        drafts.remove_motion(session, assembly.community_id, assembly.id, motion_id)
    return _desk(code)


@blueprint.post("/<code>/motions/<motion_id>/up")
@requires(CONVENE)
def move_motion(code: str, motion_id: str) -> Response:
    assembly = find(code)
    with context.writing() as session:
        motions.move_up(session, assembly.community_id, assembly.id, motion_id)
    return _desk(code)


@blueprint.post("/<code>/motions/<motion_id>/split")
@requires(CONVENE)
def split_motion(code: str, motion_id: str) -> Response:
    assembly = find(code)
    with context.writing() as session:
        second = motions.split(session, assembly.community_id, assembly.id, motion_id)
    flash(gettext("已拆成两项，请分别改好标题和全文"), "ok")
    return redirect(url_for("voting.edit_motion", code=code, motion_id=second.id))


@blueprint.post("/<code>/motions/<motion_id>/stricter")
@requires(CONVENE)
def stricter_motion(code: str, motion_id: str) -> Response:
    assembly = find(code)
    with context.writing() as session:
        motions.make_stricter(session, assembly.community_id, assembly.id, motion_id)
    flash(gettext("这一项改为四分之三以上同意"), "ok")
    return _desk(code)


@blueprint.post("/<code>/motions/<motion_id>/documents")
@requires(CONVENE)
def attach(code: str, motion_id: str) -> str | Response:
    """A file, or the draft of a rulebook that is chosen from a list."""
    assembly = find(code)
    here, files = assembly.community_id, context.platform().files
    form = DocumentForm()
    if form.validate_on_submit():
        try:
            book = request.form.get("book", "")
            sent = form.file.data
            with context.writing() as session:
                if book:
                    motions.attach_rulebook(session, files, here, assembly.id, motion_id, version_id=book)
                else:
                    name, data = (sent.filename or "", sent.read()) if sent else ("", b"")
                    motions.attach(session, files, here, assembly.id, motion_id, name=name, data=data)
            flash(gettext("已附上"), "ok")
            return redirect(url_for("voting.edit_motion", code=code, motion_id=motion_id))
        except Refusal as refusal:
            if refusal.status == 404:
                raise
            form.form_errors.append(told(refusal))
    motion = motions.of(context.reading(), assembly, motion_id)
    return _motion_page(assembly, motion, _form(formdata=None, obj=motion), form)


@blueprint.post("/<code>/motions/<motion_id>/documents/<digest>/remove")
@requires(CONVENE)
def detach(code: str, motion_id: str, digest: str) -> Response:
    assembly = find(code)
    with context.writing() as session:
        motions.detach(session, assembly.community_id, assembly.id, motion_id, digest)
    return redirect(url_for("voting.edit_motion", code=code, motion_id=motion_id))


@blueprint.get("/<code>/documents/<digest>")
@public
def document(code: str, digest: str) -> Response:
    """An attachment, byte for byte as its hash in the notice says; a rulebook's text has a page to read."""
    assembly = find(code)
    found = motions.document(context.reading(), assembly, digest)
    version = rulebooks.by_hash(context.reading(), assembly.community_id, digest)
    if version is not None:
        return redirect(rulebooks.path(context.reading(), version))
    data = context.platform().files.get(digest)
    # What people attach is a PDF or a picture; a candidate's statement is put there by the election, as text.
    is_text = found["title"].endswith(".txt")
    media = "text/plain; charset=utf-8" if is_text else uploads.media_type(data, found["title"])
    response = send_file(BytesIO(data), mimetype=media, as_attachment=True, download_name=found["title"])
    response.headers["X-Content-SHA256"] = digest
    return response
