"""For which powers this community asks its officers to confirm with a second factor."""

from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import SelectMultipleField, StringField

from hoa.accounts import second_factor
from hoa.accounts.entry import this_session
from hoa.kernel.errors import Refusal
from hoa.offices import demands
from hoa.web import context
from hoa.web.access import SecondFactorNeeded, requires
from hoa.web.forms import Form, at_most, options, required
from hoa.web.i18n import told

blueprint = Blueprint("demands", __name__, url_prefix="/second-factor")


class DemandForm(Form):
    groups = SelectMultipleField(lazy_gettext("哪些职权要用验证器确认"))
    reason = StringField(
        lazy_gettext("为什么"),
        validators=[required(), at_most(200)],
        description=lazy_gettext("例如：业主委员会第 3 次会议决定"),
    )


@blueprint.route("/", methods=["GET", "POST"])
@requires("offices.appoint")
def choose() -> str | Response:
    session, here = context.reading(), context.community()
    form = DemandForm(data={"groups": list(demands.current(session, here.id))})
    form.groups.choices = options([(key, gettext(word)) for key, word in demands.GROUPS.items()])
    if form.validate_on_submit():
        _may_loosen(demands.current(session, here.id), form.groups.data or [])
        try:
            with context.writing() as writing:
                demands.choose(
                    writing,
                    here.id,
                    groups=form.groups.data or [],
                    reason=form.reason.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已保存，从现在起生效"), "ok")
            return redirect(url_for("offices.roster"))
    return render_template(
        "offices/second_factor.html",
        form=form,
        history=demands.history(context.reading(), here.id),
        words=demands.GROUPS,
    )


def _may_loosen(before: Sequence[str], after: Sequence[str]) -> None:
    """Whoever asks for less than before has given a second factor: otherwise one stolen session could open every door
    that the community locked."""
    given = second_factor.given(context.reading(), this_session(), now=context.now())
    if set(before) - set(after) and not given:
        raise SecondFactorNeeded
