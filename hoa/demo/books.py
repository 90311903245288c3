"""Nine months of the demo community's books, kept the way its treasurer would: the bank file every ten days, a voucher
a line, three people a voucher.

What the auditors are to find is planted here and nowhere else: an invoice paid twice, one repair split in two under
the limit for a firm of the chair's spouse, a quarter of advertising that never came, a bank line that nobody
explained, a contract that ran out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from importlib import resources

from sqlalchemy.orm import Session

from finance.disclosure import maintenance
from finance.disclosure.maintenance import Figures
from finance.rules.bank import read_statement
from finance.rules.bank_rows import BankRow
from finance.rules.ledger import VoucherKind
from finance.rules.periods import Quarter, first_day, last_day, months_between, next_month
from finance.rules.spans import Half
from finance.service import bank, books, closing, contracts, documents, matching, publishing, related, vouchers
from finance.service.vouchers import VoucherFields
from finance.tables import BankLine
from hoa.community.service import get_community
from hoa.demo import papers, work_fund
from hoa.demo.contracts import YEAR, agreed
from hoa.kernel import money
from hoa.kernel.clock import CHINA
from hoa.platform import Platform
from hoa.resolutions import authority
from hoa.resolutions import service as resolutions

BUYER = "梧桐苑业主委员会"
OPENING_FEN = 21_456_000
LIMIT_FEN = 500_000
YEARLY_LIMIT_FEN = 10_000_000
PUBLISH_WITHIN_DAYS = 25
STANDING = "业主委员会常规授权：单笔 5,000 元以内的维修（议事规则第二十一条）"
PUBLISHED = (Quarter(YEAR, 1), Quarter(YEAR, 2))
HALF = Half(YEAR, 1)
MAINTENANCE = Figures(
    opening_fen=423_817_655,
    interest_fen=3_178_632,
    from_revenue_fen=0,
    other_in_fen=960_000,
    spent_fen=4_286_000,
    closing_fen=423_670_287,
    keeper="演示区住房资金管理中心",
    note="5 幢屋面防水、2 幢水泵大修",
)


@dataclass(frozen=True, kw_only=True)
class Booking:
    """How the treasurer books a kind of bank line."""

    purpose: str
    contract: str | None = None
    decision: str | None = None
    grounds: str = ""


# Who pays or is paid, and a word of the summary where that is not enough.
BOOKINGS: Mapping[tuple[str, str], Booking] = {
    ("智慧停车平台", "月租"): Booking(purpose="CR01", contract="monthly", decision="operate"),
    ("智慧停车平台", "临停"): Booking(purpose="CR01", contract="hourly", decision="operate"),
    ("渝璧甲商贸有限公司", ""): Booking(purpose="CR07", contract="room", decision="operate"),
    ("通信铁塔", ""): Booking(purpose="CR04", contract="tower", decision="operate"),
    ("充电运营商", ""): Booking(purpose="CR06", contract="charging", decision="operate"),
    ("分享传媒有限公司", ""): Booking(purpose="CR02", contract="lifts", decision="operate"),
    ("快递柜运营商", ""): Booking(purpose="CR05", contract="lockers", decision="operate"),
    ("结息", ""): Booking(purpose="CR12"),
    ("代理记账服务部", ""): Booking(purpose="U6", contract="bookkeeping", decision="bookkeeping"),
    ("䶮源养护", ""): Booking(purpose="U5", contract="greening", decision="budget"),
    ("诚达消防器材", ""): Booking(purpose="U5", decision="extinguishers"),
    ("顺发建材经营部", ""): Booking(purpose="U5", grounds=STANDING),
}


def build(platform: Platform, community_id: str, people: Mapping[str, str]) -> Mapping[str, str]:
    """Keep the books from January to September 2026; the ids of the resolutions they rest on, by name.

    `people` are the ids of chair, deputy, treasurer and cashier.
    """
    data = resources.files("hoa.demo").joinpath("data/bank-2026.csv").read_bytes()
    statement = read_statement(data)
    with platform.database.writing() as session:
        decisions = _decide(session, community_id, people)
        signed = _sign_contracts(session, platform, community_id, people, decisions)
        _open(session, platform, community_id, people, account_no=statement.account_no)
        code = get_community(session, community_id).code
    work_fund.build(platform, community_id, people)
    for month in months_between(YEAR * 100 + 1, YEAR * 100 + 9):
        with platform.database.writing() as session:
            keeper = _Keeper(session, platform, community_id, people, decisions, signed)
            for start, end in _thirds(month):
                keeper.keep(data, start, end)
            _close(session, community_id, month, people)
            quarter = Quarter.of(last_day(month))
            if quarter.end == last_day(month) and quarter in PUBLISHED:
                moment = _at(quarter.end + timedelta(days=12), 21)
                publishing.publish(session, community_id, span=quarter, code=code, by=people["treasurer"], now=moment)
            if month == HALF.months[-1]:
                _state_the_maintenance_fund(session, community_id, code, people)
    return decisions


def _state_the_maintenance_fund(session: Session, community_id: str, code: str, people: Mapping[str, str]) -> None:
    """The half-year of the maintenance fund, copied from its keeper's statement, published with the work fund's."""
    moment = _at(HALF.end + timedelta(days=18), 20)
    maintenance.state(session, community_id, half=HALF, figures=MAINTENANCE, by=people["treasurer"], now=moment)
    publishing.publish(session, community_id, span=HALF, code=code, by=people["treasurer"], now=moment)


def _at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), CHINA)


def _thirds(month: int) -> Iterator[tuple[date, date]]:
    """The month in parts of ten days: that is how often the cashier fetches the bank's file."""
    start, end = first_day(month), last_day(month)
    yield start, start.replace(day=10)
    yield start.replace(day=11), start.replace(day=20)
    yield start.replace(day=21), end


