"""Taking in what somebody said: a number of its own, and the desk's clock begins."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hoa.affairs.rules import intake
from hoa.affairs.rules.intake import Channel, Said
from hoa.affairs.rules.states import Action, Actor, State
from hoa.affairs.rules.wording import tidy
from hoa.affairs.service import messages, photos, reporters, steps, terms
from hoa.affairs.service.photos import NONE, Phase, Pictures
from hoa.affairs.tables import Place, Suggestion
from hoa.community.service import get_community
from hoa.db import get
from hoa.kernel.clock import today
from hoa.kernel.ids import new_id
from hoa.ports.keys import Keys


def receive(
    session: Session,
    keys: Keys,
    community_id: str,
    said: Said,
    *,
    now: datetime,
    by: str | None = None,
    details: Mapping[str, Any] | None = None,
    pictures: Pictures = NONE,
) -> Suggestion:
    """A new suggestion. `by` is who wrote it down for somebody else, None when the reporter sent it; `details` and what
    `pictures` it came with are kept in the first step, and whether the reporter may be called.
    """
    # A picture may stand for the words; whoever takes it in has counted the pictures (`intake.check`).
    intake.check(said, photos=1)
    if said.place_id is not None:
        get(session, Place, community_id, said.place_id)
    day, row_id = today(now), new_id()
    due = terms.triage_due(session, community_id, day)
    phone, name = said.phone, tidy(said.name)
    row = Suggestion(
        community_id=community_id,
        id=row_id,
        year=day.year,
        number=_next_number(session, community_id, day.year),
        category=said.category,
        text=tidy(said.text),
        place_id=said.place_id,
        building=tidy(said.building),
        entrance=tidy(said.entrance),
        floor=said.floor,
        spot=tidy(said.spot),
        channel=Channel(said.channel).value,
        received_at=now,
        received_by_id=by,
        reporter_id=said.reporter_id,
        reporter_name_sealed=reporters.seal(keys, community_id, row_id, name) if name else None,
        reporter_phone_sealed=reporters.seal(keys, community_id, row_id, phone) if phone else None,
        reporter_phone_key=reporters.phone_key(keys, community_id, phone) if phone else None,
        may_call=said.may_call,
        state=State.RECEIVED.value,
        round=1,
        title="",
        sorting="",
        profile="",
        clock_from=day,
        due_on=due.day,
        provisional=due.provisional,
        paused_days=0,
        level=0,
        public_text="",
        public_answer="",
    )
    session.add(row)
    session.flush()
    brought = photos.bring(session, row, pictures, phase=Phase.BEFORE, now=now)
    steps.write(
        session,
        row,
        Action.RECEIVE,
        actor=Actor.DESK if by else Actor.REPORTER,
        now=now,
        person_id=by or said.reporter_id,
        details={
            **(details or {}),
            "said": steps.said(row),
            "reporter": steps.reporter(row),
            "may_call": row.may_call,
            photos.KEPT: [],
            **brought,
            "term": terms.length(session, community_id, None, day),
        },
    )
    messages.tell(session, row, "received", now=now)
    return row


def _next_number(session: Session, community_id: str, year: int) -> int:
    """The next free number of the year. The community's row is locked, so that two reports at once get two numbers."""
    get_community(session, community_id, lock=True)
    query = select(func.max(Suggestion.number)).where(Suggestion.community_id == community_id, Suggestion.year == year)
    return (session.scalar(query) or 0) + 1
