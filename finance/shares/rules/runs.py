"""A run (分配 or 冲抵物业费): from the assembly's resolution to the owners' list, who may do what, and when a list is
stale (rules.md R4.4 U2, U3; R4.5). PURE.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar

from finance.shares.rules.apportion import UnitArea, apportion, co_owners
from hoa.kernel import canonical, money
from hoa.kernel.errors import N_, NotAllowed, Refusal

FORMAT = "hoa-share-list-1"


class RunKind(StrEnum):
    DIVIDEND = "dividend"
    SUBSIDY = "subsidy"


KIND_NAMES: Mapping[str, str] = {
    RunKind.DIVIDEND: N_("分配给业主"),
    RunKind.SUBSIDY: N_("冲抵物业费"),
}
PURPOSES: Mapping[str, str] = {RunKind.DIVIDEND: "U3", RunKind.SUBSIDY: "U2"}


class RunState(StrEnum):
    DRAFT = "draft"
    LISTED = "listed"
    CHECKED = "checked"
    DROPPED = "dropped"


STATE_NAMES: Mapping[str, str] = {
    RunState.DRAFT: N_("草稿，还没有清单"),
    RunState.LISTED: N_("清单已固定，等第二人核对"),
    RunState.CHECKED: N_("已核对，可以付款"),
    RunState.DROPPED: N_("已放弃"),
}


class PartState(StrEnum):
    """How far the money of one payee is. UNNAMED and NO_ACCOUNT are held for them (应付) until they claim it."""

    UNNAMED = "unnamed"
    NO_ACCOUNT = "no_account"
    READY = "ready"
    ORDERED = "ordered"
    PAID = "paid"
    RETURNED = "returned"
    WAITING = "waiting"


PART_NAMES: Mapping[str, str] = {
    PartState.WAITING: N_("清单还没有核对"),
    PartState.UNNAMED: N_("共有人还没有指定收款人，款项代为保管"),
    PartState.NO_ACCOUNT: N_("还没有收款账号，款项代为保管"),
    PartState.READY: N_("等付款"),
    PartState.ORDERED: N_("付款中，等银行流水"),
    PartState.PAID: N_("已付"),
    PartState.RETURNED: N_("银行退回，款项代为保管"),
}


class NoSuchKind(Refusal):
    message: ClassVar[str] = N_("请选择分配给业主，还是冲抵物业费")


class TitleNeeded(Refusal):
    message: ClassVar[str] = N_("请写明这次分配的名称，最多 80 个字")


class PayeeNeeded(Refusal):
    message: ClassVar[str] = N_("冲抵物业费要写明付给哪家物业服务企业")


class AmountNotPositive(Refusal):
    message: ClassVar[str] = N_("总金额必须大于零")


class NeedsAssembly(Refusal):
    message: ClassVar[str] = N_("分配和冲抵物业费要业主大会按“使用公共收益”（M9）作出决议，“%(title)s”不是")


class ResolutionOver(Refusal):
    message: ClassVar[str] = N_("决议“%(title)s”在 %(day)s 还没有作出或已经过期，不能据此分配")


class MoreThanDecided(Refusal):
    message: ClassVar[str] = N_("决议“%(title)s”的额度是 %(limit)s，其他各次已用 %(used)s，这次 %(amount)s 超出了")


class NoSumDecided(Refusal):
    message: ClassVar[str] = N_(
        "决议“%(title)s”没有写金额。请填决议原文里的比例规则，例如“余额的百分之三十”，并填百分数和计算日"
    )


class QuoteNotThere(Refusal):
    message: ClassVar[str] = N_("决议原文里找不到“%(quote)s”，请照抄原文")


class PercentNotQuoted(Refusal):
    message: ClassVar[str] = N_("引用的原文里没有 %(percent)s%%，请核对百分数")


class NotByRule(Refusal):
    message: ClassVar[str] = N_(
        "按决议的规则应分 %(expected)s（%(day)s 余额 %(balance)s 的 %(percent)s%%），填的是 %(amount)s"
    )


class RuleUsed(Refusal):
    message: ClassVar[str] = N_(
        "决议“%(title)s”只写了比例，今年已经按它分过 %(used)s；一年只能分一次，再分须有另一项决议"
    )
    status: ClassVar[int] = 409


class MoreThanThere(Refusal):
    message: ClassVar[str] = N_("账上余额 %(balance)s，其中 %(bound)s 已经要付给业主，不够分 %(amount)s")


class RecordDayAhead(Refusal):
    message: ClassVar[str] = N_("登记日 %(day)s 还没有到，到那天以后才能固定清单")


class NobodyOnThatDay(Refusal):
    message: ClassVar[str] = N_("登记日 %(day)s 名册里没有业主，请先核对登记日和名册")


class NothingLeftToShare(Refusal):
    message: ClassVar[str] = N_("没有面积大于零、参加分配的专有部分")


class ReasonForUnit(Refusal):
    message: ClassVar[str] = N_("请写明依据，例如决议第几条")


class StaleList(Refusal):
    message: ClassVar[str] = N_("清单固定以后名册或设定有了变化，不能核对。请财务委员重新固定清单")
    status: ClassVar[int] = 409


class MakerChecks(NotAllowed):
    message: ClassVar[str] = N_("制表人不能核对自己的清单，请另一位委员核对")


class NamerConfirms(NotAllowed):
    message: ClassVar[str] = N_("收款人是您写明的，不能由您自己确认，请另一位委员确认")


class PayeeConfirms(NotAllowed):
    message: ClassVar[str] = N_("这笔钱付给您本人，不能由您自己确认，请另一位委员确认")


class NotAtThisStep(Refusal):
    message: ClassVar[str] = N_("这次分配已经不在这一步，可能别人处理过了；请刷新页面看最新状态")
    status: ClassVar[int] = 409


class NothingPayable(Refusal):
    message: ClassVar[str] = N_("没有可以付款的业主：要么已经付了，要么还没有收款人或账号")


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a run rests on. `limit_fen` None: the resolution names no sum."""

    title: str
    text: str
    source: str
    matter: str | None
    decided_on: date
    valid_until: date | None
    limit_fen: int | None


