"""What the door asks of the register: which communities there are, and whether one of them knows a phone. Its holder
may then come in by a code and claim their unit (rules.md R7.5).

Knowing the phone is not yet being the owner: that takes the room and the name as well (`hoa.community.activation`).
"""

from collections.abc import Sequence

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from hoa.community.sealing import phone_digest
from hoa.community.tables import Community, Owner, Ownership
from hoa.ports.keys import Keys


def communities(session: Session) -> Sequence[tuple[str, str]]:
    """Code and name of every community, by code."""
    query = select(Community.code, Community.name).order_by(Community.code)
    return [(code, name) for code, name in session.execute(query)]


def knows_phone(session: Session, keys: Keys, phone: str) -> bool:
    """Whether somebody who owns something now, in any community, gave this phone (11 digits)."""
    # The digest differs by community, so each is asked; the index answers without reading the owners.
    communities = session.scalars(select(Community.id)).all()
    digests = {phone_digest(keys, community_id, phone) for community_id in communities}
    owns = exists().where(
        Ownership.community_id == Owner.community_id, Ownership.owner_id == Owner.id, Ownership.until.is_(None)
    )
    query = select(Owner.id).where(Owner.community_id.in_(communities), Owner.phone_key.in_(digests), owns).limit(1)
    return session.scalar(query) is not None
