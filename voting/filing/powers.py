"""What filing lets people do: whoever convened lets the elected take office; chair and secretary file, with the
residents' committee and the street office, which is the authority itself (rules.md R2.7, R2.8)."""

from collections.abc import Mapping

from hoa.kernel.posts import (
    AUTHORITIES,
    COMMITTEE,
    COMMITTEE_CHAIR,
    COMMITTEE_DEPUTY,
    COMMITTEE_SECRETARY,
    PREPARATORY_GROUP,
    STREET_OFFICER,
    SUPERVISORS,
    Post,
)

ENTER = "filing.enter"
FILE = "filing.file"
READ = "filing.read"
WATCH = "filing.watch"
OWE = "filing.owe"

POWERS: Mapping[str, frozenset[Post]] = {
    ENTER: AUTHORITIES | PREPARATORY_GROUP | {COMMITTEE_CHAIR, COMMITTEE_SECRETARY},
    FILE: AUTHORITIES | {COMMITTEE_CHAIR, COMMITTEE_DEPUTY, COMMITTEE_SECRETARY},
    # Whose duty the filing is (R2.8); the authorities may help, but are not reminded of it.
    OWE: frozenset({COMMITTEE_CHAIR, COMMITTEE_DEPUTY, COMMITTEE_SECRETARY}),
    # Names in full, rooms and undertakings stand in the papers: not for everybody.
    READ: AUTHORITIES | PREPARATORY_GROUP | COMMITTEE | SUPERVISORS,
    # What is overdue is the street's duty to see to (R2.15).
    WATCH: frozenset({STREET_OFFICER}),
}
