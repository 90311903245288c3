"""The roll as owners may see it: units, areas and heads without names, with totals that anybody can add up (R1.20;
voting-record.md 3). Objections to it, and the developer's part in it.
"""

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hoa.community import rules
from hoa.community import service as register
from hoa.community.export import safe_csv
from hoa.community.rules import Sentence
from hoa.community.tables import Unit
from hoa.db import get
from hoa.kernel import area, canonical, merkle
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.kernel.ids import new_id
from voting.rules.life import State
from voting.rules.reach import Reach, without_developer
from voting.rules.thresholds import NOTHING, Share
from voting.service.entrance import removed
from voting.tables import Assembly, RollEntry, RollObjection, RollUnit

HEADINGS = ("序号", "专有部分", "面积（平方米）", "人数")
TEXT_LENGTH = range(2, 2001)


class DisputeOver(Refusal):
    message: ClassVar[str] = N_("对名册的异议要在公告之后、开始表决以前提出；现在请到核验点说明，由工作人员办理更正")
    status: ClassVar[int] = 409


class NothingSaid(Refusal):
    message: ClassVar[str] = N_("请写明房号和哪里不对（2 至 2000 字）")


class Answered(Refusal):
    message: ClassVar[str] = N_("这条异议已经答复过了，答复不能修改")
    status: ClassVar[int] = 409


class Line(NamedTuple):
    """One head: its units with the area of each, and the sum (0.01 m²)."""

    number: int
    elector: str
    units: Sequence[dict[str, Any]]
    area: int

    def mentions(self, wanted: str) -> bool:
        return any(wanted in unit["unit"] for unit in self.units)


class Roll(NamedTuple):
    """The roll of this moment. `root` is recomputed from the leaves."""

    lines: Sequence[Line]
    totals: Share
    root: str


def current(session: Session, assembly: Assembly) -> Roll:
    """Who is on the roll now, in the register's order."""
    mine = (RollEntry.community_id == assembly.community_id, RollEntry.assembly_id == assembly.id)
    gone = removed(session, assembly)
    rows = [row for row in session.scalars(select(RollEntry).where(*mine)) if row.elector not in gone]
    places = _places(session, assembly)
    rows.sort(key=lambda row: (places.get(row.elector, 0), row.elector))
    lines = [Line(number, row.elector, row.units, row.area) for number, row in enumerate(rows, start=1)]
    totals = sum((Share(row.heads, row.area) for row in rows), NOTHING)
    return Roll(lines, totals, merkle.root(sorted(bytes.fromhex(row.leaf) for row in rows)).hex())


def _places(session: Session, assembly: Assembly) -> dict[str, int]:
    query = (
        select(RollUnit.elector, Unit.position)
        .join(Unit, (Unit.community_id == RollUnit.community_id) & (Unit.id == RollUnit.unit_id))
        .where(RollUnit.community_id == assembly.community_id, RollUnit.assembly_id == assembly.id)
        .order_by(Unit.position.desc())
    )
    return {row.elector: row.position for row in session.execute(query)}


def opening_root(assembly: Assembly) -> str:
    """The root that the notice froze."""
    assert assembly.manifest is not None
    return str(canonical.decode(assembly.manifest)["roll_root"])


def as_csv(roll: Roll) -> bytes:
    """One row a unit; heads stand in the first row of each head, so that both columns add up to the totals."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADINGS)
    for line in roll.lines:
        for place, unit in enumerate(line.units):
            heads = "1" if place == 0 else "0"
            writer.writerow([line.number, safe_csv(unit["unit"]), area.plain(unit["area"]), heads])
    writer.writerow(["", "合计", area.plain(roll.totals.area), roll.totals.heads])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def why(session: Session, assembly: Assembly, line: Line) -> Sequence[Sentence]:
    """Why these units are one head (R1.12 to R1.18), by the register's rule where it still has them together."""
    ids = _unit_ids(session, assembly, line.elector)
    for elector in register.electors(session, assembly.community_id):
        if {unit.unit for unit in elector.units} == ids:
            return elector.why
    if len(line.units) > 1:
        message = N_("同一业主的 %(units)s 个专有部分按一人计算（司法解释第九条），面积相加")
        return [Sentence(message, {"units": len(line.units)})]
    return [Sentence(N_("一个专有部分按一人计算（司法解释第九条）"), {})]


