"""A body's own page: what it is, how many seats it has, who sits there; and setting these."""

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import DateField, IntegerField, SelectField, StringField
from wtforms.validators import NumberRange, Optional

from hoa.kernel.errors import NotFound, Refusal
from hoa.offices import listing, relationships, rules, service
from hoa.offices.rules import LEGAL_FORMS
from hoa.offices.tables import Body
from hoa.offices.views import in_words, place_in_words, reader
from hoa.web import context
from hoa.web.access import public, requires
from hoa.web.forms import Form, at_most, options, required
from hoa.web.i18n import told

blueprint = Blueprint("bodies", __name__, url_prefix="/bodies")
MOST_SEATS = 99


class BodyForm(Form):
    name = StringField(
        lazy_gettext("名称"),
        validators=[required(), at_most(60)],
        description=lazy_gettext("例如：梧桐苑第一届业主委员会"),
    )
    seats = IntegerField(
        lazy_gettext("计划席位数"),
        validators=[
            Optional(),
            NumberRange(0, MOST_SEATS, message=lazy_gettext("席位数应在 %(min)s 到 %(max)s 之间")),
        ],
        description=lazy_gettext("业主大会决定的委员人数，会议的法定人数和过半数都按它算；没有席位的机构写 0"),
    )
    legal_form = SelectField(lazy_gettext("法律形式"), default="")
    since = DateField(lazy_gettext("成立日期"), validators=[Optional()])
    basis = StringField(
        lazy_gettext("修改的依据"),
        validators=[required(), at_most(200)],
        description=lazy_gettext("例如：业主大会 2026 年第 1 次会议决定、备案文件号"),
    )

    def offer(self) -> None:
        self.legal_form.choices = options(
            [("", gettext("未填写")), *((key, gettext(word)) for key, word in LEGAL_FORMS.items())]
        )


def body_name(body: Body) -> str:
    """Its own name, or what such a body is called, in the reader's language."""
    return gettext(body.name) if body.name == rules.BODIES[body.kind] else body.name


@blueprint.app_context_processor
def _words() -> dict[str, Any]:
    return {"body_name": body_name}


@blueprint.get("/<body>")
@public
def show(body: str) -> str:
    """Name, seats, legal form, since when; who sits there now and who did."""
    session, here, now = context.reading(), context.community(), context.now()
    row = _body(body)
    lines = listing.lines(session, context.platform().keys, here.id, reader=reader(), now=now)
    past = listing.past(session, here.id, reader=reader(), now=now)
    return render_template(
        "offices/body.html",
        body=row,
        sitting=_sitting(row, now),
        lines=[line for line in lines if line.office.body_kind == body],
        past=[line for line in past if line.office.body_kind == body],
        forms_of_law=LEGAL_FORMS,
        title=in_words,
        place=place_in_words,
    )


@blueprint.route("/<body>/edit", methods=["GET", "POST"])
@requires("offices.appoint")
def edit(body: str) -> str | Response:
    row = _body(body)
    form = BodyForm(obj=row)
    form.offer()
    if form.validate_on_submit():
        try:
            _describe(form, body)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已保存，修改写进任免记录"), "ok")
            return redirect(url_for("offices.bodies.show", body=body))
    return render_template("offices/body_edit.html", form=form, body=row)


def _describe(form: BodyForm, kind: str) -> None:
    with context.writing() as session:
        service.describe_body(
            session,
            context.community().id,
            kind=kind,
            name=form.name.data,
            seats=form.seats.data,
            legal_form=form.legal_form.data,
            since=form.since.data,
            basis=form.basis.data or "",
            by=context.person_id(),
            now=context.now(),
        )


def _body(kind: str) -> Body:
    if kind not in rules.BODIES:
        raise NotFound
    return service.body_of(context.reading(), context.community().id, kind)


def _sitting(body: Body, now: datetime) -> int:
    """How many seats are taken at this moment."""
    seats = relationships.seats(context.reading(), context.community().id, since=now)
    return rules.most_at_once(body.kind, [seat for seat in seats if seat.starts_at <= now])
