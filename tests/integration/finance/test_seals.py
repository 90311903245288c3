"""What is final without being a voucher: with the guards gone, verification names whatever was changed, taken away or
slipped in (trust.md 12).
"""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from finance.rules.contracts import Direction, Frequency
from finance.rules.masking import Box
from finance.service import books, contracts, documents, masking, matching, related, seals, verify_books, vouchers
from finance.service.contracts import ContractFields
from finance.tables import Match
from hoa.db import Database
from hoa.demo import papers
from hoa.migrations.runner import upgrade
from hoa.platform import Platform
from tests.integration.finance.scene import Scene, open_books
from tests.integration.finance.test_final import scene, without_guards

__all__ = ["scene", "without_guards"]

CONTRACT = ContractFields(
    direction=Direction.INCOME,
    title="电梯广告",
    common_part="1–6 幢电梯轿厢",
    party="甲广告公司",
    purpose="CR02",
    frequency=Frequency.QUARTERLY,
    starts_on=date(2026, 1, 1),
    ends_on=date(2026, 12, 31),
    first_due_on=date(2026, 1, 15),
    amount_fen=1_000_000,
    resolution_id="",
    procurement="三家比选",
    related_party="",
)


def fill(scene: Scene) -> None:
    """A contract with a scan, a declaration, a match that was let go and one that stands, a masked copy."""
    platform, community, people = scene.platform, scene.community, scene.people
    with platform.database.writing() as session:
        now = platform.now()
        row = contracts.make(
            session,
            community,
            fields=replace(CONTRACT, resolution_id=scene.assembly),
            by=people["chair"],
            now=now,
        )
        scan = documents.store(
            session,
            platform.files,
            community,
            name="合同.pdf",
            data=papers.paper("合同", ("甲方", "乙方")),
            kind="contract",
            by=people["chair"],
            now=now,
        )
        documents.attach_to_contract(session, community, document_id=scan.id, contract_id=row.id)
        related.declare(session, community, party="甲广告公司", relation="主任的弟弟", by=people["chair"], now=now)
        made = masking.mask(
            session,
            platform.files,
            community,
            document_id=scan.id,
            boxes=(Box(1, 100, 100, 300, 200),),
            by=people["treasurer"],
            now=now,
        )
        masking.confirm(session, community, masking_id=made.id, by=people["chair"], now=now)


def test_with_the_guards_gone_every_kind_of_final_row_is_named(scene: Scene, without_guards) -> None:
    fill(scene)
    with scene.platform.database.reading() as session:
        assert verify_books(session, scene.platform.files) == []
    without_guards()
    tampered = [
        ("UPDATE finance_contract SET amount_fen = amount_fen + 1", "电梯广告", "amount_fen"),
        ("UPDATE finance_contract SET party = 'x'", "电梯广告", "party"),
        ("UPDATE finance_due SET amount_fen = 1 WHERE no = 2", "2026-04-15", "amount_fen"),
        ("UPDATE finance_due SET due_on = '2026-09-09' WHERE no = 2", "2026-04-15", "due_on"),
        ("DELETE FROM finance_due WHERE no = 4", "2026-10-15", "删去"),
        ("UPDATE finance_related_party SET party = 'y'", "甲广告公司", "party"),
        ("DELETE FROM finance_related_party", "甲广告公司", "删去"),
        ("DELETE FROM finance_attachment WHERE contract_id IS NOT NULL", "合同附件", "删去"),
        ("UPDATE finance_document SET masked_from_id = NULL", "masked", "masked_from_id"),
        ("UPDATE finance_document SET name = 'x' WHERE name = '合同.pdf'", "合同.pdf", "name"),
        ("UPDATE finance_masking SET boxes = '[]'", "遮盖件", "boxes"),
        ("UPDATE finance_masking SET checked_by_id = made_by_id", "遮盖件", "checked_by_id"),
        ("UPDATE finance_masking SET checked_at = NULL", "遮盖件", "checked_at"),
        ("UPDATE finance_bank_import SET ends_on = '2026-12-31'", "2026-01-01", "ends_on"),
        ("UPDATE finance_period SET closed_at = '2026-02-01 00:00:00' WHERE month = 202601", "2026-01", "closed_at"),
        ("UPDATE finance_period SET closed_by_id = NULL WHERE month = 202601", "2026-01", "closed_by_id"),
        (
            "INSERT INTO finance_due (community_id, id, contract_id, no, due_on, amount_fen, change_no) "
            "SELECT community_id, 'slipped', contract_id, 9, due_on, 1, 0 FROM finance_due WHERE no = 1",
            "slipped",
            "绕过",
        ),
        ("UPDATE finance_seal SET facts = '{}' WHERE seq = 1", "第 1 号封签", "不同"),
        ("DELETE FROM finance_seal WHERE seq = 2", "第 3 号封签", "接不上"),
        ("UPDATE finance_seal_head SET seq = seq + 1", "最后的封签", "删去"),
        ("DELETE FROM finance_seal_head", "最后的封签", "删去"),
    ]
    with scene.platform.database.writing() as session:
        for statement, named, how in tampered:
            trial = session.begin_nested()
            assert session.execute(text(statement)).rowcount > 0, statement
            session.expire_all()
            said = [str(problem) for problem in verify_books(session, scene.platform.files)]
            assert any(named in one and how in one for one in said), (statement, said)
            trial.rollback()
            session.expire_all()
        assert verify_books(session, scene.platform.files) == []


