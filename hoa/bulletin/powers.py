"""What the bulletin lets people do."""

from collections.abc import Mapping

from hoa.kernel.posts import (
    AUTHORITIES,
    COMMITTEE,
    COMMITTEE_CHAIR,
    COMMITTEE_SECRETARY,
    OWNER,
    PREPARATORY_LEADER,
    Post,
)

POWERS: Mapping[str, frozenset[Post]] = {
    "bulletin.publish": AUTHORITIES | {COMMITTEE_CHAIR, COMMITTEE_SECRETARY, PREPARATORY_LEADER},
    "bulletin.object": frozenset({OWNER}),
    "bulletin.answer": COMMITTEE,
}
