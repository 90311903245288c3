"""Witnesses: people outside the platform who cosign the log's heads, so that a log cut or forked later cannot pass for
the one they saw (voting-record.md 6; docs/audit-package.md 6).

A cosignature is over a head's body, so it stands under every head of that size. Nobody signs in to bring one: the
signature is the authority.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import ClassVar, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.db import get
from hoa.kernel import canonical, checkpoint
from hoa.kernel.clock import CHINA, stamp
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.ports.keys import Keys
from voting.rules.life import State
from voting.service import log
from voting.service.keys import row_id
from voting.tables import Assembly, Cosignature, TreeHead, Witness

MOST_BYTES = 4096
CLOCKS_DIFFER = timedelta(seconds=60)


class WaitsForAWitness(Refusal):
    """Voting does not begin on a record that only the platform has seen."""

    message: ClassVar[str] = N_("还不能开始表决：公告列明的见证人还没有签署公告时的日志，请联系 %(names)s")
    status: ClassVar[int] = 409


class ResultWaitsForAWitness(Refusal):
    message: ClassVar[str] = N_("还不能计票：封票时的日志还没有见证人签署，请联系 %(names)s")
    status: ClassVar[int] = 409


class NotACosignature(Refusal):
    message: ClassVar[str] = N_("看不懂这份见证签名：应为 JSON，含 size（日志条数）和 line（一行签名）")
    status: ClassVar[int] = 400


class UnknownWitness(Refusal):
    message: ClassVar[str] = N_("公告没有把 %(name)s（用这把钥匙）列为见证人，签名没有收下")
    status: ClassVar[int] = 403


class NoSuchHead(Refusal):
    message: ClassVar[str] = N_("没有 %(size)s 条记录时的签名日志，签名没有收下；请重新获取最新的一份")
    status: ClassVar[int] = 404


class WrongCosignature(Refusal):
    message: ClassVar[str] = N_("%(name)s 的签名与平台所签的日志（%(size)s 条）不符，没有收下；请先比对两份日志")
    status: ClassVar[int] = 422


class CosignedBefore(Refusal):
    message: ClassVar[str] = N_("%(name)s 已经签署过 %(size)s 条记录时的日志，不需要再签")
    status: ClassVar[int] = 409


class WrongTime(Refusal):
    message: ClassVar[str] = N_("见证签名上的时间 %(time)s 与现在相差太大，没有收下；请校准见证人电脑的时钟后重签")
    status: ClassVar[int] = 422


class RecordSettled(Refusal):
    message: ClassVar[str] = N_("计票已经完成，核验包不再变动，签名没有收下；请自己保留这份日志，日后可用来核对")
    status: ClassVar[int] = 409


def listed(assembly: Assembly) -> list[checkpoint.VerifierKey]:
    """The witnesses whose keys the notice froze."""
    assert assembly.manifest is not None
    texts = canonical.decode(assembly.manifest)["keys"]["witnesses"]
    return [checkpoint.VerifierKey.parse(text) for text in texts]


def accept(
    session: Session, keys: Keys, community_id: str, assembly_id: str, *, size: int, line: str, now: datetime
) -> Cosignature:
    """Keep a witness's line under the head of this size: a listed key, a signature that holds, once, at about now."""
    # Shared with casting, held against the count: what a package holds is settled when the tally is signed.
    query = select(Assembly).where(Assembly.community_id == community_id, Assembly.id == assembly_id)
    found = session.scalars(query.with_for_update(read=True).execution_options(populate_existing=True)).one_or_none()
    if found is None or found.manifest is None:
        raise NotFound
    if found.step in (State.TALLIED, State.ANNOUNCED):
        raise RecordSettled
    head = next((one for one in log.heads(session, found) if one.size == size), None)
    if head is None:
        raise NoSuchHead(size=size)
    signed = _verified(found, head, line)
    moment = datetime.fromtimestamp(signed.time or 0, CHINA)
    if not head.signed_at - CLOCKS_DIFFER <= moment <= now + CLOCKS_DIFFER:
        raise WrongTime(time=stamp(moment))
    name = signed.key.name
    if any(row.name == name and row.head_id == head.id for row in _rows(session, found)):
        raise CosignedBefore(name=name, size=size)
    row = Cosignature(
        id=cosignature_id(keys, found.id, head.id, name, line, now),
        community_id=community_id,
        assembly_id=assembly_id,
        head_id=head.id,
        name=name,
        line=line,
        made_at=now,
    )
    session.add(row)
    session.flush()
    return row


