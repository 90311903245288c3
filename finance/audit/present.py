"""How the data of a report is spoken: words, dates, amounts and addresses, the same for the page and for paper."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from finance.audit.rules.findings import SEVERITY_NAMES, Severity
from finance.audit.rules.report import KIND_NAMES, OPINION_MEANINGS, OPINION_NAMES
from finance.rules.charts import purpose_name
from finance.rules.statements import OPEN_NAMES, OpenKind
from hoa.kernel.clock import parse_stamp
from hoa.kernel.errors import N_
from hoa.offices.rules import BODIES, KINDS
from hoa.web import i18n

# How an assembly ended, in the words of hoa.resolutions.evidence; "mixed": its motions ended differently.
OUTCOMES = {
    "passed": N_("通过"),
    "failed": N_("未通过"),
    "review": N_("有无效票影响结果，需要法律审查"),
    "mixed": N_("各事项结果不同"),
}


# The long schedules, in their order: the column of the ledger that they add up, and what they are called.
DETAILS: Mapping[str, str] = {
    "income": N_("附表二 收入明细"),
    "spending": N_("附表三 支出明细"),
    "other": N_("附表十 其他凭证（不影响收支）"),
}
# What a report of the first format (before countersignatures) does not say.
SINCE: Mapping[str, Any] = {
    "kind": "audit",
    "asked_by": "",
    "receivables": [],
    "funds": [],
    "meetings": [],
    "seal_uses": [],
    "notices": [],
    "answers": {},
    "due_on": None,
    "looked_at": None,
    "opinion": {"type": "", "text": ""},
    "replies": [],
    **dict.fromkeys(("carried", "questions", "evaluation", "samples", "shares", "budgets", "assets")),
}


@dataclass(frozen=True, kw_only=True)
class Detail:
    """A long schedule, or a part of one: `rows` of the ledger from `first` on, `column` None where none is added up."""

    name: str
    rows: Sequence[Mapping[str, Any]]
    total_fen: int
    count: int
    first: int = 1
    ends: bool = True

    @property
    def title(self) -> str:
        return DETAILS[self.name]

    @property
    def column(self) -> str | None:
        return None if self.name == "other" else f"{self.name}_fen"

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1

    @property
    def whole(self) -> bool:
        return self.first == 1 and self.ends

    def parts(self, size: int) -> "list[Detail]":
        """The same in parts of at most `size` rows; the total stands under the last."""
        starts = range(0, max(self.count, 1), size)
        return [
            replace(self, rows=self.rows[at : at + size], first=at + 1, ends=at + size >= self.count) for at in starts
        ]


def details(content: Mapping[str, Any]) -> dict[str, Detail]:
    """The ledger as the report prints it: what came in, what went out, and vouchers that did neither. A voucher that
    did both stands in both, each time with its own amount, so that each schedule adds up to its printed total."""
    found = {}
    for name in DETAILS:
        column = f"{name}_fen"
        rows = [
            row
            for row in content["ledger"]
            if (row[column] if name != "other" else not (row["income_fen"] or row["spending_fen"]))
        ]
        total = sum(row[column] for row in rows) if name != "other" else 0
        found[name] = Detail(name=name, rows=rows, total_fen=total, count=len(rows))
    return found


def completed(content: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a report, of whichever format, with every part that the templates ask for."""
    return {**SINCE, **content}


def words() -> dict[str, Any]:
    """What both templates may call. Names of things come back as message ids: the template translates them."""
    return {
        "spoken": spoken,
        "on": date.fromisoformat,
        "at": _moment,
        "purpose_name": purpose_name,
        "severity_name": lambda severity: SEVERITY_NAMES[Severity(severity)],
        "severity_tag": lambda severity: {"high": "error", "medium": "warn"}.get(severity, "ink"),
        "outcome_name": lambda outcome: OUTCOMES.get(outcome, outcome),
        "open_name": lambda kind: OPEN_NAMES[OpenKind(kind)],
        "kind_name": lambda kind: KIND_NAMES[kind],
        "opinion_name": lambda opinion: OPINION_NAMES[opinion],
        "opinion_meaning": lambda opinion: OPINION_MEANINGS[opinion],
        "body_name": lambda post: BODIES[post.partition(".")[0]],
        "post_kind_name": lambda post: KINDS[post.partition(".")[2]],
        "row_purpose": row_purpose,
        "month_name": lambda month: f"{month // 100}-{month % 100:02d}",
    }


def row_purpose(row: Mapping[str, Any]) -> str:
    """The source or use of a ledger's row, as a message id; empty where it has none."""
    return purpose_name(row["purpose"]) if row.get("purpose") else ""


def spoken(params: Mapping[str, Any]) -> dict[str, str]:
    """The parameters of a finding's sentence, written out: `amount_fen` becomes `amount`, `due_day` is a date."""
    told = {}
    for name, value in params.items():
        if name.endswith("_fen"):
            told[name.removesuffix("_fen")] = i18n.money(abs(int(value)))
        elif name.endswith("_day"):
            told[name] = i18n.day(date.fromisoformat(str(value)))
        else:
            told[name] = str(value)
    return told


def counted(content: Mapping[str, Any]) -> dict[str, int]:
    """How many findings there are of each severity."""
    return {str(severity): sum(found["severity"] == severity for found in content["findings"]) for severity in Severity}


def address(base: str, code: str, evidence: Mapping[str, Any]) -> str | None:
    """Where a piece of evidence is read, below `base` (empty for a page of ours); None when it has no page."""
    where = {
        "voucher": f"books/vouchers/{evidence['id']}",
        "contract": f"books/contracts/{evidence.get('number')}",
        "bank_line": f"books/bank/lines/{evidence['id']}",
        "resolution": f"resolutions/{evidence['id']}",
        "publication": f"bulletin/{evidence['id']}",
        "seal_use": f"seals/#use-{evidence['id']}",
        "meeting": f"meetings/{evidence['id']}",
        "assembly": f"assemblies/{evidence['id']}",
        "case": f"supervision/cases/{evidence['id']}",
        "share_run": f"shares/runs/{evidence['id']}",
        "allowance": f"shares/allowances/{evidence['id']}",
        "topup": "shares/topup",
        "asset": "books/assets",
    }.get(evidence["kind"])
    return f"{base}/c/{code}/{where}" if where else None


# What everybody of a community may open; the rest of the evidence is for those who supervise and decide.
OPEN_TO_ALL = frozenset({"resolution", "publication"})


def open_address(base: str, code: str, evidence: Mapping[str, Any]) -> str | None:
    """The same for a reader of a published report."""
    return address(base, code, evidence) if evidence["kind"] in OPEN_TO_ALL else None


def chart_months(content: Mapping[str, Any]) -> list[tuple[str, int, int]]:
    """Income and spending by month, for the picture."""
    return [(_month(row["month"]), row["income_fen"], row["spending_fen"]) for row in content["months"]]


def chart_balance(content: Mapping[str, Any]) -> list[tuple[str, int]]:
    return [(_month(row["month"]), row["closing_fen"]) for row in content["months"]]


def _month(month: int) -> str:
    """9月, or Sep."""
    number = month % 100
    return i18n.MONTHS[number - 1][:3] if i18n.language() == "en" else f"{number}月"


def _moment(text: str) -> datetime:
    return parse_stamp(text)
