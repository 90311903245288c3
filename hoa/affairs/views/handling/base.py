"""The blueprint of handling, and the fence around whoever came in by a link.

A link travels through phones and chats: what it opens is handling for one unit, and nothing else of the platform, not
even the person's own account, where a password or a passkey would outlive it (ASVS 5.0, 6.6; trust.md 16).
"""

from collections.abc import Sequence
from typing import Any, cast

from flask import Blueprint, current_app, flash, redirect, request, session, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from hoa.accounts.entry import enter, leave
from hoa.affairs.service import handlers as service
from hoa.affairs.tables import Handler
from hoa.kernel.errors import N_, Refusal
from hoa.web import context
from hoa.web.access import access_of

blueprint = Blueprint("handling", __name__, url_prefix="/c/<community_code>/handling")

# What the browser's signed cookie says of a session by link: the community's code and the unit's id.
BY_LINK = "handles-for"
# The job pages show nobody but the asker what they asked for: here, a letter's PDF.
_OPEN_TOO = frozenset({"accounts.sign_out", "jobs.show", "jobs.status"})


class LinkOnly(Refusal):
    message = N_("用登录链接只能办理交给您单位的诉求；要用别的功能，请先退出，再用手机验证码登录")
    status = 403


def by_link() -> tuple[str, str] | None:
    """The community's code and the unit's id, when this session came by a link."""
    held = session.get(BY_LINK)
    return None if held is None or context.me() is None else cast(tuple[str, str], tuple(held))


def enter_for(writing: Session, handler: Handler) -> None:
    """Sign the unit's contact in on this device, for this unit alone."""
    assert handler.person_id is not None
    enter(writing, person_id=handler.person_id, method=service.LINK)
    session[BY_LINK] = [context.community().code, handler.id]


def mine() -> Sequence[Handler]:
    """The units for which the signed-in person works in this community and this session may act."""
    here, held = context.community(), by_link()
    rows = service.handled_by(context.reading(), here.id, context.person_id(), context.now())
    return rows if held is None else [row for row in rows if row.id == held[1]]


@blueprint.app_context_processor
def _unit_words() -> dict[str, Any]:
    """`works_for_a_unit()`: whether the inbox is a door for whoever reads the page (`affairs/_doors.html`)."""
    return {"works_for_a_unit": lambda: context.me() is not None and bool(mine())}


@blueprint.before_app_request
def _link_opens_handling_only() -> Response | None:
    if request.endpoint in (None, "static") or (held := by_link()) is None:
        return None
    code = held[0]
    if not service.handles_only(context.reading(), context.person_id(), context.now()):
        return _out(code)
    if request.blueprint == blueprint.name or request.endpoint in _OPEN_TOO:
        return None
    if access_of(current_app, str(request.endpoint)) == "public":
        return None
    if request.method != "GET":
        raise LinkOnly
    flash(gettext(LinkOnly.message), "warn")
    return redirect(url_for("handling.index", community_code=code))


def _out(code: str) -> Response:
    """The person became an owner, or took an office, since: the link must not open that."""
    with context.writing() as writing:
        leave(writing)
    if request.method != "GET":
        raise service.UseCode
    flash(gettext(service.UseCode.message), "warn")
    return redirect(url_for("accounts.sign_in", next=url_for("handling.index", community_code=code)))