def _verified(assembly: Assembly, head: TreeHead, line: str) -> checkpoint.Verified:
    """The listed witness who made this line over this head."""
    body = checkpoint.parse(head.note).checkpoint.body
    try:
        note = checkpoint.parse(body + b"\n" + line.encode())
    except (checkpoint.BadNote, ValueError):
        raise NotACosignature from None
    if len(note.signatures) != 1:
        raise NotACosignature
    name = note.signatures[0].name
    try:
        found = checkpoint.verify(note, listed(assembly))
    except checkpoint.BadTreeHeadSignature:
        raise WrongCosignature(name=name, size=head.size) from None
    if not found:
        raise UnknownWitness(name=name)
    return found[0]


def cosignature_id(keys: Keys, assembly_id: str, head_id: str, name: str, line: str, made_at: datetime) -> str:
    return row_id(keys, assembly_id, "cosignature", head_id, name, line, stamp(made_at))


def _rows(session: Session, assembly: Assembly) -> Sequence[Cosignature]:
    query = select(Cosignature).where(
        Cosignature.community_id == assembly.community_id, Cosignature.assembly_id == assembly.id
    )
    return session.scalars(query.order_by(Cosignature.name)).all()


class Noted(NamedTuple):
    """A head with everything that stands under it: what packages, pages and witnesses get."""

    head: TreeHead
    note: str
    cosigned: Sequence[tuple[str, int]]

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.cosigned]


def noted(session: Session, assembly: Assembly) -> list[Noted]:
    """Every head in order of signing, with its witnesses' lines sorted by name."""
    heads = log.heads(session, assembly)
    size_of = {head.id: head.size for head in heads}
    lines: dict[int, dict[str, str]] = defaultdict(dict)
    for row in _rows(session, assembly):
        if row.head_id in size_of:
            lines[size_of[row.head_id]].setdefault(row.name, row.line)
    found = []
    for head in heads:
        under = lines[head.size]
        times = [(name, line_time(line)) for name, line in under.items()]
        found.append(Noted(head, head.note.decode() + "".join(under.values()), times))
    return found


def line_time(line: str) -> int:
    """When a witness says to have signed (seconds since 1970)."""
    found = checkpoint.parse(b"x\n0\n" + b"A" * 43 + b"=\n\n" + line.encode())
    return int.from_bytes(found.signatures[0].blob[:8])


def witnessed(session: Session, assembly: Assembly, purpose: str, now: datetime) -> bool:
    """Whether a listed witness has seen this head by now; true when the notice lists none."""
    if not listed(assembly):
        return True
    latest = now.timestamp()
    return any(
        time <= latest for one in noted(session, assembly) if one.head.reason == purpose for _, time in one.cosigned
    )


def need_before_opening(session: Session, assembly: Assembly, now: datetime) -> None:
    """Voting begins once somebody outside has signed that they saw what was noticed (docs/audit-package.md 6)."""
    if not witnessed(session, assembly, "notice", now):
        raise WaitsForAWitness(names=names(session, assembly))


def need_before_the_count(session: Session, assembly: Assembly, now: datetime) -> None:
    """Totals are computed once somebody outside has signed that they saw where the log ended."""
    if not witnessed(session, assembly, "close", now):
        raise ResultWaitsForAWitness(names=names(session, assembly))


def names(session: Session, assembly: Assembly) -> str:
    """The listed witnesses as people know them."""
    return "、".join(title for title, _ in called(session, assembly))


def called(session: Session, assembly: Assembly) -> list[tuple[str, str]]:
    """The listed witnesses: the name that people know them by, and their key as the notice has it."""
    query = select(Witness).where(Witness.community_id == assembly.community_id, Witness.assembly_id == assembly.id)
    titles = {row.name: row.title for row in session.scalars(query)}
    return [(titles.get(key.name) or key.name, key.text) for key in listed(assembly)]


def awaited(session: Session, assembly: Assembly, now: datetime) -> str | None:
    """The purpose of the head that a witness should look at now for the next step to be possible, or None."""
    purpose = {State.NOTICED: "notice", State.CLOSED: "close"}.get(assembly.step)
    if purpose is None or witnessed(session, assembly, purpose, now):
        return None
    return purpose


def findings(session: Session, keys: Keys, assembly: Assembly) -> Iterator[str]:
    """For `hoa verify`: every line is still the one that came, and holds under its head."""
    for row in _rows(session, assembly):
        where = f"table cosignature, row {row.id} ({row.name})"
        if row.id != cosignature_id(keys, assembly.id, row.head_id, row.name, row.line, row.made_at):
            yield f"{where}: the row was changed"
        try:
            head = get(session, TreeHead, assembly.community_id, row.head_id)
            _verified(assembly, head, row.line)
        except Refusal as refusal:
            yield f"{where}: {refusal}"
    query = select(Witness).where(Witness.community_id == assembly.community_id, Witness.assembly_id == assembly.id)
    if {row.vkey for row in session.scalars(query)} != {key.text for key in listed(assembly)}:
        yield "table witness: the witnesses are not the ones of the notice"
