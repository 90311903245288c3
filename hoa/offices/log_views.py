"""The log of grants and ends, on a page and as a file."""

from collections.abc import Mapping

from flask import Blueprint, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from hoa.community import lists
from hoa.kernel.errors import N_, NotFound
from hoa.offices import consents, history
from hoa.offices.history import Entry, Happening
from hoa.offices.rules import BODIES, LEGAL_FORMS, PARTY
from hoa.offices.tables import BodyChange
from hoa.offices.views import file_of, in_words, place_in_words
from hoa.web import context
from hoa.web.access import requires

blueprint = Blueprint("log", __name__, url_prefix="/log")
ON_A_PAGE = 50
WORDS: Mapping[Happening, str] = {
    Happening.GRANTED: N_("任命"),
    Happening.ENDED: N_("提前结束"),
    Happening.EXPIRED: N_("任期届满"),
    Happening.BODY: N_("机构变更"),
}
FIELDS: Mapping[str, str] = {
    "name": N_("名称"),
    "seats": N_("计划席位数"),
    "legal_form": N_("法律形式"),
    "since": N_("成立日期"),
}
HEADINGS = (N_("时间"), N_("事项"), N_("机构和职务"), N_("姓名"), N_("内容"), N_("依据"), N_("办理人"))


@blueprint.get("/")
@requires("offices.log")
def show() -> str:
    rows = _rows()
    asked = request.args.get("page", "1")
    pages = max(1, -(-len(rows) // ON_A_PAGE))
    page = min(int(asked), pages) if asked.isascii() and asked.isdigit() and int(asked) else 1
    return render_template(
        "offices/log.html",
        rows=rows[(page - 1) * ON_A_PAGE : page * ON_A_PAGE],
        page=page,
        pages=pages,
        total=len(rows),
        headings=[gettext(word) for word in HEADINGS],
    )


@blueprint.get("/log.<ending>")
@requires("offices.log")
def download(ending: str) -> Response:
    if ending not in lists.MEDIA:
        raise NotFound
    headings = [gettext(word) for word in HEADINGS]
    return file_of(f"offices-log-{context.community().code}", gettext("任免记录"), headings, _rows(), ending)


def _rows() -> list[list[str]]:
    """The log in words, for page and file alike; who is in a party organisation only as far as the reader may know."""
    session, here = context.reading(), context.community()
    agreed = consents.consented(session, here.id)
    everything = context.may("offices.party")
    return [
        _row(entry, hidden=_in_party(entry) and not everything and _person_id(entry) not in agreed)
        for entry in history.entries(session, here.id, now=context.now())
    ]


def _in_party(entry: Entry) -> bool:
    return entry.office is not None and entry.office.post in PARTY


def _person_id(entry: Entry) -> str:
    return entry.person.id if entry.person else ""


def _row(entry: Entry, *, hidden: bool) -> list[str]:
    what = content = name = ""
    if entry.office is not None:
        what, content = in_words(entry.office.post), place_in_words(entry.office.place)
    elif entry.change is not None:
        change = entry.change
        what = gettext(BODIES[change.body_kind])
        content = _changed(
            gettext(FIELDS[change.field]), *(_value(change, one) for one in (change.before, change.after))
        )
    if entry.person is not None:
        name = gettext("未经本人同意，不公开") if hidden else entry.person.name
    by = entry.by.name if entry.by else ""
    return [f"{entry.at:%Y-%m-%d %H:%M}", gettext(WORDS[entry.what]), what, name, content, entry.basis, by]


def _changed(field: str, before: str, after: str) -> str:
    if before:
        return str(gettext("%(field)s：由“%(before)s”改为“%(after)s”", field=field, before=before, after=after))
    return str(gettext("%(field)s：“%(after)s”", field=field, after=after))


def _value(change: BodyChange, value: str) -> str:
    return gettext(LEGAL_FORMS[value]) if change.field == "legal_form" and value else value
