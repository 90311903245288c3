"""Bank lines and vouchers matched in parts: one payment for several vouchers, one voucher in instalments, what is left
of either, taking apart, the reconciliation of a fund and of each account, and what the database itself refuses.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from contextlib import closing as closing_of
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from finance.rules import sides
from finance.rules.ledger import Line, VoucherKind
from finance.rules.matching import Target
from finance.rules.statements import OpenKind
from finance.service import bank, books, closing, matching, parts, reconciliation, verify_books
from finance.service.vouchers import VoucherFields
from finance.tables import BankLine, Match
from hoa.db import Database
from hoa.migrations.runner import upgrade
from hoa.platform import Platform
from tests.integration.finance.scene import PAYMENT, RECEIPT, Scene, open_books

TODAY = date(2026, 10, 20)
HEADER = "交易日期,收入金额,支出金额,账户余额,对方户名,摘要,流水号"


def statement(*rows: str, account: str = "", span: str = "20260101,截止日期:,20260930") -> bytes:
    return "\n".join([f"账号:,{account}", f"起始日期:,{span}", HEADER, *rows, ""]).encode()


def load(scene: Scene, data: bytes) -> None:
    with scene.platform.database.writing() as session:
        bank.import_statement(
            session, scene.community, name="a.csv", data=data, by=scene.people["cashier"], now=scene.platform.now()
        )


@pytest.fixture
def scene(platform: Platform) -> Scene:
    return open_books(platform)


def lines(scene: Scene) -> Sequence[str]:
    with scene.platform.database.reading() as session:
        return session.scalars(select(BankLine.id).order_by(BankLine.account_id, BankLine.seq)).all()


def confirm(scene: Scene, line: str, voucher: str, amount_fen: int | None = None) -> str:
    with scene.platform.database.writing() as session:
        found = matching.confirm(
            session,
            scene.community,
            bank_line_id=line,
            voucher_id=voucher,
            by=scene.people["treasurer"],
            now=scene.platform.now(),
            amount_fen=amount_fen,
        )
        return found.id


def release(scene: Scene, match: str, reason: str = "付给另一家的") -> None:
    with scene.platform.database.writing() as session:
        by, now = scene.people["treasurer"], scene.platform.now()
        matching.release(session, scene.community, match_id=match, reason=reason, by=by, now=now)


def open_items(scene: Scene, day: date) -> list[tuple[OpenKind, int]]:
    """The open items of the fund, whose statement adds up."""
    with scene.platform.database.reading() as session:
        found = reconciliation.reconcile(session, books.trust_book(session, scene.community), day)
        assert found.balanced
        return [(item.kind, item.amount_fen) for item in found.items]


def sql(scene: Scene, statement: str, because: str, **values: object) -> None:
    """The database says no to this."""
    with pytest.raises(DBAPIError, match=because), scene.platform.database.writing() as session:
        session.execute(text(statement), values)


INSERT = (
    "INSERT INTO finance_match (community_id, id, bank_line_id, voucher_id, amount_fen, confirmed_by_id, confirmed_at, "
    "release_reason) SELECT community_id, 'forged', bank_line_id, :voucher, :fen, confirmed_by_id, confirmed_at, '' "
    "FROM finance_match WHERE id = :match"
)


def test_a_batch_payment_and_instalments_are_matched_in_parts_and_never_beyond_either_side(scene: Scene):
    load(
        scene,
        statement(
            "20260915,3000.00,,3000.00,渝璧甲商贸有限公司,公共用房租金,1",
            "20260920,,2700.00,300.00,,批量代付,2",
            "20260922,1000.00,,1300.00,渝璧甲商贸有限公司,租金第一笔,3",
            "20260925,2000.00,,3300.00,渝璧甲商贸有限公司,租金第二笔,4",
        ),
    )
    rent, batch, first, second = lines(scene)
    repair = scene.posted(PAYMENT)
    lamp = scene.posted(PAYMENT, amount_fen=10_000, summary="换灯", party="另一家", invoice_no="78")
    other = scene.posted(PAYMENT, amount_fen=99_900, summary="别的", party="第三家", invoice_no="79")
    late = scene.draft(RECEIPT, day=date(2026, 9, 21))
    assert open_items(scene, date(2026, 9, 30)) == [
        (OpenKind.BANK_IN, 300_000),
        (OpenKind.BANK_OUT, 270_000),
        (OpenKind.BANK_IN, 100_000),
        (OpenKind.BANK_IN, 200_000),
        (OpenKind.BOOK_OUT, 260_000),
        (OpenKind.BOOK_OUT, 10_000),
        (OpenKind.BOOK_OUT, 99_900),
    ]

    # One line pays two vouchers. It is proposed so, because the bank names nobody and nothing else adds up.
    with scene.platform.database.reading() as session:
        account = books.bank_account(session, books.trust_book(session, scene.community))
        found = {row.line.id: row for row in matching.open_lines(session, account, today=TODAY)}
    (together,) = found[batch].proposals
    assert together.target is Target.SUM
    assert set(together.id.split(",")) == {repair, lamp}
    with pytest.raises(sides.PartTooLarge):
        confirm(scene, batch, repair, 260_001)
    with pytest.raises(sides.NothingLeft):
        confirm(scene, batch, late)
    with pytest.raises(sides.PartEmpty):
        confirm(scene, batch, repair, 0)
    with scene.platform.database.writing() as session:
        matching.book_line(
            session,
            scene.community,
            bank_line_id=batch,
            target=together.target,
            target_id=together.id,
            due_no=None,
            by=scene.people["treasurer"],
            now=scene.platform.now(),
        )
    with pytest.raises(sides.LineTaken):
        confirm(scene, batch, other)
    assert (OpenKind.BANK_OUT, 270_000) not in open_items(scene, date(2026, 9, 30))

    # One voucher is paid in two lines; in between a part of it is open on both sides.
    confirm(scene, first, late)
    with scene.platform.database.reading() as session:
        assert parts.line_taken(session, scene.community, [first]) == {first: 100_000}
    part = confirm(scene, second, late, 150_000)
    scene.step("submit", late, "treasurer")
    scene.step("approve", late, "chair")
    scene.step("post", late, "deputy")
    assert {
        (OpenKind.BANK_IN, 50_000),
        (OpenKind.BOOK_IN, 50_000),
    } <= set(open_items(scene, date(2026, 9, 30)))
    # On the 23rd the second line had not come: two thirds of the voucher were still to be received.
    assert (OpenKind.BOOK_IN, 200_000) in open_items(scene, date(2026, 9, 23))
    confirm(scene, second, late)
    with pytest.raises(sides.VoucherTaken):
        confirm(scene, rent, late)
    assert (OpenKind.BOOK_IN, 50_000) not in open_items(scene, date(2026, 9, 30))

    # What the rules refuse the database refuses too, and what was confirmed is not rewritten.
    with scene.platform.database.reading() as session:
        assert verify_books(session, scene.platform.files) == []
    sql(scene, INSERT, "never exceeds its line", voucher=other, fen=1, match=part)
    with scene.platform.database.reading() as session:
        of_rent = session.scalars(select(Match.id).where(Match.bank_line_id == batch)).first()
    confirm(scene, rent, scene.posted(RECEIPT), 200_000)
    with scene.platform.database.reading() as session:
        half = session.scalars(select(Match.id).where(Match.bank_line_id == rent)).one()
    sql(scene, INSERT, "never exceeds its voucher", voucher=late, fen=1, match=half)
    sql(scene, INSERT, "has an amount", voucher=late, fen=0, match=half)
    for change in ("amount_fen = 1", "voucher_id = 'x'", "released_at = confirmed_at"):
        sql(scene, f"UPDATE finance_match SET {change} WHERE id = :id", "only let go", id=of_rent)
    sql(scene, "DELETE FROM finance_match WHERE id = :id", "posted voucher stay", id=of_rent)
    sql(scene, "UPDATE finance_bank_line SET amount_fen = amount_fen - 1", "written once")


def test_a_pair_is_taken_apart_with_a_reason_until_its_month_is_closed(scene: Scene):
    load(scene, statement("20260115,3000.00,,3000.00,甲,x,1", "20260116,3000.00,,6000.00,甲,x,2"))
    one, two = lines(scene)
    voucher = scene.draft(RECEIPT, day=date(2026, 1, 15), paper=False)
    wrong = confirm(scene, one, voucher)
    # The bank's line stands in for a paper; what is matched holds the voucher to its amount and its direction.
    with scene.platform.database.writing() as session, pytest.raises(parts.MatchedMore):
        _revise(session, scene, voucher, amount_fen=299_999)
    sql(scene, "UPDATE finance_voucher SET amount_fen = 1 WHERE id = :id", "covers what is matched", id=voucher)
    with pytest.raises(matching.ReasonMissing):
        release(scene, wrong, " ")
    release(scene, wrong)
    with pytest.raises(matching.MatchGone):
        release(scene, wrong)
    right = confirm(scene, two, voucher)
    with scene.platform.database.reading() as session:
        ((gone, _),) = parts.released_of(session, scene.community, one)
        assert (gone.release_reason, gone.amount_fen) == ("付给另一家的", 300_000)
    scene.step("submit", voucher, "treasurer")
    scene.step("approve", voucher, "chair")
    scene.step("post", voucher, "deputy")
    with scene.platform.database.writing() as session:
        closing.close_month(
            session, scene.community, month=202601, by=scene.people["treasurer"], now=scene.platform.now()
        )
    with pytest.raises(matching.MatchClosed):
        release(scene, right)
    let_go = "UPDATE finance_match SET released_at = confirmed_at, released_by_id = confirmed_by_id, "
    sql(scene, let_go + "release_reason = 'x' WHERE id = :id", "closed month", id=right)
    # Only the red voucher frees the line again, and the closed month keeps the statement it was closed on.
    with scene.platform.database.writing() as session:
        kept = books.find_period(session, books.trust_book(session, scene.community), 202601)
        assert kept is not None
        before = dict(kept.reconciliation or {})
    red = scene.step("reverse", voucher, "treasurer", day=date(2026, 9, 1), reason="记错了").id
    scene.step("approve", red, "chair")
    scene.step("post", red, "deputy")
    assert open_items(scene, date(2026, 9, 30)) == [(OpenKind.BANK_IN, 300_000), (OpenKind.BANK_IN, 300_000)]
    with scene.platform.database.reading() as session:
        period = books.find_period(session, books.trust_book(session, scene.community), 202601)
        assert period is not None
        assert period.reconciliation == before
        assert verify_books(session, scene.platform.files) == []


def _revise(session, scene: Scene, voucher: str, **changes: object) -> None:
    from dataclasses import replace

    from finance.service import vouchers

    fields = replace(RECEIPT, day=date(2026, 1, 15), **changes)  # type: ignore[arg-type]
    vouchers.revise(
        session,
        scene.community,
        voucher_id=voucher,
        fields=fields,
        by=scene.people["treasurer"],
        now=scene.platform.now(),
    )


def test_each_account_of_a_fund_is_reconciled_and_together_they_are_the_fund(scene: Scene):
    with scene.platform.database.writing() as session:
        book = books.trust_book(session, scene.community)
        second = books.open_bank_account(
            session, scene.community, book=book, bank="另一银行", name="新专户", account_no="9911 2222 3333 4444"
        ).id
    load(
        scene,
        statement(
            "20260915,3000.00,,3000.00,渝璧甲商贸有限公司,租金,1",
            "20260928,,2000.00,1000.00,新专户,转到新专户,2",
            account="9900 0000 0000 0405",
        ),
    )
    load(
        scene,
        statement(
            "20260929,2000.00,,2000.00,旧专户,从旧专户转来,1",
            "20260930,,2600.00,-600.00,顺发建材经营部,维修,2",
            account="9911 2222 3333 4444",
        ),
    )
    with scene.platform.database.reading() as session:
        rows = session.scalars(select(BankLine).order_by(BankLine.day)).all()
        rent, away, arrived, repair = (row.id for row in rows)
        code = parts.bank_code(books.trust_book(session, scene.community))
    income = scene.posted(RECEIPT)
    paid = scene.posted(PAYMENT)
    moved = scene.posted(
        VoucherFields(
            kind=VoucherKind.JOURNAL,
            day=date(2026, 9, 28),
            summary="专户换银行，余额转入新专户",
            party="新专户",
            amount_fen=200_000,
            lines=(Line(account=code, debit_fen=200_000), Line(account=code, credit_fen=200_000)),
        )
    )
    confirm(scene, rent, income)
    confirm(scene, away, moved)
    with scene.platform.database.reading() as session:
        accounts = books.bank_accounts(session, books.trust_book(session, scene.community))
        whole = reconciliation.reconcile(session, books.trust_book(session, scene.community), TODAY)
        each = [reconciliation.reconcile_account(session, account, TODAY) for account in accounts]
    assert [found.balanced for found in (whole, *each)] == [True] * 3
    assert whole.bank_fen == sum(found.bank_fen for found in each) == 40_000
    assert whole.book_fen == sum(found.book_fen for found in each) == 40_000
    confirm(scene, arrived, moved)
    confirm(scene, repair, paid)
    with scene.platform.database.reading() as session:
        for account in accounts:
            for day in (date(2026, 9, 28), TODAY):
                found = reconciliation.reconcile_account(session, account, day)
                assert found.balanced
                assert found.items == () or day < TODAY
        assert [account.id for account in accounts][-1] == second


def test_verification_names_a_match_beyond_its_sides_and_a_changed_line(scene: Scene):
    load(scene, statement("20260915,3000.00,,3000.00,渝璧甲商贸有限公司,租金,17"))
    (line,) = lines(scene)
    voucher = scene.posted(RECEIPT, amount_fen=100_000)
    match = confirm(scene, line, voucher)
    with scene.platform.database.writing() as session:
        if session.get_bind().dialect.name == "sqlite":
            query = (
                "SELECT name FROM sqlite_master WHERE type = 'trigger' "
                "AND tbl_name IN ('finance_match', 'finance_bank_line')"
            )
            for name in session.scalars(text(query)).all():
                session.execute(text(f"DROP TRIGGER {name}"))
        else:
            for table in ("finance_match", "finance_bank_line"):
                session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        session.execute(text("UPDATE finance_match SET amount_fen = 300001 WHERE id = :id"), {"id": match})
        session.execute(text("UPDATE finance_bank_line SET party = '别人' WHERE id = :id"), {"id": line})
    with scene.platform.database.reading() as session:
        said = [str(problem) for problem in verify_books(session, scene.platform.files)]
    for words in ("的银行流水 17 对上的金额超过了它自己", "对上的银行流水超过了凭证金额", "银行流水 17 与导入时不同"):
        assert any(words in sentence for sentence in said)


def test_of_four_people_who_match_one_line_at_once_one_succeeds(scene: Scene):
    load(scene, statement("20260915,3000.00,,3000.00,渝璧甲商贸有限公司,租金,1"))
    (line,) = lines(scene)
    vouchers = [scene.posted(RECEIPT, invoice_no=str(number)) for number in range(4)]

    def attempt(voucher: str) -> bool:
        try:
            confirm(scene, line, voucher)
        except sides.LineTaken:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(attempt, vouchers)) == [False, False, False, True]
    with scene.platform.database.reading() as session:
        assert parts.line_taken(session, scene.community) == {line: 300_000}


BEFORE = "0019_change"
OLD_ROWS = (
    "INSERT INTO person (id, name, senior, is_platform_administrator, made_at) "
    "VALUES ('p', '谢一', 0, false, '2026-01-01 00:00:00')",
    "INSERT INTO community (id, code, name, parking_counts, register_version, created_at) "
    "VALUES ('c', 'WTY', '梧桐苑', false, 0, '2026-01-01 00:00:00')",
    "INSERT INTO finance_book (community_id, id, kind, name, regime, opened_on, publish_within_days, limits_source, "
    "head_seq, head_hash) VALUES ('c', 'b', 'trust', '业主共有资金', '2024', '2026-01-01', 15, '议事规则', 0, 'x')",
    "INSERT INTO finance_bank_account (community_id, id, book_id, bank, name, account_no, head_seq, head_digest) "
    "VALUES ('c', 'a', 'b', '演示银行', '专户', '9900000000000405', 1, 'd')",
    "INSERT INTO finance_bank_import (community_id, id, account_id, name, sha256, starts_on, ends_on, rows, fresh, "
    "imported_by_id, imported_at) VALUES ('c', 'i', 'a', 'a.csv', 's', '2026-01-01', '2026-01-31', 1, 1, 'p', "
    "'2026-02-01 00:00:00')",
    "INSERT INTO finance_bank_line (community_id, id, account_id, import_id, seq, row, day, time, amount_fen, "
    "balance_fen, party, party_account, summary, reference, previous_digest, digest) VALUES ('c', 'l', 'a', 'i', 1, 2, "
    "'2026-01-05', '', -260000, 0, '顺发建材经营部', '', '维修', '1', 'x', 'd')",
    "INSERT INTO finance_voucher (community_id, id, book_id, kind, state, day, month, summary, party, party_is_person, "
    "invoice_no, amount_fen, purpose, grounds, returned_because, maker_id, made_at) VALUES ('c', 'v', 'b', 'payment', "
    "'draft', '2026-01-05', 202601, '维修', '顺发建材经营部', false, '', 260000, 'U5', '', '', 'p', "
    "'2026-01-05 00:00:00')",
    "INSERT INTO finance_match (community_id, id, bank_line_id, voucher_id, confirmed_by_id, confirmed_at, "
    "released_at) VALUES ('c', 'old', 'l', 'v', 'p', '2026-01-05 00:00:00', '2026-01-06 00:00:00'), "
    "('c', 'm', 'l', 'v', 'p', '2026-01-07 00:00:00', NULL)",
)


def test_matches_of_the_release_before_carry_the_whole_amount(engine_name: str, tmp_path: Path, request):
    """One line, one voucher: each of them was for all of it, also those let go without a word."""
    with ExitStack() as stack:
        url = f"sqlite:///{tmp_path / 'old.db'}"
        if engine_name == "postgresql":
            cluster = request.getfixturevalue("postgres")
            url = stack.enter_context(cluster.database(template="template0"))
        database = stack.enter_context(closing_of(Database(url)))
        upgrade(database, BEFORE)
        with database.writing() as session:
            for row in OLD_ROWS:
                session.execute(text(row))
        upgrade(database)
        with database.reading() as session:
            found = session.execute(text("SELECT id, amount_fen, release_reason FROM finance_match ORDER BY id"))
            assert found.all() == [("m", 260_000, ""), ("old", 260_000, "")]
            assert parts.line_taken(session, "c") == {"l": 260_000}
