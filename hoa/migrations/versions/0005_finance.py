"""The first tables of the books, and the triggers that keep posted vouchers, bank lines, documents and closed months
as they are.
"""

import sqlalchemy as sa
from alembic import op

from hoa.db import Instant
from hoa.migrations.guards import forbid

revision = "0005_finance"
down_revision = "0004_voting"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _tables()
    _guard_vouchers()
    _guard_posting()
    _guard_parts_of_vouchers()
    _guard_evidence()


def _guard_vouchers() -> None:
    """A posted voucher never changes, cannot be born posted, and cannot be replaced by a draft that takes its key
    (books.md 1).
    """
    forbid("finance_voucher", when="OLD.state = 'posted'", because="posted vouchers never change")
    forbid(
        "finance_voucher",
        actions=("INSERT",),
        when="NEW.state = 'posted'",
        because="vouchers are posted from approved ones",
    )
    forbid(
        "finance_voucher",
        actions=("UPDATE",),
        when="NEW.id <> OLD.id OR NEW.community_id <> OLD.community_id OR NEW.book_id <> OLD.book_id",
        because="a voucher keeps its key and its book",
    )
    forbid(
        "finance_voucher",
        actions=("UPDATE", "INSERT"),
        when="NEW.state <> 'posted' AND (NEW.number IS NOT NULL OR NEW.seq IS NOT NULL OR NEW.hash IS NOT NULL)",
        because="only posting gives a number",
    )
    _refuse_when(
        "finance_voucher",
        "INSERT",
        "EXISTS (SELECT 1 FROM finance_voucher v WHERE v.community_id = NEW.community_id AND v.id = NEW.id "
        "AND v.state = 'posted')",
        because="a posted voucher is never replaced",
    )


def _guard_posting() -> None:
    """Posting demands balance, an open month that holds the date, the next number, the next link of the chain, and two
    people.
    """
    month = {
        "sqlite": "CAST(strftime('%Y%m', NEW.day) AS INTEGER)",
        "postgresql": "CAST(to_char(NEW.day, 'YYYYMM') AS INTEGER)",
    }[op.get_context().dialect.name]
    own_lines = "FROM finance_line l WHERE l.community_id = NEW.community_id AND l.voucher_id = NEW.id"
    others = (
        "FROM finance_voucher v WHERE v.community_id = NEW.community_id AND v.book_id = NEW.book_id "
        "AND v.state = 'posted'"
    )
    periods = (
        "FROM finance_period p WHERE p.community_id = NEW.community_id AND p.book_id = NEW.book_id "
        "AND p.month = NEW.month AND p.state = 'open'"
    )
    refusals = {
        "a voucher is posted only when it balances": (
            f"(SELECT COUNT(*) {own_lines}) < 2 OR (SELECT SUM(l.debit_fen) - SUM(l.credit_fen) {own_lines}) <> 0"
        ),
        "no posting into a closed month": f"NOT EXISTS (SELECT 1 {periods}) OR NEW.month <> {month}",
        "numbers have no gaps": (
            "NEW.number IS NULL OR NEW.number <> "
            f"(SELECT COALESCE(MAX(v.number), 0) + 1 {others} AND v.month = NEW.month)"
        ),
        "the chain of vouchers has no gaps": (
            f"NEW.seq IS NULL OR NEW.hash IS NULL OR NEW.seq <> (SELECT COALESCE(MAX(v.seq), 0) + 1 {others})"
        ),
        "maker and checker are two people": (
            "NEW.checker_id IS NULL OR NEW.checker_id = NEW.maker_id OR NEW.poster_id IS NULL"
        ),
    }
    for because, condition in refusals.items():
        _refuse_when(
            "finance_voucher",
            "UPDATE",
            f"NEW.state = 'posted' AND OLD.state <> 'posted' AND ({condition})",
            because=because,
        )


