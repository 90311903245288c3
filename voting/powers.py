"""What the voting room lets people do. Casting needs no power: an owner on the frozen roll has the right by law."""

from collections.abc import Mapping

from hoa.kernel.posts import (
    AUDITOR,
    AUTHORITIES,
    COMMITTEE_CHAIR,
    COMMITTEE_SECRETARY,
    PREPARATORY_GROUP,
    SUPERVISORS,
    Post,
)

CONVENE = "assembly.convene"
FULL_PACKAGE = "assembly.package"

POWERS: Mapping[str, frozenset[Post]] = {
    # Draft, notice, and the steps (rules.md R1.26: committee, preparatory group, residents' committee or street).
    CONVENE: AUTHORITIES | PREPARATORY_GROUP | {COMMITTEE_CHAIR, COMMITTEE_SECRETARY},
    # The record ballot by ballot (voting-record.md 8).
    FULL_PACKAGE: SUPERVISORS | AUTHORITIES | {AUDITOR},
}
