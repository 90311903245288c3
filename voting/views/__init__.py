"""Pages of assemblies: what anybody reads, what an owner does, what the conveners do, and the record."""

from voting.views import (
    after,
    changes,
    decide,
    deliveries,
    drafting,
    hand,
    keepsakes,
    keying,
    motions,
    owner,
    packs,
    paper,
    proxies,
    public,
    record,
    reminders,
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
    "changes",
    "decide",
    "deliveries",
    "drafting",
    "hand",
    "keepsakes",
    "keying",
    "motions",
    "owner",
    "packs",
    "paper",
    "proxies",
    "public",
    "record",
    "reminders",
    "roll",
    "sample",
    "sign",
    "staff",
    "witnesses",
]
