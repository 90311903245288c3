"""The reporter's own page, by a link that only they have: what happened, and what they may do now."""

from collections.abc import Callable

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as BaseResponse
from wtforms import MultipleFileField, TextAreaField

from hoa.affairs.rules import wording
from hoa.affairs.rules.checks import STAR_NAMES, STARS, Via, WrongStars
from hoa.affairs.rules.intake import CATEGORIES, MOST_PHOTOS
from hoa.affairs.rules.states import OPEN, STATE_NAMES, Action, State, allowed
from hoa.affairs.service import handlers, life, links, photos, reading, steps
from hoa.affairs.service.photos import Phase, TooManyPhotos
from hoa.affairs.tables import Place, Suggestion
from hoa.affairs.views.say import story
from hoa.affairs.views.say.base import SENDS, SENDS_FOR, blueprint, shown
from hoa.db import get
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.ports.uploads import Upload
from hoa.web import context
from hoa.web.access import public
from hoa.web.forms import Form, at_most, required
from hoa.web.i18n import told
from hoa.web.security import seconds_to_wait


class NoPhotoChosen(Refusal):
    message = N_("还没有选照片，请先选一张")


class SlowDown(Refusal):
    message = N_("这个网络这会儿提交得太密集，请 %(seconds)s 秒后再试")
    status = 429


class ReopenForm(Form):
    reason = TextAreaField(lazy_gettext("哪里还没有解决"), validators=[required(), at_most(wording.REASON_LENGTH)])


class WithdrawForm(Form):
    reason = TextAreaField(lazy_gettext("为什么撤回（可不填）"), validators=[at_most(wording.REASON_LENGTH)])


class PhotoForm(Form):
    photos = MultipleFileField(lazy_gettext("补照片"))


def own(suggestion_id: str, token: str) -> Suggestion:
    """The suggestion of this link; a wrong link and one of another community look alike."""
    return links.find_by_token(context.reading(), context.platform().keys, context.community().id, suggestion_id, token)


@blueprint.get("/s/<suggestion_id>/<token>")
@public
def track(suggestion_id: str, token: str) -> str:
    return _page(own(suggestion_id, token), token)


def _page(row: Suggestion, token: str, photo_form: PhotoForm | None = None) -> str:
    session, state = context.reading(), State(row.state)
    pictures = photos.photos(session, row)
    place = get(session, Place, row.community_id, row.place_id) if row.place_id else None
    return render_template(
        "affairs/say_track.html",
        row=row,
        token=token,
        place=place,
        category=CATEGORIES[row.category],
        state_name=STATE_NAMES[state],
        standing=reading.standing(row, today(context.now())),
        lines=story.told(session, row),
        handler=handlers.name_of(session, row.community_id, row.handler_id) if row.handler_id else "",
        before=[picture for picture in pictures if picture.phase == Phase.BEFORE],
        after=[picture for picture in pictures if picture.phase == Phase.AFTER],
        may_rate=allowed(state, Action.RATE),
        may_reopen=_may_reopen(row, state),
        reopen_by=life.reopen_by(session, row),
        may_withdraw=allowed(state, Action.WITHDRAW),
        photo_form=(photo_form or PhotoForm(formdata=None)) if state in OPEN else None,
        most_photos=MOST_PHOTOS,
    )


def _may_reopen(row: Suggestion, state: State) -> bool:
    last = life.reopen_by(context.reading(), row)
    return allowed(state, Action.REOPEN) and row.round == 1 and last is not None and today(context.now()) <= last


@blueprint.get("/s/<suggestion_id>/<token>/photo/<photo_id>")
@public
def photo(suggestion_id: str, token: str, photo_id: str) -> Response:
    """A picture of one's own suggestion, cleared for the public or not."""
    found = photos.photo_of(context.reading(), own(suggestion_id, token), photo_id)
    return shown(Upload(context.platform().files.get(found.digest), found.media_type, found.id))


@blueprint.route("/s/<suggestion_id>/<token>/rate", methods=["GET", "POST"])
@public
def rate(suggestion_id: str, token: str) -> str | BaseResponse:
    """评价: five big buttons, one tap; from the message's link, without signing in."""
    row = own(suggestion_id, token)
    if request.method == "POST":
        given = request.form.get("stars", "")
        if not (given.isascii() and given.isdigit() and len(given) == 1):
            raise WrongStars
        with context.writing() as session:
            via = Via.PAGE if context.me() is not None else Via.LINK
            life.rate(session, row.community_id, row.id, stars=int(given), via=via, now=context.now())
        flash(gettext("谢谢，评价已经记下"), "ok")
        return _back(suggestion_id, token)
    if not allowed(State(row.state), Action.RATE):
        return _back(suggestion_id, token)
    return render_template(
        "affairs/say_rate.html",
        row=row,
        token=token,
        answer=_last_answer(row),
        stars=[(number, STAR_NAMES[number]) for number in reversed(STARS)],
        after=[picture for picture in photos.photos(context.reading(), row) if picture.phase == Phase.AFTER],
        may_reopen=_may_reopen(row, State(row.state)),
    )


