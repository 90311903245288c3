"""Sharing out common revenue: from the assembly's resolution to the owner's own line, paid, returned and paid again."""

import re
from dataclasses import dataclass, replace
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from finance.service import bank, documents, matching, vouchers
from finance.shares.rules import runs as rules
from finance.shares.service import accounts, claims, own, payments, publishing, runs
from finance.shares.service.payments import Slip
from finance.shares.service.runs import RunFields
from finance.shares.service.standing import BatchState, batch_states, outstanding_fen, parts_of
from finance.shares.tables import (
    ShareAccount,
    ShareBatch,
    ShareClaim,
    ShareLine,
    ShareNaming,
    SharePart,
    SharePayout,
    ShareRun,
)
from finance.tables import BankLine, Document, Voucher
from hoa.community.tables import Owner, Ownership
from hoa.db import Database, get
from hoa.demo import papers
from hoa.kernel.errors import NotAllowed, NotFound, Refusal
from hoa.migrations.runner import upgrade
from hoa.platform import Platform
from hoa.resolutions import service as resolutions
from tests.integration.community.scene import do_import, post, signed_in, unit_id, work, workbook
from tests.integration.finance.scene import Scene, open_books
from tests.integration.finance.test_upgrade import carry
from tests.integration.ground.test_migrations import bare

__all__ = ["bare"]

PING, KANG, REN, DEVELOPER = "平志晓", "康霞远", "任娜琪", "重庆梧桐置业有限公司"
HEAD = ("楼栋", "单元", "房号", "用途", "建筑面积", "业主姓名", "证件号码", "联系电话", "交付状态", "共有份额")
ROWS = (
    ("1栋", "1单元", "101", "住宅", 89.50, PING, "990000193907071644", "19900000165", "已交付", None),
    (
        "1栋",
        "1单元",
        "102",
        "住宅",
        100.20,
        f"{KANG}、{REN}",
        "990000194203070787、990000197609071652",
        "19900000078、19900000166",
        "已交付",
        "50%、50%",
    ),
    ("1栋", "1单元", "201", "住宅", 120.30, DEVELOPER, "91990000MA0009001C", None, "未售", None),
)
TODAY = date(2026, 10, 20)
CARD = "6228480402564890018"
SHARES = "/c/WTY/shares"


@dataclass(frozen=True)
class Shared:
    """A community with books, money in them, a register of three units and a resolution over ¥100,000.01."""

    scene: Scene
    decision: str

    @property
    def platform(self) -> Platform:
        return self.scene.platform

    @property
    def fields(self) -> RunFields:
        return RunFields(
            kind="dividend",
            title="2026 年公共收益分配",
            payee="",
            resolution_id=self.decision,
            total_fen=10_000_001,
            record_on=TODAY,
        )

    def act(self, verb, by: str | None = "treasurer", *, tools: tuple[object, ...] = (), **more: object):
        """One verb of the service in its own transaction, by one of the people, with the ports it takes."""
        who = {"by": self.scene.people[by], "now": self.platform.now()} if by else {}
        with self.platform.database.writing() as session:
            return verb(session, *tools, self.scene.community, **who, **more)

    def run(self, run_id: str) -> ShareRun:
        with self.platform.database.reading() as session:
            return get(session, ShareRun, self.scene.community, run_id)

    def checked(self, fields: RunFields | None = None) -> str:
        """The id of a run whose list was frozen, printed and checked."""
        run = self.act(runs.open_run, fields=fields or self.fields)
        self.act(runs.freeze, run_id=run.id)
        work(self.platform)
        self.act(runs.check, by="chair", run_id=run.id)
        return run.id

    def own_account(self, name: str, person: str, number: str = CARD) -> None:
        """Let this person act for the owner, and give an account."""
        with self.platform.database.writing() as session:
            session.execute(
                update(Owner)
                .where(Owner.community_id == self.scene.community, Owner.name == name)
                .values(person_id=self.scene.people[person])
            )
        self.act(accounts.give, by=person, tools=(self.platform.keys,), bank="演示银行", number=number)

    def states(self, run_id: str) -> dict[str, str]:
        with self.platform.database.reading() as session:
            found = parts_of(session, get(session, ShareRun, self.scene.community, run_id))
            return {standing.part.name: str(standing.state) for standing in found.values()}

    def decide(self, **changes: object) -> str:
        fields = {
            "source": "assembly",
            "matter": "M9",
            "title": "分配 2026 年公共收益",
            "text": "按专有部分面积分配 100,000.01 元。",
            "decided_on": date(2026, 9, 1),
            "valid_until": date(2026, 12, 31),
            "limit_fen": 10_000_001,
            **changes,
        }
        with self.platform.database.writing() as session:
            return resolutions.enter(session, self.scene.community, now=self.platform.now(), **fields).id  # type: ignore[arg-type]


