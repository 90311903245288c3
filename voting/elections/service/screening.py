"""Screening (R2.3): each criterion looked at on evidence, the decision with reasons, the candidate's appeal and its
answer. Only the group and the candidate read it; the public sees who may stand."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import ClassVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.community.service import owns_today
from hoa.db import get
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.kernel.packs import RulePack
from hoa.ports import uploads
from hoa.ports.files import Files
from voting.elections.rules import eligibility, life
from voting.elections.rules.life import CandidateState, Channel, State
from voting.elections.service import calling, nominating, reading
from voting.elections.tables import Appeal, Candidate, CriterionCheck, Election, ScreeningDecision

UPHELD, KEPT = "upheld", "kept"


class NotStandingAnyMore(Refusal):
    message: ClassVar[str] = N_("这位候选人已经退出，不用再审查")
    status: ClassVar[int] = 409


class NoStatement(Refusal):
    message: ClassVar[str] = N_("候选人还没有写自述，不能通过")
    status: ClassVar[int] = 409


class NotAnOwnerToday(Refusal):
    message: ClassVar[str] = N_("业主名册显示%(name)s今天不是本小区业主，不能做候选人")
    status: ClassVar[int] = 409


class TooFewSupporters(Refusal):
    message: ClassVar[str] = N_("联名只有 %(heads)s 人，至少要 %(needed)s 人，又没有其他提名方式，不能通过")
    status: ClassVar[int] = 409


class NotRefused(Refusal):
    message: ClassVar[str] = N_("没有可以申诉的决定")
    status: ClassVar[int] = 409


class AppealOver(Refusal):
    message: ClassVar[str] = N_("申诉期到 %(day)s 为止，已经过了")
    status: ClassVar[int] = 409


class AlreadyAppealed(Refusal):
    message: ClassVar[str] = N_("对这个决定已经申诉过了，请等答复")
    status: ClassVar[int] = 409


class AppealAnswered(Refusal):
    message: ClassVar[str] = N_("这次申诉已经答复过了，答复不能修改")
    status: ClassVar[int] = 409


class AppealFirst(Refusal):
    message: ClassVar[str] = N_("这位候选人的申诉还没有答复，请先答复申诉")
    status: ClassVar[int] = 409


class NothingSaid(Refusal):
    message: ClassVar[str] = N_("请写明申诉的理由")


def check(
    session: Session,
    community_id: str,
    code: str,
    number: int,
    *,
    criterion: str,
    result: str,
    evidence: str,
    by: str | None,
    now: datetime,
    files: Files | None = None,
    upload: tuple[str, bytes] | None = None,
) -> CriterionCheck:
    """Write down one look at one criterion; `upload` is the evidence's (name, bytes). None as `by` is the platform."""
    row, one = _reviewed(session, community_id, code, number, by)
    found = eligibility.check_result(criterion, result, evidence, file=upload is not None)
    digest = name = ""
    if upload is not None and files is not None:
        checked = uploads.checked(upload[1], upload[0])
        digest, name = files.put(checked.data), checked.name
    looked = CriterionCheck(
        community_id=row.community_id,
        candidate_id=one.id,
        no=reading.next_no(session, one, CriterionCheck),
        criterion=criterion,
        result=found.value,
        evidence=evidence.strip(),
        file=digest,
        file_name=name,
        reviewer=by,
        at=now,
    )
    session.add(looked)
    session.flush()
    return looked


def accept(
    session: Session, community_id: str, code: str, number: int, *, reasons: str, by: str | None, now: datetime
) -> ScreeningDecision:
    """Let somebody stand: every criterion passed, the undertaking signed, a statement written, enough owners behind a
    joint nomination, and nobody's tie to the property company in the way today."""
    row, one = _reviewed(session, community_id, code, number, by)
    life.check_step(row.step, State.SCREENING)
    if pending_appeal(session, one) is not None:
        raise AppealFirst
    check_ready(session, row, one, now=now)
    return _decide(session, one, CandidateState.ACCEPTED, reasons.strip(), by=by, now=now)


def refuse(
    session: Session, community_id: str, code: str, number: int, *, reasons: str, by: str, now: datetime
) -> ScreeningDecision:
    """Keep somebody off the ballot, with reasons; also from the published list, when an objection shows what was not
    known. They may appeal."""
    row, one = _reviewed(session, community_id, code, number, by)
    life.check_step(row.step, State.SCREENING, State.DISPLAY)
    if row.step is State.DISPLAY and one.step is not CandidateState.ACCEPTED:
        # Refused again, somebody who is not on the published list could appeal again and come onto the ballot late.
        raise life.WrongStep(state=life.CANDIDATE_TITLES[one.step])
    if not reasons.strip():
        raise eligibility.NoReasons
    if pending_appeal(session, one) is not None:
        raise AppealFirst
    return _decide(session, one, CandidateState.REFUSED, reasons.strip(), by=by, now=now)