def _unit_ids(session: Session, assembly: Assembly, elector: str) -> set[str]:
    query = select(RollUnit.unit_id).where(
        RollUnit.community_id == assembly.community_id,
        RollUnit.assembly_id == assembly.id,
        RollUnit.elector == elector,
    )
    return set(session.scalars(query))


# ---------------------------------------------------------------------------------------------------- the developer


def reach(session: Session, assembly: Assembly) -> Reach:
    """Whether the quorum can be had without the developer: of the frozen roll, of the register for a draft."""
    if assembly.step is State.DRAFT:
        heads = register.electors(session, assembly.community_id)
        developers = [Share(one.heads, one.area) for one in heads if one.developer]
        roll = sum((Share(one.heads, one.area) for one in heads), NOTHING)
        return without_developer(roll=roll, developer=sum(developers, NOTHING))
    frozen = current(session, assembly)
    theirs = _developers(session, assembly)
    developer = sum((Share(1, line.area) for line in frozen.lines if line.elector in theirs), NOTHING)
    return without_developer(roll=frozen.totals, developer=developer)


def _developers(session: Session, assembly: Assembly) -> set[str]:
    """The roll's electors that hold what is the developer's in the register."""
    holdings = register.holdings(session, assembly.community_id)
    units = {holding.unit for holding in holdings if rules.is_developers(holding)}
    query = select(RollUnit.elector).where(
        RollUnit.community_id == assembly.community_id,
        RollUnit.assembly_id == assembly.id,
        RollUnit.unit_id.in_(units),
    )
    return set(session.scalars(query))


# ------------------------------------------------------------------------------------------------------- objections


def may_object(assembly: Assembly, *, now: datetime) -> bool:
    """From the notice until the opening."""
    return assembly.step is State.NOTICED and now < assembly.opens_at


def object_to(
    session: Session, assembly: Assembly, *, person_id: str, unit: str, text: str, now: datetime
) -> RollObjection:
    """An owner says what is wrong with the roll."""
    if not may_object(assembly, now=now):
        raise DisputeOver
    if not 0 < len(unit.strip()) <= 60 or len(text.strip()) not in TEXT_LENGTH:
        raise NothingSaid
    row = RollObjection(
        id=new_id(),
        community_id=assembly.community_id,
        assembly_id=assembly.id,
        person_id=person_id,
        unit=unit.strip(),
        text=text.strip(),
        made_at=now,
    )
    session.add(row)
    session.flush()
    return row


def objections(session: Session, assembly: Assembly, *, person_id: str | None = None) -> Sequence[RollObjection]:
    """Those that wait for an answer first, the oldest first; of one person, if one is named."""
    query = select(RollObjection).where(
        RollObjection.community_id == assembly.community_id, RollObjection.assembly_id == assembly.id
    )
    if person_id is not None:
        query = query.where(RollObjection.person_id == person_id)
    return session.scalars(query.order_by(RollObjection.answered_at.is_not(None), RollObjection.made_at)).all()


def unanswered(session: Session, assembly: Assembly) -> int:
    """How many objections wait for an answer."""
    query = select(func.count()).where(
        RollObjection.community_id == assembly.community_id,
        RollObjection.assembly_id == assembly.id,
        RollObjection.answered_at.is_(None),
    )
    return session.scalar(query) or 0


def objection(session: Session, assembly: Assembly, objection_id: str, *, lock: bool = False) -> RollObjection:
    row = get(session, RollObjection, assembly.community_id, objection_id, lock=lock)
    if row.assembly_id != assembly.id:
        raise NotFound
    return row


def answer(
    session: Session, assembly: Assembly, objection_id: str, *, text: str, by: str, now: datetime
) -> RollObjection:
    """Answer once: why the roll is right, or that it is being corrected."""
    row = objection(session, assembly, objection_id, lock=True)
    if row.answered_at is not None:
        raise Answered
    if len(text.strip()) not in TEXT_LENGTH:
        raise NothingSaid
    row.answer, row.answered_by, row.answered_at = text.strip(), by, now
    session.flush()
    return row
