"""The demo's outside witness: the street office. A real one runs `hoa witness` on a machine of its own; the demo's sits
in the demo's worker, so that an assembly of the demo can be opened and counted by whoever tries it."""

import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.kernel import checkpoint
from hoa.platform import Platform
from voting.rules.life import State
from voting.service import witnessing
from voting.tables import Assembly, Witness
from voting.witness import WitnessKey

NAME, TITLE = "street-office.example", "街道办事处"
LOOK_SECONDS = 10.0
_WATCHED = (State.NOTICED, State.OPEN, State.CUT_OFF, State.CLOSED)


def key() -> WitnessKey:
    """Known to everybody who has the source, as all keys of the demo's people are."""
    private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"demo witness").digest())
    public = private.public_key().public_bytes_raw()
    return WitnessKey(checkpoint.VerifierKey(NAME, checkpoint.KeyType.WITNESS, public), private)


def list_in(session: Session, assembly: Assembly) -> None:
    """Let the notice of this draft list the demo's witness."""
    session.add(
        Witness(
            community_id=assembly.community_id,
            assembly_id=assembly.id,
            name=NAME,
            vkey=key().verifier.text,
            title=TITLE,
            outside=True,
            added_at=assembly.created_at,
        )
    )
    session.flush()


def cosign(session: Session, platform: Platform, assembly: Assembly) -> None:
    """Cosign the latest head, unless that was done."""
    latest = witnessing.noted(session, assembly)[-1]
    if NAME in latest.names:
        return
    now, own = platform.now(), key()
    head = checkpoint.parse(latest.head.note).checkpoint
    line = checkpoint.cosign_head(head, own.verifier, own.private.sign, time=int(now.timestamp()))
    witnessing.accept(
        session,
        platform.keys,
        assembly.community_id,
        assembly.id,
        size=head.size,
        line=line.text,
        now=now,
    )


def look(platform: Platform) -> None:
    """One look at every assembly that lists the demo's witness and is not counted yet."""
    query = select(Assembly).join(
        Witness, (Witness.community_id == Assembly.community_id) & (Witness.assembly_id == Assembly.id)
    )
    query = query.where(Witness.name == NAME, Assembly.state.in_([state.value for state in _WATCHED]))
    with platform.database.reading() as session:
        waiting = [
            assembly for assembly in session.scalars(query) if NAME not in witnessing.noted(session, assembly)[-1].names
        ]
    for assembly in waiting:
        with platform.database.writing() as session:
            cosign(session, platform, session.get_one(Assembly, (assembly.community_id, assembly.id)))
