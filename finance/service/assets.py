"""Cards of fixed assets (固定资产卡片): what was bought, where it stands, who keeps it, and when it was last found."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from finance.rules.life import AmountNeeded, NotYetHappened, VoucherState
from finance.service.books import the_book
from finance.service.vouchers import ReasonNeeded
from finance.tables import Asset, Inventory, Voucher
from hoa.db import get
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal


class NotInThisBook(Refusal):
    message = N_("请选本账簿里已经记账的购置凭证")


class AssetGone(Refusal):
    message = N_("这项资产已经处置了")
    status = 409


class BeforeBought(Refusal):
    message = N_("日期不能早于购置日 %(day)s")


@dataclass(frozen=True, kw_only=True)
class AssetFields:
    """What a card says; `life_months` is how long it is expected to serve."""

    name: str
    place: str
    keeper: str
    bought_on: date
    cost_fen: int
    life_months: int
    voucher_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class AssetView:
    """A card with its last inventory."""

    asset: Asset
    inventory: Inventory | None

    def book_fen(self, on: date) -> int:
        """What is left of the cost on a day when it is spread evenly over the life (年限平均法), from the month after
        it was bought.
        """
        if self.asset.disposed_on is not None and self.asset.disposed_on <= on:
            return 0
        months = (on.year - self.asset.bought_on.year) * 12 + on.month - self.asset.bought_on.month
        used = min(max(months, 0), self.asset.life_months)
        return self.asset.cost_fen - self.asset.cost_fen * used // self.asset.life_months


def register(session: Session, community_id: str, *, fund: str, fields: AssetFields, by: str, now: datetime) -> Asset:
    """Write a card. The voucher it was bought by is posted and stands in the same book."""
    book = the_book(session, community_id, fund, lock=True)
    if fields.cost_fen <= 0:
        raise AmountNeeded
    if fields.bought_on > today(now):
        raise NotYetHappened(day=fields.bought_on.isoformat())
    if fields.voucher_id is not None:
        voucher = get(session, Voucher, community_id, fields.voucher_id)
        if voucher.book_id != book.id or voucher.state != VoucherState.POSTED:
            raise NotInThisBook
    last = session.scalar(select(func.max(Asset.number)).where(Asset.community_id == community_id)) or 0
    asset = Asset(
        community_id=community_id,
        book_id=book.id,
        number=last + 1,
        name=fields.name,
        place=fields.place,
        keeper=fields.keeper,
        bought_on=fields.bought_on,
        cost_fen=fields.cost_fen,
        life_months=max(fields.life_months, 1),
        voucher_id=fields.voucher_id,
        made_by_id=by,
        made_at=now,
    )
    session.add(asset)
    session.flush()
    return asset


def take_stock(
    session: Session, community_id: str, *, asset_id: str, day: date, found: bool, note: str, by: str, now: datetime
) -> Inventory:
    """Somebody looked for an asset; what is missing says why."""
    asset = get(session, Asset, community_id, asset_id, lock=True)
    _check_day(asset, day, now)
    if not found and not note.strip():
        raise ReasonNeeded
    row = Inventory(
        community_id=community_id, asset_id=asset.id, day=day, found=found, note=note.strip(), by_id=by, at=now
    )
    session.add(row)
    session.flush()
    return row


def dispose(session: Session, community_id: str, *, asset_id: str, day: date, reason: str, now: datetime) -> Asset:
    """An asset left: scrapped, sold or given away. The card stays."""
    asset = get(session, Asset, community_id, asset_id, lock=True)
    _check_day(asset, day, now)
    if not reason.strip():
        raise ReasonNeeded
    asset.disposed_on, asset.disposed_because = day, reason.strip()
    session.flush()
    return asset


def views(session: Session, community_id: str) -> list[AssetView]:
    """Every card by its number."""
    rows: dict[str, Inventory] = {}
    query = select(Inventory).where(Inventory.community_id == community_id)
    for row in session.scalars(query.order_by(Inventory.day, Inventory.at)):
        rows[row.asset_id] = row
    cards: Sequence[Asset] = session.scalars(
        select(Asset).where(Asset.community_id == community_id).order_by(Asset.number)
    ).all()
    return [AssetView(asset=card, inventory=rows.get(card.id)) for card in cards]


def _check_day(asset: Asset, day: date, now: datetime) -> None:
    if asset.disposed_on is not None:
        raise AssetGone
    if day > today(now):
        raise NotYetHappened(day=day.isoformat())
    if day < asset.bought_on:
        raise BeforeBought(day=asset.bought_on.isoformat())
