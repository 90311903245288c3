"""Who may do what at committee meetings; who keeps the record of one meeting is asked by its rules."""

from collections.abc import Mapping

from hoa.kernel.posts import AUTHORITIES, COMMITTEE, EVERYONE, OWNER, PREPARATORY_GROUP, SUPERVISORS, Post

CALL = "meetings.call"
TAKE_PART = "meetings.take_part"
ATTEND = "meetings.attend"
READ = "meetings.read"

POWERS: Mapping[str, frozenset[Post]] = {
    # Call and record; the first meeting also by those who prepared the election (R2.7).
    CALL: COMMITTEE | PREPARATORY_GROUP | AUTHORITIES,
    # Vote, sign, demand a meeting. Alternates do not (R2.5).
    TAKE_PART: COMMITTEE,
    # Be there and say something: members, supervisors, the authorities and every owner.
    ATTEND: COMMITTEE | SUPERVISORS | AUTHORITIES | {OWNER},
    # The minutes with full names.
    READ: EVERYONE,
}
