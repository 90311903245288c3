"""Who sorts, handles and supervises suggestions (rules.md 8).

Handling has no power of its own: whoever works for the handler to which a suggestion was given may answer it
(`hoa.affairs.service.handlers`).
"""

from collections.abc import Mapping

from hoa.kernel.posts import (
    AUTHORITIES,
    BUILDING_LEAD,
    COMMITTEE,
    COMMITTEE_CHAIR,
    COMMITTEE_DEPUTY,
    COMMITTEE_MEMBER,
    COMMITTEE_SECRETARY,
    ENTRANCE_LEAD,
    FLOOR_LEAD,
    PARTY_MEMBER,
    PARTY_SECRETARY,
    PROPERTY_STAFF,
    RESIDENTS_STAFF,
    SUPERVISORS,
    Post,
)

INTAKE = "suggestion.intake"
SORT = "suggestion.sort"
READ = "suggestion.read"
SUPERVISE = "suggestion.supervise"
PUBLISH = "suggestion.publish"
PLACES = "suggestion.places"
HANDLERS = "suggestion.handlers"

DESK = frozenset({COMMITTEE_CHAIR, COMMITTEE_DEPUTY, COMMITTEE_MEMBER, COMMITTEE_SECRETARY, RESIDENTS_STAFF})

POWERS: Mapping[str, frozenset[Post]] = {
    # 网格收事: whoever hears of something at a door, on the phone or in a chat writes it down.
    INTAKE: COMMITTEE
    | AUTHORITIES
    | {BUILDING_LEAD, ENTRANCE_LEAD, FLOOR_LEAD, PARTY_SECRETARY, PARTY_MEMBER, PROPERTY_STAFF},
    SORT: DESK,
    # Every suggestion with its reporter, where the reporter gave a name.
    READ: DESK | SUPERVISORS | AUTHORITIES,
    SUPERVISE: SUPERVISORS | AUTHORITIES,
    PUBLISH: DESK | SUPERVISORS,
    PLACES: DESK,
    HANDLERS: DESK,
}