def _last_answer(row: Suggestion) -> str:
    answers = (Action.ANSWER, Action.ANSWER_AT_ONCE)
    texts = [step.reason for step in reading.history(context.reading(), row) if step.action in answers]
    return texts[-1] if texts else ""


@blueprint.route("/s/<suggestion_id>/<token>/reopen", methods=["GET", "POST"])
@public
def reopen(suggestion_id: str, token: str) -> str | BaseResponse:
    """要求重办, once, with what is still wrong."""
    row = own(suggestion_id, token)
    form = ReopenForm()

    def do(reason: str) -> None:
        with context.writing() as session:
            life.reopen(session, row.community_id, row.id, reason=reason, now=context.now())

    if form.validate_on_submit() and _done(form, form.reason.data, do):
        flash(gettext("已要求重办，重新开始计时"), "ok")
        return _back(suggestion_id, token)
    if request.method == "GET" and not _may_reopen(row, State(row.state)):
        return _back(suggestion_id, token)
    last = life.reopen_by(context.reading(), row)
    return render_template("affairs/say_reopen.html", row=row, token=token, form=form, last=last)


@blueprint.route("/s/<suggestion_id>/<token>/withdraw", methods=["GET", "POST"])
@public
def withdraw(suggestion_id: str, token: str) -> str | BaseResponse:
    """Take it back before anybody sorted it."""
    row = own(suggestion_id, token)
    form = WithdrawForm()

    def do(reason: str) -> None:
        with context.writing() as session:
            life.withdraw(session, row.community_id, row.id, reason=reason, now=context.now())

    if form.validate_on_submit() and _done(form, form.reason.data, do):
        flash(gettext("已撤回"), "ok")
        return _back(suggestion_id, token)
    if request.method == "GET" and not allowed(State(row.state), Action.WITHDRAW):
        return _back(suggestion_id, token)
    return render_template("affairs/say_withdraw.html", row=row, token=token, form=form)


def _done(form: Form, text: str | None, do: Callable[[str], None]) -> bool:
    try:
        do(text or "")
    except Refusal as refusal:
        form.form_errors.append(told(refusal))
        return False
    return True


@blueprint.post("/s/<suggestion_id>/<token>/photos")
@public
def add_photos(suggestion_id: str, token: str) -> str | BaseResponse:
    """A picture that was forgotten, while it is being handled."""
    row = own(suggestion_id, token)
    form = PhotoForm()
    wait = seconds_to_wait(SENDS, SENDS_FOR)
    if wait:
        raise SlowDown(seconds=wait)
    if form.validate_on_submit():
        try:
            _add_photos(row)
        except Refusal as refusal:
            form.photos.errors = [told(refusal)]
        else:
            flash(gettext("照片已经补上"), "ok")
            return _back(suggestion_id, token)
    return _page(own(suggestion_id, token), token, form)


def _add_photos(row: Suggestion) -> None:
    sent = [one for one in request.files.getlist("photos") if one.filename]
    if not sent:
        raise NoPhotoChosen
    if len(sent) > MOST_PHOTOS:
        raise TooManyPhotos(count=len(sent), most=MOST_PHOTOS)
    pictures = [photos.checked(one.read(), one.filename or "") for one in sent]
    with context.writing() as session:
        again = steps.locked(session, row.community_id, row.id)  # two at once must not send twice as many
        if State(again.state) not in OPEN:
            raise photos.PhotosOver
        before = [one for one in photos.photos(session, again) if one.phase == Phase.BEFORE]
        if len(before) + len(pictures) > MOST_PHOTOS:
            raise TooManyPhotos(count=len(before) + len(pictures), most=MOST_PHOTOS)
        files, by = context.platform().files, row.reporter_id
        photos.add(session, files, again, pictures, phase=Phase.BEFORE, by=by, now=context.now())


def _back(suggestion_id: str, token: str) -> BaseResponse:
    return redirect(url_for("say.track", suggestion_id=suggestion_id, token=token))
