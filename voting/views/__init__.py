"""Pages of assemblies: what anybody reads, what an owner does, what the conveners do, and the record."""

from voting.views import (
    after,
    decide,
    drafting,
    motions,
    owner,
    packs,
    proxies,
    public,
    record,
    roll,
    sample,
    sign,
    staff,
    witnesses,
)
from voting.views.shared import blueprint

BLUEPRINTS = (blueprint, decide.blueprint)

__all__ = [
    "BLUEPRINTS",
    "after",
    "decide",
    "drafting",
    "motions",
    "owner",
    "packs",
    "proxies",
    "public",
    "record",
    "roll",
    "sample",
    "sign",
    "staff",
    "witnesses",
]
