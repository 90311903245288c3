"""For which powers a community asks its officers for a second factor (ASVS 6.3.3): by groups that people understand.

A power that is asked for is withheld until this session has given one; it is not lost.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.kernel.errors import N_, Refusal
from hoa.offices.tables import FactorDemand

GROUPS: Mapping[str, str] = {
    "money": N_("账目和资金：记账、复核、银行流水、合同、公布"),
    "register": N_("业主名册和身份核验"),
    "offices": N_("任免、亲属关系、备案和移交"),
    "assemblies": N_("业主大会：召集、选举、规约"),
}
POWERS: Mapping[str, frozenset[str]] = {
    "money": frozenset(
        {
            "authority.set",
            "bank.import",
            "books.close",
            "books.open",
            "books.publish",
            "contract.make",
            "voucher.check",
            "voucher.make",
            "voucher.post",
        }
    ),
    "register": frozenset({"register.activate", "register.check", "register.edit", "register.names"}),
    "offices": frozenset(
        {
            "filing.enter",
            "filing.file",
            "offices.appoint",
            "offices.change.confirm",
            "offices.change.propose",
            "offices.relationships",
            "recall.suspend",
        }
    ),
    "assemblies": frozenset(
        {
            "assembly.convene",
            "assembly.hold",
            "assembly.package",
            "assembly.rules",
            "elections.prepare",
            "preparing.run",
            "rulebooks.edit",
        }
    ),
}
ALL: frozenset[str] = frozenset().union(*POWERS.values())


class UnknownGroup(Refusal):
    message = N_("没有这一类权限，请重新选择")


class NoReason(Refusal):
    message = N_("请写明为什么这样设置，例如：业主委员会第 3 次会议决定")


def current(session: Session, community_id: str) -> Sequence[str]:
    """The groups for which a second factor is asked now."""
    latest = next(iter(history(session, community_id)), None)
    return latest.groups if latest else ()


def history(session: Session, community_id: str) -> Sequence[FactorDemand]:
    """Every choice, the latest first."""
    query = select(FactorDemand).where(FactorDemand.community_id == community_id)
    return session.scalars(query.order_by(FactorDemand.chosen_at.desc(), FactorDemand.id.desc())).all()


def choose(
    session: Session, community_id: str, *, groups: Collection[str], reason: str, by: str, now: datetime
) -> FactorDemand:
    """Ask for a second factor for exactly these groups from now on."""
    if not set(groups) <= GROUPS.keys():
        raise UnknownGroup
    if not reason.strip():
        raise NoReason
    ordered = [group for group in GROUPS if group in groups]
    row = FactorDemand(community_id=community_id, groups=ordered, reason=reason.strip(), chosen_by=by, chosen_at=now)
    session.add(row)
    session.flush()
    return row


def withheld(session: Session, community_id: str, held: frozenset[str], *, given: Callable[[], bool]) -> frozenset[str]:
    """Which of the powers somebody holds wait for a second factor. Owners hold none that could, and cost no query."""
    if not held & ALL:
        return frozenset()
    asked = frozenset().union(*(POWERS[group] for group in current(session, community_id)))
    waiting = held & asked
    return waiting if waiting and not given() else frozenset()
