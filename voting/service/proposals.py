"""Entries that need personal signatures: proposed, signed by one or two officials, and then in the log.

The private keys stay with the people: a page or `hoa sign` signs `message(entry)`; here signatures are only checked.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.db import get
from hoa.kernel import canonical, signing
from hoa.kernel.clock import CHINA
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.ids import new_id
from hoa.ports.keys import Keys
from voting.rules import record
from voting.service import casting, entries, steps
from voting.service.keys import place, row_id
from voting.tables import Assembly, EntrySignature, Official, Proposal

SEALED = "proposal"
WAITING, APPENDED, DROPPED = "waiting", "appended", "dropped"
ROLL_CHANGED = N_("这位业主已因名册更正移出名册")


class NotAnOfficial(Refusal):
    message: ClassVar[str] = N_("只有公告里列明的计票人、监票人和工作人员可以签名，您不在其中或者钥匙已更换")
    status: ClassVar[int] = 403


class NotWaiting(Refusal):
    message: ClassVar[str] = N_("这一条已经不在等待签名：可能已经生效，也可能被撤下，请刷新页面")
    status: ClassVar[int] = 409


class WrongSignature(Refusal):
    message: ClassVar[str] = N_("签名不成立：签的不是这一条的内容，或者用的不是登记的钥匙。没有生效，请重新签名")


class NobodyToSign(Refusal):
    message: ClassVar[str] = N_(
        "本次会议的公告没有列明足够的计票人、监票人或工作人员，这一步需要 %(needed)s 人签名，不能做"
    )
    status: ClassVar[int] = 409


class Task(NamedTuple):
    """A proposal opened for somebody who may sign it."""

    proposal: Proposal
    entry: Mapping[str, Any]
    signed: int

    @property
    def text(self) -> str:
        """The object that is signed, canonical: `signing.message("entry", …)` puts the kind before it."""
        return canonical.encode(record.unsigned(self.entry)).decode()


def propose(
    session: Session,
    keys: Keys,
    assembly: Assembly,
    entry: Mapping[str, Any],
    *,
    by: str | None,
    now: datetime,
    subject: str = "",
) -> Proposal:
    """Keep an entry until its signatures are there. What the log's rules refuse today is refused here already."""
    needed = record.signers_needed(entry)
    if len(officials(session, assembly)) < needed:
        raise NobodyToSign(needed=needed)
    entries.check(session, keys, assembly, entry, now=now)
    row = Proposal(
        id=new_id(),
        community_id=assembly.community_id,
        assembly_id=assembly.id,
        kind=entry["type"],
        subject=subject,
        entry=b"",
        needed=needed,
        state=WAITING,
        made_by=by,
        made_at=now,
    )
    row.entry = keys.seal(SEALED, canonical.encode(record.unsigned(entry)), _place(row))
    session.add(row)
    session.flush()
    return row


def opened(keys: Keys, proposal: Proposal) -> dict[str, Any]:
    """The entry of a proposal, without `by`."""
    entry: dict[str, Any] = json.loads(keys.open(SEALED, proposal.entry, _place(proposal)))
    return entry


def _place(proposal: Proposal) -> bytes:
    return place(proposal.community_id, proposal.assembly_id, "proposal", proposal.id)


def officials(session: Session, assembly: Assembly, *roles: str) -> Sequence[Official]:
    """The people whose keys are in force, of the given roles (none: all), by role and name."""
    query = select(Official).where(
        Official.community_id == assembly.community_id,
        Official.assembly_id == assembly.id,
        Official.ended_at.is_(None),
    )
    if roles:
        query = query.where(Official.role.in_(roles))
    return session.scalars(query.order_by(Official.role, Official.name)).all()


def official(session: Session, assembly: Assembly, person_id: str, *roles: str) -> Official:
    """This person as an official of this assembly; refused when they are none of the given roles."""
    for found in officials(session, assembly, *roles):
        if found.person_id == person_id:
            return found
    raise NotAnOfficial


def waiting(session: Session, keys: Keys, assembly: Assembly, *, person_id: str | None = None) -> Sequence[Task]:
    """What waits for signatures, the oldest first; with a person: what this one has not signed yet."""
    mine = (Proposal.community_id == assembly.community_id, Proposal.assembly_id == assembly.id)
    query = select(Proposal).where(*mine, Proposal.state == WAITING).order_by(Proposal.made_at, Proposal.id)
    tasks = []
    for row in session.scalars(query):
        signatures = _signatures(session, row)
        if person_id is None or person_id not in {signature.person_id for signature in signatures}:
            tasks.append(Task(row, opened(keys, row), len(signatures)))
    return tasks


def _signatures(session: Session, proposal: Proposal) -> Sequence[EntrySignature]:
    query = select(EntrySignature).where(
        EntrySignature.community_id == proposal.community_id,
        EntrySignature.assembly_id == proposal.assembly_id,
        EntrySignature.proposal_id == proposal.id,
    )
    return session.scalars(query).all()


