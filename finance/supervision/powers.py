"""What supervision lets people do (R2.21–R2.25): supervisors find, ask, draw and score; the committee answers;
owners see what was published and rate when they are asked."""

from collections.abc import Mapping

from hoa.kernel.posts import AUDITOR, COMMITTEE, OWNER, STREET_OFFICER, SUPERVISORS, Post

READ = "supervision.read"
FIND = "supervision.find"
DECIDE = "supervision.decide"
ANSWER = "supervision.answer"
SCORE = "supervision.score"
RATE = "supervision.rate"

POWERS: Mapping[str, frozenset[Post]] = {
    READ: SUPERVISORS | {AUDITOR, STREET_OFFICER} | COMMITTEE,
    FIND: SUPERVISORS | {AUDITOR},
    DECIDE: SUPERVISORS,
    ANSWER: COMMITTEE,
    SCORE: SUPERVISORS,
    RATE: SUPERVISORS | {OWNER},
}
