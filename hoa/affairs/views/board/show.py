"""One suggestion as anybody may see it, and its pictures once they were looked at and published."""

import io

from flask import Response, render_template, send_file
from flask_babel import gettext, ngettext
from sqlalchemy import select

from hoa.affairs.rules import public as rules
from hoa.affairs.rules.checks import STAR_NAMES
from hoa.affairs.rules.letters import LEVEL_NAMES
from hoa.affairs.rules.states import ACTION_NAMES, Action, State
from hoa.affairs.service import letters, photos, reading, terms
from hoa.affairs.service import public as service
from hoa.affairs.service.public import PublicStep
from hoa.affairs.tables import Photo, Rating, Suggestion
from hoa.affairs.views.board.base import blueprint, line
from hoa.kernel.clock import today
from hoa.kernel.errors import NotFound
from hoa.resolutions import chain
from hoa.resolutions.chain import Key, Kind, Reader
from hoa.web import context
from hoa.web.access import public
from hoa.web.i18n import day as day_word


@blueprint.get("/<label>")
@public
def show(label: str) -> str:
    session, here = context.reading(), context.community()
    row = reading.find_by_label(session, here.id, label)
    told = [_step(one) for one in service.steps(session, context.platform().keys, row)]
    follows = rules.NEXT.get(State(row.state))
    pictures = _public_photos(row)
    into = reading.find(session, here.id, row.merged_into_id) if row.merged_into_id else None
    return render_template(
        "affairs/board_show.html",
        line=line(row),
        row=row,
        steps=[*told, *([("now", gettext(follows), "", "")] if follows else [])],
        milestones=terms.milestones(session, row, today(context.now())),
        letters=[(letter, letters.sender(session, letter)) for letter in letters.letters(session, row)],
        level_names=LEVEL_NAMES,
        ratings=_ratings(row),
        star_names=STAR_NAMES,
        before=[photo for photo in pictures if photo.phase == photos.Phase.BEFORE],
        after=[photo for photo in pictures if photo.phase == photos.Phase.AFTER],
        into=into,
        topics=chain.became(session, here.id, Key(Kind.SUGGESTION, row.id), Reader(context.powers(), context.now())),
    )


def _step(told: PublicStep) -> tuple[str, str, str, str]:
    """A step as the timeline shows it: how it looks, what, the day, more."""
    step, more = told.step, []
    if told.handler:
        more.append(told.handler)
    if told.action is Action.ESCALATE and step.details.get("level") in LEVEL_NAMES:
        more.append(gettext("到%(level)s", level=gettext(LEVEL_NAMES[step.details["level"]])))
    if told.action is Action.RATE:
        stars = int(step.details["stars"])
        more.append(ngettext("%(num)s 颗星", "%(num)s 颗星", stars))
    if step.details.get("until"):
        more.append(gettext("预计 %(day)s 恢复", day=day_word(step.details["until"])))
    if told.reason:
        more.append(told.reason)
    late = told.action in (Action.SUPERVISE, Action.ESCALATE)
    title = gettext(ACTION_NAMES[told.action])
    return "late" if late else "done", title, day_word(step.at), " · ".join(more)


def _ratings(row: Suggestion) -> list[Rating]:
    query = select(Rating).where(Rating.community_id == row.community_id, Rating.suggestion_id == row.id)
    return list(context.reading().scalars(query.order_by(Rating.round)))


def _public_photos(row: Suggestion) -> list[Photo]:
    """The pictures everybody may see: somebody looked at them, and the suggestion is published."""
    return list(photos.photos(context.reading(), row, cleared=True)) if row.published_at is not None else []


@blueprint.get("/<label>/photos/<photo_id>")
@public
def photo(label: str, photo_id: str) -> Response:
    """A picture that was cleared, of a published suggestion; any other does not exist here."""
    session, here = context.reading(), context.community()
    row = reading.find_by_label(session, here.id, label)
    found = next((one for one in _public_photos(row) if one.id == photo_id), None)
    if found is None:
        raise NotFound
    data = context.platform().files.get(found.digest)
    response = send_file(io.BytesIO(data), mimetype=found.media_type, max_age=60)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
