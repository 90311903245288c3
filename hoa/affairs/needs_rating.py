"""What was answered and waits for its reporter's rating."""

from collections.abc import Sequence

from flask import url_for
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.affairs.rules.states import State
from hoa.affairs.service import life, links
from hoa.affairs.tables import Suggestion
from hoa.web import context
from hoa.web.room import Asker, Need

MOST = 5


def needs(session: Session, asker: Asker) -> Sequence[Need]:
    """The reporter's own, the oldest answer first."""
    query = (
        select(Suggestion)
        .where(
            Suggestion.community_id == asker.community_id,
            Suggestion.reporter_id == asker.person_id,
            Suggestion.state == State.ANSWERED.value,
        )
        .order_by(Suggestion.answered_at, Suggestion.id)
        .limit(MOST)
    )
    keys = context.platform().keys
    return [
        Need(
            title=gettext("办完了，请您评价：%(title)s", title=row.title or row.label),
            url=url_for("say.rate", suggestion_id=row.id, token=links.token(keys, row)),
            due=life.rate_by(session, row),
        )
        for row in session.scalars(query)
    ]
