"""Elections before the ballot: who stands, who checked it, in which order the names stand (rules.md 2)."""