@pytest.fixture
def shared(platform: Platform) -> Shared:
    scene = open_books(platform)
    batch = do_import(platform, scene.community, workbook(ROWS, HEAD))
    assert batch.state == "done", batch.preview
    scene.posted(amount_fen=15_000_000)
    made = Shared(scene, "")
    return replace(made, decision=made.decide())


def test_a_run_is_drafted_only_within_a_resolution_of_the_assembly_and_the_balance(shared: Shared):
    nothing = shared.decide(limit_fen=None, text="按 2026 年 9 月 30 日余额的百分之三十分配。")
    wrong = [
        (rules.NoSuchKind, {"kind": "gift"}),
        (rules.TitleNeeded, {"title": " "}),
        (rules.PayeeNeeded, {"kind": "subsidy"}),
        (rules.AmountNotPositive, {"total_fen": 0}),
        (rules.MoreThanDecided, {"total_fen": 10_000_002}),
        (rules.NeedsAssembly, {"resolution_id": shared.scene.committee}),
        (rules.NeedsAssembly, {"resolution_id": shared.decide(matter="M8")}),
        (rules.ResolutionOver, {"resolution_id": shared.decide(valid_until=date(2026, 9, 30))}),
        (NotFound, {"resolution_id": "elsewhere"}),
        (rules.MoreThanThere, {"resolution_id": shared.decide(limit_fen=20_000_000), "total_fen": 15_000_001}),
        (rules.NoSumDecided, {"resolution_id": nothing, "total_fen": 1}),
        (rules.QuoteNotThere, {"resolution_id": nothing, "percent": 30, "quote": "余额的一半"}),
        (rules.PercentNotQuoted, {"resolution_id": nothing, "percent": 31, "quote": "余额的百分之三十"}),
        (
            rules.NotByRule,
            {
                "resolution_id": nothing,
                "percent": 30,
                "quote": "余额的百分之三十",
                "base_on": date(2026, 9, 30),
                "total_fen": 4_500_001,
            },
        ),
    ]
    for refusal, changes in wrong:
        with pytest.raises(refusal):
            shared.act(runs.open_run, fields=replace(shared.fields, **changes))  # type: ignore[arg-type]
    with shared.platform.database.reading() as session:
        assert runs.runs(session, shared.scene.community) == []
    by_rule = {"resolution_id": nothing, "percent": 30, "quote": "余额的百分之三十", "base_on": date(2026, 9, 30)}
    made = shared.act(runs.open_run, fields=replace(shared.fields, total_fen=4_500_000, **by_rule))  # type: ignore[arg-type]
    assert made.base_fen == 15_000_000
    with pytest.raises(rules.RuleUsed):
        shared.act(runs.open_run, fields=replace(shared.fields, total_fen=4_500_000, **by_rule))  # type: ignore[arg-type]
    shared.act(runs.revise_run, run_id=made.id, fields=replace(shared.fields, total_fen=4_500_000, **by_rule))  # type: ignore[arg-type]
    # What this run takes of its resolution, another one cannot take again.
    shared.act(runs.open_run, fields=shared.fields)
    with pytest.raises(rules.MoreThanDecided):
        shared.act(runs.open_run, fields=replace(shared.fields, total_fen=1))


