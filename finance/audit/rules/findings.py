"""What a check says: a sentence a lay person understands, what it rests on, and where to look (rules.md 6.2, 6.3)."""

import hashlib
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from enum import StrEnum

from finance.audit.rules.data import BankLineFacts, ContractFacts, PeriodData, VoucherFacts
from hoa.kernel import canonical
from hoa.kernel.errors import N_
from hoa.kernel.packs import RulePack


class Severity(StrEnum):
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


SEVERITY_NAMES = {Severity.HIGH: N_("严重"), Severity.MEDIUM: N_("一般"), Severity.LOW: N_("提示")}


class EvidenceKind(StrEnum):
    VOUCHER = "voucher"
    BANK_LINE = "bank_line"
    CONTRACT = "contract"
    RESOLUTION = "resolution"
    PUBLICATION = "publication"
    PERIOD = "period"
    SEAL_USE = "seal_use"
    MEETING = "meeting"
    ASSEMBLY = "assembly"
    CASE = "case"
    SHARE_RUN = "share_run"
    ALLOWANCE = "allowance"
    TOPUP = "topup"
    ASSET = "asset"


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One thing to look at. `label` is data (a number, a name, a day), shown as it is; `number` is a contract's,
    by which its page is found; `part` tells instalments of one contract apart."""

    kind: EvidenceKind
    id: str
    label: str
    number: int | None = None
    part: int | None = None


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A fact, the rule it offends, the amount in fen, and the evidence.

    `sentence` is a message id; in `params` a name ending in `_fen` is an amount and one ending in `_day` an ISO date,
    so that whoever shows the sentence formats them in the reader's language (see `spoken`).
    """

    code: str
    check: str
    severity: Severity
    sentence: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    amount_fen: int = 0
    evidence: tuple[Evidence, ...] = ()

    @property
    def key(self) -> str:
        """The same for the same fact in every period: a finding is followed by it until it is mended."""
        seen = sorted(f"{item.kind}:{item.id}:{item.part or 0}" for item in self.evidence)
        return hashlib.sha256(canonical.encode([self.code, self.check, seen])).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Check:
    """One automatic check. `run` returns its findings, or the reason (a message id) why there was not enough to go by.

    `rule` names the norm it rests on, `office` who has to answer, `advice` what to do about a finding.
    """

    code: str
    id: str
    title: str
    rule: str
    office: str
    advice: str
    run: Callable[[PeriodData, "Parameters"], "Sequence[Finding] | NotEnough"]


@dataclass(frozen=True, kw_only=True)
class NotEnough:
    """The check has nothing it could honestly say."""

    reason: str
    params: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """Where the checks draw their lines (books.md 4): each field is the number `audit_<field>` of the rule pack."""

    repeat_days: int
    split_days: int
    split_share_percent: int
    backdated_days: int
    overdue_days: int
    bank_open_days: int
    close_days: int
    display_days: int
    round_fen: int
    quotes_min: int
    single_source_fen: int
    benford_minimum: int
    benford_critical_milli: int
    device_units: int
    burst_minutes: int
    burst_percent: int
    burst_minimum: int
    arrival_days: int
    inventory_months: int
    advance_days: int

    @classmethod
    def of(cls, pack: RulePack) -> "Parameters":
        """The lines that this pack draws; a pack that lacks one is broken, not lenient."""
        return cls(**{line.name: pack.number(f"audit_{line.name}") for line in fields(cls)})


def of_voucher(voucher: VoucherFacts) -> Evidence:
    return Evidence(kind=EvidenceKind.VOUCHER, id=voucher.id, label=f"{voucher.label} {voucher.day.isoformat()}")


def of_contract(contract: ContractFacts, due_no: int | None = None) -> Evidence:
    """`due_no` names the instalment: each missing one is a finding of its own."""
    which = f" ({due_no})" if due_no else ""
    return Evidence(
        kind=EvidenceKind.CONTRACT,
        id=contract.id,
        label=f"#{contract.number} {contract.title}{which}",
        number=contract.number,
        part=due_no,
    )


def of_bank_line(line: BankLineFacts) -> Evidence:
    words = " ".join(filter(None, (line.day.isoformat(), line.summary, line.reference)))
    return Evidence(kind=EvidenceKind.BANK_LINE, id=line.id, label=words)


def same_party(name: str) -> str:
    """A payee's name as it is compared: width, case and blanks do not make another company."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def days_between(earlier: date, later: date) -> int:
    return (later - earlier).days
