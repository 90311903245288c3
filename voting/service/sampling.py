"""Drawing recorded voters, asking them, and what the tally says of it (voting-record.md 7).

Asking nobody is allowed, and shows: the tally says how many of how many were contacted.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from hoa.accounts import service as accounts
from hoa.community import sealing
from hoa.community.tables import Owner, Ownership
from hoa.db import get
from hoa.kernel import canonical, checkpoint, packs
from hoa.kernel.clock import parse_stamp, stamp, today
from hoa.kernel.errors import N_, Refusal
from hoa.ports.keys import Keys
from voting.rules import afterwards, sample
from voting.rules.counting import CastBallot
from voting.rules.life import NotTheNextStep, State
from voting.rules.sample import Answer
from voting.service import ledgers, log, steps, witnessing
from voting.service.keys import row_id
from voting.tables import Assembly, Cosignature, RollEntry, RollUnit, SampleAnswer, SampleDraw, SampleLook, SampleRow

NOTE_LENGTH = 400


class NobodyToAsk(Refusal):
    message: ClassVar[str] = N_("没有一张计入的票，不需要抽样核对")
    status: ClassVar[int] = 409


class NotDrawn(Refusal):
    message: ClassVar[str] = N_("这位业主不在抽到的名单里，没有记录")


class TooLateToAsk(Refusal):
    message: ClassVar[str] = N_("已经计票，核对情况已写进计票结果，不能再改")
    status: ClassVar[int] = 409


class NoAnswer(Refusal):
    message: ClassVar[str] = N_("请选择核对结果：本人投的、本人没有投，还是没有联系上")


class NoteTooLong(Refusal):
    message: ClassVar[str] = N_("说明最多 %(most)s 个字，没有保存")


class Progress(NamedTuple):
    """Where the asking stands; `contacted` are those who answered either way."""

    size: int
    contacted: int
    confirmed: int
    denied: int


class Contact(NamedTuple):
    """How to reach an owner of a drawn elector. `phone` is None when nobody knows one."""

    name: str
    phone: str | None


class Drawn(NamedTuple):
    """One elector of the sample for those who ask: rooms, contacts, and what was answered, the latest last."""

    elector: str
    rooms: str
    contacts: Sequence[Contact]
    answers: Sequence[SampleAnswer]

    @property
    def answer(self) -> SampleAnswer | None:
        return self.answers[-1] if self.answers else None


# -------------------------------------------------------------------------------------------------------- the draw


def draw(session: Session, keys: Keys, community_id: str, assembly_id: str, *, by: str, now: datetime) -> SampleDraw:
    """Draw once the log is closed and a witness has seen its end; a second press finds the same draw."""
    assembly = steps.locked(session, community_id, assembly_id)
    found = drawing(session, assembly)
    if found is not None:
        return found
    if assembly.step is not State.CLOSED:
        raise NotTheNextStep
    witnessing.need_before_the_count(session, assembly, now)
    made = _draw(session, keys, assembly, ledgers.ledger(session, keys, assembly).counted(), by=by, now=now)
    if made is None:
        raise NobodyToAsk
    return made


def _draw(
    session: Session,
    keys: Keys,
    assembly: Assembly,
    counted: Mapping[str, CastBallot],
    *,
    by: str | None,
    now: datetime,
) -> SampleDraw | None:
    size = min(size_of(assembly), len(counted))
    if not size:
        return None
    seed = seed_now(session, assembly, now)
    common = {"community_id": assembly.community_id, "assembly_id": assembly.id}
    row = SampleDraw(
        **common,
        id=draw_id(keys, assembly.id, seed, size, len(counted), by, now),
        seed=seed,
        size=size,
        voters=len(counted),
        drawn_by=by,
        drawn_at=now,
    )
    session.add(row)
    leaves = {elector: ballot.leaf for elector, ballot in counted.items()}
    for position, elector in enumerate(sample.drawn(seed, leaves, size), start=1):
        identity = row_id(keys, assembly.id, "sampled", elector, str(position))
        session.add(SampleRow(**common, id=identity, elector=elector, position=position))
    session.flush()
    return row


def draw_id(keys: Keys, assembly_id: str, seed: str, size: int, voters: int, by: str | None, at: datetime) -> str:
    return row_id(keys, assembly_id, "sample", seed, str(size), str(voters), by or "", stamp(at))


def size_of(assembly: Assembly) -> int:
    """How many the noticed rule pack wants asked."""
    assert assembly.manifest is not None
    noticed = canonical.decode(assembly.manifest)["times"]["noticed"]
    return afterwards.number(packs.pack(assembly.rule_pack, day=today(parse_stamp(noticed))), "sample_size")


def seed_now(session: Session, assembly: Assembly, now: datetime) -> str:
    """From the close head and the earliest witness's line under it, or the log's own line without witnesses."""
    head = next(head for head in log.heads(session, assembly) if head.reason == "close")
    note = checkpoint.parse(head.note)
    mine = (Cosignature.community_id == assembly.community_id, Cosignature.assembly_id == assembly.id)
    lines = session.scalars(select(Cosignature.line).where(*mine, Cosignature.head_id == head.id)).all()
    seen = sorted((time, line) for line in lines if (time := witnessing.line_time(line)) <= now.timestamp())
    line = seen[0][1] if seen else note.signatures[0].text
    return sample.seed(note.checkpoint.body, line.encode())


def drawing(session: Session, assembly: Assembly) -> SampleDraw | None:
    """The draw of this assembly, once there is one."""
    query = select(SampleDraw).where(
        SampleDraw.community_id == assembly.community_id, SampleDraw.assembly_id == assembly.id
    )
    return session.scalars(query).one_or_none()


# ------------------------------------------------------------------------------------------------------ the answers


def answer(
    session: Session,
    keys: Keys,
    community_id: str,
    assembly_id: str,
    *,
    elector: str,
    result: str,
    note: str,
    by: str,
    now: datetime,
) -> SampleAnswer:
    """Write down what an elector said. A later answer stands beside the earlier one and holds."""
    assembly = steps.locked(session, community_id, assembly_id)
    if assembly.step is not State.CLOSED:
        raise TooLateToAsk
    if result not in tuple(Answer):
        raise NoAnswer
    if len(note) > NOTE_LENGTH:
        raise NoteTooLong(most=NOTE_LENGTH)
    if elector not in _positions(session, assembly):
        raise NotDrawn
    row = SampleAnswer(
        community_id=community_id,
        id=answer_id(keys, assembly_id, elector, result, note, by, now),
        assembly_id=assembly_id,
        elector=elector,
        result=result,
        note=note,
        by=by,
        at=now,
    )
    session.add(row)
    session.flush()
    return row


def answer_id(keys: Keys, assembly_id: str, elector: str, result: str, note: str, by: str, at: datetime) -> str:
    return row_id(keys, assembly_id, "answer", elector, result, note, by, at.isoformat())


def _positions(session: Session, assembly: Assembly) -> dict[str, int]:
    query = select(SampleRow.elector, SampleRow.position).where(
        SampleRow.community_id == assembly.community_id, SampleRow.assembly_id == assembly.id
    )
    return {row.elector: row.position for row in session.execute(query.order_by(SampleRow.position))}


def answers(session: Session, assembly: Assembly) -> dict[str, list[SampleAnswer]]:
    """What was answered so far, by elector, in order of time."""
    query = select(SampleAnswer).where(
        SampleAnswer.community_id == assembly.community_id, SampleAnswer.assembly_id == assembly.id
    )
    found: dict[str, list[SampleAnswer]] = {}
    for row in session.scalars(query.order_by(SampleAnswer.at, SampleAnswer.id)):
        found.setdefault(row.elector, []).append(row)
    return found


def progress(session: Session, assembly: Assembly, made: SampleDraw) -> Progress:
    latest = [rows[-1].result for rows in answers(session, assembly).values()]
    confirmed, denied = latest.count(Answer.CONFIRMED.value), latest.count(Answer.DENIED.value)
    return Progress(made.size, confirmed + denied, confirmed, denied)


def outcome(
    session: Session, keys: Keys, assembly: Assembly, counted: Mapping[str, CastBallot], *, now: datetime
) -> dict[str, Any] | None:
    """What the tally says of the sample (docs/audit-package.md 8.1). A draw nobody asked for is made now: that nobody
    was contacted shows then. None when no ballot counts."""
    made = drawing(session, assembly) or _draw(session, keys, assembly, counted, by=None, now=now)
    return None if made is None else {"seed": made.seed, **progress(session, assembly, made)._asdict()}


# ------------------------------------------------------------------------------------------------- the list to call


def listed(session: Session, keys: Keys, community_id: str, assembly_id: str, *, by: str, now: datetime) -> list[Drawn]:
    """The drawn electors with phones in clear, for whoever asks them; that they were looked at is written down. Once it
    is counted nobody has to be reached any more, and the phones are gone.
    """
    assembly = get(session, Assembly, community_id, assembly_id)
    session.add(SampleLook(community_id=community_id, assembly_id=assembly_id, person_id=by, at=now))
    session.flush()
    given, positions = answers(session, assembly), _positions(session, assembly)
    query = select(RollEntry.elector, RollEntry.units).where(
        RollEntry.community_id == community_id, RollEntry.assembly_id == assembly_id
    )
    rooms = {elector: "、".join(unit["unit"] for unit in units) for elector, units in session.execute(query)}
    asking = assembly.step is State.CLOSED
    contacts = _contacts(session, keys, assembly, set(positions), day=today(now)) if asking else {}
    return [Drawn(one, rooms[one], contacts.get(one, ()), given.get(one, ())) for one in positions]


def looks(session: Session, assembly: Assembly) -> Sequence[SampleLook]:
    """Who opened the list, the latest first."""
    query = select(SampleLook).where(
        SampleLook.community_id == assembly.community_id, SampleLook.assembly_id == assembly.id
    )
    return session.scalars(query.order_by(SampleLook.at.desc(), SampleLook.id)).all()


def _contacts(
    session: Session, keys: Keys, assembly: Assembly, electors: set[str], *, day: date
) -> dict[str, list[Contact]]:
    """Today's owners of the electors' rooms: the phone of the account that acts for them, or the register's."""
    query = (
        select(RollUnit.elector, Owner)
        .join(Ownership, (Ownership.community_id == RollUnit.community_id) & (Ownership.unit_id == RollUnit.unit_id))
        .join(Owner, (Owner.community_id == Ownership.community_id) & (Owner.id == Ownership.owner_id))
        .where(
            RollUnit.community_id == assembly.community_id,
            RollUnit.assembly_id == assembly.id,
            RollUnit.elector.in_(electors),
            Ownership.since <= day,
            or_(Ownership.until.is_(None), Ownership.until > day),
        )
        .order_by(RollUnit.elector, Owner.id)
    )
    found: dict[str, dict[str, Contact]] = {}
    for elector, owner in session.execute(query):
        found.setdefault(elector, {}).setdefault(owner.id, Contact(owner.name, _phone(session, keys, owner)))
    return {elector: list(contacts.values()) for elector, contacts in found.items()}


def _phone(session: Session, keys: Keys, owner: Owner) -> str | None:
    if owner.phone_sealed is not None:
        return sealing.open_phone(keys, owner.community_id, owner.id, owner.phone_sealed)
    return accounts.phone_of(session, keys, owner.person_id) if owner.person_id else None
