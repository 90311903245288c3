"""A recall's pages: demand, signatures, the member's defence, suspension, and the draft of the motion."""

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import BooleanField, RadioField, SelectField, TextAreaField

from hoa.kernel import masking
from hoa.kernel.errors import NotAllowed, NotFound, Refusal
from hoa.offices import rules as bodies
from hoa.offices.changes import rules as leaving
from hoa.offices.changes import standing
from hoa.web import context
from hoa.web.access import public, requires, signed_in
from hoa.web.forms import Form, at_most, options, required
from hoa.web.i18n import told
from voting.powers import CONVENE
from voting.recall import rules, service
from voting.recall.powers import SUSPEND
from voting.recall.rules import MEMBERS, OWNERS, TEXT_LENGTH, Stage
from voting.recall.tables import Recall
from voting.rules import conveners
from voting.rules.thresholds import Outcome
from voting.service import requests
from voting.tables import Assembly
from voting.views.drafting import my_posts

blueprint = Blueprint("recall", __name__, url_prefix="/c/<community_code>/recalls")

STAGE_TAGS = {
    Stage.COLLECTING: "plain",
    Stage.DEFENDING: "warn",
    Stage.READY: "warn",
    Stage.DRAFTED: "ink",
    Stage.DECIDED: "ok",
    Stage.LEFT: "plain",
}


class StartForm(Form):
    member = SelectField(lazy_gettext("罢免谁"), validators=[required()])
    demanded_by = RadioField(lazy_gettext("以什么身份提出"), validators=[required()])
    reason = TextAreaField(
        lazy_gettext("理由"),
        validators=[required(), at_most(TEXT_LENGTH)],
        description=lazy_gettext("提交后不能再改，会与本人的申辩以同样篇幅印在公告里，请写事实"),
    )
    absences = BooleanField(lazy_gettext("把会议缺席记录写进表决事项"))


class DefenceForm(Form):
    text = TextAreaField(
        lazy_gettext("书面申辩"),
        validators=[required(), at_most(TEXT_LENGTH)],
        description=lazy_gettext("提交后不能再改，会与理由以同样篇幅印在公告里"),
    )


class SuspendForm(Form):
    basis = TextAreaField(lazy_gettext("暂停的依据"), validators=[required(), at_most(400)])


class ConveneForm(Form):
    convener = SelectField(lazy_gettext("召集人"))


def _knows() -> bool:
    """Whether this reader belongs here: owners and officers read who is meant and why; visitors do so once the motion
    is noticed, as with any motion."""
    return context.may("offices.read")


@blueprint.get("/")
@public
def index() -> str:
    session, here, now = context.reading(), context.community().id, context.now()
    rows = [(row, service.stage(session, row, now=now)) for row in service.recalls(session, here)]
    return render_template(
        "recall/index.html",
        rows=rows,
        stages=rules.STAGES,
        tags=STAGE_TAGS,
        name=_name,
        may_start=bool(_ways(session, here, now)),
    )


def _name(row: Recall) -> str:
    return row.person_name if _knows() else masking.name(row.person_name)


def _ways(session: Session, community_id: str, now: datetime) -> list[str]:
    """As what this reader may demand a recall."""
    me = context.me()
    if me is None:
        return []
    ways = [OWNERS] if requests.may_sign(session, community_id, me.id) else []
    seated = any(one.seat for one in standing.memberships(session, community_id, me.id, now=now))
    return [*ways, *([MEMBERS] if seated else [])]


@blueprint.route("/new", methods=["GET", "POST"])
@signed_in
def new() -> str | Response:
    session, here, now, me = context.reading(), context.community().id, context.now(), context.person_id()
    ways = _ways(session, here, now)
    if not ways:
        raise NotAllowed
    members = [
        one
        for kind in leaving.ELECTED
        for one in standing.members(session, here, kind, now=now)
        if one.seat and one.person.id != me
    ]
    form = StartForm()
    choices = [
        (f"{one.body_kind}/{one.person.id}", f"{gettext(bodies.BODIES[one.body_kind])} · {one.person.name}")
        for one in members
    ]
    form.member.choices = options([("", gettext("请选择")), *choices])
    words = {OWNERS: gettext("业主联名"), MEMBERS: gettext("委员联名")}
    form.demanded_by.choices = options([(way, words[way]) for way in ways])
    if form.validate_on_submit():
        try:
            recall_id = _start(form)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("提议已提出，您的签名已计入，本人会收到通知"), "ok")
            return redirect(url_for("recall.show", recall_id=recall_id))
    absent = [(one.person.name, service.absences_of(session, one, now=now)) for one in members]
    return render_template("recall/new.html", form=form, absent=[(name, found) for name, found in absent if found])


def _start(form: StartForm) -> str:
    body_kind, _, person_id = (form.member.data or "").partition("/")
    with context.writing() as session:
        return service.start(
            session,
            context.community().id,
            body_kind=body_kind,
            person_id=person_id,
            demanded_by=form.demanded_by.data or "",
            reason=_text(form.reason.data),
            with_absences=bool(form.absences.data),
            by=context.person_id(),
            now=context.now(),
        ).id


