"""What a reporter chooses before a report is made: its kind, their opinion, and the language (rules.md 6.1, 6.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from hoa.kernel.errors import N_, Refusal

OPINION_LENGTH = 2000
REPLY_LENGTH = 4000
LANGUAGES = ("zh-CN", "en")


class Kind(StrEnum):
    AUDIT = "audit"
    SUPERVISION = "supervision"


KIND_NAMES: Mapping[str, str] = {Kind.AUDIT: N_("公共收益审计报告"), Kind.SUPERVISION: N_("公共收益监督报告")}


class Opinion(StrEnum):
    """The four types of an auditor's opinion (沪房规范〔2025〕9号); NONE lists facts and judges nothing."""

    UNQUALIFIED = "unqualified"
    QUALIFIED = "qualified"
    ADVERSE = "adverse"
    DISCLAIMER = "disclaimer"
    NONE = ""


OPINION_NAMES: Mapping[str, str] = {
    Opinion.UNQUALIFIED: N_("无保留意见"),
    Opinion.QUALIFIED: N_("保留意见"),
    Opinion.ADVERSE: N_("否定意见"),
    Opinion.DISCLAIMER: N_("无法表示意见"),
    Opinion.NONE: N_("未发表意见"),
}
OPINION_MEANINGS: Mapping[str, str] = {
    Opinion.UNQUALIFIED: N_("账目在所有重大方面真实、完整，收支符合规定和决议"),
    Opinion.QUALIFIED: N_("除所列事项外，账目在所有重大方面真实、完整，收支符合规定和决议"),
    Opinion.ADVERSE: N_("账目没有真实反映公共收益的收支，或者收支严重违反规定和决议"),
    Opinion.DISCLAIMER: N_("没有得到足够的资料，无法判断账目是否真实、完整"),
    Opinion.NONE: N_("本报告只列出核对的结果，没有发表意见"),
}


class ReasonsNeeded(Refusal):
    message = N_("%(opinion)s必须写明理由")


class OpinionTooLong(Refusal):
    message = N_("意见的说明最多 %(most)s 个字，现在是 %(now)s 个，请缩短")


class ReplyEmpty(Refusal):
    message = N_("请写明答复，例如：是否属实、怎样整改、何时完成")


class ReplyTooLong(Refusal):
    message = N_("答复最多 %(most)s 个字，现在是 %(now)s 个，请缩短")


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The reporter's choice. `both` has a second PDF made from the same data in the other language."""

    kind: Kind = Kind.AUDIT
    opinion: Opinion = Opinion.NONE
    text: str = ""
    language: str = LANGUAGES[0]
    both: bool = False


def check(choice: Choice) -> None:
    """Any opinion that is not clean has to say why."""
    if choice.language not in LANGUAGES:
        raise ValueError(f"no such language: {choice.language!r}")
    if len(choice.text) > OPINION_LENGTH:
        raise OpinionTooLong(most=OPINION_LENGTH, now=len(choice.text))
    clean = choice.opinion in (Opinion.UNQUALIFIED, Opinion.NONE)
    if not clean and not choice.text.strip():
        raise ReasonsNeeded(opinion=OPINION_NAMES[choice.opinion])


def check_reply(text: str) -> str:
    """The committee's reply as it is kept."""
    tidy = text.strip()
    if not tidy:
        raise ReplyEmpty
    if len(tidy) > REPLY_LENGTH:
        raise ReplyTooLong(most=REPLY_LENGTH, now=len(tidy))
    return tidy


def other_language(language: str) -> str:
    return next(other for other in LANGUAGES if other != language)