def _decide(session: Session, community_id: str, people: Mapping[str, str]) -> dict[str, str]:
    """What the assembly and the committee decided before the money moved."""
    rows = (
        (
            "operate",
            "assembly",
            "M8",
            date(2025, 6, 8),
            "利用共有部分经营：停车、电梯广告、快递柜、基站、充电桩、公共用房",
            None,
            None,
        ),
        (
            "budget",
            "assembly",
            "M9",
            date(2025, 12, 20),
            "2026 年度公共收益预算：收入 336,000 元，绿化养护按实列支",
            date(2026, 12, 31),
            33_600_000,
        ),
        (
            "bookkeeping",
            "committee",
            None,
            date(2026, 1, 6),
            "聘请代理记账，每月 3,000 元",
            date(2026, 12, 31),
            3_600_000,
        ),
        (
            "authority",
            "assembly",
            "M9",
            date(2025, 12, 20),
            "授权业主委员会自行决定单笔 5,000 元以内、全年 100,000 元以内的支出",
            None,
            None,
        ),
        ("extinguishers", "committee", None, date(2026, 4, 2), "更换 1–6 幢灭火器", None, 386_000),
        ("fire", "committee", None, date(2026, 9, 18), "与翀达消防签订年度消防维护合同", None, 240_000),
    )
    found: dict[str, str] = {}
    for key, source, matter, day, title, until, limit in rows:
        found[key] = resolutions.enter(
            session,
            community_id,
            source=source,
            matter=matter,
            title=title,
            text=title + "。",
            decided_on=day,
            valid_until=until,
            limit_fen=limit,
            by=people["secretary"],
            now=_at(day + timedelta(days=2), 20),
        ).id
    return found


