"""What the register keeps of certificates and phones: a keyed digest to find equals, ciphertext to read them again.

See trust.md 20.
"""

from collections.abc import Mapping

from hoa.community.difference import OwnerState, UnitState
from hoa.community.entries import OwnerEntry, UnitEntry, owner_key
from hoa.ports.keys import Keys

OWNER = "register-owner"
PHONE = "register-phone"
IDENTIFIER = "register-identifier"
FILE = "register-file"


def owner_digest(keys: Keys, community_id: str, key: str) -> str:
    """The same owner has the same digest within a community, and nothing in common with another community's."""
    return keys.mac(OWNER, f"{community_id}\n{key}".encode())


def phone_digest(keys: Keys, community_id: str, phone: str) -> str:
    """`phone` is normalised: 11 digits."""
    return keys.mac(PHONE, f"{community_id}\n{phone}".encode())


def seal_phone(keys: Keys, community_id: str, row_id: str, phone: str) -> bytes:
    """Only the row it was sealed for opens it."""
    return keys.seal(PHONE, phone.encode(), f"{community_id}\n{row_id}".encode())


def open_phone(keys: Keys, community_id: str, row_id: str, sealed: bytes) -> str:
    return keys.open(PHONE, sealed, f"{community_id}\n{row_id}".encode()).decode()


def seal_identifier(keys: Keys, community_id: str, owner_id: str, identifier: str) -> bytes:
    return keys.seal(IDENTIFIER, identifier.encode(), f"{community_id}\n{owner_id}".encode())


def open_identifier(keys: Keys, community_id: str, owner_id: str, sealed: bytes) -> str:
    return keys.open(IDENTIFIER, sealed, f"{community_id}\n{owner_id}".encode()).decode()


def seal_file(keys: Keys, community_id: str, batch_id: str, data: bytes) -> bytes:
    """A register as it was sent holds everybody's certificates: only its own import opens it again."""
    return keys.seal(FILE, data, f"{community_id}\n{batch_id}".encode())


def open_file(keys: Keys, community_id: str, batch_id: str, sealed: bytes) -> bytes:
    return keys.open(FILE, sealed, f"{community_id}\n{batch_id}".encode())


def owner_state(
    keys: Keys, community_id: str, owner: OwnerEntry, unit_code: str, known: Mapping[str, str]
) -> OwnerState:
    """`known` maps the ids of owners in the register to their digests: our own exports name owners by id."""
    own_id = owner.number if owner.identifier is None else None
    return OwnerState(
        key=known.get(own_id or "") or owner_digest(keys, community_id, owner_key(owner, unit_code)),
        name=owner.name,
        organisation=owner.organisation,
        phone_key=phone_digest(keys, community_id, owner.phone) if owner.phone else None,
        share=owner.share,
    )


def unit_state(keys: Keys, community_id: str, entry: UnitEntry, known: Mapping[str, str]) -> UnitState:
    """An entry of a file in the form in which the register is compared with it."""
    return UnitState(
        code=entry.code,
        building=entry.building,
        entrance=entry.entrance,
        room=entry.room,
        label=entry.label,
        kind=entry.kind,
        status=entry.status,
        areas=entry.areas,
        owners=tuple(owner_state(keys, community_id, owner, entry.code, known) for owner in entry.owners),
        note=entry.note,
    )
