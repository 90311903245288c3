"""The messages about an assembly that went out, and to whom none could."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from voting.tables import Assembly, Reminder

OUTCOMES = ("sending", "sent", "failed", "no-address")


def sent(session: Session, assembly: Assembly) -> Sequence[Reminder]:
    """Every message, the latest first."""
    query = select(Reminder).where(Reminder.community_id == assembly.community_id, Reminder.assembly_id == assembly.id)
    return session.scalars(query.order_by(Reminder.made_at.desc(), Reminder.id)).all()


def unreached(session: Session, assembly: Assembly) -> set[str]:
    """Recipients (as in `voters.Reachable`) of whom the last message is not known to have left."""
    last: dict[str, str] = {}
    for row in reversed(sent(session, assembly)):
        last[row.recipient] = row.outcome
    return {recipient for recipient, outcome in last.items() if outcome != "sent"}
