"""Owners ask a candidate, the candidate answers, everybody reads both. Nothing is hidden for what it says, only where
it tells personal data (R7.2), and then with the reason."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Session

from hoa.db import get
from hoa.kernel.errors import N_, NotFound, Refusal
from voting.elections.rules import life
from voting.elections.rules.life import State
from voting.elections.service import calling, nominating, reading
from voting.elections.tables import Candidate, Election, Question

QUESTION_LENGTH, ANSWER_LENGTH = 300, 1000
MOST_QUESTIONS = 5


class NothingAsked(Refusal):
    message: ClassVar[str] = N_("请写明问题或回答，问题最多 %(question)s 个字，回答最多 %(answer)s 个字")


class EnoughAsked(Refusal):
    message: ClassVar[str] = N_("您已经向这位候选人提了 %(most)s 个问题，请先等回答")


class VotingOver(Refusal):
    message: ClassVar[str] = N_("表决已经截止，不能再提问和回答")
    status: ClassVar[int] = 409


class IsAnswered(Refusal):
    message: ClassVar[str] = N_("这个问题已经回答过了，回答不能修改")
    status: ClassVar[int] = 409


class NoReason(Refusal):
    message: ClassVar[str] = N_("请写明隐藏的理由：涉及谁的哪种个人信息")


def ask(
    session: Session, community_id: str, code: str, number: int, *, text: str, person_id: str, now: datetime
) -> Question:
    """One owner's question to one candidate, public at once; who asked is told to nobody."""
    row = reading.election(session, community_id, code)
    one = reading.candidate(session, row, number, lock=True)
    if not reading.is_public(row, one):
        raise NotFound
    _open(session, row, now)
    _sized(text, QUESTION_LENGTH)
    mine = [asked for asked in reading.about(session, one, Question) if asked.asked_by == person_id]
    if len(mine) >= MOST_QUESTIONS:
        raise EnoughAsked(most=MOST_QUESTIONS)
    asked = Question(
        community_id=community_id, candidate_id=one.id, asked_by=person_id, text=text.strip(), asked_at=now
    )
    session.add(asked)
    session.flush()
    return asked


def answer(
    session: Session, community_id: str, code: str, question_id: str, *, text: str, person_id: str, now: datetime
) -> Question:
    """The candidate answers, once."""
    row = reading.election(session, community_id, code)
    one = reading.mine(session, row, person_id)
    if one is None:
        raise nominating.NotStanding
    asked = get(session, Question, community_id, question_id, lock=True)
    if asked.candidate_id != one.id:
        raise NotFound
    if asked.answered_at is not None:
        raise IsAnswered
    _open(session, row, now)
    _sized(text, ANSWER_LENGTH)
    asked.answer, asked.answered_at = text.strip(), now
    session.flush()
    return asked


def hide(
    session: Session, community_id: str, code: str, question_id: str, *, reason: str, by: str, now: datetime
) -> Question:
    """Hide question and answer because they tell personal data; the reason stays in their place."""
    row = reading.election(session, community_id, code)
    asked = get(session, Question, community_id, question_id, lock=True)
    one = get(session, Candidate, community_id, asked.candidate_id)
    if one.election_id != row.id:
        raise NotFound
    calling.not_a_candidate(session, row, by)
    if not reason.strip():
        raise NoReason
    if asked.hidden_at is None:
        asked.hidden_by, asked.hidden_at, asked.hidden_reason = by, now, reason.strip()
        session.flush()
    return asked


def is_open(session: Session, row: Election, now: datetime) -> bool:
    """Whether questions and answers are taken: from the published list to the end of the vote."""
    if row.step not in (State.DISPLAY, State.DRAFTED):
        return False
    assembly = reading.assembly_of(session, row)
    return assembly is None or now < assembly.ends_at


def _open(session: Session, row: Election, now: datetime) -> None:
    life.check_step(row.step, State.DISPLAY, State.DRAFTED)
    if not is_open(session, row, now):
        raise VotingOver


def _sized(text: str, most: int) -> None:
    if not 0 < len(text.strip()) <= most:
        raise NothingAsked(question=QUESTION_LENGTH, answer=ANSWER_LENGTH)
