"""My signing keys: made or imported in this browser, registered here by their public half, ended here."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from hoa.accounts import personal_keys, rules
from hoa.accounts.own_views import demand_second_factor
from hoa.kernel.errors import Refusal
from hoa.web import context
from hoa.web.access import signed_in
from hoa.web.i18n import told
from hoa.web.security import limiter


def register(blueprint: Blueprint) -> None:
    """Put these pages beside the other pages that people keep for themselves."""
    blueprint.add_url_rule("/me/keys", "signing_keys", signing_keys, methods=("GET",))
    blueprint.add_url_rule("/me/keys", "register_key", register_key, methods=("POST",))
    blueprint.add_url_rule("/me/keys/<key_id>/end", "end_key", end_key, methods=("POST",))


@signed_in
def signing_keys() -> str:
    """My keys; a new one is made here, in the browser."""
    return _page()


def _page(problem: str | None = None) -> str:
    session, person = context.reading(), context.person_id()
    return render_template(
        "accounts/keys.html",
        keys=personal_keys.keys_of(session, person),
        current=personal_keys.current(session, person),
        person_id=person,
        problem=problem,
    )


@signed_in
@limiter.limit("20 per minute")
def register_key() -> str | tuple[str, int] | Response:
    """Take in a public key with the proof that its owner holds the private half."""
    demand_second_factor()
    by_hand = "typed" in request.form
    try:
        with context.writing() as session:
            personal_keys.register(
                session,
                person_id=context.person_id(),
                public=_from_hex(request.form.get("public", ""), personal_keys.NotAKey),
                signature=_from_hex(request.form.get("signature", ""), personal_keys.NotYourKey),
                label=gettext("钥匙文件")
                if by_hand
                else rules.device(request.user_agent.string) or gettext("我的设备"),
                now=context.now(),
            )
    except Refusal as refusal:
        return _page(told(refusal)), refusal.status
    flash(gettext("签名钥匙已登记，以后用它签名。"), "ok")
    return _back()


def _from_hex(text: str, refusal: type[Refusal]) -> bytes:
    try:
        return bytes.fromhex("".join(text.split()))
    except ValueError as error:
        raise refusal from error


@signed_in
def end_key(key_id: str) -> Response:
    with context.writing() as session:
        personal_keys.end(session, person_id=context.person_id(), row_id=key_id, now=context.now())
    flash(gettext("这把钥匙已停用，以前的签名仍然有效。"), "ok")
    return _back()


def _back() -> Response:
    answer = redirect(url_for("accounts.signing_keys"))
    assert isinstance(answer, Response)
    return answer
