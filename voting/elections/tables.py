"""Elections before the ballot. What somebody nominated, signed, checked, decided or answered is only ever added to;
what was published of a candidate stays as it was published (hoa/migrations/versions/0016_nomination.py).
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.schema import SchemaItem

from hoa.db import Base, CommunityRow
from voting.elections.rules.life import CandidateState, State


def of_candidate(table: str, *more: SchemaItem) -> tuple[SchemaItem, ...]:
    """The key every row about a candidate has: into the same community, never across."""
    return (
        ForeignKeyConstraint(
            ["community_id", "candidate_id"], ["candidate.community_id", "candidate.id"], name=f"fk_{table}_candidate"
        ),
        Index(f"ix_{table}_candidate", "community_id", "candidate_id"),
        *more,
    )


class Election(CommunityRow, Base):
    """A 选举 up to the ballot, which is an assembly with a motion for each candidate (`assembly_id`, once drafted).

    `seats` is what is to be filled, `minimum` the legal minimum of a valid body, both with the pack they were checked
    against and the heads and area of that day (0.01 m²). `list_hash` is the hash of the published list and the seed of
    the drawn order; `drawn` holds the candidates' numbers in that order.
    """

    __tablename__ = "election"
    __table_args__ = (
        UniqueConstraint("community_id", "code", name="uq_election_code"),
        ForeignKeyConstraint(
            ["community_id", "supplements_id"], ["election.community_id", "election.id"], name="fk_election_supplements"
        ),
        ForeignKeyConstraint(
            ["community_id", "publication_id"],
            ["publication.community_id", "publication.id"],
            name="fk_election_publication",
        ),
        ForeignKeyConstraint(
            ["community_id", "assembly_id"], ["assembly.community_id", "assembly.id"], name="fk_election_assembly"
        ),
    )

    code: Mapped[str]
    title: Mapped[str]
    body_kind: Mapped[str]
    seats: Mapped[int]
    minimum: Mapped[int]
    alternates: Mapped[int]
    approve_at_most: Mapped[int]
    rank: Mapped[str]
    rule_pack: Mapped[str]
    heads: Mapped[int]
    area: Mapped[int]
    term_starts_on: Mapped[date]
    # Exclusive: the first day on which the elected are no longer in office.
    term_ends_on: Mapped[date]
    convener: Mapped[str]
    nominations_until: Mapped[date]
    state: Mapped[str] = mapped_column(default=State.NOMINATION.value)
    supplements_id: Mapped[str | None]
    publication_id: Mapped[str | None]
    published_at: Mapped[datetime | None]
    list_hash: Mapped[str | None]
    drawn: Mapped[list[Any]] = mapped_column(default=list)
    drawn_at: Mapped[datetime | None]
    assembly_id: Mapped[str | None]
    created_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]

    @property
    def step(self) -> State:
        return State(self.state)


class ElectionStep(CommunityRow, Base):
    """Who took an election to which state, when and why; only ever added to."""

    __tablename__ = "election_step"
    __table_args__ = (
        ForeignKeyConstraint(
            ["community_id", "election_id"], ["election.community_id", "election.id"], name="fk_election_step_election"
        ),
        UniqueConstraint("community_id", "election_id", "no", name="uq_election_step_no"),
    )

    election_id: Mapped[str]
    # Counts up within the election.
    no: Mapped[int]
    step: Mapped[str]
    by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(default="")


class Candidate(CommunityRow, Base):
    """A 候选人 of one election. `number` is the order of nomination and never that of the ballot.

    `elector` and `room` are the register's at nomination, for the group's eyes. `photo` is the SHA-256 of a picture in
    the files port. Once `frozen` by the published list, name, statement and photo never change.
    """

    __tablename__ = "candidate"
    __table_args__ = (
        ForeignKeyConstraint(
            ["community_id", "election_id"], ["election.community_id", "election.id"], name="fk_candidate_election"
        ),
        ForeignKeyConstraint(
            ["community_id", "motion_id"], ["motion.community_id", "motion.id"], name="fk_candidate_motion"
        ),
        UniqueConstraint("community_id", "election_id", "number", name="uq_candidate_number"),
        UniqueConstraint("community_id", "election_id", "person_id", name="uq_candidate_person"),
    )

    election_id: Mapped[str]
    number: Mapped[int]
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str]
    elector: Mapped[str]
    room: Mapped[str]
    statement: Mapped[str] = mapped_column(default="")
    photo: Mapped[str | None]
    state: Mapped[str] = mapped_column(default=CandidateState.NOMINATED.value)
    frozen: Mapped[bool] = mapped_column(default=False)
    withdrawn_at: Mapped[datetime | None]
    withdrawn_reason: Mapped[str] = mapped_column(default="")
    motion_id: Mapped[str | None]
    made_at: Mapped[datetime]

    @property
    def step(self) -> CandidateState:
        return CandidateState(self.state)


class Nomination(CommunityRow, Base):
    """One channel by which a candidate was nominated (R2.4): themselves, owners together, the party branch, the
    residents' committee."""

    __tablename__ = "nomination"
    __table_args__ = of_candidate(
        "nomination", UniqueConstraint("community_id", "candidate_id", "channel", name="uq_nomination_channel")
    )

    candidate_id: Mapped[str]
    channel: Mapped[str]
    words: Mapped[str] = mapped_column(default="")
    by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]