def test_a_list_is_frozen_from_the_register_and_refused_when_the_register_moved(shared: Shared):
    run = shared.act(runs.open_run, fields=replace(shared.fields, record_on=date(2026, 10, 21)))
    with pytest.raises(rules.RecordDayAhead):
        shared.act(runs.freeze, run_id=run.id)
    shared.act(runs.revise_run, run_id=run.id, fields=replace(shared.fields, record_on=date(2026, 10, 19)))
    with pytest.raises(rules.NobodyOnThatDay):
        shared.act(runs.freeze, run_id=run.id)
    shared.act(runs.revise_run, run_id=run.id, fields=shared.fields)
    frozen = shared.act(runs.freeze, run_id=run.id)
    with shared.platform.database.reading() as session:
        rows = runs.lines_of(session, frozen)
        assert [line.amount_fen for line, _ in rows] == [2_887_097, 3_232_258, 3_880_646]
        assert [[part.amount_fen for part in parts] for _, parts in rows][1] == [1_616_129, 1_616_129]
        assert rows[2][1][0].name == DEVELOPER
        assert runs.verify(session, shared.scene.community) == []
        # A fen moved behind the platform's back: `hoa verify` names the run.
        rows[0][0].amount_fen += 1
        with session.no_autoflush:
            (told,) = runs.verify(session, shared.scene.community)
        assert told.startswith("分-2026-01")
    with pytest.raises(rules.MakerChecks):
        shared.act(runs.check, run_id=run.id)
    # The flat is sold between draft and check: the list is not the register's any more.
    with shared.platform.database.writing() as session:
        session.execute(
            update(Owner).where(Owner.community_id == shared.scene.community, Owner.name == PING).values(name="平志小")
        )
    with pytest.raises(rules.StaleList):
        shared.act(runs.check, by="chair", run_id=run.id)
    again = shared.act(runs.freeze, run_id=run.id)
    assert (again.list_version, again.list_hash != frozen.list_hash) == (2, True)
    work(shared.platform)
    shared.act(runs.check, by="chair", run_id=run.id)
    for verb, more in (
        (runs.freeze, {}),
        (runs.revise_run, {"fields": shared.fields}),
        (runs.choose, {"unit_id": "x", "payee_id": None, "basis": "第三条"}),
    ):
        with pytest.raises(rules.NotAtThisStep):
            shared.act(verb, run_id=run.id, **more)
    with pytest.raises(rules.NotAtThisStep):
        shared.act(runs.drop, by=None, run_id=run.id, because="不做了")
    for statement in (
        "UPDATE share_line SET amount_fen = amount_fen + 1",
        "DELETE FROM share_part",
        "UPDATE share_run SET total_fen = total_fen + 1",
        "DELETE FROM share_run",
    ):
        with pytest.raises(DBAPIError), shared.platform.database.writing() as session:
            session.execute(text(statement))


def test_units_are_left_out_with_a_reason_and_co_owners_name_one_payee(shared: Shared):
    community = shared.scene.community
    run = shared.act(runs.open_run, fields=shared.fields)
    shop, pair = unit_id(shared.platform, community, "1-1-201"), unit_id(shared.platform, community, "1-1-102")
    with shared.platform.database.reading() as session:
        ren = session.scalars(select(Owner).where(Owner.community_id == community, Owner.name == REN)).one().id
        ping = session.scalars(select(Owner).where(Owner.community_id == community, Owner.name == PING)).one().id
    for refusal, changes in (
        (rules.ReasonForUnit, {"unit_id": shop, "payee_id": None, "basis": " "}),
        (NotFound, {"unit_id": "x", "payee_id": None, "basis": "第三条"}),
        (NotFound, {"unit_id": pair, "payee_id": ping, "basis": "约定"}),
    ):
        with pytest.raises(refusal):
            shared.act(runs.choose, run_id=run.id, **changes)
    shared.act(runs.choose, run_id=run.id, unit_id=shop, payee_id=None, basis="决议第三条：开发商不参加")
    shared.act(runs.choose, run_id=run.id, unit_id=pair, payee_id=ren, basis="共有人书面约定")
    frozen = shared.act(runs.freeze, run_id=run.id)
    with shared.platform.database.reading() as session:
        rows = runs.lines_of(session, frozen)
        assert sum(line.amount_fen for line, _ in rows) == 10_000_001
        assert (rows[2][0].amount_fen, rows[2][0].excluded_because) == (0, "决议第三条：开发商不参加")
        assert [part.name for part in rows[1][1]] == [REN]
    shared.act(runs.unchoose, by=None, run_id=run.id, unit_id=shop)
    assert shared.run(run.id).state == "draft"
    with pytest.raises(NotFound):
        shared.act(runs.unchoose, by=None, run_id=run.id, unit_id=shop)
    shared.act(runs.drop, by=None, run_id=run.id, because="决议撤回")
    assert shared.run(run.id).dropped_because == "决议撤回"


