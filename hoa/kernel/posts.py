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
PREPARATORY_LEADER = Post("preparatory_group", "leader")
PREPARATORY_MEMBER = Post("preparatory_group", "member")
RESIDENTS_STAFF = Post("residents_committee", "staff")
STREET_OFFICER = Post("street_office", "officer")
PARTY_SECRETARY = Post("party_branch", "secretary")
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
    PREPARATORY_LEADER,
    PREPARATORY_MEMBER,
    RESIDENTS_STAFF,
    STREET_OFFICER,
    PARTY_SECRETARY,
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
PREPARATORY_GROUP = frozenset({PREPARATORY_LEADER, PREPARATORY_MEMBER})
AUTHORITIES = frozenset({RESIDENTS_STAFF, STREET_OFFICER})
EVERY_OFFICE = frozenset(POSTS)
EVERYONE = EVERY_OFFICE | {OWNER}
