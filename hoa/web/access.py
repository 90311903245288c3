"""Who may call a route. Each view says it in one decorator; the app refuses to start when one does not."""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import Flask, current_app, redirect, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from hoa.kernel.errors import N_, NotAllowed, Refusal
from hoa.web import context

View = TypeVar("View", bound=Callable[..., Any])


class SecondFactorNeeded(Refusal):
    message = N_("这一步要先用验证器确认：请打开“我的账户”里的“验证器”确认，再返回重新提交")
    status = 403


def public(view: View) -> View:
    """Anybody, signed in or not."""
    view.access = "public"  # type: ignore[attr-defined]
    return view


def signed_in(view: View) -> View:
    """Anybody who has signed in; what they see is their own."""
    view.access = "signed in"  # type: ignore[attr-defined]
    return view


def requires(power: str) -> Callable[[View], View]:
    """Whoever holds `power` today, in the page's community."""

    def mark(view: View) -> View:
        view.access = f"power:{power}"  # type: ignore[attr-defined]
        return view

    return mark


def access_of(app: Flask, endpoint: str) -> str | None:
    """What a route demands: `public`, `signed in`, `power:…`, or None when it never said."""
    if endpoint == "static":
        return "public"
    return getattr(app.view_functions[endpoint], "access", None)


def check_access() -> Response | None:
    """Before each request: let through, ask to sign in, or refuse."""
    if request.endpoint is None:
        return None
    access = access_of(current_app, request.endpoint)
    if access is None:
        raise NotAllowed
    if access == "public":
        return None
    if context.me() is None:
        following = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for("accounts.sign_in") + ("?" + urlencode({"next": following}) if following else ""))
    power = access.removeprefix("power:")
    if access.startswith("power:") and not context.may(power):
        return _second_factor() if power in context.withheld() else _refuse()
    return None


def _refuse() -> Response:
    raise NotAllowed


def _second_factor() -> Response:
    """To the page that asks for it, and back; a form that was sent is not repeated by itself."""
    if request.method != "GET":
        raise SecondFactorNeeded
    return redirect(url_for("accounts.second_ask") + "?" + urlencode({"next": request.full_path.rstrip("?")}))


def opens(url: str) -> bool:
    """Whether a page of ours may be shown as a link: not to somebody signed in who would be refused there. Who has not
    signed in is asked to, and a missing second factor is asked for.
    """
    try:
        endpoint, _ = current_app.url_map.bind("").match(url.split("?")[0], method="GET")
    except HTTPException:
        return False
    access = access_of(current_app, endpoint) or ""
    power = access.removeprefix("power:")
    return access == power or context.me() is None or context.may(power) or power in context.withheld()


def demand(power: str) -> None:
    """Inside a view, when the power depends on what was asked for."""
    if not context.may(power):
        raise SecondFactorNeeded if power in context.withheld() else NotAllowed


def assert_every_route_declares(app: Flask) -> None:
    """A route nobody thought about must not exist: fail at start, not in use."""
    silent = sorted(rule.endpoint for rule in app.url_map.iter_rules() if access_of(app, rule.endpoint) is None)
    if silent:
        raise RuntimeError("routes without @public, @signed_in or @requires: " + ", ".join(silent))
    known: frozenset[str] = frozenset(app.extensions["hoa.declared_powers"])
    asked = {
        access.removeprefix("power:")
        for rule in app.url_map.iter_rules()
        if (access := access_of(app, rule.endpoint) or "").startswith("power:")
    }
    if asked - known:
        raise RuntimeError("powers no room declares: " + ", ".join(sorted(asked - known)))