def test_a_match_is_sealed_when_it_is_made_and_when_it_is_let_go(scene: Scene, without_guards) -> None:
    draft = scene.draft(amount_fen=300_000)
    with scene.platform.database.writing() as session:
        account = books.bank_account(session, books.trust_book(session, scene.community))
        first = session.scalar(
            text("SELECT id FROM finance_bank_line WHERE account_id = :a AND seq = 1"), {"a": account.id}
        )
        assert first is not None
        by, now = scene.people["treasurer"], scene.platform.now()
        matching.confirm(session, scene.community, bank_line_id=first, voucher_id=draft, by=by, now=now)
    with scene.platform.database.reading() as session:
        assert list(seals.broken(session, scene.community)) == []
    without_guards()
    with scene.platform.database.writing() as session:
        for statement, named in (
            (
                "UPDATE finance_match SET confirmed_by_id = "
                "(SELECT MAX(id) FROM person WHERE id <> finance_match.confirmed_by_id)",
                "confirmed_by_id",
            ),
            ("UPDATE finance_match SET released_at = confirmed_at, release_reason = 'x'", "没有登记过"),
        ):
            trial = session.begin_nested()
            session.execute(text(statement))
            session.expire_all()
            assert any(named in str(one.message % one.params) for one in seals.broken(session, scene.community))
            trial.rollback()
            session.expire_all()
    with scene.platform.database.writing() as session:
        vouchers.discard(session, scene.community, voucher_id=draft)
    with scene.platform.database.reading() as session:
        assert session.query(Match).count() == 0
        assert list(seals.broken(session, scene.community)) == [], "a match goes with the draft it was for"


@pytest.mark.sqlite_only
def test_what_was_there_before_the_seals_is_sealed_by_the_upgrade(platform: Platform, tmp_path: Path) -> None:
    """A database of an earlier release: its rows are taken as they are, and from then on nothing moves unseen."""
    scene = open_books(platform)
    fill(scene)
    old = tmp_path / "old.db"
    kept = (
        *("person", "community", "resolution", "finance_book"),
        *("finance_contract", "finance_due", "finance_related_party"),
    )
    database = Database(f"sqlite:///{old}")
    upgrade(database, "0022_bank")
    with database.writing() as session, platform.database.reading() as source:
        for table in kept:
            there = [row[1] for row in session.execute(text(f"PRAGMA table_info({table})"))]
            for row in source.execute(text(f"SELECT * FROM {table}")).mappings():
                values = {name: row[name] for name in there if name in row}
                columns, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
                session.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({marks})"), values)
    upgrade(database, "head")
    with database.writing() as session:
        assert list(seals.broken(session, scene.community)) == []
        sealed = session.scalar(text("SELECT COUNT(*) FROM finance_seal"))
        assert sealed == session.scalar(text("SELECT 1 + COUNT(*) FROM finance_due")) + 1
        for name in session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            session.execute(text(f"DROP TRIGGER {name}"))
        session.execute(text("UPDATE finance_contract SET ends_on = '2027-12-31'"))
        session.expire_all()
        assert ["ends_on" in one.params.get("columns", "") for one in seals.broken(session, scene.community)] == [True]
    database.close()
