"""An outside unit's contact comes in by a link, or has a new one sent."""

from datetime import timedelta

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import TelField

from hoa.accounts import rules, signing_in
from hoa.accounts.views import begin_trial, counting_sent
from hoa.affairs import handler_links
from hoa.affairs.service import handlers as service
from hoa.affairs.views.handling.base import blueprint, enter_for
from hoa.kernel import identifiers
from hoa.web import context
from hoa.web.access import public
from hoa.web.forms import Form, Parses, required
from hoa.web.i18n import told

TRIAL = "handler-link"
LINKS_A_DAY, LINKS_PER_ADDRESS = 10, 300


class AskForm(Form):
    phone = TelField(lazy_gettext("联系人手机号"), validators=[required(), Parses(identifiers.mobile)])


@blueprint.get("/enter/<token>")
@public
def enter_page(token: str) -> str | tuple[str, int]:
    """Looking at the link leaves it good: WeChat and others fetch what is behind a link before anybody taps it."""
    handler = service.link(context.reading(), context.community().id, token, now=context.now())
    if handler is None:
        return _expired()
    return render_template("affairs/handling_enter.html", token=token, handler=handler)


@blueprint.post("/enter/<token>")
@public
def enter(token: str) -> Response | str | tuple[str, int]:
    """One tap, once."""
    here = context.community()
    try:
        with context.writing() as writing:
            enter_for(writing, service.redeem_link(writing, here.id, token, now=context.now()))
    except service.WrongLink:
        return _expired()
    except service.UseCode as refusal:
        flash(told(refusal), "warn")
        return redirect(url_for("accounts.sign_in", next=url_for("handling.index")))
    return redirect(url_for("handling.index"))


def _expired() -> tuple[str, int]:
    return render_template("affairs/handling_link.html", form=AskForm(formdata=None), expired=True), 410


@blueprint.route("/link", methods=["GET", "POST"])
@public
def ask_link() -> str | Response:
    """A new link to the contact's phone. The answer is the same whether or not the phone is a contact's."""
    form, here = AskForm(), context.community()
    if form.validate_on_submit():
        try:
            _ask(here.id, identifiers.mobile(form.phone.data or ""))
        except rules.AskedTooOften as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("如果这个手机号是承办单位的联系人，新的登录链接马上就到；旧链接同时失效"), "ok")
            return redirect(url_for("handling.ask_link"))
    return render_template("affairs/handling_link.html", form=form, expired=False)


def _ask(community_id: str, phone: str) -> None:
    """Counted per phone and per address, like codes; the same rows are written for a phone that is nobody's."""
    keys, now = context.platform().keys, context.now()
    trial = begin_trial(TRIAL, phone)
    with counting_sent(trial), context.writing() as writing:
        limits = (
            (rules.WINDOW, rules.MOST_REQUESTS_PER_PHONE, rules.MOST_REQUESTS_PER_ADDRESS),
            # Each link puts out the one before: nobody else may keep the contact from theirs all day.
            (timedelta(days=1), LINKS_A_DAY, LINKS_PER_ADDRESS),
        )
        for window, *most in limits:
            signing_in.demand_tries_left(
                writing, trial, now=now, most=(most[0], most[1]), refusal=rules.AskedTooOften, window=window
            )
        units = service.outside_units(writing, keys, community_id, phone)
        handler_links.ask(writing, community_id, [row.id for row in units], by=None, now=now)
