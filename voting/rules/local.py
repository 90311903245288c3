"""Local rules: where an assembly departs from its pack's defaults it cites a clause of the 议事规则, which the notice
freezes with the hash of that text (rules.md R1.8, R1.30, R1.34, R1.36, R1.37)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from hoa.kernel.errors import N_, Refusal
from hoa.kernel.packs import RulePack

CHANNELS = {
    "online": N_("网上投票"),
    "paper": N_("纸质表决票"),
    "meeting": N_("现场会议投票"),
    "proxy": N_("书面委托代理人"),
}
LOCAL_TITLES = {
    "counting": N_("以最后一张为准"),
    "silent_rule": N_("从众计票"),
    "proxy_cap": N_("代理人数"),
    "extension": N_("可以延长"),
    "notice_days": N_("公告期"),
}
# A silent owner is never counted with the majority where that decides who governs or three quarters are needed (R1.34).
NEVER_SILENT = frozenset({"M3", "M6", "M7", "M8"})
MOST_PROXIES = 50


class NeedsClause(Refusal):
    """A local rule without the clause that allows it; each says which clause is wanted."""


class CountingNeedsClause(NeedsClause):
    message: ClassVar[str] = N_("以最后一张票为准，须选择议事规则中约定“重复投票以最后一张为准”的条款")


class SilentNeedsClause(NeedsClause):
    message: ClassVar[str] = N_("采用从众计票，须选择议事规则中约定“未表决的视为同意多数意见”的条款")


class ProxyCapNeedsClause(NeedsClause):
    message: ClassVar[str] = N_("改变一名代理人最多代理的人数，须选择议事规则中约定代理人数的条款")


class ExtensionNeedsClause(NeedsClause):
    message: ClassVar[str] = N_("要允许延长表决，须选择议事规则中约定可以延期的条款")


class NoticeNeedsClause(NeedsClause):
    message: ClassVar[str] = N_("公告提前的天数比规则包更长，须选择议事规则中约定公告期的条款")


class UnknownSilentRule(Refusal):
    message: ClassVar[str] = N_("对未表决的业主只能不计（默认）或从众计票")


class SilentAppliesToNothing(Refusal):
    message: ClassVar[str] = N_("本次会议的事项都不适用从众计票（M3、M6、M7、M8 不得适用），请改回“未表决的不计”")


class ImpossibleCap(Refusal):
    message: ClassVar[str] = N_("一名代理人最多代理的人数应在 1 到 %(most)s 之间")


class ShorterNotice(Refusal):
    message: ClassVar[str] = N_("公告提前的天数不能少于规则包规定的 %(days)s 天")


class NoChannel(Refusal):
    message: ClassVar[str] = N_("请至少选择一种投票方式：网上、纸质表决票或现场会议")


class ChannelNotAllowed(Refusal):
    message: ClassVar[str] = N_(
        "规则包“%(pack)s”不允许在本平台网上投票：请改用纸质表决票或现场会议；在官方系统表决的，结束后导入它的结果"
    )


class ChannelUnknown(Refusal):
    message: ClassVar[str] = N_("规则包“%(pack)s”里没有所选的投票方式，请重新选择")


NEEDS: Mapping[str, type[NeedsClause]] = {
    "counting": CountingNeedsClause,
    "silent_rule": SilentNeedsClause,
    "proxy_cap": ProxyCapNeedsClause,
    "extension": ExtensionNeedsClause,
    "notice_days": NoticeNeedsClause,
}


class Held(NamedTuple):
    """How an assembly departs, or not, from its pack: the values that may be local."""

    counting: str
    silent_rule: str
    proxy_cap: int
    extension: bool
    notice_days: int | None


def departures(pack: RulePack, held: Held) -> Iterable[str]:
    """The parameters that need a clause, in the order of the form."""
    if held.counting != pack.text("counting"):
        yield "counting"
    if held.silent_rule != pack.text("silent_rule"):
        yield "silent_rule"
    if held.proxy_cap != pack.number("proxy_cap"):
        yield "proxy_cap"
    if held.extension:
        yield "extension"
    if held.notice_days is not None:
        yield "notice_days"


def check_cited(parameters: Iterable[str], cited: Iterable[Mapping[str, Any]]) -> None:
    """Refuse the first departure without a clause."""
    named = {clause["parameter"] for clause in cited if clause["clause"]}
    for parameter in parameters:
        if parameter not in named:
            raise NEEDS[parameter]


def check_channels(pack: RulePack, channels: Sequence[str]) -> None:
    """Only what the pack allows, and more than proxies alone: a proxy brings a ballot by one of the other ways."""
    allowed = pack.text("channels").split()
    for channel in channels:
        if channel == "online" and channel not in allowed:
            raise ChannelNotAllowed(pack=pack.title)
        if channel not in CHANNELS or channel not in allowed:
            raise ChannelUnknown(pack=pack.title)
    if not set(channels) - {"proxy"}:
        raise NoChannel


def check_silent(rule: str, matters: Iterable[str]) -> None:
    """The contested rule is refused where it could apply to no motion of the assembly."""
    if rule == "none":
        return
    if rule != "follow-majority":
        raise UnknownSilentRule
    if not set(matters) - NEVER_SILENT:
        raise SilentAppliesToNothing


def check_cap(cap: int) -> None:
    if not 1 <= cap <= MOST_PROXIES:
        raise ImpossibleCap(most=MOST_PROXIES)
