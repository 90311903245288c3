"""Everything that was said, searched and filtered; the same as files, with the three lists as sheets."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import render_template, request
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import BooleanField, DateField, SearchField, SelectField
from wtforms.validators import Optional

from hoa.affairs.powers import READ
from hoa.affairs.rules.intake import CATEGORIES, CHANNEL_NAMES
from hoa.affairs.rules.states import OPEN, SORTING_NAMES, STATE_NAMES, Sorting, State
from hoa.affairs.service import exports, reading
from hoa.affairs.service.exports import Line
from hoa.affairs.tables import Suggestion
from hoa.affairs.views.sorting.base import blueprint, name_word, unit_names
from hoa.affairs.views.words import place_word
from hoa.community import lists
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, NotFound
from hoa.web import context
from hoa.web.access import requires
from hoa.web.forms import Form, at_most, options

PAGE = 50
STATES_OPEN = "open"
Column = tuple[str, Callable[[Line], str]]


class FilterForm(Form):
    """What the list is narrowed to; it comes with the address, so that a filtered list can be kept as a link."""

    class Meta(Form.Meta):
        csrf = False

    q = SearchField(lazy_gettext("编号、标题、内容或位置"), validators=[at_most(60)])
    state = SelectField(lazy_gettext("进度"), default="")
    category = SelectField(lazy_gettext("类别"), default="")
    handler = SelectField(lazy_gettext("承办单位"), default="")
    channel = SelectField(lazy_gettext("渠道"), default="")
    since = DateField(lazy_gettext("收到日期从"), validators=[Optional()])
    until = DateField(lazy_gettext("到"), validators=[Optional()])
    overdue = BooleanField(lazy_gettext("只看逾期的"))

    def offer(self) -> None:
        anything = ("", gettext("全部"))
        self.state.choices = options(
            [
                anything,
                (STATES_OPEN, gettext("没有办结的")),
                *((str(state), gettext(name)) for state, name in STATE_NAMES.items()),
            ]
        )
        self.category.choices = options([anything, *((key, gettext(name)) for key, name in CATEGORIES.items())])
        self.handler.choices = options([anything, *unit_names().items()])
        self.channel.choices = options([anything, *((str(key), gettext(name)) for key, name in CHANNEL_NAMES.items())])

    def wanted(self) -> dict[str, Any]:
        """The filters as `reading.listed` takes them; what was filled in wrongly filters nothing."""
        right = {field.name: field.data for field in self if not field.errors}
        state = right.get("state")
        states = OPEN if state == STATES_OPEN else {State(state)} if state else None
        return {
            "states": states,
            "category": right.get("category") or None,
            "handler_id": right.get("handler") or None,
            "channel": right.get("channel") or None,
            "search": right.get("q") or "",
            "overdue_on": today(context.now()) if right.get("overdue") else None,
            "since": right.get("since"),
            "until": right.get("until"),
        }


def _filters() -> FilterForm:
    form = FilterForm(request.args)
    form.offer()
    form.validate()
    return form


@blueprint.get("/list", endpoint="list")
@requires(READ)
def everything() -> str:
    """Everything, the latest first."""
    session, here, form = context.reading(), context.community(), _filters()
    wanted = form.wanted()
    total = reading.count(session, here.id, **wanted)
    pages = max(1, -(-total // PAGE))
    page = min(max(1, request.args.get("page", 1, type=int)), pages)
    rows = reading.listed(session, here.id, **wanted, offset=(page - 1) * PAGE, limit=PAGE)
    day = today(context.now())
    return render_template(
        "affairs/sorting_list.html",
        form=form,
        rows=rows,
        standings={row.id: reading.standing(row, day) for row in rows},
        units=unit_names(),
        open_states=OPEN,
        total=total,
        page=page,
        pages=pages,
        query=_query(),
    )


def _query() -> Mapping[str, str]:
    """The filters again, for the files: without the page."""
    return {key: value for key, value in request.args.items() if key != "page" and value}


@blueprint.get("/list.<ending>")
@requires(READ)
def download(ending: str) -> Response:
    """What the filters keep: as a workbook with the three lists, or the list alone as CSV."""
    if ending not in lists.MEDIA:
        raise NotFound
    session, here, form = context.reading(), context.community(), _filters()
    rows = reading.listed(session, here.id, **form.wanted(), limit=None)
    found = exports.lines(session, here.id, rows, day=today(context.now()))
    if ending == "csv":
        _, headings, cells = _sheet(N_("全部诉求"), _EVERYTHING, found)
        data = lists.as_csv(headings, cells)
    else:
        data = lists.as_workbook([_sheet(title, columns, found) for title, columns in _SHEETS])
    response = Response(data, mimetype=lists.MEDIA[ending])
    response.headers["Content-Disposition"] = f"attachment; filename=suggestions-{here.code}.{ending}"
    return response


def _sheet(title: str, columns: Sequence[Column], found: Sequence[Line]) -> lists.Table:
    return (
        gettext(title),
        [gettext(heading) for heading, _ in columns],
        [[cell(line) for _, cell in columns] for line in found],
    )


def _state(line: Line) -> str:
    return str(gettext(STATE_NAMES[State(line.row.state)]))


def _where(line: Line) -> str:
    """Building, entrance, floor and the poster's place; the reporter's own words about the spot stay here."""
    return place_word(line.row, spoken=False)


def _due(line: Line) -> str:
    if line.standing.due is None:
        return ""
    shown = line.standing.due.isoformat()
    return str(gettext("%(day)s（暂定）", day=shown)) if line.standing.provisional else shown


def _in_time(line: Line) -> str:
    """How the clock came out, or how it stands."""
    if line.standing.due is None:
        return ""
    if line.standing.overdue:
        return str(gettext("逾期 %(days)s 个工作日", days=line.standing.overdue))
    return str(gettext("期限内"))


def _sorting(row: Suggestion) -> str:
    return str(gettext(SORTING_NAMES[Sorting(row.sorting)])) if row.sorting else ""


_NUMBER: Column = (N_("编号"), lambda line: line.row.label)
_NAME: Column = (N_("问题"), lambda line: name_word(line.row))
_CATEGORY: Column = (N_("类别"), lambda line: gettext(CATEGORIES.get(line.row.category, line.row.category)))
_WHERE: Column = (N_("位置"), _where)
_RECEIVED: Column = (N_("收到日期"), lambda line: today(line.row.received_at).isoformat())
_CHANNEL: Column = (N_("渠道"), lambda line: gettext({str(k): v for k, v in CHANNEL_NAMES.items()}[line.row.channel]))
_SORTING: Column = (N_("分类"), lambda line: _sorting(line.row))
_HANDLER: Column = (N_("承办单位"), lambda line: line.handler)
_ASSIGNED: Column = (N_("交办日期"), lambda line: line.row.assigned_on.isoformat() if line.row.assigned_on else "")
_DUE: Column = (N_("期限"), _due)
_CLOCK: Column = (N_("是否按期"), _in_time)
_STATE: Column = (N_("进度"), _state)
_ENDED: Column = (N_("办结日期"), lambda line: line.ended_on.isoformat() if line.ended_on else "")
_STARS: Column = (N_("评价（1 至 5 星）"), lambda line: str(line.stars or ""))
_AGAIN: Column = (N_("重办"), lambda line: gettext("是") if line.row.round > 1 else "")
_CLUSTER: Column = (N_("共性问题"), lambda line: line.cluster)
_LETTERS: Column = (N_("督办函"), lambda line: str(line.letters or ""))
_ANSWER: Column = (N_("公示的结果"), lambda line: line.row.public_answer)

_EVERYTHING: Sequence[Column] = (
    _NUMBER,
    _NAME,
    _CATEGORY,
    _WHERE,
    _RECEIVED,
    _CHANNEL,
    _SORTING,
    _HANDLER,
    _ASSIGNED,
    _DUE,
    _CLOCK,
    _STATE,
    _ENDED,
    _STARS,
    _AGAIN,
    _CLUSTER,
)
# 三清单: what is wrong, who answers for it until when, what came of it.
_SHEETS: Sequence[tuple[str, Sequence[Column]]] = (
    (N_("全部诉求"), _EVERYTHING),
    (N_("问题清单"), (_NUMBER, _NAME, _CATEGORY, _WHERE, _RECEIVED, _CHANNEL, _CLUSTER)),
    (N_("责任清单"), (_NUMBER, _NAME, _SORTING, _HANDLER, _ASSIGNED, _DUE, _CLOCK, _LETTERS)),
    (N_("整改清单"), (_NUMBER, _NAME, _HANDLER, _STATE, _ANSWER, _ENDED, _CLOCK, _STARS, _AGAIN)),
)
