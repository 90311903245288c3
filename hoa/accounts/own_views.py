"""What people keep for themselves: language, letter size, password, passkeys, and where they are signed in."""

from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, session, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from hoa.accounts import passkeys, rules, second_factor, service, signing_in
from hoa.accounts.entry import this_session
from hoa.accounts.forms import LabelForm, PasswordForm, PreferencesForm, RemovePasswordForm, refuse
from hoa.accounts.views import CHALLENGE, begin_trial, credential
from hoa.kernel import masking
from hoa.kernel.errors import N_, Refusal
from hoa.web import context
from hoa.web.access import SecondFactorNeeded, signed_in
from hoa.web.i18n import LANGUAGE_COOKIE, SENIOR_COOKIE, language, told
from hoa.web.security import limiter
from hoa.web.shell import YEAR, senior_level

METHODS = {
    "code": N_("短信验证码"),
    "password": N_("密码"),
    "passkey": N_("通行密钥"),
    "letter": N_("激活信"),
    "setup": N_("启用码"),
    "link": N_("登录链接"),
    "demo": N_("演示登录"),
}


def _to(endpoint: str) -> Response:
    answer = redirect(url_for(endpoint))
    assert isinstance(answer, Response)
    return answer


def register(blueprint: Blueprint) -> None:
    """Put these pages beside the doors: one room, one blueprint."""
    for rule, methods, view in (
        ("/me", ("GET", "POST"), me),
        ("/me/sessions", ("GET",), sessions),
        ("/me/sessions/<session_id>/end", ("POST",), end_session),
        ("/me/sessions/end-others", ("POST",), end_others),
        ("/me/password", ("GET", "POST"), password),
        ("/me/password/remove", ("POST",), remove_password),
        ("/me/passkeys", ("GET",), passkey_list),
        ("/me/passkeys/options", ("POST",), new_passkey_options),
        ("/me/passkeys", ("POST",), new_passkey),
        ("/me/passkeys/<passkey_id>/name", ("POST",), rename_passkey),
        ("/me/passkeys/<passkey_id>/remove", ("POST",), remove_passkey),
    ):
        blueprint.add_url_rule(rule, view.__name__, view, methods=methods)


@signed_in
def me() -> str | Response:
    """My page: who I am here, and how it speaks to me."""
    reading, person_id = context.reading(), context.person_id()
    form = PreferencesForm(data={"language": language(), "senior": str(senior_level(request))})
    if form.validate_on_submit():
        return _keep_preferences(form)
    person = service.person(reading, person_id)
    phone = service.phone_of(reading, context.platform().keys, person_id)
    return render_template(
        "accounts/me.html",
        form=form,
        person=person,
        phone=masking.phone(phone) if phone else None,
        passkeys=len(passkeys.passkeys_of(reading, person_id=person_id)),
        sessions=len(signing_in.sessions_of(reading, person_id=person_id, now=context.now())),
    )


def _keep_preferences(form: PreferencesForm) -> Response:
    """For the person wherever they sign in, and for this browser also after they sign out."""
    chosen, size = str(form.language.data), str(form.senior.data)
    with context.writing() as writing:
        service.set_preferences(writing, person_id=context.person_id(), locale=chosen, senior=int(size))
    response = _to("accounts.me")
    https = context.platform().settings.https
    for name, value in ((LANGUAGE_COOKIE, chosen), (SENIOR_COOKIE, size)):
        response.set_cookie(name, value, max_age=YEAR, samesite="Lax", secure=https, httponly=True)
    flash(gettext("已保存"), "ok")
    return response


# --------------------------------------------------------------------------------------------------------- sessions


@signed_in
def sessions() -> str:
    rows = signing_in.sessions_of(context.reading(), person_id=context.person_id(), now=context.now())
    return render_template("accounts/sessions.html", sessions=rows, current=this_session(), methods=METHODS)


@signed_in
def end_session(session_id: str) -> Response:
    with context.writing() as writing:
        signing_in.end_session(writing, person_id=context.person_id(), session_id=session_id, now=context.now())
    flash(gettext("那台设备已退出登录"), "ok")
    return _to("accounts.sessions")


@signed_in
def end_others() -> Response:
    with context.writing() as writing:
        ended = signing_in.end_other_sessions(
            writing, person_id=context.person_id(), keep=this_session(), now=context.now()
        )
    flash(ngettext("%(num)s 台其他设备已退出登录", "%(num)s 台其他设备已退出登录", ended), "ok")
    return _to("accounts.sessions")


# --------------------------------------------------------------------------------------------------------- password


