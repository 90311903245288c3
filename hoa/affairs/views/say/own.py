"""What somebody signed in has reported and follows here."""

from flask import render_template
from sqlalchemy import select

from hoa.affairs.rules.intake import CATEGORIES
from hoa.affairs.rules.states import STATE_NAMES
from hoa.affairs.service import intake, links, public, reading
from hoa.affairs.tables import Follower, Suggestion
from hoa.affairs.views.say.base import blueprint
from hoa.kernel.clock import today
from hoa.web import context
from hoa.web.access import signed_in

MOST = 100


@blueprint.get("/say/mine")
@signed_in
def mine() -> str:
    session, here, me = context.reading(), context.community(), context.person_id()
    keys = context.platform().keys
    query = select(Suggestion).where(Suggestion.community_id == here.id, Suggestion.reporter_id == me)
    rows = session.scalars(query.order_by(Suggestion.received_at.desc(), Suggestion.id).limit(MOST)).all()
    followed = session.execute(
        select(Suggestion, Follower)
        .join(Follower, (Follower.community_id == Suggestion.community_id) & (Follower.suggestion_id == Suggestion.id))
        .where(Suggestion.community_id == here.id, Follower.person_id == me)
        .order_by(Follower.since.desc(), Follower.id)
        .limit(MOST)
    ).all()
    return render_template(
        "affairs/say_mine.html",
        rows=[(row, links.path(keys, here.code, row), reading.standing(row, today(context.now()))) for row in rows],
        followed=[
            (row, public.title(session, keys, row), intake.unfollow_path(keys, here.code, follower))
            for row, follower in followed
        ],
        categories=CATEGORIES,
        state_names={str(state): name for state, name in STATE_NAMES.items()},
    )
