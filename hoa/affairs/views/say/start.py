"""The first taps: what kind of thing it is, and where. Nothing is written yet, so these are plain links."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from flask import render_template, request
from flask_babel import gettext

from hoa.affairs.rules.intake import CATEGORIES, UnknownCategory
from hoa.affairs.service import drafts, places, terms
from hoa.affairs.tables import Place
from hoa.affairs.views.say.base import blueprint, field, place_of
from hoa.kernel.clock import today
from hoa.kernel.errors import NotFound
from hoa.offices import places as register
from hoa.web import context
from hoa.web.access import public


class Plan(NamedTuple):
    """One building from above to below: floors as rows, entrances as columns; `floors` of each entrance."""

    building: str
    rows: Sequence[int]
    entrances: Mapping[str, Sequence[int]]


@blueprint.get("/say/")
@public
def start() -> str:
    return _kinds(None)


@blueprint.get("/say/<place_code>")
@public
def at(place_code: str) -> str:
    """Where a poster's QR code leads."""
    return _kinds(place_of(place_code))


def _kinds(place: Place | None) -> str:
    here, day = context.community(), today(context.now())
    return render_template(
        "affairs/say_start.html",
        categories=CATEGORIES,
        place=place,
        terms=terms.current(context.reading(), here.id, day),
    )


@blueprint.get("/say/where")
@public
def where() -> str:
    """Which building, then which floor of which entrance, one tap each; or somewhere outside."""
    category, building = demand_category(field("category")), field("building")
    kept = field("kept")
    if kept and not drafts.is_draft_id(kept):
        raise NotFound
    buildings = register.buildings(context.reading(), context.community().id)
    plan = None
    if building:
        places.checked(context.reading(), context.community().id, building, "", None)
        plan = _plan(building, buildings[building])
    return render_template("affairs/say_where.html", category=category, buildings=list(buildings), plan=plan, kept=kept)


def _plan(building: str, entrances: Mapping[str, Sequence[int]]) -> Plan:
    floors = {floor for known in entrances.values() for floor in known}
    return Plan(building, sorted(floors, reverse=True), entrances)


def demand_category(category: str) -> str:
    if category not in CATEGORIES:
        raise UnknownCategory(category=category[:20] or gettext("（空）"))
    return category


def wanted_floor() -> int | None:
    """The floor of the address, where it is one; the register says whether it exists."""
    return request.args.get("floor", None, type=int)
