"""Bank lines and vouchers side by side: what is proposed, what a person confirmed, and booking a line in one step. One
line may pay several vouchers and one voucher may be paid in several lines (books.md 2).
"""

from finance.service.matching.booking import ProposalGone, book_line, confirm_sure, fields_from_line
from finance.service.matching.pairing import (
    MatchClosed,
    MatchGone,
    NothingChosen,
    OtherBook,
    ReasonMissing,
    book_of_line,
    confirm,
    confirm_parts,
    release,
)
from finance.service.matching.proposing import MatchedLine, loose_vouchers, open_lines, with_proposals

__all__ = [
    "MatchClosed",
    "MatchGone",
    "MatchedLine",
    "NothingChosen",
    "OtherBook",
    "ProposalGone",
    "ReasonMissing",
    "book_line",
    "book_of_line",
    "confirm",
    "confirm_parts",
    "confirm_sure",
    "fields_from_line",
    "loose_vouchers",
    "open_lines",
    "release",
    "with_proposals",
]
