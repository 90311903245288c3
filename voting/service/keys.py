"""The platform's three keys of an assembly: the log's, the receipts' and the record's.

A manifest freezes public keys; signing looks the private one up by them, so that a rotation never changes who signs an
assembly that is under way (trust.md 14).
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from hoa.kernel import canonical, signing
from hoa.ports.keys import Keys
from voting.rules import record
from voting.tables import Assembly

PURPOSES = ("log", "receipt", "record")
BALLOT = "ballot"
SALT = "roll-salt"


class PlatformKey(NamedTuple):
    """One frozen key and the port that holds its private half."""

    keys: Keys
    purpose: str
    public: bytes

    @property
    def id(self) -> str:
        """The id by which the record names this key."""
        return record.key_id(self.public)

    @property
    def sign(self) -> Callable[[bytes], bytes]:
        port_id = signing.key_id(signing.ED25519, self.public)
        return lambda message: self.keys.sign(self.purpose, message, key_id=port_id).value


def current(keys: Keys) -> record.Keys:
    """The keys that a notice given now freezes."""
    ids = {purpose: keys.signing_key(purpose) for purpose in PURPOSES}
    public = keys.public_keys()
    return record.Keys(**{purpose: public[found].public for purpose, found in ids.items()})


def publics(assembly: Assembly, purpose: str) -> list[tuple[int, str]]:
    """Every public key (hex) that this assembly had for a purpose, each with the size of the log from which it signs:
    the manifest's, then those of `key-change` entries."""
    assert assembly.manifest is not None
    listed = canonical.decode(assembly.manifest)["keys"]["platform"]
    noticed = next(key["public"] for key in listed if key["purpose"] == purpose)
    changed = [(key["from"], key["public"]) for key in assembly.new_keys if key["purpose"] == purpose]
    return [(0, noticed), *changed]


def in_force(keys: Keys, assembly: Assembly, purpose: str, *, size: int | None = None) -> PlatformKey:
    """The key that signs for this purpose over a log of `size` entries (None: now). A rotation in the port changes
    nothing here until a `key-change` entry says so (trust.md 14)."""
    public = [public for start, public in publics(assembly, purpose) if size is None or start <= size][-1]
    return PlatformKey(keys, purpose, bytes.fromhex(public))


def row_id(keys: Keys, *parts: str) -> str:
    """The id of a final row: a keyed fingerprint of what it says, so that `hoa verify` can name any row that was edited
    in the database, by whoever does not also hold the platform's keys."""
    return keys.mac("voting-row", "\n".join(parts).encode())[:20]


def roll_place(assembly: Assembly, elector: str, unit_ids: Iterable[str]) -> bytes:
    """Where a roll salt belongs: it opens only beside the units that the notice gave this elector."""
    return place(assembly.community_id, assembly.id, "roll", elector, *sorted(unit_ids))


def place(*parts: str) -> bytes:
    """Where a sealed value belongs; sealed for one place it does not open in another."""
    return "\n".join(parts).encode()
