"""Builders of audit facts for tests: a sound voucher, contract or bank line, in which a test spoils one thing."""

from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from finance.audit.rules.data import (
    BankLineFacts,
    ContractFacts,
    DueFacts,
    LimitFacts,
    MonthFacts,
    PeriodData,
    PublicationFacts,
    ResolutionFacts,
    VoucherFacts,
)
from finance.audit.rules.findings import Parameters
from hoa.kernel import packs
from hoa.kernel.clock import CHINA

START, END, AS_OF = date(2026, 1, 1), date(2026, 9, 30), date(2026, 10, 20)
LIMIT_FEN = 500_000
DEFAULTS = Parameters.of(packs.pack("cn-national", day=END))
LIMIT = LimitFacts(
    single_fen=LIMIT_FEN, yearly_fen=None, from_on=date(2020, 1, 1), until_on=None, basis="议事规则第二十一条"
)
_serial = count(1)

DECISION = ResolutionFacts(
    id="budget",
    title="2026 年绿化预算",
    source="assembly",
    matter="M9",
    decided_on=date(2025, 12, 1),
    valid_until=date(2026, 12, 31),
    limit_fen=10_000_000,
)
OPERATION = ResolutionFacts(
    id="operation",
    title="同意利用电梯轿厢设置广告",
    source="assembly",
    matter="M8",
    decided_on=date(2025, 6, 1),
    valid_until=None,
    limit_fen=None,
)


def payment(day: date = date(2026, 5, 11), fen: int = 123_456, **changes: Any) -> VoucherFacts:
    """A payment with which nothing is wrong."""
    number = next(_serial)
    moment = datetime(day.year, day.month, day.day, 20, 0, tzinfo=CHINA)
    facts: dict[str, Any] = {
        "id": f"v{number:05d}",
        "label": f"记-{day.month:02d}{number:02d}",
        "kind": "payment",
        "day": day,
        "month": day.year * 100 + day.month,
        "number": number,
        "summary": "维修",
        "party": "䶮源养护",
        "invoice_no": f"INV{number}",
        "amount_fen": fen,
        "purpose": "U5",
        "account": "2601.U5",
        "contract_id": None,
        "due_no": None,
        "resolution_id": None,
        "grounds": "日常维修授权",
        "reverses_id": None,
        "documents": 1,
        "invoices": 1,
        "maker_id": "maker",
        "checker_id": "checker",
        "poster_id": "maker",
        "made_at": moment,
        "posted_at": moment + timedelta(hours=1),
        "bank_open_fen": 0,
        "has_negative_line": False,
        "hash": "0" * 64,
    } | changes
    facts.setdefault("party_shown", facts["party"])
    return VoucherFacts(**facts)


def receipt(day: date = date(2026, 5, 11), fen: int = 300_000, **changes: Any) -> VoucherFacts:
    return payment(day, fen, **({"kind": "receipt", "purpose": "CR12", "grounds": "", "invoices": 0} | changes))


def contract(*dues: DueFacts, **changes: Any) -> ContractFacts:
    """An income contract that runs through the period and rests on an assembly's decision."""
    facts: dict[str, Any] = {
        "id": "ads",
        "number": 1,
        "direction": "income",
        "title": "电梯广告",
        "common_part": "电梯轿厢",
        "party": "分享传媒有限公司",
        "frequency": "quarterly",
        "starts_on": date(2026, 1, 1),
        "ends_on": date(2026, 12, 31),
        "amount_fen": 1_650_000,
        "resolution_id": "operation",
        "related_party": "",
        "dues": dues,
    }
    return ContractFacts(**(facts | changes))


def due(day: date, settled_fen: int = 0, fen: int = 1_650_000, no: int = 1) -> DueFacts:
    return DueFacts(no=no, day=day, amount_fen=fen, settled_fen=settled_fen)


def bank_line(day: date, fen: int, balance_fen: int, *, seq: int = 1, open_fen: int = 0) -> BankLineFacts:
    return BankLineFacts(
        id=f"b{seq}",
        account_id="account",
        seq=seq,
        day=day,
        amount_fen=fen,
        balance_fen=balance_fen,
        party="",
        summary="跨行转出",
        reference=f"ref{seq}",
        open_fen=open_fen,
    )


def month(number: int, last_day: date, **changes: Any) -> MonthFacts:
    facts: dict[str, Any] = {
        "id": f"p{number}",
        "month": number,
        "last_day": last_day,
        "closed_at": datetime(2026, 10, 5, 12, 0, tzinfo=CHINA),
        "reconciled": True,
        "difference_fen": 0,
    }
    return MonthFacts(**(facts | changes))


def publication(**changes: Any) -> PublicationFacts:
    facts: dict[str, Any] = {
        "quarter": "2026Q2",
        "start": date(2026, 4, 1),
        "end": date(2026, 6, 30),
        "publish_by": date(2026, 7, 15),
        "id": "pub",
        "published_on": date(2026, 7, 15),
        "display_until": date(2026, 7, 30),
        "moved": False,
    }
    return PublicationFacts(**(facts | changes))


def period(**facts: Any) -> PeriodData:
    base: dict[str, Any] = {
        "start": START,
        "end": END,
        "as_of": AS_OF,
        "limits": (LIMIT,),
        "resolutions": (DECISION, OPERATION),
    }
    return PeriodData(**(base | {key: tuple(v) if isinstance(v, list) else v for key, v in facts.items()}))
