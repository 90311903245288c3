"""Who leads topics, who says what they think of them, who reads their papers (rules.md 8, 群众议事)."""

from collections.abc import Mapping

from hoa.kernel.posts import COMMITTEE_CHAIR, COMMITTEE_SECRETARY, EVERYONE, OWNER, RESIDENTS_STAFF, Post

TOPICS = "topic.manage"
COMMENT = "topic.comment"
TOPIC_FILES = "topic.files"

POWERS: Mapping[str, frozenset[Post]] = {
    # Ask the owners, hold the six parties' meeting, publish what came out.
    TOPICS: frozenset({COMMITTEE_CHAIR, COMMITTEE_SECRETARY, RESIDENTS_STAFF}),
    COMMENT: frozenset({OWNER}),
    # The signed minutes of a meeting carry names: for whoever belongs here.
    TOPIC_FILES: EVERYONE,
}
