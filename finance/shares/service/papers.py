"""The owners' list on paper: the whole one for those who check and pay, and one without names for everybody else."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from finance.service import documents
from finance.shares.rules import runs as rules
from finance.shares.service.runs import label, lines_of
from finance.shares.tables import ShareRun
from hoa.community.service import get_community
from hoa.db import get
from hoa.jobs import Run
from hoa.platform import Platform
from hoa.resolutions import rules as resolution_rules
from hoa.resolutions import service as resolutions
from hoa.web.paper import render_paper
from hoa.web.pdf import render_pdf


def task(job: Run) -> dict[str, Any]:
    """The job `shares.paper`: print a frozen list once, both ways."""
    platform, run_id, version = job.platform, str(job.payload["run"]), int(job.payload["version"])
    made = print_run(platform, job.community, run_id, version)
    with platform.database.reading() as session:
        code = get_community(session, job.community).code
    if made is None:
        return {"url": f"/c/{code}/shares/runs/{run_id}"}
    full, public = made
    with platform.database.writing(seconds=30) as session:
        keep(session, platform, job.community, run_id, version, full=full, public=public, now=platform.now())
    return {"url": f"/c/{code}/shares/runs/{run_id}"}


def print_run(platform: Platform, community_id: str, run_id: str, version: int) -> tuple[bytes, bytes] | None:
    """Both PDFs of a list; None when it is not the current one any more, or printed already."""
    with platform.database.reading() as session:
        run = get(session, ShareRun, community_id, run_id)
        if run.list_version != version or run.list_hash is None or run.document_id is not None:
            return None
        decision = resolutions.get(session, community_id, run.resolution_id)
        values: dict[str, Any] = {
            "community_name": get_community(session, community_id).name,
            "unnumbered": False,
            "run": run,
            "number": label(run),
            "kind": rules.KIND_NAMES[run.kind],
            "decision": resolution_rules.number_text(decision.source, decision.year, decision.number),
            "decision_title": decision.title,
            "rows": lines_of(session, run),
            "excluded": [line for line, _ in lines_of(session, run) if line.excluded_because],
        }
        created = (run.listed_at or run.made_at).replace(microsecond=0)
    made = [
        render_pdf(
            render_paper("shares/list_paper.html", full=full, **values),
            created=created,
            title=f"{values['community_name']} {values['number']}",
        )
        for full in (True, False)
    ]
    return made[0], made[1]


def keep(
    session: Session,
    platform: Platform,
    community_id: str,
    run_id: str,
    version: int,
    *,
    full: bytes,
    public: bytes,
    now: datetime,
) -> None:
    """Store both papers as documents, the public one as the masked copy of the other."""
    run = get(session, ShareRun, community_id, run_id, lock=True)
    if run.list_version != version or run.document_id is not None or run.listed_by_id is None:
        return
    common: dict[str, Any] = {"kind": "other", "by": run.listed_by_id, "now": now}
    document = documents.store(
        session, platform.files, community_id, name=f"{label(run)} 业主清单.pdf", data=full, **common
    )
    shown = documents.store(
        session,
        platform.files,
        community_id,
        name=f"{label(run)} 公示用清单（不含姓名）.pdf",
        data=public,
        masked_from_id=document.id,
        **common,
    )
    run.document_id, run.public_id = document.id, shown.id
    session.flush()
