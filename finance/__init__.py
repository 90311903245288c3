"""Funds, accounts, vouchers, contracts, bank, statements and the audit."""
