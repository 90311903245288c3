"""Committee meetings, their minutes and votes, limits of authority, the seal register."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from hoa.db import Instant
from hoa.kernel.ids import new_id
from hoa.migrations.guards import forbid

revision = "0017_meetings"
down_revision = "0016_nomination"
branch_labels = None
depends_on = None

SETTLED = "OLD.settled_at IS NOT NULL"
# What the members were invited to is what they meet about.
CALLED = (
    "NEW.kind <> OLD.kind OR NEW.starts_at <> OLD.starts_at OR NEW.place <> OLD.place OR NEW.planned <> OLD.planned "
    "OR NEW.reason <> OLD.reason OR NEW.called_by <> OLD.called_by OR NEW.called_at <> OLD.called_at"
)
ITEM = (
    "OLD.resolution_id IS NOT NULL OR NEW.kind <> OLD.kind OR NEW.title <> OLD.title OR NEW.text <> OLD.text "
    "OR NEW.secret <> OLD.secret"
)
# An end may be set to a limit that has none, or brought forward; nothing else changes.
LIMIT = (
    "NEW.single_fen <> OLD.single_fen OR NEW.basis <> OLD.basis OR NEW.clause <> OLD.clause "
    "OR NEW.from_on <> OLD.from_on OR COALESCE(NEW.yearly_fen, -1) <> COALESCE(OLD.yearly_fen, -1) "
    "OR NEW.set_at <> OLD.set_at OR OLD.ended_because <> ''"
)


def upgrade() -> None:
    _meetings()
    _votes()
    _minutes()
    _seals()
    _limits()
    _guards()


def _meetings() -> None:
    _table(
        "committee_meeting",
        *_numbers("year", "number"),
        *_texts("kind", "place"),
        _moment("starts_at"),
        *_numbers("planned"),
        *_texts("reason"),
        _person("called_by"),
        _moment("called_at"),
        _moment("told_at", nullable=True),
        *_texts("told_how"),
        _moment("opened_at", nullable=True),
        _moment("ended_at", nullable=True),
        _person("ended_by", nullable=True),
        _moment("cancelled_at", nullable=True),
        *_texts("cancelled_because"),
        sa.Column("post_by", sa.Date(), nullable=True),
        *_texts("remarks"),
        _moment("settled_at", nullable=True),
        unique=("year", "number"),
    )
    _table(
        "committee_item",
        *_texts("meeting_id"),
        *_numbers("no"),
        *_texts("kind", "title", "text"),
        sa.Column("secret", sa.Boolean(), nullable=False),
        sa.Column("limit_fen", sa.BigInteger(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        *_texts("not_reserved"),
        sa.Column("resolution_id", sa.Text(), nullable=True),
        unique=("meeting_id", "no"),
        of={"meeting_id": "committee_meeting", "resolution_id": "resolution"},
    )
    _table(
        "committee_attendance",
        *_texts("meeting_id"),
        _person("person_id"),
        sa.Column("observer", sa.Boolean(), nullable=False),
        *_texts("presence", "reason"),
        _person("recorded_by"),
        _moment("at"),
        unique=("meeting_id", "person_id"),
        of={"meeting_id": "committee_meeting"},
    )
    _table(
        "committee_request",
        *_texts("subject"),
        _person("made_by"),
        _moment("made_at"),
        _moment("reached_at", nullable=True),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("meeting_id", sa.Text(), nullable=True),
        of={"meeting_id": "committee_meeting"},
    )
    _table(
        "committee_request_signature",
        *_texts("request_id"),
        _person("person_id"),
        _moment("at"),
        unique=("request_id", "person_id"),
        of={"request_id": "committee_request"},
    )
    _table(
        "committee_observation",
        *_texts("meeting_id"),
        _person("person_id"),
        *_texts("role", "text"),
        _moment("at"),
        sa.Column("answer", sa.Text(), nullable=True),
        _person("answered_by", nullable=True),
        _moment("answered_at", nullable=True),
        of={"meeting_id": "committee_meeting"},
    )


def _votes() -> None:
    _table(
        "committee_vote",
        *_texts("item_id"),
        *_numbers("round"),
        sa.Column("secret", sa.Boolean(), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        _moment("opened_at"),
        sa.Column("box", sa.LargeBinary(), nullable=True),
        _moment("closed_at", nullable=True),
        sa.Column("present", sa.BigInteger(), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=True),
        sa.Column("winner", sa.Text(), nullable=True),
        *_texts("line"),
        unique=("item_id", "round"),
        of={"item_id": "committee_item"},
    )
    _table(
        "committee_ballot",
        *_texts("vote_id"),
        _person("person_id"),
        *_texts("choice"),
        _person("recorded_by"),
        _moment("at"),
        unique=("vote_id", "person_id"),
        of={"vote_id": "committee_vote"},
    )
    _table(
        "committee_voter",
        *_texts("vote_id"),
        _person("person_id"),
        unique=("vote_id", "person_id"),
        of={"vote_id": "committee_vote"},
    )


def _minutes() -> None:
    _table(
        "committee_minutes",
        *_texts("meeting_id"),
        *_numbers("version"),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        *_texts("digest"),
        _person("finished_by"),
        _moment("finished_at"),
        unique=("meeting_id", "version"),
        of={"meeting_id": "committee_meeting"},
    )
    _table(
        "committee_signature",
        *_texts("minutes_id"),
        _person("person_id"),
        sa.Column("key_id", sa.Text(), nullable=True),
        sa.Column("public", sa.Text(), nullable=True),
        sa.Column("signature", sa.Text(), nullable=True),
        _moment("at"),
        unique=("minutes_id", "person_id"),
        of={"minutes_id": "committee_minutes"},
    )
    _table(
        "committee_paper",
        *_texts("minutes_id", "form", "sha256"),
        _moment("made_at"),
        unique=("minutes_id", "form"),
        of={"minutes_id": "committee_minutes"},
    )


def _seals() -> None:
    _table(
        "seal",
        *_texts("name", "kind"),
        _person("keeper_id"),
        sa.Column("since", sa.Date(), nullable=False),
        _person("entered_by"),
        _moment("entered_at"),
        sa.Column("retired_on", sa.Date(), nullable=True),
        *_texts("retired_because"),
        unique=("name",),
    )
    _table(
        "seal_use",
        *_texts("seal_id"),
        *_numbers("year", "number"),
        *_texts("document"),
        *_numbers("copies"),
        sa.Column("resolution_id", sa.Text(), nullable=True),
        *_texts("urgent"),
        _person("approved_by"),
        _moment("requested_at"),
        _person("applied_by", nullable=True),
        _moment("applied_at", nullable=True),
        unique=("year", "number"),
        of={"seal_id": "seal", "resolution_id": "resolution"},
    )
    _table(
        "seal_decision",
        *_texts("use_id", "resolution_id"),
        _person("by"),
        _moment("at"),
        unique=("use_id",),
        of={"use_id": "seal_use", "resolution_id": "resolution"},
    )
    _table(
        "seal_consent",
        *_texts("use_id"),
        _person("person_id"),
        _moment("at"),
        unique=("use_id", "person_id"),
        of={"use_id": "seal_use"},
    )


def _limits() -> None:
    """Limits of authority leave the book: each book's single limit becomes a row with the words it rested on."""
    _table(
        "authority_limit",
        *_numbers("single_fen"),
        sa.Column("yearly_fen", sa.BigInteger(), nullable=True),
        *_texts("basis", "clause"),
        sa.Column("rulebook_id", sa.Text(), nullable=True),
        sa.Column("resolution_id", sa.Text(), nullable=True),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        _person("set_by", nullable=True),
        _moment("set_at"),
        *_texts("ended_because"),
        _person("ended_by", nullable=True),
        of={"rulebook_id": "rulebook_version", "resolution_id": "resolution"},
    )
    book = sa.table(
        "finance_book",
        *(sa.column(name) for name in ("community_id", "limits_source")),
        sa.column("payment_limit_fen", sa.BigInteger()),
        sa.column("opened_on", sa.Date()),
        sa.column("kind"),
    )
    limit = sa.table(
        "authority_limit",
        *(sa.column(name) for name in ("community_id", "id", "basis", "clause", "ended_because")),
        sa.column("single_fen", sa.BigInteger()),
        sa.column("from_on", sa.Date()),
        sa.column("set_at", Instant()),
    )
    for row in op.get_bind().execute(sa.select(book).where(book.c.kind == "trust")).all():
        if row.payment_limit_fen:
            op.execute(
                limit.insert().values(
                    community_id=row.community_id,
                    id=new_id(),
                    basis=row.limits_source or "建账时登记",
                    clause="",
                    ended_because="",
                    single_fen=row.payment_limit_fen,
                    from_on=row.opened_on,
                    set_at=sa.func.current_timestamp(),
                )
            )
    op.drop_column("finance_book", "payment_limit_fen")


