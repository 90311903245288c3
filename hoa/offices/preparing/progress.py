"""How a preparation stands: its steps with their last days, who is in the group and what is missing. Writes nothing."""

from collections.abc import Sequence
from datetime import date
from typing import ClassVar, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.db import get as get_row
from hoa.kernel import packs, workdays
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.packs import RulePack
from hoa.offices.preparing.rules import clock, composition, papers
from hoa.offices.preparing.rules.composition import Check, Seat
from hoa.offices.preparing.rules.papers import Paper
from hoa.offices.preparing.rules.trigger import Kind
from hoa.offices.preparing.tables import Preparation, PreparationMember, PreparationPaper, PreparationStep


class IsOver(Refusal):
    message: ClassVar[str] = N_("这次筹备已经结束，不能再改")
    status: ClassVar[int] = 409


class NoReason(Refusal):
    message: ClassVar[str] = N_("请写明原因")


class Progress(NamedTuple):
    """One preparation as its page, its needs and its checks see it."""

    row: Preparation
    pack: RulePack
    steps: Sequence[clock.Step]
    marks: Sequence[PreparationStep]
    members: Sequence[PreparationMember]
    checks: Sequence[Check]
    papers: Sequence[PreparationPaper]
    missing_filed: Sequence[Paper]
    missing_published: Sequence[Paper]

    def step(self, code: str) -> clock.Step | None:
        return next((step for step in self.steps if step.code == code), None)

    def mark(self, code: str) -> PreparationStep | None:
        """What a step rests on, where somebody marked it."""
        return next((mark for mark in self.marks if mark.step == code), None)

    @property
    def lawful(self) -> bool:
        """Whether nothing that the law asks of the group is missing."""
        return all(check.holds for check in self.checks if check.law)


def get(session: Session, community_id: str, preparation_id: str, *, lock: bool = False) -> Preparation:
    return get_row(session, Preparation, community_id, preparation_id, lock=lock)


def opened(session: Session, community_id: str, preparation_id: str) -> Preparation:
    """The preparation, locked, if it is still under way."""
    row = get(session, community_id, preparation_id, lock=True)
    if row.ended_at is not None:
        raise IsOver
    return row


def preparations(session: Session, community_id: str) -> Sequence[Preparation]:
    """All of a community, the latest first."""
    query = select(Preparation).where(Preparation.community_id == community_id)
    return session.scalars(query.order_by(Preparation.started_at.desc(), Preparation.id)).all()


def running(session: Session, community_id: str) -> Preparation | None:
    """The one that is under way."""
    query = select(Preparation).where(Preparation.community_id == community_id, Preparation.ended_at.is_(None))
    return session.scalars(query).one_or_none()


def pack_of(row: Preparation) -> RulePack:
    """The rule pack as it was when the preparation was started."""
    return packs.pack(row.pack, day=today(row.started_at))


def members(session: Session, row: Preparation) -> Sequence[PreparationMember]:
    """Who is in the group today: the leader first, then by whom they speak for."""
    query = select(PreparationMember).where(
        PreparationMember.community_id == row.community_id,
        PreparationMember.preparation_id == row.id,
        PreparationMember.removed_at.is_(None),
    )
    order = list(composition.DELEGATIONS)
    found = session.scalars(query.order_by(PreparationMember.added_at, PreparationMember.id))
    return sorted(found, key=lambda member: (not member.leader, order.index(member.speaks_for)))


def papers_of(session: Session, row: Preparation) -> Sequence[PreparationPaper]:
    """Every file, the latest first."""
    query = select(PreparationPaper).where(
        PreparationPaper.community_id == row.community_id, PreparationPaper.preparation_id == row.id
    )
    return session.scalars(query.order_by(PreparationPaper.added_at.desc(), PreparationPaper.id.desc())).all()


def latest(found: Sequence[PreparationPaper], kind: Paper) -> PreparationPaper | None:
    """The file that stands for this kind now."""
    return next((paper for paper in found if paper.what is kind), None)


def marks(session: Session, row: Preparation) -> Sequence[PreparationStep]:
    """The steps that are marked as taken now: the latest row of each, unless it took the mark back."""
    query = select(PreparationStep).where(
        PreparationStep.community_id == row.community_id, PreparationStep.preparation_id == row.id
    )
    last: dict[str, PreparationStep] = {}
    for mark in session.scalars(query.order_by(PreparationStep.number)):
        last[mark.step] = mark
    return [mark for mark in last.values() if not mark.undone]


def terms_of(pack: RulePack, kind: Kind) -> clock.Terms:
    """The numbers of a pack that the clock runs on."""
    again = kind is Kind.RE_ELECTION
    return clock.Terms(
        form=pack.number("reelection_group_days" if again else "preparatory_form_days"),
        announce=pack.number("preparatory_announce_days"),
        publish=pack.number("preparatory_publish_days"),
        assembly=pack.number("first_assembly_days"),
        review=0 if again else pack.number("preparatory_review_days"),
        lead_months=pack.number("reelection_lead_months"),
    )


def of(session: Session, row: Preparation) -> Progress:
    """Everything about a preparation."""
    pack, there = pack_of(row), papers_of(session, row)
    marked, group = marks(session, row), members(session, row)
    kinds = {paper.what for paper in there}
    seats = [Seat(member.speaks_for, member.leader) for member in group]
    return Progress(
        row=row,
        pack=pack,
        steps=_steps(row, pack, [*_filed(row, there, marked), *_done(marked)]),
        marks=marked,
        members=group,
        checks=composition.checks(seats, developer_most=pack.number("preparatory_developer_most")),
        papers=there,
        missing_filed=papers.missing(papers.filed(row.what), kinds),
        missing_published=papers.missing(papers.published(row.what), kinds),
    )


def _steps(row: Preparation, pack: RulePack, done: Sequence[clock.Mark]) -> Sequence[clock.Step]:
    facts = clock.Facts(
        received=row.received_on,
        formed=row.formed_on,
        meeting=row.meeting_on,
        papers_by=row.papers_by,
        term_ends=row.term_ends_on,
    )
    draw = clock.first_assembly if row.what is Kind.FIRST else clock.re_election
    return draw(facts, terms_of(pack, row.what), done, workdays.china())


def _done(marked: Sequence[PreparationStep]) -> list[clock.Mark]:
    return [clock.Mark(mark.step, mark.done_on) for mark in marked]


def _filed(row: Preparation, there: Sequence[PreparationPaper], marked: Sequence[PreparationStep]) -> list[clock.Mark]:
    """The developer has filed when each paper is there: on the day of the last first arrival."""
    wanted = papers.filed(row.what)
    if not wanted or any(mark.step == "papers" for mark in marked):
        return []
    arrived: list[date] = []
    for kind in wanted:
        days = [today(paper.added_at) for paper in there if paper.what is kind]
        if not days:
            return []
        arrived.append(min(days))
    return [clock.Mark("papers", max(arrived))]
