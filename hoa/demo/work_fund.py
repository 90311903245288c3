"""The demo's work fund (工作经费): a balance brought from last year, what an office of volunteers pays for, its own
bank account. Nothing in it moves the owners' common revenue.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy.orm import Session

from finance.rules import opening as opening_rules
from finance.rules.charts import WORK
from finance.rules.ledger import VoucherKind
from finance.rules.periods import first_day, months_between, next_month
from finance.service import bank, books, closing, documents, matching, opening, vouchers
from finance.service.books import chart_of
from finance.service.vouchers import VoucherFields
from finance.tables import BankLine
from hoa.demo import papers
from hoa.demo.contracts import YEAR
from hoa.kernel import money
from hoa.kernel.clock import CHINA
from hoa.platform import Platform

OWNER = "梧桐苑业主委员会"
ACCOUNT_NO = "9900 0000 0000 0506"
OPENING = "16,000.00"
GROUNDS = "工作经费管理办法（业主大会 2025 年 12 月 20 日通过）第四条"
RULES = "业主大会 2025 年 12 月 20 日通过的工作经费管理办法"


@dataclass(frozen=True, kw_only=True)
class Movement:
    """A line of the bank's statement, and the role of the account it is booked against."""

    day: date
    fen: int
    party: str
    summary: str
    role: str


MOVEMENTS = (
    Movement(day=date(YEAR, 1, 15), fen=-32_000, party="文印店", summary="年度公告印刷", role="administration.5"),
    Movement(
        day=date(YEAR, 3, 12), fen=-48_000, party="社区活动中心", summary="业主代表会议场地", role="administration.2"
    ),
    Movement(day=date(YEAR, 3, 21), fen=980, party="结息", summary="存款利息", role="other_income.unrestricted"),
    Movement(day=date(YEAR, 5, 18), fen=-118_800, party="云服务商", summary="系统年费", role="administration.6"),
    Movement(day=date(YEAR, 6, 21), fen=910, party="结息", summary="存款利息", role="other_income.unrestricted"),
    Movement(day=date(YEAR, 8, 20), fen=-26_000, party="文印店", summary="表决票印刷", role="administration.5"),
    Movement(day=date(YEAR, 9, 21), fen=860, party="结息", summary="存款利息", role="other_income.unrestricted"),
)


def build(platform: Platform, community_id: str, people: Mapping[str, str]) -> None:
    """Open the book, bring the balance in, book the nine months of its account and close them."""
    with platform.database.writing() as session:
        book = books.open_book(
            session, community_id, kind=WORK, opened_on=date(YEAR, 1, 1), limits_source=RULES, publish_within_days=25
        )
        account = books.open_bank_account(
            session,
            community_id,
            book=book,
            bank="演示农村商业银行",
            name=OWNER + "（工作经费）",
            account_no=ACCOUNT_NO,
        )
        _bring_in(session, platform, community_id, people)
        bank.import_statement(
            session,
            community_id,
            account_id=account.id,
            name="工作经费账户明细.csv",
            data=_statement(),
            by=people["cashier"],
            now=_at(date(YEAR, 10, 2)),
        )
        for line, movement in zip(bank.lines(session, account), MOVEMENTS, strict=True):
            _book(session, platform, community_id, people, line, movement)
        for month in months_between(YEAR * 100 + 1, YEAR * 100 + 9):
            moment = max(_at(first_day(next_month(month)) + timedelta(days=5)), _at(date(YEAR, 10, 6)))
            closing.close_month(session, community_id, month=month, by=people["treasurer"], now=moment, kind=WORK)


def _at(day: date) -> datetime:
    return datetime.combine(day, time(20, 0), CHINA)


