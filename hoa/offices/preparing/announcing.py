"""What the group hangs on the notice board: who it is, and what owners must know before the meeting (R1.23)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy.orm import Session

from hoa.community import service as register
from hoa.kernel import area as areas
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.offices.preparing import board, progress
from hoa.offices.preparing.paperwork import check_markable, write_step
from hoa.offices.preparing.progress import opened
from hoa.offices.preparing.rules import papers
from hoa.offices.preparing.rules.composition import DELEGATIONS
from hoa.offices.preparing.rules.trigger import Kind
from hoa.offices.preparing.tables import Preparation, PreparationPaper, PreparationStep


class PapersMissing(Refusal):
    message: ClassVar[str] = N_("还缺 %(missing)s 项必须公告的材料，请先上传")


class GroupUnlawful(Refusal):
    message: ClassVar[str] = N_("小组的组成还不符合法定要求，不能公告名单：请先补齐成员")


def announce_members(
    session: Session, community_id: str, preparation_id: str, *, url: str, by: str, now: datetime
) -> PreparationStep:
    """Publish who is in the group and whom they speak for; the law wants their names known (北京 31, 上海 15)."""
    row = opened(session, community_id, preparation_id)
    found = progress.of(session, row)
    check_markable(found, "members", today(now), now)
    if not found.lawful:
        raise GroupUnlawful
    group = [
        {"name": member.name, "delegation": DELEGATIONS[member.speaks_for], "leader": member.leader}
        for member in found.members
    ]
    return _announce(
        session,
        row,
        step="members",
        title=f"{group_name(row)}成员名单",
        body="\n".join(f"{'组长 ' if one['leader'] else ''}{one['name']}：{one['delegation']}" for one in group),
        content={"members": group, "formed_on": str(row.formed_on)},
        url=url,
        by=by,
        now=now,
    )


def announce_papers(
    session: Session, community_id: str, preparation_id: str, *, url: str, by: str, now: datetime
) -> PreparationStep:
    """Publish what owners must know before the meeting (指导规则 12); from now on everybody may read these files."""
    row = opened(session, community_id, preparation_id)
    found = progress.of(session, row)
    check_markable(found, "publish", today(now), now)
    if found.missing_published:
        raise PapersMissing(missing=len(found.missing_published))
    chosen = [paper for kind in papers.published(row.what) if (paper := progress.latest(found.papers, kind))]
    totals = register.totals(session, community_id)
    step = _announce(
        session,
        row,
        step="publish",
        title="首次业主大会会议筹备事项" if row.what is Kind.FIRST else "业主委员会换届选举筹备事项",
        body=f"业主 {totals.heads} 人，专有部分面积 {areas.show(totals.area)}。\n"
        + "\n".join(f"{papers.WORDS[paper.what]}：{paper.name}" for paper in chosen),
        content={
            "heads": totals.heads,
            "area": totals.area,
            "meeting_on": row.meeting_on.isoformat() if row.meeting_on else None,
            "papers": [{"kind": paper.kind, "name": paper.name, "sha256": paper.sha256} for paper in chosen],
        },
        url=url,
        by=by,
        now=now,
    )
    _open_to_all(chosen, step, now)
    session.flush()
    return step


def group_name(row: Preparation) -> str:
    """The group as publications call it."""
    return "业主大会筹备组" if row.what is Kind.FIRST else "业主委员会换届小组"


def _open_to_all(chosen: Sequence[PreparationPaper], step: PreparationStep, now: datetime) -> None:
    for paper in chosen:
        if paper.published_at is None:
            paper.publication_id, paper.published_at = step.publication_id, now


def _announce(
    session: Session,
    row: Preparation,
    *,
    step: str,
    title: str,
    body: str,
    content: dict[str, Any],
    url: str,
    by: str,
    now: datetime,
) -> PreparationStep:
    publication = board.current().publish(
        session,
        row.community_id,
        kind=board.KIND,
        title=title,
        body=body,
        content={"title": title, "text": body, **content},
        reference=row.id,
        url=url,
        by=by,
        now=now,
    )
    return write_step(session, row, step, today(now), publication_id=publication, by=by, now=now)
