"""Findings' life, questions, samples, annotations, scorecards, audits at the end of a term; of online ballots, how many
came from one device."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from hoa.db import Instant
from hoa.migrations.guards import forbid

revision = "0027_supervision"
down_revision = "0026_report"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _cases()
    _annotations()
    _samples()
    _objections()
    _scores()
    _departures()
    _traces()


def _text(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _moment(name: str, *, nullable: bool = True) -> sa.Column[Any]:
    return sa.Column(name, Instant(), nullable=nullable)


def _day(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Date(), nullable=nullable)


def _count(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _json(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON(), nullable=False)


def _flag(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    columns = [f"{target}.community_id", f"{target}.id"]
    return sa.ForeignKeyConstraint(["community_id", column], columns, name=f"fk_{table}_{column}")


def _table(name: str, *parts: Any, people: tuple[str, ...]) -> None:
    keys = [sa.ForeignKeyConstraint([column], ["person.id"], name=f"fk_{name}_{column}_person") for column in people]
    op.create_table(
        name,
        *parts,
        _text("community_id"),
        _text("id"),
        sa.PrimaryKeyConstraint("community_id", "id", name=f"pk_{name}"),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=f"fk_{name}_community_id_community"),
        *keys,
    )


def _moved(*columns: str) -> str:
    """Whether one of these columns has another value now; JSON is compared as text, which PostgreSQL's needs."""
    return " OR ".join(f"CAST(NEW.{name} AS TEXT) IS DISTINCT FROM CAST(OLD.{name} AS TEXT)" for name in columns)


def _kept(*columns: str) -> str:
    """Whether one of these columns, once written, is written again."""
    return " OR ".join(f"(OLD.{name} IS NOT NULL AND NEW.{name} IS DISTINCT FROM OLD.{name})" for name in columns)


def _cases() -> None:
    table, step = "supervision_case", "supervision_step"
    words = ("kind", "key", "code", "check_id", "severity", "title", "sentence", "rule", "office", "advice")
    _table(
        table,
        *map(_text, words),
        _count("number"),
        _count("amount_fen"),
        _json("params"),
        _json("evidence"),
        _text("report_id", nullable=True),
        _day("starts_on", nullable=True),
        _day("ends_on", nullable=True),
        _text("raised_by", nullable=True),
        _moment("raised_at", nullable=False),
        _text("state"),
        _day("due_on"),
        _flag("provisional"),
        *map(_moment, ("escalated_at", "closed_at", "published_at")),
        _to(table, "report_id", "audit_report"),
        sa.UniqueConstraint("community_id", "kind", "number", name="uq_supervision_case_number"),
        sa.UniqueConstraint("community_id", "key", name="uq_supervision_case_key"),
        people=("raised_by",),
    )
    op.create_index("ix_supervision_case_state", table, ["community_id", "state"])
    forbid(table, actions=("DELETE",), because="a finding stays")
    fixed = (*words, "number", "amount_fen", "params", "evidence", "report_id", "raised_by", "raised_at")
    moved = f"{_moved(*fixed)} OR {_kept('escalated_at', 'published_at')}"
    forbid(table, actions=("UPDATE",), when=moved, because="what was found stays")
    _table(
        step,
        _text("case_id"),
        _count("no"),
        *map(_text, ("act", "because", "paper")),
        _text("by", nullable=True),
        _moment("at", nullable=False),
        _day("due_on", nullable=True),
        _text("voucher_id", nullable=True),
        _text("report_id", nullable=True),
        _json("documents"),
        _to(step, "case_id", table),
        _to(step, "voucher_id", "finance_voucher"),
        _to(step, "report_id", "audit_report"),
        sa.UniqueConstraint("community_id", "case_id", "no", name="uq_supervision_step_no"),
        people=("by",),
    )
    forbid(step, because="a step that was taken stays")


def _annotations() -> None:
    table = "supervision_annotation"
    _table(
        table,
        *map(_text, ("voucher_id", "text", "by")),
        _moment("at", nullable=False),
        _to(table, "voucher_id", "finance_voucher"),
        people=("by",),
    )
    op.create_index("ix_supervision_annotation_voucher", table, ["community_id", "voucher_id"])
    forbid(table, because="an annotation stays")


def _samples() -> None:
    table, item = "supervision_sample", "supervision_sample_item"
    _table(
        table,
        *map(_count, ("number", "threshold_fen", "size", "population")),
        *map(_text, ("book_id", "method", "seed", "account", "digest", "drawn_by")),
        _day("starts_on"),
        _day("ends_on"),
        _moment("drawn_at", nullable=False),
        _to(table, "book_id", "finance_book"),
        sa.UniqueConstraint("community_id", "number", name="uq_supervision_sample_number"),
        people=("drawn_by",),
    )
    forbid(table, because="what was drawn stays drawn")
    _table(
        item,
        _count("position"),
        *map(_text, ("sample_id", "voucher_id", "hash", "note")),
        _text("result", nullable=True),
        _text("ticked_by", nullable=True),
        _moment("ticked_at"),
        _to(item, "sample_id", table),
        _to(item, "voucher_id", "finance_voucher"),
        sa.UniqueConstraint("community_id", "sample_id", "position", name="uq_supervision_sample_item"),
        people=("ticked_by",),
    )
    forbid(item, actions=("DELETE",), because="a drawn voucher stays drawn")
    moved = f"OLD.result IS NOT NULL OR {_moved('sample_id', 'position', 'voucher_id', 'hash')}"
    forbid(item, actions=("UPDATE",), when=moved, because="a result is written once")