def _bring_in(session: Session, platform: Platform, community_id: str, people: Mapping[str, str]) -> None:
    """Last year's trial balance, still by the old accounts."""
    table = f"科目编码\t科目名称\t借方余额\t贷方余额\n1002\t银行存款\t{OPENING}\t\n3101\t非限定性净资产\t\t{OPENING}\n"
    moment = _at(date(YEAR, 1, 5))
    voucher = opening.bring_in(
        session,
        community_id,
        fund=WORK,
        rows=opening_rules.read_text(table),
        regime="2004",
        meanings={},
        by=people["treasurer"],
        now=moment,
    )
    sheet = papers.paper(
        "工作经费 2025 年 12 月 31 日科目余额表（演示）", ("银行存款 " + OPENING, "非限定性净资产 " + OPENING)
    )
    _attach(session, platform, community_id, people, voucher.id, "2025 年末工作经费余额表.pdf", sheet, "other", moment)
    _through(session, community_id, people, voucher.id, moment)


def _statement() -> bytes:
    """The bank's file of the account."""
    balance = money.parse(OPENING)
    head = f"账号:,{ACCOUNT_NO}\n起始日期:,{YEAR}0101,截止日期:,{YEAR}0930\n"
    rows = ["交易日期,收入金额,支出金额,账户余额,对方户名,摘要,流水号"]
    for number, movement in enumerate(MOVEMENTS, start=1):
        balance += movement.fen
        came, went = max(movement.fen, 0), max(-movement.fen, 0)
        cells = (
            f"{movement.day:%Y%m%d}",
            money.plain(came) if came else "",
            money.plain(went) if went else "",
            money.plain(balance),
            movement.party,
            movement.summary,
            f"{movement.day:%y%m%d}05{number:04d}",
        )
        rows.append(",".join(cells))
    return (head + "\n".join(rows) + "\n").encode()


def _book(
    session: Session,
    platform: Platform,
    community_id: str,
    people: Mapping[str, str],
    line: BankLine,
    movement: Movement,
) -> None:
    moment = _at(movement.day + timedelta(days=1))
    invoice = f"{movement.day:%Y%m%d}05" if movement.fen < 0 else ""
    fields = VoucherFields(
        kind=VoucherKind.RECEIPT if movement.fen > 0 else VoucherKind.PAYMENT,
        book=WORK,
        day=movement.day,
        summary=movement.summary,
        party=movement.party,
        amount_fen=abs(movement.fen),
        account=chart_of(books.work_book(session, community_id)).by_role(movement.role).code,
        grounds=GROUNDS if movement.fen < 0 else "",
        invoice_no=invoice,
    )
    voucher = vouchers.draft(session, community_id, fields=fields, by=people["treasurer"], now=moment)
    matching.confirm(
        session, community_id, bank_line_id=line.id, voucher_id=voucher.id, by=people["treasurer"], now=moment
    )
    if invoice:
        scan = papers.invoice(
            number=invoice,
            seller=movement.party,
            buyer=OWNER,
            item=movement.summary,
            amount=money.show(-movement.fen),
            day=f"{movement.day:%Y%m%d}",
        )
        _attach(session, platform, community_id, people, voucher.id, f"发票 {invoice}.pdf", scan, "invoice", moment)
    _through(session, community_id, people, voucher.id, moment)


def _attach(
    session: Session,
    platform: Platform,
    community_id: str,
    people: Mapping[str, str],
    voucher_id: str,
    name: str,
    data: bytes,
    kind: str,
    moment: datetime,
) -> None:
    stored = documents.store(
        session, platform.files, community_id, name=name, data=data, kind=kind, by=people["treasurer"], now=moment
    )
    documents.attach_to_voucher(session, community_id, document_id=stored.id, voucher_id=voucher_id)


def _through(session: Session, community_id: str, people: Mapping[str, str], voucher_id: str, moment: datetime) -> None:
    """The treasurer submits, the chair checks the next day, the deputy posts the day after."""
    steps = ((vouchers.submit, "treasurer", 0), (vouchers.approve, "chair", 16), (vouchers.post, "deputy", 47))
    for step, who, hours in steps:
        step(session, community_id, voucher_id=voucher_id, by=people[who], now=moment + timedelta(hours=hours))
