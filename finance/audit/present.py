"""How the data of a report is spoken: words, dates, amounts and addresses, the same for the page and for paper."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from finance.audit.rules.findings import SEVERITY_NAMES, Severity
from finance.rules.charts import purpose_name
from finance.rules.statements import OPEN_NAMES, OpenKind
from hoa.kernel.clock import parse_stamp
from hoa.kernel.errors import N_
from hoa.web import i18n

# How an assembly ended, in the words of hoa.resolutions.evidence; "mixed": its motions ended differently.
OUTCOMES = {
    "passed": N_("通过"),
    "failed": N_("未通过"),
    "review": N_("有无效票影响结果，需要法律审查"),
    "mixed": N_("各事项结果不同"),
}


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
        "month_name": lambda month: f"{month // 100}-{month % 100:02d}",
    }


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
        "bank_line": "books/bank",
        "resolution": f"resolutions/{evidence['id']}",
        "publication": f"bulletin/{evidence['id']}",
    }.get(evidence["kind"])
    return f"{base}/c/{code}/{where}" if where else None


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
