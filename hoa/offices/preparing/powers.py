"""What preparing an assembly or an election lets people do."""

from collections.abc import Mapping

from hoa.kernel.posts import AUTHORITIES, PREPARATORY_GROUP, PREPARATORY_LEADER, RE_ELECTION_LEADER, Post

POWERS: Mapping[str, frozenset[Post]] = {
    # The street decides who is in the group; its clerks and the residents' committee enter what was decided.
    "preparing.run": AUTHORITIES,
    # Papers and steps are the group's work.
    "preparing.work": AUTHORITIES | PREPARATORY_GROUP,
    # The group's own steps wait for whoever sits in it, also for an officer of the street who leads it.
    "preparing.sit": PREPARATORY_GROUP,
    "preparing.announce": AUTHORITIES | {PREPARATORY_LEADER, RE_ELECTION_LEADER},
}
