"""The book of resolutions, open to everybody; committee decisions are entered here."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import DateField, StringField, TextAreaField
from wtforms.validators import Optional

from hoa.kernel import money
from hoa.kernel.errors import Refusal
from hoa.resolutions import rules, service
from hoa.web import context
from hoa.web.access import public, requires
from hoa.web.forms import Form, Parses, at_most, required
from hoa.web.i18n import told

blueprint = Blueprint("resolutions", __name__, url_prefix="/c/<community_code>/resolutions")


class DecisionForm(Form):
    title = StringField(lazy_gettext("决定事项"), validators=[required(), at_most(80)])
    text = TextAreaField(lazy_gettext("决定全文"), validators=[required(), at_most(4000)])
    decided_on = DateField(lazy_gettext("会议日期"), validators=[required()])
    limit = StringField(
        lazy_gettext("授权支出上限（元）"),
        validators=[Optional(), Parses(money.parse)],
        description=lazy_gettext("不涉及支出就留空"),
    )
    valid_until = DateField(lazy_gettext("有效期至"), validators=[Optional()])


@blueprint.get("/")
@public
def book() -> str:
    rows = service.resolutions(context.reading(), context.community().id)
    return render_template("resolutions/book.html", rows=rows, number=rules.number_text, sources=rules.SOURCES)


@blueprint.get("/<resolution_id>")
@public
def show(resolution_id: str) -> str:
    resolution = service.get(context.reading(), context.community().id, resolution_id)
    return render_template(
        "resolutions/resolution.html", resolution=resolution, number=rules.number_text, sources=rules.SOURCES
    )


@blueprint.route("/new", methods=["GET", "POST"])
@requires("resolutions.enter")
def enter() -> str | Response:
    """A committee meeting's decision; assembly resolutions come from the announced tally."""
    form = DecisionForm()
    if form.validate_on_submit():
        assert form.decided_on.data is not None
        try:
            with context.writing() as session:
                resolution = service.enter(
                    session,
                    context.community().id,
                    source="committee",
                    title=form.title.data or "",
                    text=(form.text.data or "").replace("\r\n", "\n"),
                    decided_on=form.decided_on.data,
                    valid_until=form.valid_until.data,
                    limit_fen=money.parse(form.limit.data) if form.limit.data else None,
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("决定已登记，不能再改"), "ok")
            return redirect(url_for("resolutions.show", resolution_id=resolution.id))
    return render_template("resolutions/new.html", form=form)
