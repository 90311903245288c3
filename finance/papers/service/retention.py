"""How long the papers of a community are kept, and the lists of what may be destroyed (R4.9).

The platform's own rows are never deleted: the chain of vouchers would tell. A list says which papers and packages may
leave the cupboard, who signed for both sides, and who watched.
"""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from finance.papers.rules import retention as rules
from finance.papers.rules.retention import Kept
from finance.papers.tables import Destruction, DestructionSignature
from finance.service.books import books
from hoa.community import pack_choice
from hoa.db import get
from hoa.kernel.posts import COMMITTEE, SUPERVISORS
from hoa.offices.service import posts_held


def kept(session: Session, community_id: str, *, day: date) -> list[Kept]:
    """Every kind of paper of every book and year until last year, with its last day."""
    pack = pack_choice.current(session, community_id, day=day)
    years = {book.kind: range(book.opened_on.year, day.year) for book in books(session, community_id)}
    return rules.kept(years, pack.number)


def destroyed(session: Session, community_id: str) -> set[str]:
    """The keys of what stands on a list already."""
    return {
        f"{item['kind']}:{item['book']}:{item['year']}" for row in lists(session, community_id) for item in row.items
    }


def lists(session: Session, community_id: str) -> Sequence[Destruction]:
    """Every destruction list, the newest first; they are kept for ever."""
    query = select(Destruction).where(Destruction.community_id == community_id)
    return session.scalars(query.order_by(Destruction.number.desc())).all()


def propose(
    session: Session, community_id: str, *, keys: Sequence[str], reason: str, by: str, now: datetime, day: date
) -> Destruction:
    """Write a list of what is past its time. Nothing that is still to be kept can be on it."""
    gone = destroyed(session, community_id)
    free = [one for one in kept(session, community_id, day=day) if one.key not in gone]
    items = rules.written(rules.chosen(keys, free, day=day))
    if not reason.strip():
        raise rules.ReasonMissing
    last = session.scalar(select(func.max(Destruction.number)).where(Destruction.community_id == community_id))
    number = (last or 0) + 1
    row = Destruction(
        community_id=community_id,
        number=number,
        reason=reason.strip(),
        items=items,
        digest=rules.digest(number, reason.strip(), items),
        made_by_id=by,
        made_at=now,
    )
    session.add(row)
    session.flush()
    return row


def signatures(session: Session, row: Destruction) -> Sequence[DestructionSignature]:
    query = select(DestructionSignature).where(
        DestructionSignature.community_id == row.community_id, DestructionSignature.destruction_id == row.id
    )
    return session.scalars(query.order_by(DestructionSignature.signed_at, DestructionSignature.id)).all()


def side_of(session: Session, community_id: str, person_id: str, now: datetime) -> str | None:
    """For whom a person signs today: who keeps the books, or who watches over them."""
    posts = set(posts_held(session, community_id, person_id, now))
    if posts & SUPERVISORS:
        return rules.SUPERVISORS
    return rules.COMMITTEE if posts & COMMITTEE else None


def sign(session: Session, community_id: str, *, destruction_id: str, by: str, now: datetime) -> DestructionSignature:
    """One of the two signatures, over the list as it is."""
    row = get(session, Destruction, community_id, destruction_id, lock=True)
    if row.carried_out_at is not None:
        raise rules.CarriedOut
    there = signatures(session, row)
    side = side_of(session, community_id, by, now) or rules.COMMITTEE
    rules.check_signature([one.side for one in there], [one.person_id for one in there], side=side, by=by)
    signature = DestructionSignature(
        community_id=community_id, destruction_id=row.id, person_id=by, side=side, digest=row.digest, signed_at=now
    )
    session.add(signature)
    session.flush()
    return signature


def carry_out(
    session: Session, community_id: str, *, destruction_id: str, watched_by: str, by: str, now: datetime
) -> Destruction:
    """Both sides have signed: the papers were destroyed today, and somebody watched (监销)."""
    row = get(session, Destruction, community_id, destruction_id, lock=True)
    if row.carried_out_at is not None:
        raise rules.CarriedOut
    if len(signatures(session, row)) < rules.SIGNERS:
        raise rules.NotSigned
    if not watched_by.strip():
        raise rules.WatcherMissing
    row.watched_by, row.carried_out_by_id, row.carried_out_at = watched_by.strip(), by, now
    session.flush()
    return row
