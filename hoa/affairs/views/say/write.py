"""The one page on which something is said: words, pictures, where, and how to reach whoever says it.

What was typed is kept under the page's own id before anything is checked further, so neither a refused picture nor a
wrong code nor signing in on the way loses it; without JavaScript too.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import Response, redirect, render_template, request, url_for
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response as BaseResponse
from wtforms import BooleanField, HiddenField, MultipleFileField, StringField, TelField, TextAreaField

from hoa.affairs.rules import intake as rules
from hoa.affairs.service import drafts, photos, places
from hoa.affairs.service.drafts import Written
from hoa.affairs.views.say import sending
from hoa.affairs.views.say.base import (
    SENDS,
    SENDS_FOR,
    blueprint,
    browser,
    channel_of,
    demand,
    demand_room,
    field,
    kept,
    place_of,
    shown,
)
from hoa.affairs.views.say.start import demand_category, wanted_floor
from hoa.kernel import identifiers
from hoa.kernel.errors import NotFound, Refusal
from hoa.kernel.ids import new_id
from hoa.ports.uploads import Upload
from hoa.web import context
from hoa.web.access import public
from hoa.web.forms import Form, at_most
from hoa.web.i18n import told
from hoa.web.security import seconds_to_wait


class SayForm(Form):
    text = TextAreaField(lazy_gettext("是什么事"), validators=[at_most(rules.MOST_TEXT)])
    photos = MultipleFileField(lazy_gettext("照片"))
    spot = StringField(lazy_gettext("具体位置"), validators=[at_most(rules.MOST_SPOT)])
    phone = TelField(lazy_gettext("手机号"))
    name = StringField(lazy_gettext("称呼"), validators=[at_most(rules.MOST_NAME)])
    may_call = BooleanField(lazy_gettext("承办单位可以打电话问我"))
    category = HiddenField()
    place_code = HiddenField()
    building = HiddenField()
    entrance = HiddenField()
    floor = HiddenField()


@blueprint.get("/say/new")
@public
def new() -> str:
    """An empty page with an id of its own."""
    written = Written(category=demand_category(field("category")), place_code=field("place"), **_chosen_place())
    return page(new_id(), written, SayForm(formdata=None))


@blueprint.route("/say/draft/<kept_id>", methods=["GET", "POST"])
@public
def draft(kept_id: str) -> str | BaseResponse:
    """What was written so far, to go on with."""
    if not drafts.is_draft_id(kept_id):
        raise NotFound
    before = kept(kept_id)
    if before is not None and before.sent:
        return sending.to_sent(before.sent)
    if request.method == "POST":
        return _posted(kept_id, before or Written())
    if before is None:
        raise drafts.DraftGone
    if field("moved"):
        before = replace(before, place_code="", **_chosen_place())
    return page(kept_id, before, SayForm(formdata=None, data={**vars_of(before)}))


def _chosen_place() -> dict[str, Any]:
    building, entrance, floor = field("building"), field("entrance"), wanted_floor()
    found = places.checked(context.reading(), context.community().id, building, entrance, floor)
    return {
        "building": found.building,
        "entrance": found.entrance,
        "floor": int(found.floor) if found.floor else None,
    }


def vars_of(written: Written) -> dict[str, Any]:
    return {name: getattr(written, name) for name in ("text", "spot", "phone", "name", "may_call")}


def page(kept_id: str, written: Written, form: SayForm, *, status: int = 200, wait: int = 0) -> str:
    """The page; `wait` seconds are to pass before it may be sent."""
    place = place_of(written.place_code)
    numbers = drafts.picture_numbers(context.reading(), context.community().id, kept_id)
    html = render_template(
        "affairs/say_write.html",
        form=form,
        written=written,
        place=place,
        category_name=rules.CATEGORIES[demand_category(written.category)],
        kept_id=kept_id,
        pictures=numbers,
        most_pictures=rules.MOST_PHOTOS,
        wait=wait,
    )
    return html if status == 200 else _with_status(html, status, wait)  # type: ignore[return-value]


def _with_status(html: str, status: int, wait: int) -> Response:
    response = Response(html, status=status, mimetype="text/html")
    if wait:
        response.headers["Retry-After"] = str(wait)
    return response


def _posted(kept_id: str, before: Written) -> str | BaseResponse:
    form = SayForm()
    written = _typed(form, before)
    wait = seconds_to_wait(SENDS, SENDS_FOR)
    if wait:
        return page(kept_id, written, form, status=429, wait=wait)
    fine = form.validate_on_submit()
    pictures = _sent_pictures(form)
    where_next = request.form.get("step") == "where"
    if not where_next:
        _check(form, written, kept_id, pictures)
    _keep(kept_id, form, written, pictures)
    if where_next and fine and not form.photos.errors:
        return redirect(url_for("say.where", category=written.category, kept=kept_id))
    if form.errors or form.form_errors:
        return page(kept_id, written, form)
    return sending.onward(kept_id, written)


def _typed(form: SayForm, before: Written) -> Written:
    floor = form.floor.data or ""
    phone = form.phone.data or ""
    return replace(
        before,
        category=demand_category(form.category.data or ""),
        place_code=form.place_code.data or "",
        **_checked_place(form, floor),
        text=(form.text.data or "").replace("\r\n", "\n"),
        spot=form.spot.data or "",
        name=form.name.data or "",
        phone=phone,
        may_call=bool(form.may_call.data),
        follows="",
        code_id=before.code_id if phone == before.phone else "",
    )


def _checked_place(form: SayForm, floor: str) -> dict[str, Any]:
    """Where the form says it is; a building that the register does not know (any more) is refused with those it has."""
    number = int(floor) if floor.isascii() and floor.isdigit() and len(floor) < 4 else None
    found = places.checked(
        context.reading(), context.community().id, form.building.data or "", form.entrance.data or "", number
    )
    return {"building": found.building, "entrance": found.entrance, "floor": int(found.floor) if found.floor else None}


def _sent_pictures(form: SayForm) -> list[Upload]:
    """The pictures that may be kept; what is wrong with others stands beside the field, and these are kept anyway. Of
    more than may be sent none beyond that number is even opened: a small file may hold a picture that takes seconds.
    """
    found, wrong = [], list(form.photos.errors)
    chosen = [sent for sent in request.files.getlist("photos") if sent.filename]
    if len(chosen) > rules.MOST_PHOTOS:
        wrong.append(told(photos.TooManyPhotos(count=len(chosen), most=rules.MOST_PHOTOS)))
    for sent in chosen[: rules.MOST_PHOTOS]:
        try:
            found.append(photos.checked(sent.read(), sent.filename or ""))
        except Refusal as refusal:
            wrong.append(told(refusal))
    form.photos.errors = wrong
    return found


def _check(form: SayForm, written: Written, kept_id: str, pictures: Sequence[Upload]) -> None:
    """What the rules say of it, at the field it is about."""
    held = drafts.picture_numbers(context.reading(), context.community().id, kept_id)
    dropped = _dropped(held)
    try:
        rules.check(sending.said_of(written, channel_of(written)), photos=len(held) - len(dropped) + len(pictures))
    except rules.NothingSaid as refusal:
        form.text.errors = [*form.text.errors, told(refusal)]
    except (rules.TextTooLong, rules.SpotTooLong, rules.NameTooLong):
        pass  # the fields' own lengths say so already
    if context.me() is None:
        try:
            identifiers.mobile(written.phone)
        except Refusal as refusal:
            form.phone.errors = [*form.phone.errors, told(refusal)]


def _dropped(held: Sequence[int]) -> set[int]:
    """Kept pictures that are not wanted after all."""
    return {seq for seq in held if str(seq) in request.form.getlist("drop")}


def _keep(kept_id: str, form: SayForm, written: Written, pictures: Sequence[Upload]) -> None:
    """Everything that was typed and every picture that may be kept, whatever else is wrong with the page."""
    keys, here = context.platform().keys, context.community()
    if len(written.text) > rules.MOST_TEXT or len(written.spot + written.name + written.phone) > 200:
        # The page shows it again, to be shortened; it is not ours to keep at any length.
        written = replace(written, text="", spot="", name="", phone="")
    with context.writing() as session:
        drafts.save(session, keys, here.id, kept_id, replace(written, browser=browser()), now=context.now())
        for seq in _dropped(drafts.picture_numbers(session, here.id, kept_id)):
            drafts.drop_picture(session, here.id, kept_id, seq)
        try:
            demand_room(pictures)
            drafts.add_pictures(session, keys, here.id, kept_id, pictures)
        except (photos.TooManyPhotos, drafts.NoRoomForPhotos) as refusal:
            form.photos.errors = [*form.photos.errors, told(refusal)]


@blueprint.get("/say/draft/<kept_id>/photo/<int:seq>")
@public
def kept_photo(kept_id: str, seq: int) -> Response:
    """A picture of a page that is not sent yet, shown where it is written."""
    demand(kept_id)
    keys, here = context.platform().keys, context.community()
    return shown(drafts.picture(context.reading(), keys, here.id, kept_id, seq))