def _bank_line(shared: Shared, amount_fen: int, balance_fen: int, reference: str) -> str:
    """One movement on the fund's account, imported as the cashier would."""
    sign = f',"{abs(amount_fen) / 100:.2f}"' if amount_fen < 0 else f'"{amount_fen / 100:.2f}",'
    rows = [
        "交易日期,收入金额,支出金额,账户余额,对方户名,摘要,流水号",
        f'20261020,{sign},"{balance_fen / 100:.2f}",业主,代发,{reference}',
    ]
    data = "\r\n".join(["起始日期:,20261020,截止日期:,20261020", *rows]).encode("gb18030")
    shared.act(bank.import_statement, by="cashier", name=f"{reference}.csv", data=data)
    with shared.platform.database.reading() as session:
        return session.scalars(select(BankLine).where(BankLine.reference == reference)).one().id


def _through(shared: Shared, voucher_id: str) -> None:
    """Approved by as many members as the amount asks for, and posted."""
    for checker in ("chair", "secretary", "member"):
        if shared.scene.step("approve", voucher_id, checker).state == "approved":
            break
    shared.scene.step("post", voucher_id, "deputy")


def test_a_dividend_is_paid_returned_and_paid_again_and_never_promised_twice(shared: Shared):
    keys, community = shared.platform.keys, shared.scene.community
    run_id = shared.checked()
    with pytest.raises(rules.NothingPayable):
        shared.act(payments.order, tools=(keys,), run_id=run_id)
    shared.own_account(PING, "elder")
    shared.own_account(DEVELOPER, "manager", "99000000000001")
    assert shared.states(run_id) == {PING: "ready", DEVELOPER: "ready", KANG: "no_account", REN: "no_account"}
    with shared.platform.database.reading() as session:
        stored = session.scalars(select(ShareAccount)).first()
        assert stored is not None
        assert CARD.encode() not in stored.sealed
        assert accounts.masked(keys, stored).endswith("0018")
    batch = shared.act(payments.order, tools=(keys,), run_id=run_id)
    assert batch.total_fen == 2_887_097 + 3_880_646
    assert shared.states(run_id)[PING] == "ordered"
    with shared.platform.database.reading() as session:
        # Owners who open the voucher's document get the copy without names and rooms.
        voucher = get(session, Voucher, community, batch.voucher_id)
        (paper,) = vouchers.documents_of(session, voucher)
        masked = documents.masked_copy(session, paper)
        assert masked is not None
        assert masked.id == shared.run(run_id).public_id
    with pytest.raises(rules.NothingPayable):
        shared.act(payments.order, tools=(keys,), run_id=run_id)

    def file(ending: str = "csv"):
        with shared.platform.database.reading() as session:
            return payments.payment_file(session, keys, community, batch_id=batch.id, code="WTY", ending=ending)

    with pytest.raises(payments.NotApprovedYet):
        file()
    with shared.platform.database.reading() as session:
        assert payments.verify(session, keys, community) == []
        # An account led elsewhere behind the platform's back: `hoa verify` names the order before it is paid.
        session.scalars(select(ShareAccount).where(ShareAccount.ended_at.is_(None))).first().bank = "别的银行"
        with session.no_autoflush:
            (told,) = payments.verify(session, keys, community)
        assert told.startswith("分-2026-01-1：付款文件")
    # Sent back and written anew over one yuan: what is approved then does not let out what was ordered.
    shared.scene.step("send_back", batch.voucher_id, "chair", reason="金额")
    with shared.platform.database.reading() as session:
        ordered = vouchers.fields_of(session, get(session, Voucher, community, batch.voucher_id))
    for amount in (100, batch.total_fen):
        shared.scene.step("revise", batch.voucher_id, "treasurer", fields=replace(ordered, amount_fen=amount))
        shared.scene.step("submit", batch.voucher_id, "treasurer")
        if amount == 100:
            shared.scene.step("approve", batch.voucher_id, "chair")
            with pytest.raises(payments.OrderMoved):
                file()
            shared.scene.step("send_back", batch.voucher_id, "chair", reason="金额")
    _through(shared, batch.voucher_id)
    rows = file().data.decode("utf-8-sig").splitlines()
    assert rows[1].split(",")[1:5] == [PING, CARD, "演示银行", "28870.97"]
    assert len(rows) == 3
    assert file("xlsx").data[:2] == b"PK"
    with pytest.raises(NotFound):
        file("pdf")
    # The bank's line confirms it.
    line = _bank_line(shared, -batch.total_fen, 15_000_000 - batch.total_fen, "D1")
    shared.act(matching.confirm, bank_line_id=line, voucher_id=batch.voucher_id)
    assert shared.states(run_id)[PING] == "paid"
    with shared.platform.database.reading() as session:
        run = get(session, ShareRun, community, run_id)
        assert outstanding_fen(session, run) == 3_232_258
        payout = session.scalars(
            select(SharePayout).join(SharePart, SharePart.id == SharePayout.part_id).where(SharePart.name == PING)
        ).one()
        mine = own.shares(session, community, shared.scene.people["elder"])
        assert [(share.line.amount_fen, share.exact) for share in mine] == [(2_887_097, "28870.970629")]
    # 退票: the money is back and owed; the same account is not tried again.
    slip = Slip(name="退票.pdf", data=papers.paper("退票通知", ("户名不符",)))
    give_back = {"tools": (shared.platform.files,), "payout_id": payout.id}
    with pytest.raises(payments.ReturnReason):
        shared.act(payments.record_return, **give_back, reason=" ", slip=slip)
    with pytest.raises(payments.SlipNeeded):
        shared.act(payments.record_return, **give_back, reason="户名不符", slip=None)
    back = shared.act(payments.record_return, **give_back, reason="户名不符", slip=slip)
    with pytest.raises(payments.ReturnedAlready):
        shared.act(payments.record_return, **give_back, reason="户名不符", slip=slip)
    _through(shared, back.voucher_id)
    assert shared.states(run_id)[PING] == "returned"
    with shared.platform.database.reading() as session:
        assert outstanding_fen(session, get(session, ShareRun, community, run_id)) == 3_232_258 + 2_887_097
        back_row = get(session, Voucher, community, back.voucher_id)
        assert [(row.debit_fen, row.credit_fen) for row in vouchers.lines_of(session, back_row)] == [
            (2_887_097, 0),
            (0, 2_887_097),
        ]
    line = _bank_line(shared, 2_887_097, 15_000_000 - batch.total_fen + 2_887_097, "D2")
    shared.act(matching.confirm, bank_line_id=line, voucher_id=back.voucher_id)
    with pytest.raises(rules.NothingPayable):
        shared.act(payments.order, tools=(keys,), run_id=run_id)
    # Another run cannot take what is owed.
    other = shared.decide(limit_fen=90_000_000)
    free = 15_000_000 - 10_000_001
    with pytest.raises(rules.MoreThanThere):
        shared.act(runs.open_run, fields=replace(shared.fields, resolution_id=other, total_fen=free + 1))
    shared.act(runs.open_run, fields=replace(shared.fields, resolution_id=other, total_fen=free))
    shared.platform.clock.advance(hours=1)  # type: ignore[attr-defined]
    shared.act(accounts.give, by="elder", tools=(keys,), bank="另一家银行", number="99000000000077")
    second = shared.act(payments.order, tools=(keys,), run_id=run_id)
    assert second.total_fen == 2_887_097
    # A voucher that is thrown away never paid anybody.
    shared.scene.step("send_back", second.voucher_id, "chair", reason="再核对")
    with shared.platform.database.writing() as session:
        vouchers.discard(session, community, voucher_id=second.voucher_id)
    with shared.platform.database.reading() as session:
        row = get(session, ShareBatch, community, second.id)
        assert batch_states(session, [row])[row.id] is BatchState.VOID
    assert shared.states(run_id)[PING] == "ready"


