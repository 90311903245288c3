"""Checks of publishing: late, missing, too short on display, or no longer what the ledger says (F06, R4.7)."""

from collections.abc import Sequence

from finance.audit.rules.data import PeriodData, PublicationFacts
from finance.audit.rules.findings import (
    Evidence,
    EvidenceKind,
    Finding,
    Parameters,
    Severity,
    days_between,
)
from hoa.kernel.errors import N_

# Two faults of one publication are two findings, each followed by a key of its own.
_SHORT, _MOVED = 1, 2


def publications(data: PeriodData, parameters: Parameters) -> Sequence[Finding]:
    """F06: each quarter that ended in the period is published in time, stays on display, and its hash still fits."""
    return [
        Finding(
            code="F06",
            check="publications",
            severity=Severity.MEDIUM,
            sentence=sentence,
            params={
                "quarter": publication.quarter,
                "by_day": publication.publish_by.isoformat(),
                "published_day": (publication.published_on or publication.publish_by).isoformat(),
                "days": parameters.display_days,
            },
            evidence=(_evidence(publication, part),),
        )
        for publication in data.publications
        if data.holds(publication.end)
        for part, sentence in _faults(publication, data, parameters)
    ]


def _faults(publication: PublicationFacts, data: PeriodData, parameters: Parameters) -> list[tuple[int | None, str]]:
    if publication.published_on is None:
        late = data.as_of > publication.publish_by
        return [(None, N_("%(quarter)s 的收支应在 %(by_day)s 前公示，至今没有公示"))] if late else []
    faults: list[tuple[int | None, str]] = []
    if publication.published_on > publication.publish_by:
        faults.append((None, N_("%(quarter)s 的收支应在 %(by_day)s 前公示，%(published_day)s 才公示")))
    shown = publication.display_until
    if shown is not None and days_between(publication.published_on, shown) < parameters.display_days:
        faults.append((_SHORT, N_("%(quarter)s 的公示期不足 %(days)s 天")))
    if publication.moved:
        faults.append((_MOVED, N_("%(quarter)s 公示之后账目有改动，公示的内容与现在的账不一致")))
    return faults


def _evidence(publication: PublicationFacts, part: int | None) -> Evidence:
    if publication.id is None:
        return Evidence(kind=EvidenceKind.PERIOD, id=publication.quarter, label=publication.quarter, part=part)
    return Evidence(kind=EvidenceKind.PUBLICATION, id=publication.id, label=publication.quarter, part=part)
