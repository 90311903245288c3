"""The verbs of shares, one module per noun: budgets, runs, payments, accounts, topup, allowances."""