def test_what_no_co_owner_was_named_for_is_held_until_somebody_claims_it(shared: Shared):
    community = shared.scene.community
    with shared.platform.database.writing() as session:
        session.execute(update(Ownership).where(Ownership.community_id == community).values(share=None))
    run_id = shared.checked()
    assert shared.states(run_id)[""] == "unnamed"
    with shared.platform.database.reading() as session:
        part = session.scalars(select(SharePart).where(SharePart.owner_id.is_(None))).one()
        kang = session.scalars(select(Owner).where(Owner.community_id == community, Owner.name == KANG)).one().id
        ping = session.scalars(select(Owner).where(Owner.community_id == community, Owner.name == PING)).one().id
    for refusal, owner, basis in ((NotFound, ping, "约定"), (rules.ReasonForUnit, kang, " ")):
        with pytest.raises(refusal):
            shared.act(claims.name, part_id=part.id, owner_id=owner, basis=basis)
    named = shared.act(claims.name, part_id=part.id, owner_id=kang, basis="共有人书面约定")
    with pytest.raises(claims.NamedAlready):
        shared.act(claims.name, part_id=part.id, owner_id=kang, basis="共有人书面约定")
    shared.act(claims.confirm, by="chair", naming_id=named.id)
    with pytest.raises(claims.ClaimedAlready):
        shared.act(claims.name, part_id=part.id, owner_id=kang, basis="共有人书面约定")
    assert shared.states(run_id)[""] == "no_account"
    shared.own_account(KANG, "elder")
    with shared.platform.database.reading() as session:
        (share,) = own.shares(session, community, shared.scene.people["elder"])
        assert [standing.part.amount_fen for standing in share.parts] == [3_232_258]
    batch = shared.act(payments.order, tools=(shared.platform.keys,), run_id=run_id)
    _through(shared, batch.voucher_id)
    with shared.platform.database.reading() as session:
        (row,) = payments.file_rows(session, shared.platform.keys, batch)
    assert row[1:5] == (KANG, CARD, "演示银行", "32322.58")


