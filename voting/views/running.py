"""While voting is open, for conveners and clerks: who has voted by building, floor and door, and the door list."""

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import RadioField, StringField

from hoa.accounts.tables import Person
from hoa.kernel import masking
from hoa.kernel.clock import today
from hoa.kernel.errors import NotAllowed
from hoa.web import context
from hoa.web.access import requires, signed_in
from hoa.web.forms import Form, at_most, options
from voting.powers import CONVENE
from voting.service import doors, proposals, steps
from voting.service.doors import RESULT_TITLES, Door
from voting.tables import Assembly
from voting.views.shared import blueprint, find, paper

PAGE = 40
LOOKS = 20


class VisitForm(Form):
    result = RadioField(lazy_gettext("结果"))
    note = StringField(lazy_gettext("备注（不要写对方选了什么）"), validators=[at_most(doors.NOTE_LENGTH)])


def _for_staff(code: str) -> Assembly:
    """A convener's or a clerk's assembly, while it is open."""
    assembly = find(code)
    if not context.may(CONVENE):
        proposals.official(context.reading(), assembly, context.person_id(), "clerk")
    doors.demand_open(assembly, now=context.now())
    return assembly


def _looked(assembly: Assembly, page: str) -> None:
    with context.writing() as session:
        doors.look(session, assembly, person_id=context.person_id(), page=page, now=context.now())


@blueprint.get("/<code>/turnout")
@signed_in
def turnout_map(code: str) -> str:
    """Who has voted, as a picture of each building."""
    assembly = _for_staff(code)
    _looked(assembly, "map")
    session = context.reading()
    return render_template(
        "voting/turnout.html",
        assembly=assembly,
        blocks=doors.blocks(session, assembly),
        looks=[(row, _who(row.person_id)) for row in doors.looks(session, assembly, limit=LOOKS)],
    )


def _who(person_id: str) -> str:
    person = context.reading().get(Person, person_id)
    return masking.name(person.name) if person else ""


@blueprint.get("/<code>/doors")
@signed_in
def door_list(code: str) -> str:
    """Who has not voted, whom no message reached first."""
    assembly = _for_staff(code)
    _looked(assembly, "doors")
    every = _doors(assembly)
    building = request.args.get("building", "")[:40]
    found = [door for door in every if building in ("", door.building)]
    pages = max(1, -(-len(found) // PAGE))
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    return render_template(
        "voting/doors.html",
        assembly=assembly,
        doors=found[(page - 1) * PAGE : page * PAGE],
        buildings=list(dict.fromkeys(door.building for door in sorted(every, key=lambda door: door.building))),
        building=building,
        total=len(found),
        page=page,
        pages=pages,
        RESULT_TITLES=RESULT_TITLES,
    )


def _doors(assembly: Assembly) -> Sequence[Door]:
    return doors.unvoted(context.reading(), context.platform().keys, assembly, day=today(context.now()))


@blueprint.get("/<code>/doors.pdf")
@signed_in
def door_paper(code: str) -> Response:
    """The list to take along, with room to write."""
    assembly = _for_staff(code)
    building = request.args.get("building", "")[:40]
    at = context.now().replace(minute=context.now().minute // 10 * 10, second=0, microsecond=0)
    values: dict[str, Any] = {
        "doors": [door for door in _doors(assembly) if building in ("", door.building)],
        "blocks": [block for block in doors.blocks(context.reading(), assembly) if building in ("", block.building)],
        "building": building,
        "at": at,
        "RESULT_TITLES": RESULT_TITLES,
    }
    _looked(assembly, "paper")
    return paper(
        find(code),
        kind="doors",
        template="voting/doors_paper.html",
        created=at,
        name=f"{context.community().code}-{assembly.code}-doors.pdf",
        values=values,
    )


@blueprint.route("/<code>/doors/<elector>", methods=["GET", "POST"])
@signed_in
def door_visit(code: str, elector: str) -> str | Response:
    """One door: what earlier visits came to, and what this one did."""
    assembly = _for_staff(code)
    found = doors.door(context.reading(), context.platform().keys, assembly, elector, day=today(context.now()))
    form = VisitForm()
    form.result.choices = options([(result.value, gettext(title)) for result, title in RESULT_TITLES.items()])
    if form.validate_on_submit():
        with context.writing() as session:
            doors.visit(
                session,
                assembly,
                elector=elector,
                result=form.result.data,
                note=form.note.data or "",
                by=context.person_id(),
                now=context.now(),
            )
        flash(gettext("已记下"), "ok")
        return redirect(url_for("voting.door_list", code=code))
    return render_template(
        "voting/door.html",
        assembly=assembly,
        door=found,
        form=form,
        visits=[(visit, _who(visit.by)) for visit in found.visits],
        RESULT_TITLES=RESULT_TITLES,
    )


@blueprint.post("/<code>/building-turnout")
@requires(CONVENE)
def building_turnout(code: str) -> Response:
    """Let the public see each building's turnout, or stop it."""
    assembly = find(code)
    wanted = request.form.get("shown")
    if wanted not in ("yes", "no"):
        raise NotAllowed
    with context.writing() as session:
        steps.locked(session, assembly.community_id, assembly.id).building_turnout = wanted == "yes"
    flash(gettext("已公开各楼栋的参加率") if wanted == "yes" else gettext("不再公开各楼栋的参加率"), "ok")
    return redirect(url_for("voting.turnout_map", code=code))
