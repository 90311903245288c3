"""A recall's motion is printed as both sides wrote it: no editor of motions changes it, and nothing is attached to one
side (rules.md R2.12, right of defence)."""

from typing import ClassVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.kernel.errors import N_, Refusal
from voting.recall.tables import Recall
from voting.tables import Motion


class RecallFixed(Refusal):
    message: ClassVar[str] = N_("罢免的表决事项按提议人的理由和本人的申辩原文印出，不能在这里修改、拆分、删除或加附件")
    status: ClassVar[int] = 409


def not_a_recall(session: Session, motion: Motion) -> None:
    """Refuse to touch a recall's motion where ordinary ones are written."""
    if of(session, motion) is not None:
        raise RecallFixed


def of(session: Session, motion: Motion) -> Recall | None:
    """The recall that this motion decides on."""
    query = select(Recall).where(Recall.community_id == motion.community_id, Recall.motion_id == motion.id)
    return session.scalars(query).one_or_none()
