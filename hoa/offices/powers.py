"""What the offices room lets people do."""

from collections.abc import Mapping

from hoa.kernel.posts import AUTHORITIES, EVERYONE, Post

POWERS: Mapping[str, frozenset[Post]] = {
    "offices.read": EVERYONE,
    # Until elections (the voting room) fill posts by themselves, the community and the street record who was elected.
    "offices.appoint": AUTHORITIES,
}
