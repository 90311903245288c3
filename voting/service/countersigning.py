"""Counters and scrutineers put their own keys under the tally before it may be announced (rules.md R1.38;
docs/audit-package.md 8.4)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.kernel import canonical, signing
from hoa.kernel.clock import CHINA
from hoa.kernel.errors import N_, Refusal
from voting.rules.life import State
from voting.rules.officials import COUNTERS_NEEDED, SCRUTINEERS_NEEDED, Role
from voting.rules.package import Form
from voting.service import proposals, steps, tallying
from voting.tables import Assembly, Official, Tally, TallySignature

SIGNING_ROLES = (Role.COUNTER.value, Role.SCRUTINEER.value)


class NothingToCountersign(Refusal):
    message: ClassVar[str] = N_("现在没有等待签名的计票结果：计票以后、公布以前才能签")
    status: ClassVar[int] = 409


class NotCountersigned(Refusal):
    message: ClassVar[str] = N_(
        "还不能公布：计票结果还差 %(counters)s 名计票人、%(scrutineers)s 名监票人签名。还没有签的：%(names)s"
    )
    status: ClassVar[int] = 409


class Standing(NamedTuple):
    """How far the countersigning is: how many of each role are still needed, who signed, and who did not."""

    counters: int
    scrutineers: int
    signed: Sequence[TallySignature]
    waiting: Sequence[Official]

    @property
    def complete(self) -> bool:
        return not self.counters and not self.scrutineers


def forms(tally: Tally) -> dict[Form, dict[str, Any]]:
    """The two objects that each person signs, kind `tally`."""
    return {Form.PUBLIC: canonical.decode(tally.public), Form.FULL: canonical.decode(tally.full)}


def needs_people(assembly: Assembly) -> bool:
    """Whether the notice named counters: without any, the platform's signature stands alone."""
    return assembly.manifest is not None and bool(canonical.decode(assembly.manifest)["keys"]["counters"])


def signatures(session: Session, assembly: Assembly) -> Sequence[TallySignature]:
    """Who has signed this tally, by role and key."""
    query = select(TallySignature).where(
        TallySignature.community_id == assembly.community_id, TallySignature.assembly_id == assembly.id
    )
    return session.scalars(query.order_by(TallySignature.role, TallySignature.key_id)).all()


def standing(session: Session, assembly: Assembly) -> Standing:
    """What is signed and what is missing."""
    signed = signatures(session, assembly)
    if not needs_people(assembly):
        return Standing(0, 0, signed, ())
    roles = [row.role for row in signed]
    keys = {row.key_id for row in signed}
    return Standing(
        max(0, COUNTERS_NEEDED - roles.count(Role.COUNTER)),
        max(0, SCRUTINEERS_NEEDED - roles.count(Role.SCRUTINEER)),
        signed,
        [one for one in proposals.officials(session, assembly, *SIGNING_ROLES) if one.key_id not in keys],
    )


def demand(session: Session, assembly: Assembly) -> None:
    """Refuse while two counters and a scrutineer have not signed; the sentence names who may still do it."""
    found = standing(session, assembly)
    if not found.complete:
        raise NotCountersigned(
            counters=found.counters,
            scrutineers=found.scrutineers,
            names="、".join(one.name for one in found.waiting),
        )


def sign(
    session: Session,
    community_id: str,
    assembly_id: str,
    *,
    person_id: str,
    public_signature: bytes,
    full_signature: bytes,
    now: datetime,
) -> TallySignature:
    """Keep one person's signatures over both forms; both must hold. Signing twice changes nothing."""
    assembly = steps.locked(session, community_id, assembly_id)
    signer = proposals.official(session, assembly, person_id, *SIGNING_ROLES)
    if assembly.step is not State.TALLIED:
        raise NothingToCountersign
    assert signer.public is not None
    assert signer.key_id is not None
    tally = tallying.tally_of(session, assembly)
    given = {Form.PUBLIC: public_signature, Form.FULL: full_signature}
    for form, value in forms(tally).items():
        message, public = signing.message("tally", value), bytes.fromhex(signer.public)
        if not signing.verify_p256(public=public, signature=given[form], message=message):
            raise proposals.WrongSignature
    for row in signatures(session, assembly):
        if row.key_id == signer.key_id:
            return row
    row = TallySignature(
        id=signature_id(assembly.id, signer.key_id, public_signature.hex(), full_signature.hex(), now),
        community_id=community_id,
        assembly_id=assembly_id,
        role=signer.role,
        name=signer.name,
        key_id=signer.key_id,
        public_signature=public_signature.hex(),
        full_signature=full_signature.hex(),
        signed_at=now,
    )
    session.add(row)
    session.flush()
    return row


def signature_id(assembly_id: str, key_id: str, public_signature: str, full_signature: str, signed_at: datetime) -> str:
    """A fingerprint of the row: the signatures speak for themselves, the moment does not."""
    moment = signed_at.astimezone(CHINA).isoformat()
    return canonical.digest([assembly_id, key_id, public_signature, full_signature, moment])[:20]


def lines(session: Session, assembly: Assembly, tally: Tally, form: Form) -> list[dict[str, Any]]:
    """`signatures.jsonl` of a package: the platform's line and the people's, by role, then key."""
    full = form is Form.FULL
    found = list(canonical.decode_lines(tally.full_signatures if full else tally.public_signatures))
    for row in signatures(session, assembly):
        signature = row.full_signature if full else row.public_signature
        found.append({"role": row.role, "person": row.name, "key": row.key_id, "signature": signature})
    return sorted(found, key=lambda line: (line["role"], line["key"]))
