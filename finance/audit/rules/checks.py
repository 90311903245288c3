"""The list of automatic checks (rules.md 6.3), and an honest list of those that are not made yet."""

from collections.abc import Sequence
from dataclasses import dataclass

from finance.audit.rules.catalogue import books, conduct, income, shares, spending
from finance.audit.rules.data import PeriodData
from finance.audit.rules.findings import Check, Finding, NotEnough, Parameters, Severity
from hoa.kernel.errors import N_

_GROUPS = (spending.CHECKS, income.CHECKS, books.CHECKS, shares.CHECKS, conduct.CHECKS)
# In the order of their codes; within a code as their group lists them.
CHECKS: tuple[Check, ...] = tuple(sorted((check for group in _GROUPS for check in group), key=lambda check: check.code))

# What the books do not hold yet, so that nobody takes silence for a clean result.
NOT_MADE: tuple[tuple[str, str], ...] = (
    ("F01", N_("坐支：账上只有银行账户，不记现金，无从检查")),
    ("F03", N_("公款私存：账外的个人账户不在本系统里")),
    ("F16", N_("个人借款：账上没有个人往来")),
    ("F17", N_("库存现金：账上不记现金")),
    ("F24", N_("资产：还没有固定资产卡片")),
    ("F26", N_("资金混用：目前只有公共收益一本账")),
)

_ORDER = {Severity.HIGH: 0, Severity.MEDIUM: 1, Severity.LOW: 2}


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """A check with what came of it; `not_enough` says why it could not judge."""

    check: Check
    findings: tuple[Finding, ...] = ()
    not_enough: NotEnough | None = None


def run_all(data: PeriodData, parameters: Parameters) -> tuple[CheckResult, ...]:
    """Every check, in the order of the list."""
    results = []
    for check in CHECKS:
        outcome = check.run(data, parameters)
        if isinstance(outcome, NotEnough):
            results.append(CheckResult(check=check, not_enough=outcome))
        else:
            results.append(CheckResult(check=check, findings=tuple(outcome)))
    return tuple(results)


def in_order(results: Sequence[CheckResult]) -> list[tuple[Check, Finding]]:
    """All findings, the severe and large ones first: the order in which they are numbered."""
    found = [(result.check, finding) for result in results for finding in result.findings]
    return sorted(found, key=lambda item: (_ORDER[item[1].severity], item[1].code, -item[1].amount_fen, item[1].key))
