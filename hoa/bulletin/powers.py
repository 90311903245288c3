"""What the bulletin lets people do."""

from collections.abc import Mapping

from hoa.kernel.posts import (
    AUTHORITIES,
    COMMITTEE,
    COMMITTEE_CHAIR,
    COMMITTEE_SECRETARY,
    OWNER,
    PREPARATORY_LEADER,
    RE_ELECTION_LEADER,
    Post,
)

POWERS: Mapping[str, frozenset[Post]] = {
    "bulletin.publish": AUTHORITIES | {COMMITTEE_CHAIR, COMMITTEE_SECRETARY, PREPARATORY_LEADER},
    "bulletin.object": frozenset({OWNER}),
    "bulletin.answer": COMMITTEE,
    # What a preparatory or re-election group announced it answers for itself (rules.md R1.23).
    "bulletin.answer_group": frozenset({PREPARATORY_LEADER, RE_ELECTION_LEADER}),
    # To the list of candidates: there may be no committee yet, and the members of one that sits may stand (R2.4).
    "bulletin.answer_candidates": AUTHORITIES | {PREPARATORY_LEADER, RE_ELECTION_LEADER},
}

# Who answers objections to a kind of publication, where it is not the committee.
ANSWERERS: Mapping[str, str] = {
    "preparation": "bulletin.answer_group",
    "election-candidates": "bulletin.answer_candidates",
}


def answering(kind: str) -> str:
    """The power that answers objections to publications of this kind."""
    return ANSWERERS.get(kind, "bulletin.answer")
