"""The pages of the books."""

from finance.views import (
    bank,
    contracts,
    correcting,
    documents,
    journal,
    masking,
    matching,
    month,
    opening,
    publishing,
    setup,
    statements,
    vouchers,
    work_fund,
    writing,
)
from finance.views.base import blueprint

__all__ = [
    "bank",
    "blueprint",
    "contracts",
    "correcting",
    "documents",
    "journal",
    "masking",
    "matching",
    "month",
    "opening",
    "publishing",
    "setup",
    "statements",
    "vouchers",
    "work_fund",
    "writing",
]
