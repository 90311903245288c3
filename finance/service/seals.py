"""Sealing what is final, whoever writes it, and finding what was changed behind our back (trust.md 12).

A service that writes a contract or confirms a match need not think of it: whenever a session writes such a row, its
facts go into the community's chain of seals in the same transaction. Vouchers, their lines and bank lines have chains
of their own.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, event, insert, inspect, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.orm import Session

from finance.contract_tables import ContractChange, ContractQuote
from finance.papers.tables import Destruction, DestructionSignature, Masking, Seal, SealHead, YearArchive
from finance.rules.ledger import GENESIS
from finance.rules.seals import link, plain
from finance.tables import (
    Attachment,
    BankImport,
    Contract,
    ContractDue,
    Document,
    Match,
    Period,
    RelatedParty,
    Voucher,
)
from finance.year.tables import ClosedYear, YearReport
from hoa.db import Base, CommunityRow
from hoa.kernel.errors import N_
from hoa.kernel.ids import new_id

MADE = "made"


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A moment at which columns of a row become final: `columns` are those set then, `reached` says when."""

    name: str
    columns: tuple[str, ...]
    reached: Callable[[Any], bool]


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """How rows of a table are sealed. `made` is false where a row begins unfinished; `label` names a row to a person
    who looks for it, from its facts.
    """

    name: str
    label: Callable[[Mapping[str, Any]], str]
    stages: tuple[Stage, ...] = ()
    made: Callable[[Any], bool] = lambda _row: True


SEALED: dict[type[Base], Sealed] = {
    Contract: Sealed(name=N_("合同"), label=lambda facts: f"{facts['number']} {facts['title']}"),
    ContractDue: Sealed(name=N_("合同应收付"), label=lambda facts: f"{facts['due_on']} · {facts['no']}"),
    ContractChange: Sealed(name=N_("合同变更"), label=lambda facts: f"{facts['effective_on']} · {facts['no']}"),
    ContractQuote: Sealed(name=N_("合同报价"), label=lambda facts: f"{facts['no']} {facts['party']}"),
    YearArchive: Sealed(name=N_("年度档案"), label=lambda facts: str(facts["year"])),
    DestructionSignature: Sealed(name=N_("销毁清册的签字"), label=lambda facts: str(facts["signed_at"])),
    Destruction: Sealed(
        name=N_("销毁清册"),
        label=lambda facts: f"#{facts.get('number', '')}",
        stages=(
            Stage(
                name="carried-out",
                columns=("watched_by", "carried_out_by_id", "carried_out_at"),
                reached=lambda row: row.carried_out_at is not None,
            ),
        ),
    ),
    RelatedParty: Sealed(
        name=N_("关联关系申报"),
        label=lambda facts: str(facts.get("party", facts.get("ended_at"))),
        stages=(
            Stage(
                name="ended",
                columns=("until", "end_basis", "ended_by_id", "ended_at"),
                reached=lambda row: getattr(row, "ended_at", None) is not None,
            ),
        ),
    ),
    Match: Sealed(
        name=N_("银行核对"),
        label=lambda facts: str(facts.get("confirmed_at", facts.get("released_at"))),
        stages=(
            Stage(
                name="released",
                columns=("released_at", "released_by_id", "release_reason"),
                reached=lambda row: row.released_at is not None,
            ),
        ),
    ),
    Document: Sealed(name=N_("单据"), label=lambda facts: str(facts["name"])),
    Attachment: Sealed(
        name=N_("合同附件"), label=lambda facts: f"#{facts['no']}", made=lambda row: row.contract_id is not None
    ),
    BankImport: Sealed(name=N_("银行对账单"), label=lambda facts: f"{facts['starts_on']}–{facts['ends_on']}"),
    Masking: Sealed(
        name=N_("遮盖件"),
        label=lambda facts: f"#{facts.get('no', '')}",
        stages=(
            Stage(
                name="checked",
                columns=("checked_by_id", "checked_at"),
                reached=lambda row: row.checked_at is not None,
            ),
        ),
    ),
    ClosedYear: Sealed(name=N_("年结"), label=lambda facts: str(facts["year"])),
    YearReport: Sealed(name=N_("年度报告报送"), label=lambda facts: f"{facts['year']} · {facts['sent_on']}"),
    Period: Sealed(
        name=N_("会计期间"),
        label=lambda facts: f"{facts['month'] // 100}-{facts['month'] % 100:02d}",
        made=lambda _row: False,
        stages=(
            Stage(
                name="closed",
                columns=("book_id", "month", "reconciliation_digest", "closed_at", "closed_by_id"),
                reached=lambda row: row.state == "closed",
            ),
        ),
    ),
}


