"""Who keeps the register of seals and who may look into it."""

from collections.abc import Mapping

from hoa.kernel.posts import COMMITTEE, EVERYONE, Post

KEEP = "seals.keep"
READ = "seals.read"

POWERS: Mapping[str, frozenset[Post]] = {
    KEEP: COMMITTEE,
    # Every owner and every officer; visitors see what was published.
    READ: EVERYONE,
}
