"""Every verb of a suggestion's life, under one name. Each locks the row, writes one step and moves the row."""

from hoa.affairs.service.acting import answer, hand_back, pause, progress, resume
from hoa.affairs.service.closing import check, lapse, publish, rate, rate_by, reopen, reopen_by, withdraw
from hoa.affairs.service.clusters import add_to_cluster, make_cluster, raise_cluster, take_from_cluster
from hoa.affairs.service.receiving import receive
from hoa.affairs.service.supervising import escalate, supervise
from hoa.affairs.service.triage import answer_at_once, assign, discuss, merge, reassign, refuse

__all__ = [
    "add_to_cluster",
    "answer",
    "answer_at_once",
    "assign",
    "check",
    "discuss",
    "escalate",
    "hand_back",
    "lapse",
    "make_cluster",
    "merge",
    "pause",
    "progress",
    "publish",
    "raise_cluster",
    "rate",
    "rate_by",
    "reassign",
    "receive",
    "refuse",
    "reopen",
    "reopen_by",
    "resume",
    "supervise",
    "take_from_cluster",
    "withdraw",
]
