"""Signing in and out. Two plain steps, no puzzle, no script; a passkey is offered where the browser has one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from flask import Blueprint, Flask, flash, jsonify, redirect, render_template, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from hoa.accounts import newcomers, passkeys, rules, sending, signing_in
from hoa.accounts.entry import enter, leave
from hoa.accounts.forms import CodeForm, PasswordSignInForm, PhoneForm, SetupForm, refuse
from hoa.accounts.service import redeem_administrator_code
from hoa.kernel import identifiers, masking
from hoa.kernel.errors import Refusal
from hoa.web import context
from hoa.web.access import public
from hoa.web.i18n import told
from hoa.web.security import limiter, network
from hoa.web.shell import local_path

blueprint = Blueprint("accounts", __name__)
blueprint.record_once(lambda state: sending.install(cast(Flask, state.app)))

PENDING = "sign-in-code"
CHALLENGE = "passkey-challenge"


def following() -> str | None:
    """Where the person wanted to go, if that is a page of ours."""
    target = request.args.get("next", "")
    return target if local_path(target) else None


def _onward() -> Response:
    return _response(redirect(following() or url_for("home.start")))


def _response(answer: Any) -> Response:
    assert isinstance(answer, Response)
    return answer


def address() -> str:
    return network()


def begin_trial(purpose: str, account: str) -> signing_in.Trial:
    """Write a try down and commit it before anything is compared; other rooms use this for codes of their own."""
    with context.writing() as writing:
        return signing_in.begin_trial(
            writing,
            context.platform().keys,
            purpose=purpose,
            account=account,
            address=address(),
            now=context.now(),
        )


@contextmanager
def counting_sent(trial: signing_in.Trial) -> Iterator[None]:
    """Around what sends something to a phone: a request that is refused as one too many does not count against it."""
    try:
        yield
    except rules.AskedTooOften:
        with context.writing() as writing:
            signing_in.spare_account(writing, trial)
        raise


# ------------------------------------------------------------------------------------------------- phone, then code


@blueprint.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> str | Response:
    if context.me() is not None:
        return _onward()
    form = PhoneForm()
    if form.validate_on_submit():
        try:
            session[PENDING] = _ask_code(identifiers.mobile(form.phone.data or ""))
        except rules.AskedTooOften as refusal:
            refuse(form.phone, told(refusal))
        else:
            return _response(redirect(url_for("accounts.sign_in_code", next=following())))
    return _sign_in_page("accounts/sign_in.html", form)


def _ask_code(phone: str) -> str:
    keys = context.platform().keys
    trial = begin_trial("code-request", phone)
    with context.writing() as writing:
        known = newcomers.is_known(writing, keys, phone)
        asked = signing_in.ask_code(writing, keys, trial, phone=phone, known=known, now=context.now())
    sending.send_soon(asked)
    return asked.id


@blueprint.route("/sign-in/code", methods=["GET", "POST"])
@public
def sign_in_code() -> str | Response:
    if context.me() is not None:
        return _onward()
    keys = context.platform().keys
    code_id = str(session.get(PENDING, ""))
    phone = signing_in.phone_of_code(context.reading(), keys, code_id, now=context.now())
    if phone is None:
        flash(gettext("验证码已经过期，请重新获取"), "warn")
        return _response(redirect(url_for("accounts.sign_in", next=following())))
    form = CodeForm()
    if form.validate_on_submit():
        trial = begin_trial("code", phone)
        try:
            with context.writing() as writing:
                proven = signing_in.redeem_code(
                    writing, keys, trial, code_id=code_id, code=form.code.data or "", now=context.now()
                )
                person = newcomers.welcome(writing, keys, proven, context.now())
                enter(writing, person_id=person.id, method="code")
        except (rules.WrongCode, rules.TooManyTries) as refusal:
            refuse(form.code, told(refusal))
        else:
            return _onward()
    return _sign_in_page("accounts/sign_in_code.html", form, phone=masking.phone(phone))


def _sign_in_page(template: str, form: Any, **more: Any) -> str:
    return render_template(
        template,
        form=form,
        next=following(),
        passkeys=rules.can_use_passkeys(context.platform().settings.base_url),
        **more,
    )


@blueprint.get("/sign-in/letter")
@public
def letter() -> str | Response:
    """A letter belongs to a community: the one whose page was wanted, or the only one, or the one that is picked."""
    known = dict(newcomers.communities(context.reading()))
    wanted = (following() or "").split("/")
    code = wanted[2] if wanted[1:2] == ["c"] and len(wanted) > 2 else None
    if code not in known:
        code = next(iter(known)) if len(known) == 1 else None
    if code is not None:
        return _response(redirect(url_for("community.activate", community_code=code)))
    return render_template("accounts/letter.html", communities=known)


# --------------------------------------------------------------------------------------------------------- password


@blueprint.route("/sign-in/password", methods=["GET", "POST"])
@public
def sign_in_password() -> str | Response:
    if context.me() is not None:
        return _onward()
    form = PasswordSignInForm()
    if form.validate_on_submit():
        try:
            _sign_in_by_password(form.phone.data or "", form.password.data or "")
        except (rules.WrongPassword, rules.TooManyTries) as refusal:
            refuse(form.password, told(refusal))
        else:
            return _onward()
    return _sign_in_page("accounts/sign_in_password.html", form)


def _sign_in_by_password(phone: str, password: str) -> None:
    keys = context.platform().keys
    trial = begin_trial("password", identifiers.mobile(phone))
    signing_in.demand_tries_left(context.reading(), trial, now=context.now())
    # Outside the write transaction: argon2 takes as long as fifty ballots.
    person_id = signing_in.check_password(context.reading(), keys, phone=phone, password=password)
    with context.writing() as writing:
        signing_in.forgive(writing, trial)
        enter(writing, person_id=person_id, method="password")


# ---------------------------------------------------------------------------------------------------------- passkey


@blueprint.post("/sign-in/passkey/options")
@public
@limiter.limit("20 per minute")
def passkey_options() -> Response:
    with context.writing() as writing:
        challenge_id, options = passkeys.ask_to_sign_in(
            writing, base_url=context.platform().settings.base_url, now=context.now()
        )
    session[CHALLENGE] = challenge_id
    return jsonify(options)


@blueprint.post("/sign-in/passkey")
@public
@limiter.limit("20 per minute")
def sign_in_passkey() -> Response:
    with context.writing() as writing:
        person_id = passkeys.sign_in(
            writing,
            challenge_id=str(session.pop(CHALLENGE, "")),
            credential=credential(),
            base_url=context.platform().settings.base_url,
            now=context.now(),
        )
        enter(writing, person_id=person_id, method="passkey")
    return jsonify({"url": following() or url_for("home.start")})


def credential() -> dict[str, Any]:
    """The credential that the script sent, as JSON."""
    sent = request.get_json(silent=True)
    if not isinstance(sent, dict) or not isinstance(sent.get("credential"), dict):
        raise rules.PasskeyRefused
    return dict(sent["credential"])


# ------------------------------------------------------------------------------------------------ out, and first in


@blueprint.post("/sign-out")
@public
def sign_out() -> Response:
    with context.writing() as writing:
        leave(writing)
    flash(gettext("您已退出登录"), "ok")
    return _response(redirect(url_for("home.start")))


@blueprint.route("/setup", methods=["GET", "POST"])
@public
def setup() -> str | Response:
    """The code of `hoa init` makes the first administrator, once."""
    form = SetupForm()
    if form.validate_on_submit():
        try:
            _redeem_setup(form)
        except rules.WrongSetupCode as refusal:
            refuse(form.code, told(refusal))
        except Refusal as refusal:
            refuse(form.phone, told(refusal))
        else:
            flash(gettext("平台已启用，您是平台管理员"), "ok")
            return _response(redirect(url_for("home.start")))
    return render_template("accounts/setup.html", form=form)


def _redeem_setup(form: SetupForm) -> None:
    trial = begin_trial("setup", "administrator")
    with context.writing() as writing:
        signing_in.demand_tries_left(writing, trial, now=context.now())
        administrator = redeem_administrator_code(
            writing,
            context.platform().keys,
            code=form.code.data or "",
            name=form.name.data or "",
            phone=form.phone.data or "",
            now=context.now(),
        )
        signing_in.forgive(writing, trial)
        enter(writing, person_id=administrator.id, method="setup")
