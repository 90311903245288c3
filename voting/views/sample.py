"""The sample of recorded voters: supervisors and scrutineers draw it, call people, and write down what they say
(voting-record.md 7).

Names and phones are shown to them alone, and each look is logged; everybody else sees the figures in the tally.
"""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from hoa.accounts import service as accounts
from hoa.kernel.errors import NotAllowed, NotFound
from hoa.web import context
from hoa.web.access import signed_in
from hoa.web.forms import tidy
from voting.powers import ASK_VOTERS
from voting.rules.life import State
from voting.rules.officials import Role
from voting.rules.sample import ANSWER_TITLES, Answer, chance_permille
from voting.service import proposals, sampling, witnessing
from voting.tables import Assembly
from voting.views.shared import blueprint, find

ANSWER_TAGS = {Answer.CONFIRMED: "ok", Answer.DENIED: "error", Answer.UNREACHABLE: "plain"}
LOOKS_SHOWN = 5


def _asking(code: str) -> Assembly:
    """The assembly, for those who may ask its voters."""
    assembly = find(code)
    if not may_ask(assembly):
        raise NotAllowed
    if assembly.manifest is None:
        raise NotFound
    return assembly


def may_ask(assembly: Assembly) -> bool:
    """Supervisors, and whoever watches over this assembly's count."""
    me = context.me()
    if me is None:
        return False
    watching = proposals.officials(context.reading(), assembly, Role.SCRUTINEER.value)
    return context.may(ASK_VOTERS) or me.id in {one.person_id for one in watching}


@blueprint.get("/<code>/sample")
@signed_in
def sample(code: str) -> str:
    assembly = _asking(code)
    session = context.reading()
    made = sampling.drawing(session, assembly)
    if made is None:
        waits = None
        if assembly.step is State.CLOSED and not witnessing.witnessed(session, assembly, "close", context.now()):
            waits = witnessing.names(session, assembly)
        return render_template(
            "voting/sample.html", assembly=assembly, made=None, waits=waits, wanted=sampling.size_of(assembly)
        )
    with context.writing() as writing:
        rows = sampling.listed(
            writing,
            context.platform().keys,
            assembly.community_id,
            assembly.id,
            by=context.person_id(),
            now=context.now(),
        )
    people = {answer.by for row in rows for answer in row.answers}
    return render_template(
        "voting/sample.html",
        assembly=assembly,
        made=made,
        rows=rows,
        progress=sampling.progress(session, assembly, made),
        chance=chance_permille(made.voters, made.size),
        looks=[
            (accounts.person(session, look.person_id).name, look.at)
            for look in sampling.looks(session, assembly)[:LOOKS_SHOWN]
        ],
        names={person: accounts.person(session, person).name for person in people},
        ANSWER_TITLES=ANSWER_TITLES,
        ANSWER_TAGS=ANSWER_TAGS,
    )


@blueprint.post("/<code>/sample")
@signed_in
def draw_sample(code: str) -> Response:
    assembly = _asking(code)
    with context.writing() as session:
        sampling.draw(
            session,
            context.platform().keys,
            assembly.community_id,
            assembly.id,
            by=context.person_id(),
            now=context.now(),
        )
    flash(gettext("抽好了，请逐位联系。"), "ok")
    return redirect(url_for("voting.sample", code=assembly.code))


@blueprint.post("/<code>/sample/<elector>")
@signed_in
def answer_sample(code: str, elector: str) -> Response:
    assembly = _asking(code)
    with context.writing() as session:
        sampling.answer(
            session,
            context.platform().keys,
            assembly.community_id,
            assembly.id,
            elector=elector,
            result=request.form.get("result", ""),
            note=tidy(request.form.get("note", "")) or "",
            by=context.person_id(),
            now=context.now(),
        )
    flash(gettext("已记下。"), "ok")
    return redirect(url_for("voting.sample", code=assembly.code) + f"#{elector}")