def test_nobody_names_a_payee_alone_and_nobody_confirms_money_for_themselves(app: Flask, shared: Shared):
    """The treasurer names, in league or in error; until another member who gets nothing of it confirms, nothing is
    payable, neither through the pages nor past them.
    """
    platform, community, people = shared.platform, shared.scene.community, shared.scene.people
    with platform.database.writing() as session:
        session.execute(update(Ownership).where(Ownership.community_id == community).values(share=None))
    run_id = shared.checked()
    shared.own_account(KANG, "chair")
    with platform.database.reading() as session:
        part = session.scalars(select(SharePart).where(SharePart.owner_id.is_(None))).one()
        kang = session.scalars(select(Owner).where(Owner.community_id == community, Owner.name == KANG)).one().id
    treasurer, chair, deputy = (signed_in(app, platform, people[name]) for name in ("treasurer", "chair", "deputy"))
    page = f"{SHARES}/parts/{part.id}/claim"
    answer = post(treasurer, page, {"owner": kang, "basis": "书面约定"})
    assert answer.status_code == 302
    assert "已经写明收款人" in post(treasurer, page, {"owner": kang, "basis": "再写一次"}).text
    with platform.database.reading() as session:
        (waiting,) = claims.waiting(session, community)
    naming = f"{SHARES}/namings/{waiting.naming.id}"
    # Not payable, and the owner is not told of a share that may go to somebody else.
    assert shared.states(run_id)[""] == "unnamed"
    with pytest.raises(rules.NothingPayable):
        shared.act(payments.order, tools=(platform.keys,), run_id=run_id)
    # Neither the one who named nor the one who is named.
    assert post(treasurer, naming, {"word": "confirm"}, page=page).status_code == 403
    with pytest.raises(rules.NamerConfirms):
        shared.act(claims.confirm, naming_id=waiting.naming.id)
    with pytest.raises(rules.PayeeConfirms):
        shared.act(claims.confirm, by="chair", naming_id=waiting.naming.id)
    assert "收款人本人都不能确认" in chair.get(naming).text
    with pytest.raises(DBAPIError), platform.database.writing() as session:
        session.execute(text("UPDATE share_naming SET decided_by_id = by_id, decided_at = at"))
    with pytest.raises(DBAPIError), platform.database.writing() as session:
        session.execute(text("UPDATE share_naming SET basis = '改过'"))
    assert shared.states(run_id)[""] == "unnamed"
    # Sent back with the reason, which is read by whoever writes the next one; nothing typed is lost.
    assert "确认收款人" in deputy.get(f"{SHARES}/runs/{run_id}/list").text
    assert "请写明退回的原因" in post(deputy, naming, {"word": "refuse", "because": " "}).text
    long = "原" * 201
    assert long in post(deputy, naming, {"word": "refuse", "because": long}).text
    assert post(deputy, naming, {"word": "refuse", "because": "没有见到原件"}).status_code == 302
    assert deputy.get(naming).status_code == 409
    assert "没有见到原件" in treasurer.get(page).text
    assert post(treasurer, page, {"owner": kang, "basis": "公证书"}).status_code == 302
    with platform.database.reading() as session:
        (second,) = claims.waiting(session, community)
    assert post(deputy, f"{SHARES}/namings/{second.naming.id}", {"word": "confirm"}).status_code == 302
    assert shared.states(run_id)[""] == "ready"
    with platform.database.reading() as session:
        assert claims.verify(session, community) == []


