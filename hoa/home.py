"""The front doors: of the deployment, of a community, and what waits for the person who came in."""

from typing import NamedTuple

from flask import Blueprint, current_app, redirect, render_template, url_for
from werkzeug.wrappers import Response

from hoa.affairs.service import handlers
from hoa.bulletin import service as bulletin
from hoa.bulletin.current import has_moved
from hoa.community import service as register
from hoa.community.tables import Community
from hoa.offices import service as offices
from hoa.offices import watching
from hoa.web import context
from hoa.web.access import public, signed_in
from hoa.web.room import Asker, Need, Overdue, Own, Room, Shown

LATEST = 5

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
@public
def start() -> str | Response:
    """The communities of this deployment; someone who belongs to just one goes straight there."""
    session, me = context.reading(), context.me()
    mine = _mine(me.id) if me else []
    late = overdue(me.id) if me else []
    if me and len(mine) == 1 and not late and not me.is_platform_administrator:
        return redirect(url_for("home.community", community_code=mine[0].code))
    communities = register.all_communities(session)
    return render_template("home/start.html", communities=communities, mine=mine, late=late)


class Late(NamedTuple):
    """A line of the street officer's list: where, and what is overdue there."""

    community: Community
    overdue: Overdue


def overdue(person_id: str) -> list[Late]:
    """What is past its last day in every community whose street officer this person is today, the longest first; for
    anybody else nothing (rules.md R2.15).
    """
    session, now = context.reading(), context.now()
    watched = watching.communities_watched(session, person_id, now)
    rooms: tuple[Room, ...] = current_app.extensions["hoa.rooms"]
    found = [
        Late(here, one)
        for here in register.all_communities(session)
        if here.id in watched
        for room in rooms
        if room.overdue
        for one in room.overdue(session, here.id, now)
    ]
    return sorted(found, key=lambda late: (late.overdue.since, late.community.code))


def _mine(person_id: str) -> list[Community]:
    """Where this person owns something or holds an office today."""
    session = context.reading()
    owned = {here.id for here in register.communities_of(session, person_id)}
    served = offices.communities_served(session, person_id, context.now())
    return [here for here in register.all_communities(session) if here.id in owned | served]


@blueprint.get("/c/<community_code>/")
@public
def community() -> str:
    """What needs me first; then what was published."""
    session, here = context.reading(), context.community()
    mine = [one for one in own() if one.current]
    return render_template(
        "home/community.html",
        needs=needs(),
        shown=shown(),
        own=mine,
        may_own=bool(mine) or context.may("register.own") or not _works_here(),
        latest=[(row, has_moved(session, row)) for row in bulletin.publications(session, here.id, limit=LATEST)],
    )


def _works_here() -> bool:
    """Whether somebody signed in does something here for others: holds an office, or handles suggestions for a unit."""
    me = context.me()
    if me is None:
        return False
    return bool(
        context.powers() or handlers.handled_by(context.reading(), context.community().id, me.id, context.now())
    )


@blueprint.get("/c/<community_code>/my")
@signed_in
def mine() -> str:
    """What needs me; my ballots and receipts over all assemblies; my rooms, how they count and why."""
    session, here, me = context.reading(), context.community(), context.person_id()
    return render_template(
        "home/mine.html",
        needs=needs(),
        own=own(),
        electors=register.elector_of(session, here.id, me),
        totals=register.totals(session, here.id),
    )


@blueprint.get("/privacy")
@public
def privacy() -> str:
    return render_template("home/privacy.html")


def needs() -> list[Need]:
    """What waits for the signed-in person in this community, from every room: urgent first, then by the day it is
    due.
    """
    me = context.me()
    if me is None:
        return []
    asker = _asker(me.id)
    rooms: tuple[Room, ...] = current_app.extensions["hoa.rooms"]
    found = [need for room in rooms if room.needs for need in room.needs(context.reading(), asker)]
    return sorted(found, key=lambda need: (not need.urgent, need.due is None, need.due or asker.now.date()))


def _asker(person_id: str) -> Asker:
    return Asker(community_id=context.community().id, person_id=person_id, powers=context.powers(), now=context.now())


def own() -> list[Own]:
    """What is the signed-in person's in this community, from every room."""
    me = context.me()
    if me is None:
        return []
    rooms: tuple[Room, ...] = current_app.extensions["hoa.rooms"]
    return [one for room in rooms if room.own for one in room.own(context.reading(), _asker(me.id))]


def shown() -> list[Shown]:
    """What every room shows to anybody in this community: what is going on now first."""
    rooms: tuple[Room, ...] = current_app.extensions["hoa.rooms"]
    here = context.community().id
    found = [one for room in rooms if room.shown for one in room.shown(context.reading(), here, context.now())]
    return sorted(found, key=lambda one: not one.current)
