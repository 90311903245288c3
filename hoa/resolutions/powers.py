"""What the resolutions room lets people do."""

from collections.abc import Mapping

from hoa.kernel.posts import COMMITTEE_CHAIR, COMMITTEE_SECRETARY, Post

POWERS: Mapping[str, frozenset[Post]] = {
    # Assembly resolutions are entered by the voting room alone, from an announced tally.
    "resolutions.enter": frozenset({COMMITTEE_CHAIR, COMMITTEE_SECRETARY}),
}
