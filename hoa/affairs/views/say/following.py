"""Following a suggestion that somebody else made, and leaving it again by the link of one's own."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from hoa.accounts.forms import PhoneForm
from hoa.affairs.rules.intake import CATEGORIES
from hoa.affairs.rules.states import STATE_NAMES, State
from hoa.affairs.service import intake, reading
from hoa.affairs.service import public as in_public
from hoa.affairs.service.drafts import Written
from hoa.affairs.service.intake import NothingToFollow
from hoa.affairs.tables import Place, Suggestion
from hoa.affairs.views.say import sending
from hoa.affairs.views.say.base import SENDS, SENDS_FOR, blueprint, demand
from hoa.affairs.views.say.track import SlowDown
from hoa.db import get
from hoa.kernel.ids import new_id
from hoa.web import context
from hoa.web.access import public
from hoa.web.forms import Form
from hoa.web.security import seconds_to_wait


class UnfollowForm(Form):
    """Nothing to fill in: only the token."""


@blueprint.route("/say/follow/<suggestion_id>", methods=["GET", "POST"])
@public
def follow(suggestion_id: str) -> str | BaseResponse:
    """One tap for somebody signed in; a phone and its code for anybody else."""
    row = reading.find(context.reading(), context.community().id, suggestion_id)
    form = PhoneForm() if context.me() is None else UnfollowForm()
    if form.validate_on_submit():
        wait = seconds_to_wait(SENDS, SENDS_FOR)
        if wait:
            raise SlowDown(seconds=wait)
        kept_id = new_id()
        phone = form.phone.data or "" if isinstance(form, PhoneForm) else ""
        sending.save(kept_id, Written(category=row.category, phone=phone, follows=row.id))
        return sending.proceed(kept_id, demand(kept_id))
    if request.method == "GET" and not intake.may_follow(row):
        raise NothingToFollow
    return render_template("affairs/say_follow.html", row=row, form=form, **_public(row))


@blueprint.route("/s/<suggestion_id>/unfollow/<follower_id>/<token>", methods=["GET", "POST"])
@public
def unfollow(suggestion_id: str, follower_id: str, token: str) -> str | BaseResponse:
    """The link in each message to a follower: what is followed, and how to leave."""
    keys, here = context.platform().keys, context.community()
    found = intake.find_follower(context.reading(), keys, here.id, suggestion_id, token, follower_id)
    row = reading.find(context.reading(), here.id, found.suggestion_id)
    form = UnfollowForm()
    if form.validate_on_submit():
        with context.writing() as session:
            intake.unfollow(session, intake.find_follower(session, keys, here.id, suggestion_id, token, follower_id))
        flash(gettext("已取消关注，不再发短信"), "ok")
        return redirect(url_for("say.start"))
    return render_template("affairs/say_unfollow.html", row=row, form=form, **_public(row))


def _public(row: Suggestion) -> dict[str, str]:
    """What anybody may read of it."""
    place = get(context.reading(), Place, row.community_id, row.place_id) if row.place_id else None
    title = in_public.title(context.reading(), context.platform().keys, row)
    return {
        "title": title or gettext(CATEGORIES[row.category]),
        "category": CATEGORIES[row.category],
        "where": in_public.where(row, place),
        "state_name": STATE_NAMES[State(row.state)],
    }