def _guard_parts_of_vouchers() -> None:
    """Lines and documents of a posted voucher are as final as the voucher."""
    for table in ("finance_line", "finance_attachment"):
        for action, rows in (("INSERT", ("NEW",)), ("UPDATE", ("OLD", "NEW")), ("DELETE", ("OLD",))):
            posted = " OR ".join(
                f"EXISTS (SELECT 1 FROM finance_voucher v WHERE v.community_id = {row}.community_id "
                f"AND v.id = {row}.voucher_id AND v.state = 'posted')"
                for row in rows
            )
            _refuse_when(
                table, action, posted, because=f"what belongs to a posted voucher never changes, {action.lower()}"
            )
        _forbid_truncate(table)
    _forbid_truncate("finance_voucher")


def _guard_evidence() -> None:
    """Bank lines, imports, documents and closed months stay as they were written."""
    for table in ("finance_bank_line", "finance_bank_import", "finance_document"):
        forbid(table, because="evidence is written once")
        _refuse_when(
            table,
            "INSERT",
            f"EXISTS (SELECT 1 FROM {table} x WHERE x.community_id = NEW.community_id AND x.id = NEW.id)",
            because="evidence is never replaced",
        )
    _refuse_when(
        "finance_bank_line",
        "INSERT",
        "EXISTS (SELECT 1 FROM finance_bank_line x WHERE x.community_id = NEW.community_id "
        "AND x.account_id = NEW.account_id AND (x.seq = NEW.seq OR (x.day = NEW.day "
        "AND x.amount_fen = NEW.amount_fen AND x.reference = NEW.reference AND x.balance_fen = NEW.balance_fen)))",
        because="a movement is stored once",
    )
    forbid("finance_period", when="OLD.state = 'closed'", because="closed months never reopen")
    _refuse_when(
        "finance_period",
        "INSERT",
        "EXISTS (SELECT 1 FROM finance_period x WHERE x.community_id = NEW.community_id AND x.book_id = NEW.book_id "
        "AND (x.id = NEW.id OR x.month = NEW.month))",
        because="a month exists once",
    )


def _refuse_when(table: str, action: str, condition: str, *, because: str) -> None:
    """Refuse `action` on rows for which `condition` holds; unlike a WHEN clause it may ask other rows (PostgreSQL)."""
    name = f"guard_{table}_{action.lower()}_" + "".join(c if c.isalnum() else "_" for c in because)[:28].rstrip("_")
    if op.get_context().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {action} ON {table} FOR EACH ROW "
            f"BEGIN SELECT RAISE(ABORT, '{because}') WHERE {condition}; END"
        )
        return
    result = "OLD" if action == "DELETE" else "NEW"
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $guard$ BEGIN IF {condition} THEN "
        f"RAISE EXCEPTION '{because}' USING ERRCODE = 'restrict_violation'; END IF; RETURN {result}; END $guard$"
    )
    op.execute(f"CREATE TRIGGER {name} BEFORE {action} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")


def _forbid_truncate(table: str) -> None:
    if op.get_context().dialect.name != "postgresql":
        return
    name = f"guard_{table}_truncate"
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $guard$ BEGIN "
        "RAISE EXCEPTION 'the books are never emptied' USING ERRCODE = 'restrict_violation'; END $guard$"
    )
    op.execute(f"CREATE TRIGGER {name} BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {name}()")