def _objections() -> None:
    table = "supervision_objection"
    _table(
        table,
        *map(_text, ("publication_id", "text", "by", "lifted_because")),
        _moment("at", nullable=False),
        _text("lifted_by", nullable=True),
        _moment("lifted_at"),
        _to(table, "publication_id", "publication"),
        people=("by", "lifted_by"),
    )
    op.create_index("ix_supervision_objection_publication", table, ["community_id", "publication_id"])
    forbid(table, actions=("DELETE",), because="an objection is lifted, never deleted")
    moved = f"OLD.lifted_at IS NOT NULL OR {_moved('publication_id', 'text', 'by', 'at')}"
    forbid(table, actions=("UPDATE",), when=moved, because="an objection is only lifted, once")


def _scores() -> None:
    sheet, table, rating = "supervision_sheet", "supervision_evaluation", "supervision_rating"
    _table(
        sheet,
        _count("version"),
        _json("criteria"),
        _text("made_by"),
        _moment("made_at", nullable=False),
        sa.UniqueConstraint("community_id", "version", name="uq_supervision_sheet_version"),
        people=("made_by",),
    )
    forbid(sheet, because="a version of the sheet stays")
    _table(
        table,
        _count("number"),
        *map(_text, ("sheet_id", "opened_by")),
        _day("starts_on"),
        _day("ends_on"),
        _flag("owners"),
        _moment("opened_at", nullable=False),
        _text("closed_by", nullable=True),
        _moment("closed_at"),
        _text("publication_id", nullable=True),
        _to(table, "sheet_id", sheet),
        _to(table, "publication_id", "publication"),
        sa.UniqueConstraint("community_id", "number", name="uq_supervision_evaluation_number"),
        people=("opened_by", "closed_by"),
    )
    forbid(table, actions=("DELETE",), because="an evaluation stays")
    moved = f"OLD.closed_at IS NOT NULL OR {_moved('number', 'sheet_id', 'starts_on', 'ends_on', 'owners')}"
    forbid(table, actions=("UPDATE",), when=moved, because="an evaluation is only closed, once")
    _table(
        rating,
        *map(_text, ("evaluation_id", "rater_id", "reason")),
        _count("no"),
        _flag("supervisor"),
        _json("marks"),
        _moment("at", nullable=False),
        sa.UniqueConstraint("community_id", "evaluation_id", "no", name="uq_supervision_rating_no"),
        _to(rating, "evaluation_id", table),
        people=("rater_id",),
    )
    op.create_index("ix_supervision_rating_evaluation", rating, ["community_id", "evaluation_id"])
    forbid(rating, because="what was rated stays")


def _departures() -> None:
    table, mark, reply = "supervision_term_audit", "supervision_term_mark", "supervision_term_reply"
    _table(
        table,
        *map(_text, ("subject", "begun_by", "draft", "opinion")),
        *(_text(name, nullable=True) for name in ("person_id", "report_id", "draft_by", "final_by")),
        *map(_day, ("left_on", "starts_on", "ends_on")),
        _day("feedback_until", nullable=True),
        _moment("begun_at", nullable=False),
        *map(_moment, ("draft_at", "final_at")),
        _to(table, "report_id", "audit_report"),
        sa.UniqueConstraint("community_id", "subject", name="uq_supervision_term_audit_subject"),
        people=("person_id", "begun_by", "draft_by", "final_by"),
    )
    forbid(table, actions=("DELETE",), because="an audit of a term stays")
    fixed = _moved("subject", "person_id", "left_on", "starts_on", "ends_on", "begun_by", "begun_at")
    told = "OLD.draft_at IS NOT NULL AND (NEW.draft <> OLD.draft OR NEW.draft_at IS DISTINCT FROM OLD.draft_at)"
    moved = f"OLD.final_at IS NOT NULL OR {fixed} OR ({told}) OR {_kept('report_id', 'feedback_until')}"
    forbid(table, actions=("UPDATE",), when=moved, because="what was told those concerned stays")
    _table(
        mark,
        *map(_text, ("audit_id", "point", "word", "note", "by")),
        _moment("at", nullable=False),
        _to(mark, "audit_id", table),
        people=("by",),
    )
    op.create_index("ix_supervision_term_mark_audit", mark, ["community_id", "audit_id"])
    forbid(mark, because="what was marked stays")
    _table(
        reply,
        *map(_text, ("audit_id", "text", "by")),
        _moment("at", nullable=False),
        _to(reply, "audit_id", table),
        people=("by",),
    )
    op.create_index("ix_supervision_term_reply_audit", reply, ["community_id", "audit_id"])
    forbid(reply, because="what was replied stays")


def _traces() -> None:
    table = "ballot_trace"
    _table(
        table,
        *map(_text, ("assembly_id", "leaf", "device")),
        _to_assembly(table),
        sa.UniqueConstraint("community_id", "assembly_id", "leaf", name="uq_ballot_trace_leaf"),
        people=(),
    )
    forbid(table, because="where a ballot came from stays")


def _to_assembly(table: str) -> sa.ForeignKeyConstraint:
    columns = ["assembly.community_id", "assembly.id"]
    return sa.ForeignKeyConstraint(["community_id", "assembly_id"], columns, name=f"fk_{table}_assembly")
