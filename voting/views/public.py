"""What anybody reads: the list, the notice, an open vote's turnout, the result."""

from typing import Any

from flask import redirect, render_template, url_for
from werkzeug.wrappers import Response

from hoa.kernel import canonical
from hoa.kernel.clock import parse_stamp, today
from hoa.kernel.errors import N_, NotFound
from hoa.web import context
from hoa.web.access import public
from voting.powers import CONVENE
from voting.rules.life import State
from voting.rules.officials import ROLE_TITLES
from voting.rules.published import turnout_permille
from voting.rules.screens import screens
from voting.service import doors, drafts, officials, reading, results, rule_changes, tallying
from voting.tables import Assembly
from voting.views import outcome
from voting.views.deliveries import note_login
from voting.views.shared import address, blueprint, candidate_pages, chained, find, paper


@blueprint.get("/")
@public
def index() -> str:
    session, here, me = context.reading(), context.community(), context.me()
    rows = reading.assemblies(session, here.id, drafts=context.may(CONVENE))
    waiting = (
        {row.id for row, _ready in reading.waiting_for(session, here.id, person_id=me.id, day=today(context.now()))}
        if me
        else set()
    )
    rows = sorted(rows, key=lambda row: row.id not in waiting)
    return render_template("voting/index.html", rows=rows, waiting=waiting, may_convene=context.may(CONVENE))


@blueprint.get("/<code>")
@public
def show(code: str) -> str:
    """The assembly as it stands: its notice and turnout, or its result."""
    assembly = find(code)
    if assembly.step is State.ANNOUNCED:
        return render_template(
            "voting/result.html", assembly=assembly, chained=chained(assembly), **outcome.page_values(assembly)
        )
    return render_template(
        "voting/assembly.html",
        assembly=assembly,
        objected=[one for one in results.objections(context.reading(), assembly) if one.objections],
        today=today(context.now()),
        chained=chained(assembly),
        **_notice_values(assembly),
        **_mine(assembly),
    )


@blueprint.get("/<code>/result")
@public
def result(code: str) -> Response:
    """The address that publications and paper give: it stays good whatever the page of an assembly becomes."""
    return redirect(url_for("voting.show", code=find(code).code))


@blueprint.get("/<code>/notice")
@public
def notice(code: str) -> str:
    assembly = find(code)
    note_login(assembly)
    return render_template("voting/notice.html", assembly=assembly, **_notice_values(assembly))


@blueprint.get("/<code>/notice.pdf")
@public
def notice_pdf(code: str) -> Response:
    assembly = find(code)
    if assembly.manifest is None:
        raise NotFound
    return paper(
        assembly,
        kind="notice",
        template="voting/notice_paper.html",
        created=parse_stamp(canonical.decode(assembly.manifest)["times"]["noticed"]),
        name=f"{context.community().code}-{assembly.code}-notice.pdf",
        values=_notice_values(assembly),
    )


@blueprint.get("/<code>/result.pdf")
@public
def result_pdf(code: str) -> Response:
    assembly = find(code)
    if assembly.step is not State.ANNOUNCED:
        raise NotFound
    tally = tallying.tally_of(context.reading(), assembly)
    return paper(
        assembly,
        kind="result",
        template="voting/result_paper.html",
        created=tally.made_at.replace(microsecond=0),
        name=f"{context.community().code}-{assembly.code}-result.pdf",
        values=outcome.figures(assembly, tally),
    )


@blueprint.get("/<code>/tally.json")
@public
def tally_json(code: str) -> Response:
    """The published tally, byte for byte: its SHA-256 is the one on the notice board."""
    assembly = find(code)
    if assembly.step is not State.ANNOUNCED:
        raise NotFound
    tally = tallying.tally_of(context.reading(), assembly)
    return Response(tally.public, mimetype="application/json")


def _notice_values(assembly: Assembly) -> dict[str, Any]:
    motions = drafts.motions(context.reading(), assembly)
    noticed = parse_stamp(canonical.decode(assembly.manifest)["times"]["noticed"]) if assembly.manifest else None
    return {
        "screens": screens(motions, assembly.elections),
        "pages": candidate_pages(assembly),
        "noticed_at": noticed,
        "address": address("voting.show", code=assembly.code),
        "turnout": _public_turnout(assembly),
        "buildings": _buildings(assembly),
        "rule_changes": rule_changes.made(context.reading(), assembly),
        "people": _people(assembly),
        "CHANNEL_TITLES": rule_changes.CHANNEL_TITLES,
    }


def _people(assembly: Assembly) -> list[tuple[str, list[str]]]:
    """Who counts, scrutinises, works and witnesses, by the names that the notice gives them."""
    session = context.reading()
    named = officials.of(session, assembly)
    found = [(title, [one.name for one in named if one.role == role]) for role, title in ROLE_TITLES.items()]
    found.append((N_("见证人"), [one.title for one in officials.witnesses(session, assembly)]))
    return [(title, list(dict.fromkeys(names))) for title, names in found if names]


def _buildings(assembly: Assembly) -> list[tuple[str, int]]:
    """Each building's turnout by heads in permille, where the conveners show it; as old as the other figures."""
    if not assembly.building_turnout or assembly.turnout_at is None or assembly.step is not State.OPEN:
        return []
    rows = doors.by_building(context.reading(), assembly)
    return [(row.name, turnout_permille(row.voted, row.electors)) for row in rows]


def _public_turnout(assembly: Assembly) -> dict[str, Any] | None:
    """What the hour's figures say, to 0.1 % (voting-record.md 2)."""
    if assembly.turnout_at is None:
        return None
    return {
        "heads": turnout_permille(assembly.turnout_heads, assembly.roll_heads),
        "area": turnout_permille(assembly.turnout_area, assembly.roll_area),
        "at": assembly.turnout_at,
    }


def _mine(assembly: Assembly) -> dict[str, Any]:
    me = context.me()
    if me is None or assembly.step is State.DRAFT:
        return {"mine": []}
    day = today(context.now())
    return {"mine": reading.mine(context.reading(), assembly, person_id=me.id, day=day)}
