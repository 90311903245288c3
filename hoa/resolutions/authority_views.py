"""Limits of authority as pages: open to everybody, written down with the clause or the resolution that gives them."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import DateField, SelectField, StringField
from wtforms.validators import Optional

from hoa.community import pack_choice
from hoa.kernel import money
from hoa.kernel.clock import today
from hoa.kernel.errors import Refusal
from hoa.resolutions import authority, rulebooks, rules, service
from hoa.resolutions.powers import SET_LIMITS
from hoa.web import context
from hoa.web.access import public, requires
from hoa.web.forms import Form, Parses, options, required, written_text
from hoa.web.i18n import told

blueprint = Blueprint("authority", __name__, url_prefix="/c/<community_code>/authority")


class LimitForm(Form):
    single = StringField(lazy_gettext("单笔限额（元）"), validators=[required(), Parses(money.parse)])
    yearly = StringField(
        lazy_gettext("全年限额（元）"),
        validators=[Optional(), Parses(money.parse)],
        description=lazy_gettext("一个公历年内自行决定的支出合计；没有规定就留空"),
    )
    clause = SelectField(lazy_gettext("依据议事规则的"))
    resolution = SelectField(lazy_gettext("或者依据业主大会决议"))
    from_on = DateField(lazy_gettext("从哪天起"), validators=[required()])
    until_on = DateField(lazy_gettext("到哪天止（含当天）"), validators=[Optional()])


@blueprint.get("/")
@public
def index() -> str:
    session, here, day = context.reading(), context.community(), today(context.now())
    return render_template(
        "resolutions/authority/index.html",
        found=authority.limits(session, here.id, on=day),
        rows=authority.all_limits(session, here.id),
        rule=pack_choice.current(session, here.id, day=day).parameters["committee_limits"],
        day=day,
    )


@blueprint.route("/new", methods=["GET", "POST"])
@requires(SET_LIMITS)
def new() -> str | Response:
    session, here, day = context.reading(), context.community(), today(context.now())
    form = LimitForm()
    _, clauses = rulebooks.citable(session, here.id, on=day)
    form.clause.choices = options([("", gettext("不选"))] + [(one.id, f"{one.id} {one.text[:30]}") for one in clauses])
    decided = service.citable(session, here.id, on=day, source="assembly")
    form.resolution.choices = options(
        [("", gettext("不选"))]
        + [(row.id, f"{rules.number_text(row.source, row.year, row.number)} {row.title}") for row in decided]
    )
    if form.validate_on_submit():
        assert form.from_on.data is not None
        try:
            with context.writing() as session:
                authority.set_limit(
                    session,
                    here.id,
                    single_fen=money.parse(form.single.data or ""),
                    yearly_fen=money.parse(form.yearly.data) if form.yearly.data else None,
                    clause=form.clause.data or "",
                    resolution_id=form.resolution.data or None,
                    from_on=form.from_on.data,
                    until_on=form.until_on.data,
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("限额已登记并公开"), "ok")
            return redirect(url_for("authority.index"))
    return render_template("resolutions/authority/new.html", form=form)


@blueprint.post("/<limit_id>/end")
@requires(SET_LIMITS)
def end(limit_id: str) -> Response:
    with context.writing() as session:
        because = written_text("because", most=200)
        authority.end_limit(
            session, context.community().id, limit_id, because=because, by=context.person_id(), now=context.now()
        )
    flash(gettext("限额从明天起不再有效"), "ok")
    return redirect(url_for("authority.index"))
