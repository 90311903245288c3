"""The roster as its readers may see it: whose name, whose phone, whose posts in the party's organisation."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from hoa.accounts import service as accounts
from hoa.kernel import masking
from hoa.offices import consents, service
from hoa.offices.rules import PARTY
from hoa.offices.service import OfficeHolder
from hoa.offices.tables import Office
from hoa.ports.keys import Keys


class Reader(NamedTuple):
    """What this reader may see: `names` in full (offices.read), `party` posts without consent (offices.party)."""

    names: bool
    party: bool


class Line(NamedTuple):
    """One office on the page. `name` is None where the holder did not agree to be shown; `phone` is masked, empty where
    there is none or it is not shown; `crossed` says that the person serves party organisation and committee alike."""

    office: Office
    name: str | None
    phone: str
    crossed: bool


def lines(session: Session, keys: Keys, community_id: str, *, reader: Reader, now: datetime) -> Sequence[Line]:
    """Who holds which office at this moment."""
    holders = service.roster(session, community_id, now=now)
    agreed = consents.consented(session, community_id)
    crossing = consents.cross_appointed(holders)
    return [
        _line(
            holder,
            reader,
            agreed=agreed,
            phone=_phone(session, keys, holder),
            crossed=holder.person.id in crossing and (reader.party or holder.person.id in agreed),
        )
        for holder in holders
    ]


def past(session: Session, community_id: str, *, reader: Reader, now: datetime) -> Sequence[Line]:
    """Offices that are over, the latest first; without contacts, which are for those who serve now."""
    agreed = consents.consented(session, community_id)
    holders = service.roster(session, community_id, now=now, past=True)
    return [_line(holder, reader, agreed=agreed, phone="", crossed=False) for holder in holders]


def _line(holder: OfficeHolder, reader: Reader, *, agreed: frozenset[str], phone: str, crossed: bool) -> Line:
    if holder.office.post in PARTY and not reader.party and holder.person.id not in agreed:
        return Line(holder.office, None, "", crossed=False)
    name = holder.person.name if reader.names else masking.name(holder.person.name)
    return Line(holder.office, name, phone, crossed)


def _phone(session: Session, keys: Keys, holder: OfficeHolder) -> str:
    number = accounts.phone_of(session, keys, holder.person.id)
    return masking.phone(number) if number else ""
