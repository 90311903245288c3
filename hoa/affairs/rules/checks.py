"""回访、实地验收 and 评价: how it is looked after an answer, and what may come out. Pure."""

from collections.abc import Mapping
from enum import StrEnum

from hoa.kernel.errors import N_, Refusal


class Kind(StrEnum):
    CALL = "call"  # 电话回访
    SITE = "site"  # 实地验收


class Outcome(StrEnum):
    SOLVED = "solved"
    PARTLY = "partly"
    NOT_SOLVED = "not_solved"
    UNREACHED = "unreached"


class Via(StrEnum):
    """How a rating came: from the message's link, on the reporter's page, or told in a call."""

    LINK = "link"
    PAGE = "page"
    CALL = "call"


KIND_NAMES: Mapping[Kind, str] = {Kind.CALL: N_("电话回访"), Kind.SITE: N_("实地验收")}
OUTCOME_NAMES: Mapping[Outcome, str] = {
    Outcome.SOLVED: N_("已解决"),
    Outcome.PARTLY: N_("部分解决"),
    Outcome.NOT_SOLVED: N_("没有解决"),
    Outcome.UNREACHED: N_("没有联系上"),
}
VIA_NAMES: Mapping[Via, str] = {Via.LINK: N_("短信链接"), Via.PAGE: N_("本人页面"), Via.CALL: N_("电话回访")}
STARS = range(1, 6)
STAR_NAMES: Mapping[int, str] = {
    5: N_("非常满意"),
    4: N_("满意"),
    3: N_("基本满意"),
    2: N_("不满意"),
    1: N_("非常不满意"),
}


class WrongStars(Refusal):
    message = N_("请在一到五颗星里选一个")


class WrongCheck(Refusal):
    message = N_("请选择回访或验收的方式和结果")


class WrongWay(Refusal):
    message = N_("请说明评价是怎样收到的")


def stars(value: int) -> int:
    if value not in STARS:
        raise WrongStars
    return value


def way(value: str) -> Via:
    try:
        return Via(value)
    except ValueError:
        raise WrongWay from None


def check(kind: str, outcome: str) -> tuple[Kind, Outcome]:
    try:
        return Kind(kind), Outcome(outcome)
    except ValueError:
        raise WrongCheck from None
