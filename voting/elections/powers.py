"""What an election before its ballot lets people do. Signing an undertaking, appealing and answering need no power:
they are the candidate's own."""

from collections.abc import Mapping

from hoa.kernel.posts import OWNER, PARTY_SECRETARY, RESIDENTS_STAFF, Post
from voting.powers import CONVENE
from voting.powers import POWERS as ASSEMBLY_POWERS

PREPARE = "elections.prepare"
RECOMMEND_BRANCH = "elections.recommend_branch"
RECOMMEND_RESIDENTS = "elections.recommend_residents"
TAKE_PART = "elections.take_part"

POWERS: Mapping[str, frozenset[Post]] = {
    # Whoever may convene the assembly prepares what it elects (R1.26, R2.4).
    PREPARE: ASSEMBLY_POWERS[CONVENE],
    # R2.4: the branch and the residents' committee recommend; the recommended person decides by signing.
    RECOMMEND_BRANCH: frozenset({PARTY_SECRETARY}),
    RECOMMEND_RESIDENTS: frozenset({RESIDENTS_STAFF}),
    # Stand, join a joint nomination, ask a candidate.
    TAKE_PART: frozenset({OWNER}),
}
