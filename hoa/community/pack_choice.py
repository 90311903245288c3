"""The community's rule pack: chosen with a reason, kept with its history, frozen by each assembly's notice."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.community.tables import PackChoice
from hoa.kernel import packs
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.packs import RulePack

NATIONAL = "cn-national"


class NoReason(Refusal):
    message: ClassVar[str] = N_("请写明为什么改用这个规则包，例如：本小区位于杭州市")


def current(session: Session, community_id: str, *, day: date) -> RulePack:
    """The pack of assemblies drafted now; the national one until another was chosen."""
    latest = next(iter(history(session, community_id)), None)
    return packs.pack(latest.pack if latest else NATIONAL, day=day)


def choose(session: Session, community_id: str, *, code: str, reason: str, by: str, now: datetime) -> PackChoice:
    """Use another pack from now on. Assemblies that were noticed keep theirs."""
    found = packs.pack(code, day=today(now))
    if not reason.strip():
        raise NoReason
    row = PackChoice(community_id=community_id, pack=found.code, reason=reason.strip(), chosen_by=by, chosen_at=now)
    session.add(row)
    session.flush()
    return row


def history(session: Session, community_id: str) -> Sequence[PackChoice]:
    """Every choice, the latest first."""
    query = select(PackChoice).where(PackChoice.community_id == community_id)
    return session.scalars(query.order_by(PackChoice.chosen_at.desc(), PackChoice.id.desc())).all()
