"""What is left to do once an assembly is closed: the sample's figures, the day to announce, how long evidence stays."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import DateField, TextAreaField

from hoa.accounts import service as accounts
from hoa.kernel.errors import NotAllowed, NotFound, Refusal
from hoa.web import context
from hoa.web.access import requires, signed_in
from hoa.web.forms import Form, at_most, required
from hoa.web.i18n import told
from voting.powers import CONVENE, FULL_PACKAGE, HOLD_EVIDENCE
from voting.rules.life import State
from voting.service import aftermath, sampling
from voting.tables import Assembly
from voting.views.sample import may_ask
from voting.views.shared import blueprint, find

AFTER = (State.CLOSED, State.TALLIED, State.ANNOUNCED)


class HoldForm(Form):
    until = DateField(lazy_gettext("保存到"), validators=[required()])
    reason = TextAreaField(lazy_gettext("原因"), validators=[required(), at_most(aftermath.REASON_LENGTH)])


def _closed(code: str) -> Assembly:
    assembly = find(code)
    if assembly.step not in AFTER:
        raise NotFound
    return assembly


@blueprint.get("/<code>/after")
@signed_in
def after(code: str) -> str:
    assembly = _closed(code)
    if not (context.may(CONVENE) or context.may(FULL_PACKAGE) or may_ask(assembly)):
        raise NotAllowed
    return _page(assembly, HoldForm())


def _page(assembly: Assembly, form: HoldForm) -> str:
    session = context.reading()
    made = sampling.drawing(session, assembly)
    lock = aftermath.lock(session, assembly)
    return render_template(
        "voting/after.html",
        assembly=assembly,
        form=form,
        made=made,
        progress=sampling.progress(session, assembly, made) if made else None,
        may_ask=may_ask(assembly),
        deadline=aftermath.deadline(session, assembly),
        announced_at=aftermath.reached(session, assembly, State.ANNOUNCED),
        lock=lock,
        holds=[(hold, accounts.person(session, hold.by).name) for hold in lock.holds] if lock else [],
        may_hold=context.may(HOLD_EVIDENCE),
        now=context.now(),
    )


@blueprint.post("/<code>/after/hold")
@requires(HOLD_EVIDENCE)
def hold_evidence(code: str) -> str | Response:
    assembly = _closed(code)
    form = HoldForm()
    if form.validate_on_submit():
        assert form.until.data is not None
        try:
            with context.writing() as session:
                aftermath.hold(
                    session,
                    context.platform().keys,
                    assembly.community_id,
                    assembly.id,
                    until=form.until.data,
                    reason=form.reason.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已延长。"), "ok")
            return redirect(url_for("voting.after", code=assembly.code) + "#evidence")
    return _page(assembly, form)
