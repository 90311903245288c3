"""The pages of the books."""

from finance.views import bank, contracts, documents, masking, matching, month, setup, statements, vouchers
from finance.views.base import blueprint

__all__ = [
    "bank",
    "blueprint",
    "contracts",
    "documents",
    "masking",
    "matching",
    "month",
    "setup",
    "statements",
    "vouchers",
]
