"""Who is who in the demo community. Office holders among the owners are names of the sample register; the rest are
invented.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from hoa.accounts import service as accounts
from hoa.accounts.tables import Person
from hoa.kernel import posts
from hoa.kernel.clock import CHINA
from hoa.kernel.errors import N_
from hoa.kernel.posts import Post
from hoa.offices import service as offices
from hoa.platform import Platform

TERM = (datetime(2025, 6, 1, tzinfo=CHINA), datetime(2030, 6, 1, tzinfo=CHINA))
# The committee's and the supervisors' first term; the re-election is being prepared.
ELECTED_TERM = (datetime(2024, 1, 16, tzinfo=CHINA), datetime(2027, 1, 16, tzinfo=CHINA))
ELECTED = "首次业主大会会议选举"
NAMED = "所在单位指派"


@dataclass(frozen=True)
class Role:
    """A demo person: `key` names them in this package, `story` is what the sign-in page says of them."""

    key: str
    name: str
    phone: str
    story: str
    post: Post | None = None
    basis: str = ""


ROLES: tuple[Role, ...] = (
    Role("elder", "萧春怡", "19900000258", N_("71 岁的业主，一套房，还没有投票")),
    Role("two_flats", "严平喆", "19900000009", N_("有两套房的业主，算一个人，还没有投票")),
    Role("co_owner", "平志晓", "19900000165", N_("和家人共有一套房的业主")),
    Role("chair", "鲁秀诺", "19900000073", N_("业主委员会主任，复核凭证、发布公示"), posts.COMMITTEE_CHAIR, ELECTED),
    Role("deputy", "吴梓超", "19900000582", N_("业主委员会副主任"), posts.COMMITTEE_DEPUTY, ELECTED),
    Role("treasurer", "谢翀龑", "19900000123", N_("财务委员，晚上做账、公示"), posts.COMMITTEE_TREASURER, ELECTED),
    Role("cashier", "昌杰勇", "19900000628", N_("出纳委员，导入银行流水"), posts.COMMITTEE_CASHIER, ELECTED),
    Role("secretary", "常娟萱", "19900000384", N_("业主委员会秘书，准备业主大会"), posts.COMMITTEE_SECRETARY, ELECTED),
    Role("member", "和豪", "19900000652", N_("业主委员会委员"), posts.COMMITTEE_MEMBER, ELECTED),
    Role("other_member", "华若兰", "19900000052", N_("业主委员会委员"), posts.COMMITTEE_MEMBER, ELECTED),
    Role("supervisor", "顾杰", "19900000487", N_("监督委员会主任，谁也不信"), posts.SUPERVISOR_CHAIR, ELECTED),
    Role("second_supervisor", "余英", "19900000198", N_("监督委员会委员"), posts.SUPERVISOR, ELECTED),
    Role("third_supervisor", "鲁浩俊", "19900000170", N_("监督委员会委员"), posts.SUPERVISOR, ELECTED),
    Role("clerk", "秦雅宁", "19900001001", N_("居委会工作人员，管业主名册"), posts.RESIDENTS_STAFF, NAMED),
    Role(
        "second_clerk",
        "蔡文博",
        "19900001002",
        N_("居委会工作人员，核验身份的第二人"),
        posts.RESIDENTS_STAFF,
        "居委会指派",
    ),
    Role("officer", "罗正言", "19900001003", N_("街道办事处经办人，只看红色事项"), posts.STREET_OFFICER, NAMED),
    Role("party", "高敬之", "19900001004", N_("小区党支部书记"), posts.PARTY_SECRETARY, "社区党委任命"),
    Role("manager", "孟晓帆", "19900001005", N_("物业服务企业项目经理"), posts.PROPERTY_STAFF, "物业服务合同"),
    Role("auditor", "樊慎行", "19900001006", N_("街道委派的审计员，凭审计约定看全年"), posts.AUDITOR, "街道委派书"),
    Role("third_party", "容守正", "19900001007", N_("会计师事务所的审计员，只能看约定的上半年")),
    Role("lift_unit", "池远航", "19900001008", N_("电梯维保公司的联系人，只办交给本单位的诉求")),
    Role("fire_unit", "翟水生", "19900001009", N_("消防器材公司的联系人，只办交给本单位的诉求")),
)
ADMINISTRATOR = Role("administrator", "平台管理员", "19900001000", N_("平台管理员，在小区里没有任何权力"))


def settle(
    platform: Platform, community_id: str, *, now: datetime, administrator: str | None = None
) -> Mapping[str, str]:
    """Accounts and offices of the cast; the id of each person by key. As in life the administrator names the
    authorities, and the street's officer the rest.
    """
    people: dict[str, str] = {}
    with platform.database.writing() as session:
        for role in ROLES:
            people[role.key] = _person(session, platform, role, now).id
        for role in ROLES:
            if role.post is not None:
                starts, ends = ELECTED_TERM if role.basis == ELECTED else TERM
                offices.appoint(
                    session,
                    community_id,
                    post=role.post,
                    person_id=people[role.key],
                    starts_at=starts,
                    ends_at=ends,
                    basis=role.basis,
                    by=administrator if role.post in posts.AUTHORITIES else people["officer"],
                    now=now,
                )
    return people


def _person(session: Session, platform: Platform, role: Role, now: datetime) -> Person:
    return accounts.person_for_phone(session, platform.keys, phone=role.phone, name=role.name, now=now)
