"""What the register lets people do. The platform's administrator creates communities and can do nothing inside them."""

from collections.abc import Mapping

from hoa.kernel.posts import (
    AUTHORITIES,
    COMMITTEE,
    COMMITTEE_CHAIR,
    COMMITTEE_SECRETARY,
    EVERYONE,
    OWNER,
    PREPARATORY_GROUP,
    SUPERVISORS,
    Post,
)

KEEPERS = AUTHORITIES | PREPARATORY_GROUP | {COMMITTEE_CHAIR, COMMITTEE_SECRETARY}

POWERS: Mapping[str, frozenset[Post]] = {
    # Units, areas and heads without full names: every owner can recompute both denominators (voting-record.md 3).
    "register.read": EVERYONE,
    "register.own": frozenset({OWNER}),
    "register.names": KEEPERS | SUPERVISORS,
    "register.edit": KEEPERS,
    "register.activate": KEEPERS,
    # Two officers at the desk (R7.5); more people may sit there than may change the register.
    "register.check": AUTHORITIES | PREPARATORY_GROUP | COMMITTEE,
}
