"""码上提: suggestions, what happened to them step by step, and who handles them (rules.md 8).

A reporter's name and phone are kept sealed through the keys port, the phone also as a keyed digest to find equals;
nothing public, exported or logged is made from those columns (trust.md 20). Steps are written once and chained.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hoa.accounts.delivering import Delivery
from hoa.db import Base, CommunityRow


def _suggestion(name: str = "suggestion_id") -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["community_id", name], ["suggestion.community_id", "suggestion.id"])


def _handler() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["community_id", "handler_id"], ["handler.community_id", "handler.id"])


class Place(CommunityRow, Base):
    """A place with a QR poster of its own: scanning `code` opens the page with the place filled in.

    `building`, `entrance` are the register's names, empty outside buildings; `floor` None where none is meant.
    """

    __tablename__ = "affairs_place"
    __table_args__ = (UniqueConstraint("community_id", "code", name="uq_affairs_place_code"),)

    code: Mapped[str]
    name: Mapped[str]
    building: Mapped[str]
    entrance: Mapped[str]
    floor: Mapped[int | None]
    added_at: Mapped[datetime]
    added_by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    removed_at: Mapped[datetime | None]


class Handler(CommunityRow, Base):
    """承办单位: an office (`body` names it: whoever holds a post there works for it) or an outside unit (`body` empty),
    whose contact `person_id` signs in by a link of their own.
    """

    __tablename__ = "handler"

    name: Mapped[str]
    body: Mapped[str]
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    added_at: Mapped[datetime]
    added_by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime | None]


class HandlerLink(CommunityRow, Base):
    """A sign-in link of an outside unit's contact: only its digest is kept; it works once, until `expires_at`."""

    __tablename__ = "handler_link"
    __table_args__ = (_handler(), UniqueConstraint("token_hash", name="uq_handler_link_token_hash"))

    handler_id: Mapped[str]
    token_hash: Mapped[str]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Draft(CommunityRow, Base):
    """A suggestion that is being written: what was typed, sealed, until it is sent or a day has passed. The browser
    in which it was begun writes on; once sent, it only says where the suggestion is.
    """

    __tablename__ = "suggestion_draft"

    sealed: Mapped[bytes]
    made_at: Mapped[datetime]


class DraftPhoto(CommunityRow, Base):
    """A picture of a draft, redrawn without metadata; it goes into the files port when the draft is sent."""

    __tablename__ = "suggestion_draft_photo"
    __table_args__ = (
        ForeignKeyConstraint(
            ["community_id", "draft_id"],
            ["suggestion_draft.community_id", "suggestion_draft.id"],
            name="fk_suggestion_draft_photo_draft",
        ),
        UniqueConstraint("community_id", "draft_id", "seq", name="uq_suggestion_draft_photo_seq"),
    )

    draft_id: Mapped[str]
    seq: Mapped[int]
    sealed: Mapped[bytes]
    media_type: Mapped[str]


class Cluster(CommunityRow, Base):
    """共性问题: suggestions about one cause, raised and handled as one. `raised_to` is a body, once raised."""

    __tablename__ = "suggestion_cluster"
    __table_args__ = (UniqueConstraint("community_id", "year", "number", name="uq_suggestion_cluster_number"),)

    year: Mapped[int]
    number: Mapped[int]
    title: Mapped[str]
    text: Mapped[str]
    made_at: Mapped[datetime]
    made_by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    raised_to: Mapped[str]
    raised_at: Mapped[datetime | None]

    @property
    def label(self) -> str:
        return f"G{self.year}-{self.number:03d}"


class Suggestion(CommunityRow, Base):
    """诉求: what somebody said, where, and how it stands now. What was said never changes; how it stands is what the
    last step says (`hoa.affairs.rules.states`), kept here to be searched.

    `title` is the public wording that triage gives it; until then the public sees category, place and day only. The
    reporter's link is derived from the id by the keys port and kept nowhere (`hoa.affairs.service.links`); `may_call`:
    the handler may see name and phone. `round` is 2 after it was reopened. The clock: `due_on` is the last day for
    triage until it is assigned, then the handler's with pauses; `assigned_on` the day it was given to the handler in
    this round, `clock_from` the day the running clock began; `provisional` while a year it counts through is not
    announced; `paused_on` the day a pause began, `paused_days` the working days it stood still in this round. `level`
    is how far it was escalated in this round (0 not, 1 grid, 2 community, 3 street).
    """

    __tablename__ = "suggestion"
    __table_args__ = (
        UniqueConstraint("community_id", "year", "number", name="uq_suggestion_number"),
        ForeignKeyConstraint(["community_id", "place_id"], ["affairs_place.community_id", "affairs_place.id"]),
        _handler(),
        _suggestion("merged_into_id"),
        ForeignKeyConstraint(
            ["community_id", "cluster_id"], ["suggestion_cluster.community_id", "suggestion_cluster.id"]
        ),
        Index("ix_suggestion_state", "community_id", "state", "due_on"),
        Index("ix_suggestion_received", "community_id", "received_at"),
        Index("ix_suggestion_reporter", "community_id", "reporter_phone_key"),
    )

    year: Mapped[int]
    number: Mapped[int]
    category: Mapped[str]
    text: Mapped[str]
    place_id: Mapped[str | None]
    building: Mapped[str]
    entrance: Mapped[str]
    floor: Mapped[int | None]
    spot: Mapped[str]
    channel: Mapped[str]
    received_at: Mapped[datetime]
    received_by_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    reporter_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    reporter_name_sealed: Mapped[bytes | None]
    reporter_phone_sealed: Mapped[bytes | None]
    reporter_phone_key: Mapped[str | None]
    may_call: Mapped[bool]
    state: Mapped[str]
    round: Mapped[int]
    title: Mapped[str]
    sorting: Mapped[str]
    handler_id: Mapped[str | None]
    profile: Mapped[str]
    assigned_on: Mapped[date | None]
    clock_from: Mapped[date]
    due_on: Mapped[date | None]
    provisional: Mapped[bool]
    paused_on: Mapped[date | None]
    paused_days: Mapped[int]
    level: Mapped[int]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    merged_into_id: Mapped[str | None]
    cluster_id: Mapped[str | None]
    public_text: Mapped[str]
    public_answer: Mapped[str]
    published_at: Mapped[datetime | None]

    @property
    def label(self) -> str:
        """2026-0012: how it is cited, in public too."""
        return f"{self.year}-{self.number:04d}"


