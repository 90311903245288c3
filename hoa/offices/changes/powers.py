"""Who handles changes of members."""

from collections.abc import Mapping

from hoa.kernel.posts import (
    AUTHORITIES,
    COMMITTEE,
    COMMITTEE_CHAIR,
    COMMITTEE_DEPUTY,
    COMMITTEE_SECRETARY,
    SUPERVISOR_CHAIR,
    Post,
)

PROPOSE = "offices.change.propose"
RECEIVE = "offices.change.receive"
CONFIRM = "offices.change.confirm"

POWERS: Mapping[str, frozenset[Post]] = {
    # Write down that somebody's office has ended by itself.
    PROPOSE: AUTHORITIES | {COMMITTEE_CHAIR, COMMITTEE_DEPUTY, COMMITTEE_SECRETARY, SUPERVISOR_CHAIR},
    # Say that a resignation has arrived.
    RECEIVE: AUTHORITIES | COMMITTEE,
    # Confirm or reject what somebody else, or the register, proposed.
    CONFIRM: AUTHORITIES,
}
