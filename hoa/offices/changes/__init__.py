"""How members leave a committee and who follows them (rules.md R2.12–R2.13)."""
