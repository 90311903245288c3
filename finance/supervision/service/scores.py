"""The scorecard: versions of the sheet, evaluations of the committee by several raters, published with averages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from finance.service.export import EndBeforeStart
from finance.supervision.rules import scoring
from finance.supervision.rules.scoring import Average, Criterion, Mark
from finance.supervision.tables import Evaluation, Rating, ScoreSheet
from hoa.bulletin import service as bulletin
from hoa.community.service import get_community
from hoa.community.tables import Community
from hoa.db import get
from hoa.kernel.errors import N_, NotAllowed, Refusal
from hoa.kernel.posts import SUPERVISORS
from hoa.offices.service import posts_held

PUBLICATION = "scorecard"


class NoSheet(Refusal):
    message: ClassVar[str] = N_("还没有评价表，请先写好评价标准")
    status: ClassVar[int] = 409


class OneAtATime(Refusal):
    message: ClassVar[str] = N_("上一次评价还没有结束，请先结束并公布")
    status: ClassVar[int] = 409


class EvaluationOver(Refusal):
    message: ClassVar[str] = N_("这次评价已经结束并公布，不能再改")
    status: ClassVar[int] = 409


class OwnersNotAsked(NotAllowed):
    message: ClassVar[str] = N_("这次评价没有邀请业主打分")


class NobodyRated(Refusal):
    message: ClassVar[str] = N_("还没有监督委员打分，不能公布")
    status: ClassVar[int] = 409


def write_sheet(
    session: Session, community_id: str, *, lines: Sequence[tuple[str, int]], by: str, now: datetime
) -> ScoreSheet:
    """A new version of the sheet; evaluations that began keep theirs."""
    criteria = scoring.sheet(lines)
    _lock(session, community_id)
    latest = session.scalar(select(func.max(ScoreSheet.version)).where(ScoreSheet.community_id == community_id))
    row = ScoreSheet(
        community_id=community_id,
        version=(latest or 0) + 1,
        criteria=[{"title": one.title, "weight": one.weight} for one in criteria],
        made_by=by,
        made_at=now,
    )
    session.add(row)
    session.flush()
    return row


def _lock(session: Session, community_id: str) -> None:
    """Numbers are given one at a time."""
    session.scalars(select(Community).where(Community.id == community_id).with_for_update()).one()


def sheets(session: Session, community_id: str) -> Sequence[ScoreSheet]:
    """All versions, the latest first."""
    query = select(ScoreSheet).where(ScoreSheet.community_id == community_id)
    return session.scalars(query.order_by(ScoreSheet.version.desc())).all()


def open_evaluation(
    session: Session, community_id: str, *, start: date, end: date, owners: bool, by: str, now: datetime
) -> Evaluation:
    """Begin rating the committee for a period by the latest version of the sheet."""
    if end < start:
        raise EndBeforeStart(start=start.isoformat(), end=end.isoformat())
    _lock(session, community_id)
    versions = sheets(session, community_id)
    if not versions:
        raise NoSheet
    earlier = evaluations(session, community_id)
    if any(row.closed_at is None for row in earlier):
        raise OneAtATime
    row = Evaluation(
        community_id=community_id,
        number=max((one.number for one in earlier), default=0) + 1,
        sheet_id=versions[0].id,
        starts_on=start,
        ends_on=end,
        owners=owners,
        opened_by=by,
        opened_at=now,
    )
    session.add(row)
    session.flush()
    return row


def evaluations(session: Session, community_id: str) -> Sequence[Evaluation]:
    """All evaluations, the latest first."""
    query = select(Evaluation).where(Evaluation.community_id == community_id)
    return session.scalars(query.order_by(Evaluation.number.desc())).all()


def criteria_of(session: Session, evaluation: Evaluation) -> tuple[Criterion, ...]:
    return scoring.read(get(session, ScoreSheet, evaluation.community_id, evaluation.sheet_id).criteria)


def rate(
    session: Session,
    community_id: str,
    evaluation_id: str,
    *,
    marks: Sequence[Mark],
    reason: str,
    by: str,
    now: datetime,
) -> Rating:
    """One rater's sheet. A supervisor's counts among the supervisors', an owner's among the owners' where they were
    asked; rating again replaces what one said before, until the evaluation is over."""
    evaluation = get(session, Evaluation, community_id, evaluation_id, lock=True)
    if evaluation.closed_at is not None:
        raise EvaluationOver
    supervisor = bool(posts_held(session, community_id, by, now) & SUPERVISORS)
    if not supervisor and not evaluation.owners:
        raise OwnersNotAsked
    scoring.check_marks(criteria_of(session, evaluation), marks, reason)
    latest = session.scalar(
        select(func.max(Rating.no)).where(Rating.community_id == community_id, Rating.evaluation_id == evaluation.id)
    )
    row = Rating(
        community_id=community_id,
        evaluation_id=evaluation.id,
        no=(latest or 0) + 1,
        rater_id=by,
        supervisor=supervisor,
        marks=[{"points": mark.points, "reason": mark.reason.strip()} for mark in marks],
        reason=reason.strip(),
        at=now,
    )
    session.add(row)
    session.flush()
    return row


def ratings(session: Session, evaluation: Evaluation) -> list[Rating]:
    """What counts: the latest sheet of each rater, in the order in which they were given."""
    query = select(Rating).where(Rating.community_id == evaluation.community_id, Rating.evaluation_id == evaluation.id)
    latest = {row.rater_id: row for row in session.scalars(query.order_by(Rating.no))}
    return sorted(latest.values(), key=lambda row: row.no)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """An evaluation with its criteria, both averages (None: nobody rated) and the reasons that were given."""

    evaluation: Evaluation
    criteria: tuple[Criterion, ...]
    supervisors: Average | None
    owners: Average | None
    reasons: tuple[tuple[bool, str], ...]


def outcome(session: Session, evaluation: Evaluation) -> Outcome:
    """Averages over the supervisors and over the owners, apart: one voice of many does not drown the others."""
    criteria, rows = criteria_of(session, evaluation), ratings(session, evaluation)

    def mean(supervisor: bool) -> Average | None:
        own = [[int(mark["points"]) for mark in row.marks] for row in rows if row.supervisor is supervisor]
        return scoring.average(criteria, own)

    return Outcome(
        evaluation=evaluation,
        criteria=criteria,
        supervisors=mean(True),
        owners=mean(False),
        reasons=tuple((row.supervisor, row.reason) for row in rows),
    )


def close(session: Session, community_id: str, evaluation_id: str, *, by: str, now: datetime) -> Evaluation:
    """End the rating and publish averages, the number of raters and the reasons, without names."""
    evaluation = get(session, Evaluation, community_id, evaluation_id, lock=True)
    if evaluation.closed_at is not None:
        raise EvaluationOver
    found = outcome(session, evaluation)
    if found.supervisors is None:
        raise NobodyRated
    code = get_community(session, community_id).code
    publication = bulletin.publish(
        session,
        community_id,
        kind=PUBLICATION,
        title=f"业主委员会履职评价（{evaluation.starts_on.isoformat()} 至 {evaluation.ends_on.isoformat()}）",
        content=told(found),
        reference=evaluation.id,
        url=f"/c/{code}/supervision/scores/{evaluation.id}",
        by=by,
        now=now,
    )
    evaluation.closed_by, evaluation.closed_at, evaluation.publication_id = by, now, publication.id
    session.flush()
    return evaluation


def told(found: Outcome) -> dict[str, object]:
    """What is published, and what a report says of it: figures in hundredths of a point."""

    def figures(mean: Average | None) -> dict[str, object] | None:
        if mean is None:
            return None
        return {"raters": mean.raters, "total_centi": mean.total_centi, "criteria_centi": list(mean.criteria_centi)}

    return {
        "number": found.evaluation.number,
        "start": found.evaluation.starts_on.isoformat(),
        "end": found.evaluation.ends_on.isoformat(),
        "criteria": [{"title": one.title, "weight": one.weight} for one in found.criteria],
        "supervisors": figures(found.supervisors),
        "owners": figures(found.owners),
        "reasons": [{"supervisor": supervisor, "text": text} for supervisor, text in found.reasons],
    }
