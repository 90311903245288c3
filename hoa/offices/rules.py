"""Bodies, posts and the exclusions between them (rules.md 2, R2.21)."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from hoa.kernel.errors import N_, Refusal
from hoa.kernel.posts import COMMITTEE, PROPERTY_STAFF, SUPERVISORS, Post

BODIES: Mapping[str, str] = {
    "owners_committee": N_("业主委员会"),
    "supervisory_committee": N_("业主监督委员会"),
    "self_management_committee": N_("自管会"),
    "preparatory_group": N_("筹备组"),
    "re_election_group": N_("换届小组"),
    "residents_committee": N_("居民委员会"),
    "street_office": N_("街道办事处"),
    "party_branch": N_("小区党支部"),
    "party_group": N_("楼栋党小组"),
    "buildings": N_("楼栋"),
    "property_manager": N_("物业服务企业"),
    "auditor": N_("审计机构"),
}

KINDS: Mapping[str, str] = {
    "chair": N_("主任"),
    "deputy_chair": N_("副主任"),
    "member": N_("委员"),
    "alternate": N_("候补委员"),
    "treasurer": N_("财务委员"),
    "cashier": N_("出纳委员"),
    "secretary": N_("秘书"),
    "leader": N_("组长"),
    "building_lead": N_("楼栋长"),
    "entrance_lead": N_("单元长"),
    "floor_lead": N_("楼层长"),
    "staff": N_("工作人员"),
    "officer": N_("经办人"),
    "auditor": N_("审计员"),
}

SUPERVISED = COMMITTEE | {PROPERTY_STAFF}


class ExclusivePosts(Refusal):
    message = N_("同一个人不能同时任%(held)s和%(wanted)s：监督的人不能监督自己（议事规则，R2.21）")


class NotByYourself(Refusal):
    message = N_("不能任命自己，请由另一位有权任命的人办理")


class TermTooShort(Refusal):
    message = N_("任期的结束日期必须晚于开始日期")


class AlreadyHolds(Refusal):
    message = N_("这个人在这段时间里已经担任%(wanted)s")


class TermTooLong(Refusal):
    message = N_("任期不能超过五年（业主大会和业主委员会指导规则第 32 条）")


def title(post: Post) -> str:
    """Body and post in one phrase, as a message id would be too many; both words are translated by whoever shows
    them.
    """
    return f"{BODIES[post.body]}{KINDS[post.kind]}"


def check_exclusion(held: Iterable[Post], wanted: Post) -> None:
    """Nobody supervises themselves: committee and property company on one side, supervisors on the other (R2.21)."""
    for post in held:
        both = {post, wanted}
        if both & SUPERVISED and both & SUPERVISORS:
            raise ExclusivePosts(held=title(post), wanted=title(wanted))


def check_term(starts_at: datetime, ends_at: datetime) -> None:
    """A term ends after it starts and lasts at most five years."""
    if ends_at <= starts_at:
        raise TermTooShort
    latest = starts_at.replace(year=starts_at.year + 5, day=min(starts_at.day, 28))
    if (ends_at - latest).days > 4:
        raise TermTooLong