def appeal(session: Session, community_id: str, code: str, *, person_id: str, text: str, now: datetime) -> Appeal:
    """The refused candidate says why the decision is wrong, within the pack's days, once for each decision."""
    row = reading.election(session, community_id, code, lock=True)
    one = reading.mine(session, row, person_id, lock=True)
    if one is None:
        raise nominating.NotStanding
    decided = reading.decision(session, one)
    if decided is None or one.step is not CandidateState.REFUSED:
        raise NotRefused
    life.check_step(row.step, State.SCREENING, State.DISPLAY)
    if any(made.decision_id == decided.id for made in reading.about(session, one, Appeal)):
        raise AlreadyAppealed
    last = appeal_until(calling.pack_of(row), decided)
    if today(now) > last:
        raise AppealOver(day=last.isoformat())
    if not text.strip():
        raise NothingSaid
    made = Appeal(
        community_id=community_id, candidate_id=one.id, decision_id=decided.id, text=text.strip(), at=now, outcome=None
    )
    session.add(made)
    session.flush()
    return made


def answer_appeal(
    session: Session, community_id: str, code: str, number: int, *, uphold: bool, reasons: str, by: str, now: datetime
) -> Appeal:
    """Answer once, with reasons. Upheld, the candidate may stand, if everything else is in order."""
    row, one = _reviewed(session, community_id, code, number, by)
    made = pending_appeal(session, one)
    if made is None:
        raise AppealAnswered
    if not reasons.strip():
        raise eligibility.NoReasons
    if uphold:
        check_ready(session, row, one, now=now)
    made.outcome, made.answer = UPHELD if uphold else KEPT, reasons.strip()
    made.answered_by, made.answered_at = by, now
    session.flush()
    if uphold:
        _decide(session, one, CandidateState.ACCEPTED, reasons.strip(), by=by, now=now)
    return made


def check_ready(session: Session, row: Election, one: Candidate, *, now: datetime) -> None:
    """What anybody on the list must fulfil today; a refusal that names what is missing. That they own something here is
    asked of the register itself, whatever a reviewer wrote down."""
    if not owns_today(session, row.community_id, one.person_id, today(now)):
        raise NotAnOwnerToday(name=one.name)
    nominating.check_company(session, row, one.person_id, now=now)
    signed = reading.undertaking(session, one)
    eligibility.check_acceptable(reading.results(session, one), undertaken=signed is not None)
    if not one.statement:
        raise NoStatement
    if nominating.channels(session, one) == [Channel.JOINT]:
        needed, heads = calling.pack_of(row).number("joint_nomination_heads"), reading.heads_behind(session, one)
        if heads < needed:
            raise TooFewSupporters(heads=heads, needed=needed)


def pending_appeal(session: Session, one: Candidate) -> Appeal | None:
    """The appeal that waits for an answer."""
    return next((made for made in reading.about(session, one, Appeal) if made.answered_at is None), None)


def appeal_until(pack: RulePack, decided: ScreeningDecision) -> date:
    """The last day for an appeal against this decision."""
    return today(decided.at) + timedelta(days=pack.number("candidate_appeal_days"))


def may_appeal(session: Session, row: Election, one: Candidate, *, now: datetime) -> bool:
    """Whether the candidate can still appeal."""
    decided = reading.decision(session, one)
    if decided is None or one.step is not CandidateState.REFUSED:
        return False
    if row.step not in (State.SCREENING, State.DISPLAY):
        return False
    taken = any(made.decision_id == decided.id for made in reading.about(session, one, Appeal))
    return not taken and today(now) <= appeal_until(calling.pack_of(row), decided)


def check_settled(session: Session, row: Election, *, now: datetime) -> None:
    """Nobody's appeal is unanswered or still possible: whoever was refused wrongly must not miss the list."""
    for one in reading.candidates(session, row, CandidateState.REFUSED):
        decided = reading.decision(session, one)
        if decided is None:
            continue
        if pending_appeal(session, one) is not None or may_appeal(session, row, one, now=now):
            raise eligibility.AppealOpen(day=appeal_until(calling.pack_of(row), decided).isoformat())


def evidence_file(session: Session, one: Candidate, check_id: str) -> CriterionCheck:
    """The check whose file is asked for; of this very candidate."""
    looked = get(session, CriterionCheck, one.community_id, check_id)
    if looked.candidate_id != one.id or not looked.file:
        raise NotFound
    return looked


def appeals_waiting(session: Session, row: Election) -> Sequence[Appeal]:
    """The appeals of one election that wait for an answer, the earliest first."""
    query = (
        select(Appeal)
        .join(Candidate, (Candidate.community_id == Appeal.community_id) & (Candidate.id == Appeal.candidate_id))
        .where(Candidate.community_id == row.community_id, Candidate.election_id == row.id)
        .where(Appeal.answered_at.is_(None))
    )
    return session.scalars(query.order_by(Appeal.at, Appeal.id)).all()


def _reviewed(
    session: Session, community_id: str, code: str, number: int, by: str | None
) -> tuple[Election, Candidate]:
    row = reading.election(session, community_id, code, lock=True)
    life.check_step(row.step, State.NOMINATION, State.SCREENING, State.DISPLAY)
    one = reading.candidate(session, row, number, lock=True)
    if by is not None:
        calling.not_a_candidate(session, row, by)
    if one.step is CandidateState.WITHDRAWN:
        raise NotStandingAnyMore
    return row, one


def _decide(
    session: Session, one: Candidate, outcome: CandidateState, reasons: str, *, by: str | None, now: datetime
) -> ScreeningDecision:
    decided = ScreeningDecision(
        community_id=one.community_id,
        candidate_id=one.id,
        no=reading.next_no(session, one, ScreeningDecision),
        outcome=outcome.value,
        reasons=reasons,
        by=by,
        at=now,
    )
    session.add(decided)
    one.state = outcome.value
    session.flush()
    return decided
