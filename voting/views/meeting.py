"""A live meeting on screen: desks and check-in for officials, the owner's code, the wall, ballots on site, the list."""

from collections.abc import Sequence
from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from hoa.accounts import service as accounts
from hoa.accounts.tables import Person
from hoa.community.rules import CAPACITY_WORDS, LEVEL_WORDS, Capacity, IdentityLevel
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.web import context
from hoa.web.access import public, signed_in
from hoa.web.forms import tidy
from hoa.web.i18n import area, moment, told
from voting.powers import CONVENE
from voting.rules.counting import MARKS
from voting.rules.life import State
from voting.rules.screens import screens
from voting.service import casting, drafts, entries, meeting, proposals, proxies, roll, seats
from voting.service.meeting import Visitor
from voting.tables import Assembly, Official
from voting.views import lists
from voting.views.shared import address, blueprint, find, paper

# The page has nothing to touch, so that looking again takes nobody out of anything.
WALL_SECONDS = 30
CAPACITIES = {
    meeting.OWNER: CAPACITY_WORDS[Capacity.SELF],
    meeting.AGENT: N_("代理人"),
    **{one.value: word for one, word in CAPACITY_WORDS.items() if one is not Capacity.SELF},
}
HEADINGS = (
    N_("房号"),
    N_("面积（平方米）"),
    N_("到场人"),
    N_("身份"),
    N_("核验级别"),
    N_("签到台"),
    N_("签到时间"),
    N_("签退时间"),
    N_("经办人"),
)


def _official(assembly: Assembly) -> Official:
    return proposals.official(context.reading(), assembly, context.person_id())


def _staff(assembly: Assembly) -> Official | None:
    """The reader as an official, None for a convener who is none; anybody else is refused."""
    try:
        return _official(assembly)
    except proposals.NotAnOfficial:
        if context.may(CONVENE):
            return None
        raise


# -------------------------------------------------------------------------------------------------------------- desks


@blueprint.get("/<code>/meeting")
@signed_in
def meeting_page(code: str) -> str:
    return _meeting_page(find(code), None)


def _meeting_page(assembly: Assembly, problem: str | None) -> str:
    official = _staff(assembly)
    session = context.reading()
    there = [row for row in meeting.attendance(session, assembly) if row.check_in.left_at is None]
    return render_template(
        "voting/meeting.html",
        assembly=assembly,
        official=official,
        desks=meeting.desks(session, assembly),
        there=there,
        capacities=CAPACITIES,
        quorum=meeting.quorum(session, assembly, now=context.now()),
        takes="meeting" in assembly.open_channels,
        problem=problem,
        given=request.form or request.args,
    )


@blueprint.post("/<code>/meeting/desks")
@signed_in
def add_desk(code: str) -> str | Response:
    assembly = find(code)
    _staff(assembly)
    try:
        with context.writing() as session:
            meeting.add_desk(
                session,
                assembly,
                name=tidy(request.form.get("name")) or "",
                by=context.person_id(),
                now=context.now(),
            )
    except Refusal as refusal:
        return _meeting_page(find(code), told(refusal))
    return redirect(url_for("voting.meeting_page", code=code))


@blueprint.post("/<code>/meeting/desks/<desk_id>/close")
@signed_in
def close_desk(code: str, desk_id: str) -> Response:
    assembly = find(code)
    _staff(assembly)
    with context.writing() as session:
        meeting.close_desk(session, assembly, desk_id, now=context.now())
    return redirect(url_for("voting.meeting_page", code=code))


# ------------------------------------------------------------------------------------------------------------ check-in


@blueprint.get("/<code>/check-in-code")
@signed_in
def check_in_code(code: str) -> str:
    """The owner's code for the desk: good for a few minutes, says nothing to anybody but an official's screen."""
    assembly = find(code)
    session, now, me = context.reading(), context.now(), context.person_id()
    mine = casting.standings(session, assembly, person_id=me, day=today(now))
    if not mine:
        raise casting.NotOnRoll
    figures = meeting.code_of(context.platform().keys, assembly, me, now=now)
    return render_template(
        "voting/check_in_code.html",
        assembly=assembly,
        mine=mine,
        figures=f"{figures[:4]} {figures[4:]}",
        address=address("voting.meeting_find", code=code, q=figures),
    )