@dataclass(frozen=True, kw_only=True)
class ByRule:
    """A rule inside the resolution: so many percent of the balance at the end of a day, quoted as it stands there."""

    quote: str
    percent: int
    balance_fen: int
    on: date


def check_decision(decision: Decision, *, day: date) -> None:
    """Only the assembly may give the owners' money to the owners (R4.4: M9), by a resolution in force on the day."""
    if decision.source != "assembly" or decision.matter != "M9":
        raise NeedsAssembly(title=decision.title)
    if decision.decided_on > day or (decision.valid_until is not None and decision.valid_until < day):
        raise ResolutionOver(title=decision.title, day=day.isoformat())


def check_amount(decision: Decision, *, total_fen: int, used_fen: int, by_rule: ByRule | None) -> None:
    """F20 before it happens: the amount is within the resolution, or exactly what its rule gives. A rule without a sum
    is used once a year, or thirty percent of what is left could be taken again and again; `used_fen` is then what
    other runs of the year took by it.
    """
    if total_fen <= 0:
        raise AmountNotPositive
    amount = money.show(total_fen)
    if decision.limit_fen is not None and used_fen + total_fen > decision.limit_fen:
        limit, used = money.show(decision.limit_fen), money.show(used_fen)
        raise MoreThanDecided(title=decision.title, limit=limit, used=used, amount=amount)
    if by_rule is None:
        if decision.limit_fen is None:
            raise NoSumDecided(title=decision.title)
        return
    check_quote(decision, by_rule)
    if decision.limit_fen is None and used_fen:
        raise RuleUsed(title=decision.title, used=money.show(used_fen))
    expected = by_rule.balance_fen * by_rule.percent // 100
    if total_fen != expected:
        raise NotByRule(
            expected=money.show(expected),
            day=by_rule.on.isoformat(),
            balance=money.show(by_rule.balance_fen),
            percent=by_rule.percent,
            amount=amount,
        )


def check_quote(decision: Decision, by_rule: ByRule) -> None:
    """The rule is quoted from the resolution, and the percentage from the quotation."""
    quote = by_rule.quote.strip()
    if not quote or quote not in f"{decision.title}\n{decision.text}":
        raise QuoteNotThere(quote=quote[:60])
    if not any(written in quote for written in written_percent(by_rule.percent)):
        raise PercentNotQuoted(percent=by_rule.percent)


def written_percent(percent: int) -> tuple[str, ...]:
    """30 as 30%, 30％, 百分之30, 百分之三十."""
    ones, tens = "零一二三四五六七八九", percent // 10
    words = "一百" if percent == 100 else ("" if tens == 0 else ("" if tens == 1 else ones[tens]) + "十")
    if percent < 100 and (percent % 10 or not tens):
        words += ones[percent % 10]
    return f"{percent}%", f"{percent}％", f"百分之{percent}", f"百分之{words}"


