"""What the check and the effect of an entry are given, and the questions about roll and ballots that several of them
ask. The door itself is `voting.service.entries`."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.kernel.errors import N_, Refusal
from hoa.ports.keys import Keys
from voting.tables import Assembly, RollEntry, RollRemoval


class NotOnTheRoll(Refusal):
    message: ClassVar[str] = N_("名册上没有业主 %(elector)s（或者已因名册更正移出），没有写入日志")
    status: ClassVar[int] = 409


class Entrance(NamedTuple):
    """What a check or an effect is given."""

    session: Session
    keys: Keys
    assembly: Assembly
    entry: Mapping[str, Any]
    now: datetime
    leaf: str = ""
    subject: str = ""


Step = Callable[[Entrance], None]


def on_roll(session: Session, assembly: Assembly, elector: str) -> RollEntry:
    """The elector's roll entry, if it is on the roll today."""
    mine = (RollEntry.community_id == assembly.community_id, RollEntry.assembly_id == assembly.id)
    row = session.scalars(select(RollEntry).where(*mine, RollEntry.elector == elector)).one_or_none()
    if row is None or elector in removed(session, assembly, [elector]):
        raise NotOnTheRoll(elector=elector)
    return row


def removed(session: Session, assembly: Assembly, electors: list[str] | None = None) -> set[str]:
    """Those (of `electors`; None: all) whom a change took off the roll."""
    query = select(RollRemoval.elector).where(
        RollRemoval.community_id == assembly.community_id, RollRemoval.assembly_id == assembly.id
    )
    if electors is not None:
        query = query.where(RollRemoval.elector.in_(electors))
    return set(session.scalars(query))
