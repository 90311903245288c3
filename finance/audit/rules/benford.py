"""F30: first digits against Benford's law, with a χ² test and only where there is enough to test (books.md 4)."""

from collections import Counter
from collections.abc import Sequence
from math import log10

from finance.audit.rules.data import PeriodData
from finance.audit.rules.findings import Finding, NotEnough, Parameters, Severity
from hoa.kernel.errors import N_

EXPECTED = {digit: log10(1 + 1 / digit) for digit in range(1, 10)}


def first_digits(data: PeriodData, parameters: Parameters) -> Sequence[Finding] | NotEnough:
    """A hint, never a proof: honest books with many fixed prices also stray."""
    amounts = [voucher.amount_fen for voucher in data.standing if data.holds(voucher.day) and voucher.amount_fen > 0]
    if len(amounts) < parameters.benford_minimum:
        return NotEnough(
            reason=N_("只有 %(count)s 笔金额，不到 %(minimum)s 笔，数据太少，不作判断"),
            params={"count": len(amounts), "minimum": parameters.benford_minimum},
        )
    chi_milli = chi_square_milli(amounts)
    if chi_milli <= parameters.benford_critical_milli:
        return []
    return [
        Finding(
            code="F30",
            check="first_digits",
            severity=Severity.LOW,
            sentence=N_("%(count)s 笔金额的首位数字分布偏离本福特定律（χ² = %(chi)s，临界值 %(critical)s），可以留意"),
            params={
                "count": len(amounts),
                "chi": f"{chi_milli / 1000:.2f}",
                "critical": f"{parameters.benford_critical_milli / 1000:.2f}",
            },
        )
    ]


def chi_square_milli(amounts: Sequence[int]) -> int:
    """χ² with 8 degrees of freedom, in thousandths, rounded."""
    seen = Counter(int(str(amount)[0]) for amount in amounts)
    total = len(amounts)
    chi = sum((seen[digit] - share * total) ** 2 / (share * total) for digit, share in EXPECTED.items())
    return round(chi * 1000)
