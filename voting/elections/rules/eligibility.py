"""Who may stand (rules.md R2.2, R2.3): each criterion is passed, failed or unknown, on evidence that a reviewer saw.

A criterion that nobody looked at is unknown. Nobody is put on the ballot with a fail or an unknown.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar, NamedTuple

from hoa.kernel.errors import N_, Refusal


class Result(StrEnum):
    PASS = "pass"  # noqa: S105 - a word, not a secret
    FAIL = "fail"
    UNKNOWN = "unknown"


RESULT_TITLES = {Result.PASS: N_("符合"), Result.FAIL: N_("不符合"), Result.UNKNOWN: N_("待查")}


class Criterion(NamedTuple):
    """One condition: what must hold, what counts as evidence, and where it comes from."""

    code: str
    title: str
    evidence: str
    source: str


CRITERIA = (
    Criterion("owner", N_("是本小区业主"), N_("业主名册、不动产权证"), N_("指导规则第 31 条")),
    Criterion("capacity", N_("有完全民事行为能力"), N_("身份证件（核对出生日期）"), N_("指导规则第 31 条")),
    Criterion(
        "law", N_("遵守法律法规，不在服刑或被限制人身自由"), N_("本人承诺、社区了解的情况"), N_("指导规则第 31 条")
    ),
    Criterion(
        "rules",
        N_("遵守管理规约和议事规则，模范履行业主义务"),
        N_("公示期内的反映、书面处理记录"),
        N_("指导规则第 31 条"),
    ),
    Criterion("ability", N_("热心公益，有组织能力和必要的时间"), N_("本人陈述、推荐意见"), N_("指导规则第 31 条")),
    Criterion(
        "property",
        N_("本人、配偶和直系亲属不在本小区物业服务企业任职，也没有利害关系"),
        N_("机构名册、亲属关系登记、本人承诺"),
        N_("上海规定第 20 条、北京条例第 39 条"),
    ),
    Criterion("arrears", N_("没有拖欠物业费和维修资金"), N_("物业企业和维修资金的缴费证明"), N_("上海规定第 20 条")),
    Criterion(
        "building",
        N_("没有违法搭建、破坏承重、擅自改变用途或违规出租而未改正"),
        N_("城管、住建或物业的书面证明"),
        N_("上海规定第 20 条"),
    ),
    Criterion("debtor", N_("不是失信被执行人"), N_("中国执行信息公开网的查询记录"), N_("北京条例第 39 条")),
    Criterion("roles", N_("没有互相排斥的职务，或者已承诺就职前辞去"), N_("机构名册、承诺书"), N_("议事规则（R2.21）")),
    Criterion("local", N_("符合本小区议事规则规定的其他条件"), N_("议事规则条款和相应证明"), N_("本小区议事规则")),
)
CODES = {criterion.code: criterion for criterion in CRITERIA}


class UnknownCriterion(Refusal):
    message: ClassVar[str] = N_("没有这一条资格条件，请从清单里选")


class NoEvidence(Refusal):
    message: ClassVar[str] = N_("请写明依据：看到了什么材料、谁说的")


class NotAllPassed(Refusal):
    message: ClassVar[str] = N_("还有 %(n)s 条没有审查为“符合”，不能通过：%(titles)s")


class NotUndertaken(Refusal):
    message: ClassVar[str] = N_("候选人还没有签署承诺书，不能通过")
    status: ClassVar[int] = 409


class NoReasons(Refusal):
    message: ClassVar[str] = N_("请写明理由，理由会告知候选人本人")


class TooFewCandidates(Refusal):
    message: ClassVar[str] = N_("审查通过的候选人只有 %(n)s 人，少于合法的最少人数 %(minimum)s，选不出机构；请延长提名")
    status: ClassVar[int] = 409


class AppealOpen(Refusal):
    message: ClassVar[str] = N_("未通过的候选人可以申诉到 %(day)s，申诉要先答复，之后才能做这一步")
    status: ClassVar[int] = 409


class ReviewsOwn(Refusal):
    message: ClassVar[str] = N_("您是这次选举的候选人，不能参与资格审查，请由筹备组的其他成员办理")
    status: ClassVar[int] = 403


def check_result(code: str, result: str, evidence: str, *, file: bool) -> Result:
    """A pass or a fail rests on something that is written down or attached; unknown may rest on nothing yet."""
    if code not in CODES or result not in tuple(Result):
        raise UnknownCriterion
    found = Result(result)
    if found is not Result.UNKNOWN and not evidence.strip() and not file:
        raise NoEvidence
    return found


def open_criteria(results: Mapping[str, str]) -> list[Criterion]:
    """The criteria that keep somebody off the ballot: failed, unknown, or never looked at."""
    return [one for one in CRITERIA if results.get(one.code) != Result.PASS.value]


def check_acceptable(results: Mapping[str, str], *, undertaken: bool) -> None:
    """Everything passed and the undertaking signed (R2.3; Shanghai 20), or a refusal that names what is missing."""
    missing = open_criteria(results)
    if missing:
        raise NotAllPassed(n=len(missing), titles="；".join(one.title for one in missing))
    if not undertaken:
        raise NotUndertaken