class Step(CommunityRow, Base):
    """One thing that happened to a suggestion. `by` is who acted (`hoa.affairs.rules.states.Actor`), `person_id` which
    person where there is an account, `handler_id` for which unit. `reason` is what the reporter reads; `details` says
    the rest (days, class, letter, level). `hash` is SHA-256 over the step's canonical JSON with `previous`.
    """

    __tablename__ = "suggestion_step"
    __table_args__ = (
        _suggestion(),
        UniqueConstraint("community_id", "suggestion_id", "seq", name="uq_suggestion_step_seq"),
    )

    suggestion_id: Mapped[str]
    seq: Mapped[int]
    at: Mapped[datetime]
    action: Mapped[str]
    state: Mapped[str]
    by: Mapped[str]
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    handler_id: Mapped[str | None]
    reason: Mapped[str]
    details: Mapped[dict[str, Any]]
    previous: Mapped[str]
    hash: Mapped[str]


class Photo(CommunityRow, Base):
    """A picture, redrawn without metadata, in the files port under `digest`. `phase` is before or after; shown in
    public only once somebody looked at it (`cleared_at`).
    """

    __tablename__ = "suggestion_photo"
    __table_args__ = (_suggestion(), Index("ix_suggestion_photo_suggestion", "community_id", "suggestion_id"))

    suggestion_id: Mapped[str]
    phase: Mapped[str]
    digest: Mapped[str]
    media_type: Mapped[str]
    added_at: Mapped[datetime]
    cleared_at: Mapped[datetime | None]
    cleared_by_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))


class Follower(CommunityRow, Base):
    """Somebody who has the same problem and follows instead of reporting it again: an account, or a phone."""

    __tablename__ = "suggestion_follower"
    __table_args__ = (
        _suggestion(),
        UniqueConstraint("community_id", "suggestion_id", "phone_key", name="uq_suggestion_follower_phone"),
        UniqueConstraint("community_id", "suggestion_id", "person_id", name="uq_suggestion_follower_person"),
    )

    suggestion_id: Mapped[str]
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    phone_key: Mapped[str | None]
    phone_sealed: Mapped[bytes | None]
    since: Mapped[datetime]


class Message(Delivery, Base):
    """A message about a suggestion that was sent, or could not be (no numbers, no words: those would name people).
    `occasion` is the step it tells of, `recipient` a role or a row (`reporter:<suggestion>`, `follower:<id>`,
    `person:<id>`): the same step is told to the same recipient once.
    """

    __tablename__ = "suggestion_message"
    __table_args__ = (
        _suggestion(),
        UniqueConstraint(
            "community_id", "suggestion_id", "kind", "occasion", "recipient", name="uq_suggestion_message_once"
        ),
    )

    suggestion_id: Mapped[str]
    kind: Mapped[str]
    occasion: Mapped[int]
    recipient: Mapped[str]
    made_at: Mapped[datetime]


class SupervisionLetter(CommunityRow, Base):
    """督办函: asks the handler of an overdue suggestion for an answer by `answer_by`, in the name of `level`."""

    __tablename__ = "supervision_letter"
    __table_args__ = (
        _suggestion(),
        _handler(),
        UniqueConstraint("community_id", "year", "number", name="uq_supervision_letter_number"),
    )

    suggestion_id: Mapped[str]
    handler_id: Mapped[str]
    year: Mapped[int]
    number: Mapped[int]
    level: Mapped[int]
    text: Mapped[str]
    answer_by: Mapped[date]
    issued_at: Mapped[datetime]
    issued_by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))

    @property
    def label(self) -> str:
        return f"{self.year}-{self.number:03d}"


class Rating(CommunityRow, Base):
    """评价: one to five stars for one round, by the reporter: from the message's link, signed in, or told on the phone
    in a call-back.
    """

    __tablename__ = "suggestion_rating"
    __table_args__ = (
        _suggestion(),
        UniqueConstraint("community_id", "suggestion_id", "round", name="uq_suggestion_rating_round"),
    )

    suggestion_id: Mapped[str]
    round: Mapped[int]
    stars: Mapped[int]
    text: Mapped[str]
    via: Mapped[str]
    at: Mapped[datetime]


class Check(CommunityRow, Base):
    """回访 (a call) or 实地验收 (on site) after an answer: who looked, and what came out."""

    __tablename__ = "suggestion_check"
    __table_args__ = (_suggestion(), Index("ix_suggestion_check_suggestion", "community_id", "suggestion_id"))

    suggestion_id: Mapped[str]
    round: Mapped[int]
    kind: Mapped[str]
    outcome: Mapped[str]
    text: Mapped[str]
    at: Mapped[datetime]
    by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
