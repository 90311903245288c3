"""A cut-off that the schedule leaves to people, because the machine's clock jumped while voting was open (trust.md
10)."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import TextAreaField

from hoa.kernel.errors import NotFound, Refusal
from hoa.web import context
from hoa.web.access import requires
from hoa.web.forms import Form, at_most, required
from hoa.web.i18n import told
from voting.powers import CONVENE
from voting.rules.life import State
from voting.service import closing, proposals
from voting.views.shared import blueprint, find


class DecideForm(Form):
    reason = TextAreaField(lazy_gettext("怎样核对的时间"), validators=[required(), at_most(500)])


@blueprint.route("/<code>/held", methods=["GET", "POST"])
@requires(CONVENE)
def held(code: str) -> str | Response:
    """Why the schedule does not end acceptance, and the proposal that two officials sign instead."""
    assembly, form = find(code), DecideForm()
    if assembly.held_since is None or assembly.step is not State.OPEN:
        raise NotFound
    session, keys = context.reading(), context.platform().keys
    officials = proposals.officials(session, assembly)
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                closing.propose_cut_off(
                    session,
                    keys,
                    find(code),
                    by=context.person_id(),
                    reason=form.reason.data or "",
                    now=context.now(),
                )
            flash(gettext("已提出，请两名工作人员签名。"), "ok")
            return redirect(url_for("voting.sign", code=code))
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    waiting = [task for task in proposals.waiting(session, keys, assembly) if task.proposal.kind == "cutoff"]
    return render_template(
        "voting/held.html",
        assembly=assembly,
        form=form,
        by_officials=len(officials) >= closing.DECIDERS,
        waiting=waiting,
        early=context.now() < assembly.ends_at,
    )
