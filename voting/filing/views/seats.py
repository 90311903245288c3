"""Letting the elected take office: a look at who the tally gives a place, then one press."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from hoa.kernel.errors import Refusal
from hoa.web import context
from hoa.web.access import requires
from hoa.web.i18n import told
from voting.filing import taking
from voting.filing.powers import ENTER
from voting.filing.rules.seats import Role
from voting.filing.views.shared import blueprint
from voting.service import reading


@blueprint.route("/results/<code>/<contest>", methods=["GET", "POST"])
@requires(ENTER)
def take_office(code: str, contest: str) -> str | Response:
    """Everybody whom the signed tally gives a place. What keeps somebody from it is said beside their name."""
    assembly = reading.by_code(context.reading(), context.community().id, code)
    refused: dict[str, str] = {}
    if request.method == "POST":
        with context.writing() as session:
            done = taking.enter(
                session, assembly.community_id, assembly.id, contest, by=context.person_id(), now=context.now()
            )
        refused = {seat.motion: told(refusal) for seat, refusal in done.refused}
        if done.seats:
            flash(gettext("%(number)s 人已就任，名册已更新", number=len(done.seats)), "ok")
        if not refused:
            return redirect(_next(done))
    session = context.reading()
    found = taking.result(session, reading.by_code(session, context.community().id, code), contest)
    together = taking.chain(session, found)
    problem = None
    try:
        taking.check(session, together, context.now())
    except Refusal as refusal:
        problem = told(refusal)
    return render_template(
        "filing/take_office.html",
        found=found,
        together=together,
        refused=refused,
        problem=problem,
        term=taking.term(session, found, context.now()) if found.election else None,
        Role=Role,
    )


def _next(done: taking.Entered) -> str:
    return url_for("filing.show", round_no=done.round.number) if done.round else url_for("offices.roster")
