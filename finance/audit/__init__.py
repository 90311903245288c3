"""Supervision of the books: automatic checks, findings with their evidence, and the sealed report (rules.md 6)."""
