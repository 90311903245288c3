"""The blueprint of the public pages and the words they share. Nothing here shows what somebody said before it was
published: titles come from `hoa.affairs.service.public`.
"""

from typing import Any, NamedTuple

from flask import Blueprint
from flask_babel import gettext

from hoa.affairs.rules.intake import CATEGORIES
from hoa.affairs.rules.states import OPEN, SORTING_NAMES, STATE_NAMES, Sorting, State
from hoa.affairs.service import handlers, public, reading
from hoa.affairs.service.reading import Standing
from hoa.affairs.tables import Suggestion
from hoa.kernel.clock import today
from hoa.web import context

blueprint = Blueprint("suggestions", __name__, url_prefix="/c/<community_code>/suggestions")

_TAGS = {State.RECEIVED: "warn", State.ASSIGNED: "ink", State.ANSWERED: "ink", State.RATED: "ok", State.PUBLISHED: "ok"}


class Line(NamedTuple):
    """A suggestion in a list: what everybody may read of it."""

    label: str
    title: str
    category: str
    building: str
    state: str
    tag: str
    handler: str
    standing: Standing
    open: bool
    row: Suggestion


def line(row: Suggestion) -> Line:
    """How one is listed: by the desk's title, before triage by its category."""
    session, state = context.reading(), State(row.state)
    category = category_word(row.category)
    return Line(
        label=row.label,
        title=public.title(session, context.platform().keys, row) or category,
        category=category,
        building=row.building,
        state=gettext(STATE_NAMES[state]),
        tag=_TAGS.get(state, "plain"),
        handler=handlers.name_of(session, row.community_id, row.handler_id),
        standing=reading.standing(row, today(context.now())),
        open=state in OPEN,
        row=row,
    )


def category_word(key: str) -> str:
    return str(gettext(CATEGORIES[key])) if key in CATEGORIES else key


def sorting_word(key: str) -> str:
    return str(gettext(SORTING_NAMES[Sorting(key)]) if key else gettext("没有分类"))


@blueprint.context_processor
def _words() -> dict[str, Any]:
    return {"category_word": category_word, "sorting_word": sorting_word}
