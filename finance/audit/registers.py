"""The report's registers of what stood around the books in the period: contracts, decisions, publications, closed
months.
"""

from collections import defaultdict
from typing import Any

from sqlalchemy.orm import Session

from finance.audit.rules.data import PeriodData, VoucherFacts
from finance.rules.contracts import Direction
from finance.service import contracts as contract_service
from hoa.kernel.clock import today


def contracts(session: Session, community_id: str, data: PeriodData) -> list[dict[str, Any]]:
    """The contract register: what fell due in the period and what of it was booked by the day of the check."""
    rows = []
    for view in contract_service.views(session, community_id, today=data.as_of):
        contract = view.contract
        if contract.starts_on > data.end or view.ends_on < data.start:
            continue
        dues = [due for due in view.dues if data.holds(due.due.day)]
        resolution = data.resolution_by_id.get(contract.resolution_id or "")
        rows.append(
            {
                "id": contract.id,
                "number": contract.number,
                "direction": contract.direction,
                "title": contract.title,
                "common_part": contract.common_part,
                "party": contract.party,
                "starts_on": contract.starts_on.isoformat(),
                "ends_on": view.ends_on.isoformat(),
                "expired": view.ends_on < data.end,
                "resolution": resolution.title if resolution else None,
                "due_fen": sum(due.due.amount_fen for due in dues),
                "settled_fen": sum(due.settled_fen for due in dues),
                "missing_fen": sum(due.missing_fen for due in dues) if contract.direction == Direction.INCOME else 0,
                "booked_fen": sum(
                    voucher.amount_fen
                    for voucher in data.standing
                    if voucher.contract_id == contract.id and data.holds(voucher.day)
                ),
            }
        )
    return rows


def resolutions(data: PeriodData) -> list[dict[str, Any]]:
    """Decisions that spending of the period rests on, and how much was spent on each in the period."""
    spent: dict[str | None, list[VoucherFacts]] = defaultdict(list)
    for voucher in data.payments:
        if data.holds(voucher.day):
            spent[voucher.resolution_id].append(voucher)
    rows: list[dict[str, Any]] = [
        {
            "id": resolution.id,
            "title": resolution.title,
            "source": resolution.source,
            "matter": resolution.matter,
            "decided_on": resolution.decided_on.isoformat(),
            "valid_until": resolution.valid_until.isoformat() if resolution.valid_until else None,
            "limit_fen": resolution.limit_fen,
            "spent_fen": sum(voucher.amount_fen for voucher in spent[resolution.id]),
            "count": len(spent[resolution.id]),
        }
        for resolution in data.resolutions
        if resolution.id in spent
    ]
    if spent.get(None):
        rows.append(
            {
                "id": None,
                "title": "",
                "source": "standing",
                "matter": None,
                "decided_on": None,
                "valid_until": None,
                "limit_fen": data.single_fen_on(data.end),
                "spent_fen": sum(voucher.amount_fen for voucher in spent[None]),
                "count": len(spent[None]),
            }
        )
    return rows


def decisions(data: PeriodData) -> list[dict[str, Any]]:
    """What the assembly and the committee decided in the period, the earliest first."""
    return [
        {
            "id": resolution.id,
            "title": resolution.title,
            "source": resolution.source,
            "matter": resolution.matter,
            "decided_on": resolution.decided_on.isoformat(),
            "limit_fen": resolution.limit_fen,
        }
        for resolution in sorted(data.resolutions, key=lambda resolution: (resolution.decided_on, resolution.id))
        if data.holds(resolution.decided_on)
    ]


def publications(data: PeriodData) -> list[dict[str, Any]]:
    return [
        {
            "id": publication.id,
            "quarter": publication.quarter,
            "publish_by": publication.publish_by.isoformat(),
            "published_on": publication.published_on.isoformat() if publication.published_on else None,
            "display_until": publication.display_until.isoformat() if publication.display_until else None,
            "moved": publication.moved,
        }
        for publication in data.publications
    ]


def closings(data: PeriodData) -> list[dict[str, Any]]:
    return [
        {
            "month": month.month,
            "closed_on": today(month.closed_at).isoformat() if month.closed_at else None,
            "reconciled": month.reconciled,
            "difference_fen": month.difference_fen,
        }
        for month in data.months
    ]
