"""What waits for somebody in the offices room. Each part of the room adds its own source to `SOURCES`."""

from collections.abc import Callable, Sequence

from flask import request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from hoa.offices import relationships
from hoa.web import context
from hoa.web.room import Asker, Need

Source = Callable[[Session, Asker], Sequence[Need]]


def _clashes(session: Session, asker: Asker) -> Sequence[Need]:
    """Offices that do not go together any more, for those who may end one. Who is related to whom is told on the page,
    not in the title."""
    if "offices.appoint" not in asker.powers:
        return ()
    found = relationships.clashes(session, asker.community_id, now=asker.now)
    return [
        Need(
            title=gettext("有 %(n)s 组任职不相容，请结束其中一项", n=len(found)),
            url=url_for("offices.relationships.book") + "#clashes",
            urgent=True,
        )
        for _ in found[:1]
    ]


def _second_factor(_session: Session, _asker: Asker) -> Sequence[Need]:
    """Powers that wait: without this the rooms they open would just be missing."""
    if not context.withheld():
        return ()
    title = gettext("先用验证器确认，才能使用您的职权")
    return [Need(title=title, url=url_for("accounts.second_ask", next=request.path), urgent=True)]


SOURCES: tuple[Source, ...] = (
    _second_factor,
    _clashes,
)


def needs(session: Session, asker: Asker) -> Sequence[Need]:
    return [need for source in SOURCES for need in source(session, asker)]
