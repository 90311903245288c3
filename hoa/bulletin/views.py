"""The notice board: everything published, objections and answers, the short address on printed QR codes."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse
from wtforms import IntegerField, StringField, TextAreaField
from wtforms.validators import NumberRange

from hoa.bulletin import marks, service
from hoa.bulletin.current import has_moved
from hoa.bulletin.powers import answering
from hoa.bulletin.tables import Objection, Publication
from hoa.community.tables import Community
from hoa.db import get
from hoa.kernel import canonical
from hoa.kernel.clock import today
from hoa.kernel.errors import NotFound, Refusal
from hoa.web import context
from hoa.web.access import demand, public, requires, signed_in
from hoa.web.forms import Form, at_most, required
from hoa.web.i18n import told

PAGE = 20

blueprint = Blueprint("bulletin", __name__, url_prefix="/c/<community_code>/bulletin")
short = Blueprint("bulletin_short", __name__)


@blueprint.app_context_processor
def _marked() -> dict[str, object]:
    """`supervisors_marks(publication_id)` wherever a publication is read: other rooms show theirs on own pages."""
    return {"supervisors_marks": lambda row_id: marks.of(context.reading(), context.community().id, [row_id])}


class NoticeForm(Form):
    title = StringField(lazy_gettext("标题"), validators=[required(), at_most(80)])
    body = TextAreaField(lazy_gettext("正文"), validators=[required(), at_most(8000)])
    days = IntegerField(
        lazy_gettext("公示天数"),
        default=service.DISPLAY_DAYS,
        validators=[NumberRange(service.DISPLAY_DAYS, 365, message=lazy_gettext("公示期为 %(min)s 到 %(max)s 天"))],
    )


class TextForm(Form):
    text = TextAreaField(lazy_gettext("内容"), validators=[required(), at_most(2000)])


@blueprint.get("/")
@public
def board() -> str:
    session, here = context.reading(), context.community()
    total = service.number_of_publications(session, here.id)
    pages = max(1, -(-total // PAGE))
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    rows = service.publications(session, here.id, limit=PAGE, offset=(page - 1) * PAGE)
    objected = marks.of(session, here.id, [row.id for row in rows])
    me = context.me()
    return render_template(
        "bulletin/board.html",
        rows=[(row, has_moved(session, row)) for row in rows],
        objected={mark.publication_id for mark in objected if mark.lifted_at is None},
        page=page,
        pages=pages,
        total=total,
        today=today(context.now()),
        subscribed=service.is_subscribed(session, here.id, me.id) if me else None,
    )


@blueprint.get("/<publication_id>")
@public
def show(publication_id: str) -> str:
    return _page(publication_id, TextForm())


def _page(publication_id: str, form: TextForm) -> str:
    session, here = context.reading(), context.community()
    publication = get(session, Publication, here.id, publication_id)
    return render_template(
        "bulletin/publication.html",
        publication=publication,
        moved=has_moved(session, publication),
        objections=service.objections(session, here.id, publication_id),
        on_display=today(context.now()) <= publication.display_until,
        address=context.platform().settings.base_url + url_for("bulletin_short.follow", publication_id=publication_id),
        form=form,
        may_answer=context.may(answering(publication.kind)),
    )


@blueprint.get("/<publication_id>/content.json")
@public
def content(publication_id: str) -> Response:
    """The exact bytes whose SHA-256 is printed beside the QR code."""
    publication = get(context.reading(), Publication, context.community().id, publication_id)
    response = Response(canonical.encode(publication.content), mimetype="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="publication-{publication_id}.json"'
    return response


@short.get("/p/<publication_id>")
@public
def follow(publication_id: str) -> BaseResponse:
    """Where a printed QR code leads, whatever becomes of the pages' addresses."""
    query = select(Community.code, Publication.url).join(Publication, Publication.community_id == Community.id)
    found = context.reading().execute(query.where(Publication.id == publication_id)).one_or_none()
    if found is None:
        raise NotFound
    code, url = found
    return redirect(url or url_for("bulletin.show", community_code=code, publication_id=publication_id))


@blueprint.route("/new", methods=["GET", "POST"])
@requires("bulletin.publish")
def publish() -> str | BaseResponse:
    form = NoticeForm()
    if form.validate_on_submit():
        with context.writing() as session:
            publication = service.publish_notice(
                session,
                context.community().id,
                title=form.title.data or "",
                body=(form.body.data or "").replace("\r\n", "\n"),
                by=context.person_id(),
                now=context.now(),
                display_days=form.days.data or service.DISPLAY_DAYS,
            )
        flash(gettext("已公示，内容已固定，可以打印二维码张贴"), "ok")
        return redirect(url_for("bulletin.show", publication_id=publication.id))
    return render_template("bulletin/new.html", form=form)


@blueprint.post("/<publication_id>/object")
@requires("bulletin.object")
def object_to(publication_id: str) -> str | BaseResponse:
    form = TextForm()
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                service.object_to(
                    session,
                    context.community().id,
                    publication_id=publication_id,
                    text=form.text.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("异议已提交，应在 10 个工作日内公开答复"), "ok")
            return redirect(url_for("bulletin.show", publication_id=publication_id))
    return _page(publication_id, form)


@blueprint.route("/objections/<objection_id>", methods=["GET", "POST"])
@signed_in
def answer(objection_id: str) -> str | BaseResponse:
    """Whoever published answers: the committee, or the group for what it announced."""
    here = context.community()
    objection = get(context.reading(), Objection, here.id, objection_id)
    publication = get(context.reading(), Publication, here.id, objection.publication_id)
    demand(answering(publication.kind))
    form = TextForm()
    if form.validate_on_submit():
        with context.writing() as session:
            service.answer(
                session,
                here.id,
                objection_id=objection_id,
                text=form.text.data or "",
                by=context.person_id(),
                now=context.now(),
            )
        flash(gettext("答复已公开"), "ok")
        return redirect(url_for("bulletin.show", publication_id=objection.publication_id))
    return render_template("bulletin/answer.html", form=form, objection=objection, publication=publication)


@blueprint.post("/subscription")
@signed_in
def subscription() -> BaseResponse:
    """Switch the text messages on or off."""
    here, person = context.community(), context.person_id()
    with context.writing() as session:
        if request.form.get("want") == "yes":
            service.subscribe(session, here.id, person_id=person, now=context.now())
            flash(gettext("以后有新公示会发短信告诉您"), "ok")
        else:
            service.unsubscribe(session, here.id, person_id=person)
            flash(gettext("不再发短信了"), "ok")
    return redirect(url_for("bulletin.board"))
