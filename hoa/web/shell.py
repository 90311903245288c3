"""What every template knows: the community, the person, their navigation, language and size, and a few functions."""

from hashlib import sha256
from pathlib import Path

from flask import Flask, Request, current_app, g, redirect, request, url_for
from flask_babel import gettext
from flask_login import LoginManager
from werkzeug.wrappers import Response

from hoa.config import Settings
from hoa.web import access, context
from hoa.web.i18n import LANGUAGE_COOKIE, LANGUAGES, SENIOR_COOKIE, language
from hoa.web.qr import qr_svg
from hoa.web.room import NavItem, Room

YEAR = 365 * 24 * 3600

login_manager = LoginManager()
login_manager.session_protection = (
    None  # sessions are rows that their owner can end; addresses of phones change all day
)


def install(app: Flask, settings: Settings, nav: list[NavItem]) -> None:
    login_manager.init_app(app)
    version = _static_version(Path(app.static_folder or ""))
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        qr=qr_svg,
        may=context.may,
        opens=access.opens,
        now=context.now,
        static=lambda name: url_for("static", filename=name, v=version),
    )
    app.teardown_request(context.close_sessions)
    app.url_value_preprocessor(_find_community)
    app.url_defaults(_keep_community)
    app.before_request(access.check_access)

    @app.context_processor
    def _shell() -> dict[str, object]:
        return {
            "community": context.community_or_none(),
            "me": context.me(),
            "nav": _doors(nav),
            "senior": senior_level(request),
            "lang_code": language(),
            "demo": {"now": context.now()} if settings.demo else None,
            "links": _links(),
            "base_url": settings.base_url,
        }

    @app.get("/preferences", endpoint="preferences")
    @access.public
    def preferences() -> Response:
        return _preferences(settings)


def senior_level(current: Request) -> int:
    """0 normal, 1 and 2 larger; the person's own setting, else this browser's."""
    person = context.me()
    if person is not None and SENIOR_COOKIE not in current.cookies:
        return person.senior
    level = current.cookies.get(SENIOR_COOKIE, "0")
    return int(level) if level in ("0", "1", "2") else 0


def _links() -> dict[str, str]:
    """The addresses of the frame around every page."""
    here = context.community_or_none()
    back = request.full_path.rstrip("?") if request.method == "GET" else "/"
    bigger = (senior_level(request) + 1) % 3
    other = "zh-CN" if language() == "en" else "en"
    return {
        "home": url_for("home.community") if here else url_for("home.start"),
        "account": url_for("accounts.me"),
        "sign_in": url_for("accounts.sign_in", next=back if local_path(back) else None),
        "senior": url_for("preferences", senior=bigger, next=back),
        "language": url_for("preferences", language=other, next=back),
        "privacy": url_for("home.privacy"),
    }


def _doors(nav: list[NavItem]) -> list[tuple[str, str, bool]]:
    if context.community_or_none() is None:
        return []
    open_to_me = [item for item in nav if item.power is None or context.may(item.power)]
    here = _door_of(request.endpoint or "", [item.endpoint for item in open_to_me])
    return [(gettext(item.label), url_for(item.endpoint), item.endpoint == here) for item in open_to_me]


def _door_of(endpoint: str, doors: list[str]) -> str | None:
    """The door a page lies behind: its own, else the first beside it, else the first of its room or the one that its
    room lies behind, so that people see where they are.
    """
    if endpoint in doors:
        return endpoint
    name = endpoint.partition(".")[0]
    rooms: tuple[Room, ...] = current_app.extensions["hoa.rooms"]
    room = next((room for room in rooms if name in {blueprint.name for blueprint in room.blueprints}), None)
    own = {room.behind, *(item.endpoint for item in room.nav)} if room else set()
    beside = [door for door in doors if door.partition(".")[0] == name]
    return next(iter(beside or [door for door in doors if door in own]), None)


def _preferences(settings: Settings) -> Response:
    """Language and letter size of this browser; harmless, so a plain link does it and works without JavaScript."""
    back = request.args.get("next", "/")
    response = redirect(back if local_path(back) else "/")
    assert isinstance(response, Response)
    chosen = request.args.get("language")
    if chosen in LANGUAGES:
        response.set_cookie(LANGUAGE_COOKIE, chosen, max_age=YEAR, samesite="Lax", secure=settings.https, httponly=True)
    level = request.args.get("senior")
    if level in ("0", "1", "2"):
        response.set_cookie(SENIOR_COOKIE, level, max_age=YEAR, samesite="Lax", secure=settings.https, httponly=True)
    return response


def local_path(target: str) -> bool:
    """Whether a `next` address stays here: a path, with no host hidden in it."""
    return target.startswith("/") and not target.startswith(("//", "/\\")) and not any(c in target for c in "\r\n\t\\")


def _find_community(_endpoint: str | None, values: dict[str, object] | None) -> None:
    code = values.pop("community_code", None) if values else None
    if code is not None:
        loader = current_app.extensions["hoa.community"]
        g.community = loader(context.reading(), str(code))


def _keep_community(endpoint: str, values: dict[str, object]) -> None:
    here = context.community_or_none()
    if here and "community_code" not in values:
        app = current_app
        if app.url_map.is_endpoint_expecting(endpoint, "community_code"):
            values["community_code"] = here.code


def _static_version(folder: Path) -> str:
    digest = sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()[:10]
