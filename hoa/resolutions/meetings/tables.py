"""Meetings of the owners' committee and what was recorded of them. What was decided is guarded by the database."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hoa.db import Base, CommunityRow


def _of(table: str, column: str, target: str) -> ForeignKeyConstraint:
    columns = [f"{target}.community_id", f"{target}.id"]
    return ForeignKeyConstraint(["community_id", column], columns, name=f"fk_{table}_{column}")


class CommitteeMeeting(CommunityRow, Base):
    """会议: called, opened, ended, its minutes signed (`settled_at`): each a moment, None until then.

    `planned` is the number of seats (heads) that quorum and majorities are reckoned from, frozen when it was called.
    `reason` says why the notice was short. `told_at` is when the residents' committee was told, `told_how` in words
    where it was not by this platform. `post_by` is the last day for posting the decisions (R2.10). `remarks` are the
    recorder's own words, part of the minutes.
    """

    __tablename__ = "committee_meeting"
    __table_args__ = (UniqueConstraint("community_id", "year", "number", name="uq_committee_meeting"),)

    year: Mapped[int]
    number: Mapped[int]
    kind: Mapped[str]
    place: Mapped[str]
    starts_at: Mapped[datetime]
    planned: Mapped[int]
    reason: Mapped[str] = mapped_column(default="")
    called_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    called_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    told_how: Mapped[str] = mapped_column(default="")
    opened_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    cancelled_at: Mapped[datetime | None]
    cancelled_because: Mapped[str] = mapped_column(default="")
    post_by: Mapped[date | None]
    remarks: Mapped[str] = mapped_column(default="")
    settled_at: Mapped[datetime | None]


class CommitteeItem(CommunityRow, Base):
    """An item of the agenda. `not_reserved` is the proposer's reason why it is no matter of the assembly's;
    `resolution_id` is what a passed decision became.
    """

    __tablename__ = "committee_item"
    __table_args__ = (
        UniqueConstraint("community_id", "meeting_id", "no", name="uq_committee_item"),
        _of("committee_item", "meeting_id", "committee_meeting"),
        _of("committee_item", "resolution_id", "resolution"),
    )

    meeting_id: Mapped[str]
    no: Mapped[int]
    kind: Mapped[str]
    title: Mapped[str]
    text: Mapped[str]
    secret: Mapped[bool]
    limit_fen: Mapped[int | None]
    valid_until: Mapped[date | None]
    not_reserved: Mapped[str] = mapped_column(default="")
    resolution_id: Mapped[str | None]


class CommitteeVote(CommunityRow, Base):
    """One vote on an item. A secret vote keeps no ballots: `box` holds the sealed count of each choice and nothing
    else until the vote is closed; then `counts` is written and the box is emptied.

    `choices` are what could be chosen (words, or ids of people), `winner` the one with more than half of all seats,
    `line` the inequality with its numbers, `present` how many members could vote when it was closed.
    """

    __tablename__ = "committee_vote"
    __table_args__ = (
        UniqueConstraint("community_id", "item_id", "round", name="uq_committee_vote"),
        _of("committee_vote", "item_id", "committee_item"),
    )

    item_id: Mapped[str]
    round: Mapped[int]
    secret: Mapped[bool]
    choices: Mapped[list[Any]]
    opened_at: Mapped[datetime]
    box: Mapped[bytes | None]
    closed_at: Mapped[datetime | None]
    present: Mapped[int | None]
    counts: Mapped[dict[str, Any] | None]
    winner: Mapped[str | None]
    line: Mapped[str] = mapped_column(default="")


class CommitteeBallot(CommunityRow, Base):
    """An open vote of one member; `recorded_by` is who wrote it down (mostly the member)."""

    __tablename__ = "committee_ballot"
    __table_args__ = (
        UniqueConstraint("community_id", "vote_id", "person_id", name="uq_committee_ballot"),
        _of("committee_ballot", "vote_id", "committee_vote"),
    )

    vote_id: Mapped[str]
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    choice: Mapped[str]
    recorded_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]


class CommitteeVoter(CommunityRow, Base):
    """That somebody has voted in a secret vote: without a time, and without what."""

    __tablename__ = "committee_voter"
    __table_args__ = (
        UniqueConstraint("community_id", "vote_id", "person_id", name="uq_committee_voter"),
        _of("committee_voter", "vote_id", "committee_vote"),
    )

    vote_id: Mapped[str]
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))


class CommitteeAttendance(CommunityRow, Base):
    """Who came, was late or stayed away (with a reason); `observer` for those who look on without a vote: their
    `reason` is the role in which they do.
    """

    __tablename__ = "committee_attendance"
    __table_args__ = (
        UniqueConstraint("community_id", "meeting_id", "person_id", name="uq_committee_attendance"),
        _of("committee_attendance", "meeting_id", "committee_meeting"),
    )

    meeting_id: Mapped[str]
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    observer: Mapped[bool]
    presence: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    recorded_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]


class CommitteeRequest(CommunityRow, Base):
    """Members demand a meeting; from a third of them on it is due by `due` (指导规则 37)."""

    __tablename__ = "committee_request"
    __table_args__ = (_of("committee_request", "meeting_id", "committee_meeting"),)

    subject: Mapped[str]
    made_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]
    reached_at: Mapped[datetime | None]
    due: Mapped[date | None]
    meeting_id: Mapped[str | None]


class CommitteeRequestSignature(CommunityRow, Base):
    """A member who joins a demand."""

    __tablename__ = "committee_request_signature"
    __table_args__ = (
        UniqueConstraint("community_id", "request_id", "person_id", name="uq_committee_request_signature"),
        _of("committee_request_signature", "request_id", "committee_request"),
    )

    request_id: Mapped[str]
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]


class CommitteeObservation(CommunityRow, Base):
    """意见: what an owner, a supervisor or the residents' committee says about a meeting, and the answer to it."""

    __tablename__ = "committee_observation"
    __table_args__ = (_of("committee_observation", "meeting_id", "committee_meeting"),)

    meeting_id: Mapped[str]
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    role: Mapped[str]
    text: Mapped[str]
    at: Mapped[datetime]
    answer: Mapped[str | None]
    answered_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime | None]


