"""The authenticator app: setting it up, giving its figures, stopping it. Plain forms, no script."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from hoa.accounts import rules, second_factor, service
from hoa.accounts.entry import this_session
from hoa.accounts.forms import FactorForm, refuse
from hoa.accounts.views import begin_trial, following
from hoa.kernel import masking, totp
from hoa.kernel.errors import Refusal
from hoa.web import context
from hoa.web.access import signed_in
from hoa.web.i18n import told

PURPOSE = "second-factor"


def register(blueprint: Blueprint) -> None:
    """Put these pages beside the others of the account."""
    for rule, methods, view in (
        ("/me/authenticator", ("GET",), second),
        ("/me/authenticator/new", ("POST",), second_begin),
        ("/me/authenticator/confirm", ("GET", "POST"), second_confirm),
        ("/me/authenticator/ask", ("GET", "POST"), second_ask),
        ("/me/authenticator/stop", ("GET", "POST"), second_stop),
    ):
        blueprint.add_url_rule(rule, view.__name__, view, methods=methods)


@signed_in
def second() -> str:
    """Whether there is one, since when, and how many recovery codes are left."""
    session = context.reading()
    row = second_factor.current(session, context.person_id())
    left = second_factor.codes_left(session, row) if row else 0
    return render_template("accounts/second.html", row=row, left=left)


@signed_in
def second_begin() -> Response:
    with context.writing() as writing:
        second_factor.begin(writing, context.platform().keys, person_id=context.person_id(), now=context.now())
    return _to("accounts.second_confirm")


@signed_in
def second_confirm() -> str | Response:
    """The QR code and the secret for the app; then its first figures. The recovery codes are shown in the answer."""
    session, keys, me = context.reading(), context.platform().keys, context.person_id()
    row = second_factor.current(session, me, confirmed=False)
    if row is None:
        return _to("accounts.second")
    secret = second_factor.secret_of(keys, row)
    form = FactorForm()
    if form.validate_on_submit():
        trial = begin_trial(PURPOSE, me)
        try:
            with context.writing() as writing:
                codes = second_factor.confirm(
                    writing,
                    keys,
                    trial,
                    person_id=me,
                    session_id=this_session(),
                    typed=form.code.data or "",
                    now=context.now(),
                )
        except (second_factor.WrongFactor, rules.TooManyTries) as refusal:
            refuse(form.code, told(refusal))
        else:
            return render_template("accounts/second_codes.html", codes=codes)
    number = service.phone_of(context.reading(), keys, me)
    return render_template(
        "accounts/second_confirm.html",
        form=form,
        secret=totp.in_letters(secret),
        link=totp.link(secret, account=masking.phone(number) if number else me[:6], issuer=gettext("业主自治平台")),
    )


@signed_in
def second_ask() -> str | Response:
    """What the community asks for before an officer's power is used; then on to where the person was going."""
    me = context.person_id()
    if second_factor.current(context.reading(), me) is None:
        return render_template("accounts/second.html", row=None, left=0, asked=True)
    form = FactorForm()
    if form.validate_on_submit() and _try(form, second_factor.prove, this_session()):
        answer = redirect(following() or url_for("home.start"))
        assert isinstance(answer, Response)
        return answer
    return render_template("accounts/second_ask.html", form=form)


@signed_in
def second_stop() -> str | Response:
    form = FactorForm()
    if second_factor.current(context.reading(), context.person_id()) is None:
        return _to("accounts.second")
    if form.validate_on_submit() and _try(form, second_factor.stop, None):
        flash(gettext("验证器已停用，备用码一并作废"), "ok")
        return _to("accounts.second")
    return render_template("accounts/second_stop.html", form=form)


def _try(form: FactorForm, act: second_factor.Act, session_id: str | None) -> bool:
    """Do it with what was typed, or say beside the field why not; every try is counted before it is looked at."""
    trial = begin_trial(PURPOSE, context.person_id())
    more = {} if session_id is None else {"session_id": session_id}
    try:
        with context.writing() as writing:
            act(
                writing,
                context.platform().keys,
                trial,
                person_id=context.person_id(),
                typed=form.code.data or "",
                now=context.now(),
                **more,
            )
    except Refusal as refusal:
        refuse(form.code, told(refusal))
        return False
    return True


def _to(endpoint: str) -> Response:
    answer = redirect(url_for(endpoint))
    assert isinstance(answer, Response)
    return answer