@blueprint.get("/<code>/meeting/find")
@signed_in
def meeting_find(code: str) -> str | Response:
    """An elector by the owner's code or by room; several rooms of one owner may be several electors."""
    assembly = find(code)
    _official(assembly)
    asked = (tidy(request.args.get("q")) or "")[:60]
    try:
        electors = _electors(assembly, asked)
    except Refusal as refusal:
        return _meeting_page(assembly, told(refusal))
    if len(electors) == 1:
        return redirect(url_for("voting.meeting_elector", code=code, elector=electors[0]))
    session = context.reading()
    return render_template(
        "voting/meeting_found.html",
        assembly=assembly,
        found=[(elector, seats.rooms(entries.on_roll(session, assembly, elector))) for elector in electors],
    )


def _electors(assembly: Assembly, asked: str) -> Sequence[str]:
    session, figures = context.reading(), asked.replace(" ", "")
    if figures.isascii() and figures.isdigit() and len(figures) == meeting.CODE_DIGITS:
        keys = context.platform().keys
        standings = meeting.electors_of_code(session, keys, assembly, figures, now=context.now())
        if not standings:
            raise meeting.WrongCode
        return [standing.elector for standing in standings]
    return [seats.elector_of_room(session, assembly, asked).elector]


@blueprint.route("/<code>/meeting/electors/<elector>", methods=["GET", "POST"])
@signed_in
def meeting_elector(code: str, elector: str) -> str | Response:
    """One elector at the desk: who may come for them, how surely each is known, and check-in."""
    assembly = find(code)
    _official(assembly)
    problem = None
    if request.method == "POST":
        try:
            _check_in(assembly, elector)
        except Refusal as refusal:
            problem = told(refusal)
        else:
            flash(gettext("已签到。"), "ok")
            return redirect(url_for("voting.meeting_elector", code=code, elector=elector))
    session, now = context.reading(), context.now()
    entry = entries.on_roll(session, assembly, elector)
    found = seats.seats(session, assembly, elector, day=today(now))
    ballots = casting.my_ballots(session, assembly, elector)
    return render_template(
        "voting/meeting_elector.html",
        assembly=assembly,
        entry=entry,
        rooms=seats.rooms(entry),
        seats=[(seat, LEVEL_WORDS[IdentityLevel(seat.level)], seat.level >= assembly.identity_level) for seat in found],
        capacities=CAPACITIES,
        agents=meeting.authorities(session, assembly, elector, now=now),
        desks=[desk for desk in meeting.desks(session, assembly) if desk.closed_at is None],
        last_desk=_last_desk(assembly),
        present=meeting.present(session, assembly, elector),
        ballots=[ballot for ballot in ballots if not proxies.is_gone(session, assembly, ballot.leaf)],
        waits=meeting.waits_for_signatures(session, assembly, elector),
        problem=problem,
    )


def _last_desk(assembly: Assembly) -> str | None:
    """The desk at which this official sat last."""
    rows = meeting.attendance(context.reading(), assembly)
    mine = [row.desk.id for row in rows if row.check_in.checked_by == context.person_id()]
    return mine[-1] if mine else None


def _check_in(assembly: Assembly, elector: str) -> None:
    kind, _, which = (request.form.get("visitor") or "").partition(":")
    visitor = Visitor(authority_id=which) if kind == meeting.AGENT else Visitor(owner_id=which)
    with context.writing() as session:
        meeting.check_in(
            session,
            assembly,
            elector=elector,
            visitor=visitor,
            desk_id=request.form.get("desk", ""),
            by=context.person_id(),
            now=context.now(),
        )


@blueprint.post("/<code>/meeting/electors/<elector>/leave")
@signed_in
def meeting_leave(code: str, elector: str) -> Response:
    assembly = find(code)
    _official(assembly)
    with context.writing() as session:
        meeting.check_out(session, assembly, elector=elector, by=context.person_id(), now=context.now())
    flash(gettext("已签退。"), "ok")
    return redirect(url_for("voting.meeting_elector", code=code, elector=elector))


