"""What is final in the database itself, whatever SQL is sent; and what verification names once the guards are taken
away.
"""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from finance.service import bank, books, closing, verify_books
from hoa.platform import Platform
from tests.integration.finance.scene import PAYMENT, Scene, open_books

STATEMENT = (
    "账号:,9900 0000 0000 0405\n起始日期:,20260101,截止日期:,20260930\n"
    "交易日期,收入金额,支出金额,账户余额,对方户名,摘要,流水号\n"
    "20260915,3000.00,,3000.00,渝璧甲商贸有限公司,公共用房租金 9月,1\n"
    "20260920,,2600.00,400.00,顺发建材经营部,垃圾房维修,2\n"
).encode()


@pytest.fixture
def scene(platform: Platform) -> Scene:
    """Two posted vouchers, two bank lines, a document, a closed January, a draft and an approved voucher."""
    scene = open_books(platform)
    scene.posted()
    scene.posted(PAYMENT)
    scene.draft()
    scene.approved()
    with platform.database.writing() as session:
        account = books.bank_account(session, books.trust_book(session, scene.community))
        bank.import_statement(
            session,
            scene.community,
            account_id=account.id,
            name="a.csv",
            data=STATEMENT,
            by=scene.people["cashier"],
            now=platform.now(),
        )
        closing.close_month(session, scene.community, month=202601, by=scene.people["treasurer"], now=platform.now())
    return scene


LINE_COLUMNS = "community_id, id, voucher_id, no, account, debit_fen, credit_fen"
CHECKED = "state = 'posted', poster_id = maker_id, format = 'hoa-voucher-2'"
# What is tried, and the words with which the database says no.
FORBIDDEN = [
    ("UPDATE finance_voucher SET day = '2026-09-14' WHERE state = 'posted'", "posted vouchers never change"),
    ("UPDATE finance_voucher SET summary = 'x' WHERE number = 1", "posted vouchers never change"),
    (
        "UPDATE finance_voucher SET state = 'draft', number = NULL, seq = NULL, hash = NULL WHERE number = 1",
        "posted vouchers never change",
    ),
    ("DELETE FROM finance_voucher WHERE number = 2", "posted vouchers never change"),
    ("UPDATE finance_line SET debit_fen = debit_fen + 1 WHERE debit_fen > 0", "never changes, update"),
    ("UPDATE finance_line SET debit_fen = debit_fen * 2, credit_fen = credit_fen * 2", "never changes, update"),
    ("DELETE FROM finance_line", "never changes, delete"),
    (
        f"INSERT INTO finance_line ({LINE_COLUMNS}) SELECT community_id, 'new', id, 9, '1801.01', 1, 0 "
        "FROM finance_voucher WHERE number = 1",
        "never changes, insert",
    ),
    (
        f"UPDATE finance_voucher SET {CHECKED}, number = 9, seq = 3, hash = 'x' WHERE state = 'approved'",
        "numbers have no gaps",
    ),
    (
        f"UPDATE finance_voucher SET {CHECKED}, number = 3, seq = 9, hash = 'x' WHERE state = 'approved'",
        "the chain of vouchers has no gaps",
    ),
    (
        f"UPDATE finance_voucher SET {CHECKED}, number = 3, seq = 3, hash = 'x', checker_id = maker_id "
        "WHERE state = 'approved'",
        "maker and checker are two people|other people approve",
    ),
    ("UPDATE finance_voucher SET number = 3 WHERE state = 'draft'", "only posting gives a number"),
    ("UPDATE finance_voucher SET id = 'other' WHERE state = 'draft'", "keeps its key"),
    (
        "DELETE FROM finance_attachment WHERE voucher_id IN (SELECT id FROM finance_voucher WHERE number = 1)",
        "never changes, delete",
    ),
    (
        "UPDATE finance_approval SET person_id = (SELECT MAX(maker_id) FROM finance_voucher)",
        "an approval is never rewritten",
    ),
    ("UPDATE finance_approval SET at = '2026-01-01 00:00:00+00:00'", "an approval is never rewritten"),
    ("DELETE FROM finance_approval", "approvals of a posted voucher stay"),
    (
        "INSERT INTO finance_approval (community_id, id, voucher_id, no, person_id, at) SELECT community_id, 'new', "
        "id, 2, maker_id, made_at FROM finance_voucher WHERE number = 1",
        "approvals of a posted voucher stay",
    ),
    ("UPDATE finance_voucher SET corrects_id = id WHERE state = 'draft'", "only a posted voucher is put right"),
    ("UPDATE finance_document SET sha256 = 'x'", "evidence is written once"),
    ("DELETE FROM finance_document", "evidence is written once"),
    ("UPDATE finance_bank_line SET amount_fen = 1", "evidence is written once"),
    ("DELETE FROM finance_bank_line", "evidence is written once"),
    ("UPDATE finance_bank_import SET fresh = 9", "evidence is written once"),
    ("UPDATE finance_period SET state = 'open' WHERE month = 202601", "closed months never reopen"),
    ("DELETE FROM finance_period WHERE month = 202601", "closed months never reopen"),
]