def _sign_contracts(
    session: Session, platform: Platform, community_id: str, people: Mapping[str, str], decisions: Mapping[str, str]
) -> dict[str, str]:
    books.open_book(
        session,
        community_id,
        opened_on=date(YEAR, 1, 1),
        publish_within_days=PUBLISH_WITHIN_DAYS,
        limits_source="业主大会议事规则（2025）第二十三条",
    )
    authority.set_limit(
        session,
        community_id,
        single_fen=LIMIT_FEN,
        yearly_fen=YEARLY_LIMIT_FEN,
        from_on=date(YEAR, 1, 1),
        until_on=None,
        resolution_id=decisions["authority"],
        by=people["clerk"],
        now=_at(date(YEAR, 1, 2), 20),
    )
    signed: dict[str, str] = {}
    for key, fields in agreed(decisions).items():
        moment = _at(max(fields.starts_on, date(YEAR, 1, 2)), 20)
        contract = contracts.make(session, community_id, fields=fields, by=people["treasurer"], now=moment)
        scan = papers.paper(
            f"合同（演示）：{fields.title}",
            (f"甲方：{BUYER}", f"乙方：{fields.party}", f"期限：{fields.starts_on} 至 {fields.ends_on}"),
        )
        stored = documents.store(
            session,
            platform.files,
            community_id,
            name=f"合同 {fields.title}.pdf",
            data=scan,
            kind="contract",
            by=people["treasurer"],
            now=moment,
        )
        documents.attach_to_contract(session, community_id, document_id=stored.id, contract_id=contract.id)
        signed[key] = contract.id
    related.declare(
        session,
        community_id,
        party="顺发建材经营部",
        relation="业主委员会主任的配偶经营",
        by=people["chair"],
        now=_at(date(YEAR, 1, 8), 20),
    )
    return signed


def _open(
    session: Session, platform: Platform, community_id: str, people: Mapping[str, str], *, account_no: str
) -> None:
    """The account and the balance the year began with."""
    book = books.trust_book(session, community_id)
    books.open_bank_account(
        session,
        community_id,
        book=book,
        bank="演示农村商业银行",
        name=BUYER + "（公共收益专户）",
        account_no=account_no,
    )
    moment = _at(date(YEAR, 1, 5), 21)
    fields = VoucherFields(
        kind=VoucherKind.OPENING,
        day=date(YEAR, 1, 1),
        summary="转入 2025 年末公共收益余额",
        party=BUYER,
        amount_fen=OPENING_FEN,
        purpose=None,
    )
    voucher = vouchers.draft(session, community_id, fields=fields, by=people["treasurer"], now=moment)
    sheet = papers.paper("2025 年 12 月 31 日科目余额表（演示）", ("公共收益专户 " + money.show(OPENING_FEN),))
    stored = documents.store(
        session,
        platform.files,
        community_id,
        name="2025 年末科目余额表.pdf",
        data=sheet,
        kind="other",
        by=people["treasurer"],
        now=moment,
    )
    documents.attach_to_voucher(session, community_id, document_id=stored.id, voucher_id=voucher.id)
    _through(session, community_id, voucher.id, people, moment)


def _through(session: Session, community_id: str, voucher_id: str, people: Mapping[str, str], moment: datetime) -> None:
    """The treasurer submits, the chair checks the next day, the deputy posts the day after."""
    vouchers.submit(
        session, community_id, voucher_id=voucher_id, by=people["treasurer"], now=moment + timedelta(minutes=5)
    )
    checked = moment + timedelta(hours=16)
    vouchers.approve(session, community_id, voucher_id=voucher_id, by=people["chair"], now=checked)
    vouchers.post(session, community_id, voucher_id=voucher_id, by=people["deputy"], now=checked + timedelta(hours=31))


def _close(session: Session, community_id: str, month: int, people: Mapping[str, str]) -> None:
    moment = _at(first_day(next_month(month)) + timedelta(days=5), 21, 30)
    closing.close_month(session, community_id, month=month, by=people["treasurer"], now=moment)


