"""Committee meetings: call, agenda, attendance, votes, minutes (rules.md R2.7, R2.9, R2.10, R2.18)."""
