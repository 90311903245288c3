"""The register of units that suggestions are given to: adding, ending, sending an outside unit its way in."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField, TelField

from hoa.accounts import service as accounts
from hoa.affairs import handler_links
from hoa.affairs.powers import HANDLERS
from hoa.affairs.service import handlers as service
from hoa.affairs.service.handlers import NAME_LENGTH, Load
from hoa.kernel import identifiers, masking
from hoa.kernel.clock import today
from hoa.kernel.errors import Refusal
from hoa.offices.rules import BODIES
from hoa.web import context
from hoa.web.access import requires
from hoa.web.forms import Form, Parses, at_most, options, required
from hoa.web.i18n import told

blueprint = Blueprint("handlers", __name__, url_prefix="/c/<community_code>/handlers")


class OfficeForm(Form):
    body = SelectField(lazy_gettext("机构"), validators=[required()])


class OutsideForm(Form):
    name = StringField(lazy_gettext("单位名称"), validators=[required(), at_most(NAME_LENGTH)])
    contact = StringField(lazy_gettext("联系人姓名"), validators=[required(), at_most(40)])
    phone = TelField(lazy_gettext("联系人手机号"), validators=[required(), Parses(identifiers.mobile)])


@blueprint.get("/")
@requires(HANDLERS)
def index() -> str:
    """Who handles what is said here, and how much each has on the desk."""
    session, here = context.reading(), context.community()
    rows = service.handlers(session, here.id, ended=True)
    contacts = accounts.names(session, [row.person_id for row in rows if row.person_id])
    keys = context.platform().keys
    phones = {row.person_id: accounts.phone_of(session, keys, row.person_id) for row in rows if row.person_id}
    return render_template(
        "affairs/handlers_index.html",
        rows=[row for row in rows if row.ended_at is None],
        past=[row for row in rows if row.ended_at is not None],
        loads=service.loads(session, here.id, today(context.now())),
        nothing=Load(0, 0),
        contacts=contacts,
        phones={person: masking.phone(phone) for person, phone in phones.items() if phone},
        BODIES=BODIES,
    )


@blueprint.route("/office", methods=["GET", "POST"])
@requires(HANDLERS)
def add_office() -> str | Response:
    session, here = context.reading(), context.community()
    form = OfficeForm()
    taken = {row.body for row in service.handlers(session, here.id)}
    left = [body for body in service.HANDLING if body not in taken]
    form.body.choices = options([("", gettext("请选择")), *((body, gettext(BODIES[body])) for body in left)])
    if form.validate_on_submit():
        try:
            with context.writing() as writing:
                row = service.add_office(
                    writing, here.id, body=form.body.data, by=context.person_id(), now=context.now()
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已经可以把诉求交给%(name)s", name=row.name), "ok")
            return redirect(url_for("handlers.index"))
    return render_template("affairs/handlers_office.html", form=form, left=left)


@blueprint.route("/outside", methods=["GET", "POST"])
@requires(HANDLERS)
def add_outside() -> str | Response:
    """A unit from outside; its contact is sent the link at once."""
    here, form = context.community(), OutsideForm()
    if form.validate_on_submit():
        try:
            with context.writing() as writing:
                row = service.add_outside(
                    writing,
                    context.platform().keys,
                    here.id,
                    name=form.name.data or "",
                    contact=form.contact.data or "",
                    phone=form.phone.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
                job = handler_links.ask(writing, here.id, [row.id], by=context.person_id(), now=context.now())
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已经可以把诉求交给%(name)s", name=row.name), "ok")
            return redirect(url_for("jobs.show", job_id=job.id))
    return render_template("affairs/handlers_outside.html", form=form)


@blueprint.post("/<handler_id>/end")
@requires(HANDLERS)
def end(handler_id: str) -> Response:
    with context.writing() as session:
        row = service.end(session, context.community().id, handler_id, now=context.now())
    flash(gettext("%(name)s不再承办诉求", name=row.name), "ok")
    return redirect(url_for("handlers.index"))


@blueprint.post("/<handler_id>/link")
@requires(HANDLERS)
def send_link(handler_id: str) -> Response:
    """A new link to the contact's phone; whoever asks for it does not see it."""
    here = context.community()
    with context.writing() as session:
        row = service.working(session, here.id, handler_id)
        if row.person_id is None:
            raise service.NotOutside
        job = handler_links.ask(session, here.id, [row.id], by=context.person_id(), now=context.now())
    return redirect(url_for("jobs.show", job_id=job.id))
