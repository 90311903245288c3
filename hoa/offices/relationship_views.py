"""Declared relationships: the book for those who appoint, and what everybody declares about themselves."""

from datetime import date

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import DateField, SelectField, StringField, TelField

from hoa.accounts import service as accounts
from hoa.db import get
from hoa.kernel import masking
from hoa.kernel.errors import N_, Refusal
from hoa.offices import relationships, service
from hoa.offices.rules import PARTY, TIES, TieKind
from hoa.offices.tables import Relationship
from hoa.offices.views import OtherName, in_words
from hoa.web import context
from hoa.web.access import requires
from hoa.web.forms import Form, at_most, options, required
from hoa.web.i18n import told

blueprint = Blueprint("relationships", __name__, url_prefix="/relationships")


class WhoMissing(Refusal):
    message = N_("请填写姓名和手机号，两项都要填")


class DeclareForm(Form):
    kind = SelectField(lazy_gettext("是什么关系"), validators=[required()])
    since = DateField(lazy_gettext("从哪天起"), validators=[required()])
    basis = StringField(
        lazy_gettext("依据"),
        validators=[required(), at_most(200)],
        description=lazy_gettext("例如：本人声明、群众反映经核实"),
    )
    evidence = StringField(
        lazy_gettext("看过的材料"),
        validators=[required(), at_most(200)],
        description=lazy_gettext(
            "写材料名称和存放地点，例如：结婚证原件已看；声明书存居委会。不上传复印件，不写证件号码"
        ),
    )

    def offer(self) -> None:
        self.kind.choices = options([("", gettext("请选择")), *((kind, gettext(TIES[kind])) for kind in TieKind)])


class AboutForm(DeclareForm):
    """About others, by those who appoint."""

    name = StringField(lazy_gettext("本人姓名"), validators=[required(), at_most(40)])
    phone = TelField(lazy_gettext("本人手机号"), validators=[required()])
    other_name = StringField(
        lazy_gettext("另一方姓名"),
        validators=[at_most(40)],
        description=lazy_gettext("只有配偶和直系亲属要填；受雇或有利害关系不填"),
    )
    other_phone = TelField(lazy_gettext("另一方手机号"), validators=[at_most(20)])


class OwnForm(DeclareForm):
    """About oneself: the other one is chosen among those in office, so that nobody tries out phone numbers here."""

    other = SelectField(
        lazy_gettext("另一方"),
        default="",
        description=lazy_gettext("只有配偶和直系亲属要选；不在任的亲属不用声明"),
    )

    def offer_others(self, others: list[tuple[str, str]]) -> None:
        self.other.choices = options([("", gettext("没有")), *others])


class EndForm(Form):
    until = DateField(
        lazy_gettext("到哪天为止"),
        validators=[required()],
        description=lazy_gettext("从这一天起不再算；声明有误的，写关系开始的那一天"),
    )
    basis = StringField(lazy_gettext("结束的依据"), validators=[required(), at_most(200)])


@blueprint.get("/")
@requires("offices.relationships")
def book() -> str:
    """Everything that was declared, and which offices do not go together because of it."""
    session, here, now = context.reading(), context.community(), context.now()
    return render_template(
        "offices/relationships.html",
        rows=relationships.listed(session, here.id),
        clashes=relationships.clashes(session, here.id, now=now),
        holders={holder.office.id: holder for holder in service.in_force(session, here.id, now=now)},
        ties=TIES,
        told=told,
        title=in_words,
        own_id=context.person_id(),
    )


@blueprint.route("/new", methods=["GET", "POST"])
@requires("offices.relationships")
def declare() -> str | Response:
    form = AboutForm()
    form.offer()
    if form.validate_on_submit():
        try:
            _declare_about(form)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已登记。与在任的职务不相容的，会列在下面并提醒有权办理的人"), "ok")
            return redirect(url_for("offices.relationships.book"))
    return render_template("offices/relationship_new.html", form=form)


def _declare_about(form: AboutForm) -> None:
    assert isinstance(form.since.data, date)
    platform, now = context.platform(), context.now()
    with context.writing() as session:
        people: list[str | None] = []
        for name, phone in ((form.name, form.phone), (form.other_name, form.other_phone)):
            if not (name.data or phone.data):
                people.append(None)
                continue
            if not (name.data and phone.data):
                raise WhoMissing
            person = accounts.person_for_phone(session, platform.keys, phone=phone.data, name=name.data, now=now)
            if person.name != name.data:
                raise OtherName(name=masking.name(person.name))
            people.append(person.id)
        relationships.declare(
            session,
            context.community().id,
            kind=TieKind(form.kind.data),
            person_id=people[0] or "",
            other_id=people[1],
            since=form.since.data,
            basis=form.basis.data or "",
            evidence=form.evidence.data or "",
            by=context.person_id(),
            now=now,
        )


@blueprint.route("/own", methods=["GET", "POST"])
@requires("offices.read")
def own() -> str | Response:
    """What I declare about myself. It keeps me from offices it does not go with, and tells those who may end one."""
    session, here, me, now = context.reading(), context.community(), context.person_id(), context.now()
    form = OwnForm()
    form.offer()
    others = {
        holder.person.id: f"{holder.person.name} · {in_words(holder.office.post)}"
        for holder in service.in_force(session, here.id, now=now)
        if holder.person.id != me and holder.office.post not in PARTY
    }
    form.offer_others(list(others.items()))
    if form.validate_on_submit():
        try:
            _declare_own(form)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已登记您的声明"), "ok")
            return redirect(url_for("offices.relationships.own"))
    rows = relationships.listed(session, here.id, of=me)
    return render_template("offices/relationships_own.html", form=form, rows=rows, ties=TIES, own_id=me)


def _declare_own(form: OwnForm) -> None:
    assert isinstance(form.since.data, date)
    kind, me = TieKind(form.kind.data), context.person_id()
    with context.writing() as session:
        relationships.declare(
            session,
            context.community().id,
            kind=kind,
            person_id=me,
            other_id=form.other.data or None,
            since=form.since.data,
            basis=form.basis.data or "",
            evidence=form.evidence.data or "",
            by=me,
            now=context.now(),
        )


@blueprint.route("/<relationship_id>/end", methods=["GET", "POST"])
@requires("offices.relationships")
def end(relationship_id: str) -> str | Response:
    row = get(context.reading(), Relationship, context.community().id, relationship_id)
    form = EndForm()
    if form.validate_on_submit():
        assert isinstance(form.until.data, date)
        try:
            with context.writing() as session:
                relationships.end(
                    session,
                    context.community().id,
                    relationship_id=relationship_id,
                    until=form.until.data,
                    basis=form.basis.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已登记结束，原来的声明留在记录里"), "ok")
            return redirect(url_for("offices.relationships.book"))
    return render_template("offices/relationship_end.html", form=form, row=row, word=TIES[TieKind(row.kind)])
