"""Publishing a run's totals through the bulletin: what everybody may know, and nobody's own line (rules.md part 7)."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.shares.rules import runs as rules
from finance.shares.rules.runs import RunState
from finance.shares.service.runs import label, lines_of
from finance.shares.tables import ShareRun
from hoa.bulletin import service as bulletin
from hoa.bulletin.tables import Publication
from hoa.db import get
from hoa.kernel import money
from hoa.kernel.errors import N_, Refusal
from hoa.resolutions import rules as resolution_rules
from hoa.resolutions import service as resolutions

KIND = "finance.shares"


class PublishedAlready(Refusal):
    message: ClassVar[str] = N_("这次分配的合计已经公示过")
    status: ClassVar[int] = 409


def content(session: Session, run: ShareRun) -> dict[str, Any]:
    """The totals of a checked list, with the hash by which the list can be recognised."""
    rows = lines_of(session, run)
    decision = resolutions.get(session, run.community_id, run.resolution_id)
    taking = [line for line, _ in rows if not line.excluded_because]
    return {
        "kind": KIND,
        "number": label(run),
        "what": run.kind,
        "title": run.title,
        "payee": run.payee,
        "resolution": resolution_rules.number_text(decision.source, decision.year, decision.number),
        "record_on": run.record_on.isoformat(),
        "total_fen": run.total_fen,
        "units": len(taking),
        "area": sum(line.area for line in taking),
        "excluded": len(rows) - len(taking),
        "list_hash": run.list_hash or "",
    }


def publish(session: Session, community_id: str, *, run_id: str, code: str, by: str, now: datetime) -> Publication:
    run = get(session, ShareRun, community_id, run_id, lock=True)
    rules.require_state(run.state, RunState.CHECKED)
    if latest(session, run) is not None:
        raise PublishedAlready
    found = content(session, run)
    return bulletin.publish(
        session,
        community_id,
        kind=KIND,
        title=run.title,
        body=(
            f"{found['number']}：合计 {money.show(run.total_fen)}，{found['units']} 户参加，"
            f"登记日 {found['record_on']}，依据 {found['resolution']}。每户的一份登录后在“我的一份”里看。"
        ),
        content=found,
        reference=run.id,
        url=f"/c/{code}/shares/runs/{run.id}",
        by=by,
        now=now,
    )


def latest(session: Session, run: ShareRun) -> Publication | None:
    query = select(Publication).where(
        Publication.community_id == run.community_id, Publication.kind == KIND, Publication.reference == run.id
    )
    return session.scalars(query.order_by(Publication.published_at.desc())).first()
