"""Limits of authority (限额): what the committee may spend by its own decision (rules.md R2.11).

Only the owners can give it: by a clause of their rules of procedure or a resolution of the assembly. Where the place
forbids handing such matters down (Beijing 44) there is none. Finance reads `limits`; without one every payment needs a
resolution of the assembly.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import ClassVar, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.community import pack_choice
from hoa.db import get as get_row
from hoa.kernel import money, packs
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.resolutions import rulebooks, rules, service
from hoa.resolutions.tables import AuthorityLimit

FORBIDDEN = "forbidden"


class LimitsForbidden(Refusal):
    message: ClassVar[str] = N_("本小区所在地不允许业主大会把共同决定的事项授权给业主委员会：%(source)s")


class BadAmount(Refusal):
    message: ClassVar[str] = N_("单笔限额应当大于零，全年限额不能小于单笔限额")


class BadDays(Refusal):
    message: ClassVar[str] = N_("结束日期不能早于开始日期 %(day)s")


class OneGround(Refusal):
    message: ClassVar[str] = N_("请选一个依据：议事规则的一条，或者一项业主大会决议")


class NotByTheAssembly(Refusal):
    message: ClassVar[str] = N_("“%(title)s”不是业主大会的决议，业主委员会不能给自己授权")


class BeforeItsGround(Refusal):
    message: ClassVar[str] = N_("限额不能早于它的依据生效的日子 %(day)s")


class AlreadyEnded(Refusal):
    message: ClassVar[str] = N_("这项限额已经结束了")
    status: ClassVar[int] = 409


class WhyEnded(Refusal):
    message: ClassVar[str] = N_("请写明为什么结束")


class Limits(NamedTuple):
    """What the committee may decide alone, in fen: one payment, and all of a calendar year (None: no such limit)."""

    id: str
    single_fen: int
    yearly_fen: int | None
    basis: str


def limits(session: Session, community_id: str, *, on: date) -> Limits | None:
    """The limits in force on a day; None where the owners gave none or the place forbids it."""
    if _pack_of(session, community_id, on).text("committee_limits") == FORBIDDEN:
        return None
    row = next((row for row in all_limits(session, community_id) if holds(row, on)), None)
    return Limits(row.id, row.single_fen, row.yearly_fen, row.basis) if row is not None else None


def holds(row: AuthorityLimit, on: date) -> bool:
    return row.from_on <= on and (row.until_on is None or on <= row.until_on)


def all_limits(session: Session, community_id: str) -> Sequence[AuthorityLimit]:
    """Every limit that was ever set; where two hold, the first of this order does: the later one."""
    query = select(AuthorityLimit).where(AuthorityLimit.community_id == community_id)
    order = (AuthorityLimit.from_on.desc(), AuthorityLimit.set_at.desc(), AuthorityLimit.id)
    return session.scalars(query.order_by(*order)).all()


def _pack_of(session: Session, community_id: str, on: date) -> packs.RulePack:
    """The pack that was chosen by the end of a day: choosing Beijing today does not undo what was spent last year."""
    chosen = (row.pack for row in pack_choice.history(session, community_id) if today(row.chosen_at) <= on)
    return packs.pack(next(chosen, pack_choice.NATIONAL), day=on)


def set_limit(
    session: Session,
    community_id: str,
    *,
    single_fen: int,
    yearly_fen: int | None,
    from_on: date,
    until_on: date | None,
    now: datetime,
    by: str | None,
    clause: str = "",
    resolution_id: str | None = None,
) -> AuthorityLimit:
    """Write down what the owners allowed, with the clause or the resolution that says so."""
    pack = pack_choice.current(session, community_id, day=today(now))
    if pack.text("committee_limits") == FORBIDDEN:
        raise LimitsForbidden(source=pack.parameters["committee_limits"].source)
    if single_fen <= 0 or (yearly_fen is not None and yearly_fen < single_fen):
        raise BadAmount
    if until_on is not None and until_on < from_on:
        raise BadDays(day=from_on.isoformat())
    if bool(clause) == bool(resolution_id):
        raise OneGround
    basis, since, rulebook_id = _ground(session, community_id, clause, resolution_id, today(now))
    if from_on < since:
        raise BeforeItsGround(day=since.isoformat())
    row = AuthorityLimit(
        community_id=community_id,
        single_fen=single_fen,
        yearly_fen=yearly_fen,
        basis=basis,
        clause=clause,
        rulebook_id=rulebook_id,
        resolution_id=resolution_id,
        from_on=from_on,
        until_on=until_on,
        set_by=by,
        set_at=now,
    )
    session.add(row)
    session.flush()
    return row


def _ground(
    session: Session, community_id: str, clause: str, resolution_id: str | None, day: date
) -> tuple[str, date, str | None]:
    """What a limit rests on: in words, since when that holds, and the rulebook if it is a clause."""
    if resolution_id:
        resolution = service.get(session, community_id, resolution_id)
        if resolution.source != "assembly":
            raise NotByTheAssembly(title=resolution.title)
        number = rules.number_text(resolution.source, resolution.year, resolution.number)
        return f"业主大会决议 {number}《{resolution.title}》", resolution.decided_on, None
    version, clauses = rulebooks.citable(session, community_id, on=day)
    if version is None or clause not in {one.id for one in clauses}:
        raise rulebooks.BadClause(clause=clause)
    assert version.effective_on is not None
    return f"业主大会议事规则{clause}", version.effective_on, version.id


def end_limit(
    session: Session, community_id: str, limit_id: str, *, because: str, by: str, now: datetime
) -> AuthorityLimit:
    """End a limit with this day; what was decided under it stays."""
    row = get_row(session, AuthorityLimit, community_id, limit_id, lock=True)
    if row.ended_because or (row.until_on is not None and row.until_on < today(now)):
        raise AlreadyEnded
    if not because.strip():
        raise WhyEnded
    row.until_on, row.ended_because, row.ended_by = max(row.from_on, today(now)), because.strip(), by
    session.flush()
    return row


def words(found: Limits) -> str:
    """Limits in one phrase, as reports keep them."""
    yearly = f"，全年 {money.show(found.yearly_fen)}" if found.yearly_fen is not None else ""
    return f"单笔 {money.show(found.single_fen)}{yearly}（{found.basis}）"
