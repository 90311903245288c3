"""Which vouchers somebody made, checked or posted in office, for whoever confirms that the office had ended."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from finance.tables import Approval, Voucher
from hoa.community.service import get_community
from hoa.kernel.errors import N_
from hoa.offices.changes.acts import Act


def told(session: Session, community_id: str, *, person_id: str, start: datetime, end: datetime) -> Sequence[Act]:
    here = get_community(session, community_id).code
    ways = (
        (N_("编制凭证"), _on_voucher(Voucher.maker_id, Voucher.made_at)),
        (N_("复核凭证"), _on_voucher(Voucher.checker_id, Voucher.checked_at)),
        # Of several who let a voucher through only the last stands on it.
        (N_("复核凭证"), _earlier_approvals()),
        (N_("记账"), _on_voucher(Voucher.poster_id, Voucher.posted_at)),
    )
    return [
        Act(at, kind, row.summary, f"/c/{here}/books/vouchers/{row.id}")
        for kind, (query, who, when) in ways
        for row, at in session.execute(
            query.where(Voucher.community_id == community_id, who == person_id, when >= start, when < end)
        )
        if at is not None
    ]


def _on_voucher(who: Any, when: Any) -> tuple[Select[Any, Any], Any, Any]:
    return select(Voucher, when), who, when


def _earlier_approvals() -> tuple[Select[Any, Any], Any, Any]:
    same = (Approval.community_id == Voucher.community_id) & (Approval.voucher_id == Voucher.id)
    query = select(Voucher, Approval.at).join(Approval, same)
    query = query.where(func.coalesce(Voucher.checker_id, "") != Approval.person_id)
    return query, Approval.person_id, Approval.at
