"""Migrations on both engines: they end where the tables say, keep what was there, and leave every guard standing."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from hoa.db import Base, Database
from hoa.migrations.runner import configuration, upgrade
from hoa.tables import every_table
from tests.postgres import Cluster

GUARDED = {
    "allowance_entry",
    "allowance_run",
    "allowance_standard",
    "assembly_request",
    "assembly_tally",
    "audit_reply",
    "audit_signature",
    "authority_limit",
    "ballot",
    "budget",
    "ballot_trace",
    "body_change",
    "candidate",
    "candidate_appeal",
    "candidate_question",
    "candidate_supporter",
    "candidate_undertaking",
    "committee_attendance",
    "committee_ballot",
    "committee_item",
    "committee_meeting",
    "committee_minutes",
    "committee_observation",
    "committee_paper",
    "committee_request",
    "committee_request_signature",
    "committee_signature",
    "committee_vote",
    "committee_voter",
    "counted_row",
    "criterion_check",
    "election",
    "election_step",
    "filing_event",
    "filing_pack",
    "filing_round",
    "engagement",
    "factor_demand",
    "finance_archive",
    "finance_attachment",
    "finance_approval",
    "finance_asset",
    "finance_bank_line",
    "finance_cash_count",
    "share_batch",
    "share_claim",
    "share_line",
    "share_naming",
    "share_part",
    "share_payout",
    "share_return",
    "share_run",
    "suggestion",
    "suggestion_check",
    "suggestion_photo",
    "suggestion_rating",
    "suggestion_step",
    "supervision_letter",
    "topic",
    "topic_comment",
    "topic_meeting",
    "topic_suggestion",
    "topup_certificate",
    "topup_term",
    "finance_destruction",
    "finance_destruction_signature",
    "finance_document",
    "finance_inventory",
    "finance_line",
    "finance_match",
    "finance_masking",
    "finance_seal",
    "finance_seal_head",
    "finance_statement_paper",
    "finance_voucher",
    "finance_year",
    "finance_year_report",
    "handover",
    "handover_item",
    "handover_mark",
    "log_entry",
    "member_change",
    "nomination",
    "notice_told",
    "objection",
    "office",
    "office_rank",
    "office_suspension",
    "open311_key",
    "open311_sent",
    "pack_choice",
    "party_consent",
    "preparation",
    "preparation_member",
    "preparation_paper",
    "preparation_step",
    "publication",
    "recall",
    "recall_signature",
    "register_change",
    "relationship",
    "request_signature",
    "resolution",
    "roll_entry",
    "rulebook_version",
    "screening_decision",
    "seal",
    "seal_consent",
    "seal_decision",
    "seal_use",
    "seat_offer",
    "suggestion_month",
    "supervision_annotation",
    "supervision_case",
    "supervision_evaluation",
    "supervision_objection",
    "supervision_rating",
    "supervision_sample",
    "supervision_sample_item",
    "supervision_sheet",
    "supervision_step",
    "supervision_term_audit",
    "supervision_term_mark",
    "supervision_term_reply",
    "taken_seat",
    "tree_head",
    "finance_contract",
    "finance_contract_change",
    "finance_contract_quote",
    "finance_due",
    "finance_inspection",
    "finance_maintenance_statement",
    "finance_preview_mark",
    "finance_related_party",
    "finance_rent_letter",
    "finance_view_log",
}


@pytest.fixture
def bare(engine_name: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database without a single table."""
    with ExitStack() as stack:
        if engine_name == "sqlite":
            url = f"sqlite:///{tmp_path / 'bare' / 'hoa.db'}"
        else:
            cluster: Cluster = request.getfixturevalue("postgres")
            url = stack.enter_context(cluster.database(template="template0"))
        yield stack.enter_context(closing(Database(url)))


def test_the_migrated_schema_is_the_one_the_code_declares(database: Database):
    every_table()
    with database.write_engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_there_is_one_line_of_migrations(database: Database):
    assert len(ScriptDirectory.from_config(configuration(database)).get_heads()) == 1


def test_an_upgrade_keeps_what_was_there_at_every_step(bare: Database):
    scripts = ScriptDirectory.from_config(configuration(bare))
    revisions = [script.revision for script in reversed(list(scripts.walk_revisions()))]
    upgrade(bare, revisions[0])
    with bare.writing() as session:
        session.execute(
            text(
                "INSERT INTO person (id, name, senior, is_platform_administrator, made_at) "
                "VALUES ('p', '秦䶮', 1, false, '2026-01-01 00:00:00')"
            )
        )
        session.execute(
            text(
                "INSERT INTO login_session (id, person_id, token_hash, device, method, began_at, seen_at) "
                "VALUES ('s', 'p', 'h', 'd', 'code', '2026-01-01 00:00:00', '2026-01-01 00:00:00')"
            )
        )
    for revision in revisions[1:]:
        upgrade(bare, revision)
        with bare.reading() as session:
            assert session.execute(
                text("SELECT p.name, s.device FROM person p JOIN login_session s ON s.person_id = p.id")
            ).all() == [("秦䶮", "d")]
    upgrade(bare, "head")


def test_every_final_table_is_guarded_on_both_engines(database: Database):
    sqlite = "SELECT DISTINCT tbl_name FROM sqlite_master WHERE type = 'trigger'"
    postgresql = "SELECT DISTINCT event_object_table FROM information_schema.triggers"
    with database.reading() as session:
        guarded = set(session.scalars(text(sqlite if database.is_sqlite else postgresql)))
    assert guarded >= GUARDED


def test_both_engines_have_the_same_guards(fresh_database):
    guards = []
    for engine in ("sqlite", "postgresql"):
        with closing(Database(fresh_database(engine))) as database, database.reading() as session:
            query = (
                "SELECT name FROM sqlite_master WHERE type = 'trigger'"
                if database.is_sqlite
                else "SELECT DISTINCT trigger_name FROM information_schema.triggers"
            )
            guards.append({name for name in session.scalars(text(query)) if "truncate" not in name})
    assert guards[0] == guards[1]
