"""The demo community's contracts: who uses the common parts, and whom the committee pays."""

from collections.abc import Mapping
from datetime import date

from finance.rules.contracts import Direction, Frequency, Invoicing, Method, Quote
from finance.service.contracts import ContractFields

YEAR = 2026
TAX = "每月销售额未超过免征额，按季申报，免征增值税（演示）"
BEGIN, END = date(YEAR, 1, 1), date(YEAR, 12, 31)


def agreed(decisions: Mapping[str, str]) -> Mapping[str, ContractFields]:
    """The contracts by a short name; `decisions` are resolution ids by theirs."""
    monthly, quarterly = Frequency.MONTHLY, Frequency.QUARTERLY
    operate = decisions["operate"]
    return {
        "lifts": _income(
            "电梯广告", "1–6 幢电梯轿厢", "分享传媒有限公司", "CR02", quarterly, date(YEAR, 3, 15), 1_650_000, operate
        ),
        "lockers": _income(
            "快递柜场地费",
            "东门岗亭旁",
            "快递柜运营商",
            "CR05",
            quarterly,
            date(YEAR, 3, 25),
            375_000,
            operate,
            since=date(2025, 7, 1),
            until=date(YEAR, 6, 30),
        ),
        "monthly": _income(
            "地面月租停车", "地面 64 个公共车位", "智慧停车平台", "CR01", monthly, date(YEAR, 1, 5), 864_000, operate
        ),
        "hourly": _income(
            "临时停车代收", "地面 64 个公共车位", "智慧停车平台", "CR01", Frequency.VARIABLE, BEGIN, 0, operate
        ),
        "room": _income(
            "公共用房租赁",
            "3 幢架空层 1 号房",
            "渝璧甲商贸有限公司",
            "CR07",
            monthly,
            date(YEAR, 1, 15),
            300_000,
            operate,
            deposit=600_000,
        ),
        "tower": _income(
            "通信基站场地", "5 幢屋面", "通信铁塔", "CR04", Frequency.HALF_YEARLY, date(YEAR, 1, 20), 1_000_000, operate
        ),
        "charging": _income(
            "充电桩场地", "北侧非机动车棚", "充电运营商", "CR06", monthly, date(YEAR, 1, 20), 150_000, operate
        ),
        "bookkeeping": _spending(
            "代理记账",
            "代理记账服务部",
            "U6",
            monthly,
            date(YEAR, 1, 22),
            300_000,
            decisions["bookkeeping"],
            offers=(("代理记账服务部", 3_600_000), ("璧城财税咨询", 3_960_000), ("渝西会计服务", 4_200_000)),
        ),
        "greening": _spending(
            "绿化养护与零修",
            "䶮源养护",
            "U5",
            Frequency.VARIABLE,
            BEGIN,
            0,
            decisions["budget"],
            offers=(("䶮源养护", 7_200_000), ("青岭园林", 7_680_000), ("绿舟养护", 8_040_000)),
        ),
        "fire": _spending(
            "消防设施年度维护",
            "翀达消防",
            "U5",
            Frequency.YEARLY,
            date(YEAR, 11, 15),
            240_000,
            decisions["fire"],
            since=date(YEAR, 10, 1),
            until=date(2027, 9, 30),
            offers=(("翀达消防", 240_000), ("安泰消防技术", 268_000), ("平盾消防", 275_000)),
        ),
    }


def _income(
    title: str,
    part: str,
    party: str,
    purpose: str,
    frequency: Frequency,
    first: date,
    fen: int,
    decision: str,
    *,
    since: date = BEGIN,
    until: date = END,
    deposit: int = 0,
) -> ContractFields:
    return ContractFields(
        direction=Direction.INCOME,
        title=title,
        common_part=part,
        party=party,
        purpose=purpose,
        frequency=frequency,
        starts_on=since,
        ends_on=until,
        first_due_on=first,
        amount_fen=fen,
        resolution_id=decision,
        procurement="公开比选，三家报价",
        method=Method.TENDER,
        invoicing=Invoicing.EXEMPT,
        invoice_note=TAX,
        deposit_fen=deposit,
    )


def _spending(
    title: str,
    party: str,
    purpose: str,
    frequency: Frequency,
    first: date,
    fen: int,
    decision: str,
    *,
    since: date = BEGIN,
    until: date = END,
    offers: tuple[tuple[str, int], ...],
) -> ContractFields:
    return ContractFields(
        direction=Direction.SPENDING,
        title=title,
        common_part="",
        party=party,
        purpose=purpose,
        frequency=frequency,
        starts_on=since,
        ends_on=until,
        first_due_on=first,
        amount_fen=fen,
        resolution_id=decision,
        procurement="三家比价",
        method=Method.QUOTES,
        quotes=tuple(Quote(party=name, amount_fen=offer) for name, offer in offers),
    )