def test_direct_sql_against_what_is_final_fails(scene: Scene):
    for statement, because in FORBIDDEN:
        with pytest.raises(DBAPIError, match=because), scene.platform.database.writing() as session:
            session.execute(text(statement))
    with scene.platform.database.reading() as session:
        assert verify_books(session, scene.platform.files) == []


FINAL = ("finance_voucher", "finance_line", "finance_bank_line", "finance_document")


@pytest.mark.postgresql_only
def test_nothing_is_truncated(scene: Scene):
    for table in FINAL:
        with (
            pytest.raises(DBAPIError, match=r"never|once"),
            scene.platform.database.writing() as session,
        ):
            session.execute(text(f"TRUNCATE {table} CASCADE"))


@pytest.mark.sqlite_only
def test_insert_or_replace_over_a_final_row_is_refused(scene: Scene):
    for table in FINAL:
        with scene.platform.database.reading() as session:
            query = text(
                f"SELECT * FROM {table} ORDER BY {'number' if table == 'finance_voucher' else 'id'} DESC LIMIT 1"
            )
            row = dict(session.execute(query).mappings().one())
        if table == "finance_voucher":
            row |= {"state": "draft", "number": None, "seq": None, "hash": None}
        if table == "finance_line":
            row["voucher_id"] = scene.posted()
        columns, values = ", ".join(row), ", ".join(f":{name}" for name in row)
        with pytest.raises(DBAPIError, match=r"never|once"), scene.platform.database.writing() as session:
            session.execute(text(f"INSERT OR REPLACE INTO {table} ({columns}) VALUES ({values})"), row)


def test_an_unbalanced_voucher_is_not_posted_even_by_sql(scene: Scene):
    voucher_id = scene.approved()
    with pytest.raises(DBAPIError, match="only when it balances"), scene.platform.database.writing() as session:
        session.execute(
            text("UPDATE finance_line SET debit_fen = debit_fen + 1 WHERE voucher_id = :id AND debit_fen > 0"),
            {"id": voucher_id},
        )
        session.execute(
            text(f"UPDATE finance_voucher SET {CHECKED}, number = 3, seq = 3, hash = 'x' WHERE id = :id"),
            {"id": voucher_id},
        )


def test_no_role_posts_into_a_closed_month(scene: Scene):
    with pytest.raises(books.MonthClosed):
        scene.draft(day=date(2026, 1, 15))
    voucher_id = scene.approved()
    with (
        pytest.raises(DBAPIError, match="no posting into a closed month"),
        scene.platform.database.writing() as session,
    ):
        session.execute(
            text(
                f"UPDATE finance_voucher SET {CHECKED}, day = '2026-01-15', month = 202601, number = 1, seq = 3, "
                "hash = 'x' WHERE id = :id"
            ),
            {"id": voucher_id},
        )


POSTING = (
    "UPDATE finance_voucher SET {more} state = 'posted', number = 3, seq = 3, hash = 'x', format = 'hoa-voucher-2', "
    "poster_id = {poster} WHERE id = :id"
)
# What somebody tries while posting an approved voucher by hand, and what the database says.
SKIPPED = [
    ("", "checker_id", "other people approve what is posted"),
    ("approvals_needed = 2,", "maker_id", "other people approve what is posted"),
    (
        "checker_id = (SELECT MIN(id) FROM person "
        "WHERE id NOT IN (finance_voucher.maker_id, finance_voucher.checker_id)),",
        "maker_id",
        "other people approve what is posted",
    ),
    ("kind = 'transfer',", "maker_id", "both halves of a transfer are posted"),
    (
        "twin_id = (SELECT id FROM finance_voucher WHERE number = 1),",
        "maker_id",
        "both halves of a transfer are posted",
    ),
]


def test_posting_by_sql_skips_no_approver_and_no_other_half(scene: Scene):
    voucher_id = scene.approved()
    for more, poster, because in SKIPPED:
        with pytest.raises(DBAPIError, match=because), scene.platform.database.writing() as session:
            session.execute(text(POSTING.format(more=more, poster=poster)), {"id": voucher_id})
    old = POSTING.format(more="", poster="maker_id").replace("hoa-voucher-2", "hoa-voucher-1")
    with pytest.raises(DBAPIError, match="second form"), scene.platform.database.writing() as session:
        session.execute(text(old), {"id": voucher_id})


