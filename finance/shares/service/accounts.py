"""The account an owner is paid into: given by the owner, sealed, opened only for the payment file and the owner."""

from datetime import datetime

from sqlalchemy.orm import Session

from finance.shares.rules import accounts as rules
from finance.shares.service import register
from finance.shares.service.standing import accounts_of
from finance.shares.tables import ShareAccount
from hoa.kernel.errors import NotFound
from hoa.kernel.ids import new_id
from hoa.ports.keys import Keys

PURPOSE = "share-account"


def give(
    session: Session, keys: Keys, community_id: str, *, bank: str, number: str, by: str, now: datetime
) -> list[ShareAccount]:
    """Write down where an owner wants to be paid, for everything this account acts for. The holder is always the owner
    as registered, so that nobody leads another's money away; the earlier number is kept sealed as evidence.
    """
    plain, name = rules.number(number), rules.bank(bank)
    owners = register.owners_of_person(session, community_id, by)
    if not owners:
        raise NotFound
    end(session, community_id, by=by, now=now)
    made = []
    for owner in owners:
        row = ShareAccount(
            id=new_id(), community_id=community_id, owner_id=owner.id, bank=name, given_by_id=by, given_at=now
        )
        row.sealed = keys.seal(PURPOSE, plain.encode(), _context(row))
        session.add(row)
        made.append(row)
    session.flush()
    return made


def end(session: Session, community_id: str, *, by: str, now: datetime) -> int:
    """Take the account back; what was ordered already goes its way. Returns how many there were."""
    owners = {owner.id for owner in register.owners_of_person(session, community_id, by)}
    rows = accounts_of(session, community_id, owners)
    for row in rows.values():
        row.ended_at = now
    session.flush()
    return len(rows)


def number(keys: Keys, row: ShareAccount) -> str:
    """The number in the clear."""
    return keys.open(PURPOSE, row.sealed, _context(row)).decode()


def masked(keys: Keys, row: ShareAccount) -> str:
    return rules.masked(number(keys, row))


def _context(row: ShareAccount) -> bytes:
    return f"{row.community_id}\n{row.id}".encode()