def alone_claimed(shared: Shared) -> str:
    """The id of a claim without anybody's confirmation, as the release before wrote it or somebody by SQL."""
    community = shared.scene.community
    with shared.platform.database.writing() as session:
        session.execute(update(Ownership).where(Ownership.community_id == community).values(share=None))
    shared.checked()
    with shared.platform.database.writing() as session:
        part = session.scalars(select(SharePart).where(SharePart.owner_id.is_(None))).one()
        kang = session.scalars(select(Owner).where(Owner.community_id == community, Owner.name == KANG)).one()
        claim = ShareClaim(
            community_id=community,
            part_id=part.id,
            owner_id=kang.id,
            basis="约定",
            by_id=shared.scene.people["treasurer"],
            at=shared.platform.now(),
        )
        session.add(claim)
        session.flush()
        return claim.id


def test_a_claim_that_was_slipped_past_the_second_person_is_named_by_verify(shared: Shared):
    claim = alone_claimed(shared)
    with shared.platform.database.reading() as session:
        assert claims.verify(session, shared.scene.community) == [f"收款人 {claim}：没有第二人确认的记录"]


def test_who_was_named_by_the_release_before_counts_as_confirmed_by_whoever_named_them(shared: Shared, bare: Database):
    claim, treasurer = alone_claimed(shared), shared.scene.people["treasurer"]
    upgrade(bare, "0032_board")
    with shared.platform.database.reading() as source, bare.writing() as old:
        carry(source, old)
    upgrade(bare, "head")
    with bare.reading() as session:
        row = session.scalars(select(ShareNaming)).one()
        assert (row.id, row.by_id, row.decided_by_id, row.decided_at) == (claim, treasurer, treasurer, row.at)
        assert claims.verify(session, shared.scene.community) == []


def test_from_the_resolution_to_the_owners_line_through_the_pages(app: Flask, shared: Shared):
    platform, people = shared.platform, shared.scene.people
    browsers = {name: signed_in(app, platform, people[name]) for name in ("treasurer", "chair", "elder", "manager")}
    treasurer, visitor = browsers["treasurer"], app.test_client()
    typed = {
        "kind": "subsidy",
        "title": "2026 年冲抵物业费",
        "resolution": shared.decision,
        "amount": "100,000.01",
        "record_on": "2026-10-20",
    }
    refused = post(treasurer, f"{SHARES}/runs/new", typed)
    assert "付给哪家物业服务企业" in refused.text
    assert "100,000.01" in refused.text
    answer = post(treasurer, f"{SHARES}/runs/new", {**typed, "payee": "晴川物业服务有限公司"})
    page = answer.headers["Location"]
    assert visitor.get(page).status_code == 403
    assert post(treasurer, f"{page}/freeze", page=page).status_code == 302
    assert post(browsers["chair"], f"{page}/order", page=page).status_code == 403
    assert "核对无误" in browsers["chair"].get(page).text
    assert post(treasurer, f"{page}/check", page=page).status_code == 403
    assert post(browsers["chair"], f"{page}/check", page=page).status_code == 302
    assert "还在排版" in post(treasurer, f"{page}/order", page=page).text
    work(platform)
    order = post(treasurer, f"{page}/order", page=page).headers["Location"]
    assert "晴川物业服务有限公司" in treasurer.get(page).text
    # Everybody sees the totals and nobody else's line.
    shown = visitor.get(page).text
    assert "¥100,000.01" in shown
    assert PING not in shown
    for hidden in (f"{page}/list", f"{page}/list.xlsx", order, f"{order}/file.csv", f"{page}/areas.txt"):
        assert visitor.get(hidden).status_code == 302, hidden
        if not hidden.endswith("areas.txt"):
            assert browsers["manager"].get(hidden).status_code == 403, hidden
    listed = treasurer.get(f"{page}/list?q={PING}").text
    assert "28,870.97" in listed
    assert KANG not in listed
    for ending, begins in (("xlsx", b"PK"), ("csv", b"\xef\xbb\xbf"), ("pdf", b"%PDF")):
        assert treasurer.get(f"{page}/list.{ending}").data.startswith(begins)
    assert treasurer.get(f"{page}/list.doc").status_code == 404
    assert "89.50\n100.20\n120.30\n" in treasurer.get(f"{page}/areas.txt").text
    # The owner's own line, and the way to reckon it again.
    with platform.database.writing() as session:
        session.execute(update(Owner).where(Owner.name == PING).values(person_id=people["elder"]))
    mine = browsers["elder"].get(f"{SHARES}/mine").text
    assert "28870.970629" in mine
    assert "¥28,870.97" in mine
    again = re.search(r'href="([^"]*calculator[^"]*)"', mine)
    assert again is not None
    assert "28,870.97" in visitor.get(again[1].replace("&amp;", "&")).text
    wrong = post(
        browsers["elder"], f"{SHARES}/mine/account", {"bank": "演示银行", "number": "12"}, page=f"{SHARES}/mine"
    )
    assert "8 到 32 位数字" in wrong.text
    kept = {"bank": "演示银行", "number": CARD}
    assert post(browsers["elder"], f"{SHARES}/mine/account", kept, page=f"{SHARES}/mine").status_code == 302
    mine = browsers["elder"].get(f"{SHARES}/mine").text
    assert "**** 0018" in mine
    assert CARD not in mine
    assert post(browsers["elder"], f"{SHARES}/mine/account/end", page=f"{SHARES}/mine").status_code == 302
    # Published: the totals with the list's fingerprint.
    assert post(treasurer, f"{page}/publish", page=page).status_code == 302
    with platform.database.reading() as session:
        run = session.scalars(select(ShareRun)).one()
        published = publishing.latest(session, run)
        assert published is not None
        assert published.content["list_hash"] == run.list_hash
        assert PING not in str(published.content)
        full, public = (get(session, Document, run.community_id, one) for one in (run.document_id, run.public_id))
        assert public.masked_from_id == full.id
        batch = session.scalars(select(ShareBatch)).one()
        assert get(session, Voucher, run.community_id, batch.voucher_id).purpose == "U2"
    _through(shared, batch.voucher_id)
    row = treasurer.get(f"{order}/file.csv").data.decode("utf-8-sig").splitlines()[1]
    assert "晴川物业服务有限公司" in row
    assert "100000.01" in row