def check_balance(*, total_fen: int, balance_fen: int, bound_fen: int) -> None:
    """Nothing is promised twice: what other runs still owe is not there any more."""
    if total_fen > balance_fen - bound_fen:
        balance, bound = money.show(balance_fen), money.show(bound_fen)
        raise MoreThanThere(balance=balance, bound=bound, amount=money.show(total_fen))


# -------------------------------------------------------------------------------------------------------------- list


@dataclass(frozen=True, kw_only=True)
class Holder:
    """An owner on the record day, with the share the register states."""

    owner_id: str
    name: str
    share: str | None = None


@dataclass(frozen=True, kw_only=True)
class ListUnit:
    """A unit on the record day. `excluded_because` quotes the resolution; `payee_id` is the one the co-owners named."""

    unit_id: str
    code: str
    label: str
    area: int
    holders: tuple[Holder, ...]
    excluded_because: str = ""
    payee_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one payee of a unit gets; `owner_id` None: nobody is named yet."""

    owner_id: str | None
    name: str
    share: str
    amount_fen: int


@dataclass(frozen=True, kw_only=True)
class ListLine:
    """A line of the owners' list (业主分配清单)."""

    unit: ListUnit
    amount_fen: int
    floor_fen: int
    parts: tuple[Part, ...]


def build_list(total_fen: int, units: Sequence[ListUnit]) -> tuple[ListLine, ...]:
    """Every unit in its order, its share, and who receives it. Excluded units stand on the list with nothing, so that
    nobody is left out in silence.
    """
    taking = [UnitArea(code=unit.code, area=unit.area) for unit in units if not unit.excluded_because and unit.area > 0]
    if not taking:
        raise NothingLeftToShare
    shares = {share.code: share for share in apportion(total_fen, taking)}
    lines = []
    for unit in units:
        share = shares.get(unit.code)
        amount = share.amount_fen if share else 0
        floor = share.floor_fen if share else 0
        parts = _parts(unit, amount) if amount else ()
        lines.append(ListLine(unit=unit, amount_fen=amount, floor_fen=floor, parts=parts))
    return tuple(lines)


def _parts(unit: ListUnit, amount_fen: int) -> tuple[Part, ...]:
    """One owner: everything. Co-owners: the one they named; else by the shares the register states; else nobody yet."""
    holders = sorted(unit.holders, key=lambda holder: holder.owner_id)
    named = next((holder for holder in holders if holder.owner_id == unit.payee_id), None)
    if len(holders) == 1 or named is not None:
        one = named or holders[0]
        return (Part(owner_id=one.owner_id, name=one.name, share="", amount_fen=amount_fen),)
    weights = co_owners(holder.share for holder in holders) if holders else None
    if weights is None:
        return (Part(owner_id=None, name="", share="", amount_fen=amount_fen),)
    amounts = money.apportion(amount_fen, weights)
    return tuple(
        Part(owner_id=holder.owner_id, name=holder.name, share=holder.share or "", amount_fen=amount)
        for holder, amount in zip(holders, amounts, strict=True)
        if amount
    )


def list_content(
    *, number: str, kind: str, resolution_id: str, record_on: date, total_fen: int, lines: Sequence[ListLine]
) -> dict[str, object]:
    """The list as canonical data: what its hash covers."""
    return {
        "format": FORMAT,
        "number": number,
        "kind": kind,
        "resolution": resolution_id,
        "record_on": record_on.isoformat(),
        "total_fen": total_fen,
        "area": sum(line.unit.area for line in lines if not line.unit.excluded_because),
        "lines": [
            [
                line.unit.code,
                line.unit.label,
                line.unit.area,
                line.amount_fen,
                line.unit.excluded_because,
                [[part.owner_id, part.name, part.share, part.amount_fen] for part in line.parts],
            ]
            for line in lines
        ],
    }


def list_hash(content: dict[str, object]) -> str:
    return canonical.digest(content)


def require_state(state: str, *allowed: RunState) -> None:
    if RunState(state) not in allowed:
        raise NotAtThisStep


def check_second(*, maker_id: str, checker_id: str) -> None:
    """Who made the list does not check it (会计法 25)."""
    if maker_id == checker_id:
        raise MakerChecks


def check_confirming(*, namer_id: str, payee_id: str | None, checker_id: str) -> None:
    """Whoever named a payee, and whoever is named, does not confirm it (会计法 25)."""
    if checker_id == namer_id:
        raise NamerConfirms
    if checker_id == payee_id:
        raise PayeeConfirms


def number_text(year: int, number: int) -> str:
    """分-2026-01."""
    return f"分-{year}-{number:02d}"
