"""What the papers let people do: who keeps the books makes archives, who watches over them downloads them, and both
sign before anything leaves (R4.9).
"""

from collections.abc import Mapping

from hoa.kernel.posts import (
    AUDITOR,
    COMMITTEE,
    COMMITTEE_CHAIR,
    COMMITTEE_SECRETARY,
    COMMITTEE_TREASURER,
    SUPERVISORS,
    Post,
)

POWERS: Mapping[str, frozenset[Post]] = {
    "archive.make": SUPERVISORS | {COMMITTEE_TREASURER, COMMITTEE_SECRETARY, COMMITTEE_CHAIR},
    "archive.read": COMMITTEE | SUPERVISORS | {AUDITOR},
    "archive.destroy": frozenset({COMMITTEE_TREASURER, COMMITTEE_SECRETARY, COMMITTEE_CHAIR}),
    "archive.sign": COMMITTEE | SUPERVISORS,
}
