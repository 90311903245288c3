"""What decides about shares, as pure functions: apportionment, runs, budgets, top-up, allowances."""
