"""Recalling a member: the demand, the right of defence, the motion, and what its result brings about (rules.md
R2.12)."""
