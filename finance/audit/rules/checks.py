"""The list of automatic checks (rules.md 6.3), and an honest list of those that are not made yet."""

from collections.abc import Sequence
from dataclasses import dataclass

from finance.audit.rules.catalogue import books, conduct, holdings, income, shares, spending, work
from finance.audit.rules.data import PeriodData
from finance.audit.rules.findings import Check, Finding, NotEnough, Parameters, Severity

_GROUPS = (spending.CHECKS, income.CHECKS, books.CHECKS, shares.CHECKS, holdings.CHECKS, conduct.CHECKS, work.CHECKS)
# In the order of their codes; within a code as their group lists them.
CHECKS: tuple[Check, ...] = tuple(sorted((check for group in _GROUPS for check in group), key=lambda check: check.code))

# Checks of rules.md 6.3 that cannot be made yet, each with its reason, so that nobody takes silence for a clean result.
NOT_MADE: tuple[tuple[str, str], ...] = ()

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
