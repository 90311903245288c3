"""The verbs of assemblies, one noun per module; nothing here commits."""

# What paper, deliveries and proxies ask of the log registers itself in `entries`.
from voting.service import deliveries, hand, proxies, sheets
from voting.service.announcing import announce, confirm
from voting.service.casting import cast
from voting.service.closing import close, cut_off, open_voting, run_schedule, run_sequencer
from voting.service.drafts import add_motion, create
from voting.service.evidence import evidence
from voting.service.integrity import verify_records
from voting.service.notice import give
from voting.service.tallying import count

__all__ = [
    "add_motion",
    "announce",
    "cast",
    "close",
    "confirm",
    "count",
    "create",
    "cut_off",
    "deliveries",
    "evidence",
    "give",
    "hand",
    "open_voting",
    "proxies",
    "run_schedule",
    "run_sequencer",
    "sheets",
    "verify_records",
]
