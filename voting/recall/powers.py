"""Who may suspend a member until the vote. Demanding and answering need no power: owners, members and the person
concerned have the right by law."""

from collections.abc import Mapping

from hoa.kernel.posts import AUTHORITIES, Post

SUSPEND = "recall.suspend"

POWERS: Mapping[str, frozenset[Post]] = {SUSPEND: AUTHORITIES}
