"""What the books let people do. The cashier keeps no books (会计法 35); supervisors and the auditor read everything
(R2.22).
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
    EVERYONE,
    SUPERVISORS,
    Post,
)

POWERS: Mapping[str, frozenset[Post]] = {
    "books.open": frozenset({COMMITTEE_TREASURER, COMMITTEE_CHAIR}),
    "books.read": COMMITTEE | SUPERVISORS | {AUDITOR},
    "books.inspect": EVERYONE,
    "books.close": frozenset({COMMITTEE_TREASURER}),
    "books.publish": frozenset({COMMITTEE_TREASURER, COMMITTEE_CHAIR}),
    "document.mask": frozenset({COMMITTEE_TREASURER, COMMITTEE_CHAIR, COMMITTEE_DEPUTY, COMMITTEE_SECRETARY}),
    "bank.import": frozenset({COMMITTEE_TREASURER, COMMITTEE_CASHIER}),
    "voucher.make": frozenset({COMMITTEE_TREASURER}),
    "voucher.check": frozenset({COMMITTEE_CHAIR, COMMITTEE_DEPUTY, COMMITTEE_MEMBER, COMMITTEE_SECRETARY}),
    "voucher.post": frozenset({COMMITTEE_TREASURER, COMMITTEE_DEPUTY}),
    "contract.make": frozenset({COMMITTEE_TREASURER, COMMITTEE_CHAIR, COMMITTEE_SECRETARY}),
}
