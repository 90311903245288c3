"""The pages of shares."""

from finance.shares.views import allowances, budgets, calculator, claims, fee_items, lists, mine, paying, runs, topup
from finance.shares.views.base import blueprint

__all__ = [
    "allowances",
    "blueprint",
    "budgets",
    "calculator",
    "claims",
    "fee_items",
    "lists",
    "mine",
    "paying",
    "runs",
    "topup",
]
