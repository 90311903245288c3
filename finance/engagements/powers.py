"""Who lets a third party in, and who reads what it found (rules.md 6.1; R2.22)."""

from collections.abc import Mapping

from hoa.kernel.posts import (
    AUDITOR,
    COMMITTEE,
    COMMITTEE_CHAIR,
    COMMITTEE_SECRETARY,
    EVERYONE,
    SUPERVISOR_CHAIR,
    SUPERVISORS,
    Post,
)

READ = "engagement.read"
INVITE = "engagement.invite"
PUBLISH = "engagement.publish"
REPORT = "engagement.report"
INSIDE = "engagement.inside"

POWERS: Mapping[str, frozenset[Post]] = {
    READ: EVERYONE,
    INSIDE: COMMITTEE | SUPERVISORS | {AUDITOR},
    INVITE: frozenset({COMMITTEE_CHAIR, COMMITTEE_SECRETARY, SUPERVISOR_CHAIR}),
    PUBLISH: frozenset({COMMITTEE_CHAIR, COMMITTEE_SECRETARY, SUPERVISOR_CHAIR}),
    REPORT: frozenset({AUDITOR}),
}
