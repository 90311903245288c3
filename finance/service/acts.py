"""Which vouchers somebody made, checked or posted in office, for whoever confirms that the office had ended."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.tables import Voucher
from hoa.community.service import get_community
from hoa.kernel.errors import N_
from hoa.offices.changes.acts import Act


def told(session: Session, community_id: str, *, person_id: str, start: datetime, end: datetime) -> Sequence[Act]:
    here = get_community(session, community_id).code
    ways = (
        (N_("编制凭证"), Voucher.maker_id, Voucher.made_at),
        (N_("复核凭证"), Voucher.checker_id, Voucher.checked_at),
        (N_("记账"), Voucher.poster_id, Voucher.posted_at),
    )
    return [
        Act(at, kind, row.summary, f"/c/{here}/books/vouchers/{row.id}")
        for kind, who, when in ways
        for row, at in session.execute(
            select(Voucher, when).where(
                Voucher.community_id == community_id, who == person_id, when >= start, when < end
            )
        )
        if at is not None
    ]
