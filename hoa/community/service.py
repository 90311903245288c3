"""Communities, and what other rooms ask of the register: who owns what, who is one head, how surely."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from hoa.community import rules
from hoa.community.rules import Elector, Holding, IdentityLevel, Totals
from hoa.community.tables import Community, Owner, Ownership, Unit
from hoa.kernel.errors import N_, NotFound, Refusal

_CODE = re.compile(r"[A-Z][A-Z0-9]{1,11}\Z")
_HELP_PHONE = re.compile(r"[0-9][0-9 -]{5,19}\Z")


class BadCode(Refusal):
    message = N_("小区代码 %(code)s 不能用：请用 2 至 12 个大写字母或数字，以字母开头，例如 WTY")


class CodeTaken(Refusal):
    message = N_("小区代码 %(code)s 已被使用，请换一个")


class NoName(Refusal):
    message = N_("请填写小区名称，最多 60 个字")


class BadHelpPhone(Refusal):
    message = N_("求助电话 %(phone)s 不能用：请写区号和号码，例如 023-6860 1234")


class UnknownCommunity(Refusal):
    message = N_("没有代码为 %(code)s 的小区，请核对代码，或先创建小区")
    status = 404


def create(
    session: Session, *, code: str, name: str, help_phone: str | None = None, by: str | None, now: datetime
) -> Community:
    """A new community without units. It gives nobody any power: offices do."""
    code = code.strip().upper()
    if not _CODE.match(code):
        raise BadCode(code=code[:20])
    if not 0 < len(name.strip()) <= 60:
        raise NoName
    if help_phone and not _HELP_PHONE.match(help_phone):
        raise BadHelpPhone(phone=help_phone[:30])
    if session.scalar(select(Community.id).where(Community.code == code)) is not None:
        raise CodeTaken(code=code)
    row = Community(code=code, name=name.strip(), help_phone=help_phone or None, created_at=now, created_by=by)
    session.add(row)
    session.flush()
    return row


# Every request of a community asks this; building the statement takes longer than answering it.
_BY_CODE = select(Community).where(Community.code == bindparam("code"))


def find_community(session: Session, code: str) -> Community:
    """The community of this code (in either case), or NotFound."""
    row = session.scalars(_BY_CODE, {"code": code.upper()}).one_or_none()
    if row is None:
        raise NotFound
    return row


def named_community(session: Session, code: str) -> Community:
    """As `find_community`, for commands: says which code was not found."""
    try:
        return find_community(session, code)
    except NotFound:
        raise UnknownCommunity(code=code[:20]) from None


def get_community(session: Session, community_id: str, *, lock: bool = False) -> Community:
    query = select(Community).where(Community.id == community_id)
    row = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound
    return row


def all_communities(session: Session) -> Sequence[Community]:
    return session.scalars(select(Community).order_by(Community.code)).all()


def communities_of(session: Session, person_id: str) -> Sequence[Community]:
    """The communities in which this person owns something today, by code."""
    owned = (
        select(Owner.community_id)
        .join(Ownership, (Ownership.community_id == Owner.community_id) & (Ownership.owner_id == Owner.id))
        .where(Owner.person_id == person_id, Ownership.until.is_(None))
    )
    return session.scalars(select(Community).where(Community.id.in_(owned)).order_by(Community.code)).all()


@dataclass(frozen=True)
class Owned:
    """One unit that a person owns: the rows."""

    unit: Unit
    owner: Owner
    ownership: Ownership


def ownerships_of(session: Session, community_id: str, person_id: str) -> Sequence[Owned]:
    """What this person owns in this community now, in the register's order."""
    query = (
        select(Unit, Owner, Ownership)
        .join(Ownership, (Ownership.community_id == Unit.community_id) & (Ownership.unit_id == Unit.id))
        .join(Owner, (Owner.community_id == Ownership.community_id) & (Owner.id == Ownership.owner_id))
        .where(Unit.community_id == community_id, Owner.person_id == person_id)
        .where(Ownership.until.is_(None), Unit.removed_at.is_(None))
        .order_by(Unit.position)
    )
    return [Owned(unit, owner, ownership) for unit, owner, ownership in session.execute(query)]


def owns_today(session: Session, community_id: str, person_id: str, day: date) -> bool:
    """Whether the person owns a unit of this community on this day, shown at least by letter or phone (V1)."""
    query = (
        select(Ownership.id)
        .join(Owner, (Owner.community_id == Ownership.community_id) & (Owner.id == Ownership.owner_id))
        .where(Owner.community_id == community_id, Owner.person_id == person_id, Ownership.since <= day)
        .where((Ownership.until.is_(None)) | (Ownership.until > day), Ownership.level != IdentityLevel.V0.value)
        .limit(1)
    )
    return session.scalar(query) is not None