@signed_in
def password() -> str | Response:
    """Set or change the password. Whoever has one must know it; all other devices are signed out."""
    has_one = service.person(context.reading(), context.person_id()).password_hash is not None
    form = PasswordForm()
    if form.validate_on_submit():
        if not _knows_password(form, has_one=has_one):
            return render_template(
                "accounts/password.html", form=form, has_one=has_one, removal=RemovePasswordForm(prefix="removal")
            )
        try:
            _set_password(str(form.password.data))
        except Refusal as refusal:
            refuse(form.password, told(refusal))
        else:
            flash(gettext("密码已保存，其他设备已退出登录"), "ok")
            return _to("accounts.me")
    return render_template(
        "accounts/password.html", form=form, has_one=has_one, removal=RemovePasswordForm(prefix="removal")
    )


@signed_in
def remove_password() -> str | Response:
    form = RemovePasswordForm(prefix="removal")
    if form.validate_on_submit() and _knows_password(form, has_one=True):
        with context.writing() as writing:
            signing_in.set_password(
                writing, person_id=context.person_id(), password_hash=None, keep=this_session(), now=context.now()
            )
        flash(gettext("密码已停用，请用验证码登录；其他设备已退出登录"), "ok")
        return _to("accounts.me")
    return render_template("accounts/password.html", form=PasswordForm(formdata=None), has_one=True, removal=form)


def _knows_password(form: Any, *, has_one: bool) -> bool:
    """Whether the present password was given, where there is one; wrong ones are counted like at the door."""
    if not has_one:
        return True
    trial = begin_trial("password", context.person_id())
    try:
        signing_in.demand_tries_left(context.reading(), trial, now=context.now())
    except rules.TooManyTries as refusal:
        refuse(form.current, told(refusal))
        return False
    if not signing_in.is_password(context.reading(), person_id=context.person_id(), password=form.current.data or ""):
        refuse(form.current, gettext("现在的密码不对，请重填"))
        return False
    with context.writing() as writing:
        signing_in.forgive(writing, trial)
    return True


def _set_password(chosen: str) -> None:
    keys = context.platform().keys
    hashed = signing_in.hash_password(context.reading(), keys, person_id=context.person_id(), password=chosen)
    with context.writing() as writing:
        signing_in.set_password(
            writing, person_id=context.person_id(), password_hash=hashed, keep=this_session(), now=context.now()
        )


# --------------------------------------------------------------------------------------------------------- passkeys


@signed_in
def passkey_list() -> str:
    rows = passkeys.passkeys_of(context.reading(), person_id=context.person_id())
    forms = {row.id: LabelForm(formdata=None, prefix=row.id, data={"label": row.label}) for row in rows}
    return render_template(
        "accounts/passkeys.html",
        passkeys=rows,
        forms_by_id=forms,
        possible=rules.can_use_passkeys(context.platform().settings.base_url),
    )


def demand_second_factor() -> None:
    """Who has an authenticator shows it before a passkey or a signing key is added in their name."""
    if second_factor.stands_against(
        context.reading(), person_id=context.person_id(), session_id=this_session(), now=context.now()
    ):
        raise SecondFactorNeeded


@signed_in
@limiter.limit("20 per minute")
def new_passkey_options() -> Response:
    demand_second_factor()
    with context.writing() as writing:
        challenge_id, options = passkeys.ask_to_register(
            writing,
            person_id=context.person_id(),
            base_url=context.platform().settings.base_url,
            now=context.now(),
        )
    session[CHALLENGE] = challenge_id
    return jsonify(options)


@signed_in
@limiter.limit("20 per minute")
def new_passkey() -> Response:
    demand_second_factor()
    sent = credential()
    with context.writing() as writing:
        passkeys.register(
            writing,
            person_id=context.person_id(),
            challenge_id=str(session.pop(CHALLENGE, "")),
            credential=sent,
            label=rules.device(request.user_agent.string) or gettext("我的设备"),
            base_url=context.platform().settings.base_url,
            now=context.now(),
        )
    flash(gettext("通行密钥已登记，下次可以直接用它登录"), "ok")
    return jsonify({"url": url_for("accounts.passkey_list")})


@signed_in
def rename_passkey(passkey_id: str) -> Response:
    form = LabelForm(prefix=passkey_id)
    if form.validate_on_submit():
        with context.writing() as writing:
            passkeys.rename(writing, person_id=context.person_id(), passkey_id=passkey_id, label=form.label.data or "")
        flash(gettext("已改名"), "ok")
    else:
        flash(gettext("名称要填写，最多 40 个字"), "error")
    return _to("accounts.passkey_list")


@signed_in
def remove_passkey(passkey_id: str) -> Response:
    with context.writing() as writing:
        passkeys.remove(writing, person_id=context.person_id(), passkey_id=passkey_id)
    flash(gettext("通行密钥已删除，它不能再用来登录"), "ok")
    return _to("accounts.passkey_list")