def sign(
    session: Session,
    keys: Keys,
    community_id: str,
    assembly_id: str,
    proposal_id: str,
    *,
    person_id: str,
    signature: bytes,
    now: datetime,
) -> Proposal:
    """Add one official's signature; with the last one that is needed the entry enters the log.

    `signature` is `r ‖ s` (64 bytes) over `signing.message("entry", entry without by)`. Signing twice changes nothing.
    """
    assembly = steps.locked(session, community_id, assembly_id)
    signer = official(session, assembly, person_id)
    proposal = get(session, Proposal, community_id, proposal_id, lock=True)
    if proposal.assembly_id != assembly.id or proposal.state != WAITING:
        raise NotWaiting
    entry = opened(keys, proposal)
    assert signer.public is not None
    message = signing.message("entry", entry)
    if not signing.verify_p256(public=bytes.fromhex(signer.public), signature=signature, message=message):
        raise WrongSignature
    if proposal.kind in entries.SIGNER_CHECKS:
        entries.SIGNER_CHECKS[proposal.kind](session, assembly, entry, person_id)
    _keep(session, keys, proposal, signer, signature, now)
    in_force = {found.key_id: found for found in officials(session, assembly)}
    there = [
        record.Signer(in_force[row.key_id].name, row.key_id, row.signature)
        for row in _signatures(session, proposal)
        if row.key_id in in_force
    ]
    if len(there) < proposal.needed:
        return proposal
    try:
        leaf = entries.accept(session, keys, assembly, record.signed(entry, there), subject=proposal.subject, now=now)
    except casting.ChainMoved as moved:
        return _renew(session, keys, assembly, proposal, entry, reason=moved.message, now=now)
    proposal.state, proposal.leaf, proposal.ended_at = APPENDED, leaf, now
    session.flush()
    if proposal.kind == "roll-change":
        _drop_orphans(session, keys, assembly, entry, now=now)
    return proposal


def _drop_orphans(
    session: Session, keys: Keys, assembly: Assembly, change: Mapping[str, Any], *, now: datetime
) -> None:
    """What waits for electors who left the roll, or for another change of them, can never enter the log."""
    gone = {source for heir in change["heirs"] for source in heir["from"]}
    for task in waiting(session, keys, assembly):
        moved = {source for heir in task.entry.get("heirs", ()) for source in heir["from"]}
        if task.entry.get("elector") in gone or moved & gone:
            drop(session, assembly.community_id, task.proposal.id, reason=ROLL_CHANGED, now=now)


def _renew(
    session: Session,
    keys: Keys,
    assembly: Assembly,
    proposal: Proposal,
    entry: Mapping[str, Any],
    *,
    reason: str,
    now: datetime,
) -> Proposal:
    """The same ballot or roll change behind the elector's newest ballot; its officials sign anew. Nothing else was
    written yet."""
    drop(session, proposal.community_id, proposal.id, reason=reason, now=now)
    again = entries.renewed(session, keys, assembly, entry, now=now)
    return propose(session, keys, assembly, again, by=proposal.made_by, now=now, subject=proposal.subject)


def _keep(session: Session, keys: Keys, proposal: Proposal, signer: Official, signature: bytes, now: datetime) -> None:
    assert signer.key_id is not None
    if signer.key_id in {row.key_id for row in _signatures(session, proposal)}:
        return
    session.add(
        EntrySignature(
            id=signature_id(keys, proposal, signer.person_id, signer.key_id, signature.hex(), now),
            community_id=proposal.community_id,
            assembly_id=proposal.assembly_id,
            proposal_id=proposal.id,
            person_id=signer.person_id,
            key_id=signer.key_id,
            signature=signature.hex(),
            signed_at=now,
        )
    )
    session.flush()


def signature_id(
    keys: Keys, proposal: Proposal, person_id: str, key_id: str, signature: str, signed_at: datetime
) -> str:
    """The fingerprint of one person's signature, with when it was made."""
    moment = signed_at.astimezone(CHINA).isoformat()
    return row_id(keys, proposal.assembly_id, "signature", proposal.id, person_id, key_id, signature, moment)


def drop(session: Session, community_id: str, proposal_id: str, *, reason: str, now: datetime) -> Proposal:
    """Take a proposal back before it is in the log; what was signed stays on record."""
    proposal = get(session, Proposal, community_id, proposal_id, lock=True)
    if proposal.state != WAITING:
        raise NotWaiting
    proposal.state, proposal.reason, proposal.ended_at = DROPPED, reason, now
    session.flush()
    return proposal


def drop_all(session: Session, assembly: Assembly, *, reason: str, now: datetime, kinds: Sequence[str] = ()) -> int:
    """Drop what still waits (of these kinds; none: all): a close or a cut-off leaves nothing hanging."""
    mine = (Proposal.community_id == assembly.community_id, Proposal.assembly_id == assembly.id)
    query = select(Proposal).where(*mine, Proposal.state == WAITING)
    rows = [row for row in session.scalars(query) if not kinds or row.kind in kinds]
    for row in rows:
        row.state, row.reason, row.ended_at = DROPPED, reason, now
    session.flush()
    return len(rows)


def about(session: Session, assembly: Assembly, subject: str) -> Sequence[Proposal]:
    """The proposals about one thing, the latest first."""
    mine = (Proposal.community_id == assembly.community_id, Proposal.assembly_id == assembly.id)
    query = select(Proposal).where(*mine, Proposal.subject == subject)
    return session.scalars(query.order_by(Proposal.made_at.desc(), Proposal.id.desc())).all()
