"""The inbox of a unit: what is to be done, the most pressing first, and the page of one suggestion with its acts."""

import io
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import DateField, MultipleFileField, StringField, TextAreaField

from hoa.affairs.rules import handing, wording
from hoa.affairs.rules.intake import MOST_PHOTOS
from hoa.affairs.rules.states import ACTION_NAMES, OPEN, STATE_NAMES, Action, State
from hoa.affairs.service import handling as service
from hoa.affairs.service import letters as letter_service
from hoa.affairs.service import life, photos, public, reading, reporters, terms
from hoa.affairs.tables import Suggestion
from hoa.affairs.views.handling.base import blueprint, by_link, mine
from hoa.affairs.views.words import name_word, place_word
from hoa.kernel.clock import today
from hoa.kernel.errors import Refusal
from hoa.kernel.workdays import china
from hoa.ports.uploads import Upload
from hoa.web import context
from hoa.web.access import signed_in
from hoa.web.forms import Form, at_most, required
from hoa.web.i18n import told


class AnswerForm(Form):
    text = TextAreaField(lazy_gettext("办理结果"), validators=[required(), at_most(wording.TEXT_LENGTH)])
    photos = MultipleFileField(lazy_gettext("办好以后的照片"))


class ProgressForm(Form):
    text = TextAreaField(lazy_gettext("办到哪一步了"), validators=[required(), at_most(wording.TEXT_LENGTH)])


class PauseForm(Form):
    reason = TextAreaField(lazy_gettext("为什么要等"), validators=[required(), at_most(wording.REASON_LENGTH)])
    until = DateField(lazy_gettext("预计哪天继续办理"), validators=[required()])


class HandBackForm(Form):
    belongs_to = StringField(lazy_gettext("应当由谁办理"), validators=[required(), at_most(handing.OWNER_LENGTH)])
    why = TextAreaField(
        lazy_gettext("为什么不归您单位办理"), validators=[required(), at_most(wording.REASON_LENGTH - 100)]
    )


FORMS: dict[str, type[Form]] = {
    "answer": AnswerForm,
    "progress": ProgressForm,
    "pause": PauseForm,
    "hand_back": HandBackForm,
}


@blueprint.context_processor
def _words() -> dict[str, Any]:
    return {
        "place_word": place_word,
        "name_word": name_word,
        "state_word": lambda row: gettext(STATE_NAMES[State(row.state)]),
        "action_word": lambda step: gettext(ACTION_NAMES[Action(step.action)]),
        "by_link": by_link(),
    }


@blueprint.get("/")
@signed_in
def index() -> str:
    """What waits for the units this person works for."""
    session, here, units = context.reading(), context.community(), mine()
    tasks = service.waiting(session, here.id, units, today(context.now()))
    return render_template(
        "affairs/handling_index.html",
        units=units,
        tasks=tasks,
        late=sum(bool(task.standing.overdue) for task in tasks),
        lately=service.lately(session, here.id, units),
    )


@blueprint.get("/<suggestion_id>")
@signed_in
def show(suggestion_id: str) -> str:
    return _page(_mine(suggestion_id))


def _mine(suggestion_id: str) -> Suggestion:
    return service.find(context.reading(), context.community().id, suggestion_id, mine())


def _page(row: Suggestion, *, act: str = "", form: Form | None = None, lost_photos: bool = False) -> str:
    """One suggestion as its handler sees it. `act` is what was just tried, and `form` what was typed for it."""
    session, day = context.reading(), today(context.now())
    forms = {name: kind(formdata=None, prefix=f"{name}-") for name, kind in FORMS.items()}
    if form is not None:
        forms[act] = form
    given = service.given(session, row)
    state, standing = State(row.state), reading.standing(row, day)
    working = state in (State.ASSIGNED, State.PAUSED)
    acts = {
        "answer": working,
        "progress": working,
        "pause": state is State.ASSIGNED and not standing.overdue,
        "hand_back": state is State.ASSIGNED and handing.may_hand_back(given, day, china()),
    }
    return render_template(
        "affairs/handling_show.html",
        row=row,
        standing=standing,
        steps=reading.history(session, row),
        milestones=terms.milestones(session, row, day) if row.profile != "ten" else (),
        day=day,
        photos=photos.photos(session, row),
        reporter=reporters.shown_to_handler(context.platform().keys, row) if state in OPEN else None,
        letters=letter_service.letters(session, row),
        unit=next(unit for unit in mine() if unit.id == row.handler_id),
        until=service.paused_until(session, row),
        forms_of=forms,
        act=act,
        lost_photos=lost_photos,
        most_photos=MOST_PHOTOS,
        acts=acts,
        lost=_lost(form) if form is not None and not acts[act] else None,
        hand_back_last=handing.last_hand_back_day(given.day, china()) if given else None,
        soonest=day + timedelta(days=1),
        latest=day + timedelta(days=handing.LONGEST_PAUSE_DAYS),
    )