@dataclass(frozen=True)
class _Keeper:
    """The treasurer at work in one month."""

    session: Session
    platform: Platform
    community_id: str
    people: Mapping[str, str]
    decisions: Mapping[str, str]
    signed: Mapping[str, str]

    def keep(self, data: bytes, start: date, end: date) -> None:
        """Fetch what the bank says up to `end` and book it the same evening."""
        account = books.bank_account(self.session, books.trust_book(self.session, self.community_id))
        moment = _at(end + timedelta(days=1), 20, 30)
        bank.import_statement(
            self.session,
            self.community_id,
            account_id=account.id,
            name=f"账户明细-{start:%Y%m%d}-{end:%Y%m%d}.csv",
            data=_excerpt(data, start, end),
            by=self.people["cashier"],
            now=moment,
        )
        for line in bank.lines(self.session, account, start=start, end=end):
            if line.party:
                self._book(line, moment + timedelta(minutes=30))

    def _book(self, line: BankLine, moment: datetime) -> None:
        known = next(
            booking for (party, word), booking in BOOKINGS.items() if party == line.party and word in line.summary
        )
        voucher = vouchers.draft(
            self.session, self.community_id, fields=self._fields(line, known), by=self.people["treasurer"], now=moment
        )
        matching.confirm(
            self.session,
            self.community_id,
            bank_line_id=line.id,
            voucher_id=voucher.id,
            by=self.people["treasurer"],
            now=moment,
        )
        if line.amount_fen < 0:
            self._attach_invoice(line, voucher.id, voucher.invoice_no, moment)
        _through(self.session, self.community_id, voucher.id, self.people, moment)

    def _fields(self, line: BankLine, known: Booking) -> VoucherFields:
        contract_id = self.signed[known.contract] if known.contract else None
        return VoucherFields(
            kind=VoucherKind.RECEIPT if line.amount_fen > 0 else VoucherKind.PAYMENT,
            day=line.day,
            summary=line.summary,
            party=line.party,
            amount_fen=abs(line.amount_fen),
            purpose=known.purpose,
            invoice_no=_invoice_no(line),
            contract_id=contract_id,
            due_no=self._due_no(contract_id, line.day),
            resolution_id=self.decisions[known.decision] if known.decision else None,
            grounds=known.grounds,
        )

    def _due_no(self, contract_id: str | None, day: date) -> int | None:
        """The instalment that lies nearest to the day the money moved."""
        views = contracts.views(self.session, self.community_id, today=day)
        dues = next((view.dues for view in views if view.contract.id == contract_id), ())
        nearest = min(dues, key=lambda status: abs((status.due.day - day).days), default=None)
        return nearest.due.no if nearest else None

    def _attach_invoice(self, line: BankLine, voucher_id: str, invoice_no: str, moment: datetime) -> None:
        """The invoice under a payment. The same invoice paid twice is the same paper twice."""
        scan = papers.invoice(
            number=invoice_no,
            seller=line.party,
            buyer=BUYER,
            item=line.summary,
            amount=money.show(-line.amount_fen),
            day=invoice_no[:8],
        )
        stored = documents.store(
            self.session,
            self.platform.files,
            self.community_id,
            name=f"发票 {invoice_no}.pdf",
            data=scan,
            kind="invoice",
            by=self.people["treasurer"],
            now=moment,
        )
        documents.attach_to_voucher(self.session, self.community_id, document_id=stored.id, voucher_id=voucher_id)


def _invoice_no(line: BankLine) -> str:
    """The number the bank's summary quotes, or the day and the serial of the payment."""
    _, quoted, rest = line.summary.partition("No.")
    if quoted:
        return rest.split()[0]
    return f"{line.day:%Y%m%d}{line.reference[-4:]}" if line.amount_fen < 0 else ""


def _excerpt(data: bytes, start: date, end: date) -> bytes:
    """The bank's file as it would have been fetched for fewer days: preamble, header, the rows of these days."""
    text = data.decode("gb18030")
    rows: list[BankRow] = [row for row in read_statement(data).rows if start <= row.day <= end]
    source = text.splitlines()
    head = source[: read_statement(data).columns.header + 1]
    head = [
        f"起始日期:,{start:%Y%m%d},截止日期:,{end:%Y%m%d}" if cells.startswith("起始日期") else cells for cells in head
    ]
    return "\r\n".join([*head, *(source[row.row - 1] for row in rows), ""]).encode("gb18030")