TAMPERED = [
    (
        "UPDATE finance_approval SET person_id = (SELECT maker_id FROM finance_voucher WHERE number = 1) "
        "WHERE voucher_id IN (SELECT id FROM finance_voucher WHERE number = 1)",
        "记-0901",
    ),
    ("UPDATE finance_approval SET at = '2026-09-01 00:00:00'", "记-0902"),
    ("DELETE FROM finance_approval", "记-0901"),
    ("UPDATE finance_voucher SET means = 'cash' WHERE number = 2", "记-0902"),
    ("UPDATE finance_voucher SET bank_fen = 1 WHERE number = 2", "记-0902"),
    ("UPDATE finance_voucher SET twin_id = id WHERE number = 1", "记-0901"),
    ("UPDATE finance_voucher SET corrects_id = id WHERE number = 1", "记-0901"),
    ("UPDATE finance_voucher SET approvals_needed = 2 WHERE number = 1", "记-0901"),
    ("UPDATE finance_voucher SET format = 'hoa-voucher-1' WHERE number = 2", "记-0902"),
    ("UPDATE finance_voucher SET format = 'hoa-voucher-9' WHERE number = 2", "记-0902"),
    ("UPDATE finance_voucher SET day = '2026-09-14' WHERE number = 1", "记-0901"),
    ("UPDATE finance_voucher SET party = 'x' WHERE number = 2", "记-0902"),
    ("UPDATE finance_voucher SET submitted_at = NULL WHERE number = 2", "记-0902"),
    ("UPDATE finance_voucher SET submitted_at = '2031-01-01 00:00:00' WHERE number = 2", "记-0902"),
    ("UPDATE finance_voucher SET returned_because = 'x' WHERE number = 2", "记-0902"),
    ("UPDATE finance_voucher SET checker_id = maker_id WHERE number = 2", "记-0902"),
    (
        "UPDATE finance_line SET debit_fen = debit_fen + (CASE WHEN debit_fen > 0 THEN 1 ELSE 0 END), credit_fen = "
        "credit_fen + (CASE WHEN credit_fen > 0 THEN 1 ELSE 0 END) WHERE voucher_id IN "
        "(SELECT id FROM finance_voucher WHERE number = 1)",
        "记-0901",
    ),
    ("UPDATE finance_line SET account = '2601.02' WHERE account = '2601.07'", "记-0901"),
    (
        "DELETE FROM finance_attachment WHERE voucher_id IN (SELECT id FROM finance_voucher WHERE number = 2)",
        "记-0902",
    ),
    ("UPDATE finance_voucher SET state = 'approved' WHERE number = 2", "记-0902"),
    ("UPDATE finance_bank_line SET party = 'x' WHERE seq = 1", "2026-09-15"),
    ("UPDATE finance_bank_line SET amount_fen = 1 WHERE seq = 2", "2026-09-20"),
    ("UPDATE finance_document SET size_bytes = 1", "发票.pdf"),
    ("UPDATE finance_period SET reconciliation_digest = 'x' WHERE month = 202601", "2026-01"),
    ("UPDATE finance_book SET head_seq = 1", "业主共有资金"),
]


def test_with_the_guards_gone_verification_names_what_was_changed(scene: Scene, without_guards: Callable[[], None]):
    without_guards()
    with scene.platform.database.writing() as session:
        for statement, named in TAMPERED:
            trial = session.begin_nested()
            session.execute(text(statement))
            session.expire_all()
            problems = verify_books(session, scene.platform.files, community_id=scene.community)
            assert any(named in str(problem) for problem in problems), statement
            trial.rollback()
            session.expire_all()
        assert verify_books(session, scene.platform.files) == []


def test_a_deleted_last_voucher_or_bank_line_is_noticed(scene: Scene, without_guards: Callable[[], None]):
    without_guards()
    with scene.platform.database.writing() as session:
        session.execute(text("DELETE FROM finance_bank_line WHERE seq = 2"))
        voucher = "(SELECT id FROM finance_voucher WHERE number = 2)"
        for table in ("finance_line", "finance_attachment", "finance_approval"):
            session.execute(text(f"DELETE FROM {table} WHERE voucher_id IN {voucher}"))
        session.execute(text("DELETE FROM finance_voucher WHERE number = 2"))
    with scene.platform.database.reading() as session:
        tables = {problem.table for problem in verify_books(session, scene.platform.files)}
        assert {"finance_book", "finance_bank_account"} <= tables


def test_a_lost_document_is_named(scene: Scene):
    with scene.platform.database.reading() as session:
        digest = session.scalar(text("SELECT sha256 FROM finance_document LIMIT 1"))
    path = next((scene.platform.settings.data / "files").rglob(digest))
    path.chmod(0o600)
    path.write_bytes(b"something else")
    with scene.platform.database.reading() as session:
        assert [problem.table for problem in verify_books(session, scene.platform.files)] == ["finance_document"]


@pytest.fixture
def without_guards(platform: Platform) -> Callable[[], None]:
    """Takes every trigger of the books away, as somebody with the database's password would."""

    def drop() -> None:
        with platform.database.writing() as session:
            if platform.database.is_sqlite:
                names = session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all()
                for name in names:
                    session.execute(text(f"DROP TRIGGER {name}"))
                return
            rows = session.execute(
                text("SELECT tgname, tgrelid::regclass FROM pg_trigger WHERE NOT tgisinternal")
            ).all()
            for name, table in rows:
                session.execute(text(f"DROP TRIGGER {name} ON {table}"))

    return drop