class CommitteeMinutes(CommunityRow, Base):
    """会议记录, frozen: `content` in canonical JSON, `digest` its SHA-256. While they are not signed by enough members
    a new version may take their place; the latest counts.
    """

    __tablename__ = "committee_minutes"
    __table_args__ = (
        UniqueConstraint("community_id", "meeting_id", "version", name="uq_committee_minutes"),
        _of("committee_minutes", "meeting_id", "committee_meeting"),
    )

    meeting_id: Mapped[str]
    version: Mapped[int]
    content: Mapped[bytes]
    digest: Mapped[str]
    finished_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    finished_at: Mapped[datetime]


class CommitteeSignature(CommunityRow, Base):
    """A member's signature under minutes: made with their own key (`signature`, hex), or a confirmation under their
    account where they have none.
    """

    __tablename__ = "committee_signature"
    __table_args__ = (
        UniqueConstraint("community_id", "minutes_id", "person_id", name="uq_committee_signature"),
        _of("committee_signature", "minutes_id", "committee_minutes"),
    )

    minutes_id: Mapped[str]
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    key_id: Mapped[str | None]
    public: Mapped[str | None]
    signature: Mapped[str | None]
    at: Mapped[datetime]


class CommitteePaper(CommunityRow, Base):
    """The printed minutes: `form` full or public, `sha256` of the PDF in the file store."""

    __tablename__ = "committee_paper"
    __table_args__ = (
        UniqueConstraint("community_id", "minutes_id", "form", name="uq_committee_paper"),
        _of("committee_paper", "minutes_id", "committee_minutes"),
    )

    minutes_id: Mapped[str]
    form: Mapped[str]
    sha256: Mapped[str]
    made_at: Mapped[datetime]
