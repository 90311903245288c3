"""Late claims: whoever keeps the list writes down a payee, another member of the committee confirms it."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField

from finance.shares.powers import CHECK, KEEP
from finance.shares.service import claims, register
from finance.shares.tables import ShareLine, SharePart, ShareRun
from finance.shares.views.base import blueprint, day_today
from hoa.accounts import service as accounts
from hoa.db import get
from hoa.kernel.errors import Refusal
from hoa.web import context
from hoa.web.access import requires
from hoa.web.forms import Form, at_most, options, required
from hoa.web.i18n import told


class ClaimForm(Form):
    owner = SelectField(lazy_gettext("谁来收款"), validators=[required()])
    basis = StringField(
        lazy_gettext("依据"),
        validators=[required(), at_most(200)],
        description=lazy_gettext("例如：共有人书面约定、继承公证书"),
    )


@blueprint.route("/parts/<part_id>/claim", methods=["GET", "POST"])
@requires(KEEP)
def claim(part_id: str) -> str | Response:
    """Write down who is to receive a part that the list left to nobody."""
    session, here = context.reading(), context.community()
    part = get(session, SharePart, here.id, part_id)
    line = get(session, ShareLine, here.id, part.line_id)
    run = get(session, ShareRun, here.id, line.run_id)
    owners = {
        owner.id: owner.name
        for day in (run.record_on, day_today())
        for owner in register.owners_on(session, here.id, unit_id=line.unit_id, day=day)
    }
    form = ClaimForm()
    form.owner.choices = options([("", gettext("请选择")), *owners.items()])
    if form.validate_on_submit():
        try:
            with context.writing() as writing:
                claims.name(
                    writing,
                    here.id,
                    part_id=part_id,
                    owner_id=form.owner.data or "",
                    basis=form.basis.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已写明收款人，等另一位委员确认"), "ok")
            return redirect(url_for("shares.owner_list", run_id=run.id))
    refused = claims.last_refused(session, here.id, part.id)
    return render_template("shares/claim.html", form=form, part=part, line=line, run=run, refused=refused)


@blueprint.route("/namings/<naming_id>", methods=["GET", "POST"])
@requires(CHECK)
def naming(naming_id: str) -> str | tuple[str, int] | Response:
    """Confirm a payee who was written down by hand, or send the name back."""
    session, here = context.reading(), context.community()
    waiting = claims.show(session, here.id, naming_id)
    wrong, status, because = "", 200, request.form.get("because", "")
    if request.method == "POST":
        try:
            _decide(naming_id, because)
        except Refusal as refusal:
            wrong, status = told(refusal), refusal.status
        else:
            return redirect(url_for("shares.owner_list", run_id=waiting.run.id, q=waiting.line.label))
    page = render_template(
        "shares/naming.html",
        waiting=waiting,
        namer=accounts.names(session, [waiting.naming.by_id])[waiting.naming.by_id],
        own=context.person_id() in (waiting.naming.by_id, waiting.owner.person_id),
        wrong=wrong,
        because=because,
    )
    return (page, status) if wrong else page


def _decide(naming_id: str, because: str) -> None:
    who, now = context.person_id(), context.now()
    with context.writing() as session:
        if request.form.get("word") == "refuse":
            claims.refuse(session, context.community().id, naming_id=naming_id, because=because, by=who, now=now)
            flash(gettext("已退回，财务委员可以另写一位"), "ok")
        else:
            claims.confirm(session, context.community().id, naming_id=naming_id, by=who, now=now)
            flash(gettext("收款人已确认，可以付款"), "ok")
