"""The door: who a request comes from, and how a person gets a session on this device and leaves it again.

Other rooms that let people in (activation letters, the demo) call `enter` inside their write transaction.
"""

from contextlib import suppress
from dataclasses import dataclass

from flask import after_this_request, g, request, session
from flask_babel import gettext
from flask_login import current_user, login_user, logout_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from hoa.accounts import rules
from hoa.accounts.signing_in import begin_session, end_session, find_session, touch_session
from hoa.accounts.tables import LoginSession, Person
from hoa.kernel import masking
from hoa.kernel.errors import Busy
from hoa.web import context

WRITES = "writes"  # in the cookie: what a page that is being written without a sign-in is bound to
_FORGOTTEN = ("powers", "withheld", "language")  # what the request worked out for whoever it was before


@dataclass(frozen=True)
class SignedIn:
    """The signed-in person and the session that they came by (flask-login's user; `hoa.web.context.Me`)."""

    id: str
    name: str
    locale: str | None
    senior: int
    is_platform_administrator: bool
    session_id: str
    token: str

    is_authenticated = True
    is_active = True
    is_anonymous = False

    @property
    def masked_name(self) -> str:
        return masking.name(self.name) or gettext("新用户")

    def get_id(self) -> str:
        """What the cookie carries: the session's token and nothing about the person, so that ending the row ends it."""
        return self.token


def _signed_in(login: LoginSession, person: Person, token: str) -> SignedIn:
    return SignedIn(
        id=person.id,
        name=person.name,
        locale=person.locale,
        senior=person.senior,
        is_platform_administrator=person.is_platform_administrator,
        session_id=login.id,
        token=token,
    )


def load_signed_in(token: str) -> SignedIn | None:
    """flask-login's loader: the living session with this token. Its last use is noted every ten minutes at most."""
    now = context.now()
    found = find_session(context.reading(), token, now=now)
    if found is None:
        return None
    login, person = found
    if now - login.seen_at >= rules.SEEN_EVERY:
        _note_use(login.id)
    return _signed_in(login, person, token)


def _note_use(session_id: str) -> None:
    """After the answer is made, so that the write never stands inside another one; a busy database may skip it."""

    @after_this_request
    def _touch(response: Response) -> Response:
        with suppress(Busy), context.platform().database.writing(seconds=0.5) as writing:
            touch_session(writing, session_id=session_id, now=context.now())
        return response


def enter(writing: Session, *, person_id: str, method: str) -> None:
    """Give the person a session on this device. A session that the browser had before ends: nothing of it carries
    over.
    """
    now = context.now()
    # Only what a stranger was writing in this browser, who now signs in to go on with it.
    writes = None if current_user.is_authenticated else session.get(WRITES)
    leave(writing)
    if writes is not None:
        session[WRITES] = writes
    device = rules.device(request.user_agent.string)
    token = begin_session(writing, person_id=person_id, device=device, method=method, now=now)
    found = find_session(writing, token, now=now)
    assert found is not None
    login_user(_signed_in(*found, token))
    session.permanent = True


def leave(writing: Session) -> None:
    """End this device's session: in our table first, so that a copied cookie is dead, then in the cookie."""
    if current_user.is_authenticated:
        end_session(writing, person_id=current_user.id, session_id=current_user.session_id, now=context.now())
    logout_user()
    session.clear()
    for name in _FORGOTTEN:
        g.pop(name, None)


def this_session() -> str:
    """The id of the session by which the request came in; only for views that demand a sign-in."""
    return str(current_user.session_id)
