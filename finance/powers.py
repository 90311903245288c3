"""What the books let people do. The cashier keeps no books (会计法 35); supervisors read everything (R2.22), auditors
what lies within their engagement (`finance.engagements.scope`).
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
    OWNER,
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
    # Whoever reads the books without keeping them: every look is logged (R2.22), and they read the log.
    "books.watched": SUPERVISORS | {AUDITOR},
    "views.read": SUPERVISORS,
    "preview.mark": SUPERVISORS,
    "related.read": COMMITTEE | SUPERVISORS | {AUDITOR},
    "related.declare": COMMITTEE | SUPERVISORS,
    "inspection.ask": frozenset({OWNER}),
    "inspection.answer": frozenset({COMMITTEE_CHAIR, COMMITTEE_DEPUTY, COMMITTEE_SECRETARY}),
    "contract.make": frozenset({COMMITTEE_TREASURER, COMMITTEE_CHAIR, COMMITTEE_SECRETARY}),
}
