"""The board as an Atom feed (RFC 4287): what everybody may read, the latest change first; a reader that has it already
is told so (conditional GET).
"""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from flask import Response, request, url_for
from flask_babel import force_locale, gettext
from sqlalchemy import func, select
from werkzeug.wrappers import Response as BaseResponse

from hoa.affairs.rules.states import State
from hoa.affairs.tables import Step, Suggestion
from hoa.affairs.views.board.base import Line, blueprint, line
from hoa.kernel.clock import CHINA
from hoa.web import context
from hoa.web.access import public
from hoa.web.i18n import LANGUAGES, speaking
from hoa.web.i18n import day as day_word

ATOM = "http://www.w3.org/2005/Atom"
ENTRIES = 50


@blueprint.get("/suggestions.atom")
@public
def atom() -> BaseResponse:
    """In Chinese for every reader: a feed has one language, and its words are what people wrote."""
    with force_locale(LANGUAGES["zh-CN"]), speaking("zh-CN"):
        changed = _changed()
        body = ET.tostring(_feed(changed), encoding="utf-8", xml_declaration=True)
    response = Response(body, content_type="application/atom+xml; charset=utf-8")
    response.last_modified = max((at for _, at in changed), default=None)
    response.cache_control.no_cache = True
    response.add_etag()
    return response.make_conditional(request)


def _changed() -> Sequence[tuple[Suggestion, datetime]]:
    """The suggestions in which something happened last, with when."""
    session, here = context.reading(), context.community()
    last = func.max(Step.at)
    query = (
        select(Step.suggestion_id, last)
        .where(Step.community_id == here.id)
        .group_by(Step.suggestion_id)
        .order_by(last.desc(), Step.suggestion_id)
    )
    when = dict(session.execute(query.limit(ENTRIES)).all())
    rows = session.scalars(select(Suggestion).where(Suggestion.community_id == here.id, Suggestion.id.in_(when)))
    return sorted(((row, when[row.id]) for row in rows), key=lambda pair: (pair[1], pair[0].label), reverse=True)


def _feed(changed: Sequence[tuple[Suggestion, datetime]]) -> ET.Element:
    base, here = context.platform().settings.base_url, context.community()
    feed = ET.Element("feed", {"xmlns": ATOM, "xml:lang": "zh-CN"})
    _text(feed, "id", _id(f"c/{here.code}/suggestions"))
    _text(feed, "title", gettext("%(name)s 码上提：诉求办理", name=here.name))
    # A feed without an entry has not been changed since it could be asked for: the first day it was possible.
    _text(feed, "updated", _stamp(max((at for _, at in changed), default=datetime(2026, 1, 1, tzinfo=CHINA))))
    self_link = {"rel": "self", "type": "application/atom+xml", "href": base + url_for("suggestions.atom")}
    for link in (self_link, {"rel": "alternate", "type": "text/html", "href": base + url_for("suggestions.board")}):
        ET.SubElement(feed, "link", link)
    _text(ET.SubElement(feed, "author"), "name", here.name)
    for row, at in changed:
        _entry(feed, row, at, base)
    return feed


def _entry(feed: ET.Element, row: Suggestion, at: datetime, base: str) -> None:
    told, entry = line(row), ET.SubElement(feed, "entry")
    _text(entry, "id", _id(f"c/{context.community().code}/suggestions/{row.label}"))
    _text(entry, "title", f"{row.label} {told.title}")
    _text(entry, "updated", _stamp(at))
    _text(entry, "published", _stamp(row.received_at))
    href = base + url_for("suggestions.show", label=row.label)
    ET.SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": href})
    ET.SubElement(entry, "category", {"term": row.category, "label": told.category})
    _text(entry, "summary", _summary(told), type="text")
    if State(row.state) is State.PUBLISHED:
        _text(entry, "content", f"{row.public_text}\n\n{row.public_answer}", type="text")


def _summary(told: Line) -> str:
    """Category, building, state, who handles it and by when, as the board says it; nothing that changes by itself
    from one day to the next, or the feed would change without news.
    """
    due = gettext("最迟 %(day)s", day=day_word(told.row.due_on)) if told.open and told.row.due_on else ""
    return " · ".join(filter(None, (told.category, told.building, told.state, told.handler, due)))


def _text(parent: ET.Element, name: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, name, attributes).text = "".join(character for character in text if _allowed(character))


def _allowed(character: str) -> bool:
    """What XML 1.0 may hold."""
    code = ord(character)
    return character in "\t\n\r" or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or code > 0xFFFF


def _id(path: str) -> str:
    """A tag URI (RFC 4151): it stays when addresses change."""
    host = urlsplit(context.platform().settings.base_url).hostname or "localhost"
    return f"tag:{host},2026:{path}"


def _stamp(moment: datetime) -> str:
    return moment.astimezone(CHINA).isoformat(timespec="seconds")