def _lost(form: Form) -> tuple[list[str], list[str]]:
    """What is wrong and what was typed, of an act that is open no more: so that the words can be copied."""
    wrong = [str(error) for errors in form.errors.values() for error in errors]
    typed = [field.data for field in form if field.type in ("StringField", "TextAreaField") and field.data]
    return wrong, typed


def _form(act: str) -> Any:
    return FORMS[act](prefix=f"{act}-")


def _refused(row: Suggestion, act: str, form: Any, refusal: Refusal | None) -> tuple[str, int]:
    """The page with everything that was typed; pictures must be chosen again, which it says."""
    if refusal is not None:
        form.form_errors.append(told(refusal))
    lost = any(sent.filename for sent in request.files.values())
    return _page(row, act=act, form=form, lost_photos=lost), refusal.status if refusal else 422


@blueprint.post("/<suggestion_id>/answer")
@signed_in
def answer(suggestion_id: str) -> Response | tuple[str, int]:
    """反馈结果, with pictures of what was done."""
    row, form = _mine(suggestion_id), _form("answer")
    if not form.validate_on_submit():
        return _refused(row, "answer", form, None)
    try:
        pictures = _pictures()
        with context.writing() as session:
            service.answer(
                session,
                context.platform().files,
                reading.find(session, row.community_id, row.id),
                text=form.text.data or "",
                pictures=pictures,
                **_acting(row),
            )
    except Refusal as refusal:
        return _refused(_mine(suggestion_id), "answer", form, refusal)
    flash(gettext("结果已反馈，提出人会收到消息并评价"), "ok")
    return redirect(url_for("handling.show", suggestion_id=row.id))


def _pictures() -> Sequence[Upload]:
    sent = [one for one in request.files.getlist("answer-photos") if one.filename]
    if len(sent) > MOST_PHOTOS:
        raise photos.TooManyPhotos(count=len(sent), most=MOST_PHOTOS)
    return [photos.checked(one.read(), one.filename or "") for one in sent]


def _acting(row: Suggestion) -> dict[str, Any]:
    return {"handler_id": row.handler_id or "", "by": context.person_id(), "now": context.now()}


@blueprint.post("/<suggestion_id>/progress")
@signed_in
def progress(suggestion_id: str) -> Response | tuple[str, int]:
    row, form = _mine(suggestion_id), _form("progress")
    if not form.validate_on_submit():
        return _refused(row, "progress", form, None)
    try:
        with context.writing() as session:
            life.progress(session, row.community_id, row.id, text=form.text.data or "", **_acting(row))
    except Refusal as refusal:
        return _refused(_mine(suggestion_id), "progress", form, refusal)
    flash(gettext("进展已记下，提出人能看到"), "ok")
    return redirect(url_for("handling.show", suggestion_id=row.id))


@blueprint.post("/<suggestion_id>/pause")
@signed_in
def pause(suggestion_id: str) -> Response | tuple[str, int]:
    row, form = _mine(suggestion_id), _form("pause")
    if not form.validate_on_submit():
        return _refused(row, "pause", form, None)
    try:
        with context.writing() as session:
            found = reading.find(session, row.community_id, row.id)
            # Everybody reads it, also when nobody knows any more which name had to stay out of it.
            keys, typed = context.platform().keys, form.reason.data or ""
            reason = public.written(keys, found, typed, by_handler=True)
            service.pause(session, found, reason=reason, until=form.until.data, **_acting(row))
    except Refusal as refusal:
        return _refused(_mine(suggestion_id), "pause", form, refusal)
    flash(gettext("计时已中止，理由已公开"), "ok")
    return redirect(url_for("handling.show", suggestion_id=row.id))


@blueprint.post("/<suggestion_id>/resume")
@signed_in
def resume(suggestion_id: str) -> Response:
    row = _mine(suggestion_id)
    with context.writing() as session:
        life.resume(session, row.community_id, row.id, **_acting(row))
    flash(gettext("计时已恢复"), "ok")
    return redirect(url_for("handling.show", suggestion_id=row.id))


@blueprint.post("/<suggestion_id>/hand-back")
@signed_in
def hand_back(suggestion_id: str) -> Response | tuple[str, int]:
    """Not ours: back to the desk, saying whose it is."""
    row, form = _mine(suggestion_id), _form("hand_back")
    if not form.validate_on_submit():
        return _refused(row, "hand_back", form, None)
    try:
        with context.writing() as session:
            found = reading.find(session, row.community_id, row.id)
            service.hand_back(
                session, found, belongs_to=form.belongs_to.data or "", why=form.why.data or "", **_acting(row)
            )
    except Refusal as refusal:
        return _refused(_mine(suggestion_id), "hand_back", form, refusal)
    flash(gettext("已退回梳理人员，由他们重新交办"), "ok")
    return redirect(url_for("handling.index"))


@blueprint.get("/<suggestion_id>/photos/<photo_id>")
@signed_in
def photo(suggestion_id: str, photo_id: str) -> Response:
    row = _mine(suggestion_id)
    found = photos.photo_of(context.reading(), row, photo_id)
    data = context.platform().files.get(found.digest)
    return send_file(io.BytesIO(data), mimetype=found.media_type)
