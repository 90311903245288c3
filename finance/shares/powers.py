"""Who plans, lists, checks and pays. What an owner gets is that owner's alone to see (rules.md part 7): that page asks
for a sign-in and for no power, because whoever sold a flat after the record day still has a share.
"""

from collections.abc import Mapping

from hoa.kernel.posts import (
    AUDITOR,
    COMMITTEE,
    COMMITTEE_CASHIER,
    COMMITTEE_CHAIR,
    COMMITTEE_DEPUTY,
    COMMITTEE_MEMBER,
    COMMITTEE_SECRETARY,
    COMMITTEE_TREASURER,
    SUPERVISORS,
    Post,
)

KEEP = "shares.keep"
CHECK = "shares.check"
PAY = "shares.pay"
READ = "shares.read"

POWERS: Mapping[str, frozenset[Post]] = {
    KEEP: frozenset({COMMITTEE_TREASURER}),
    CHECK: frozenset({COMMITTEE_CHAIR, COMMITTEE_DEPUTY, COMMITTEE_MEMBER, COMMITTEE_SECRETARY}),
    # Account numbers in the clear: only those who give the order to the bank.
    PAY: frozenset({COMMITTEE_TREASURER, COMMITTEE_CASHIER}),
    # Everybody's lines: those who keep, check and audit the books.
    READ: COMMITTEE | SUPERVISORS | {AUDITOR},
}
