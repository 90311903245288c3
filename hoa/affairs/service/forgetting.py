"""What is known of whoever reported or followed is kept no longer than it is needed (个人信息保护法 19): some time
after the end nobody calls back, rates or reopens any more. What was said and done stays, and whoever said it signed in
still finds it under their own account.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from hoa.affairs.tables import Follower, Suggestion
from hoa.community import pack_choice
from hoa.community.service import all_communities
from hoa.kernel.clock import today
from hoa.platform import Platform


def forget(session: Session, community_id: str, *, now: datetime) -> int:
    """Take away names and phones of who reported what ended long ago, and who followed it; how many suggestions."""
    kept = pack_choice.current(session, community_id, day=today(now)).number("suggestion_reporter_kept_days")
    ended = _ended(community_id, now - timedelta(days=kept))
    session.execute(
        delete(Follower).where(
            Follower.community_id == community_id, Follower.suggestion_id.in_(select(Suggestion.id).where(*ended))
        )
    )
    known = (
        Suggestion.reporter_name_sealed,
        Suggestion.reporter_phone_sealed,
        Suggestion.reporter_phone_key,
    )
    nothing = {column.key: None for column in known} | {"may_call": False}
    forgotten = session.execute(
        update(Suggestion)
        .where(*ended, or_(*(column.is_not(None) for column in known)))
        .values(**nothing)
        .execution_options(synchronize_session=False)
    )
    return int(getattr(forgotten, "rowcount", 0))


def _ended(community_id: str, before: datetime) -> tuple[ColumnElement[bool], ...]:
    return (Suggestion.community_id == community_id, Suggestion.ended_at < before)


def forget_all(platform: Platform) -> None:
    """Everywhere; the worker does it, twice is harmless."""
    with platform.database.writing() as session:
        for here in all_communities(session):
            forget(session, here.id, now=platform.now())
