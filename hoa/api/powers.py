"""Who gives other software a key: the desk, to which its reports come."""

from collections.abc import Mapping

from hoa.affairs.powers import DESK
from hoa.kernel.posts import Post

KEYS = "open311.keys"

POWERS: Mapping[str, frozenset[Post]] = {KEYS: DESK}