def _tables() -> None:
    op.create_table(
        "finance_bank_layout",
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("said_by_id", sa.Text(), nullable=False),
        sa.Column("said_at", Instant(), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_finance_bank_layout_community_id_community")
        ),
        sa.ForeignKeyConstraint(["said_by_id"], ["person.id"], name=op.f("fk_finance_bank_layout_said_by_id_person")),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f("pk_finance_bank_layout")),
        sa.UniqueConstraint(
            "community_id", "fingerprint", name=op.f("uq_finance_bank_layout_community_id_fingerprint")
        ),
    )
    op.create_table(
        "finance_book",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("regime", sa.Text(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("payment_limit_fen", sa.BigInteger(), nullable=False),
        sa.Column("publish_within_days", sa.BigInteger(), nullable=False),
        sa.Column("limits_source", sa.Text(), nullable=False),
        sa.Column("head_seq", sa.BigInteger(), nullable=False),
        sa.Column("head_hash", sa.Text(), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_finance_book_community_id_community")
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f("pk_finance_book")),
        sa.UniqueConstraint("community_id", "kind", name=op.f("uq_finance_book_community_id_kind")),
    )
    op.create_table(
        "finance_document",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("masked_from_id", sa.Text(), nullable=True),
        sa.Column("uploaded_by_id", sa.Text(), nullable=False),
        sa.Column("uploaded_at", Instant(), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id", "masked_from_id"],
            ["finance_document.community_id", "finance_document.id"],
            name="fk_document_original",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_finance_document_community_id_community")
        ),
        sa.ForeignKeyConstraint(
            ["uploaded_by_id"], ["person.id"], name=op.f("fk_finance_document_uploaded_by_id_person")
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f("pk_finance_document")),
    )
    op.create_index("ix_finance_document_sha256", "finance_document", ["community_id", "sha256"], unique=False)
    op.create_table(
        "finance_related_party",
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("declared_by_id", sa.Text(), nullable=False),
        sa.Column("declared_at", Instant(), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_finance_related_party_community_id_community")
        ),
        sa.ForeignKeyConstraint(
            ["declared_by_id"], ["person.id"], name=op.f("fk_finance_related_party_declared_by_id_person")
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f("pk_finance_related_party")),
        sa.UniqueConstraint("community_id", "party", name=op.f("uq_finance_related_party_community_id_party")),
    )
    op.create_table(
        "finance_bank_account",
        sa.Column("book_id", sa.Text(), nullable=False),
        sa.Column("bank", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("account_no", sa.Text(), nullable=False),
        sa.Column("head_seq", sa.BigInteger(), nullable=False),
        sa.Column("head_digest", sa.Text(), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id", "book_id"], ["finance_book.community_id", "finance_book.id"], name="fk_bank_account_book"
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_finance_bank_account_community_id_community")
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f("pk_finance_bank_account")),
        sa.UniqueConstraint("community_id", "account_no", name=op.f("uq_finance_bank_account_community_id_account_no")),
    )
    op.create_table(
        "finance_contract",
        sa.Column("book_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("common_part", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("frequency", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("resolution_id", sa.Text(), nullable=True),
        sa.Column("procurement", sa.Text(), nullable=False),
        sa.Column("related_party", sa.Text(), nullable=False),
        sa.Column("made_by_id", sa.Text(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id", "book_id"], ["finance_book.community_id", "finance_book.id"], name="fk_contract_book"
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "resolution_id"],
            ["resolution.community_id", "resolution.id"],
            name="fk_contract_resolution",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_finance_contract_community_id_community")
        ),
        sa.ForeignKeyConstraint(["made_by_id"], ["person.id"], name=op.f("fk_finance_contract_made_by_id_person")),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f("pk_finance_contract")),
        sa.UniqueConstraint("community_id", "number", name=op.f("uq_finance_contract_community_id_number")),
    )
    op.create_table(
        "finance_period",
        sa.Column("book_id", sa.Text(), nullable=False),
        sa.Column("month", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reconciliation", sa.JSON(), nullable=True),
        sa.Column("reconciliation_digest", sa.Text(), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("closed_by_id", sa.Text(), nullable=True),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["closed_by_id"], ["person.id"], name=op.f("fk_finance_period_closed_by_id_person")),
        sa.ForeignKeyConstraint(
            ["community_id", "book_id"], ["finance_book.community_id", "finance_book.id"], name="fk_period_book"
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_finance_period_community_id_community")
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f("pk_finance_period")),
        sa.UniqueConstraint(
            "community_id", "book_id", "month", name=op.f("uq_finance_period_community_id_book_id_month")
        ),
    )
    op.create_table(
        "finance_bank_import",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("fresh", sa.BigInteger(), nullable=False),
        sa.Column("imported_by_id", sa.Text(), nullable=False),
        sa.Column("imported_at", Instant(), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id", "account_id"],
            ["finance_bank_account.community_id", "finance_bank_account.id"],
            name="fk_bank_import_account",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_finance_bank_import_community_id_community")
        ),
        sa.ForeignKeyConstraint(
            ["imported_by_id"], ["person.id"], name=op.f("fk_finance_bank_import_imported_by_id_person")
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f("pk_finance_bank_import")),
        sa.UniqueConstraint(
            "community_id", "account_id", "sha256", name=op.f("uq_finance_bank_import_community_id_account_id_sha256")
        ),
    )
    op.create_table(
        "finance_due",
        sa.Column("contract_id", sa.Text(), nullable=False),
        sa.Column("no", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id", "contract_id"],
            ["finance_contract.community_id", "finance_contract.id"],
            name="fk_due_contract",
        ),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_finance_due_community_id_community")),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f("pk_finance_due")),
        sa.UniqueConstraint(
            "community_id", "contract_id", "no", name=op.f("uq_finance_due_community_id_contract_id_no")
        ),
    )
    op.create_table(
        "finance_voucher",
        sa.Column("book_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("month", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("party_is_person", sa.Boolean(), nullable=False),
        sa.Column("invoice_no", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=True),
        sa.Column("contract_id", sa.Text(), nullable=True),
        sa.Column("due_no", sa.BigInteger(), nullable=True),
        sa.Column("resolution_id", sa.Text(), nullable=True),
        sa.Column("grounds", sa.Text(), nullable=False),
        sa.Column("reverses_id", sa.Text(), nullable=True),
        sa.Column("returned_because", sa.Text(), nullable=False),
        sa.Column("maker_id", sa.Text(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("submitted_at", Instant(), nullable=True),
        sa.Column("checker_id", sa.Text(), nullable=True),
        sa.Column("checked_at", Instant(), nullable=True),
        sa.Column("poster_id", sa.Text(), nullable=True),
        sa.Column("posted_at", Instant(), nullable=True),
        sa.Column("previous_hash", sa.Text(), nullable=True),
        sa.Column("hash", sa.Text(), nullable=True),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["checker_id"], ["person.id"], name=op.f("fk_finance_voucher_checker_id_person")),
        sa.ForeignKeyConstraint(
            ["community_id", "book_id"], ["finance_book.community_id", "finance_book.id"], name="fk_voucher_book"
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "contract_id"],
            ["finance_contract.community_id", "finance_contract.id"],
            name="fk_voucher_contract",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "resolution_id"],
            ["resolution.community_id", "resolution.id"],
            name="fk_voucher_resolution",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "reverses_id"],
            ["finance_voucher.community_id", "finance_voucher.id"],
            name="fk_voucher_reverses",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_finance_voucher_community_id_community")
        ),
        sa.ForeignKeyConstraint(["maker_id"], ["person.id"], name=op.f("fk_finance_voucher_maker_id_person")),
        sa.ForeignKeyConstraint(["poster_id"], ["person.id"], name=op.f("fk_finance_voucher_poster_id_person")),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f("pk_finance_voucher")),
        sa.UniqueConstraint(
            "community_id",
            "book_id",
            "month",
            "number",
            name=op.f("uq_finance_voucher_community_id_book_id_month_number"),
        ),
        sa.UniqueConstraint("community_id", "book_id", "seq", name=op.f("uq_finance_voucher_community_id_book_id_seq")),
    )
    op.create_index("ix_finance_voucher_contract", "finance_voucher", ["community_id", "contract_id"], unique=False)
    op.create_index("ix_finance_voucher_day", "finance_voucher", ["community_id", "book_id", "day"], unique=False)
    op.create_index("ix_finance_voucher_state", "finance_voucher", ["community_id", "book_id", "state"], unique=False)
    op.create_table(
        "finance_attachment",
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.Column("voucher_id", sa.Text(), nullable=True),
        sa.Column("contract_id", sa.Text(), nullable=True),
        sa.Column("no", sa.BigInteger(), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id", "contract_id"],
            ["finance_contract.community_id", "finance_contract.id"],
            name="fk_attachment_contract",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "document_id"],
            ["finance_document.community_id", "finance_document.id"],
            name="fk_attachment_document",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "voucher_id"],
            ["finance_voucher.community_id", "finance_voucher.id"],
            name="fk_attachment_voucher",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_finance_attachment_community_id_community")
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f("pk_finance_attachment")),
    )
    op.create_index(
        "ix_finance_attachment_contract", "finance_attachment", ["community_id", "contract_id"], unique=False
    )
    op.create_index("ix_finance_attachment_voucher", "finance_attachment", ["community_id", "voucher_id"], unique=False)
    op.create_table(
        "finance_bank_line",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("import_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("row", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("time", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("balance_fen", sa.BigInteger(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("party_account", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("previous_digest", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id", "account_id"],
            ["finance_bank_account.community_id", "finance_bank_account.id"],
            name="fk_bank_line_account",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "import_id"],
            ["finance_bank_import.community_id", "finance_bank_import.id"],
            name="fk_bank_line_import",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_finance_bank_line_community_id_community")
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f("pk_finance_bank_line")),
        sa.UniqueConstraint(
            "community_id",
            "account_id",
            "day",
            "amount_fen",
            "reference",
            "balance_fen",
            name="uq_finance_bank_line_movement",
        ),
        sa.UniqueConstraint(
            "community_id", "account_id", "seq", name=op.f("uq_finance_bank_line_community_id_account_id_seq")
        ),
    )
    op.create_table(
        "finance_line",
        sa.Column("voucher_id", sa.Text(), nullable=False),
        sa.Column("no", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("debit_fen", sa.BigInteger(), nullable=False),
        sa.Column("credit_fen", sa.BigInteger(), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id", "voucher_id"],
            ["finance_voucher.community_id", "finance_voucher.id"],
            name="fk_line_voucher",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_finance_line_community_id_community")
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f("pk_finance_line")),
        sa.UniqueConstraint(
            "community_id", "voucher_id", "no", name=op.f("uq_finance_line_community_id_voucher_id_no")
        ),
    )
    op.create_index("ix_finance_line_account", "finance_line", ["community_id", "account"], unique=False)
    op.create_table(
        "finance_match",
        sa.Column("bank_line_id", sa.Text(), nullable=False),
        sa.Column("voucher_id", sa.Text(), nullable=False),
        sa.Column("confirmed_by_id", sa.Text(), nullable=False),
        sa.Column("confirmed_at", Instant(), nullable=False),
        sa.Column("released_at", Instant(), nullable=True),
        sa.Column("released_by_id", sa.Text(), nullable=True),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id", "bank_line_id"],
            ["finance_bank_line.community_id", "finance_bank_line.id"],
            name="fk_match_bank_line",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "voucher_id"],
            ["finance_voucher.community_id", "finance_voucher.id"],
            name="fk_match_voucher",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_finance_match_community_id_community")
        ),
        sa.ForeignKeyConstraint(
            ["confirmed_by_id"], ["person.id"], name=op.f("fk_finance_match_confirmed_by_id_person")
        ),
        sa.ForeignKeyConstraint(["released_by_id"], ["person.id"], name=op.f("fk_finance_match_released_by_id_person")),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f("pk_finance_match")),
    )
    op.create_index(
        "uq_finance_match_line",
        "finance_match",
        ["community_id", "bank_line_id"],
        unique=True,
        sqlite_where=sa.text("released_at IS NULL"),
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.create_index(
        "uq_finance_match_voucher",
        "finance_match",
        ["community_id", "voucher_id"],
        unique=True,
        sqlite_where=sa.text("released_at IS NULL"),
        postgresql_where=sa.text("released_at IS NULL"),
    )
