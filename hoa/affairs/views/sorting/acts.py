"""What staff do with one suggestion after it was sorted. Each act is tried on how things stand now; one that comes too
late, or is refused, shows the page anew with what was typed.
"""

from collections.abc import Callable, Sequence

from flask import flash, redirect, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from hoa.affairs.powers import PUBLISH, READ, SORT
from hoa.affairs.rules import checks
from hoa.affairs.rules.intake import MOST_PHOTOS
from hoa.affairs.service import desk, life, photos, reading
from hoa.affairs.service.photos import Pictures, TooManyPhotos
from hoa.affairs.tables import Suggestion
from hoa.affairs.views.sorting.base import blueprint, may_look_after
from hoa.affairs.views.sorting.forms import ActForm, AgainForm, MergeForm
from hoa.affairs.views.sorting.show import check_form, page, publish_form, reassign_form
from hoa.kernel.errors import N_, NotAllowed, Refusal
from hoa.ports.uploads import Upload
from hoa.web import context
from hoa.web.access import requires
from hoa.web.i18n import told

Answer = str | Response | tuple[str, int]


class StarsByCall(Refusal):
    message = N_("评价要由提出人本人说出：只有电话回访联系上了才能记评价")


def uploads_of(field: Sequence[FileStorage] | None) -> Sequence[Upload]:
    """The pictures of a file field, looked at and cleaned; an empty field gives none."""
    files = [one for one in field or () if one and one.filename]
    if len(files) > MOST_PHOTOS:
        raise TooManyPhotos(count=len(files), most=MOST_PHOTOS)
    return [photos.checked(one.read(), one.filename or "") for one in files]


def _found(suggestion_id: str) -> Suggestion:
    return reading.find(context.reading(), context.community().id, suggestion_id)


def _act(row: Suggestion, form: ActForm, run: Callable[[Session], object], done: str) -> Answer:
    """Carry out what a form asks for, on the page that it was filled in on."""

    def fresh(session: Session) -> None:
        desk.demand_fresh(session, row, form.seen.data or "")
        run(session)

    return _try(row, form, fresh, done)


def _try(row: Suggestion, form: ActForm, run: Callable[[Session], object], done: str) -> Answer:
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                run(session)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
            return page(_found(row.id), form), refusal.status
        flash(done, "ok")
        return redirect(url_for("sorting.show", suggestion_id=row.id))
    return page(row, form)


@blueprint.post("/suggestions/<suggestion_id>/reassign")
@requires(SORT)
def reassign(suggestion_id: str) -> Answer:
    row = _found(suggestion_id)
    form = reassign_form(row)

    def run(session: Session) -> object:
        return life.reassign(
            session,
            row.community_id,
            row.id,
            handler_id=form.handler.data,
            reason=form.reason.data or "",
            by=context.person_id(),
            now=context.now(),
        )

    return _act(row, form, run, gettext("已改派，期限不变"))


@blueprint.post("/suggestions/<suggestion_id>/merge")
@requires(SORT)
def merge(suggestion_id: str) -> Answer:
    row, form = _found(suggestion_id), MergeForm(prefix="merge-")

    def run(session: Session) -> object:
        into = desk.merge_target(session, row.community_id, label=form.label.data or "", chosen="")
        desk.demand_fresh(session, row, form.seen.data or "", also=[into])
        return life.merge(session, row.community_id, row.id, into_id=into, by=context.person_id(), now=context.now())

    return _try(row, form, run, gettext("已合并，提出人会收到通知"))


@blueprint.post("/suggestions/<suggestion_id>/check")
@requires(READ)
def check(suggestion_id: str) -> Answer:
    """回访 or 实地验收, with a rating if the reporter told one on the phone, and pictures of the place."""
    _demand_looking_after()
    row, form = _found(suggestion_id), check_form()

    def run(session: Session) -> None:
        by, now = context.person_id(), context.now()
        kind, outcome, stars = form.kind.data, form.outcome.data, int(form.stars.data or 0)
        if stars and (kind != checks.Kind.CALL or outcome == checks.Outcome.UNREACHED):
            raise StarsByCall
        pictures = Pictures(context.platform().files, uploads_of(form.pictures.data))
        text = form.text.data or ""
        life.check(
            session,
            row.community_id,
            row.id,
            kind=kind,
            outcome=outcome,
            text=text,
            pictures=pictures,
            by=by,
            now=now,
        )
        if stars:
            life.rate(session, row.community_id, row.id, stars=stars, text=text, via=checks.Via.CALL, now=now)

    return _act(row, form, run, gettext("已记下"))


@blueprint.post("/suggestions/<suggestion_id>/again")
@requires(READ)
def again(suggestion_id: str) -> Answer:
    """要求重办, told in a call: once, with the reporter's reason."""
    _demand_looking_after()
    row, form = _found(suggestion_id), AgainForm(prefix="again-")

    def run(session: Session) -> object:
        reason, by = form.reason.data or "", context.person_id()
        return life.reopen(session, row.community_id, row.id, reason=reason, by_person=by, now=context.now())

    return _act(row, form, run, gettext("已要求重办，期限重新计算"))


def _demand_looking_after() -> None:
    if not may_look_after():
        raise NotAllowed


@blueprint.post("/suggestions/<suggestion_id>/publish")
@requires(PUBLISH)
def publish(suggestion_id: str) -> Answer:
    """公示 with the words that were looked over and the pictures that were ticked; the others stay inside."""
    row = _found(suggestion_id)
    form = publish_form(context.reading(), row)

    def run(session: Session) -> None:
        by, now, ticked = context.person_id(), context.now(), set(form.pictures.data or ())
        for photo in photos.photos(session, row):
            _show(session, row, photo.id, open_to_all=photo.id in ticked)
        life.publish(
            session,
            row.community_id,
            row.id,
            public_text=form.text.data or "",
            public_answer=form.answer.data or "",
            by=by,
            now=now,
        )

    return _act(row, form, run, gettext("已公示，大家都能看到"))


@blueprint.post("/suggestions/<suggestion_id>/photos/<photo_id>")
@requires(PUBLISH)
def show_photo(suggestion_id: str, photo_id: str) -> Response:
    """Whether the public may see a picture: nobody can be recognised on it, or somebody can."""
    row, open_to_all = _found(suggestion_id), request.form.get("open") == "yes"
    photos.photo_of(context.reading(), row, photo_id)
    with context.writing() as session:
        _show(session, row, photo_id, open_to_all=open_to_all)
    flash(gettext("这张照片可以公开") if open_to_all else gettext("这张照片不公开"), "ok")
    return redirect(url_for("sorting.show", suggestion_id=row.id))


def _show(session: Session, row: Suggestion, photo_id: str, *, open_to_all: bool) -> None:
    if open_to_all:
        photos.clear(session, row.community_id, photo_id, by=context.person_id(), now=context.now())
    else:
        photos.hold_back(session, row.community_id, photo_id)