def test_bad_input_on_every_form_is_told_and_changes_nothing(app: Flask, shared: Shared):
    run_id = shared.checked()
    treasurer = signed_in(app, shared.platform, shared.scene.people["treasurer"])
    page = f"{SHARES}/runs/{run_id}"
    with shared.platform.database.reading() as session:
        part = session.scalars(select(SharePart)).first()
        line = session.scalars(select(ShareLine)).first()
    assert part is not None
    assert line is not None
    new = {"kind": "dividend", "title": "甲" * 81, "resolution": "x", "amount": "很多", "record_on": "2026-13-01"}
    told = post(treasurer, f"{SHARES}/runs/new", new).text
    assert "太长了" in told
    assert "很多" in told
    assert treasurer.get(f"{page}/edit").status_code == 409
    late = {"unit": line.unit_id, "payee": "exclude", "basis": "x"}
    assert "已经不在这一步" in post(treasurer, f"{page}/units", late, page=f"{SHARES}/runs/new").text
    assert treasurer.get(f"{SHARES}/calculator?amount=0&areas=1").text.count("金额不能是零")
    assert "第 2 个面积" in treasurer.get(f"{SHARES}/calculator?amount=1&areas=1,x").text
    assert treasurer.get(f"{SHARES}/calculator?amount=1").status_code == 200
    claim = f"{SHARES}/parts/{part.id}/claim"
    assert treasurer.get(claim).status_code == 200
    assert post(treasurer, claim, {"owner": "x", "basis": ""}).status_code == 200
    assert post(treasurer, f"{page}/drop", {"because": "x"}).status_code == 200
    for hidden in ("runs/x", "orders/x", "payouts/x/return", "parts/x/claim", "budget/other/2026", "allowances/x"):
        assert treasurer.get(f"{SHARES}/{hidden}").status_code == 404, hidden
    with shared.platform.database.reading() as session:
        assert len(runs.runs(session, shared.scene.community)) == 1


def test_roles_that_may_not_do_a_step_are_refused(shared: Shared):
    run_id = shared.checked()
    shared.own_account(PING, "elder")
    with pytest.raises(Refusal):
        shared.act(payments.order, by="cashier", tools=(shared.platform.keys,), run_id=run_id)
    with pytest.raises(NotFound):
        shared.act(accounts.give, by="manager", tools=(shared.platform.keys,), bank="演示银行", number=CARD)
    with pytest.raises(NotAllowed):
        rules.check_second(maker_id="a", checker_id="a")
