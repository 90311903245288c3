"""What a suggestion says when it comes in, and which others say the same. Pure.

Every channel leads into the same list (网格收事, rules.md 8: chat group, phone, box, visits at the door; Bishan's
码上提 adds the poster). Whoever reports is told first what others already reported about the same place, so that one
broken lamp is one suggestion with followers, not thirty.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from hoa.kernel.errors import N_, Refusal

MOST_TEXT = 1000
MOST_SPOT = 60
MOST_NAME = 20
MOST_PHOTOS = 4

# What one person, or one phone that was proven, may send: a bad day for a building has a handful of causes, and a flood
# of hundreds is not made by one owner. Addresses are counted loosely elsewhere: a building may share one.
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MOST_AN_HOUR = 6
MOST_A_DAY = 20

# Two texts say the same when their character pairs overlap this much (Dice): 3栋电梯坏了没人修 / 3栋的电梯又坏了 reach
# 0.40, 电梯坏了 / 路灯坏了 only 0.33.
SAME_WORDS = 0.36

CATEGORIES: Mapping[str, str] = {
    "repairs": N_("公共设施维修"),
    "lift": N_("电梯"),
    "water_power": N_("水、电、燃气"),
    "fire_safety": N_("消防与安全"),
    "parking": N_("停车与充电"),
    "cleaning": N_("卫生与垃圾"),
    "greening": N_("绿化"),
    "noise_neighbours": N_("噪声与邻里"),
    "order_gate": N_("门禁与秩序"),
    "fees_accounts": N_("收费与账目"),
    "other": N_("其他"),
}


class Channel(StrEnum):
    """How it came in."""

    POSTER = "poster"  # 扫码
    PAGE = "page"  # 网页
    PHONE = "phone"  # 电话
    VISIT = "visit"  # 上门走访
    GROUP = "group"  # 微信群
    BOX = "box"  # 意见箱
    OPEN311 = "open311"  # 接口


CHANNEL_NAMES: Mapping[Channel, str] = {
    Channel.POSTER: N_("扫码"),
    Channel.PAGE: N_("网页"),
    Channel.PHONE: N_("电话"),
    Channel.VISIT: N_("上门走访"),
    Channel.GROUP: N_("微信群"),
    Channel.BOX: N_("意见箱"),
    Channel.OPEN311: N_("接口"),
}


class UnknownCategory(Refusal):
    message = N_("没有“%(category)s”这一类，请从页面上列出的类别里选")
    status = 422


class NothingSaid(Refusal):
    message = N_("请写一句话说明是什么事，或者拍一张照片")
    status = 422


class TextTooLong(Refusal):
    message = N_("事情写了 %(length)s 个字，最多 %(most)s 个字，请写短一些")
    status = 422


class SpotTooLong(Refusal):
    message = N_("位置写了 %(length)s 个字，最多 %(most)s 个字，请写短一些")
    status = 422


class NameTooLong(Refusal):
    message = N_("称呼写了 %(length)s 个字，最多 %(most)s 个字，请写短一些")
    status = 422


class SentTooMany(Refusal):
    message = N_("您刚才已经提交了 %(count)s 件，请 %(minutes)s 分钟后再按一次“提交”；写好的内容和照片都替您留着")
    status = 429


@dataclass(frozen=True, kw_only=True)
class Said:
    """A suggestion as it was said. `building` and `entrance` are the register's names; `spot` is in the reporter's own
    words. `phone` is a normalised mobile number that was proven, or one that staff wrote down; no `name` means that
    staff see none either. `may_call`: the handler may see name and phone.
    """

    category: str
    text: str
    channel: Channel
    building: str = ""
    entrance: str = ""
    floor: int | None = None
    spot: str = ""
    place_id: str | None = None
    reporter_id: str | None = None
    name: str = ""
    phone: str | None = None
    may_call: bool = False


def where(*, building: str, entrance: str, floor: str, place: str, spot: str) -> str:
    """From the building to the words of whoever said it. The name of a poster's place adds what it says beyond them:
    whoever scanned in the middle of the garden wrote no place at all.
    """
    known = (building, entrance, floor)
    for one in known:
        place = place.removeprefix(one).strip()
    return " ".join(filter(None, (*known, "" if place in spot else place, spot)))


def check(said: Said, *, photos: int = 0) -> None:
    """A known category, at least a word or a picture, and nothing longer than can be kept."""
    if said.category not in CATEGORIES:
        raise UnknownCategory(category=said.category[:20])
    if not said.text.strip() and not photos:
        raise NothingSaid
    limits = (
        (said.text, MOST_TEXT, TextTooLong),
        (said.spot, MOST_SPOT, SpotTooLong),
        (said.name, MOST_NAME, NameTooLong),
    )
    for text, most, refusal in limits:
        if len(text) > most:
            raise refusal(length=len(text), most=most)


def demand_not_too_many(sent: Sequence[datetime], *, now: datetime) -> None:
    """Refuse one more when `sent` (by the same person or phone, in any order) fills the hour or the day; says when."""
    free, count = now, 0
    for span, most in ((HOUR, MOST_AN_HOUR), (DAY, MOST_A_DAY)):
        within = sorted(moment for moment in sent if moment > now - span)
        if len(within) >= most:
            free, count = max(free, within[len(within) - most] + span), len(within)
    if count:
        raise SentTooMany(count=count, minutes=-((now - free) // timedelta(minutes=1)))


def similarity(one: str, other: str) -> float:
    """0 to 1: how many pairs of neighbouring characters two texts share (Dice). Works without a dictionary, so for
    Chinese as for anything else; punctuation, width and case do not count.
    """
    first, second = _pairs(one), _pairs(other)
    if not first or not second:
        return 0.0
    return 2 * len(first & second) / (len(first) + len(second))


def _pairs(text: str) -> frozenset[str]:
    plain = [c for c in unicodedata.normalize("NFKC", text).casefold() if unicodedata.category(c)[0] in "LN"]
    if len(plain) == 1:
        return frozenset(plain)
    return frozenset(a + b for a, b in pairwise(plain))
