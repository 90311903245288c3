"""The pages of the books."""

from finance.views import bank, contracts, month, setup, statements, vouchers
from finance.views.base import blueprint

__all__ = ["bank", "blueprint", "contracts", "month", "setup", "statements", "vouchers"]
