"""The board: what was said, how it stands, by when; searched and filtered by anybody."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from hoa.affairs.rules import figures as rules
from hoa.affairs.rules.figures import STARS, Outcome, Period
from hoa.affairs.rules.intake import CATEGORIES
from hoa.affairs.rules.states import STATE_NAMES, Sorting, State
from hoa.affairs.service import announcing, handlers
from hoa.affairs.service import board as service
from hoa.affairs.service.board import Asked
from hoa.affairs.tables import Handler
from hoa.affairs.views.board.base import blueprint, line, sorting_word
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.web import context
from hoa.web.access import public, signed_in

PAGE = 20
LONGEST_SEARCH = 60
LAST_PAGE = 100_000  # no list is that long, and no database counts any number of lines
UNSORTED = "none"
Value = TypeVar("Value")


class UnknownFilter(Refusal):
    message = N_("没有“%(value)s”这个条件，请回到全部诉求重新选择")
    status = 404


class SearchTooLong(Refusal):
    message = N_("查找的文字最多 %(most)s 个字，请写短一些")
    status = 422


@blueprint.get("/")
@public
def board() -> str:
    session, here = context.reading(), context.community()
    day, page = today(context.now()), min(max(request.args.get("page", 1, type=int), 1), LAST_PAGE)
    units = handlers.handlers(session, here.id, ended=True)
    asked = _asked(units)
    rows, total = service.found(session, here.id, asked, day=day, offset=(page - 1) * PAGE, limit=PAGE)
    pages = max(1, -(-total // PAGE))
    if page > pages:
        page = pages
        rows, _ = service.found(session, here.id, asked, day=day, offset=(page - 1) * PAGE, limit=PAGE)
    opened, overdue = service.standing_counts(session, here.id, day)
    me = context.me()
    return render_template(
        "affairs/board.html",
        lines=[line(row) for row in rows],
        total=total,
        page=page,
        pages=pages,
        asked=asked,
        chosen=_told(asked),
        opened=opened,
        overdue=overdue,
        categories=CATEGORIES,
        buildings=service.buildings(session, here.id),
        states=STATE_NAMES,
        subscribed=announcing.is_subscribed(session, here.id, me.id) if me else None,
    )


def _asked(units: Sequence[Handler]) -> Asked:
    """What the address asks for; a condition that does not exist is refused, not left out: the list would show
    something else than what was asked for.
    """
    search = request.args.get("q", "").strip()
    if len(search) > LONGEST_SEARCH:
        raise SearchTooLong(most=LONGEST_SEARCH)
    known = {unit.id: unit for unit in units}
    span = request.args.get("month") or request.args.get("year")
    asked = Asked(
        search=search,
        category=_one("category", {key: key for key in CATEGORIES}.__getitem__) or "",
        building=request.args.get("building", ""),
        state=_one("state", State),
        handler=_one("handler", known.__getitem__),
        overdue=request.args.get("overdue") == "1",
        period=rules.period(span) if span else None,
        sorting=_one("class", lambda text: "" if text == UNSORTED else Sorting(text).value),
        outcome=_one("outcome", Outcome),
        reopened=request.args.get("reopened") == "1",
        stars=_one("stars", {str(stars): stars for stars in STARS}.__getitem__) or 0,
    )
    if asked.counts and asked.period is None:
        return _within(asked, Period(today(context.now()).year))
    return asked


def _within(asked: Asked, period: Period) -> Asked:
    return Asked(**{**vars(asked), "period": period})


def _one(name: str, read: Callable[[str], Value]) -> Value | None:
    """A filter of the address by its key; None when it is not there."""
    text = request.args.get(name, "")
    if not text:
        return None
    try:
        return read(text)
    except (KeyError, ValueError):
        raise UnknownFilter(value=text[:20]) from None


def _told(asked: Asked) -> Sequence[str]:
    """The conditions that no field of the form shows, in words."""
    found = [
        str(asked.period) if asked.period else "",
        asked.handler.name if asked.handler else "",
        sorting_word(asked.sorting) if asked.sorting is not None else "",
        gettext(rules.OUTCOME_NAMES[asked.outcome]) if asked.outcome else "",
        gettext("重办") if asked.reopened else "",
        gettext("%(stars)s 星", stars=asked.stars) if asked.stars else "",
    ]
    return [words for words in found if words]


@blueprint.post("/subscription")
@signed_in
def subscription() -> Response:
    """Switch the text messages about published answers on or off."""
    here, person = context.community(), context.person_id()
    with context.writing() as session:
        if request.form.get("want") == "yes":
            announcing.subscribe(session, here.id, person_id=person, now=context.now())
            flash(gettext("以后有诉求办结公示，会发短信告诉您"), "ok")
        else:
            announcing.unsubscribe(session, here.id, person_id=person)
            flash(gettext("不再发短信了"), "ok")
    return redirect(url_for("suggestions.board"))
