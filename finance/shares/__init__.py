"""The shares of the owners: budgets, top-up of the maintenance fund, fee subsidy, dividend, allowances."""