def _guards() -> None:
    forbid("committee_meeting", actions=("UPDATE",), when=SETTLED, because="the minutes are signed")
    forbid("committee_meeting", actions=("UPDATE",), when=CALLED, because="members were invited to this")
    forbid("committee_item", actions=("UPDATE",), when=ITEM, because="an item of the agenda stays")
    forbid("committee_vote", actions=("UPDATE",), when="OLD.closed_at IS NOT NULL", because="the vote is closed")
    forbid("committee_observation", actions=("UPDATE",), when="OLD.answer IS NOT NULL", because="it was answered")
    forbid("seal_use", actions=("UPDATE",), when="OLD.applied_at IS NOT NULL", because="the seal was set")
    forbid("authority_limit", actions=("UPDATE",), when=LIMIT, because="a limit is ended and never changed")
    for table in (
        "committee_meeting",
        "committee_item",
        "committee_vote",
        "committee_attendance",
        "committee_request",
        "committee_observation",
        "seal",
        "seal_use",
        "authority_limit",
    ):
        forbid(table, actions=("DELETE",), because="it is kept")
    for table in (
        "committee_ballot",
        "committee_voter",
        "committee_request_signature",
        "committee_minutes",
        "committee_signature",
        "committee_paper",
        "seal_decision",
        "seal_consent",
    ):
        forbid(table, because="evidence")


# ----------------------------------------------------------------------------------------------------------- helpers


def _table(
    name: str,
    *columns: sa.Column[Any],
    unique: tuple[str, ...] = (),
    of: dict[str, str] | None = None,
) -> None:
    """A table of a community: `of` are its composite foreign keys by column."""
    people = [column.name for column in columns if column.info.get("person")]
    parts: list[Any] = [
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("community_id", "id", name=f"pk_{name}"),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=f"fk_{name}_community_id_community"),
        *(sa.ForeignKeyConstraint([one], ["person.id"], name=f"fk_{name}_{one}_person") for one in people),
    ]
    for column, table in (of or {}).items():
        target = [f"{table}.community_id", f"{table}.id"]
        parts.append(sa.ForeignKeyConstraint(["community_id", column], target, name=f"fk_{name}_{column}"))
    if unique:
        parts.append(sa.UniqueConstraint("community_id", *unique, name=f"uq_{name}"))
    op.create_table(name, *parts)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def _moment(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, Instant(), nullable=nullable)


def _person(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable, info={"person": True})
