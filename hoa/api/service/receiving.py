"""A report of other software becomes a suggestion, through the door that every channel uses (网格收事, rules.md 8)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.affairs.rules.intake import Channel, Said
from hoa.affairs.service import life, places
from hoa.affairs.tables import Place, Suggestion
from hoa.api.rules.refusals import BadKey, FloorWithoutEntrance, UnknownPlace
from hoa.api.rules.submission import Submission
from hoa.api.service import keys as api_keys
from hoa.api.tables import ApiKey, Sent
from hoa.db import get
from hoa.kernel.errors import Refusal
from hoa.offices import places as register
from hoa.ports.keys import Keys

PURPOSE = "open311-sent"
# Software that heard no answer sends again soon; the same words an hour later may be a second report.
REPEAT = timedelta(hours=1)


class Received(NamedTuple):
    """`again`: the same call came before, and this is its suggestion."""

    row: Suggestion
    again: bool


def receive(
    session: Session, keys: Keys, community_id: str, *, secret: str, submission: Submission, now: datetime
) -> Received:
    """Keep the report. The number given with it was never proven: staff may call it, nothing is sent there."""
    key = api_keys.opened_by(session, community_id, secret, lock=True)
    if key is None:
        raise BadKey
    fingerprint = keys.mac(PURPOSE, json.dumps(asdict(submission), sort_keys=True).encode())
    before = _before(session, key, fingerprint, now)
    if before is not None:
        return Received(before, again=True)
    said = _said(session, community_id, submission)
    row = life.receive(session, keys, community_id, said, details={"software": key.name}, now=now)
    session.add(Sent(community_id=community_id, key_id=key.id, suggestion_id=row.id, fingerprint=fingerprint, at=now))
    session.flush()
    return Received(row, again=False)


def _before(session: Session, key: ApiKey, fingerprint: str, now: datetime) -> Suggestion | None:
    query = select(Sent.suggestion_id).where(
        Sent.community_id == key.community_id,
        Sent.key_id == key.id,
        Sent.fingerprint == fingerprint,
        Sent.at > now - REPEAT,
    )
    found = session.scalars(query.order_by(Sent.at.desc()).limit(1)).one_or_none()
    return get(session, Suggestion, key.community_id, found) if found else None


def _said(session: Session, community_id: str, submission: Submission) -> Said:
    """What was said, where the register and the posters say it is; what the attributes say goes before the poster."""
    place = _place(session, community_id, submission.place_code)
    building, entrance, floor = submission.building, submission.entrance, submission.floor
    if building:
        entrance = _entrance(register.buildings(session, community_id), submission)
        places.checked(session, community_id, building, entrance, floor)
    elif place is not None:
        building, entrance, floor = place.building, place.entrance, place.floor
    return Said(
        category=submission.service_code,
        text=submission.text,
        channel=Channel.OPEN311,
        building=building,
        entrance=entrance,
        floor=floor,
        spot=submission.spot,
        place_id=place.id if place else None,
        name=submission.name,
        phone=submission.phone,
    )


def _place(session: Session, community_id: str, code: str) -> Place | None:
    if not code:
        return None
    try:
        return places.find_by_code(session, community_id, code)
    except Refusal:
        raise UnknownPlace(code=code[:40]) from None


def _entrance(known: Mapping[str, Mapping[str, Sequence[int]]], submission: Submission) -> str:
    """A floor is one of an entrance: named, or the building's only one."""
    entrances = list(known.get(submission.building, {}))
    if submission.entrance or submission.floor is None or not entrances or "" in entrances:
        return submission.entrance
    if len(entrances) > 1:
        raise FloorWithoutEntrance(building=submission.building, known="、".join(entrances))
    return entrances[0]
