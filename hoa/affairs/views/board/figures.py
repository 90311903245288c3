"""The figures of a year or a month, each leading to the list that it counts."""

from collections.abc import Mapping
from typing import Any

from flask import render_template, request, url_for
from markupsafe import Markup, escape

from hoa.affairs.rules import figures as rules
from hoa.affairs.rules.figures import OUTCOME_NAMES, Period
from hoa.affairs.rules.intake import CATEGORIES, CHANNEL_NAMES
from hoa.affairs.rules.states import SORTING_NAMES
from hoa.affairs.service import figures as service
from hoa.affairs.service import handlers, months
from hoa.affairs.service.figures import Told
from hoa.affairs.views.board.base import blueprint
from hoa.kernel.clock import today
from hoa.web import context
from hoa.web.access import public

# What page and paper call things, by key: message ids.
NAMES: Mapping[str, Mapping[Any, str]] = {
    "category": CATEGORIES,
    "channel": CHANNEL_NAMES,
    "class": SORTING_NAMES,
    "outcome": OUTCOME_NAMES,
}


@blueprint.get("/figures")
@public
def figures() -> str:
    session, here, day = context.reading(), context.community(), today(context.now())
    period = rules.period(request.args.get("period", str(day.year)))
    told = service.told(session, here.id, period, day=day)
    return render_template(
        "affairs/board_figures.html",
        told=told,
        link=Links(told),
        names=NAMES,
        rules=rules,
        years=service.years(session, here.id),
        months=[Period(period.year, month) for month in range(1, 13)],
        reported=months.reported(session, here.id),
    )


class Links:
    """Makes a label lead to the board's list of what a figure of this period counts."""

    def __init__(self, told: Told) -> None:
        self._period: dict[str, Any] = {"year" if told.period.month is None else "month": str(told.period)}
        rows = handlers.handlers(context.reading(), context.community().id, ended=True)
        self._units = {row.name: row.id for row in rows}

    def __call__(self, label: str, **conditions: Any) -> Markup:
        if "handler" in conditions:
            conditions["handler"] = self._units.get(conditions["handler"])
            if conditions["handler"] is None:
                return escape(label)
        if conditions.get("class") == "":
            conditions["class"] = "none"
        address = url_for("suggestions.board", **self._period, **conditions)
        return Markup('<a href="{}">{}</a>').format(address, label)
