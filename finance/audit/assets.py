"""What the report is told of the register of fixed assets (附表七)."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Session

from finance.audit.provided import Asset
from finance.service.assets import AssetView, views
from hoa.kernel.errors import N_

HERE, MISSING, GONE = N_("在用"), N_("盘点时没有找到"), N_("已处置")


def assets(session: Session, community_id: str, *, start: date, end: date) -> Sequence[Asset]:
    """Every card that was held on a day of the period, with what is left of its cost at the end; the inventory counts
    only where it was taken in the period."""
    return [
        _told(view, start, end)
        for view in views(session, community_id)
        if view.asset.bought_on <= end and (view.asset.disposed_on is None or view.asset.disposed_on >= start)
    ]


def _told(view: AssetView, start: date, end: date) -> Asset:
    card, seen = view.asset, view.inventory
    inside = seen is not None and start <= seen.day <= end
    gone = card.disposed_on is not None and card.disposed_on <= end
    missing = seen is not None and inside and not seen.found
    return Asset(
        number=str(card.number),
        name=card.name,
        place=card.place,
        bought_on=card.bought_on,
        cost_fen=card.cost_fen,
        book_fen=view.book_fen(end),
        inventoried_on=seen.day if seen is not None and inside else None,
        state_name=GONE if gone else MISSING if missing else HERE,
    )
