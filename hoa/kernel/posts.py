"""Bodies and posts, the words in which every room says who may do what (design.md 3; rules.md 2)."""

from typing import NamedTuple


class Post(NamedTuple):
    """A 职务 in a 机构: powers are given to posts, people get them only by holding one today."""

    body: str
    kind: str

    def __str__(self) -> str:
        return f"{self.body}.{self.kind}"


COMMITTEE_CHAIR = Post("owners_committee", "chair")
COMMITTEE_DEPUTY = Post("owners_committee", "deputy_chair")
COMMITTEE_MEMBER = Post("owners_committee", "member")
COMMITTEE_ALTERNATE = Post("owners_committee", "alternate")
COMMITTEE_TREASURER = Post("owners_committee", "treasurer")
COMMITTEE_CASHIER = Post("owners_committee", "cashier")
COMMITTEE_SECRETARY = Post("owners_committee", "secretary")
SUPERVISOR_CHAIR = Post("supervisory_committee", "chair")
SUPERVISOR = Post("supervisory_committee", "member")
# 自管会: where owners manage a compound without a committee (信阳's 三无 compounds).
SELF_MANAGEMENT_CHAIR = Post("self_management_committee", "chair")
SELF_MANAGEMENT_MEMBER = Post("self_management_committee", "member")
PREPARATORY_LEADER = Post("preparatory_group", "leader")
PREPARATORY_MEMBER = Post("preparatory_group", "member")
RE_ELECTION_LEADER = Post("re_election_group", "leader")
RE_ELECTION_MEMBER = Post("re_election_group", "member")
RESIDENTS_STAFF = Post("residents_committee", "staff")
STREET_OFFICER = Post("street_office", "officer")
PARTY_SECRETARY = Post("party_branch", "secretary")
PARTY_MEMBER = Post("party_branch", "member")
PARTY_GROUP_LEADER = Post("party_group", "leader")
BUILDING_LEAD = Post("buildings", "building_lead")
ENTRANCE_LEAD = Post("buildings", "entrance_lead")
FLOOR_LEAD = Post("buildings", "floor_lead")
PROPERTY_STAFF = Post("property_manager", "staff")
AUDITOR = Post("auditor", "auditor")
# Not an office: held by whoever owns a unit today, derived from the register.
OWNER = Post("owners", "owner")

POSTS = (
    COMMITTEE_CHAIR,
    COMMITTEE_DEPUTY,
    COMMITTEE_MEMBER,
    COMMITTEE_ALTERNATE,
    COMMITTEE_TREASURER,
    COMMITTEE_CASHIER,
    COMMITTEE_SECRETARY,
    SUPERVISOR_CHAIR,
    SUPERVISOR,
    SELF_MANAGEMENT_CHAIR,
    SELF_MANAGEMENT_MEMBER,
    PREPARATORY_LEADER,
    PREPARATORY_MEMBER,
    RE_ELECTION_LEADER,
    RE_ELECTION_MEMBER,
    RESIDENTS_STAFF,
    STREET_OFFICER,
    PARTY_SECRETARY,
    PARTY_MEMBER,
    PARTY_GROUP_LEADER,
    BUILDING_LEAD,
    ENTRANCE_LEAD,
    FLOOR_LEAD,
    PROPERTY_STAFF,
    AUDITOR,
)

COMMITTEE = frozenset(
    {
        COMMITTEE_CHAIR,
        COMMITTEE_DEPUTY,
        COMMITTEE_MEMBER,
        COMMITTEE_TREASURER,
        COMMITTEE_CASHIER,
        COMMITTEE_SECRETARY,
    }
)
SUPERVISORS = frozenset({SUPERVISOR_CHAIR, SUPERVISOR})
# Whoever prepares the first assembly or the next election: 筹备组, or 换届小组 once there was a committee.
PREPARATORY_GROUP = frozenset({PREPARATORY_LEADER, PREPARATORY_MEMBER, RE_ELECTION_LEADER, RE_ELECTION_MEMBER})
AUTHORITIES = frozenset({RESIDENTS_STAFF, STREET_OFFICER})
EVERY_OFFICE = frozenset(POSTS)
EVERYONE = EVERY_OFFICE | {OWNER}
