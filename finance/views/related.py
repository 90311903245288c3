"""Related parties: what office holders declared of companies and of people close to them (R2.21, F07)."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import DateField, SelectField, StringField
from wtforms.validators import Optional

from finance.service import related as service
from finance.tables import RelatedParty
from finance.views.base import blueprint
from hoa.accounts.tables import Person
from hoa.db import get
from hoa.kernel.clock import today
from hoa.kernel.errors import Refusal
from hoa.offices import relationships
from hoa.offices.service import roster
from hoa.web import context
from hoa.web.access import requires
from hoa.web.forms import Form, at_most, required
from hoa.web.i18n import told


class DeclareForm(Form):
    person = SelectField(lazy_gettext("哪位委员"), validators=[required()])
    party = StringField(
        lazy_gettext("单位或个人的名称"),
        validators=[required(), at_most(80)],
        description=lazy_gettext("与营业执照或转账时的户名一致"),
    )
    relation = StringField(
        lazy_gettext("是什么关系"),
        validators=[required(), at_most(120)],
        description=lazy_gettext("例如：配偶经营；本人持股 30%；兄弟任经理"),
    )
    since = DateField(lazy_gettext("从哪天起"), validators=[Optional()])

    def offer(self, session: Session, community_id: str) -> None:
        people = {
            row.person.id: row.person.name
            for row in roster(session, community_id, now=context.now())
            if row.office.post.body in service.BODIES
        }
        self.person.choices = [("", gettext("请选择")), *people.items()]


class EndForm(Form):
    until = DateField(lazy_gettext("从哪天起不再有这项关系"), validators=[required()])
    basis = StringField(lazy_gettext("依据和看过的材料"), validators=[required(), at_most(200)])


@blueprint.route("/related", methods=["GET", "POST"])
@requires("related.read")
def related_parties() -> str | Response:
    """Everything declared, in force and ended; and declaring one more."""
    session, here, form = context.reading(), context.community(), DeclareForm()
    form.offer(session, here.id)
    if form.is_submitted() and not context.may("related.declare"):
        form.form_errors.append(gettext("只有委员和监督委员可以申报"))
    elif form.validate_on_submit():
        try:
            with context.writing() as writing:
                service.declare(
                    writing,
                    here.id,
                    party=form.party.data or "",
                    relation=form.relation.data or "",
                    person_id=form.person.data,
                    since=form.since.data,
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已申报。以后付给它的每一笔，自动检查都会列出来"), "ok")
            return redirect(url_for("finance.related_parties"))
    session = context.reading()
    rows = service.declarations(session, here.id)
    ids = {row.person_id for row in rows} | {row.declared_by_id for row in rows} | {row.ended_by_id for row in rows}
    names = {person.id: person.name for person in session.scalars(select(Person).where(Person.id.in_(ids - {None})))}
    return render_template(
        "finance/related.html",
        rows=rows,
        names=names,
        ties=relationships.listed(session, here.id),
        today=today(context.now()),
        form=form,
    )


@blueprint.route("/related/<related_id>/end", methods=["GET", "POST"])
@requires("related.declare")
def end_related(related_id: str) -> str | Response:
    """A relation that is over: said by somebody else than the one it is about."""
    here, form = context.community(), EndForm()
    party = get(context.reading(), RelatedParty, here.id, related_id).party
    if not form.is_submitted():
        form.until.data = today(context.now())
    if form.validate_on_submit():
        assert form.until.data is not None
        try:
            with context.writing() as session:
                service.end(
                    session,
                    here.id,
                    related_id=related_id,
                    until=form.until.data,
                    basis=form.basis.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已登记结束，原来的申报仍然看得到"), "ok")
            return redirect(url_for("finance.related_parties"))
    return render_template("finance/related_end.html", form=form, party=party)
