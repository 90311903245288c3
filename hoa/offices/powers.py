"""What the offices room lets people do."""

from collections.abc import Mapping

from hoa.kernel.posts import (
    AUDITOR,
    AUTHORITIES,
    COMMITTEE,
    EVERYONE,
    PARTY_SECRETARY,
    PREPARATORY_GROUP,
    SUPERVISORS,
    Post,
)

POWERS: Mapping[str, frozenset[Post]] = {
    "offices.read": EVERYONE,
    # Until elections (the voting room) fill posts by themselves, the community and the street record who was elected.
    "offices.appoint": AUTHORITIES,
    # Who is related to whom: those who decide about appointments, and nobody else (个保法 6).
    "offices.relationships": AUTHORITIES,
    # Every grant and end with who wrote it down and why.
    "offices.log": AUTHORITIES | PREPARATORY_GROUP | COMMITTEE | SUPERVISORS | {AUDITOR},
    # Posts of the party's organisation also where their holder has not agreed to be shown (R2.16): the branch itself
    # and the authorities that oversee the cross-appointment.
    "offices.party": AUTHORITIES | {PARTY_SECRETARY},
}