def _table(model: type[Base]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table


def _columns(model: type[Base], stage: str) -> tuple[str, ...]:
    """The columns a seal covers: those of the stage, or at the making all that no later stage sets."""
    sealed = SEALED[model]
    names = [column.name for column in _table(model).columns if column.name not in ("community_id", "id")]
    for later in sealed.stages:
        if later.name == stage:
            return tuple(name for name in later.columns if name in names)
    later_names = {name for later in sealed.stages for name in later.columns}
    return tuple(name for name in names if name not in later_names)


# --------------------------------------------------------------------------------------------------------- writing


@event.listens_for(Session, "after_flush")
def _after_flush(session: Session, _context: object) -> None:
    """Seal what this flush wrote. It runs between the rows and the commit, so neither is ever there without the
    other.
    """
    found: list[tuple[type[Base], CommunityRow, str]] = []
    for row in session.new:
        sealed = SEALED.get(type(row))
        if sealed is None:
            continue
        if sealed.made(row):
            found.append((type(row), row, MADE))
        found += [(type(row), row, stage.name) for stage in sealed.stages if stage.reached(row)]
    for row in session.dirty:
        sealed = SEALED.get(type(row))
        if sealed is not None:
            found += [(type(row), row, stage.name) for stage in sealed.stages if _just_reached(row, stage)]
    if found:
        _write(session.connection(), found)


def _just_reached(row: Any, stage: Stage) -> bool:
    attributes = inspect(row).attrs
    moved = any(attributes[name].history.has_changes() for name in (*stage.columns, "state") if name in attributes)
    return moved and stage.reached(row)


def _write(connection: Connection, found: Iterable[tuple[type[Base], Any, str]]) -> None:
    in_order = sorted(found, key=lambda one: (one[1].community_id, _table(one[0]).name, one[1].id, one[2]))
    for community_id in dict.fromkeys(row.community_id for _, row, _ in in_order):
        seq, previous = _head(connection, community_id)
        seals = []
        for model, row, stage in in_order:
            if row.community_id != community_id:
                continue
            facts = _facts(connection, model, community_id, row.id, _columns(model, stage))
            seq, kind = seq + 1, _table(model).name
            hash_ = link(previous, seq=seq, table=kind, row_id=row.id, stage=stage, facts=facts)
            seals.append(
                {
                    "community_id": community_id,
                    "id": new_id(),
                    "seq": seq,
                    "kind": kind,
                    "row_id": row.id,
                    "stage": stage,
                    "facts": facts,
                    "previous": previous,
                    "hash": hash_,
                }
            )
            previous = hash_
        connection.execute(insert(_table(Seal)), seals)
        head = _table(SealHead)
        connection.execute(update(head).where(head.c.community_id == community_id).values(seq=seq, hash=previous))


def _head(connection: Connection, community_id: str) -> tuple[int, str]:
    """The end of the chain, held until the transaction ends, so that two writers never go on from the same link."""
    head = _table(SealHead)
    query = select(head.c.seq, head.c.hash).where(head.c.community_id == community_id).with_for_update()
    found = connection.execute(query).one_or_none()
    if found is None:
        first = {"community_id": community_id, "id": new_id(), "seq": 0, "hash": GENESIS}
        if connection.dialect.name == "postgresql":
            connection.execute(postgresql_insert(head).values(first).on_conflict_do_nothing())
        else:
            connection.execute(insert(head).values(first))
        found = connection.execute(query).one()
    return found.seq, found.hash


def _facts(
    connection: Connection, model: type[Base], community_id: str, row_id: str, columns: tuple[str, ...]
) -> dict[str, Any]:
    """What the database itself says of the row now."""
    table = _table(model)
    query = select(*(table.c[name] for name in columns)).where(table.c.community_id == community_id)
    found = connection.execute(query.where(table.c.id == row_id)).one()
    return {name: plain(value) for name, value in zip(columns, found, strict=True)}


# ------------------------------------------------------------------------------------------------------- verifying

CHANGED = N_("%(what)s“%(label)s”与登记时不同：%(columns)s 被改动过")
REMOVED = N_("%(what)s“%(label)s”被删去")
ADDED = N_("%(what)s %(row)s 没有登记过，是绕过平台加进来的")
SEAL_CHANGED = N_("第 %(seq)s 号封签与封存时不同")
SEAL_BROKEN = N_("第 %(seq)s 号封签接不上前一个：中间有封签被删去或调换")
SEAL_HEAD = N_("最后的封签被删去")


@dataclass(frozen=True, kw_only=True)
class Broken:
    """A seal that does not hold: the table and row it is about, a message id and its parameters."""

    table: str
    row_id: str
    message: str
    params: dict[str, str]


def broken(session: Session, community_id: str) -> Iterator[Broken]:
    """Every seal of a community that does not hold, and every final row that has none."""
    seals: dict[str, dict[tuple[str, str], dict[str, Any]]] = {}
    previous, expected = GENESIS, 1
    query = select(Seal).where(Seal.community_id == community_id).order_by(Seal.seq, Seal.id)
    for seal in session.scalars(query):
        about = {"seq": str(seal.seq)}
        found = link(
            seal.previous, seq=seal.seq, table=seal.kind, row_id=seal.row_id, stage=seal.stage, facts=seal.facts
        )
        if found != seal.hash:
            yield Broken(table="finance_seal", row_id=seal.id, message=SEAL_CHANGED, params=about)
        if seal.previous != previous or seal.seq != expected:
            yield Broken(table="finance_seal", row_id=seal.id, message=SEAL_BROKEN, params=about)
        previous, expected = seal.hash, seal.seq + 1
        seals.setdefault(seal.kind, {})[seal.row_id, seal.stage] = seal.facts
    head = session.scalars(select(SealHead).where(SealHead.community_id == community_id)).one_or_none()
    if (head.seq + 1, head.hash) != (expected, previous) if head is not None else expected > 1:
        yield Broken(table="finance_seal_head", row_id=community_id, message=SEAL_HEAD, params={})
    for model in SEALED:
        yield from _of_table(session, community_id, model, seals.get(_table(model).name, {}))


def _of_table(
    session: Session, community_id: str, model: type[Any], seals: Mapping[tuple[str, str], Mapping[str, Any]]
) -> Iterator[Broken]:
    sealed, table = SEALED[model], _table(model)
    query = select(model).where(model.community_id == community_id).order_by(model.id)
    rows = {row.id: row for row in session.scalars(query)}
    for (row_id, _stage), facts in sorted(seals.items()):
        about = {"what": sealed.name, "label": _label(sealed, facts, row_id)}
        row = rows.get(row_id)
        if row is None:
            if not (model is Match and _discarded(session, community_id, facts)):
                yield Broken(table=table.name, row_id=row_id, message=REMOVED, params=about)
            continue
        moved = [name for name, value in facts.items() if plain(getattr(row, name)) != value]
        if moved:
            about["columns"] = "、".join(moved)
            yield Broken(table=table.name, row_id=row_id, message=CHANGED, params=about)
    for row_id, row in rows.items():
        due = [MADE] if sealed.made(row) else []
        due += [stage.name for stage in sealed.stages if stage.reached(row)]
        if any((row_id, stage) not in seals for stage in due):
            about = {"what": sealed.name, "row": row_id}
            yield Broken(table=table.name, row_id=row_id, message=ADDED, params=about)


def _label(sealed: Sealed, facts: Mapping[str, Any], row_id: str) -> str:
    """How a person finds the row; by its id where the seal itself was emptied."""
    try:
        return sealed.label(facts)
    except (KeyError, TypeError):
        return row_id


def _discarded(session: Session, community_id: str, facts: Mapping[str, Any]) -> bool:
    """A match goes with the draft it was for; a posted voucher cannot go (its own chain would tell)."""
    if "voucher_id" not in facts:
        return True  # the letting go of such a match; its making is judged by its own seal
    query = select(Voucher.id).where(Voucher.community_id == community_id, Voucher.id == facts["voucher_id"])
    return session.scalar(query) is None
