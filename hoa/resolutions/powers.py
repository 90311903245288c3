"""What the resolutions room lets people do."""

from collections.abc import Mapping

from hoa.kernel.posts import AUTHORITIES, COMMITTEE_CHAIR, COMMITTEE_SECRETARY, PREPARATORY_GROUP, Post

EDIT_RULEBOOKS = "rulebooks.edit"
SET_LIMITS = "authority.set"

POWERS: Mapping[str, frozenset[Post]] = {
    # Written down by those whom the limits do not bind; each names the owners' clause or resolution (R2.11).
    SET_LIMITS: AUTHORITIES,
    # Write drafts and register the first version; every later version takes effect by the assembly's vote alone.
    EDIT_RULEBOOKS: AUTHORITIES | PREPARATORY_GROUP | {COMMITTEE_CHAIR, COMMITTEE_SECRETARY},
}
