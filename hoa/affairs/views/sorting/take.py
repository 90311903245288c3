"""网格收事: staff write down what they heard on the phone, at a door or in a chat, or found in a box; many in turn."""

import json
from collections.abc import Sequence

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from flask_wtf.file import MultipleFileField
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import BooleanField, IntegerField, RadioField, SelectField, StringField, TelField, TextAreaField
from wtforms.validators import NumberRange, Optional

from hoa.affairs.powers import INTAKE
from hoa.affairs.rules.intake import (
    CATEGORIES,
    CHANNEL_NAMES,
    MOST_NAME,
    MOST_PHOTOS,
    MOST_SPOT,
    MOST_TEXT,
    Channel,
    Said,
    SentTooMany,
)
from hoa.affairs.rules.intake import check as check_said
from hoa.affairs.service import intake, life, places, reporters
from hoa.affairs.service.photos import Pictures
from hoa.affairs.tables import Suggestion
from hoa.affairs.views.sorting.acts import uploads_of
from hoa.affairs.views.sorting.base import blueprint
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.identifiers import mobile
from hoa.offices import places as register
from hoa.web import context
from hoa.web.access import requires
from hoa.web.forms import Form, Parses, at_most, options, required
from hoa.web.i18n import told

# What staff write down for somebody else; posters, pages and other software write for themselves.
CHANNELS = (Channel.PHONE, Channel.VISIT, Channel.GROUP, Channel.BOX)
PLACE, PARTS = "place:", "parts:"


class PhoneTooOften(Refusal):
    """Every step is told to this phone, which nobody has proven: not a way to pester somebody."""

    message = N_("这个手机号刚才已经登记了 %(count)s 件，请核对号码；没写错的，请 %(minutes)s 分钟后再登记，或者不填它")
    status = 429


class TakeForm(Form):
    channel = RadioField(
        lazy_gettext("从哪里听到的"),
        choices=options((str(key), lazy_gettext(CHANNEL_NAMES[key])) for key in CHANNELS),
        validators=[required()],
    )
    category = SelectField(lazy_gettext("类别"), validators=[required()])
    text = TextAreaField(lazy_gettext("说了什么"), validators=[at_most(MOST_TEXT)])
    where = SelectField(lazy_gettext("在哪里"), default="")
    floor = IntegerField(lazy_gettext("楼层"), validators=[Optional(), NumberRange(-9, 199)])
    spot = StringField(lazy_gettext("具体位置"), validators=[at_most(MOST_SPOT)])
    pictures = MultipleFileField(lazy_gettext("照片"))
    name = StringField(lazy_gettext("提出人姓名"), validators=[at_most(MOST_NAME)])
    phone = TelField(lazy_gettext("提出人手机号"), validators=[Optional(), Parses(mobile)])
    may_call = BooleanField(lazy_gettext("提出人同意把姓名和电话告诉承办单位"))

    def offer(self, session: Session, community_id: str) -> None:
        """The categories, the places with a poster, and the buildings with their entrances."""
        self.category.choices = options(
            [("", gettext("请选择")), *((key, gettext(name)) for key, name in CATEGORIES.items())]
        )
        marked = [(PLACE + row.id, row.name) for row in places.places(session, community_id)]
        self.where.choices = options([("", gettext("没有说，或者在楼外")), *_buildings(session, community_id), *marked])

    def said(self) -> Said:
        """What was written down. A place with a poster brings its own building."""
        session, here = context.reading(), context.community()
        chosen, building, entrance, place_id, floor = self.where.data or "", "", "", None, self.floor.data
        if chosen.startswith(PLACE):
            place = next(row for row in places.places(session, here.id) if PLACE + row.id == chosen)
            place_id, building, entrance = place.id, place.building, place.entrance
            floor = place.floor if floor is None else floor
        elif chosen.startswith(PARTS):
            building, entrance = json.loads(chosen.removeprefix(PARTS))
        return Said(
            category=self.category.data,
            text=self.text.data or "",
            channel=Channel(self.channel.data),
            building=building,
            entrance=entrance,
            floor=floor,
            spot=self.spot.data or "",
            place_id=place_id,
            name=self.name.data or "",
            phone=mobile(self.phone.data) if self.phone.data else None,
            may_call=bool(self.may_call.data),
        )


def _buildings(session: Session, community_id: str) -> Sequence[tuple[str, str]]:
    """Each building as a whole, then its entrances, as the register names them."""
    found = []
    for building, entrances in register.buildings(session, community_id).items():
        found.append((PARTS + json.dumps([building, ""]), building))
        found += [(PARTS + json.dumps([building, one]), f"{building} {one}") for one in entrances if one]
    return found


@blueprint.route("/take", methods=["GET", "POST"])
@requires(INTAKE)
def take() -> str | Response:
    """Write one down; "save and next" opens an empty sheet that stays with the channel and the place."""
    session, here, form = context.reading(), context.community(), TakeForm()
    form.offer(session, here.id)
    if request.method == "GET":
        form.channel.data, form.where.data = request.args.get("channel"), request.args.get("where", "")
    if form.validate_on_submit():
        try:
            row = _receive(form)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("%(label)s 已登记", label=row.label), "ok")
            return redirect(_after(form))
    return render_template("affairs/sorting_take.html", form=form, most_photos=MOST_PHOTOS)


def _after(form: TakeForm) -> str:
    if request.form.get("then") == "next":
        return url_for("sorting.take", channel=form.channel.data, where=form.where.data or None)
    return url_for("home.community")


def _receive(form: TakeForm) -> Suggestion:
    here, now = context.community(), context.now()
    said, pictures = form.said(), uploads_of(form.pictures.data)
    check_said(said, photos=len(pictures))
    # A floor that the building does not have is a slip of the pen; the reporter's own words go into the spot.
    places.checked(context.reading(), here.id, said.building, said.entrance, said.floor if said.entrance else None)
    keys = context.platform().keys
    with context.writing() as session:
        if said.phone:
            _demand_not_too_often(session, reporters.phone_key(keys, here.id, said.phone))
        brought = Pictures(context.platform().files, pictures)
        return life.receive(session, keys, here.id, said, now=now, by=context.person_id(), pictures=brought)


def _demand_not_too_often(session: Session, phone_key: str) -> None:
    here, now = context.community(), context.now()
    try:
        intake.demand_not_too_many(session, here.id, reporter_id=None, phone_key=phone_key, now=now)
    except SentTooMany as refusal:
        raise PhoneTooOften(**refusal.params) from None