@blueprint.get("/of/<request_id>")
@public
def of_request(request_id: str) -> Response:
    """From a request's address to the recall that it demands."""
    row = service.of_request(context.reading(), context.community().id, request_id)
    if row is None:
        raise NotFound
    return redirect(url_for("recall.show", recall_id=row.id))


@blueprint.get("/<recall_id>")
@public
def show(recall_id: str) -> str:
    return _page(service.get(context.reading(), context.community().id, recall_id))


def _page(row: Recall, *, defence: DefenceForm | None = None, suspension: SuspendForm | None = None) -> str:
    session, me, now = context.reading(), context.me(), context.now()
    stage, due = service.stage(session, row, now=now), service.defence_by(row)
    mine = me is not None and me.id == row.person_id
    assembly = session.get(Assembly, (row.community_id, row.assembly_id)) if row.assembly_id else None
    noticed = assembly is not None and assembly.manifest_hash is not None
    may_sign = me is not None and not mine and row.demanded_by in _ways(session, row.community_id, now)
    values: dict[str, Any] = {
        "row": row,
        "name": row.person_name if noticed else _name(row),
        "readable": noticed or _knows() or mine,
        "stage": stage,
        "stages": rules.STAGES,
        "support": service.support(session, row, now=now),
        "due": due.last_day if due else None,
        "collect_by": service.collect_by(row).last_day,
        "mine": mine,
        "signed": me is not None and service.has_signed(session, row, me.id),
        "may_sign": may_sign and row.reached_at is None and stage is Stage.COLLECTING,
        "may_defend": mine and row.defended_at is None and stage in (Stage.COLLECTING, Stage.DEFENDING),
        # A draft is not public; the link appears with its notice, or for those who write it.
        "assembly": assembly if noticed or context.may(CONVENE) else None,
        "convene": _convene_form() if stage is Stage.READY and context.may(CONVENE) and not mine else None,
        "may_suspend": context.may(SUSPEND)
        and not mine
        and row.suspension_id is None
        and stage in (Stage.DEFENDING, Stage.READY, Stage.DRAFTED)
        and service.may_suspend(row),
        "suspended": service.suspension(session, row),
        "passed": row.outcome == Outcome.PASSED,
        "form": defence or DefenceForm(formdata=None),
        "suspend_form": suspension or SuspendForm(formdata=None),
    }
    return render_template("recall/show.html", **values)


def _convene_form() -> ConveneForm:
    form = ConveneForm(formdata=request.form if request.method == "POST" else None)
    form.convener.choices = options([(name, gettext(name)) for name in conveners.conveners(my_posts())])
    return form


@blueprint.post("/<recall_id>/sign")
@signed_in
def sign(recall_id: str) -> Response:
    with context.writing() as session:
        service.sign(session, context.community().id, recall_id, by=context.person_id(), now=context.now())
    flash(gettext("您的签名已计入"), "ok")
    return redirect(url_for("recall.show", recall_id=recall_id))


@blueprint.post("/<recall_id>/withdraw")
@signed_in
def withdraw(recall_id: str) -> Response:
    with context.writing() as session:
        service.withdraw(session, context.community().id, recall_id, by=context.person_id(), now=context.now())
    flash(gettext("您的签名已撤回"), "ok")
    return redirect(url_for("recall.show", recall_id=recall_id))


@blueprint.post("/<recall_id>/defence")
@signed_in
def defend(recall_id: str) -> str | Response:
    here, form = context.community().id, DefenceForm()
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                service.defend(
                    session, here, recall_id, text=_text(form.text.data), by=context.person_id(), now=context.now()
                )
        except Refusal as refusal:
            if refusal.status in (403, 404):
                raise
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("申辩已提交，会原文印在公告里"), "ok")
            return redirect(url_for("recall.show", recall_id=recall_id))
    return _page(service.get(context.reading(), here, recall_id), defence=form)


@blueprint.post("/<recall_id>/draft")
@requires(CONVENE)
def draft(recall_id: str) -> Response:
    form, posts = _convene_form(), my_posts()
    with context.writing() as session:
        assembly = service.draft(
            session,
            context.community().id,
            recall_id,
            convener=form.convener.data or "",
            posts=posts,
            by=context.person_id(),
            now=context.now(),
        )
    flash(gettext("已起草罢免的临时会议，请核对后公告"), "ok")
    return redirect(url_for("voting.manage", code=assembly.code))


@blueprint.post("/<recall_id>/suspend")
@requires(SUSPEND)
def suspend(recall_id: str) -> str | Response:
    here, form = context.community().id, SuspendForm()
    if form.validate_on_submit():
        with context.writing() as session:
            service.suspend(
                session, here, recall_id, basis=_text(form.basis.data), by=context.person_id(), now=context.now()
            )
        flash(gettext("已暂停履行职责，相应权限立即失效"), "ok")
        return redirect(url_for("recall.show", recall_id=recall_id))
    return _page(service.get(context.reading(), here, recall_id), suspension=form)


def _text(typed: str | None) -> str:
    return (typed or "").replace("\r\n", "\n")