# ------------------------------------------------------------------------------------------------------ ballots on site


@blueprint.route("/<code>/meeting/electors/<elector>/ballot", methods=["GET", "POST"])
@signed_in
def meeting_ballot(code: str, elector: str) -> str | Response:
    """An official keys what the owner marks, the owner watching; two officials sign it."""
    assembly = find(code)
    _official(assembly)
    session = context.reading()
    entry = entries.on_roll(session, assembly, elector)
    present = meeting.present(session, assembly, elector)
    motions = drafts.motions(session, assembly)
    problem = None
    if request.method == "POST":
        choices = {motion.code: request.form.get(f"choice-{motion.code}", "") for motion in motions}
        try:
            with context.writing() as writing:
                meeting.key_ballot(
                    writing,
                    context.platform().keys,
                    assembly,
                    elector=elector,
                    choices={code: mark for code, mark in choices.items() if mark},
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            problem = told(refusal)
        else:
            flash(gettext("已录入，由两名工作人员当场签名后生效。"), "ok")
            return redirect(url_for("voting.sign", code=code))
    return render_template(
        "voting/meeting_ballot.html",
        assembly=assembly,
        entry=entry,
        rooms=seats.rooms(entry),
        present=present,
        screens=screens(motions, assembly.elections),
        marks=MARKS,
        problem=problem,
        given=request.form,
    )


# ---------------------------------------------------------------------------------------------------- wall and the list


@blueprint.get("/<code>/meeting/wall")
@public
def meeting_wall(code: str) -> Response:
    """For the projector: the quorum and nothing else, as of the last full minute."""
    assembly = find(code)
    counted = meeting.quorum(context.reading(), assembly, now=context.now()) if assembly.step is State.OPEN else None
    reach = roll.reach(context.reading(), assembly) if counted is not None else None
    page = render_template("voting/wall.html", assembly=assembly, quorum=counted, reach=reach)
    return Response(page, mimetype="text/html", headers={"Refresh": str(WALL_SECONDS)})


def _lines(assembly: Assembly) -> list[tuple[str, ...]]:
    session = context.reading()
    names: dict[str, str] = {}

    def name(person_id: str) -> str:
        if person_id not in names:
            person: Person = accounts.person(session, person_id)
            names[person_id] = person.name
        return names[person_id]

    return [
        (
            seats.rooms(row.entry),
            area(row.entry.area).removesuffix(" m²"),
            row.check_in.name,
            gettext(CAPACITIES[row.check_in.capacity]),
            row.check_in.level,
            row.desk.name,
            moment(row.check_in.at),
            moment(row.check_in.left_at) if row.check_in.left_at else "",
            name(row.check_in.checked_by),
        )
        for row in meeting.attendance(session, assembly)
    ]


def _latest(assembly: Assembly) -> datetime:
    """When the list last changed: the same list is the same file."""
    rows = [row.check_in for row in meeting.attendance(context.reading(), assembly)]
    return max((row.left_at or row.at for row in rows), default=assembly.opens_at).replace(microsecond=0)


@blueprint.get("/<code>/meeting/attendance.<ending>")
@signed_in
def attendance(code: str, ending: str) -> Response:
    """The attendance list, for the minutes."""
    assembly = find(code)
    _staff(assembly)
    headings = [gettext(heading) for heading in HEADINGS]
    name = f"{context.community().code}-{assembly.code}-attendance.{ending}"
    if ending == "pdf":
        return paper(
            assembly,
            kind="attendance",
            template="voting/attendance_paper.html",
            created=_latest(assembly),
            name=name,
            values={
                "headings": headings,
                "lines": _lines(assembly),
            },
        )
    if ending == "csv":
        data = lists.as_csv(headings, _lines(assembly))
    elif ending == "xlsx":
        data = lists.as_xlsx(assembly.code, headings, _lines(assembly))
    else:
        raise NotFound
    response = Response(data, mimetype=lists.MEDIA[ending])
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
