"""The notice clock: what days follow from giving the notice today, and who told the residents' committee."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import StringField

from hoa.accounts.tables import Person
from hoa.kernel import canonical
from hoa.kernel.clock import parse_stamp
from hoa.web import context
from hoa.web.access import requires
from hoa.web.forms import Form, at_most, required
from voting.powers import ACKNOWLEDGE, CONVENE
from voting.rules.life import State
from voting.service import notifying, terms
from voting.tables import Assembly
from voting.views.shared import blueprint, find


class WrittenForm(Form):
    note = StringField(
        lazy_gettext("送给谁、怎样送达"),
        validators=[required(), at_most(200)],
        description=lazy_gettext("例如：纸质公告当面交给社区居委会，取得签收"),
    )


@blueprint.get("/<code>/clock")
@requires(CONVENE)
def clock(code: str) -> str:
    return _page(find(code), WrittenForm(formdata=None))


def _page(assembly: Assembly, form: WrittenForm) -> str:
    session, now = context.reading(), context.now()
    noticed = parse_stamp(canonical.decode(assembly.manifest)["times"]["noticed"]) if assembly.manifest else None
    told = notifying.of(session, assembly)
    names = {row.person_id: session.get(Person, row.person_id) for row in told if row.person_id}
    return render_template(
        "voting/clock.html",
        assembly=assembly,
        # After the notice the calendar is that of the day it was given.
        calendar=terms.calendar(assembly, now=noticed or now),
        noticed=noticed,
        told=[(row, names.get(row.person_id or "")) for row in told],
        outcomes=notifying.OUTCOMES,
        may_acknowledge=context.may(ACKNOWLEDGE)
        and assembly.step is not State.DRAFT
        and not any(row.person_id == context.person_id() and row.acknowledged_at for row in told),
        form=form,
    )


@blueprint.post("/<code>/clock/acknowledge")
@requires(ACKNOWLEDGE)
def acknowledge(code: str) -> Response:
    assembly = find(code)
    with context.writing() as session:
        row = session.get_one(Assembly, (assembly.community_id, assembly.id))
        notifying.acknowledge(session, row, person_id=context.person_id(), now=context.now())
    flash(gettext("已记录：居民委员会已知悉"), "ok")
    return redirect(url_for("voting.clock", code=code))


@blueprint.post("/<code>/clock/written")
@requires(CONVENE)
def told_in_writing(code: str) -> str | Response:
    assembly, form = find(code), WrittenForm()
    if not form.validate_on_submit():
        return _page(assembly, form)
    with context.writing() as session:
        row = session.get_one(Assembly, (assembly.community_id, assembly.id))
        notifying.put_on_record(session, row, note=form.note.data or "", by=context.person_id(), now=context.now())
    flash(gettext("已记录"), "ok")
    return redirect(url_for("voting.clock", code=code))