def identity_level(session: Session, community_id: str, person_id: str) -> IdentityLevel:
    """How surely this person is the owner they act for: the highest level of their present ownerships (R7.5).

    A check is of the person, and the register proves the rest of what that same owner has; so the best check counts.
    """
    levels = (IdentityLevel(owned.ownership.level) for owned in ownerships_of(session, community_id, person_id))
    return max(levels, default=IdentityLevel.V0, key=lambda level: level.value)


def holdings(session: Session, community_id: str) -> Sequence[Holding]:
    """Every exclusive part of the community as the counting of heads sees it, in the register's order."""
    units = session.scalars(
        select(Unit).where(Unit.community_id == community_id, Unit.removed_at.is_(None)).order_by(Unit.position)
    ).all()
    owners: dict[str, set[str]] = defaultdict(set)
    companies: dict[str, set[str]] = defaultdict(set)
    query = (
        select(Ownership.unit_id, Ownership.owner_id, Owner.organisation)
        .join(Owner, (Owner.community_id == Ownership.community_id) & (Owner.id == Ownership.owner_id))
        .where(Ownership.community_id == community_id, Ownership.until.is_(None))
    )
    for unit_id, owner_id, organisation in session.execute(query):
        owners[unit_id].add(owner_id)
        if organisation:
            companies[unit_id].add(owner_id)
    return [
        Holding(
            unit=unit.id,
            label=unit.label,
            kind=unit.use,
            status=unit.delivery,
            area=unit.area,
            owners=frozenset(owners[unit.id]),
            companies=frozenset(companies[unit.id]),
        )
        for unit in units
    ]


def electors(session: Session, community_id: str) -> Sequence[Elector]:
    """The heads of the community today, with the reasons."""
    here = get_community(session, community_id)
    return rules.electors(holdings(session, community_id), parking_counts=here.parking_counts)


def totals(session: Session, community_id: str) -> Totals:
    """The community's units, area and heads today."""
    here = get_community(session, community_id)
    return rules.totals(holdings(session, community_id), parking_counts=here.parking_counts)


@dataclass(frozen=True)
class RollOwner:
    """An owner on the roll. `person_id` is the account that may act for them, None while there is none."""

    owner_id: str
    name: str
    person_id: str | None
    level: IdentityLevel


@dataclass(frozen=True)
class RollElector:
    """One head for a frozen roll (R1.20). Areas in 0.01 m²; `units` are (label, area)."""

    elector_id: str
    heads: int
    area_centi: int
    units: tuple[tuple[str, int], ...]
    owners: tuple[RollOwner, ...]
    developer: bool
    unit_ids: tuple[str, ...]


def roll(session: Session, community_id: str) -> Sequence[RollElector]:
    """The 业主名册 of this moment: every head with its units, area and owners, sorted by elector id."""
    names = _roll_owners(session, community_id)
    return [
        RollElector(
            elector_id=elector.id,
            heads=elector.heads,
            area_centi=elector.area,
            units=tuple((unit.label, unit.area) for unit in elector.units),
            owners=tuple(names[owner] for owner in sorted(elector.owners)),
            developer=elector.developer,
            unit_ids=tuple(unit.unit for unit in elector.units),
        )
        for elector in electors(session, community_id)
    ]


def _roll_owners(session: Session, community_id: str) -> dict[str, RollOwner]:
    query = (
        select(Owner.id, Owner.name, Owner.person_id, func.max(Ownership.level))
        .join(Ownership, (Ownership.community_id == Owner.community_id) & (Ownership.owner_id == Owner.id))
        .where(Owner.community_id == community_id, Ownership.until.is_(None))
        .group_by(Owner.id, Owner.name, Owner.person_id)
    )
    return {
        owner_id: RollOwner(owner_id, name, person_id, IdentityLevel(level))
        for owner_id, name, person_id, level in session.execute(query)
    }


def elector_of(session: Session, community_id: str, person_id: str) -> Sequence[Elector]:
    """The heads this person belongs to, with the reasons: one, or more when they also co-own with others (R1.18)."""
    mine = set(
        session.scalars(select(Owner.id).where(Owner.community_id == community_id, Owner.person_id == person_id))
    )
    return [elector for elector in electors(session, community_id) if elector.owners & mine]
