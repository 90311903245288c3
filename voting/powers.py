"""What the voting room lets people do. Casting needs no power: an owner on the frozen roll has the right by law."""

from collections.abc import Mapping

from hoa.kernel.posts import (
    AUDITOR,
    AUTHORITIES,
    COMMITTEE_CHAIR,
    COMMITTEE_SECRETARY,
    PREPARATORY_GROUP,
    RESIDENTS_STAFF,
    SUPERVISORS,
    Post,
)

CONVENE = "assembly.convene"
FULL_PACKAGE = "assembly.package"
CHOOSE_PACK = "assembly.rules"
ACKNOWLEDGE = "assembly.acknowledge"
ASK_VOTERS = "assembly.sample"
HOLD_EVIDENCE = "assembly.hold"

POWERS: Mapping[str, frozenset[Post]] = {
    # Draft, notice, and the steps (rules.md R1.26: committee, preparatory group, residents' committee or street).
    CONVENE: AUTHORITIES | PREPARATORY_GROUP | {COMMITTEE_CHAIR, COMMITTEE_SECRETARY},
    # Which jurisdiction's pack assemblies are drafted under.
    CHOOSE_PACK: AUTHORITIES,
    # The residents' committee says that it was told of a notice (物业管理条例 14).
    ACKNOWLEDGE: frozenset({RESIDENTS_STAFF}),
    # The record ballot by ballot (voting-record.md 8).
    FULL_PACKAGE: SUPERVISORS | AUTHORITIES | {AUDITOR},
    # Ask a random sample of recorded voters whether they voted; the assembly's scrutineers may as well (part 7 there).
    ASK_VOTERS: SUPERVISORS,
    # Keep evidence longer than the year after the announcement (R1.11).
    HOLD_EVIDENCE: SUPERVISORS | AUTHORITIES,
}
