"""The reporter's own page without an account: an address that nobody can guess, derived from the suggestion's id with
the platform's key and kept nowhere, so that no copy of the database opens it.
"""

import hmac

from sqlalchemy.orm import Session

from hoa.affairs.tables import Suggestion
from hoa.db import get
from hoa.kernel.errors import NotFound
from hoa.ports.keys import Keys

PURPOSE = "suggestion-link"
LENGTH = 32  # hex digits: 128 bits


def token(keys: Keys, row: Suggestion) -> str:
    return keys.mac(PURPOSE, f"{row.community_id}\n{row.id}".encode())[:LENGTH]


def find_by_token(session: Session, keys: Keys, community_id: str, suggestion_id: str, given: str) -> Suggestion:
    """The suggestion whose link this is; a wrong link and an unknown suggestion look alike."""
    row = get(session, Suggestion, community_id, suggestion_id)
    if not hmac.compare_digest(token(keys, row).encode(), given.encode()):
        raise NotFound
    return row


def path(keys: Keys, code: str, row: Suggestion) -> str:
    """The address of the reporter's page below the deployment's own; `code` is the community's."""
    return f"/c/{code}/s/{row.id}/{token(keys, row)}"