class Supporter(CommunityRow, Base):
    """One elector behind a joint nomination, by one of its owners; `heads` as the roll had it. Never shown by name."""

    __tablename__ = "candidate_supporter"
    __table_args__ = of_candidate(
        "candidate_supporter",
        UniqueConstraint("community_id", "candidate_id", "elector", name="uq_candidate_supporter_elector"),
    )

    candidate_id: Mapped[str]
    elector: Mapped[str]
    heads: Mapped[int]
    signed_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    signed_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class Undertaking(CommunityRow, Base):
    """A 承诺书 as its candidate signed it: the text with its SHA-256, the name they wrote, their word for the lot, and
    the signature of their own key where they have one. The latest one holds."""

    __tablename__ = "candidate_undertaking"
    __table_args__ = of_candidate(
        "candidate_undertaking",
        UniqueConstraint("community_id", "candidate_id", "no", name="uq_candidate_undertaking_no"),
    )

    candidate_id: Mapped[str]
    # Counts up within the candidate: which one is the latest.
    no: Mapped[int]
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    text: Mapped[str]
    text_hash: Mapped[str]
    name: Mapped[str]
    lot_word: Mapped[str]
    key_id: Mapped[str] = mapped_column(default="")
    public: Mapped[str] = mapped_column(default="")
    signature: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]


class CriterionCheck(CommunityRow, Base):
    """One look at one criterion (R2.2, R2.3): pass, fail or unknown, on what evidence, by whom. The latest holds."""

    __tablename__ = "criterion_check"
    __table_args__ = of_candidate(
        "criterion_check", UniqueConstraint("community_id", "candidate_id", "no", name="uq_criterion_check_no")
    )

    candidate_id: Mapped[str]
    # Counts up within the candidate: which one is the latest.
    no: Mapped[int]
    criterion: Mapped[str]
    result: Mapped[str]
    evidence: Mapped[str]
    # SHA-256 in the files port and the name people gave it; empty when the evidence is in words.
    file: Mapped[str] = mapped_column(default="")
    file_name: Mapped[str] = mapped_column(default="")
    reviewer: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]


class ScreeningDecision(CommunityRow, Base):
    """Whether a candidate may stand, with reasons; a later decision replaces an earlier one, none is changed."""

    __tablename__ = "screening_decision"
    __table_args__ = of_candidate(
        "screening_decision", UniqueConstraint("community_id", "candidate_id", "no", name="uq_screening_decision_no")
    )

    candidate_id: Mapped[str]
    # Counts up within the candidate: which one is the latest.
    no: Mapped[int]
    outcome: Mapped[str]
    reasons: Mapped[str]
    by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]


class Appeal(CommunityRow, Base):
    """A candidate's 申诉 against a refusal, answered once, with reasons."""

    __tablename__ = "candidate_appeal"
    __table_args__ = of_candidate(
        "candidate_appeal",
        ForeignKeyConstraint(
            ["community_id", "decision_id"],
            ["screening_decision.community_id", "screening_decision.id"],
            name="fk_candidate_appeal_decision",
        ),
        UniqueConstraint("community_id", "decision_id", name="uq_candidate_appeal_decision"),
    )

    candidate_id: Mapped[str]
    decision_id: Mapped[str]
    text: Mapped[str]
    at: Mapped[datetime]
    # upheld (the candidate may stand) or kept (the refusal stays)
    outcome: Mapped[str | None]
    answer: Mapped[str] = mapped_column(default="")
    answered_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime | None]


class Question(CommunityRow, Base):
    """An owner's question and the candidate's answer, both public; hidden only where it tells personal data."""

    __tablename__ = "candidate_question"
    __table_args__ = of_candidate("candidate_question")

    candidate_id: Mapped[str]
    asked_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    text: Mapped[str]
    asked_at: Mapped[datetime]
    answer: Mapped[str] = mapped_column(default="")
    answered_at: Mapped[datetime | None]
    hidden_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    hidden_at: Mapped[datetime | None]
    hidden_reason: Mapped[str] = mapped_column(default="")
