"""The demo's register: imported from the sample workbook as a clerk would, and owners checked at the desk."""

import random
from datetime import datetime, timedelta
from importlib import resources

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.accounts.service import find_by_phone
from hoa.community import desk, imports, sealing
from hoa.community.rules import AreaBasis
from hoa.community.tables import Owner
from hoa.platform import Platform

WORKBOOK = "register.xlsx"
# About nine owners in ten have been at the desk since the year began; the rest still have their letter.
CHECKED_IN_A_HUNDRED = 88


def fill(platform: Platform, community_id: str, *, by: str) -> None:
    """Import the workbook: read, preview, confirm, write."""
    data = resources.files("hoa.demo").joinpath("data", WORKBOOK).read_bytes()
    with platform.database.writing() as session:
        batch = imports.begin(
            session,
            platform,
            community_id,
            data=data,
            file_name="梧桐苑业主清册.xlsx",
            basis=AreaBasis.REGISTERED,
            by=by,
            now=platform.now(),
        )
    imports.read_batch(platform, community_id, batch.id, _silent)
    with platform.database.writing() as session:
        imports.confirm(session, community_id, batch.id, remove_missing=False)
    imports.import_batch(platform, community_id, batch.id, _silent)


def _silent(_done: int, _total: int) -> None:
    return None


def check_owners(
    platform: Platform, community_id: str, *, by: tuple[str, str], must: frozenset[str], chance: random.Random
) -> None:
    """Two officers check owners with a mobile phone at the desk, ten minutes apart; those in `must` (person ids)
    surely.
    """
    with platform.database.writing() as session:
        moment = platform.now()
        for owner, phone in _owners_with_phone(session, platform, community_id):
            known = _person_with(session, platform, phone)
            if known not in must and chance.randrange(100) >= CHECKED_IN_A_HUNDRED:
                continue
            moment += timedelta(minutes=10)
            _check(session, platform, community_id, owner=owner, phone=phone, by=by, moment=moment)


def _check(
    session: Session,
    platform: Platform,
    community_id: str,
    *,
    owner: Owner,
    phone: str,
    by: tuple[str, str],
    moment: datetime,
) -> None:
    first, second = by
    check = desk.start(
        session,
        platform.keys,
        community_id,
        owner_id=owner.id,
        phone=phone,
        documents="身份证、不动产权证",
        by=first,
        now=moment,
    )
    desk.confirm(session, platform.keys, community_id, check_id=check.id, by=second, now=moment + timedelta(minutes=2))


def _owners_with_phone(session: Session, platform: Platform, community_id: str) -> list[tuple[Owner, str]]:
    query = select(Owner).where(Owner.community_id == community_id, Owner.phone_sealed.is_not(None))
    owners = session.scalars(query.order_by(Owner.name, Owner.id)).all()
    return [
        (owner, sealing.open_phone(platform.keys, community_id, owner.id, owner.phone_sealed))
        for owner in owners
        if owner.phone_sealed is not None
    ]


def _person_with(session: Session, platform: Platform, phone: str) -> str | None:
    person = find_by_phone(session, platform.keys, phone)
    return person.id if person else None
