"""Who reported: name and phone are sealed for the row they belong to and found again only by a keyed digest
(trust.md 20). Nothing here is public.
"""

from typing import NamedTuple

from sqlalchemy.orm import Session

from hoa.accounts import service as accounts
from hoa.affairs.rules.intake import Channel
from hoa.affairs.tables import Suggestion
from hoa.ports.keys import Keys

SEALED = "suggestion-reporter"
PHONE = "suggestion-phone"


class Reporter(NamedTuple):
    """What is known of whoever reported; empty where they gave nothing."""

    name: str
    phone: str | None


def phone_key(keys: Keys, community_id: str, phone: str) -> str:
    """The same phone has the same digest within a community; `phone` is normalised: 11 digits."""
    return keys.mac(PHONE, f"{community_id}\n{phone}".encode())


def seal(keys: Keys, community_id: str, row_id: str, text: str) -> bytes:
    """Only the row it was sealed for opens it: a suggestion or a follower."""
    return keys.seal(SEALED, text.encode(), _place(community_id, row_id))


def opened(keys: Keys, community_id: str, row_id: str, sealed: bytes) -> str:
    return keys.open(SEALED, sealed, _place(community_id, row_id)).decode()


def shown(keys: Keys, row: Suggestion) -> Reporter:
    """What staff may see: the name that was given, and the phone of whoever gave a name or may be called. The proven
    phone of somebody who wants to stay unknown serves only to tell them how it stands.
    """
    name = opened(keys, row.community_id, row.id, row.reporter_name_sealed) if row.reporter_name_sealed else ""
    sealed = row.reporter_phone_sealed if name or row.may_call else None
    return Reporter(name, opened(keys, row.community_id, row.id, sealed) if sealed else None)


def shown_to_handler(keys: Keys, row: Suggestion) -> Reporter:
    """What the handler may see: nothing, unless the reporter said that they may be called."""
    return shown(keys, row) if row.may_call else Reporter("", None)


def phone_to_tell(session: Session, keys: Keys, row: Suggestion) -> str | None:
    """Where to send how it stands: the account's phone, else the one that was proven. None for what other software
    sent: nobody proved that number.
    """
    if row.channel == Channel.OPEN311:
        return None
    if row.reporter_id is not None:
        return accounts.phone_of(session, keys, row.reporter_id)
    if row.reporter_phone_sealed is None:
        return None
    return opened(keys, row.community_id, row.id, row.reporter_phone_sealed)


def _place(community_id: str, row_id: str) -> bytes:
    return f"{community_id}\n{row_id}".encode()
