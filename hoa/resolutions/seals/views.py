"""The register of seals as pages."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import DateField, IntegerField, SelectField, StringField
from wtforms.validators import InputRequired

from hoa.accounts import service as accounts
from hoa.kernel.clock import today
from hoa.kernel.errors import Refusal
from hoa.resolutions import rules as resolution_rules
from hoa.resolutions import service as resolutions
from hoa.resolutions.meetings import service as meetings
from hoa.resolutions.seals import rules, service
from hoa.resolutions.seals.powers import KEEP, READ
from hoa.web import context
from hoa.web.access import requires
from hoa.web.forms import Form, at_most, options, required, written_text
from hoa.web.i18n import told

blueprint = Blueprint("seals", __name__, url_prefix="/c/<community_code>/seals")


class SealForm(Form):
    name = StringField(lazy_gettext("印章名称"), validators=[required(), at_most(rules.LONGEST)])
    kind = SelectField(lazy_gettext("种类"))
    keeper = SelectField(lazy_gettext("保管人"))
    since = DateField(lazy_gettext("启用日期"), validators=[required()])


class UseForm(Form):
    seal = SelectField(lazy_gettext("印章"))
    document = StringField(lazy_gettext("文件"), validators=[required(), at_most(rules.LONGEST)])
    copies = IntegerField(lazy_gettext("份数"), default=1, validators=[InputRequired()])
    resolution = SelectField(lazy_gettext("依据的决定"))
    urgent = StringField(
        lazy_gettext("没有决定的，为什么来不及"),
        validators=[at_most(rules.LONGEST)],
        description=lazy_gettext("登记会标红，直到补上决定"),
    )


@blueprint.get("/")
@requires(READ)
def register() -> str:
    session, here, now = context.reading(), context.community(), context.now()
    rows = service.seals(session, here.id)
    return render_template(
        "resolutions/seals/register.html",
        seals=rows,
        names=accounts.names(session, [row.keeper_id for row in rows]),
        lines=service.register(session, here.id, now=now),
        due=service.publication_due(session, here.id, now=now),
        waiting=len(service.unpublished(session, here.id, now=now)),
        today=today(now),
        me_id=context.person_id(),
        choices=_decisions() if context.may(KEEP) else [],
        KINDS=rules.KINDS,
        number=resolution_rules.number_text,
    )


def _decisions() -> list[tuple[str, str]]:
    """Decisions in force today, the latest first, as an option each."""
    found = resolutions.citable(context.reading(), context.community().id, on=today(context.now()))
    return [(row.id, f"{resolution_rules.number_text(row.source, row.year, row.number)} {row.title}") for row in found]


@blueprint.route("/new", methods=["GET", "POST"])
@requires(KEEP)
def new() -> str | Response:
    here, form = context.community(), SealForm()
    form.kind.choices = options((kind, gettext(title)) for kind, title in rules.KINDS.items())
    sitting = meetings.members(context.reading(), here.id, context.now())
    form.keeper.choices = options((person.id, person.name) for person in sitting)
    if form.validate_on_submit():
        assert form.since.data is not None
        try:
            with context.writing() as session:
                service.enter(
                    session,
                    here.id,
                    name=form.name.data or "",
                    kind=form.kind.data,
                    keeper_id=form.keeper.data,
                    since=form.since.data,
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("印章已登记"), "ok")
            return redirect(url_for("seals.register"))
    return render_template("resolutions/seals/new.html", form=form)


@blueprint.route("/use", methods=["GET", "POST"])
@requires(KEEP)
def use() -> str | Response:
    """A member approves a use."""
    here, form = context.community(), UseForm()
    rows = [row for row in service.seals(context.reading(), here.id) if row.retired_on is None]
    form.seal.choices = options((row.id, row.name) for row in rows)
    form.resolution.choices = options([("", gettext("还没有决定（紧急）")), *_decisions()])
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                service.approve(
                    session,
                    here.id,
                    seal_id=form.seal.data,
                    document=form.document.data or "",
                    copies=form.copies.data or 0,
                    resolution_id=form.resolution.data or None,
                    urgent=form.urgent.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已批准，请保管人盖章"), "ok")
            return redirect(url_for("seals.register"))
    return render_template("resolutions/seals/use.html", form=form, seals=rows)


@blueprint.post("/<seal_id>/retire")
@requires(KEEP)
def retire(seal_id: str) -> Response:
    with context.writing() as session:
        because = written_text("because", most=rules.LONGEST)
        service.retire(session, context.community().id, seal_id, because=because, now=context.now())
    flash(gettext("印章已停用"), "ok")
    return redirect(url_for("seals.register"))


@blueprint.post("/uses/<use_id>/consent")
@requires(KEEP)
def consent(use_id: str) -> Response:
    with context.writing() as session:
        service.consent(session, context.community().id, use_id, by=context.person_id(), now=context.now())
    flash(gettext("已签字同意"), "ok")
    return redirect(url_for("seals.register") + f"#use-{use_id}")


@blueprint.post("/uses/<use_id>/apply")
@requires(KEEP)
def apply(use_id: str) -> Response:
    with context.writing() as session:
        service.apply(session, context.community().id, use_id, by=context.person_id(), now=context.now())
    flash(gettext("已登记盖章"), "ok")
    return redirect(url_for("seals.register") + f"#use-{use_id}")


@blueprint.post("/uses/<use_id>/decision")
@requires(KEEP)
def decide(use_id: str) -> Response:
    with context.writing() as session:
        service.name_decision(
            session,
            context.community().id,
            use_id,
            resolution_id=request.form.get("resolution", ""),
            by=context.person_id(),
            now=context.now(),
        )
    flash(gettext("已补上决定"), "ok")
    return redirect(url_for("seals.register") + f"#use-{use_id}")


@blueprint.post("/publish")
@requires(KEEP)
def publish() -> Response:
    with context.writing() as session:
        service.publish(session, context.community().id, by=context.person_id(), now=context.now())
    flash(gettext("用印情况已公示"), "ok")
    return redirect(url_for("seals.register"))
