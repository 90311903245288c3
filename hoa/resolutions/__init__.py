"""Decisions of an assembly or a body; what an expense cites."""
