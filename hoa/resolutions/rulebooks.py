"""Rulebooks: 议事规则 and 管理规约 as versions, each adopted by the assembly (民法典 278 第一款第一项、第二项).

The voting room calls `adopt` when a motion that carried a draft has passed; nothing else gives a later version force.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from hoa.bulletin import service as bulletin
from hoa.community.service import get_community
from hoa.db import get as get_row
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.platform import Platform
from hoa.resolutions import clauses
from hoa.resolutions.clauses import BOOKS, Clause, Rulebook
from hoa.resolutions.tables import Resolution, RulebookVersion

PUBLICATION = "rulebook"


class NotTheFirst(Refusal):
    message: ClassVar[str] = N_("已有生效的文本：新的版本要由业主大会表决通过，请把草案附到一项表决事项上")


class NoBasis(Refusal):
    message: ClassVar[str] = N_("请写明第一个版本由哪次会议通过，例如：首次业主大会会议，2024 年 5 月 18 日")


class OwnDraft(Refusal):
    message: ClassVar[str] = N_("这份文本是您放上来的：请另一位有权的人对照会议通过的原件，由他登记生效")
    status: ClassVar[int] = 403


class NotADraft(Refusal):
    message: ClassVar[str] = N_("这份文本已经生效，不能再作为草案处理")
    status: ClassVar[int] = 409


class NothingChanged(Refusal):
    message: ClassVar[str] = N_("这份文本与现行的一字不差，没有保存")


class BadClause(Refusal):
    message: ClassVar[str] = N_("现行议事规则里没有“%(clause)s”，请从列表中选择")


def draft(
    session: Session, community_id: str, *, kind: str, text: str, by: str | None, now: datetime
) -> RulebookVersion:
    """Keep a text as a draft, once its clauses can be told apart. A draft is not edited: another one is made."""
    if kind not in BOOKS:
        raise clauses.UnknownBook
    text = clauses.normal(text)
    clauses.parse(text)
    present = current(session, community_id, kind)
    if present is not None and present.text == text:
        raise NothingChanged
    same = [row for row in drafts(session, community_id, kind) if row.text == text]
    if same:
        return same[0]
    version = RulebookVersion(
        community_id=community_id, kind=kind, text=text, sha256=clauses.digest(text), made_by=by, made_at=now
    )
    session.add(version)
    session.flush()
    return version


def adopt_first(
    session: Session, community_id: str, version_id: str, *, basis: str, effective_on: date, by: str, now: datetime
) -> RulebookVersion:
    """The first version may rest on a meeting before this platform (R1.24); it is published with that basis.

    No tally stands behind it, so whoever brought the text is not the one who puts it into force.
    """
    version = _locked_draft(session, community_id, version_id)
    if version.made_by == by:
        raise OwnDraft
    if _latest_number(session, community_id, version.kind):
        raise NotTheFirst
    if not basis.strip():
        raise NoBasis
    version.basis = basis.strip()
    return _in_force(session, version, number=1, effective_on=effective_on, by=by, now=now)


def adopt(session: Session, resolution: Resolution, *, sha256: str, by: str, now: datetime) -> RulebookVersion | None:
    """Give force to the draft that a passed motion carried, from the day of the decision; None when the document was no
    draft of the book that the motion's matter decides on.
    """
    kinds = [kind for kind, matter in clauses.MATTERS.items() if matter == resolution.matter]
    query = select(RulebookVersion).where(
        RulebookVersion.community_id == resolution.community_id,
        RulebookVersion.kind.in_(kinds),
        RulebookVersion.sha256 == sha256,
        RulebookVersion.number.is_(None),
    )
    version = session.scalars(query.order_by(RulebookVersion.made_at).limit(1)).one_or_none()
    if version is None:
        return None
    number = _latest_number(session, resolution.community_id, version.kind) + 1
    version.resolution_id, version.basis = resolution.id, resolution.title
    return _in_force(session, version, number=number, effective_on=resolution.decided_on, by=by, now=now)


def discard(session: Session, community_id: str, version_id: str, *, now: datetime) -> RulebookVersion:
    """Take a draft off the desk. A motion that was noticed with it keeps it: the row stays."""
    version = _locked_draft(session, community_id, version_id)
    version.discarded_at = now
    session.flush()
    return version


def current(session: Session, community_id: str, kind: str, *, on: date | None = None) -> RulebookVersion | None:
    """The version in force (on a day, or the latest adopted)."""
    query = _adopted(community_id, kind)
    if on is not None:
        query = query.where(RulebookVersion.effective_on <= on)
    return session.scalars(query.limit(1)).one_or_none()


def versions(session: Session, community_id: str, kind: str) -> Sequence[RulebookVersion]:
    """Every version that took effect, the latest first."""
    return session.scalars(_adopted(community_id, kind)).all()


def version(session: Session, community_id: str, kind: str, number: int) -> RulebookVersion:
    """One version by its number, or NotFound."""
    found = session.scalars(_adopted(community_id, kind).where(RulebookVersion.number == number)).one_or_none()
    if found is None:
        raise NotFound
    return found


def drafts(session: Session, community_id: str, kind: str | None = None) -> Sequence[RulebookVersion]:
    """Drafts that were not discarded, the latest first."""
    query = select(RulebookVersion).where(
        RulebookVersion.community_id == community_id,
        RulebookVersion.number.is_(None),
        RulebookVersion.discarded_at.is_(None),
    )
    query = query.where(RulebookVersion.kind == kind) if kind else query
    return session.scalars(query.order_by(RulebookVersion.made_at.desc(), RulebookVersion.id)).all()


def get(session: Session, community_id: str, version_id: str) -> RulebookVersion:
    return get_row(session, RulebookVersion, community_id, version_id)


def by_hash(session: Session, community_id: str, sha256: str) -> RulebookVersion | None:
    """The text that a manifest or a motion names; one that took effect goes before a draft of the same words."""
    query = select(RulebookVersion).where(
        RulebookVersion.community_id == community_id, RulebookVersion.sha256 == sha256
    )
    return session.scalars(query.order_by(RulebookVersion.number.is_(None), RulebookVersion.number)).first()


def citable(session: Session, community_id: str, *, on: date) -> tuple[RulebookVersion | None, Sequence[Clause]]:
    """The rules of procedure in force on a day, with every clause that a local rule of voting may cite."""
    version = current(session, community_id, "procedure", on=on)
    return (version, list(parsed(version).clauses())) if version is not None else (None, ())


def parsed(version: RulebookVersion) -> Rulebook:
    return clauses.parse(version.text)


def path(session: Session, version: RulebookVersion) -> str:
    """Where a version is read, without a host."""
    base = f"/c/{get_community(session, version.community_id).code}/rulebooks"
    return f"{base}/{version.kind}/{version.number}" if version.number else f"{base}/drafts/{version.id}"


def verify(_platform: Platform, session: Session, community_id: str) -> list[str]:
    """`hoa verify`: each text still has the hash under which assemblies cite it."""
    rows = session.scalars(select(RulebookVersion).where(RulebookVersion.community_id == community_id))
    return [
        f"table rulebook_version: the text of {row.kind} {row.number or row.id} is not the one that was hashed"
        for row in rows
        if clauses.digest(row.text) != row.sha256
    ]


def _locked_draft(session: Session, community_id: str, version_id: str) -> RulebookVersion:
    found = get_row(session, RulebookVersion, community_id, version_id, lock=True)
    if found.number is not None:
        raise NotADraft
    return found


def _in_force(
    session: Session, version: RulebookVersion, *, number: int, effective_on: date, by: str, now: datetime
) -> RulebookVersion:
    version.number, version.effective_on = number, effective_on
    session.flush()
    bulletin.publish(
        session,
        version.community_id,
        kind=PUBLICATION,
        title=f"{BOOKS[version.kind]}（第 {number} 版）",
        content={
            "book": version.kind,
            "version": number,
            "sha256": version.sha256,
            "effective_on": effective_on.isoformat(),
            "basis": version.basis,
            "published_on": today(now).isoformat(),
        },
        reference=version.id,
        url=path(session, version),
        by=by,
        now=now,
    )
    return version


def _latest_number(session: Session, community_id: str, kind: str) -> int:
    query = select(func.max(RulebookVersion.number)).where(
        RulebookVersion.community_id == community_id, RulebookVersion.kind == kind
    )
    return session.scalar(query) or 0


def _adopted(community_id: str, kind: str) -> Select[RulebookVersion]:
    query = select(RulebookVersion).where(
        RulebookVersion.community_id == community_id,
        RulebookVersion.kind == kind,
        RulebookVersion.number.is_not(None),
    )
    return query.order_by(RulebookVersion.number.desc())
