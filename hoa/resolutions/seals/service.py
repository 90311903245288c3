"""Keeping the register: seals, uses with their decisions, consents, and their publication (R2.19)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hoa.accounts import service as accounts
from hoa.bulletin import service as bulletin
from hoa.bulletin.tables import Publication
from hoa.community import pack_choice
from hoa.db import get as get_row
from hoa.kernel import masking
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.resolutions import rules as resolution_rules
from hoa.resolutions import service as resolutions
from hoa.resolutions.meetings import service as meetings
from hoa.resolutions.seals import rules
from hoa.resolutions.seals.tables import Seal, SealConsent, SealDecision, SealUse
from hoa.resolutions.tables import Resolution

PUBLICATION = "seal-uses"


class NothingToPublish(Refusal):
    message: ClassVar[str] = N_("上次公示以来没有用过印")


class WhyRetired(Refusal):
    message: ClassVar[str] = N_("请写明为什么停用，例如：移交换届、销毁")


def enter(
    session: Session, community_id: str, *, name: str, kind: str, keeper_id: str, since: date, by: str, now: datetime
) -> Seal:
    """Write a seal down with the member who keeps it."""
    if kind not in rules.KINDS:
        raise rules.UnknownKind
    if not 0 < len(name.strip()) <= rules.LONGEST:
        raise rules.NoName(most=rules.LONGEST)
    if any(seal.name == name.strip() for seal in seals(session, community_id)):
        raise rules.NameTaken(name=name.strip())
    meetings.needs_member(session, community_id, keeper_id, now)
    row = Seal(
        community_id=community_id,
        name=name.strip(),
        kind=kind,
        keeper_id=keeper_id,
        since=since,
        entered_by=by,
        entered_at=now,
    )
    session.add(row)
    session.flush()
    return row


def retire(session: Session, community_id: str, seal_id: str, *, because: str, now: datetime) -> Seal:
    """Take a seal out of use: handed over, replaced or destroyed. Its uses stay."""
    row = _in_use(session, community_id, seal_id)
    if not because.strip():
        raise WhyRetired
    row.retired_on, row.retired_because = today(now), because.strip()
    session.flush()
    return row


def _in_use(session: Session, community_id: str, seal_id: str) -> Seal:
    row = get_row(session, Seal, community_id, seal_id, lock=True)
    if row.retired_on is not None:
        raise rules.Retired
    return row


def seals(session: Session, community_id: str) -> Sequence[Seal]:
    query = select(Seal).where(Seal.community_id == community_id)
    return session.scalars(query.order_by(Seal.retired_on.is_not(None), Seal.name)).all()


# -------------------------------------------------------------------------------------------------------------- uses


def approve(
    session: Session,
    community_id: str,
    *,
    seal_id: str,
    document: str,
    copies: int,
    resolution_id: str | None,
    urgent: str,
    by: str,
    now: datetime,
) -> SealUse:
    """A member approves a use, with the decision it rests on; the keeper sets the seal. Nobody does both."""
    seal = _in_use(session, community_id, seal_id)
    meetings.needs_member(session, community_id, by, now)
    if by == seal.keeper_id:
        raise rules.KeeperApproves
    rules.check_use(document, copies, decided=resolution_id is not None, urgent=urgent)
    if resolution_id is not None:
        _in_force(session, community_id, resolution_id, today(now))
    year = today(now).year
    latest = select(func.max(SealUse.number)).where(SealUse.community_id == community_id, SealUse.year == year)
    row = SealUse(
        community_id=community_id,
        seal_id=seal.id,
        year=year,
        number=(session.scalar(latest) or 0) + 1,
        document=document.strip(),
        copies=copies,
        resolution_id=resolution_id,
        urgent="" if resolution_id else urgent.strip(),
        approved_by=by,
        requested_at=now,
    )
    session.add(row)
    session.flush()
    return row


def _in_force(session: Session, community_id: str, resolution_id: str, day: date) -> Resolution:
    found = resolutions.get(session, community_id, resolution_id)
    if found.decided_on > day or (found.valid_until is not None and found.valid_until < day):
        raise rules.DecidedLater(title=found.title, day=day.isoformat())
    return found


def consent(session: Session, community_id: str, use_id: str, *, by: str, now: datetime) -> None:
    """A member signs for a use; signing twice is signing once."""
    row = get_row(session, SealUse, community_id, use_id, lock=True)
    meetings.needs_member(session, community_id, by, now)
    if row.applied_at is not None:
        raise rules.AlreadyApplied
    if by not in consents(session, row):
        session.add(SealConsent(community_id=community_id, use_id=row.id, person_id=by, at=now))
        session.flush()


def consents(session: Session, use: SealUse) -> Sequence[str]:
    """Who signed for a use, in order."""
    query = select(SealConsent.person_id).where(
        SealConsent.community_id == use.community_id, SealConsent.use_id == use.id
    )
    return session.scalars(query.order_by(SealConsent.at, SealConsent.id)).all()


def needs_consents(session: Session, community_id: str, seal: Seal, *, day: date) -> bool:
    """Whether the place asks for the members' signatures under each use of the committee's seal."""
    pack = pack_choice.current(session, community_id, day=day)
    return seal.kind == "committee" and pack.text("seal_consent") == rules.MEMBERS


def missing(session: Session, use: SealUse, *, now: datetime) -> int:
    """How many signatures a use still waits for."""
    seal = get_row(session, Seal, use.community_id, use.seal_id)
    if not needs_consents(session, use.community_id, seal, day=today(now)):
        return 0
    sitting = {person.id for person in meetings.members(session, use.community_id, now)}
    planned = meetings.seats(session, use.community_id) or len(sitting)
    return rules.missing_consents(len(sitting & set(consents(session, use))), planned)


def apply(session: Session, community_id: str, use_id: str, *, by: str, now: datetime) -> SealUse:
    """The keeper sets the seal; from here on the row is never changed."""
    row = get_row(session, SealUse, community_id, use_id, lock=True)
    seal = _in_use(session, community_id, row.seal_id)
    if row.applied_at is not None:
        raise rules.AlreadyApplied
    if by != seal.keeper_id:
        raise rules.OnlyTheKeeper(keeper=accounts.person(session, seal.keeper_id).name)
    meetings.needs_member(session, community_id, by, now)
    if row.resolution_id is not None:
        _in_force(session, community_id, row.resolution_id, today(now))
    lacking = missing(session, row, now=now)
    if lacking:
        planned = meetings.seats(session, community_id) or len(meetings.members(session, community_id, now))
        signed = planned // 2 + 1 - lacking
        raise rules.TooFewConsents(planned=planned, signed=signed, missing=lacking)
    row.applied_by, row.applied_at = by, now
    session.flush()
    return row


def name_decision(
    session: Session, community_id: str, use_id: str, *, resolution_id: str, by: str, now: datetime
) -> SealDecision:
    """Name the decision that stands behind an urgent use after all."""
    row = get_row(session, SealUse, community_id, use_id, lock=True)
    meetings.needs_member(session, community_id, by, now)
    if row.resolution_id is not None or _later(session, row) is not None:
        raise rules.AlreadyDecided
    found = resolutions.get(session, community_id, resolution_id)
    made = SealDecision(community_id=community_id, use_id=row.id, resolution_id=found.id, by=by, at=now)
    session.add(made)
    session.flush()
    return made


def _later(session: Session, use: SealUse) -> SealDecision | None:
    query = select(SealDecision).where(SealDecision.community_id == use.community_id, SealDecision.use_id == use.id)
    return session.scalars(query).one_or_none()


@dataclass(frozen=True, kw_only=True)
class Line:
    """A use as the register shows it: `resolution` is its decision, at once or named later; without one it is red."""

    use: SealUse
    seal: Seal
    resolution: Resolution | None
    approved_by: str
    applied_by: str
    missing: int
    consents: Sequence[str]


def register(session: Session, community_id: str, *, now: datetime) -> list[Line]:
    """Every use, the latest first."""
    by_id = {seal.id: seal for seal in seals(session, community_id)}
    query = select(SealUse).where(SealUse.community_id == community_id)
    return [
        _line(session, row, by_id[row.seal_id], now)
        for row in session.scalars(query.order_by(SealUse.year.desc(), SealUse.number.desc()))
    ]


def _line(session: Session, use: SealUse, seal: Seal, now: datetime) -> Line:
    later = _later(session, use)
    cited = use.resolution_id or (later.resolution_id if later else None)
    return Line(
        use=use,
        seal=seal,
        resolution=resolutions.get(session, use.community_id, cited) if cited else None,
        approved_by=accounts.person(session, use.approved_by).name,
        applied_by=accounts.person(session, use.applied_by).name if use.applied_by else "",
        missing=0 if use.applied_at else missing(session, use, now=now),
        consents=consents(session, use),
    )


# ------------------------------------------------------------------------------------------------------- publication


def unpublished(session: Session, community_id: str, *, now: datetime) -> list[Line]:
    """Uses since the last publication of the register, the earliest first."""
    after = _published_at(session, community_id)
    lines = [line for line in register(session, community_id, now=now) if line.use.applied_at is not None]
    return [line for line in reversed(lines) if after is None or (line.use.applied_at or now) > after]


def _published_at(session: Session, community_id: str) -> datetime | None:
    query = select(func.max(Publication.published_at)).where(
        Publication.community_id == community_id, Publication.kind == PUBLICATION
    )
    return session.scalar(query)


def publication_due(session: Session, community_id: str, *, now: datetime) -> date | None:
    """The last day for publishing what the seals were used for; None where nothing waits or the place asks for
    nothing (Hangzhou 30: every half-year)."""
    lines = unpublished(session, community_id, now=now)
    if not lines or lines[0].use.applied_at is None:
        return None
    months = pack_choice.current(session, community_id, day=today(now)).number("seal_publication_months")
    return rules.publication_due(today(lines[0].use.applied_at), months)


def publish(session: Session, community_id: str, *, by: str, now: datetime) -> Publication:
    """Put the uses since the last time on the board: document, copies, decision; names masked."""
    lines = unpublished(session, community_id, now=now)
    if not lines:
        raise NothingToPublish
    uses = [_shown(line) for line in lines]
    body = "\n".join(
        f"{one['number']} {one['day']} {one['seal']}：{one['document']}，{one['copies']} 份，"
        f"依据 {one['decision'] or '（还没有决定）'}"
        for one in uses
    )
    return bulletin.publish(
        session,
        community_id,
        kind=PUBLICATION,
        title=f"用印情况（{uses[0]['number']} 至 {uses[-1]['number']}）",
        body=body,
        content={"uses": uses, "text": body},
        by=by,
        now=now,
    )


def _shown(line: Line) -> dict[str, object]:
    found = line.resolution
    number = resolution_rules.number_text(found.source, found.year, found.number) if found else ""
    assert line.use.applied_at is not None
    return {
        "number": f"{line.use.year}-{line.use.number:03d}",
        "seal": line.seal.name,
        "day": today(line.use.applied_at).isoformat(),
        "document": line.use.document,
        "copies": line.use.copies,
        "decision": number,
        "urgent": line.use.urgent,
        "approved_by": masking.name(line.approved_by),
        "applied_by": masking.name(line.applied_by),
    }
