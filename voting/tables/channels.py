"""Around the ballots that are not simply cast by their owner: the meeting's desks, proxies, help, official results.

None of this is the record: what counts is in the log. It is who stood at which desk, on what paper somebody voted for
another, who helped whom; people ask for it, and courts.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from hoa.db import Base, CommunityRow
from voting.tables.core import InAssembly, of_assembly


class MeetingDesk(InAssembly, Base):
    """A desk of a live meeting (R1.28). Its name is what a ballot's evidence says, so it never changes."""

    __tablename__ = "meeting_desk"
    __table_args__ = of_assembly(
        "meeting_desk", UniqueConstraint("community_id", "assembly_id", "name", name="uq_meeting_desk_name")
    )

    name: Mapped[str]
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class CheckIn(InAssembly, Base):
    """Somebody came to a desk for an elector: who, as what, checked by whom. Leaving ends the row and is final."""

    __tablename__ = "check_in"
    __table_args__ = of_assembly(
        "check_in",
        ForeignKeyConstraint(
            ["community_id", "desk_id"],
            ["meeting_desk.community_id", "meeting_desk.id"],
            name="fk_check_in_meeting_desk",
        ),
        # One elector is present once.
        Index(
            "uq_check_in_present",
            "community_id",
            "assembly_id",
            "elector",
            unique=True,
            sqlite_where=text("left_at IS NULL"),
            postgresql_where=text("left_at IS NULL"),
        ),
    )

    desk_id: Mapped[str]
    elector: Mapped[str]
    person_id: Mapped[str | None]
    name: Mapped[str]
    # owner, guardian, representative or agent.
    capacity: Mapped[str]
    level: Mapped[str]
    checked_by: Mapped[str]
    at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    left_by: Mapped[str | None]


class ProxyAuthority(InAssembly, Base):
    """A 委托 (R1.30). `record` is sealed: it holds the instruction, which is a leaning while voting is open.

    `digest` is what the ballot's evidence names: the SHA-256 of the record of an authority given here, or of the scan
    of a written one. `agent` is how ballot evidence names the agent, the same for all of an agent's principals.
    """

    __tablename__ = "proxy_authority"
    __table_args__ = of_assembly(
        "proxy_authority",
        UniqueConstraint("community_id", "assembly_id", "digest", name="uq_proxy_authority_digest"),
        Index("ix_proxy_authority_elector", "community_id", "assembly_id", "elector"),
        Index("ix_proxy_authority_agent", "community_id", "assembly_id", "agent"),
    )

    elector: Mapped[str]
    principal_id: Mapped[str | None]
    principal_name: Mapped[str]
    agent: Mapped[str]
    agent_id: Mapped[str | None]
    agent_name: Mapped[str]
    until: Mapped[datetime]
    digest: Mapped[str]
    record: Mapped[bytes]
    # The written authority: where its sealed copy is kept, what it is, and which papers were seen with it.
    scan_key: Mapped[str | None]
    scan_type: Mapped[str | None]
    identity_seen: Mapped[str]
    seen_by: Mapped[str | None]
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None]
    # The ballot that was cast on it, and who sat at the screen.
    leaf: Mapped[str | None]
    cast_by: Mapped[str | None]


class AssistedSession(InAssembly, Base):
    """A ballot cast with somebody's help: who helped, how the owner agreed to it, and that the owner was told."""

    __tablename__ = "assisted_session"
    __table_args__ = of_assembly(
        "assisted_session", Index("ix_assisted_session_elector", "community_id", "assembly_id", "elector")
    )

    elector: Mapped[str]
    owner_id: Mapped[str]
    person_id: Mapped[str]
    helper: Mapped[str]
    relation: Mapped[str]
    place: Mapped[str]
    opened_by: Mapped[str]
    opened_at: Mapped[datetime]
    # How the owner agreed: by a code sent to their phone, or by a check of two officers just before.
    code_id: Mapped[str | None]
    check_id: Mapped[str | None]
    confirmed_at: Mapped[datetime | None]
    leaf: Mapped[str | None]
    cast_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]


class BallotTrace(InAssembly, Base):
    """From which device an online ballot came: a keyed digest that means nothing outside its assembly, kept to be
    counted (rules.md F29), never to be read. It says nothing of how anybody voted.
    """

    __tablename__ = "ballot_trace"
    __table_args__ = of_assembly(
        "ballot_trace", UniqueConstraint("community_id", "assembly_id", "leaf", name="uq_ballot_trace_leaf")
    )

    leaf: Mapped[str]
    device: Mapped[str]


class OfficialResult(CommunityRow, Base):
    """A decision taken in an official voting system (R1.28, R3.1): its file and its figures, entered by one person and
    confirmed by another. There are no ballots of it here, so it is no `Assembly`.
    """

    __tablename__ = "official_result"
    __table_args__ = (
        # What was sent back may be entered again.
        Index(
            "uq_official_result_file",
            "community_id",
            "file",
            unique=True,
            sqlite_where=text("state <> 'refused'"),
            postgresql_where=text("state <> 'refused'"),
        ),
        Index("ix_official_result_state", "community_id", "state"),
    )

    title: Mapped[str]
    system: Mapped[str]
    decided_on: Mapped[date]
    # SHA-256 of the file as it came.
    file: Mapped[str]
    file_name: Mapped[str]
    file_size: Mapped[int]
    # [{"title", "text", "matter", "class", "roll", "participated", "agree", "oppose", "abstain", "invalid", "said"}]
    motions: Mapped[list[Any]]
    state: Mapped[str]
    entered_by: Mapped[str]
    entered_at: Mapped[datetime]
    settled_by: Mapped[str | None]
    settled_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")
